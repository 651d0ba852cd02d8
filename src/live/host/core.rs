//! A CSE behind a lock, and those who wait for its answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::console::Gate;
use super::{Respond, seconds, status};
use crate::live::Clock;
use crate::onem2m::cse::{Cse, Destination, Hop, Incoming, Outgoing, Output};
use crate::onem2m::tree::Store;
use crate::sim::time::Time;
use crate::wire::primitive::{Request, Response, Rsc};

/// Somewhat more than the CSE itself waits for others.
const PATIENCE_SECONDS: u64 = 40;
/// rsc TARGET_NOT_REACHABLE.
const UNREACHABLE: Rsc = Rsc(5_103);

/// A request that goes to another entity.
pub(super) struct Errand {
    pub(super) exchange: Outgoing,
    pub(super) to: Destination,
    pub(super) request: Request,
}

/// An answer, or that none is wanted.
type Outcome = Option<Response>;

/// A CSE that several threads may ask.
pub struct Hosted<S: Store> {
    state: Mutex<State<S>>,
    clock: Clock,
    outbox: mpsc::Sender<Errand>,
    pub(super) gate: Option<Gate>,
    rate: Rate,
}

struct State<S: Store> {
    cse: Cse<S>,
    waiting: BTreeMap<u64, oneshot::Sender<Outcome>>,
    last: u64,
    out: Vec<Output>,
}

/// How far a request got at once.
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
pub(super) enum Begun {
    Done(Outcome),
    Waits(oneshot::Receiver<Outcome>),
}

impl<S: Store> Hosted<S> {
    /// A CSE; what it sends goes to `outbox`. At most `rate` requests a second are taken.
    pub(super) fn new(
        cse: Cse<S>,
        clock: Clock,
        outbox: mpsc::Sender<Errand>,
        gate: Option<Gate>,
        rate: u32,
    ) -> Self {
        let state = State { cse, waiting: BTreeMap::new(), last: 0, out: Vec::new() };
        let rate = Rate { limit: u64::from(rate), window: AtomicU64::new(0) };
        Self { state: Mutex::new(state), clock, outbox, gate, rate }
    }

    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the CSE have a request.
    pub(super) fn begin(&self, hop: &Hop<'_>, request: Request) -> Begun {
        let state = &mut *self.lock();
        state.last += 1;
        let own = state.last;
        state.cse.handle(self.clock.now(), hop, Incoming(own), request, &mut state.out);
        if let Some(outcome) = self.settle(state, Some(own)) {
            return Begun::Done(outcome);
        }
        // Those that gave up are forgotten here: their number is bounded by the connections.
        state.waiting.retain(|_, sender| !sender.is_closed());
        let (sender, receiver) = oneshot::channel();
        state.waiting.insert(own, sender);
        Begun::Waits(receiver)
    }

    /// The answer to a request that the CSE sent.
    pub(super) fn answered(&self, exchange: Outgoing, response: Response) {
        let state = &mut *self.lock();
        state.cse.answered(self.clock.now(), exchange, response, &mut state.out);
        self.settle(state, None);
    }

    /// Lets time pass.
    pub(super) fn tick(&self) {
        let state = &mut *self.lock();
        let now = self.clock.now();
        if state.cse.next_timeout().is_some_and(|due| due <= now) {
            state.cse.expired(now, &mut state.out);
            self.settle(state, None);
        }
    }

    /// Hands on what the CSE put out; gives back what became of the request `own`.
    fn settle(&self, state: &mut State<S>, own: Option<u64>) -> Option<Outcome> {
        let mut outcome = None;
        // Each round answers requests that could not be sent, and so ends with their number.
        while !state.out.is_empty() {
            for output in std::mem::take(&mut state.out) {
                let (Incoming(number), result) = match output {
                    Output::Answer { exchange, response } => (exchange, Some(*response)),
                    Output::Silent { exchange } => (exchange, None),
                    Output::Send { exchange, to, request } => {
                        let errand = Errand { exchange, to, request: *request };
                        if self.outbox.try_send(errand).is_err() {
                            let now: Time = self.clock.now();
                            let response = status(UNREACHABLE);
                            state.cse.answered(now, exchange, response, &mut state.out);
                        }
                        continue;
                    }
                };
                if own == Some(number) {
                    outcome = Some(result);
                } else if let Some(sender) = state.waiting.remove(&number) {
                    // A peer that went away is no longer waited for.
                    let _ = sender.send(result);
                }
            }
        }
        outcome
    }
}

impl<S: Store + Send + 'static> Respond for Hosted<S> {
    async fn respond(&self, from: SocketAddr, request: Request) -> Option<Response> {
        let echo = Response {
            request_id: Some(request.request_id.clone()),
            release: request.release,
            ..status(Rsc::INTERNAL_SERVER_ERROR)
        };
        let hop = Hop { address: Some(from.ip()), ..Hop::default() };
        match self.begin(&hop, request) {
            Begun::Done(outcome) => outcome,
            Begun::Waits(receiver) => {
                let outcome = tokio::time::timeout(seconds(PATIENCE_SECONDS), receiver).await;
                outcome.ok().and_then(Result::ok).unwrap_or(Some(echo))
            }
        }
    }

    fn page(&self, message: &[u8]) -> Option<Vec<u8>> {
        super::console::answer(self, message)
    }

    fn admits(&self) -> bool {
        self.rate.admits(self.clock.now())
    }
}

/// Requests of the current second: the second in the upper half, the count in the lower.
struct Rate {
    limit: u64,
    window: AtomicU64,
}

impl Rate {
    fn admits(&self, now: Time) -> bool {
        let second = (now.0 / 1_000_000_000) << 32;
        let next = |window: u64| {
            let window = if window & !0xffff_ffff == second { window } else { second };
            (window & 0xffff_ffff < self.limit).then_some(window + 1)
        };
        self.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_room_for_so_many_requests() {
        let rate = Rate { limit: 2, window: AtomicU64::new(0) };
        let taken = |second: u64| rate.admits(Time(second * 1_000_000_000 + 5));
        assert_eq!([taken(0), taken(0), taken(0)], [true, true, false]);
        assert_eq!([taken(1), taken(1), taken(1), taken(2)], [true, true, false, true]);
    }
}

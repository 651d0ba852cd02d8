//! A node's side towards a MAF or MEF: an association like any other, and requests over it.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::client::{Change, Client};
use super::exchange::{Due, Exchange};
use super::layout::NodeId;
use super::work::Work;
use crate::credential::transport::{Answered, Call};
use crate::sim::time::{Duration, Time};

/// Requests on their way at the same time. RFC 7252 section 4.7 says 1 unless the ends know better, and a
/// server that asks for the keys of its clients does.
const NSTART: usize = 64;
/// Requests that wait for their turn or for the association.
const WAITING_MAX: usize = 65_536;

/// What a request is about, so that its answer finds its way back: the psk_identity, or nothing.
pub(super) type Tag = Box<[u8]>;

/// A request's end.
pub(super) struct Reply {
    pub(super) tag: Tag,
    pub(super) outcome: Result<Zeroizing<Vec<u8>>, Refused>,
}

/// Why a request has no good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The function said so, in these words.
    Answer(String),
    /// It did not answer, or there is no association with it.
    Unreachable,
}

/// An association with a function, and the requests over it.
pub(super) struct Caller {
    pub(super) client: Client,
    waiting: VecDeque<(Tag, Call)>,
    open: Vec<(Tag, Exchange)>,
    next_mid: u16,
}

impl Caller {
    /// Nothing yet, towards `function` under `identity`.
    pub(super) fn new(function: NodeId, identity: Box<str>) -> Self {
        let client = Client::to_function(function, identity);
        Self { client, waiting: VecDeque::new(), open: Vec::new(), next_mid: 0 }
    }

    pub(super) const fn function(&self) -> NodeId {
        self.client.registrar()
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let open = self.open.iter().map(|(_, exchange)| exchange.deadline).min();
        [self.client.next_timeout(), open].into_iter().flatten().min()
    }

    pub(super) fn postpone(&mut self, by: Duration, now: Time) {
        self.client.postpone(by, now);
    }

    /// Sends a request, now or when there is an association. What cannot be sent at all ends at once.
    pub(super) fn call(&mut self, tag: Tag, call: Call, work: &mut Work<'_>) -> Vec<Reply> {
        if self.waiting.len() >= WAITING_MAX {
            work.reject("calls_limit");
            return vec![Reply { tag, outcome: Err(Refused::Unreachable) }];
        }
        self.waiting.push_back((tag, call));
        if self.client.is_ready() {
            return self.send_waiting(work);
        }
        let change = self.client.start(work);
        self.changed(change, work)
    }

    /// A datagram of the function.
    pub(super) fn receive(
        &mut self,
        bytes: &[u8],
        work: &mut Work<'_>,
    ) -> (Vec<Reply>, Option<Change>) {
        let (data, change) = self.client.receive(bytes, work);
        let mut replies: Vec<Reply> =
            data.iter().filter_map(|bytes| self.answered(bytes, work)).collect();
        replies.extend(self.changed(change, work));
        replies.extend(self.send_waiting(work));
        (replies, change)
    }

    /// A timer of the association or of a request ran out.
    pub(super) fn timeout(&mut self, work: &mut Work<'_>) -> (Vec<Reply>, Option<Change>) {
        let mut change = self.client.timeout(work);
        let mut replies = self.changed(change, work);
        let mut is_dead = false;
        for (tag, mut exchange) in std::mem::take(&mut self.open) {
            match exchange.due(work.now) {
                Due::GiveUp => {
                    work.reject("unanswered");
                    is_dead = true;
                    replies.push(Reply { tag, outcome: Err(Refused::Unreachable) });
                    continue;
                }
                Due::Repeat => {
                    self.client.send(&exchange.request, work);
                }
                Due::Nothing => {}
            }
            self.open.push((tag, exchange));
        }
        if is_dead {
            // The function has forgotten this association.
            let again = self.client.reconnect(work);
            replies.extend(self.changed(again, work));
            change = change.or(again);
        }
        (replies, change)
    }

    /// Without an association nothing that waits has a chance.
    fn changed(&mut self, change: Option<Change>, work: &mut Work<'_>) -> Vec<Reply> {
        match change {
            Some(Change::Established) => self.send_waiting(work),
            Some(Change::Failed | Change::KeyNeeded) => {
                let waiting = self.waiting.drain(..).map(|(tag, _)| tag);
                let open = self.open.drain(..).map(|(tag, _)| tag);
                let lost = |tag| Reply { tag, outcome: Err(Refused::Unreachable) };
                waiting.chain(open).map(lost).collect()
            }
            None => Vec::new(),
        }
    }

    fn send_waiting(&mut self, work: &mut Work<'_>) -> Vec<Reply> {
        let mut lost = Vec::new();
        while self.client.is_ready() && self.open.len() < NSTART {
            let Some((tag, call)) = self.waiting.pop_front() else { break };
            let mid = self.next_mid;
            self.next_mid = mid.wrapping_add(1);
            work.requests += 1;
            match call.to_coap(mid) {
                Ok(request) if self.client.send(&request, work) => {
                    let exchange = Exchange::new(mid, request, work.now, work.rng);
                    self.open.push((tag, exchange));
                }
                _ => {
                    work.reject("call_too_long");
                    lost.push(Reply { tag, outcome: Err(Refused::Unreachable) });
                }
            }
        }
        lost
    }

    fn answered(&mut self, bytes: &[u8], work: &mut Work<'_>) -> Option<Reply> {
        work.requests += 1;
        let answer = match Answered::parse(bytes) {
            Ok(answer) => answer,
            Err(reason) => {
                work.reject(reason.name());
                return None;
            }
        };
        let Some(at) = self.open.iter().position(|(_, open)| open.mid == answer.mid) else {
            work.reject("unexpected_answer");
            return None;
        };
        let (tag, _) = self.open.swap_remove(at);
        Some(Reply { tag, outcome: answer.outcome.map_err(Refused::Answer) })
    }

    /// Ends the association; the function is told.
    pub(super) fn close(&mut self, work: &mut Work<'_>) {
        self.client.close(work);
    }
}

//! A device's telemetry: one confirmable CoAP request at a time (RFC 7252 section 4.2), the rest waits.

use std::collections::VecDeque;

use super::client::Client;
use super::event::Note;
use super::exchange::{Due, Exchange};
use super::work::Work;
use crate::onem2m::device;
use crate::sim::time::Time;
use crate::wire::coap::Token;

/// Reports that may wait while there is no association; older ones are given up first.
const BACKLOG: usize = 8;
/// What a device reports and what it still waits for.
pub(super) struct Reporter {
    size: u32,
    next_message: u16,
    backlog: VecDeque<Time>,
    /// When the request that waits for its answer was made, and the request.
    outstanding: Option<Box<(Time, Exchange)>>,
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

impl Reporter {
    pub(super) const fn new(size: u32) -> Self {
        Self {
            size,
            next_message: 0,
            backlog: VecDeque::new(),
            outstanding: None,
            wake: Time::NEVER,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.outstanding.as_ref().map(|outstanding| outstanding.1.deadline)
    }

    /// A report is due.
    pub(super) fn report(&mut self, client: &mut Client, work: &mut Work<'_>) {
        if self.backlog.len() == BACKLOG {
            self.backlog.pop_front();
            work.reject("backlog_full");
        }
        self.backlog.push_back(work.now);
        self.send_next(client, work);
    }

    /// Sends the oldest report that waits, if nothing else is on its way.
    pub(super) fn send_next(&mut self, client: &mut Client, work: &mut Work<'_>) {
        if self.outstanding.is_some() || !client.is_ready() {
            return;
        }
        let Some(created) = self.backlog.pop_front() else { return };
        let message = self.next_message;
        self.next_message = message.wrapping_add(1);
        let Some(request) = self.request(message, work) else { return };
        work.requests += 1;
        if !client.send(&request, work) {
            self.backlog.push_front(created);
            return;
        }
        work.recorder.counters.message_sent += 1;
        let exchange = Exchange::new(message, request, work.now, work.rng);
        self.outstanding = Some(Box::new((created, exchange)));
    }

    /// An answer came over the association.
    pub(super) fn receive(&mut self, bytes: &[u8], client: &mut Client, work: &mut Work<'_>) {
        work.requests += 1;
        let answer = match device::answer(bytes) {
            Ok(answer) => answer,
            Err(reason) => return work.reject(reason.name()),
        };
        match self.outstanding.take_if(|outstanding| outstanding.1.mid == answer.mid) {
            Some(outstanding) if answer.status.is_success() => {
                work.note(Note::Answered { created: outstanding.0 });
            }
            Some(_) => work.reject("refused_by_cse"),
            None => work.reject("unexpected_answer"),
        }
        self.send_next(client, work);
    }

    /// The answer is late: repeats the request, or gives it up. True if the association seems dead.
    pub(super) fn timeout(&mut self, client: &mut Client, work: &mut Work<'_>) -> bool {
        let Some(outstanding) = &mut self.outstanding else { return false };
        match outstanding.1.due(work.now) {
            Due::Nothing => false,
            Due::Repeat => {
                let _ = client.send(&outstanding.1.request, work);
                false
            }
            Due::GiveUp => {
                self.outstanding = None;
                work.reject("unanswered");
                true
            }
        }
    }

    /// The report itself: the time of the reading in milliseconds, in as many digits as it has bytes.
    fn request(&self, message: u16, work: &mut Work<'_>) -> Option<Vec<u8>> {
        let layout = work.layout;
        let originator = layout.originator(work.node);
        let cse = layout.cse_name(layout.place(work.node).registrar);
        let content = device::reading(self.size as usize, work.now.0 / 1_000_000);
        let report = device::Report {
            originator: &originator,
            target: &device::target(&cse, &originator),
            mid: message,
            token: Token::new(&message.to_be_bytes())?,
            request_id: &format!("{message}"),
            content: &content,
        };
        device::report(&report).inspect_err(|_| work.reject("report_too_long")).ok()
    }

    /// All volatile state is lost.
    pub(super) fn restart(&mut self) {
        self.backlog.clear();
        self.outstanding = None;
        self.wake = Time::NEVER;
    }
}

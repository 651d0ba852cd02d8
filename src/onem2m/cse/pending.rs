//! Requests of the CSE's own that wait for an answer, a bounded table.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::interface::Outgoing;
use super::refusal::{RANGE, Refusal};
use super::task::{Reply, Task, Turn};
use crate::onem2m::limits::{ANSWER_WITHIN, MAX_GROUP_REQUESTS, MAX_PENDING};
use crate::onem2m::tree::{Id, time};
use crate::sim::time::Time;
use crate::wire::primitive::{Moment, Request, Response};

/// What an answer is waited for.
#[derive(Debug)]
pub(super) enum Waiting {
    /// It is the answer to somebody else's request.
    Forward(Reply),
    /// A target of notifications confirms.
    Verify(u64),
    /// Nothing depends on it.
    Notification,
}

/// A request that goes on once all targets of notifications have confirmed.
#[derive(Debug)]
pub(super) struct Verification {
    pub(super) task: Task,
    pub(super) left: usize,
    pub(super) failed: bool,
}

/// The answers of a group's members.
#[derive(Debug)]
pub(super) struct Gathering {
    pub(super) reply: Reply,
    pub(super) answers: Vec<Option<Response>>,
    pub(super) left: usize,
}

/// The tables.
#[derive(Debug, Default)]
pub(super) struct Pending {
    waiting: BTreeMap<u64, (Time, Waiting)>,
    deadlines: BTreeSet<(Time, u64)>,
    pub(super) verifications: BTreeMap<u64, Verification>,
    pub(super) gatherings: BTreeMap<u64, Gathering>,
    /// Fan-outs that were here, the oldest first.
    fanned: VecDeque<(Id, String)>,
    last: u64,
}

impl Pending {
    /// Notes what an answer will be for; `None` if too much waits already.
    pub(super) fn add(&mut self, deadline: Time, waiting: Waiting) -> Option<Outgoing> {
        if !self.has_room(1) {
            return None;
        }
        self.last += 1;
        self.waiting.insert(self.last, (deadline, waiting));
        self.deadlines.insert((deadline, self.last));
        Some(Outgoing(self.last))
    }

    /// Nothing waits any more. Numbers go on, so that a late answer meets nothing.
    pub(super) fn forgotten(&self) -> Self {
        Self { last: self.last, ..Self::default() }
    }

    pub(super) fn has_room(&self, more: usize) -> bool {
        self.waiting.len() + more <= MAX_PENDING
    }

    pub(super) fn take(&mut self, exchange: Outgoing) -> Option<Waiting> {
        let (deadline, waiting) = self.waiting.remove(&exchange.0)?;
        self.deadlines.remove(&(deadline, exchange.0));
        Some(waiting)
    }

    /// Something that has waited too long.
    pub(super) fn overdue(&mut self, now: Time) -> Option<Waiting> {
        let (deadline, exchange) = *self.deadlines.first()?;
        if deadline > now { None } else { self.take(Outgoing(exchange)) }
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Notes that a fan-out goes through a group; false if it did before.
    pub(super) fn pass(&mut self, group: Id, request: &str) -> bool {
        if self.fanned.iter().any(|(at, id)| *at == group && id == request) {
            return false;
        }
        if self.fanned.len() == MAX_GROUP_REQUESTS {
            self.fanned.pop_front();
        }
        self.fanned.push_back((group, request.to_owned()));
        true
    }
}

/// When a request expires (rqet); `None` if it does not say.
pub(super) fn deadline(
    request: &Request,
    turn: &Turn<'_>,
    epoch: time::Epoch,
) -> Result<Option<Time>, Refusal> {
    match &request.request_expires {
        None => Ok(None),
        Some(Moment::At(stamp)) => Ok(Some(epoch.time(time::parse(stamp.as_str()).ok_or(RANGE)?))),
        Some(Moment::After(ms)) => {
            let ms = u64::try_from(*ms).unwrap_or(0);
            Ok(Some(Time(turn.now.0.saturating_add(ms.saturating_mul(1_000_000)))))
        }
        Some(Moment::Duration(_)) => Err(RANGE),
    }
}

/// Until when an answer to a request is waited for.
pub(super) fn patience(request: &Request, turn: &Turn<'_>, epoch: time::Epoch) -> Time {
    let most = turn.now + ANSWER_WITHIN;
    deadline(request, turn, epoch).ok().flatten().map_or(most, |deadline| deadline.min(most))
}

//! The retransmission timer of a flight (RFC 9147 section 5.8.2).

use super::Timers;
use crate::sim::time::{Duration, Time};

/// Counts down to the next transmission of a flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    /// When it fires; `None` while stopped.
    deadline: Option<Time>,
    /// The present timeout, doubled with every retransmission; `None` if this end never retransmits.
    timeout: Option<Duration>,
    retransmissions: u8,
}

impl Timer {
    /// A stopped timer. `carried` is the timeout that an earlier flight ended with.
    pub(super) fn new(timers: &Timers, carried: Option<Duration>) -> Self {
        let timeout = timers.initial.map(|initial| match carried {
            Some(carried) if timers.carry_over => carried.max(initial),
            _ => initial,
        });
        Self { deadline: None, timeout, retransmissions: 0 }
    }

    /// A timer that never fires.
    pub(super) const fn never() -> Self {
        Self { deadline: None, timeout: None, retransmissions: 0 }
    }

    pub(super) const fn deadline(&self) -> Option<Time> {
        self.deadline
    }

    /// What the next flight starts with: a timeout that was backed off (RFC 9147 section 5.8.2: it
    /// is retained until a message gets through without retransmission).
    pub(super) fn carried(&self) -> Option<Duration> {
        if self.retransmissions > 0 { self.timeout } else { None }
    }

    /// Counts the present timeout from `now`.
    pub(super) fn start(&mut self, now: Time) {
        self.deadline = self.timeout.map(|timeout| now + timeout);
    }

    /// If it was started at `now`, it counts from `by` later.
    pub(super) fn postpone(&mut self, now: Time, by: Duration) {
        let started_now = self.timeout.map(|timeout| now + timeout);
        if self.deadline.is_some() && self.deadline == started_now {
            self.deadline = started_now.map(|deadline| deadline + by);
        }
    }

    pub(super) const fn stop(&mut self) {
        self.deadline = None;
    }

    /// It fired at `now`: doubles the timeout and starts again. False if the flight was repeated
    /// often enough.
    pub(super) fn back_off(&mut self, timers: &Timers, now: Time) -> bool {
        if self.retransmissions >= timers.retransmissions {
            self.stop();
            return false;
        }
        self.retransmissions += 1;
        self.timeout = self.timeout.map(|timeout| timeout.times(2).at_most(timers.max));
        self.start(now);
        true
    }
}

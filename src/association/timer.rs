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
    /// A stopped timer; it goes on where the one that is `carried` from an earlier flight ended.
    pub(super) fn new(timers: &Timers, carried: Option<Self>) -> Self {
        match carried.filter(|_| timers.carry_over) {
            Some(carried) => Self { deadline: None, ..carried },
            None => Self { deadline: None, timeout: timers.initial, retransmissions: 0 },
        }
    }

    /// A timer that never fires.
    pub(super) const fn never() -> Self {
        Self { deadline: None, timeout: None, retransmissions: 0 }
    }

    pub(super) const fn deadline(&self) -> Option<Time> {
        self.deadline
    }

    /// What the next flight starts with, if this one was backed off: RFC 9147 section 5.8.2 retains the
    /// timeout until a message gets through without retransmission. The count stays with it, else a peer
    /// that has gone would be waited for `retransmissions` times at the longest timeout.
    pub(super) fn carried(&self) -> Option<Self> {
        (self.retransmissions > 0).then_some(*self)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The waits of a flight that nobody answers, in seconds.
    fn waits(timer: &mut Timer, timers: &Timers) -> Vec<u64> {
        let mut waits = Vec::new();
        timer.start(Time::ZERO);
        while let Some(deadline) = timer.deadline() {
            waits.push(deadline.0 / 1_000_000_000);
            timer.start(Time::ZERO);
            timer.back_off(timers, Time::ZERO);
        }
        waits
    }

    #[test]
    fn a_flight_after_a_repeated_one_goes_on_with_its_series() {
        let timers = Timers::default();
        let mut first = Timer::new(&timers, None);
        assert_eq!(waits(&mut first.clone(), &timers), [1, 2, 4, 8, 16, 32, 60]);
        assert!(first.carried().is_none(), "it got through at once");
        first.start(Time::ZERO);
        for _ in 0..5 {
            assert!(first.back_off(&timers, Time::ZERO));
        }
        // Not six times a minute.
        assert_eq!(waits(&mut Timer::new(&timers, first.carried()), &timers), [32, 60]);
        let fresh = Timers { carry_over: false, ..timers };
        let mut second = Timer::new(&fresh, first.carried());
        assert_eq!(waits(&mut second, &fresh), [1, 2, 4, 8, 16, 32, 60]);
    }
}

//! First come, first served, by one or more units: the queue in front of an HSM.

use std::collections::VecDeque;

use crate::sim::time::{Duration, Time};

/// No room to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue of the HSM is full")]
pub struct QueueFull;

/// The units of an HSM and those who wait for them.
#[derive(Clone, Debug)]
pub struct ServiceQueue {
    /// When each unit is free again.
    free_at: Vec<Time>,
    /// When each request that has not been seen to finish will, earliest first.
    finishing: VecDeque<Time>,
    limit: usize,
}

impl ServiceQueue {
    /// `units` that serve at the same time (0 counts as 1), and at most `limit` requests in service and
    /// waiting.
    #[must_use]
    pub fn new(units: u16, limit: usize) -> Self {
        let free_at = vec![Time::ZERO; usize::from(units.max(1))];
        Self { free_at, finishing: VecDeque::new(), limit }
    }

    /// Takes in a request at `now`, not earlier than the last one, and says when it will be done.
    pub fn submit(&mut self, now: Time, service: Duration) -> Result<Time, QueueFull> {
        if self.is_full(now) {
            return Err(QueueFull);
        }
        let unit = self.free_at.iter_mut().min().ok_or(QueueFull)?;
        let done = now.max(*unit) + service;
        *unit = done;
        let at = self.finishing.partition_point(|&other| other <= done);
        self.finishing.insert(at, done);
        Ok(done)
    }

    /// Requests in service and waiting at `now`.
    pub fn len(&mut self, now: Time) -> usize {
        let done = self.finishing.partition_point(|&finish| finish <= now);
        self.finishing.drain(..done);
        self.finishing.len()
    }

    /// Whether a request at `now` would be refused.
    pub fn is_full(&mut self, now: Time) -> bool {
        self.len(now) >= self.limit
    }

    /// Whether nothing is in service or waiting at `now`.
    pub fn is_empty(&mut self, now: Time) -> bool {
        self.len(now) == 0
    }
}

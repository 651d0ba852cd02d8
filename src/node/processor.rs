//! A node's processor: one queue, first in first out, and `c` servers.

use std::collections::VecDeque;

use crate::measure::GroupRecord;
use crate::sim::time::{Duration, Time};

const SECOND: u64 = 1_000_000_000;

/// A queue of jobs and its servers.
#[derive(Debug)]
pub(super) struct Processor<J> {
    workers: u32,
    busy: u32,
    limit: Option<u32>,
    /// Jobs and when they came.
    waiting: VecDeque<(Time, J)>,
    /// How many of them, the first, go before the others.
    first: usize,
    meter: SecondMeter,
    busy_total: Duration,
}

impl<J> Processor<J> {
    pub(super) fn new(workers: u32, limit: Option<u32>) -> Self {
        let meter = SecondMeter::default();
        let waiting = VecDeque::new();
        Self { workers, busy: 0, limit, waiting, first: 0, meter, busy_total: Duration::ZERO }
    }

    /// Puts a job at the end of the queue, or behind those that go before the others; gives it back if the
    /// queue is full.
    pub(super) fn enqueue(&mut self, now: Time, job: J, goes_first: bool) -> Result<(), J> {
        let full = self.limit.is_some_and(|limit| self.waiting.len() >= limit as usize);
        if full && self.idle() == 0 {
            return Err(job);
        }
        if goes_first {
            self.waiting.insert(self.first, (now, job));
            self.first += 1;
        } else {
            self.waiting.push_back((now, job));
        }
        Ok(())
    }

    /// The next job, if a server is idle, and how long it has waited.
    pub(super) fn next(&mut self, now: Time, record: &mut GroupRecord) -> Option<(Duration, J)> {
        if self.idle() == 0 {
            return None;
        }
        let (came, job) = self.waiting.pop_front()?;
        self.first = self.first.saturating_sub(1);
        let waited = now.since(came);
        record.wait.record(waited.0);
        Some((waited, job))
    }

    /// Jobs that wait for a server.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A server is taken from `now` for `cost`.
    pub(super) fn occupy(&mut self, now: Time, cost: Duration, record: &mut GroupRecord) {
        self.busy += 1;
        self.busy_total += cost;
        record.busy.add_span(now, now + cost);
        self.meter.add(now, cost, record);
    }

    /// A server is free again.
    pub(super) const fn release(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    /// All jobs, waiting or in service, are gone.
    pub(super) fn reset(&mut self) {
        self.busy = 0;
        self.waiting.clear();
        self.first = 0;
    }

    /// The last second's notes, and the time that servers worked in all.
    pub(super) fn close(&mut self, record: &mut GroupRecord) -> Duration {
        self.meter.flush(u64::MAX, record);
        self.busy_total
    }

    const fn idle(&self) -> usize {
        self.workers.saturating_sub(self.busy) as usize
    }
}

/// Busy time of one node by whole seconds. Work is booked when it starts, so seconds before the
/// present are final and can be handed on.
#[derive(Debug, Default)]
struct SecondMeter {
    first: u64,
    busy: VecDeque<u64>,
}

impl SecondMeter {
    fn add(&mut self, now: Time, cost: Duration, record: &mut GroupRecord) {
        self.flush(now.0 / SECOND, record);
        let end = now + cost;
        let mut from = now.0;
        while from < end.0 {
            let second = from / SECOND;
            let until = ((second + 1) * SECOND).min(end.0);
            let index = usize::try_from(second - self.first).unwrap_or(usize::MAX);
            if index >= self.busy.len() {
                self.busy.resize(index + 1, 0);
            }
            self.busy[index] += until - from;
            from = until;
        }
    }

    /// Hands on all seconds before `second`.
    fn flush(&mut self, second: u64, record: &mut GroupRecord) {
        while self.first < second {
            let Some(busy) = self.busy.pop_front() else { break };
            record.peak_1s.add(Time(self.first * SECOND), busy);
            self.first += 1;
        }
        if self.busy.is_empty() && second != u64::MAX {
            self.first = second;
        }
    }
}

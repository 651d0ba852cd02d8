//! A quantity over time, in equal buckets.

use crate::sim::time::{Duration, Time};

/// How values of one bucket become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// They add up: bytes, busy nanoseconds, completions.
    Sum,
    /// The largest counts: queue lengths.
    Max,
}

/// A quantity over time; bucket `i` covers `[i * width, (i + 1) * width)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    fold: Fold,
    width: Duration,
    values: Vec<u64>,
}

impl Track {
    /// Empty, with buckets of `width` (at least 1 ns).
    #[must_use]
    pub fn new(fold: Fold, width: Duration) -> Self {
        Self { fold, width: width.max(Duration(1)), values: Vec::new() }
    }

    /// The length of a bucket.
    #[must_use]
    pub const fn width(&self) -> Duration {
        self.width
    }

    /// The buckets so far; later ones are zero.
    #[must_use]
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// The sum of the buckets that begin before `end`.
    #[must_use]
    pub fn sum_before(&self, end: Time) -> u64 {
        let buckets = usize::try_from(end.0.div_ceil(self.width.0)).unwrap_or(usize::MAX);
        self.values.iter().take(buckets).sum()
    }

    /// Folds `value` into the bucket of `at`.
    pub fn add(&mut self, at: Time, value: u64) {
        let index = self.index(at);
        self.fold_into(index, value);
    }

    /// Adds a span of time to the buckets it covers, each its share in nanoseconds.
    pub fn add_span(&mut self, start: Time, end: Time) {
        let mut from = start;
        while from < end {
            let index = self.index(from);
            let bucket_end = Time((index as u64 + 1).saturating_mul(self.width.0));
            let until = bucket_end.min(end);
            self.fold_into(index, until.since(from).0);
            from = until;
        }
    }

    /// Folds all buckets of `other`, which must have the same width.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.width, other.width);
        for (index, value) in other.values.iter().enumerate() {
            self.fold_into(index, *value);
        }
    }

    fn index(&self, at: Time) -> usize {
        usize::try_from(at.0 / self.width.0).unwrap_or(usize::MAX)
    }

    fn fold_into(&mut self, index: usize, value: u64) {
        if value == 0 {
            return;
        }
        if index >= self.values.len() {
            self.values.resize(index + 1, 0);
        }
        let bucket = &mut self.values[index];
        *bucket = match self.fold {
            Fold::Sum => bucket.saturating_add(value),
            Fold::Max => (*bucket).max(value),
        };
    }
}

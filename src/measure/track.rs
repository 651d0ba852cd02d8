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
    limit: usize,
    values: Vec<u64>,
}

/// Buckets of an adaptive track, at most.
const BUCKETS_MAX: usize = 2_000;
/// Bucket of an adaptive track that has seen little time yet.
const FINEST: Duration = Duration::from_millis(10);

impl Track {
    /// Empty, with buckets that grow with the time that is covered: from 10 ms on, 1 or 2 times a power
    /// of ten, so that there are at most 2,000.
    #[must_use]
    pub const fn adaptive(fold: Fold) -> Self {
        Self { fold, width: FINEST, limit: BUCKETS_MAX, values: Vec::new() }
    }

    /// Empty, with buckets of `width` (at least 1 ns) however many they become.
    #[must_use]
    pub fn fixed(fold: Fold, width: Duration) -> Self {
        Self { fold, width: width.max(Duration(1)), limit: usize::MAX, values: Vec::new() }
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
        if value > 0 {
            self.cover(at);
            self.fold_into(self.index(at), value);
        }
    }

    /// Adds a span of time to the buckets it covers, each its share in nanoseconds.
    pub fn add_span(&mut self, start: Time, end: Time) {
        self.cover(end);
        let mut from = start;
        while from < end {
            let index = self.index(from);
            let bucket_end = Time((index as u64 + 1).saturating_mul(self.width.0));
            let until = bucket_end.min(end);
            self.fold_into(index, until.since(from).0);
            from = until;
        }
    }

    /// Folds all of `other`, which began with the same width.
    pub fn merge(&mut self, other: &Self) {
        self.coarsen_to(other.width);
        let ratio = self.width.0 / other.width.0;
        for (index, value) in other.values.iter().enumerate() {
            self.fold_into(index / usize::try_from(ratio).unwrap_or(1), *value);
        }
    }

    /// Makes the buckets at least `width` long.
    pub fn coarsen_to(&mut self, width: Duration) {
        while self.width < width {
            self.coarsen();
        }
    }

    fn cover(&mut self, at: Time) {
        while self.index(at) >= self.limit {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        let factor = coarser(self.width);
        let fine = std::mem::take(&mut self.values);
        self.width = self.width.times(factor);
        for (index, value) in fine.into_iter().enumerate() {
            self.fold_into(index / usize::try_from(factor).unwrap_or(1), value);
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

/// By how much a bucket of `width` grows to the next of 1, 2, 10, 20, 100, ...
pub(super) const fn coarser(width: Duration) -> u64 {
    let mut digit = width.0;
    while digit > 0 && digit.is_multiple_of(10) {
        digit /= 10;
    }
    if digit == 2 { 5 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_grow_with_the_time_they_cover_and_lose_nothing() {
        let mut sums = Track::adaptive(Fold::Sum);
        let mut peaks = Track::adaptive(Fold::Max);
        for second in 0..1_000 {
            sums.add(Time(second * 1_000_000_000), 3);
            peaks.add(Time(second * 1_000_000_000), second);
        }
        assert_eq!(sums.width(), Duration::from_secs(1));
        assert_eq!(sums.values().iter().sum::<u64>(), 3_000);
        assert_eq!(peaks.values().last(), Some(&999));
        sums.add(Time(1_999_000_000_000), 1);
        assert_eq!(sums.width(), Duration::from_secs(1));
        sums.add(Time(2_000_000_000_000), 1);
        assert_eq!(sums.width(), Duration::from_secs(2));
        sums.add(Time(4_000_000_000_000), 1);
        assert_eq!(sums.width(), Duration::from_secs(10));
        assert_eq!(sums.values()[0], 30);
    }

    #[test]
    fn merging_does_not_depend_on_who_saw_what() {
        let add = |track: &mut Track, second: u64| track.add(Time(second * 1_000_000_000), second);
        let mut whole = Track::adaptive(Fold::Sum);
        let mut parts = [Track::adaptive(Fold::Sum), Track::adaptive(Fold::Sum)];
        for second in [1, 5, 30, 70, 3_000, 9_000] {
            add(&mut whole, second);
            add(&mut parts[usize::from(second > 40)], second);
        }
        let [mut early, mut late] = parts;
        let kept = early.clone();
        early.merge(&late);
        late.merge(&kept);
        assert_eq!(early, whole);
        assert_eq!(late, whole);
    }

    #[test]
    fn a_span_is_shared_by_its_buckets() {
        let mut track = Track::fixed(Fold::Sum, Duration(10));
        track.add_span(Time(7), Time(25));
        assert_eq!(track.values(), [3, 10, 5]);
        assert_eq!(track.sum_before(Time(20)), 13);
    }
}

//! How a distribution moves over time: one small histogram per bucket.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::track::coarser;
use crate::sim::time::{Duration, Time};

/// Percentiles of a quantity by the time at which it was observed; two significant digits.
#[derive(Clone, Debug)]
pub struct Band {
    width: Duration,
    buckets: BTreeMap<u64, Histogram<u32>>,
}

/// Buckets of a band, at most; a bucket holds a whole histogram.
const BUCKETS_MAX: u64 = 120;
/// Bucket of a band that has seen little time yet.
const FINEST: Duration = Duration::from_millis(100);

/// Values that the middle bucket of a settled band has.
const SETTLED_COUNT: u64 = 100;
/// Buckets that a settled band has left if its values are few.
const SETTLED_BUCKETS: usize = 40;

impl Default for Band {
    /// Empty; buckets grow with the time that is covered, like those of an adaptive track.
    fn default() -> Self {
        Self { width: FINEST, buckets: BTreeMap::new() }
    }
}

impl Band {
    /// The length of a bucket.
    #[must_use]
    pub const fn width(&self) -> Duration {
        self.width
    }

    /// Adds `value`, observed at `at`.
    pub fn record(&mut self, at: Time, value: u64) {
        while at.0 / self.width.0 >= BUCKETS_MAX {
            self.coarsen();
        }
        let bucket = self.bucket(at.0 / self.width.0);
        bucket.record(value).expect("the histogram resizes itself");
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.coarsen_to(other.width);
        let ratio = self.width.0 / other.width.0;
        for (index, histogram) in &other.buckets {
            self.bucket(index / ratio).add(histogram).expect("both histograms resize themselves");
        }
    }

    /// Makes the buckets long enough for their percentiles to mean something: until the middle one has
    /// 100 values, as a 99th percentile asks for at least, or 40 buckets are left.
    pub fn settle(&mut self) {
        while self.buckets.len() > SETTLED_BUCKETS && self.middle_count() < SETTLED_COUNT {
            self.coarsen();
        }
    }

    fn middle_count(&self) -> u64 {
        let mut counts: Vec<u64> = self.buckets.values().map(Histogram::len).collect();
        counts.sort_unstable();
        counts.get(counts.len() / 2).copied().unwrap_or(0)
    }

    /// Makes the buckets at least `width` long.
    pub fn coarsen_to(&mut self, width: Duration) {
        while self.width < width {
            self.coarsen();
        }
    }

    /// Start of each non-empty bucket, with its count and the values at `quantiles`.
    pub fn percentiles<'a>(
        &'a self,
        quantiles: &'a [f64],
    ) -> impl Iterator<Item = (Time, u64, Vec<u64>)> + 'a {
        self.buckets.iter().map(move |(index, histogram)| {
            let values = quantiles.iter().map(|q| histogram.value_at_quantile(*q)).collect();
            (Time(index * self.width.0), histogram.len(), values)
        })
    }

    fn coarsen(&mut self) {
        let factor = coarser(self.width);
        let fine = std::mem::take(&mut self.buckets);
        self.width = self.width.times(factor);
        for (index, histogram) in fine {
            let bucket = self.bucket(index / factor);
            bucket.add(histogram).expect("both histograms resize themselves");
        }
    }

    fn bucket(&mut self, index: u64) -> &mut Histogram<u32> {
        self.buckets
            .entry(index)
            .or_insert_with(|| Histogram::new(2).expect("2 digits are within the library's 0 to 5"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_make_long_buckets_and_many_keep_short_ones() {
        let mut few = Band::default();
        let mut many = Band::default();
        for i in 0..10_000u64 {
            many.record(Time(i * 1_000_000), i);
            if i % 100 == 0 {
                few.record(Time(i * 1_000_000), i);
            }
        }
        assert_eq!(many.width(), few.width());
        few.settle();
        many.settle();
        assert_eq!(many.width(), Duration::from_millis(100));
        assert!(few.width() > many.width());
        assert_eq!(few.percentiles(&[0.5]).map(|(_, n, _)| n).sum::<u64>(), 100);
    }
}

//! How a distribution moves over time: one small histogram per bucket.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::sim::time::{Duration, Time};

/// Percentiles of a quantity by the time at which it was observed; two significant digits.
#[derive(Clone, Debug)]
pub struct Band {
    width: Duration,
    buckets: BTreeMap<u64, Histogram<u32>>,
}

impl Band {
    /// Empty, with buckets of `width` (at least 1 ns).
    #[must_use]
    pub fn new(width: Duration) -> Self {
        Self { width: width.max(Duration(1)), buckets: BTreeMap::new() }
    }

    /// The length of a bucket.
    #[must_use]
    pub const fn width(&self) -> Duration {
        self.width
    }

    /// Adds `value`, observed at `at`.
    pub fn record(&mut self, at: Time, value: u64) {
        let bucket = self.bucket(at.0 / self.width.0);
        bucket.record(value).expect("the histogram resizes itself");
    }

    /// Adds all of `other`, which must have the same width.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.width, other.width);
        for (index, histogram) in &other.buckets {
            self.bucket(*index).add(histogram).expect("both histograms resize themselves");
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

    fn bucket(&mut self, index: u64) -> &mut Histogram<u32> {
        self.buckets
            .entry(index)
            .or_insert_with(|| Histogram::new(2).expect("2 digits are within the library's 0 to 5"))
    }
}

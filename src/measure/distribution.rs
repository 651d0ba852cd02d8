//! A distribution of one quantity.

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Values of one quantity: percentiles within three significant digits, sum and extremes exact.
#[derive(Clone, Debug)]
pub struct Distribution {
    histogram: Histogram<u64>,
    sum: u128,
    max: u64,
}

/// A distribution in figures, in the SI unit that its metric's name ends in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// How many values there are.
    pub count: u64,
    /// Their mean, exact.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// 90 % are at most this.
    pub p90: f64,
    /// 95 % are at most this.
    pub p95: f64,
    /// 99 % are at most this.
    pub p99: f64,
    /// 99.9 % are at most this.
    pub p999: f64,
    /// The largest, exact.
    pub max: f64,
}

/// Significant decimal digits of every percentile.
pub(crate) const DIGITS: u8 = 3;

impl Default for Distribution {
    fn default() -> Self {
        let histogram = Histogram::new(DIGITS).expect("3 digits are within the library's 0 to 5");
        Self { histogram, sum: 0, max: 0 }
    }
}

impl Distribution {
    /// Adds one value: nanoseconds for times, nanojoules for energy.
    pub fn record(&mut self, value: u64) {
        self.histogram.record(value).expect("the histogram resizes itself");
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("both histograms resize themselves");
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The underlying histogram, for export.
    #[must_use]
    pub const fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }

    /// Value at index `ceil(q * n) - 1` of the sorted values; 0 without values.
    #[must_use]
    pub fn percentile(&self, q: f64) -> u64 {
        self.histogram.value_at_quantile(q).min(self.max)
    }

    /// The figures, each value divided by `per_unit` (1e9 for nanoseconds to seconds).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "53 bits are far more than three digits")]
    pub fn summary(&self, per_unit: f64) -> Summary {
        let count = self.count();
        if count == 0 {
            return Summary::default();
        }
        let at = |q| self.percentile(q) as f64 / per_unit;
        Summary {
            count,
            mean: self.sum as f64 / count as f64 / per_unit,
            p50: at(0.50),
            p90: at(0.90),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: self.max as f64 / per_unit,
        }
    }
}

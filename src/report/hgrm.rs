//! `latency/*.hgrm`: distributions in the text format of HdrHistogram, in seconds.

use std::fmt::Write as _;

use super::error::FolderError;
use crate::measure::Distribution;

/// Lines of each halving of the distance to 100 %.
const TICKS: u32 = 50;
/// Lines that a reader takes.
const MAX_LINES: usize = 20_000;

/// A distribution as its percentiles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Values in seconds, with the share of values at most that large; both ascend.
    pub points: Vec<(f64, f64)>,
    /// How many values there are.
    pub count: u64,
}

impl Curve {
    /// The value at quantile `q`; `None` without values.
    #[must_use]
    pub fn at(&self, q: f64) -> Option<f64> {
        self.points
            .iter()
            .find(|(_, share)| *share >= q)
            .or_else(|| self.points.last())
            .map(|p| p.0)
    }
}

/// The file's text.
#[must_use]
pub fn write(distribution: &Distribution) -> String {
    let histogram = distribution.histogram();
    let total = distribution.count();
    let seconds = |nanos: f64| nanos / 1e9;
    let figures = distribution.summary(1e9);
    let mut out = format!(
        "{:>16} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut seen = 0u64;
    for step in histogram.iter_quantiles(TICKS) {
        seen += step.count_since_last_iteration();
        let share = if seen == total { 1.0 } else { step.quantile_iterated_to() };
        let value = seconds(step.value_iterated_to() as f64).min(figures.max);
        // Writing to a string cannot fail.
        let _ = write!(out, "{value:16.9} {share:14.12} {seen:10}");
        let _ = if share < 1.0 {
            writeln!(out, " {:14.2}", 1.0 / (1.0 - share))
        } else {
            writeln!(out)
        };
        if seen == total {
            break;
        }
    }
    let deviation = if total == 0 { 0.0 } else { seconds(histogram.stdev()) };
    let _ = writeln!(out, "#[Mean    = {:16.9}, StdDeviation   = {deviation:16.9}]", figures.mean);
    let _ = writeln!(out, "#[Max     = {:16.9}, Total count    = {total:16}]", figures.max);
    let _ = writeln!(out, "#[Buckets = {:16}, SubBuckets     = {:16}]", histogram.buckets(), 2_048);
    out
}

/// Reads a file's bytes, which may be anything.
///
/// # Errors
/// If they are not in the format.
pub fn read(file: &str, bytes: &[u8]) -> Result<Curve, FolderError> {
    let text = std::str::from_utf8(bytes).map_err(|e| FolderError::malformed(file, &e))?;
    let mut curve = Curve::default();
    let wrong =
        |line: usize, why: &str| FolderError::malformed(file, &format!("line {}: {why}", line + 1));
    for (number, line) in text.lines().enumerate().skip(1) {
        if number > MAX_LINES {
            return Err(wrong(number, "too many lines"));
        }
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let mut fields = line.split_ascii_whitespace();
        let mut number_of = |low: f64, high: f64| {
            let value = fields.next().and_then(|f| f.parse::<f64>().ok());
            value
                .filter(|v| (low..=high).contains(v))
                .ok_or_else(|| wrong(number, "not a percentile"))
        };
        let (value, share) = (number_of(0.0, 1e12)?, number_of(0.0, 1.0)?);
        let count = fields.next().and_then(|f| f.parse::<u64>().ok());
        let count = count.ok_or_else(|| wrong(number, "no count"))?;
        if curve.points.last().is_some_and(|last| last.0 > value || last.1 > share) {
            return Err(wrong(number, "percentiles do not ascend"));
        }
        curve.points.push((value, share));
        curve.count = curve.count.max(count);
    }
    Ok(curve)
}

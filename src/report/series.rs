//! `series.csv`: what moved over time, tidy (`time_s,scope,metric,unit,value`), in buckets.
//!
//! A bucket that is zero is left out unless a neighbour is not: missing means zero.

use std::collections::BTreeMap;

use super::error::FolderError;
use super::summary::Buckets;
use crate::measure::{Band, ByteClass, Recorder, Track};
use crate::sim::time::{Duration, Time};

/// The name of the file.
pub(crate) const FILE: &str = "series.csv";
const HEADER: [&str; 5] = ["time_s", "scope", "metric", "unit", "value"];
/// Rows that a reader takes.
const MAX_ROWS: usize = 2_000_000;
/// Series that a reader takes.
const MAX_SERIES: usize = 10_000;
/// Largest time and value that a reader takes: beyond every run, far below overflow.
const MAX_NUMBER: f64 = 1e30;
/// Points of one series at most: longer ones are folded.
const MAX_POINTS: usize = 2_000;
/// The percentiles of a band, with their metric's ending.
const PERCENTILES: [(f64, &str); 3] = [(0.50, "p50"), (0.95, "p95"), (0.99, "p99")];

/// Everything that moved over time, by scope and metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    lines: BTreeMap<(String, String), Line>,
}

/// One quantity over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Its unit; `1` for shares.
    pub unit: String,
    /// Start of each bucket in seconds, and the value; in order of time.
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// What `recorder` has.
    #[must_use]
    pub fn of(recorder: &Recorder) -> Self {
        let mut series = Self::default();
        let fold = fold(recorder);
        for (group, load) in recorder.groups.iter().zip(&recorder.loads) {
            let scope = format!("load.{}", group.name);
            let servers = f64::from(group.workers.max(1));
            let all = servers * f64::from(group.count.max(1)) * load.busy.width().0 as f64;
            series.track(&scope, "utilisation", "1", &load.busy, all);
            let second = load.peak_1s.width().0 as f64;
            series.add(
                &scope,
                "utilisation_peak_1s",
                "1",
                peaks(&load.peak_1s, fold, servers * second),
            );
            series.track(&scope, "queue", "jobs", &load.queue, 1.0);
        }
        for (name, link) in recorder.link_names.iter().zip(&recorder.links) {
            for class in ByteClass::ALL {
                let Some(track) = link.bytes.get(class as usize) else { continue };
                series.track(&format!("link.{name}"), class.name(), "B", track, 1.0);
            }
        }
        series.track("association", "established", "1", &recorder.established, 1.0);
        series.track("rekey", "completed", "1", &recorder.rekeyed, 1.0);
        series.track("flights", "sent", "1", &recorder.flights, 1.0);
        series.track("flights", "needed", "1", &recorder.flights_needed, 1.0);
        series.band("association", "handshake", &recorder.handshake_band);
        series.band("message", "latency", &recorder.message_band);
        series
    }

    /// The quantity `metric` of `scope`, if it was ever above zero.
    #[must_use]
    pub fn get(&self, scope: &str, metric: &str) -> Option<&Line> {
        self.lines.get(&(scope.to_owned(), metric.to_owned()))
    }

    /// The points of `metric` of `scope`; none if it was always zero.
    #[must_use]
    pub fn points(&self, scope: &str, metric: &str) -> &[(f64, f64)] {
        self.get(scope, metric).map_or(&[], |line| &line.points)
    }

    /// The file's text.
    ///
    /// # Errors
    /// Only if memory cannot be written.
    pub fn to_csv(&self) -> Result<Vec<u8>, FolderError> {
        let mut out = csv::Writer::from_writer(Vec::new());
        let failed = |e: csv::Error| FolderError::malformed(FILE, &e);
        out.write_record(HEADER).map_err(failed)?;
        for ((scope, metric), line) in &self.lines {
            for (time, value) in &line.points {
                let (time, value) = (time.to_string(), value.to_string());
                out.write_record([time.as_str(), scope, metric, &line.unit, &value])
                    .map_err(failed)?;
            }
        }
        out.into_inner().map_err(|e| FolderError::malformed(FILE, &e))
    }

    /// Reads a file's bytes, which may be anything.
    ///
    /// # Errors
    /// If they are not what [`Series::to_csv`] writes.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, FolderError> {
        let wrong = |why: &dyn std::fmt::Display| FolderError::malformed(FILE, why);
        let mut input = csv::Reader::from_reader(bytes);
        let header = input.byte_headers().map_err(|e| wrong(&e))?;
        if header != HEADER.as_slice() {
            return Err(wrong(&"the first line is not time_s,scope,metric,unit,value"));
        }
        let mut series = Self::default();
        for (row, record) in input.records().enumerate() {
            let record = record.map_err(|e| wrong(&e))?;
            let line = row + 2;
            if row >= MAX_ROWS {
                return Err(wrong(&format!("more than {MAX_ROWS} rows")));
            }
            let number = |field: usize| {
                let text = record.get(field).unwrap_or_default();
                let value = text.parse::<f64>().ok();
                value
                    .filter(|v| (0.0..=MAX_NUMBER).contains(v))
                    .ok_or_else(|| wrong(&format!("line {line}: {} is not usable", HEADER[field])))
            };
            let (time, value) = (number(0)?, number(4)?);
            let text = |field: usize| record.get(field).unwrap_or_default().to_owned();
            let entry = series.lines.entry((text(1), text(2))).or_default();
            if entry.points.last().is_some_and(|(last, _)| *last >= time) {
                return Err(wrong(&format!("line {line}: time does not move on")));
            }
            entry.unit = text(3);
            entry.points.push((time, value));
            if series.lines.len() > MAX_SERIES {
                return Err(wrong(&format!("more than {MAX_SERIES} series")));
            }
        }
        Ok(series)
    }

    fn track(&mut self, scope: &str, metric: &str, unit: &str, track: &Track, whole: f64) {
        self.add(scope, metric, unit, sparse(track.values(), track.width(), whole));
    }

    fn band(&mut self, scope: &str, metric: &str, band: &Band) {
        let quantiles = PERCENTILES.map(|(q, _)| q);
        let mut counts = Vec::new();
        let mut lines = PERCENTILES.map(|_| Vec::new());
        for (at, count, values) in band.percentiles(&quantiles) {
            counts.push((at.as_secs_f64(), count as f64));
            for (line, value) in lines.iter_mut().zip(values) {
                line.push((at.as_secs_f64(), value as f64 / 1e9));
            }
        }
        self.add(scope, &format!("{metric}_count"), "1", counts);
        for ((_, name), line) in PERCENTILES.iter().zip(lines) {
            self.add(scope, &format!("{metric}_{name}"), "s", line);
        }
    }

    fn add(&mut self, scope: &str, metric: &str, unit: &str, points: Vec<(f64, f64)>) {
        if !points.is_empty() {
            let line = Line { unit: unit.to_owned(), points };
            self.lines.insert((scope.to_owned(), metric.to_owned()), line);
        }
    }
}

/// The lengths of the buckets of what [`Series::of`] makes.
pub(crate) fn buckets(recorder: &Recorder) -> Buckets {
    let second = recorder.loads.first().map_or(Duration::from_secs(1), |l| l.peak_1s.width());
    Buckets {
        track_s: recorder.established.width().as_secs_f64(),
        peak_s: second.times(fold(recorder) as u64).as_secs_f64(),
        band_s: recorder.handshake_band.width().as_secs_f64(),
    }
}

/// Whole seconds that become one bucket so that the longest series stays within the limit.
fn fold(recorder: &Recorder) -> usize {
    let longest = recorder.loads.iter().map(|l| l.peak_1s.values().len()).max().unwrap_or(0);
    longest.div_ceil(MAX_POINTS).max(1)
}

/// The largest of each `fold` buckets.
fn peaks(track: &Track, fold: usize, whole: f64) -> Vec<(f64, f64)> {
    let folded: Vec<u64> =
        track.values().chunks(fold).map(|c| c.iter().copied().max().unwrap_or(0)).collect();
    sparse(&folded, track.width().times(fold as u64), whole)
}

/// The buckets that are not zero, and the zeros beside them.
fn sparse(values: &[u64], width: Duration, whole: f64) -> Vec<(f64, f64)> {
    let at = |i: usize| values.get(i).copied().unwrap_or(0);
    let near = |i: usize| at(i) > 0 || at(i + 1) > 0 || (i > 0 && at(i - 1) > 0);
    if values.iter().all(|v| *v == 0) {
        return Vec::new();
    }
    (0..=values.len())
        .filter(|i| near(*i))
        .map(|i| (Time(width.0.saturating_mul(i as u64)).as_secs_f64(), at(i) as f64 / whole))
        .collect()
}

//! The matrix as CSV: one line for each cell, a column for each figure; costs by the name of their metric.

use std::collections::BTreeSet;

use super::data::Matrix;
use super::json::{Entry, entries};
use crate::report::error::FolderError;

/// The name of the file, for errors.
const FILE: &str = "matrix.csv";
/// Columns before the costs.
const HEADER: [&str; 18] = [
    "threat",
    "countermeasures",
    "stated",
    "attack",
    "verdict",
    "count",
    "runs",
    "share",
    "low",
    "high",
    "alarm_latency_s",
    "loss_metric",
    "loss",
    "false_alarms",
    "quiet_runs",
    "scenario",
    "replay",
    "fault",
];

/// The matrix as CSV.
///
/// # Errors
/// If the writer refuses, which it does for no matrix.
pub fn csv(matrix: &Matrix) -> Result<String, FolderError> {
    let entries = entries(matrix);
    let costs: BTreeSet<&String> = entries.iter().flat_map(|entry| entry.cost.keys()).collect();
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut header: Vec<String> = HEADER.iter().map(|name| (*name).to_owned()).collect();
    for name in &costs {
        header.extend(["mean", "low", "high"].map(|part| format!("cost.{name}.{part}")));
    }
    let malformed = |e: &dyn std::fmt::Display| FolderError::malformed(FILE, e);
    out.write_record(&header).map_err(|e| malformed(&e))?;
    for entry in &entries {
        let mut line = line(entry);
        for name in &costs {
            let cost = entry.cost.get(*name);
            let interval = cost.and_then(|cost| cost.interval);
            line.push(cost.map_or_else(String::new, |cost| cost.mean.to_string()));
            line.push(interval.map_or_else(String::new, |[low, _]| low.to_string()));
            line.push(interval.map_or_else(String::new, |[_, high]| high.to_string()));
        }
        out.write_record(&line).map_err(|e| malformed(&e))?;
    }
    let bytes = out.into_inner().map_err(|e| malformed(&e))?;
    String::from_utf8(bytes).map_err(|e| malformed(&e))
}

fn line(entry: &Entry) -> Vec<String> {
    let float = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let alarms = |i: usize| {
        entry
            .false_alarms
            .and_then(|both| both.get(i).copied())
            .map_or_else(String::new, |n| n.to_string())
    };
    vec![
        entry.threat.clone(),
        entry.countermeasures.join(" "),
        entry.stated.to_string(),
        entry.attack.to_string(),
        entry.verdict.name().to_owned(),
        entry.count.to_string(),
        entry.runs.to_string(),
        float(entry.share),
        entry.interval[0].to_string(),
        entry.interval[1].to_string(),
        float(entry.alarm_latency_s),
        entry.loss_metric.clone().unwrap_or_default(),
        float(entry.loss),
        alarms(0),
        alarms(1),
        entry.scenario.clone(),
        entry.replay.clone(),
        entry.fault.clone().unwrap_or_default(),
    ]
}

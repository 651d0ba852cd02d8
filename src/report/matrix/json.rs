//! The matrix for programs: a flat list of cells, whose keys are public.

use std::collections::BTreeMap;

use serde::Serialize;

use super::data::{Cell, Matrix, Row};
use crate::ledger::Verdict;

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The code of the threat.
    pub threat: String,
    /// The codes of the countermeasures that are on.
    pub countermeasures: Vec<String>,
    /// An attack ran. What runs without one say stands in `cost` and `false_alarms`.
    pub attack: bool,
    /// The most frequent verdict; `INVALID` if the experiment says nothing.
    pub verdict: Verdict,
    /// The share of that verdict, 0 to 1.
    pub share: Option<f64>,
    /// The Wilson 95 % interval of the share.
    pub interval: [f64; 2],
    /// What the countermeasures cost where nobody attacks, by metric: on less off, over the same seeds.
    pub cost: BTreeMap<String, Cost>,
    /// The command that repeats the cell.
    pub replay: String,
    /// TR-0008 states this link.
    pub stated: bool,
    /// Runs with that verdict.
    pub count: u64,
    /// Runs whose attack began.
    pub runs: u64,
    /// Runs by verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Median time from the first step to the first alarm, in seconds.
    pub alarm_latency_s: Option<f64>,
    /// The metric of the loss.
    pub loss_metric: Option<String>,
    /// Its median.
    pub loss: Option<f64>,
    /// Runs without attack that raised an alarm, and all of them.
    pub false_alarms: Option<[u64; 2]>,
    /// Why the experiment says nothing.
    pub fault: Option<String>,
    /// The scenario file.
    pub scenario: String,
}

/// A difference over the same seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// The mean.
    pub mean: f64,
    /// Its 95 % interval; none of fewer than three seeds.
    pub interval: Option<[f64; 2]>,
    /// The largest difference.
    pub worst: f64,
    /// The seed of the largest difference.
    pub worst_seed: u64,
}

/// All cells, row by row: everything off, each countermeasure alone, all together.
#[must_use]
pub fn entries(matrix: &Matrix) -> Vec<Entry> {
    let rows = matrix.rows.iter();
    rows.flat_map(|row| row.every().map(move |cell| entry(row, cell))).collect()
}

fn entry(row: &Row, cell: &Cell) -> Entry {
    let (low, high) = cell.share.wilson();
    let costs = cell.costs.iter().map(|(name, paired)| {
        let interval = paired.interval.map(|(low, high)| [low, high]);
        let (worst_seed, worst) = paired.worst;
        (name.clone(), Cost { mean: paired.mean, interval, worst, worst_seed })
    });
    Entry {
        threat: row.code(),
        countermeasures: cell.countermeasures.iter().map(|n| format!("CM{n}")).collect(),
        attack: true,
        verdict: cell.shown(),
        share: cell.share.share(),
        interval: [low, high],
        cost: costs.collect(),
        replay: cell.replay.clone(),
        stated: cell.is_stated,
        count: cell.share.count,
        runs: cell.share.of,
        verdicts: cell
            .verdicts
            .iter()
            .map(|(v, share)| (v.name().to_owned(), share.count))
            .collect(),
        alarm_latency_s: cell.alarm_latency_s,
        loss_metric: cell.loss.as_ref().map(|loss| loss.metric.clone()),
        loss: cell.loss.as_ref().map(|loss| loss.median),
        false_alarms: cell.false_alarms.map(|share| [share.count, share.of]),
        fault: cell.fault.clone().or_else(|| row.fault.clone()),
        scenario: cell.scenario.clone(),
    }
}

//! What a sweep found: one row for each point, its figures over the seeds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Item, Note};
use crate::ledger::Paired;
use crate::run::{Checked, Metric, Verdict, lookup};
use crate::scenario::plan::Expectation;
use crate::scenario::sweep::{Axis, Grid};

/// Figures that every row has, where the runs have them; besides, those of `[expect]` and all peaks and links.
const FIGURES: [&str; 14] = [
    "association.handshake_s.p50",
    "association.handshake_s.p99",
    "association.handshake_s.max",
    "association.makespan_s",
    "association.failed",
    "rekey.time_s.p50",
    "rekey.time_s.p99",
    "rekey.time_s.max",
    "rekey.makespan_s",
    "rekey.failed",
    "flights.sent",
    "flights.duplicate_fraction",
    "message.latency_s.p99",
    "energy.device_j.mean",
];

/// A figure over the seeds of a point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Seeds that have it.
    pub runs: usize,
    /// The mean.
    pub mean: f64,
    /// The 95 % interval of the mean, by Student's t; none of fewer than three seeds.
    pub interval: Option<(f64, f64)>,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// A point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The value of each axis.
    pub values: Vec<String>,
    /// Runs that are there.
    pub runs: usize,
    /// Runs in which everything held.
    pub held: usize,
    /// Expectations that did not hold in some run.
    pub broken: BTreeSet<String>,
    /// Figures by the name of their metric.
    pub figures: BTreeMap<String, Spread>,
}

/// What a sweep found.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Name of the scenario.
    pub scenario: String,
    /// Its question.
    pub question: Option<String>,
    /// What was varied.
    pub axes: Vec<Axis>,
    /// First and last seed.
    pub seeds: (u64, u64),
    /// Runs that were asked for.
    pub asked: usize,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// The points in the order of the grid.
    pub rows: Vec<Row>,
    /// The runs of each point, by seed.
    pub notes: Vec<Vec<Note>>,
}

impl Spread {
    /// Of these values by seed; none of nothing.
    #[must_use]
    pub fn of(values: &[(u64, f64)]) -> Option<Self> {
        let all = Paired::of(values)?;
        let least = values.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
        let (mean, interval) = (all.mean, all.interval);
        Some(Self { runs: values.len(), mean, interval, min: least, max: all.worst.1 })
    }
}

impl Row {
    /// Everything that was expected held in every run, and there was one.
    #[must_use]
    pub const fn is_feasible(&self) -> bool {
        self.runs > 0 && self.held == self.runs
    }

    /// The mean of a figure.
    #[must_use]
    pub fn mean(&self, figure: &str) -> Option<f64> {
        self.figures.get(figure).map(|spread| spread.mean)
    }
}

impl Table {
    /// The rows of `grid` from the notes that there are.
    #[must_use]
    pub fn of(grid: &Grid, items: &[Item], seeds: (u64, u64), notes: &[Note]) -> Self {
        let by_address: BTreeMap<&str, &Note> =
            notes.iter().map(|note| (note.address.as_str(), note)).collect();
        let mut of_points: Vec<Vec<Note>> = vec![Vec::new(); grid.points.len()];
        for item in items {
            if let Some(note) = by_address.get(item.address.as_str()) {
                of_points[item.point].push((*note).clone());
            }
        }
        for notes in &mut of_points {
            notes.sort_by_key(|note| note.seed);
        }
        let first = &grid.points[0].plan;
        let rows = grid.points.iter().zip(&of_points);
        Self {
            scenario: first.name.clone(),
            question: first.question.clone(),
            axes: grid.axes.clone(),
            seeds,
            asked: items.len(),
            expectations: first.expectations.clone(),
            rows: rows.map(|(point, notes)| row(point.values.clone(), notes)).collect(),
            notes: of_points,
        }
    }

    /// Held: some point meets what is expected with every seed, or nothing is expected; failed: none does;
    /// interrupted: runs are missing.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.done() < self.asked {
            Verdict::Interrupted
        } else if self.expectations.is_empty() || self.rows.iter().any(Row::is_feasible) {
            Verdict::Held
        } else {
            Verdict::Failed
        }
    }

    /// Runs that are there.
    #[must_use]
    pub fn done(&self) -> usize {
        self.rows.iter().map(|row| row.runs).sum()
    }
}

fn row(values: Vec<String>, notes: &[Note]) -> Row {
    let mut figures: BTreeMap<String, Vec<(u64, f64)>> = BTreeMap::new();
    for note in notes {
        for (name, value) in main_figures(&note.metrics, &note.expectations) {
            figures.entry(name).or_default().push((note.seed, value));
        }
    }
    let broken = notes.iter().flat_map(|note| &note.expectations).filter(|checked| !checked.held);
    Row {
        values,
        runs: notes.len(),
        held: notes.iter().filter(|note| note.verdict == Verdict::Held).count(),
        broken: broken.map(|checked| format!("{} {}", checked.metric, checked.expected)).collect(),
        figures: figures
            .into_iter()
            .filter_map(|(name, values)| Some((name, Spread::of(&values)?)))
            .collect(),
    }
}

/// The figures of a run that rows have.
#[must_use]
pub fn main_figures(
    metrics: &BTreeMap<String, Metric>,
    expected: &[Checked],
) -> BTreeMap<String, f64> {
    let is_general = |name: &&String| {
        name.ends_with(".utilisation_peak_1s")
            || (name.starts_with("link.") && name.ends_with(".bytes"))
            || (name.starts_with("service.") && name.ends_with(".availability"))
    };
    let general = metrics.keys().filter(is_general).cloned();
    let expected = expected.iter().map(|checked| checked.metric.clone());
    let usual = FIGURES.iter().map(|name| (*name).to_owned());
    let names = usual.chain(general).chain(expected);
    names.filter_map(|name| lookup(metrics, &name).map(|value| (name, value))).collect()
}

/// Every number of a run by its dotted name.
#[must_use]
pub fn flat(metrics: &BTreeMap<String, Metric>) -> BTreeMap<String, f64> {
    const OF_DISTRIBUTION: [&str; 8] = ["count", "mean", "p50", "p90", "p95", "p99", "p999", "max"];
    let mut flat = BTreeMap::new();
    for (name, metric) in metrics {
        let names = match metric {
            Metric::Distribution(_) => {
                OF_DISTRIBUTION.map(|figure| format!("{name}.{figure}")).to_vec()
            }
            Metric::Count(_) | Metric::Number(_) => vec![name.clone()],
        };
        for name in names {
            if let Some(value) = lookup(metrics, &name) {
                flat.insert(name, value);
            }
        }
    }
    flat
}

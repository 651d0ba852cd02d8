//! Validation: the simulator against what is known without it, closed forms of queueing and retransmission, sizes and
//! energies from published documents, and a published study of back-off.

mod aws;
mod experiments;
mod formulas;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::parallel::at_once;
use super::process::stopwatch;
use super::{Outcome, Verdict, execute};
use crate::scenario::{Source, load};

/// Standard errors that a mean over seeds may be off.
const ERRORS: f64 = 3.0;

/// The scenarios that validation runs, as they are when the program is built: path and text.
pub const FILES: [(&str, &str); 4] = [
    ("scenarios/storm-fixed.toml", include_str!("../../../scenarios/storm-fixed.toml")),
    ("scenarios/validation/queue.toml", include_str!("../../../scenarios/validation/queue.toml")),
    (
        "scenarios/validation/periodic.toml",
        include_str!("../../../scenarios/validation/periodic.toml"),
    ),
    (
        "scenarios/validation/exchange.toml",
        include_str!("../../../scenarios/validation/exchange.toml"),
    ),
];

/// The tables that there are, and what each is about.
pub const TABLES: [(&str, &str); 12] = [
    ("T1", "one server: M/M/1, M/D/1, M/G/1"),
    ("T2", "several servers: M/M/c"),
    ("T3", "periodic reports: nD/D/1"),
    ("T4", "confirmable CoAP requests over a lossy link"),
    ("T5", "handshakes over a lossy link"),
    ("T6", "flights repeated because the answer takes long"),
    ("T8", "the busiest second of a uniform jitter"),
    ("T9", "a synchronous storm"),
    ("T10", "an overloaded window"),
    ("PT1", "bytes of handshakes"),
    ("PT3", "the AWS study of back-off"),
    ("PT4", "energy of handshakes over NB-IoT"),
];

/// One quantity of one case: what the simulator says, and what is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The table, such as `T1`.
    pub table: String,
    /// The case within it.
    pub case: String,
    /// What is compared.
    pub quantity: String,
    /// Its unit; empty for shares and counts.
    pub unit: String,
    /// The simulated value, a mean if there are several seeds.
    pub simulated: f64,
    /// The standard error of that mean; none of a single run.
    pub error: Option<f64>,
    /// What is due.
    pub reference: f64,
    /// Where that comes from.
    pub source: String,
    /// How far the two may be apart, in the unit.
    pub allowed: f64,
    /// Whether they are no farther apart.
    pub holds: bool,
    /// Seeds.
    pub seeds: u64,
    /// What repeats it; empty where no scenario is behind it.
    pub command: String,
}

impl Row {
    /// What the `values` of several seeds say; `allowed` is told their standard error.
    fn of(
        (table, case, quantity, unit): (&str, &str, &str, &str),
        values: &[f64],
        (reference, source): (f64, &str),
        allowed: impl Fn(f64) -> f64,
        command: &str,
    ) -> Self {
        let (simulated, error) = mean_and_error(values);
        let allowed = allowed(error.unwrap_or(0.0));
        Self {
            table: table.to_owned(),
            case: case.to_owned(),
            quantity: quantity.to_owned(),
            unit: unit.to_owned(),
            simulated,
            error,
            reference,
            source: source.to_owned(),
            allowed,
            holds: (simulated - reference).abs() <= allowed,
            seeds: values.len() as u64,
            command: command.to_owned(),
        }
    }
}

/// How far simulated and due may be apart.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tolerance {
    /// By this share of what is due.
    Share(f64),
    /// By three standard errors. The error is at least this, which theory gives for rare events.
    Errors(f64),
}

/// What a run says of a quantity.
type Reading = Box<dyn Fn(&Outcome) -> f64 + Send + Sync>;

/// One quantity of an experiment.
struct Quantity {
    name: &'static str,
    unit: &'static str,
    reading: Reading,
    reference: f64,
    source: Cow<'static, str>,
    tolerance: Tolerance,
}

/// A scenario with overrides, run with several seeds.
struct Experiment {
    table: &'static str,
    case: String,
    path: &'static str,
    overrides: Vec<String>,
    seeds: u64,
    quantities: Vec<Quantity>,
}

impl Experiment {
    /// One run; none if it was stopped or its scenario does not load, which a test looks after.
    fn values(&self, seed: u64, goes_on: &(dyn Fn() -> bool + Sync)) -> Option<Vec<f64>> {
        let (path, text) = FILES.iter().find(|(path, _)| *path == self.path)?;
        let source = Source::new(*path, (*text).to_owned());
        let plan = load(&source, &self.overrides, Some(seed)).ok()?.plan;
        let outcome = goes_on().then(|| execute(plan, 1, &|_| goes_on()))?;
        let is_whole = outcome.verdict != Verdict::Interrupted;
        is_whole.then(|| self.quantities.iter().map(|each| (each.reading)(&outcome)).collect())
    }

    fn command(&self) -> String {
        let seeds = match self.seeds {
            1 => String::new(),
            n => format!(" --seeds 1..{n}"),
        };
        let words: String = self.overrides.iter().map(|each| format!(" --set {each}")).collect();
        format!("keystorm run {}{seeds}{words}", self.path)
    }

    fn rows(&self, runs: &[Vec<f64>]) -> Vec<Row> {
        let command = self.command();
        let row = |(number, quantity): (usize, &Quantity)| {
            let values: Vec<f64> = runs.iter().map(|run| run[number]).collect();
            let Quantity { name, unit, reference, .. } = *quantity;
            let allowed = |error: f64| match quantity.tolerance {
                Tolerance::Share(share) => reference.abs() * share,
                Tolerance::Errors(least) => ERRORS * error.max(least),
            };
            let of = (self.table, self.case.as_str(), name, unit);
            Row::of(of, &values, (reference, &quantity.source), allowed, &command)
        };
        self.quantities.iter().enumerate().map(row).collect()
    }
}

/// The mean, and its standard error if there are several values.
fn mean_and_error(values: &[f64]) -> (f64, Option<f64>) {
    #[expect(clippy::cast_precision_loss, reason = "values are few")]
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (n > 1.5).then(|| (squares / (n - 1.0) / n).sqrt()))
}

/// What a validation yields.
#[derive(Clone, Debug)]
pub struct Validation {
    /// All rows, in the order of the tables.
    pub rows: Vec<Row>,
    /// It was stopped: rows are missing.
    pub is_partial: bool,
    /// Real seconds.
    pub wall_s: f64,
}

/// How many runs the tables take; of all tables, if none is named.
#[must_use]
pub fn runs(tables: &[String]) -> u64 {
    chosen(tables).iter().map(|experiment| experiment.seeds).sum()
}

/// Validates the tables that are named, or all, on `threads` threads. `done` hears of each run that is done, and
/// stops everything by returning false.
pub fn validate(tables: &[String], threads: usize, done: &(dyn Fn() -> bool + Sync)) -> Validation {
    let watch = stopwatch();
    let experiments = chosen(tables);
    let stopped = AtomicBool::new(false);
    let goes_on = || !stopped.load(Ordering::Relaxed);
    let seeds = |(number, each): (usize, &Experiment)| {
        (1..=each.seeds).map(|seed| (number, seed)).collect::<Vec<_>>()
    };
    let items: Vec<(usize, u64)> = experiments.iter().enumerate().flat_map(seeds).collect();
    let mut runs = at_once(&items, threads, |(number, seed)| {
        let values = goes_on().then(|| experiments[*number].values(*seed, &goes_on))??;
        if !done() {
            stopped.store(true, Ordering::Relaxed);
        }
        Some((*number, *seed, values))
    });
    runs.sort_by_key(|(number, seed, _)| (*number, *seed));
    let mut rows = Vec::new();
    for (number, experiment) in experiments.iter().enumerate() {
        let own: Vec<Vec<f64>> =
            runs.iter().filter(|run| run.0 == number).map(|run| run.2.clone()).collect();
        if own.len() as u64 == experiment.seeds {
            rows.extend(experiment.rows(&own));
        }
    }
    if is_chosen(tables, aws::TABLE) && goes_on() {
        rows.extend(aws::rows(threads));
    }
    let order = |row: &Row| TABLES.iter().position(|(table, _)| *table == row.table);
    rows.sort_by_key(order);
    Validation {
        rows,
        is_partial: runs.len() < items.len() || !goes_on(),
        wall_s: watch().as_secs_f64(),
    }
}

fn is_chosen(tables: &[String], table: &str) -> bool {
    tables.is_empty() || tables.iter().any(|each| each == table)
}

fn chosen(tables: &[String]) -> Vec<Experiment> {
    let all = experiments::all().into_iter();
    all.filter(|experiment| is_chosen(tables, experiment.table)).collect()
}

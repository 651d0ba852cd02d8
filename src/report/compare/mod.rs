//! Two results side by side: differences and ratios, over seeds where both have them, the answer first.

mod read;
mod text;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json as object};

pub use text::{headline, text};

use super::error::FolderError;
use crate::ledger::Paired;
use crate::run::sweep::Spread;

/// One result: its figures by seed, for each point. A run has one point without a name.
#[derive(Clone, Debug, Default)]
struct Side {
    name: String,
    scenario: String,
    version: String,
    seeds: Vec<u64>,
    points: BTreeMap<String, BTreeMap<u64, BTreeMap<String, f64>>>,
    /// The resolved scenario by dotted path; of a sweep, what it was asked.
    setting: BTreeMap<String, String>,
}

/// How one figure differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The metric.
    pub metric: String,
    /// In A, over its seeds.
    pub a: Spread,
    /// In B.
    pub b: Spread,
    /// B divided by A: the geometric mean over common seeds, else the ratio of the means; none of zeros.
    pub ratio: Option<f64>,
    /// The 95 % interval of the ratio by Student's t over the logarithms of at least three pairs of equal seeds.
    pub interval: Option<(f64, f64)>,
}

/// Two results side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The first folder.
    pub a: String,
    /// The second.
    pub b: String,
    /// Name of the scenario of A.
    pub scenario: String,
    /// Seeds that both have.
    pub seeds: Vec<u64>,
    /// What differs besides the figures: path, in A, in B.
    pub settings: Vec<(String, String, String)>,
    /// Changes by point.
    pub points: Vec<(String, Vec<Change>)>,
    /// Points that only one has.
    pub unmatched: usize,
}

/// Compares the results in two folders: of runs, of several seeds of a run, or of sweeps.
///
/// # Errors
/// One holds no results, or they are of two kinds, or have no point in common.
pub fn compare(a: &Path, b: &Path) -> Result<Comparison, FolderError> {
    let (a, b) = (read::side(a)?, read::side(b)?);
    let mut points = Vec::new();
    for (name, of_a) in &a.points {
        if let Some(of_b) = b.points.get(name) {
            points.push((name.clone(), changes(of_a, of_b)));
        }
    }
    if points.is_empty() {
        return Err(FolderError::NothingInCommon(a.name, b.name));
    }
    let unmatched = a.points.len() + b.points.len() - 2 * points.len();
    let mut settings = Vec::new();
    if a.version != b.version {
        settings.push(("keystorm".to_owned(), a.version.clone(), b.version.clone()));
    }
    let keys: std::collections::BTreeSet<&String> =
        a.setting.keys().chain(b.setting.keys()).collect();
    for key in keys {
        let of = |side: &Side| side.setting.get(key).cloned().unwrap_or_else(|| "-".to_owned());
        if of(&a) != of(&b) {
            settings.push((key.clone(), of(&a), of(&b)));
        }
    }
    let seeds = a.seeds.iter().copied().filter(|seed| b.seeds.contains(seed)).collect();
    let scenario = a.scenario;
    Ok(Comparison { a: a.name, b: b.name, scenario, seeds, settings, points, unmatched })
}

type BySeed = BTreeMap<u64, BTreeMap<String, f64>>;

/// How every figure that both have differs.
fn changes(a: &BySeed, b: &BySeed) -> Vec<Change> {
    let names: std::collections::BTreeSet<&String> = a.values().flat_map(BTreeMap::keys).collect();
    let values = |side: &BySeed, name: &str| -> Vec<(u64, f64)> {
        let of_seed = |(seed, figures): (&u64, &BTreeMap<String, f64>)| {
            figures.get(name).map(|value| (*seed, *value))
        };
        side.iter().filter_map(of_seed).collect()
    };
    names
        .into_iter()
        .filter_map(|name| {
            let (of_a, of_b) = (values(a, name), values(b, name));
            let (a, b) = (Spread::of(&of_a)?, Spread::of(&of_b)?);
            let (ratio, interval) = ratio(&of_a, &of_b, &a, &b);
            Some(Change { metric: name.clone(), a, b, ratio, interval })
        })
        .collect()
}

/// The ratio of B to A and its interval.
fn ratio(
    of_a: &[(u64, f64)],
    of_b: &[(u64, f64)],
    a: &Spread,
    b: &Spread,
) -> (Option<f64>, Option<(f64, f64)>) {
    let of_b: BTreeMap<u64, f64> = of_b.iter().copied().collect();
    let pairs: Vec<(u64, f64)> = of_a
        .iter()
        .filter_map(|(seed, in_a)| {
            let in_b = of_b.get(seed)?;
            (*in_a > 0.0 && *in_b > 0.0).then(|| (*seed, (in_b / in_a).ln()))
        })
        .collect();
    let is_paired = pairs.len() == of_a.len() && pairs.len() == of_b.len();
    match Paired::of(&pairs) {
        Some(logs) if is_paired => {
            let interval = logs.interval.map(|(low, high)| (low.exp(), high.exp()));
            (Some(logs.mean.exp()), interval)
        }
        _ => ((a.mean != 0.0).then(|| b.mean / a.mean), None),
    }
}

/// The comparison as one object. Its keys are public.
#[must_use]
pub fn json(comparison: &Comparison) -> Value {
    let change = |change: &Change| {
        object!({
            "metric": change.metric,
            "a": change.a,
            "b": change.b,
            "difference": change.b.mean - change.a.mean,
            "ratio": change.ratio,
            "interval": change.interval.map(|(low, high)| [low, high]),
        })
    };
    let points: Vec<Value> = comparison
        .points
        .iter()
        .map(|(point, changes)| {
            object!({ "point": point, "metrics": changes.iter().map(change).collect::<Vec<_>>() })
        })
        .collect();
    let settings: Vec<Value> = comparison
        .settings
        .iter()
        .map(|(key, a, b)| object!({ "key": key, "a": a, "b": b }))
        .collect();
    object!({
        "answer": headline(comparison),
        "a": comparison.a,
        "b": comparison.b,
        "scenario": comparison.scenario,
        "seeds": comparison.seeds,
        "settings": settings,
        "points": points,
        "unmatched": comparison.unmatched,
    })
}

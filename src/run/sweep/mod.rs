//! The runs of a grid: every point with every seed, each known by what it is made of, the largest first.

mod table;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use table::{Row, Spread, Table, flat, main_figures};

use super::parallel::at_once;
use super::process::stopwatch;
use super::{Checked, Estimate, Metric, Outcome, Verdict, execute};
use crate::scenario::sweep::Grid;

/// Runs of one sweep, at most: points times seeds.
pub const RUNS_MAX: usize = 20_000;
/// The seed of a grid's resolved scenarios; that of a run stands beside them in its address.
pub const GRID_SEED: u64 = 0;

/// One run that a sweep consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its point, by number.
    pub point: usize,
    /// Its seed.
    pub seed: u64,
    /// What it is made of: SHA-256 of the program that runs it, the resolved scenario and the seed.
    pub address: String,
}

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// What the run was made of.
    pub address: String,
    /// Its seed.
    pub seed: u64,
    /// Did everything hold?
    pub verdict: Verdict,
    /// Its digest.
    pub digest: String,
    /// Events delivered.
    pub events: u64,
    /// Real seconds.
    pub wall_s: f64,
    /// The metrics by dotted name.
    pub metrics: BTreeMap<String, Metric>,
    /// What the scenario expected.
    pub expectations: Vec<Checked>,
}

/// How the machine was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// Runs that were made, and not known before.
    pub runs: usize,
    /// Real seconds that they took together.
    pub run_s: f64,
    /// Real seconds from the first to the last.
    pub elapsed_s: f64,
    /// Threads.
    pub threads: usize,
}

impl Effort {
    /// The share of the threads' time in which they ran something.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    pub fn busy(&self) -> f64 {
        let all = self.elapsed_s * self.threads as f64;
        if all > 0.0 { (self.run_s / all).min(1.0) } else { 0.0 }
    }
}

impl Note {
    fn of(item: &Item, outcome: Outcome) -> Self {
        Self {
            address: item.address.clone(),
            seed: item.seed,
            verdict: outcome.verdict,
            digest: outcome.digest,
            events: outcome.events,
            wall_s: outcome.wall_s,
            metrics: outcome.metrics,
            expectations: outcome.expectations,
        }
    }
}

/// All runs of a grid with the seeds from the first to the last, those that take longest first: what is left for the
/// end is small, so that no core waits long for another. `build` names the program that runs them.
#[must_use]
pub fn items(grid: &Grid, (first, last): (u64, u64), build: &str) -> Vec<Item> {
    let mut costs = Vec::new();
    for (index, point) in grid.points.iter().enumerate() {
        let cost = Estimate::of(&point.plan).wall_s;
        let text = Sha256::digest(point.resolved.as_bytes());
        for seed in first..=last {
            let address = Sha256::new()
                .chain_update(build.as_bytes())
                .chain_update([0])
                .chain_update(text)
                .chain_update(seed.to_le_bytes())
                .finalize();
            let address = address.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            costs.push((cost, Item { point: index, seed, address }));
        }
    }
    // A stable sort: runs of one size stay in the order of the grid.
    costs.sort_by(|a, b| b.0.total_cmp(&a.0));
    costs.into_iter().map(|(_, item)| item).collect()
}

/// The items of shard `index` (from 1) of `of`: every `of`-th, so that all shards have large and small ones.
#[must_use]
pub fn shard(items: Vec<Item>, index: usize, of: usize) -> Vec<Item> {
    let own = items.into_iter().enumerate().filter(|(at, _)| at % of.max(1) + 1 == index);
    own.map(|(_, item)| item).collect()
}

/// Runs `items` on `threads` threads, one item a thread, the first items first. `keep` hears of each run that is
/// whole, and stops everything by returning false; so does `goes_on`, at once. Answers the notes in no order.
pub fn run(
    grid: &Grid,
    items: &[Item],
    threads: usize,
    goes_on: &(dyn Fn() -> bool + Sync),
    keep: &(dyn Fn(&Item, &Note) -> bool + Sync),
) -> (Vec<Note>, Effort) {
    let threads = threads.max(1);
    // Fewer runs than threads: each may have several.
    let each = (threads / items.len().max(1)).max(1);
    let stopped = AtomicBool::new(false);
    let goes_on = || !stopped.load(Ordering::Relaxed) && goes_on();
    let attempt = |item: &Item| {
        let mut plan = grid.points[item.point].plan.clone();
        plan.seed = item.seed;
        let outcome = goes_on().then(|| execute(plan, each, &|_| goes_on()))?;
        if outcome.verdict == Verdict::Interrupted {
            return None;
        }
        let note = Note::of(item, outcome);
        if !keep(item, &note) {
            stopped.store(true, Ordering::Relaxed);
        }
        Some(note)
    };
    let watch = stopwatch();
    let notes = at_once(items, threads, attempt);
    let effort = Effort {
        runs: notes.len(),
        run_s: notes.iter().map(|note| note.wall_s).sum(),
        elapsed_s: watch().as_secs_f64(),
        threads: threads.min(items.len().max(1)),
    };
    (notes, effort)
}

//! Hunts: from each seed a scenario with faults, attackers and settings drawn on top of a base; whatever must hold in
//! it and does not is a finding, made as small as it gets.

mod case;
mod draw;
mod shrink;

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use toml::Table;

pub use case::{Case, broken};
pub use shrink::RUNS_MAX as SHRINK_RUNS_MAX;

use crate::scenario::{Diagnostics, Plan, Source, load};

/// The base where nobody names another.
pub const BASE: &str = include_str!("../../../scenarios/hunt.toml");
/// Its path from the top of the repository.
pub const BASE_PATH: &str = "scenarios/hunt.toml";
/// Most findings that are made small; of more, only the seeds are told.
pub const FINDINGS_MAX: usize = 32;

/// Something that must hold and does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The invariant or metric, such as `A4` or `recovery.lost`.
    pub what_holds: String,
    /// The first place where it does not hold.
    pub what: String,
}

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The seed.
    pub seed: u64,
    /// The digest of the run; none if what was drawn is no scenario.
    pub digest: Option<String>,
    /// What does not hold.
    pub broken: Vec<Broken>,
}

/// A finding: a small scenario that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The invariant or metric that does not hold.
    pub what_holds: String,
    /// Words of the attacks and faults that it takes; settings, if it takes no more; or nothing.
    pub mechanisms: Vec<String>,
    /// The first place where it does not hold, in the small scenario.
    pub what: String,
    /// The first seed that showed it.
    pub seed: u64,
    /// All seeds that showed it, the same property by the same means.
    pub seeds: Vec<u64>,
    /// Nodes of the small scenario.
    pub nodes: u64,
    /// Runs that it took to make it small.
    pub runs: u64,
    /// The digest of the small scenario.
    pub digest: String,
    /// The small scenario, a file without a question.
    pub scenario: String,
}

impl Finding {
    /// The property and the means, as a name for files.
    #[must_use]
    pub fn name(&self) -> String {
        let means = if self.mechanisms.is_empty() {
            "nothing".to_owned()
        } else {
            self.mechanisms.join("-")
        };
        let property = self.what_holds.to_lowercase();
        format!("{property}-{means}").replace(['.', '_'], "-")
    }
}

/// Why there is nothing to hunt in.
#[derive(Debug)]
pub enum Refused {
    /// The base does not load.
    Scenario(Box<Diagnostics>),
    /// The base says nothing of what must hold.
    Nothing,
    /// There are no threads to run it.
    Threads(String),
}

/// A base and what there is to aim at in it.
pub struct Hunt {
    base: Table,
    plan: Plan,
}

impl Hunt {
    /// A hunt on a base, with the overrides of the user in their places.
    ///
    /// # Errors
    /// The base does not load, or says nothing of what must hold.
    pub fn new(source: &Source, overrides: &[String]) -> Result<Self, Refused> {
        let loaded = load(source, overrides, None);
        let plan = loaded.map_err(|faults| Refused::Scenario(Box::new(faults)))?.plan;
        if plan.hold.is_empty() && plan.expectations.is_empty() {
            return Err(Refused::Nothing);
        }
        // A text that loads is TOML.
        let mut base: Table = source.text.parse().unwrap_or_default();
        for (path, value) in overrides.iter().filter_map(|text| text.split_once('=')) {
            case::put(&mut base, path.trim(), case::value(value));
        }
        case::put(&mut base, "scenario.name", plan.name.as_str().into());
        Ok(Self { base, plan })
    }

    /// The plan of the base.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The case of a seed.
    #[must_use]
    pub fn case(&self, seed: u64) -> Case {
        draw::Ground::new(&self.base, &self.plan).draw(seed)
    }

    /// Runs the case of a seed; `None` if it was stopped.
    #[must_use]
    pub fn note(&self, seed: u64, goes_on: &(dyn Fn() -> bool + Sync)) -> Option<Note> {
        let case = self.case(seed);
        if case.load().is_none() {
            return Some(Note { seed, digest: None, broken: Vec::new() });
        }
        let outcome = case.run(goes_on)?;
        Some(Note { seed, broken: broken(&outcome), digest: Some(outcome.digest) })
    }

    /// Runs the cases of `seeds` on `threads` threads, in the order of the seeds in the answer.
    ///
    /// `known` may have the note of a seed already; `goes_on` stops everything by returning false, `observer` hears
    /// of each note that is made.
    ///
    /// # Errors
    /// There are no threads.
    pub fn run(
        &self,
        seeds: RangeInclusive<u64>,
        threads: usize,
        known: &(dyn Fn(u64) -> Option<Note> + Sync),
        goes_on: &(dyn Fn() -> bool + Sync),
        observer: &(dyn Fn(&Note) -> bool + Sync),
    ) -> Result<Vec<Note>, Refused> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Refused::Threads(error.to_string()))?;
        let stop = AtomicBool::new(false);
        let attempt = |seed: u64| {
            let on = || !stop.load(Ordering::Relaxed) && goes_on();
            if !on() {
                return None;
            }
            if let Some(note) = known(seed) {
                return Some(note);
            }
            let note = self.note(seed, &on)?;
            if !observer(&note) {
                stop.store(true, Ordering::Relaxed);
            }
            Some(note)
        };
        // In pieces, so that seeds are begun in about their order and a hunt that is stopped has seen the first of them.
        let mut notes = Vec::new();
        let mut next = Some(*seeds.start());
        while let Some(first) = next.filter(|first| first <= seeds.end()) {
            let last = first.saturating_add(PIECE - 1).min(*seeds.end());
            let piece: Vec<u64> = (first..=last).collect();
            let of_piece: Vec<Note> =
                pool.install(|| piece.par_iter().filter_map(|seed| attempt(*seed)).collect());
            let is_whole = of_piece.len() == piece.len();
            notes.extend(of_piece);
            next = last.checked_add(1).filter(|_| is_whole);
        }
        Ok(notes)
    }

    /// What the notes show: each property by each means once, made small. `observer` hears how many runs that took
    /// so far, and stops by returning false: then the findings so far are the answer.
    #[must_use]
    pub fn findings(
        &self,
        notes: &[Note],
        observer: &(dyn Fn(u64) -> bool + Sync),
    ) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        let mut runs = 0;
        for note in notes {
            for Broken { what_holds, .. } in &note.broken {
                let case = self.case(note.seed);
                let means = case.means();
                // What is known to take no more than this case has explains it.
                let known = findings.iter_mut().find(|finding| {
                    finding.what_holds == *what_holds
                        && finding.mechanisms.iter().all(|word| means.contains(word))
                });
                if let Some(known) = known {
                    known.seeds.push(note.seed);
                    continue;
                }
                if findings.len() == FINDINGS_MAX || !observer(runs) {
                    continue;
                }
                let goes_on = || observer(runs);
                let Some(small) = shrink::shrink(case, what_holds, &goes_on) else { continue };
                runs += small.runs;
                findings.push(small);
            }
        }
        findings
    }
}

/// Seeds that are run at a time.
const PIECE: u64 = 64;

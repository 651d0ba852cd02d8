//! The catalogue as experiments: each threat's scenario with its attack on and off, with each countermeasure
//! alone, with all of them and with none, over the same seeds.

mod files;
mod trial;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

pub use files::{FILES, ThreatFile};
pub use trial::{Note, Refused, Trial};

use crate::ledger::verdict::{Experiment, Judgement, Quiet};

/// Countermeasures that are in force, by their numbers.
pub type Set = BTreeSet<u8>;

/// What was seen of one threat.
#[derive(Clone, Debug)]
pub struct Row {
    /// The threat's scenario.
    pub file: ThreatFile,
    /// The countermeasures that the scenario can be run with and without.
    pub countermeasures: Set,
    /// The notes of all runs.
    pub notes: Vec<Note>,
}

impl Row {
    /// Every set of countermeasures that is tried: each alone, and all together if there are several.
    #[must_use]
    pub fn sets(&self) -> Vec<Set> {
        sets(&self.countermeasures)
    }

    /// The experiment of one set against none.
    #[must_use]
    pub fn experiment(&self, on: &Set) -> Experiment {
        let none = Set::new();
        let attacked = |set: &Set| -> BTreeMap<u64, Judgement> {
            let of = self.notes.iter().filter(|note| note.is_attacked && note.on == *set);
            of.filter_map(|note| Some((note.seed, note.judgement?))).collect()
        };
        let quiet = |set: &Set| -> BTreeMap<u64, Quiet> {
            let of = self.notes.iter().filter(|note| !note.is_attacked && note.on == *set);
            of.map(|note| (note.seed, Quiet { alarms: note.alarms, costs: note.costs.clone() }))
                .collect()
        };
        Experiment {
            exposed: attacked(&none),
            defended: attacked(on),
            plain: quiet(&none),
            equipped: quiet(on),
        }
    }
}

fn sets(all: &Set) -> Vec<Set> {
    let mut sets: Vec<Set> = all.iter().map(|one| Set::from([*one])).collect();
    if sets.len() > 1 {
        sets.push(all.clone());
    }
    sets
}

/// Runs the experiments of `files` with the seeds `1..=seeds` on `threads` threads.
///
/// `known` may have the note of a trial already; `observer` hears of each note as it is made, and stops
/// everything by returning false. Rows are in the order of the files; what was stopped has fewer notes.
///
/// # Errors
/// A scenario of the catalogue does not load, or has no countermeasure or attack.
pub fn run(
    files: &[ThreatFile],
    seeds: u64,
    threads: usize,
    known: &(dyn Fn(&Trial) -> Option<Note> + Sync),
    observer: &(dyn Fn(&Note) -> bool + Sync),
) -> Result<Vec<Row>, Refused> {
    let mut rows = Vec::new();
    let mut trials = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let countermeasures = trial::countermeasures(file)?;
        let mut tried = sets(&countermeasures);
        tried.push(Set::new());
        for seed in 1..=seeds {
            for (on, is_attacked) in tried.iter().flat_map(|on| [(on, true), (on, false)]) {
                let on = on.clone();
                trials.push((index, Trial { file: *file, on, is_attacked, seed }));
            }
        }
        rows.push(Row { file: *file, countermeasures, notes: Vec::new() });
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Refused::Threads(error.to_string()))?;
    let stop = std::sync::atomic::AtomicBool::new(false);
    let attempt = |(index, trial): &(usize, Trial)| {
        if stop.load(std::sync::atomic::Ordering::Relaxed) {
            return None;
        }
        let note = match known(trial) {
            Some(note) => Ok(note),
            None => trial.run(&rows[*index].countermeasures, &|| !observer_stopped(&stop)),
        };
        if let Ok(note) = &note
            && !observer(note)
        {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        Some(note.map(|note| (*index, note)))
    };
    let notes: Vec<_> = pool.install(|| trials.par_iter().filter_map(attempt).collect());
    for note in notes {
        let (index, note) = note?;
        rows[index].notes.push(note);
    }
    Ok(rows)
}

fn observer_stopped(stop: &std::sync::atomic::AtomicBool) -> bool {
    stop.load(std::sync::atomic::Ordering::Relaxed)
}

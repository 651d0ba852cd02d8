//! One run of an experiment, and what is kept of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Set, ThreatFile};
use crate::ledger::Judgement;
use crate::run::risk::{Request, RiskError, treated};
use crate::run::{Metric, Outcome, Verdict, execute};
use crate::scenario::{Source, load};

/// Why there is no experiment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The scenario does not load.
    #[error("{0}")]
    Scenario(String),
    /// It is no experiment.
    #[error("{path} has no {what}")]
    Incomplete {
        /// Which.
        path: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// There are no threads to run it.
    #[error("no threads to run on: {0}")]
    Threads(String),
}

/// One run of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The threat's scenario.
    pub file: ThreatFile,
    /// The countermeasures that are in force.
    pub on: Set,
    /// The attack takes place.
    pub is_attacked: bool,
    /// The seed.
    pub seed: u64,
}

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The threat.
    pub threat: u8,
    /// The path of its scenario: a threat may have several.
    pub scenario: String,
    /// The countermeasures that were in force.
    pub on: Set,
    /// The attack took place.
    pub is_attacked: bool,
    /// The seed.
    pub seed: u64,
    /// The digest of the run.
    pub digest: String,
    /// The verdict, of several attacks the one that is worst for the defender.
    pub judgement: Option<Judgement>,
    /// Alarms in all.
    pub alarms: u64,
    /// What the run cost, by name; the last word is the unit.
    pub costs: BTreeMap<String, f64>,
}

impl Trial {
    /// The overrides of the scenario that make this run, as `--set` takes them.
    #[must_use]
    pub fn overrides(&self, all: &Set) -> Vec<String> {
        let off = all.iter().filter(|number| !self.on.contains(number));
        let mut words: Vec<String> =
            off.map(|number| format!("countermeasure.CM{number}.on=false")).collect();
        if !self.is_attacked {
            words.push("scenario.attacks=false".to_owned());
        }
        words
    }

    /// The command that repeats this run.
    #[must_use]
    pub fn command(&self, all: &Set) -> String {
        let mut words = vec![format!("keystorm run {} --seed {}", self.file.path, self.seed)];
        words.extend(self.overrides(all).iter().map(|word| format!("--set {word}")));
        words.join(" ")
    }

    /// The command that repeats this run with the seeds from 1 to `seeds`.
    #[must_use]
    pub fn command_for(&self, all: &Set, seeds: u64) -> String {
        let mut words = vec![format!("keystorm run {} --seeds 1..{seeds}", self.file.path)];
        words.extend(self.overrides(all).iter().map(|word| format!("--set {word}")));
        words.join(" ")
    }

    /// Runs it on one thread; `goes_on` stops it by returning false, and then there is no note.
    pub(super) fn run(
        &self,
        all: &Set,
        goes_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Note>, Refused> {
        let outcome = self.outcome(all, goes_on)?;
        let is_whole = outcome.verdict != Verdict::Interrupted;
        Ok(is_whole.then(|| self.note(&outcome)))
    }

    /// The run with all that it yields; `all` are the countermeasures that the scenario has.
    ///
    /// # Errors
    /// The scenario does not load.
    pub fn outcome(
        &self,
        all: &Set,
        goes_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Outcome, Refused> {
        let source = Source::new(self.file.path, self.file.text);
        let overrides = self.overrides(all);
        let loaded = load(&source, &overrides, Some(self.seed));
        let mut loaded = loaded.map_err(|faults| Refused::Scenario(faults.render(false)))?;
        if loaded.plan.risk.is_treated {
            let (overrides, seed) = (overrides.as_slice(), Some(self.seed));
            let request = Request { source: &source, overrides, seed, budget: None };
            loaded = match treated(&request, &|_| goes_on()) {
                Ok(treated) => treated,
                // The run stops at once as well, and says so.
                Err(RiskError::Interrupted) => loaded,
                Err(error) => return Err(Refused::Scenario(error.to_string())),
            };
        }
        Ok(execute(loaded.plan, 1, &|_| goes_on()))
    }

    fn note(&self, outcome: &Outcome) -> Note {
        let evidence = outcome.evidence.as_ref();
        let judged = evidence.into_iter().flat_map(|evidence| &evidence.attacks);
        let judgements = judged.map(|judged| judged.judgement);
        Note {
            threat: self.file.threat,
            scenario: self.file.path.to_owned(),
            on: self.on.clone(),
            is_attacked: self.is_attacked,
            seed: self.seed,
            digest: outcome.digest.clone(),
            judgement: judgements.max_by_key(|judgement| judgement.verdict),
            alarms: evidence.map_or(0, |evidence| evidence.alarms),
            costs: costs(outcome),
        }
    }
}

/// The countermeasures that a scenario can be run with and without.
pub(super) fn countermeasures(file: &ThreatFile) -> Result<Set, Refused> {
    let loaded = load(&Source::new(file.path, file.text), &[], None);
    let plan = loaded.map_err(|faults| Refused::Scenario(faults.render(false)))?.plan;
    let missing = |what| Err(Refused::Incomplete { path: file.path, what });
    if plan.attacks.is_empty() {
        return missing("attack");
    }
    if plan.countermeasures.is_empty() {
        return missing("countermeasure");
    }
    if plan.threat != Some(file.threat) {
        return missing("word of its threat");
    }
    Ok(plan.countermeasures.iter().map(|one| one.number).collect())
}

/// What a run cost everybody: bytes on all links, time on all processors, energy of all devices, and the time
/// that a handshake and a message took.
fn costs(outcome: &Outcome) -> BTreeMap<String, f64> {
    let mut costs = BTreeMap::new();
    let recorder = &outcome.recorder;
    let bytes: u64 =
        recorder.links.iter().flat_map(|link| &link.bytes).flat_map(|t| t.values().iter()).sum();
    let end = outcome.simulated;
    let busy: u64 = recorder.loads.iter().map(|load| load.busy.sum_before(end)).sum();
    let energy = recorder.loads.iter().map(|load| {
        let all = load.energy.summary(1e9);
        all.mean * count(all.count)
    });
    let energy: f64 = energy.sum();
    costs.insert("link_bytes".to_owned(), count(bytes));
    costs.insert("processor_ms".to_owned(), count(busy) / 1e6);
    costs.insert("energy_j".to_owned(), energy);
    for (name, metric) in
        [("handshake_ms", "association.handshake_s"), ("message_ms", "message.latency_s")]
    {
        if let Some(Metric::Distribution(all)) = outcome.metrics.get(metric)
            && all.count > 0
        {
            costs.insert(name.to_owned(), all.mean * 1e3);
        }
    }
    costs
}

#[expect(clippy::cast_precision_loss, reason = "figures; exact up to 2^53")]
const fn count(n: u64) -> f64 {
    n as f64
}

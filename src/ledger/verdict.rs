//! Verdicts: of one run under attack, and of an experiment of four cells over the same seeds.

use std::collections::{BTreeMap, BTreeSet};

use super::fact::{About, Fact};
use super::facts::Facts;
use super::property::Finding;
use super::statistics::{Paired, Proportion};
use crate::sim::time::{Duration, Time};

/// Seeds that an experiment needs for its shares to mean something.
pub const SEEDS_MIN: usize = 30;
/// Runs that may say nothing, of all runs under attack in a cell, in percent.
pub const VACUOUS_PERCENT_MAX: u64 = 10;

/// What one run says about an attack.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// The attack ran, a mechanism blocked it, and the property holds.
    Prevented,
    /// The property is violated, but the loss is within its bound.
    Mitigated,
    /// An alarm about the attack came within the deadline.
    Detected,
    /// The property is violated.
    Succeeded,
    /// The attack ran and the property holds, but nothing blocked it; or not everything was looked at.
    /// That is luck or a fault of the scenario, and proves nothing.
    Invalid,
    /// The attack never reached its first step.
    Vacuous,
}

impl Verdict {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prevented => "PREVENTED",
            Self::Mitigated => "MITIGATED",
            Self::Detected => "DETECTED",
            Self::Succeeded => "SUCCEEDED",
            Self::Invalid => "INVALID",
            Self::Vacuous => "VACUOUS",
        }
    }
}

/// What a verdict on one run needs beside its facts.
pub struct Question<'a> {
    /// When the attack did its first step, by its own trace; none if it never did.
    pub first_step: Option<Time>,
    /// Is this what the attack touched? Refusals and alarms about other things do not count.
    pub concerns: &'a dyn Fn(&About) -> bool,
    /// Is this refusal the work of a mechanism that is asked about, by its name?
    pub counts: &'a dyn Fn(&'static str) -> bool,
    /// An alarm later than this after the first step does not count.
    pub alarm_deadline: Duration,
    /// The metric of the finding that is the loss, and up to where it counts as mitigated.
    pub loss: Option<(&'a str, f64)>,
}

/// A verdict and its figures.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The property is violated.
    pub is_violated: bool,
    /// From the first step to the first alarm within the deadline.
    pub alarm_latency: Option<Duration>,
    /// From the first step to the first refusal.
    pub refusal_latency: Option<Duration>,
    /// The loss, if the question names its metric.
    pub loss: Option<f64>,
}

/// The verdict on one run.
#[must_use]
pub fn judge(facts: &Facts, finding: &Finding, question: &Question<'_>) -> Judgement {
    let is_violated = !finding.holds();
    let loss = question.loss.and_then(|(metric, _)| finding.metric(metric));
    let mut judgement = Judgement {
        verdict: Verdict::Vacuous,
        is_violated,
        alarm_latency: None,
        refusal_latency: None,
        loss,
    };
    let Some(start) = question.first_step else { return judgement };
    let first = |is_meant: &dyn Fn(&Fact) -> bool| {
        let mut later = facts.iter().filter(|(_, at, _)| *at >= start);
        later.find(|(_, _, fact)| is_meant(fact)).map(|(_, at, _)| at.since(start))
    };
    judgement.refusal_latency = first(&|fact| match fact {
        Fact::Refuse { mechanism, about, .. } => {
            (question.counts)(mechanism) && (question.concerns)(about)
        }
        _ => false,
    });
    let alarm = first(&|fact| match fact {
        Fact::Alarm { about, .. } => (question.concerns)(about),
        _ => false,
    });
    judgement.alarm_latency = alarm.filter(|latency| *latency <= question.alarm_deadline);
    let is_small = question.loss.zip(loss).is_some_and(|((_, bound), loss)| loss <= bound);
    judgement.verdict = match (is_violated, judgement.alarm_latency) {
        (false, _) if !finding.is_complete => Verdict::Invalid,
        (false, _) if judgement.refusal_latency.is_some() => Verdict::Prevented,
        (true, _) if is_small => Verdict::Mitigated,
        (_, Some(_)) => Verdict::Detected,
        (true, None) => Verdict::Succeeded,
        (false, None) => Verdict::Invalid,
    };
    judgement
}

/// Costs of a run, by name.
pub type Costs = BTreeMap<String, f64>;

/// A run without attack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quiet {
    /// Alarms, all of them false.
    pub alarms: u64,
    /// What it cost.
    pub costs: Costs,
}

/// The four cells of an experiment, each by seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experiment {
    /// Attack on, countermeasure off.
    pub exposed: BTreeMap<u64, Judgement>,
    /// Attack on, countermeasure on.
    pub defended: BTreeMap<u64, Judgement>,
    /// Attack off, countermeasure off.
    pub plain: BTreeMap<u64, Quiet>,
    /// Attack off, countermeasure on.
    pub equipped: BTreeMap<u64, Quiet>,
}

/// Why an experiment says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no run.
    #[error("no run in a cell")]
    Empty,
    /// The cells do not have the same seeds.
    #[error("the four cells ran with different seeds")]
    Seeds,
    /// The attack was without effect although nothing defends against it.
    #[error("seed {seed}: with the countermeasure off the attack is {}, not SUCCEEDED", .verdict.name())]
    NotASuccess {
        /// The first seed of which this is so.
        seed: u64,
        /// What it was.
        verdict: Verdict,
    },
    /// A run with the countermeasure on proves nothing.
    #[error(
        "seed {seed}: the attack ran and the property holds, but nothing shows that it was stopped"
    )]
    Unexplained {
        /// The first seed of which this is so.
        seed: u64,
    },
    /// Too many attacks never began.
    #[error(
        "{count} of {of} attacks never reached their first step, more than {VACUOUS_PERCENT_MAX} %"
    )]
    Vacuous {
        /// So many.
        count: u64,
        /// Of so many.
        of: u64,
    },
}

/// What an experiment says.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The most frequent verdict with the countermeasure on; of equally frequent ones the worse.
    pub verdict: Verdict,
    /// The share of each verdict among the runs whose attack began.
    pub shares: BTreeMap<Verdict, Proportion>,
    /// Runs under attack that say nothing, in both cells.
    pub vacuous: u64,
    /// Runs without attack that raised an alarm, with the countermeasure on.
    pub false_alarms: Proportion,
    /// The same with the countermeasure off; there should be none.
    pub false_alarms_off: Proportion,
    /// What the countermeasure costs when nobody attacks, by name.
    pub costs: BTreeMap<String, Paired>,
    /// Fewer than [`SEEDS_MIN`] seeds.
    pub is_small: bool,
}

impl Experiment {
    /// What the four cells say together.
    ///
    /// # Errors
    /// If they say nothing.
    pub fn outcome(&self) -> Result<Outcome, Fault> {
        let seeds: BTreeSet<u64> = self.defended.keys().copied().collect();
        let same = self.exposed.keys().copied().eq(seeds.iter().copied())
            && self.plain.keys().copied().eq(seeds.iter().copied())
            && self.equipped.keys().copied().eq(seeds.iter().copied());
        if !same {
            return Err(Fault::Seeds);
        }
        let vacuous = vacuous(&self.exposed)? + vacuous(&self.defended)?;
        if let Some((seed, verdict)) = first(&self.exposed, |verdict| verdict != Verdict::Succeeded)
        {
            return Err(Fault::NotASuccess { seed, verdict });
        }
        if let Some((seed, _)) = first(&self.defended, |verdict| verdict == Verdict::Invalid) {
            return Err(Fault::Unexplained { seed });
        }
        let shares = shares(&self.defended);
        let verdict = shares.iter().max_by_key(|(verdict, share)| (share.count, **verdict));
        Ok(Outcome {
            verdict: verdict.map(|(verdict, _)| *verdict).ok_or(Fault::Empty)?,
            shares,
            vacuous,
            false_alarms: alarmed(&self.equipped),
            false_alarms_off: alarmed(&self.plain),
            costs: self.costs(),
            is_small: seeds.len() < SEEDS_MIN,
        })
    }

    /// Countermeasure on less countermeasure off, seed by seed, where nobody attacks.
    fn costs(&self) -> BTreeMap<String, Paired> {
        let mut differences: BTreeMap<&String, Vec<(u64, f64)>> = BTreeMap::new();
        for ((seed, on), off) in self.equipped.iter().zip(self.plain.values()) {
            let names: BTreeSet<&String> = on.costs.keys().chain(off.costs.keys()).collect();
            for name in names {
                let [on, off] = [on, off].map(|run| run.costs.get(name).copied().unwrap_or(0.0));
                differences.entry(name).or_default().push((*seed, on - off));
            }
        }
        let paired = differences.into_iter();
        paired.filter_map(|(name, pairs)| Some((name.clone(), Paired::of(&pairs)?))).collect()
    }
}

/// How many runs of a cell say nothing.
fn vacuous(cell: &BTreeMap<u64, Judgement>) -> Result<u64, Fault> {
    let all = cell.values().filter(|judgement| judgement.verdict == Verdict::Vacuous);
    let (count, of) = (all.count() as u64, cell.len() as u64);
    match of {
        0 => Err(Fault::Empty),
        _ if count * 100 > of * VACUOUS_PERCENT_MAX => Err(Fault::Vacuous { count, of }),
        _ => Ok(count),
    }
}

fn first(
    cell: &BTreeMap<u64, Judgement>,
    is_meant: impl Fn(Verdict) -> bool,
) -> Option<(u64, Verdict)> {
    let verdicts = cell.iter().map(|(seed, judgement)| (*seed, judgement.verdict));
    let mut told = verdicts.filter(|(_, verdict)| *verdict != Verdict::Vacuous);
    told.find(|(_, verdict)| is_meant(*verdict))
}

/// Shares of the runs that say something.
fn shares(cell: &BTreeMap<u64, Judgement>) -> BTreeMap<Verdict, Proportion> {
    let told =
        || cell.values().map(|run| run.verdict).filter(|verdict| *verdict != Verdict::Vacuous);
    let of = told().count() as u64;
    let mut shares = BTreeMap::new();
    for verdict in told() {
        shares.entry(verdict).or_insert(Proportion { count: 0, of }).count += 1;
    }
    shares
}

fn alarmed(cell: &BTreeMap<u64, Quiet>) -> Proportion {
    let mut alarmed = Proportion::default();
    cell.values().for_each(|run| alarmed.add(run.alarms > 0));
    alarmed
}

#[cfg(test)]
mod tests;

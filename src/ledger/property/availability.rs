//! Availability (V1), the blast radius of a breach (D1), and budgets of energy (B1).

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, PropertyId, float, share};
use crate::ledger::fact::{CostKind, Fact, Request};
use crate::ledger::facts::Facts;
use crate::ledger::id::{ActorId, ClassId, RequestId};
use crate::sim::time::{Duration, Time};

/// What a class of service must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    /// The class.
    pub class: ClassId,
    /// Requests served in time of requests offered, at least; 0 to 1.
    pub share_min: f64,
}

/// Availability, over the run and over windows of `window` (at least 1 ns).
#[must_use]
pub fn v1(facts: &Facts, services: &[Service], window: Duration) -> Finding {
    let mut finding = Finding::new(PropertyId::V1, facts.is_complete());
    let outcomes = outcomes(facts);
    for Service { class, share_min } in services {
        let of_class = outcomes.iter().filter(|outcome| outcome.class == *class);
        let mut windows: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let mut last = None;
        for outcome in of_class {
            let (served, offered) = windows.entry(outcome.at.0 / window.0.max(1)).or_default();
            *served += u64::from(outcome.is_served);
            *offered += 1;
            if !outcome.is_served {
                last = Some((outcome.at, outcome.index));
            }
        }
        let is_below = |(served, offered): &&(u64, u64)| {
            share(*served, *offered).is_some_and(|share| share < *share_min)
        };
        let below = windows.values().filter(is_below).count() as u64;
        let served = windows.values().map(|(served, _)| served).sum();
        let offered = windows.values().map(|(_, offered)| offered).sum();
        let name = format!("class_{}", class.0);
        finding.count(format!("{name}.offered"), offered);
        finding.measure(format!("{name}.below_s"), window.times(below).as_secs_f64());
        let Some(ratio) = share(served, offered) else { continue };
        finding.measure(format!("{name}.served_share"), ratio);
        if let Some((at, index)) = last.filter(|_| ratio < *share_min) {
            let what = format!("{class}: {served} of {offered} requests served in time");
            finding.violate(at, &[index], what);
        }
    }
    finding
}

/// A failure or breach, and what it may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breach {
    /// When it happened.
    pub at: Time,
    /// Who gained from it.
    pub by: ActorId,
    /// A service is lost if it is served below this share after the breach and was not before; 0 to 1.
    pub share_min: f64,
    /// Services that may be lost.
    pub services_max: u64,
    /// Assets that may be reached.
    pub assets_max: u64,
}

/// Blast radius. An asset is reached if the attacker, a node that it took over, or a message that nobody
/// authored had an effect on it, or read it.
#[must_use]
pub fn d1(facts: &Facts, breach: &Breach) -> Finding {
    let mut finding = Finding::new(PropertyId::D1, facts.is_complete());
    let mut classes: BTreeMap<ClassId, [(u64, u64); 2]> = BTreeMap::new();
    for outcome in outcomes(facts) {
        let phases = classes.entry(outcome.class).or_default();
        let (served, offered) = &mut phases[usize::from(outcome.at >= breach.at)];
        *served += u64::from(outcome.is_served);
        *offered += 1;
    }
    let fell = |phases: &&[(u64, u64); 2]| {
        let [before, after] = phases.map(|(served, offered)| share(served, offered));
        before.is_some_and(|before| before >= breach.share_min)
            && after.is_some_and(|after| after < breach.share_min)
    };
    let lost = classes.values().filter(fell).count() as u64;
    let mut assets = BTreeMap::new();
    for (index, at, effect) in facts.effects().filter(|(_, at, _)| *at >= breach.at) {
        let is_theirs = match effect.actor {
            Some(actor) => actor == breach.by || facts.is_taken_by(actor, breach.by),
            None => effect.cause.is_some_and(|cause| cause.gid.is_none()),
        };
        if is_theirs && effect.resource.host != breach.by {
            assets.entry(effect.resource).or_insert((index, at));
        }
    }
    if lost > breach.services_max {
        let what = format!("{lost} services lost, more than {}", breach.services_max);
        finding.violate(breach.at, &[], what);
    }
    let reached = assets.len() as u64;
    if reached > breach.assets_max {
        let shown: Vec<usize> = assets.values().map(|(index, _)| *index).take(10).collect();
        let first = assets.values().map(|(_, at)| *at).min().unwrap_or(breach.at);
        let what = format!("{reached} assets reached, more than {}", breach.assets_max);
        finding.violate(first, &shown, what);
    }
    finding.count("services_lost", lost);
    finding.count("assets_reached", reached);
    finding
}

/// What energy there is and what it must do.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// The battery of each actor, in nanojoules.
    pub batteries_nj: BTreeMap<ActorId, u64>,
    /// How long the run lasted.
    pub lasted: Duration,
    /// Years that a battery must last, if asked.
    pub years_min: Option<f64>,
    /// Joules that a request served may cost, if asked.
    pub message_max_j: Option<f64>,
}

/// A year of 365.25 days.
const YEAR_S: f64 = 31_557_600.0;

/// Budgets of energy. The life of a battery is what it would be if everything went on like this.
#[must_use]
pub fn b1(facts: &Facts, budget: &Budget) -> Finding {
    let mut finding = Finding::new(PropertyId::B1, facts.is_complete());
    let mut spent: BTreeMap<ActorId, u64> = BTreeMap::new();
    let mut last: BTreeMap<ActorId, (usize, Time)> = BTreeMap::new();
    for (index, at, fact) in facts.iter() {
        if let Fact::Cost { actor, kind: CostKind::Nanojoules, amount } = fact {
            let of_actor = spent.entry(*actor).or_default();
            *of_actor = of_actor.saturating_add(*amount);
            last.insert(*actor, (index, at));
        }
    }
    let mut useful: BTreeMap<ActorId, u64> = BTreeMap::new();
    for outcome in outcomes(facts).iter().filter(|outcome| outcome.is_served) {
        *useful.entry(outcome.actor).or_default() += 1;
    }
    let (mut years_min, mut message_max) = (None::<f64>, None::<f64>);
    for (actor, battery) in &budget.batteries_nj {
        let Some((joules, (index, at))) = spent
            .get(actor)
            .map(|nanojoules| float(*nanojoules) / 1e9)
            .zip(last.get(actor).copied())
        else {
            continue;
        };
        if joules <= 0.0 {
            continue;
        }
        let years = float(*battery) / 1e9 / joules * budget.lasted.as_secs_f64() / YEAR_S;
        years_min = Some(years_min.map_or(years, |min| min.min(years)));
        if budget.years_min.is_some_and(|min| years < min) {
            finding.violate(at, &[index], format!("the battery of {actor} lasts {years:.2} years"));
        }
        let served = float(useful.get(actor).copied().unwrap_or(0));
        // Energy that served nothing is infinitely dear.
        let message = if served > 0.0 { joules / served } else { f64::INFINITY };
        message_max = Some(message_max.map_or(message, |max| max.max(message)));
        if budget.message_max_j.is_some_and(|max| message > max) {
            let what = format!("a useful message of {actor} costs {message:.3e} J");
            finding.violate(at, &[index], what);
        }
    }
    let metrics = [("battery_min_years", years_min), ("message_max_j", message_max)];
    for (name, value) in metrics.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        finding.measure(name, value);
    }
    finding
}

/// What became of a request.
struct Outcome {
    index: usize,
    at: Time,
    actor: ActorId,
    class: ClassId,
    is_served: bool,
}

/// What became of each request first: an answer after the deadline does not count.
fn outcomes(facts: &Facts) -> Vec<Outcome> {
    let mut seen: BTreeSet<(ActorId, RequestId)> = BTreeSet::new();
    let mut all = Vec::new();
    for (index, at, fact) in facts.iter() {
        let (Fact::Served(request) | Fact::Deadline(request)) = fact else { continue };
        let Request { request, actor, class, is_authentication } = *request;
        if !is_authentication && seen.insert((actor, request)) {
            let is_served = matches!(fact, Fact::Served(_));
            all.push(Outcome { index, at, actor, class, is_served });
        }
    }
    all
}

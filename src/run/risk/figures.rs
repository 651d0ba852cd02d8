//! The figures of an assessment, for people and programs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::choice::{Choice, Tried};
use super::inventory::Known;
use super::variant::{Bench, Loss, Variant};

/// Seconds in an hour.
const HOUR: f64 = 3_600.0;
/// The name of the register over all contexts.
const ALL: &str = "all";

/// An assessment of risk. A service-hour is one service absent for one hour; weighted, it counts as often as the
/// service's weight of availability says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Version of keystorm that ran.
    pub keystorm: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The question that it answers.
    pub question: Option<String>,
    /// Seed of all randomness.
    pub seed: u64,
    /// When each asset failed in simulation, in virtual seconds.
    pub failed_at_s: f64,
    /// For how long, in virtual seconds.
    pub outage_s: f64,
    /// Runs that the figures rest on.
    pub runs: u64,
    /// What costs are counted in.
    pub currency: String,
    /// What treatments may cost together a year; null: any sum.
    pub budget: Option<f64>,
    /// Weighted service-hours lost a year without treatment.
    pub risk_before_h: f64,
    /// The same with the treatments that were chosen.
    pub risk_after_h: f64,
    /// The treatments that were chosen.
    pub chosen: Vec<String>,
    /// What they cost together a year.
    pub cost: f64,
    /// Every affordable combination was tried; otherwise one treatment after the other.
    pub exact: bool,
    /// All treatments.
    pub treatments: Vec<TreatmentFacts>,
    /// The services.
    pub services: Vec<ServiceFacts>,
    /// What was known of shared assets, and how.
    pub inventory: Inventory,
    /// Registers without treatment: over all contexts, then each where there are several.
    pub before: Vec<Register>,
    /// The same with the treatments that were chosen.
    pub after: Vec<Register>,
}

/// One service: the reports of a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// Its fleet.
    pub name: String,
    /// Whose it is.
    pub tenant: Option<String>,
    /// Its devices.
    pub devices: u32,
    /// An answer later than this is no service, in seconds.
    pub deadline_s: f64,
    /// What its availability is worth.
    pub weight: f64,
    /// Share of reports served while nothing fails, without treatment, in the worst context.
    pub availability_before: f64,
    /// The same with the treatments that were chosen.
    pub availability_after: f64,
}

/// One treatment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TreatmentFacts {
    /// Its name.
    pub name: String,
    /// What it costs a year.
    pub cost: f64,
    /// What it changes.
    pub set: Vec<String>,
    /// Weighted service-hours lost a year with it alone; null: not tried, for it is beyond the budget.
    pub risk_alone_h: Option<f64>,
    /// It serves no fleet worse while nothing fails; null: not tried.
    pub harmless: Option<bool>,
    /// It was chosen.
    pub chosen: bool,
}

/// What was known of shared assets, in the first context without treatment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    /// Assets that somebody declared.
    pub declared: usize,
    /// Shared assets that the flows of the whole run show.
    pub true_shared: usize,
    /// Of these, what the observer saw.
    pub seen: usize,
    /// Seen of true; 1 where there are none.
    pub recall: f64,
    /// Neither seen nor declared, hence in no register.
    pub missed: Vec<String>,
}

/// A ranked register of risks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Register {
    /// The context of use.
    pub context: String,
    /// Its share of the year.
    pub share: f64,
    /// Weighted service-hours lost a year if this context lasted all year.
    pub risk_h: f64,
    /// The greatest risk first.
    pub assets: Vec<RegisterEntry>,
}

/// One line of a register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisterEntry {
    /// Its place by simulated risk, from 1.
    pub rank: usize,
    /// Its place if all assets weighed the same: failures a year times services that depend on it.
    pub rank_uniform: usize,
    /// The asset.
    pub asset: String,
    /// What it is.
    pub kind: String,
    /// How it came to be known.
    pub found: Found,
    /// So many nodes like this one are shared; it stands for all of them.
    pub alike: u32,
    /// Failures a year, of all of them.
    pub per_year: f64,
    /// Services that depend on it by the observed flows.
    pub services: Vec<String>,
    /// Seconds for which each service is as good as absent after one failure.
    pub lost_s: BTreeMap<String, f64>,
    /// Weighted service-hours lost by one failure.
    pub impact_h: f64,
    /// Services that miss at least half of the outage (property D1).
    pub blast_radius: usize,
    /// Weighted service-hours lost a year.
    pub risk_h: f64,
    /// What a breach instead of a failure would open.
    pub exposure: Exposure,
}

/// What a breach of an asset would open, by where associations end; not simulated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// Services whose associations end there.
    pub services: Vec<String>,
    /// Sum of their weights of confidentiality.
    pub confidentiality: f64,
    /// Sum of their weights of integrity.
    pub integrity: f64,
}

/// How an asset came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// Somebody declared it.
    Declared,
    /// Only flows show it.
    Observed,
    /// Both.
    Both,
}

impl Found {
    /// The word in a table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Observed => "observed",
            Self::Both => "both",
        }
    }
}

pub(super) fn assessment(bench: &Bench<'_>, choice: &Choice, runs: u64) -> Assessment {
    let plan = &bench.plan;
    let (before, after) = (&choice.before, &choice.after);
    Assessment {
        keystorm: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: plan.name.clone(),
        question: plan.question.clone(),
        seed: plan.seed,
        failed_at_s: bench.at.as_secs_f64(),
        outage_s: bench.outage.as_secs_f64(),
        runs,
        currency: plan.risk.currency.clone().unwrap_or_default(),
        budget: bench.budget,
        risk_before_h: before.risk_s / HOUR,
        risk_after_h: after.risk_s / HOUR,
        chosen: bench.names(after.treatments).into_iter().map(str::to_owned).collect(),
        cost: after.cost,
        exact: choice.exact,
        treatments: treatments(bench, choice),
        services: services(bench, choice),
        inventory: inventory(bench, before),
        before: registers(bench, before),
        after: registers(bench, after),
    }
}

fn treatments(bench: &Bench<'_>, choice: &Choice) -> Vec<TreatmentFacts> {
    let facts = |(number, treatment): (usize, &crate::scenario::plan::Treatment)| {
        let alone = choice.tried.iter().find(|tried| tried.treatments == 1 << number);
        TreatmentFacts {
            name: treatment.name.clone(),
            cost: treatment.cost,
            set: treatment.set.clone(),
            risk_alone_h: alone.map(|tried| tried.risk_s / HOUR),
            harmless: alone.map(|tried| tried.harmless),
            chosen: choice.after.treatments >> number & 1 == 1,
        }
    };
    bench.plan.risk.treatments.iter().enumerate().map(facts).collect()
}

fn services(bench: &Bench<'_>, choice: &Choice) -> Vec<ServiceFacts> {
    let worst = |tried: &Tried, fleet: usize| {
        let shares = tried.variants.iter().filter_map(|variant| variant.availability[fleet]);
        shares.fold(1.0, f64::min)
    };
    let fleets = bench.plan.fleets.iter().enumerate();
    fleets
        .filter_map(|(number, fleet)| {
            let deadline = fleet.telemetry?.deadline?;
            Some(ServiceFacts {
                name: fleet.name.clone(),
                tenant: fleet.tenant.clone(),
                devices: fleet.count,
                deadline_s: deadline.as_secs_f64(),
                weight: fleet.weight.availability,
                availability_before: worst(&choice.before, number),
                availability_after: worst(&choice.after, number),
            })
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "assets are few")]
fn inventory(bench: &Bench<'_>, before: &Tried) -> Inventory {
    let discovery = before.variants.first().map(|variant| &variant.discovery);
    let (truth, seen) = discovery.map_or((0, 0), |found| (found.shared, found.seen));
    Inventory {
        declared: bench.plan.risk.assets.len(),
        true_shared: truth,
        seen,
        recall: if truth == 0 { 1.0 } else { seen as f64 / truth as f64 },
        missed: discovery.map(|found| found.missed.clone()).unwrap_or_default(),
    }
}

fn registers(bench: &Bench<'_>, tried: &Tried) -> Vec<Register> {
    let each: Vec<Register> = bench
        .contexts
        .iter()
        .zip(&tried.variants)
        .map(|(context, variant)| register(bench, &context.name, context.share, variant))
        .collect();
    if each.len() == 1 {
        return each;
    }
    let mut all = vec![together(&each)];
    all.extend(each);
    all
}

fn register(bench: &Bench<'_>, context: &str, share: f64, variant: &Variant) -> Register {
    let lines = variant.discovery.known.iter().zip(&variant.losses);
    let assets = lines.map(|(known, loss)| entry(bench, known, loss)).collect();
    ranked(context.to_owned(), share, assets)
}

fn entry(bench: &Bench<'_>, known: &Known, loss: &Loss) -> RegisterEntry {
    let fleets = &bench.plan.fleets;
    let names = |numbers: &BTreeSet<usize>| -> Vec<String> {
        numbers.iter().filter_map(|n| Some(fleets.get(*n)?.name.clone())).collect()
    };
    let exposed = || known.exposed.iter().filter_map(|number| fleets.get(*number));
    let lost = fleets.iter().zip(&loss.lost_s).filter(|(fleet, _)| fleet.telemetry.is_some());
    RegisterEntry {
        rank: 0,
        rank_uniform: 0,
        asset: known.asset.name.clone(),
        kind: known.asset.kind.name().to_owned(),
        found: match (known.declared, known.observed) {
            (true, true) => Found::Both,
            (true, false) => Found::Declared,
            (false, _) => Found::Observed,
        },
        alike: known.alike,
        per_year: known.asset.per_year,
        services: names(&known.services),
        lost_s: lost.map(|(fleet, lost)| (fleet.name.clone(), *lost)).collect(),
        impact_h: loss.weighted_s / HOUR,
        blast_radius: loss.blast_radius,
        risk_h: known.asset.per_year * loss.weighted_s / HOUR,
        exposure: Exposure {
            services: names(&known.exposed),
            confidentiality: exposed().map(|fleet| fleet.weight.confidentiality).sum(),
            integrity: exposed().map(|fleet| fleet.weight.integrity).sum(),
        },
    }
}

/// The register over all contexts: each figure is the mean by their shares, the blast radius the largest.
fn together(each: &[Register]) -> Register {
    let mut assets: BTreeMap<&str, RegisterEntry> = BTreeMap::new();
    for register in each {
        for line in &register.assets {
            let sum = assets.entry(&line.asset).or_insert_with(|| RegisterEntry {
                lost_s: BTreeMap::new(),
                impact_h: 0.0,
                risk_h: 0.0,
                ..line.clone()
            });
            sum.impact_h += register.share * line.impact_h;
            sum.risk_h += register.share * line.risk_h;
            sum.blast_radius = sum.blast_radius.max(line.blast_radius);
            for (service, lost) in &line.lost_s {
                *sum.lost_s.entry(service.clone()).or_default() += register.share * lost;
            }
        }
    }
    ranked(ALL.to_owned(), 1.0, assets.into_values().collect())
}

/// The greatest risk first; equal ones by name.
#[expect(clippy::cast_precision_loss, reason = "services are few")]
fn ranked(context: String, share: f64, mut assets: Vec<RegisterEntry>) -> Register {
    let uniform = |line: &RegisterEntry| line.per_year * line.services.len() as f64;
    assets.sort_by(|a, b| uniform(b).total_cmp(&uniform(a)).then_with(|| a.asset.cmp(&b.asset)));
    for (place, line) in assets.iter_mut().enumerate() {
        line.rank_uniform = place + 1;
    }
    assets.sort_by(|a, b| b.risk_h.total_cmp(&a.risk_h).then_with(|| a.asset.cmp(&b.asset)));
    for (place, line) in assets.iter_mut().enumerate() {
        line.rank = place + 1;
    }
    let risk_h = assets.iter().map(|line| line.risk_h).sum();
    Register { context, share, risk_h, assets }
}

//! Sensitivity (TR-0008 CM15): a variant of the scenario, that is some treatments in one context, run once as it is and
//! once with each asset of its inventory failing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::inventory::{Discovery, Known, discover};
use super::{Request, RiskError, Tally};
use crate::attack::{Attack, Overload, Victims};
use crate::measure::{Flows, Recorder, ServiceRecord};
use crate::run::execute::execute_observed;
use crate::scenario::plan::{
    Action, ContextOfUse, Event, Excess, Fleet, Part, Risk, Spread, Target, Weight,
};
use crate::scenario::{Loaded, Plan, load};
use crate::sim::time::{Duration, Time};

/// A service counts as lost if it misses at least this share of an outage.
pub(super) const LOST_SHARE: f64 = 0.5;

/// The scenario, and everything that was tried on it.
pub(super) struct Bench<'a> {
    request: &'a Request<'a>,
    tally: &'a Tally<'a>,
    /// The scenario as it is.
    pub(super) plan: Plan,
    pub(super) contexts: Vec<ContextOfUse>,
    pub(super) budget: Option<f64>,
    /// When assets fail, and for how long.
    pub(super) at: Duration,
    pub(super) outage: Duration,
    /// What was tried so far, by its treatments (one bit each) and the number of the context.
    tried: Mutex<BTreeMap<(u32, usize), Arc<Variant>>>,
}

/// What came of one variant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Variant {
    pub(super) discovery: Discovery,
    /// Share of reports served when nothing fails, by fleet; `None` without a service.
    pub(super) availability: Vec<Option<f64>>,
    /// What each asset of the inventory costs when it fails, in its order.
    pub(super) losses: Vec<Loss>,
    /// Weighted seconds of service lost in a year.
    pub(super) risk_s: f64,
}

/// What a failure of one asset costs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loss {
    /// Seconds for which each service is as good as absent, by fleet.
    pub(super) lost_s: Vec<f64>,
    /// Their sum by the weights of availability.
    pub(super) weighted_s: f64,
    /// Services that miss most of the outage (property D1).
    pub(super) blast_radius: usize,
}

impl<'a> Bench<'a> {
    pub(super) fn new(request: &'a Request<'a>, tally: &'a Tally<'a>) -> Result<Self, RiskError> {
        let plan = reload(request, &[], "no treatment".to_owned())?;
        let Risk { at, outage, ref contexts, budget, .. } = plan.risk;
        let at = at.unwrap_or(Duration(plan.duration.0 / 3));
        let outage = outage.unwrap_or(Duration(plan.duration.0 / 6));
        if at.0.saturating_add(outage.0) > plan.duration.0 {
            return Err(RiskError::OutageTooLong);
        }
        if plan.fleets.iter().all(|fleet| fleet.telemetry.is_none()) {
            return Err(RiskError::NoService);
        }
        let always = ContextOfUse { name: "always".to_owned(), share: 1.0, set: Vec::new() };
        let contexts = if contexts.is_empty() { vec![always] } else { contexts.clone() };
        let budget = request.budget.or(budget);
        let tried = Mutex::new(BTreeMap::new());
        Ok(Self { request, tally, plan, contexts, budget, at, outage, tried })
    }

    /// Treatments of a plan of treatment: bit `n` is treatment `n`.
    pub(super) fn names(&self, treatments: u32) -> Vec<&str> {
        let numbered = self.plan.risk.treatments.iter().enumerate();
        let chosen = numbered.filter(|(number, _)| treatments >> number & 1 == 1);
        chosen.map(|(_, treatment)| treatment.name.as_str()).collect()
    }

    /// What they cost together.
    pub(super) fn cost(&self, treatments: u32) -> f64 {
        let numbered = self.plan.risk.treatments.iter().enumerate();
        let chosen = numbered.filter(|(number, _)| treatments >> number & 1 == 1);
        chosen.map(|(_, treatment)| treatment.cost).sum()
    }

    /// The variants of these treatments in every context.
    pub(super) fn try_all(&self, treatments: u32) -> Result<Vec<Arc<Variant>>, RiskError> {
        (0..self.contexts.len())
            .into_par_iter()
            .map(|context| self.try_one(treatments, context))
            .collect()
    }

    fn try_one(&self, treatments: u32, context: usize) -> Result<Arc<Variant>, RiskError> {
        let key = (treatments, context);
        if let Some(known) = self.tried.lock().ok().and_then(|tried| tried.get(&key).cloned()) {
            return Ok(known);
        }
        let plan = self.variant(treatments, &self.contexts[context])?;
        let before = (treatments != 0).then(|| self.try_one(0, context)).transpose()?;
        let before = before.as_deref().map(|before| &before.discovery);
        let variant = Arc::new(self.run(&plan, before)?);
        if let Ok(mut tried) = self.tried.lock() {
            tried.insert(key, Arc::clone(&variant));
        }
        Ok(variant)
    }

    /// The plan of the scenario in a context, with treatments; treatments have the last word.
    fn variant(&self, treatments: u32, context: &ContextOfUse) -> Result<Plan, RiskError> {
        let mut more = context.set.clone();
        for (number, treatment) in self.plan.risk.treatments.iter().enumerate() {
            if treatments >> number & 1 == 1 {
                more.extend(treatment.set.iter().cloned());
            }
        }
        let names = self.names(treatments);
        let names = if names.is_empty() { "no treatment".to_owned() } else { names.join(", ") };
        reload(self.request, &more, format!("{names} in the context {}", context.name))
    }

    /// Runs a plan as it is and with each asset failing.
    fn run(&self, plan: &Plan, before: Option<&Discovery>) -> Result<Variant, RiskError> {
        let (from, until) = plan.risk.observe.unwrap_or((Duration::ZERO, Duration::MAX));
        let until = Time::ZERO + Duration(until.0.min(plan.duration.0));
        let flows = Flows::new(Time::ZERO + from, until, plan.risk.one_in.into());
        let base = self.simulate(plan.clone(), Some(flows))?;
        let discovery = discover(plan, &base, before);
        let before = services(plan, &base);
        let losses = discovery.known.par_iter().map(|known| {
            let failed = self.simulate(self.failing(plan, known), None)?;
            Ok(self.loss(plan, &before, &services(plan, &failed)))
        });
        let losses: Vec<Loss> = losses.collect::<Result<_, RiskError>>()?;
        let risks = discovery.known.iter().zip(&losses);
        let risk_s = risks.map(|(known, loss)| known.asset.per_year * loss.weighted_s).sum();
        let availability = before.iter().map(share).collect();
        Ok(Variant { discovery, availability, losses, risk_s })
    }

    fn simulate(&self, plan: Plan, flows: Option<Flows>) -> Result<Recorder, RiskError> {
        if !self.tally.goes_on() {
            return Err(RiskError::Interrupted);
        }
        let outcome = execute_observed(plan, flows.as_ref(), &|_| self.tally.goes_on());
        if !self.tally.goes_on() {
            return Err(RiskError::Interrupted);
        }
        self.tally.done();
        Ok(outcome.recorder)
    }

    /// The plan while an asset fails, or is sent more than it can carry.
    fn failing(&self, plan: &Plan, known: &Known) -> Plan {
        let mut plan = plan.clone();
        let is_gateway = |part: &Part| matches!(part.target, Target::Gateway(_));
        if let Some(excess) = plan.risk.overload
            && known.asset.parts.iter().all(is_gateway)
        {
            plan.attacks.extend(self.overload(&plan, known, excess));
            plan.is_attacked = true;
            return plan;
        }
        for part in &known.asset.parts {
            let (target, member, spread) = (part.target, part.member, Spread::AtOnce);
            let actions = [Action::Fail { member }, Action::Recover { member }];
            for (action, at) in actions.into_iter().zip([self.at, self.at + self.outage]) {
                plan.events.push(Event { at: Time::ZERO + at, target, action, spread });
            }
        }
        plan.events.sort_by_key(|event| event.at);
        plan
    }

    /// The service that is worth least sends too much: nobody looks after it as after the others.
    fn overload(&self, plan: &Plan, known: &Known, excess: Excess) -> Option<Attack> {
        let fleets = known.services.iter().filter_map(|number| plan.fleets.get(*number));
        let worth = |fleet: &&Fleet| fleet.weight.availability;
        let least = fleets.min_by(|a, b| worth(a).total_cmp(&worth(b)))?;
        let Excess { per_second, size } = excess;
        Some(Attack {
            name: "overload".to_owned(),
            at: Time::ZERO + self.at,
            victims: Victims { group: least.name.clone(), members: least.count },
            program: Overload { per_second, size, lasts: self.outage }.into(),
            violates: Vec::new(),
            alarm_within: Duration::ZERO,
            loss: None,
        })
    }

    /// A report that is missing is one interval of one device without service.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn loss(&self, plan: &Plan, before: &[ServiceRecord], after: &[ServiceRecord]) -> Loss {
        let outage = self.outage.as_secs_f64();
        let lost = plan.fleets.iter().zip(before).zip(after).map(|((fleet, before), after)| {
            let Some(telemetry) = fleet.telemetry else { return 0.0 };
            let missing = before.served.saturating_sub(after.served) as f64;
            missing * telemetry.interval.as_secs_f64() / f64::from(fleet.count)
        });
        let lost_s: Vec<f64> = lost.collect();
        let weights = plan.fleets.iter().map(|fleet| fleet.weight.availability);
        let weighted_s = lost_s.iter().zip(weights).map(|(lost, weight)| lost * weight).sum();
        let blast_radius = lost_s.iter().filter(|lost| **lost >= LOST_SHARE * outage).count();
        Loss { lost_s, weighted_s, blast_radius }
    }
}

/// Loads the scenario with more overrides, in peace; each service has a deadline then.
fn reload(request: &Request<'_>, more: &[String], what: String) -> Result<Plan, RiskError> {
    let mut overrides = request.overrides.to_vec();
    overrides.extend(more.iter().cloned());
    let loaded: Result<Loaded, _> = load(request.source, &overrides, request.seed);
    let report = match loaded {
        Ok(mut loaded) => {
            for telemetry in loaded.plan.fleets.iter_mut().filter_map(|f| f.telemetry.as_mut()) {
                telemetry.deadline.get_or_insert(telemetry.interval);
            }
            let mut plan = loaded.plan;
            if plan.risk.is_uniform {
                plan.fleets.iter_mut().for_each(|fleet| fleet.weight = Weight::default());
            }
            // Nobody attacks what is assessed, and without a threat no facts are kept.
            plan.attacks.clear();
            plan.hold.clear();
            plan.threat = None;
            return Ok(plan);
        }
        Err(report) => Box::new(report),
    };
    Err(RiskError::Refused { what, report })
}

/// How each fleet was served.
fn services(plan: &Plan, recorder: &Recorder) -> Vec<ServiceRecord> {
    let first = plan.cses.len() + plan.gateways.len();
    recorder.services.iter().skip(first).take(plan.fleets.len()).copied().collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn share(service: &ServiceRecord) -> Option<f64> {
    (service.offered > 0).then(|| service.served as f64 / service.offered as f64)
}

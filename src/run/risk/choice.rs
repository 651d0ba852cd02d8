//! Treatments within a budget (TR-0008 CM16): every plan that is affordable where there are few, else step by step.

use std::sync::Arc;

use rayon::prelude::*;

use super::RiskError;
use super::variant::{Bench, Variant};

/// Most plans of treatment that are all tried; beyond, one treatment after the other is added.
const EXACT_MAX: usize = 32;
/// A gain below this share of the untreated risk is none: it does not justify any cost.
const LEAST_GAIN: f64 = 0.005;
/// A treatment may not cost any service more than this share of its reports while nothing fails.
const HARM_MAX: f64 = 0.01;

/// One plan of treatment and what came of it.
#[derive(Clone)]
pub(super) struct Tried {
    /// Its treatments, one bit each.
    pub(super) treatments: u32,
    pub(super) cost: f64,
    /// By context.
    pub(super) variants: Vec<Arc<Variant>>,
    /// Weighted seconds of service lost in a year, over all contexts.
    pub(super) risk_s: f64,
    /// No service is worse off while nothing fails.
    pub(super) harmless: bool,
}

/// What was chosen.
pub(super) struct Choice {
    pub(super) before: Tried,
    pub(super) after: Tried,
    /// Every affordable plan was tried.
    pub(super) exact: bool,
    /// All that was tried, without the untreated one.
    pub(super) tried: Vec<Tried>,
}

pub(super) fn choose(bench: &Bench<'_>) -> Result<Choice, RiskError> {
    let before = attempt(bench, 0, None)?;
    if before.variants.iter().all(|variant| variant.discovery.known.is_empty()) {
        return Err(RiskError::NoAssets);
    }
    let affordable = affordable(bench);
    let exact = affordable.as_ref().is_some_and(|plans| plans.len() <= EXACT_MAX);
    let mut tried = match affordable.filter(|_| exact) {
        Some(plans) => attempts(bench, &plans, &before)?,
        None => greedy(bench, &before)?,
    };
    tried.sort_by_key(|tried| tried.treatments);
    let after = best(&before, &tried);
    Ok(Choice { before, after, exact, tried })
}

/// Every plan but the empty one that the budget allows; `None` if there are too many to list.
fn affordable(bench: &Bench<'_>) -> Option<Vec<u32>> {
    let count =
        u32::try_from(bench.plan.risk.treatments.len()).ok().filter(|count| *count <= 16)?;
    let fits = |plan: &u32| bench.budget.is_none_or(|budget| bench.cost(*plan) <= budget);
    Some((1..1u32 << count).filter(fits).collect())
}

/// Adds the treatment that lowers the risk most for its cost until none does.
fn greedy(bench: &Bench<'_>, before: &Tried) -> Result<Vec<Tried>, RiskError> {
    let count = bench.plan.risk.treatments.len();
    let mut tried = Vec::new();
    let mut current = before.clone();
    loop {
        let free = (0..count).map(|number| 1u32 << number);
        let next = free.filter(|bit| current.treatments & bit == 0);
        let next = next.map(|bit| current.treatments | bit);
        let fits = |plan: &u32| bench.budget.is_none_or(|budget| bench.cost(*plan) <= budget);
        let plans: Vec<u32> = next.filter(fits).collect();
        let candidates = attempts(bench, &plans, before)?;
        tried.extend(candidates.iter().cloned());
        let gain = |tried: &Tried| current.risk_s - tried.risk_s;
        let worth =
            |tried: &Tried| gain(tried) / (tried.cost - current.cost).max(f64::MIN_POSITIVE);
        let useful = candidates.iter().filter(|tried| tried.harmless);
        let useful = useful.filter(|tried| gain(tried) > LEAST_GAIN * before.risk_s);
        match useful.max_by(|a, b| worth(a).total_cmp(&worth(b))) {
            Some(better) => current = better.clone(),
            None => return Ok(tried),
        }
    }
}

fn attempts(bench: &Bench<'_>, plans: &[u32], before: &Tried) -> Result<Vec<Tried>, RiskError> {
    plans.par_iter().map(|plan| attempt(bench, *plan, Some(before))).collect()
}

fn attempt(bench: &Bench<'_>, treatments: u32, before: Option<&Tried>) -> Result<Tried, RiskError> {
    let variants = bench.try_all(treatments)?;
    let risks = variants.iter().zip(&bench.contexts);
    let risk_s = risks.map(|(variant, context)| context.share * variant.risk_s).sum();
    let harmless = before.is_none_or(|before| {
        variants.iter().zip(&before.variants).all(|(after, before)| !harms(before, after))
    });
    Ok(Tried { treatments, cost: bench.cost(treatments), variants, risk_s, harmless })
}

/// Some service is worse off while nothing fails.
fn harms(before: &Variant, after: &Variant) -> bool {
    before
        .availability
        .iter()
        .zip(&after.availability)
        .any(|(before, after)| before.unwrap_or(0.0) - after.unwrap_or(0.0) > HARM_MAX)
}

/// The cheapest of the plans whose risk is as low as any, the untreated one included.
fn best(before: &Tried, tried: &[Tried]) -> Tried {
    let fit: Vec<&Tried> =
        std::iter::once(before).chain(tried.iter().filter(|tried| tried.harmless)).collect();
    let least = fit.iter().map(|tried| tried.risk_s).fold(f64::INFINITY, f64::min);
    let slack = LEAST_GAIN * before.risk_s;
    let good = fit.into_iter().filter(|tried| tried.risk_s <= least + slack);
    let order =
        |a: &&Tried, b: &&Tried| a.cost.total_cmp(&b.cost).then(a.risk_s.total_cmp(&b.risk_s));
    good.min_by(order).unwrap_or(before).clone()
}

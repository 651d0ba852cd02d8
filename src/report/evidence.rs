//! What a run with attackers says, as figures: verdicts on attacks, and properties.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sequence;
use crate::ledger::Finding;
use crate::run::{Evidence, Judged, Outcome};
use crate::scenario::Plan;
use crate::sim::time::Duration;

/// Places where a property does not hold that are told one by one.
const SHOWN_MAX: usize = 20;

/// A verdict on an attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttackFigures {
    /// Its name.
    pub name: String,
    /// Its program: its word in a scenario.
    pub program: String,
    /// `VACUOUS`, `SUCCEEDED`, `PREVENTED`, `DETECTED`, `MITIGATED` or `INVALID`.
    pub verdict: String,
    /// What happened, in one sentence.
    #[serde(default)]
    pub answer: String,
    /// The property that decided.
    pub property: String,
    /// Its victims, the first few.
    pub victims: Vec<String>,
    /// When it did its first step, in virtual seconds; null if it never did.
    pub first_step_s: Option<f64>,
    /// From the first step to the first refusal by a mechanism, in seconds.
    pub refusal_latency_s: Option<f64>,
    /// From the first step to the first alarm in time, in seconds.
    pub alarm_latency_s: Option<f64>,
    /// The loss, where the scenario names its metric.
    pub loss: Option<f64>,
}

/// What a property says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PropertyFigures {
    /// Its short name.
    pub code: String,
    /// Its name.
    pub name: String,
    /// It holds.
    pub holds: bool,
    /// Everything that could violate it was looked at.
    pub is_complete: bool,
    /// How often it does not hold.
    pub violations: u64,
    /// The first places where it does not.
    pub shown: Vec<ViolationFigures>,
    /// Figures, by name.
    pub metrics: BTreeMap<String, f64>,
}

/// A place where a property does not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ViolationFigures {
    /// When, in virtual seconds.
    pub at_s: f64,
    /// What happened.
    pub what: String,
}

/// Verdicts on the attacks of a run.
pub(super) fn attacks(outcome: &Outcome) -> Vec<AttackFigures> {
    let Some(evidence) = &outcome.evidence else { return Vec::new() };
    let programs = outcome.plan.attacks.iter().map(|attack| attack.program.word());
    let judged = evidence.attacks.iter().zip(programs);
    judged.map(|(judged, program)| attack(evidence, judged, program, &outcome.plan)).collect()
}

fn attack(evidence: &Evidence, judged: &Judged, program: &str, plan: &Plan) -> AttackFigures {
    let seconds = |span: Option<Duration>| span.map(Duration::as_secs_f64);
    let Judged { judgement, .. } = judged;
    let victims = judged.victims.iter().take(SHOWN_MAX);
    AttackFigures {
        name: judged.name.clone(),
        program: program.to_owned(),
        verdict: judgement.verdict.name().to_owned(),
        answer: sequence::answer(evidence, judged, plan),
        property: judged.property.property().code.to_owned(),
        victims: victims.map(|victim| evidence.names.of(*victim)).collect(),
        first_step_s: judged.first_step.map(|at| at.as_secs_f64()),
        refusal_latency_s: seconds(judgement.refusal_latency),
        alarm_latency_s: seconds(judgement.alarm_latency),
        loss: judgement.loss,
    }
}

/// What the properties say that attacks of a run were after.
pub(super) fn properties(outcome: &Outcome) -> Vec<PropertyFigures> {
    let Some(evidence) = &outcome.evidence else { return Vec::new() };
    evidence.findings.values().map(|finding| property(evidence, finding)).collect()
}

/// What must hold and does not.
pub(super) fn broken(outcome: &Outcome) -> Vec<String> {
    let broken = outcome.evidence.iter().flat_map(|evidence| &evidence.broken);
    broken.map(ToString::to_string).collect()
}

fn property(evidence: &Evidence, finding: &Finding) -> PropertyFigures {
    let property = finding.property.property();
    let shown = finding.violations.iter().take(SHOWN_MAX).map(|violation| ViolationFigures {
        at_s: violation.at.as_secs_f64(),
        what: evidence.names.tell(&violation.what),
    });
    let finite = finding.metrics.iter().filter(|(_, value)| value.is_finite());
    PropertyFigures {
        code: property.code.to_owned(),
        name: property.name.to_owned(),
        holds: finding.holds(),
        is_complete: finding.is_complete,
        violations: finding.count,
        shown: shown.collect(),
        metrics: finite.map(|(name, value)| (name.clone(), *value)).collect(),
    }
}

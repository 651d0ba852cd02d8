//! Integrity of effects (I1) and soundness of authorisation (Z1).

use super::{Finding, PropertyId};
use crate::ledger::fact::Effect;
use crate::ledger::facts::Facts;
use crate::ledger::id::ActorId;
use crate::sim::time::Time;

/// The policy as it was meant, evaluated apart from the system under test.
pub trait Permits {
    /// May `actor`, who truly acts, do this at this time?
    fn permits(&self, actor: ActorId, effect: &Effect, at: Time) -> bool;
}

impl<F: Fn(ActorId, &Effect, Time) -> bool> Permits for F {
    fn permits(&self, actor: ActorId, effect: &Effect, at: Time) -> bool {
        self(actor, effect, at)
    }
}

/// Integrity of effects. What a host does to its own resources without a message (expiry, house-keeping)
/// needs no author.
#[must_use]
pub fn i1(facts: &Facts, policy: &dyn Permits) -> Finding {
    let mut finding = Finding::new(PropertyId::I1, facts.is_complete());
    let mut changes = 0u64;
    for (index, at, effect) in facts.effects().filter(|(_, _, effect)| effect.changes_state()) {
        changes += 1;
        let author = effect.cause.and_then(|cause| cause.gid).and_then(|gid| facts.author(gid));
        let is_own = effect.actor == Some(effect.resource.host);
        let fault = match (effect.cause, author) {
            (None, _) if is_own => continue,
            (None, _) => Some("has no message as its cause"),
            (Some(_), None) => Some("was asked for by a message that nobody authored"),
            (Some(_), Some((authored, ..))) if authored > index => {
                Some("came before its message was authored")
            }
            (Some(cause), Some((_, _, author))) if author.content != cause.content => {
                Some("was asked for by a message that was altered")
            }
            (Some(_), Some((_, _, author))) => {
                let actor = effect.actor.unwrap_or(author.actor);
                let permitted = policy.permits(actor, effect, at);
                (!permitted).then_some("was asked for by an actor who may not")
            }
        };
        if let Some(fault) = fault {
            let authored = author.map(|(authored, ..)| authored);
            let shown: Vec<usize> = authored.into_iter().chain([index]).collect();
            finding.violate(at, &shown, format!("a change of {} {fault}", effect.resource));
        }
    }
    finding.count("changes_bad", finding.count);
    finding.count("changes", changes);
    finding
}

/// Soundness of authorisation. What nobody authored, nobody may do.
#[must_use]
pub fn z1(facts: &Facts, policy: &dyn Permits) -> Finding {
    let mut finding = Finding::new(PropertyId::Z1, facts.is_complete());
    let (mut changes, mut readings, mut all) = (0u64, 0u64, 0u64);
    for (index, at, effect) in facts.effects() {
        all += 1;
        if effect.actor.is_some_and(|actor| policy.permits(actor, effect, at)) {
            continue;
        }
        *if effect.changes_state() { &mut changes } else { &mut readings } += 1;
        let who = effect.actor.map_or_else(|| "nobody known".to_owned(), |who| who.to_string());
        let claimed = effect
            .claimed
            .filter(|claimed| Some(*claimed) != effect.actor)
            .map(|claimed| format!(" as {claimed}"));
        let what = format!(
            "{who}{} did {:?} to {} and may not",
            claimed.unwrap_or_default(),
            effect.operation,
            effect.resource
        );
        finding.violate(at, &[index], what);
    }
    finding.count("changes_bad", changes);
    finding.count("readings_bad", readings);
    finding.count("effects", all);
    finding
}

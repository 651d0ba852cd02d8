//! Integrity of what is executed: images (E1), interpreters (X1), memory and resources (X2), pages (X3).

use std::collections::BTreeMap;

use super::{Finding, PropertyId};
use crate::ledger::fact::{About, Bound, Fact, Level, Sink};
use crate::ledger::facts::Facts;
use crate::ledger::id::{ActorId, ContentDigest, ResourceId, ResourceKind};
use crate::sim::time::Time;

/// The images that nodes may run.
pub trait Images {
    /// The version of an image, if `node` may run it.
    fn version(&self, node: ActorId, image: ContentDigest) -> Option<u64>;
}

impl<F: Fn(ActorId, ContentDigest) -> Option<u64>> Images for F {
    fn version(&self, node: ActorId, image: ContentDigest) -> Option<u64> {
        self(node, image)
    }
}

/// Integrity of execution. Detected is what an alarm about the node or its image says later; damage is
/// counted in changes of state of which the node is the true actor until then.
#[must_use]
pub fn e1(facts: &Facts, images: &dyn Images) -> Finding {
    let mut finding = Finding::new(PropertyId::E1, facts.is_complete());
    let mut newest: BTreeMap<ActorId, u64> = BTreeMap::new();
    let (mut undetected, mut damage, mut longest) = (0u64, 0u64, None);
    for (index, at, fact) in facts.iter() {
        let Fact::Exec { node, image } = fact else { continue };
        let counter = newest.entry(*node).or_default();
        let fault = match images.version(*node, *image) {
            None => "which is not authorised".to_owned(),
            Some(version) if version < *counter => {
                format!("of version {version}, after version {counter}")
            }
            Some(version) => {
                *counter = version;
                continue;
            }
        };
        let alarm = first_alarm(facts, index, *node);
        let until = alarm.map_or(usize::MAX, |(alarm, _)| alarm);
        damage += damage_by(facts, *node, index, until);
        match alarm {
            Some((_, when)) => longest = longest.max(Some(when.since(at))),
            None => undetected += 1,
        }
        finding.violate(at, &[index], format!("{node} runs {image}, {fault}"));
    }
    finding.count("executions_undetected", undetected);
    finding.count("damage_changes", damage);
    if let Some(longest) = longest {
        finding.measure("detection_max_s", longest.as_secs_f64());
    }
    finding
}

fn first_alarm(facts: &Facts, after: usize, node: ActorId) -> Option<(usize, Time)> {
    let mut later = facts.iter().skip(after);
    later.find_map(|(index, at, fact)| {
        let Fact::Alarm { about, .. } = fact else { return None };
        let is_about = match about {
            About::Actor(actor) => *actor == node,
            About::Resource(ResourceId { host, kind: ResourceKind::Image, .. }) => *host == node,
            _ => false,
        };
        is_about.then_some((index, at))
    })
}

fn damage_by(facts: &Facts, node: ActorId, from: usize, until: usize) -> u64 {
    let effects = facts.effects().skip_while(|(index, ..)| *index < from);
    let until = effects.take_while(|(index, ..)| *index < until);
    until.filter(|(_, _, effect)| effect.changes_state() && effect.actor == Some(node)).count()
        as u64
}

/// Integrity of interpreters other than pages.
#[must_use]
pub fn x1(facts: &Facts) -> Finding {
    interpreters(facts, PropertyId::X1, |sink| sink != Sink::Dom)
}

/// Integrity of pages.
#[must_use]
pub fn x3(facts: &Facts) -> Finding {
    interpreters(facts, PropertyId::X3, |sink| sink == Sink::Dom)
}

fn interpreters(facts: &Facts, property: PropertyId, is_meant: impl Fn(Sink) -> bool) -> Finding {
    let mut finding = Finding::new(property, facts.is_complete());
    let mut highest: BTreeMap<Sink, Level> = BTreeMap::new();
    for (index, at, fact) in facts.iter() {
        let Fact::Interpret { node, sink, level } = fact else { continue };
        if !is_meant(*sink) {
            continue;
        }
        let of_sink = highest.entry(*sink).or_insert(Level::Equal);
        *of_sink = (*level).max(*of_sink);
        if *level > Level::Equal {
            let what = format!("L{} ({level:?}) in {} of {node}", *level as u8, sink.name());
            finding.violate(at, &[index], what);
        }
    }
    for (sink, level) in &highest {
        finding.count(format!("{}.level_max", sink.name()), *level as u64);
    }
    let all = highest.values().max().copied().unwrap_or(Level::Equal);
    finding.count("level_max", all as u64);
    finding
}

/// Safety of memory and resources.
#[must_use]
pub fn x2(facts: &Facts) -> Finding {
    let mut finding = Finding::new(PropertyId::X2, facts.is_complete());
    let mut broken: BTreeMap<Bound, u64> = BTreeMap::new();
    for (index, at, fact) in facts.iter() {
        let Fact::Exceed { node, bound } = fact else { continue };
        *broken.entry(*bound).or_default() += 1;
        let what = match bound {
            Bound::Panic => "a panic",
            Bound::Outside => "a byte outside its buffer changed",
            Bound::Memory => "more memory than allowed",
            Bound::Stack => "more stack than allowed",
            Bound::Steps => "more steps than allowed",
        };
        finding.violate(at, &[index], format!("{what} at {node}"));
    }
    for (bound, count) in broken {
        finding.count(format!("{bound:?}").to_lowercase(), count);
    }
    finding
}

//! From the facts of a run to what they say: properties, and a verdict on each attack.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::custody::authorised;
use super::exposure::Associations;
use super::invade::{Attacker, names};
use super::reference::Reference;
use crate::attack::{Attack, Loss};
use crate::backend::management::Part;
use crate::ledger::property::{self, Provisioned};
use crate::ledger::verdict::{Question, judge};
use crate::ledger::{
    About, ActorId, ClassId, ContentDigest, Fact, Facts, Finding, Judgement, Knowledge, Names,
    PropertyId, ResourceId, Verdict,
};
use crate::node::{Deed, Layout, NodeId, Step, actor, kept_by};
use crate::scenario::Plan;
use crate::scenario::plan::Invariant;
use crate::sim::time::{Duration, Time};

/// What is accepted later than this after it was authored is not recent (property A5).
const AGE_MAX: Duration = Duration::from_secs(30);
/// Requests served in time of requests offered that each class must reach (property V1).
const SHARE_MIN: f64 = 0.9;
/// Windows in which availability is looked at.
const WINDOW: Duration = Duration::from_secs(60);
/// Bytes that a revealed key may open (property S3).
const OPENED_BYTES_MAX: u64 = 0;

/// Services that an attack may take down (property D1): the one that it starts from.
const SERVICES_MAX: u64 = 1;

/// What truly happened in a run, and what it says.
pub struct Evidence {
    /// The names of all actors.
    pub names: Names,
    /// The names of devices' containers, at each of their hosts.
    pub resources: BTreeMap<ResourceId, String>,
    /// The facts.
    pub facts: Facts,
    /// What attackers did, by their own word, in order.
    pub steps: Vec<Step>,
    /// Steps that were not kept.
    pub steps_left_out: u64,
    /// The properties that the attacks are after.
    pub findings: BTreeMap<PropertyId, Finding>,
    /// What the plan says must hold, and does not.
    pub broken: Vec<Invariant>,
    /// A verdict on each attack, in the order of the plan; none of a run in peace.
    pub attacks: Vec<Judged>,
    /// Alarms in all.
    pub alarms: u64,
}

/// A verdict on an attack.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The name of the attack.
    pub name: String,
    /// The attacker.
    pub attacker: ActorId,
    /// Its victims.
    pub victims: Vec<ActorId>,
    /// The property that decided.
    pub property: PropertyId,
    /// When it did its first step.
    pub first_step: Option<Time>,
    /// The verdict and its figures.
    pub judgement: Judgement,
}

/// What a run leaves behind for judgement.
pub(super) struct Remains {
    pub(super) facts: Facts,
    pub(super) steps: Vec<Step>,
    pub(super) steps_left_out: u64,
}

impl Evidence {
    pub(super) fn of(
        plan: &Plan,
        layout: &Layout,
        attackers: &[Attacker],
        remains: Remains,
    ) -> Self {
        let Remains { facts, steps, steps_left_out } = remains;
        let asked: BTreeSet<PropertyId> =
            plan.attacks.iter().flat_map(|attack| attack.violates.iter().copied()).collect();
        let asked: BTreeSet<PropertyId> =
            asked.into_iter().chain(plan.hold.iter().map(|invariant| invariant.property)).collect();
        let images = if asked.contains(&PropertyId::E1) {
            authorised(plan, layout)
        } else {
            BTreeMap::new()
        };
        let bench = Bench::new((plan, attackers), layout, &facts, images);
        let findings: BTreeMap<_, _> =
            asked.into_iter().map(|property| (property, bench.finding(property))).collect();
        let alarms = facts.iter().filter(|(_, _, fact)| matches!(fact, Fact::Alarm { .. }));
        let alarms = alarms.count() as u64;
        let attacks = plan.attacks.iter().zip(attackers).filter(|_| plan.is_attacked);
        let attacks = attacks
            .filter_map(|(attack, attacker)| {
                let own = steps.iter().filter(|step| step.attacker == attacker.actor);
                bench.judge(plan, attack, attacker, own, &findings)
            })
            .collect();
        let broken = plan.hold.iter().filter(|invariant| is_broken(invariant, &findings));
        let broken = broken.cloned().collect();
        let (names, mut resources) = (names(plan, layout), bench.policy.containers(layout));
        if plan.management.is_some() {
            resources.extend(parts(layout));
        }
        Self { names, resources, facts, steps, steps_left_out, findings, broken, attacks, alarms }
    }
}

impl Evidence {
    /// An attack succeeded, or something does not hold that must.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        !self.broken.is_empty()
            || self.attacks.iter().any(|attack| attack.judgement.verdict == Verdict::Succeeded)
    }
}

/// Everything that properties are computed from.
struct Bench<'a> {
    plan: &'a Plan,
    attackers: &'a [Attacker],
    layout: &'a Layout,
    facts: &'a Facts,
    policy: Reference,
    /// The version of each image that the vendor made.
    images: BTreeMap<ContentDigest, u64>,
    /// Only some properties need it, and it is dear.
    knowledge: OnceCell<Knowledge>,
}

impl<'a> Bench<'a> {
    fn new(
        (plan, attackers): (&'a Plan, &'a [Attacker]),
        layout: &'a Layout,
        facts: &'a Facts,
        images: BTreeMap<ContentDigest, u64>,
    ) -> Self {
        let policy = Reference::new(layout);
        Self { plan, attackers, layout, facts, policy, images, knowledge: OnceCell::new() }
    }

    fn finding(&self, property: PropertyId) -> Finding {
        let (facts, policy) = (self.facts, &self.policy);
        let knowledge = || {
            self.knowledge.get_or_init(|| match self.plan.asks_for_exposure() {
                true => Knowledge::of(facts, &Associations),
                false => Knowledge::of(facts, &()),
            })
        };
        match property {
            PropertyId::S1 => property::s1(facts, knowledge()),
            PropertyId::S2 => property::s2(facts, knowledge()),
            PropertyId::S3 => {
                let mut finding = property::s3(facts, knowledge(), OPENED_BYTES_MAX);
                finding.is_complete &= Associations::opens_all(self.layout);
                finding
            }
            PropertyId::A1 => property::a1(facts),
            PropertyId::A2 => property::a2(facts),
            PropertyId::A3 => property::a3(facts),
            PropertyId::A4 => property::a4(facts),
            PropertyId::A5 => property::a5(facts, AGE_MAX),
            PropertyId::A6 => property::a6(facts, knowledge()),
            PropertyId::I1 => property::i1(facts, policy),
            PropertyId::Z1 => property::z1(facts, policy),
            PropertyId::K1 => property::k1(facts, &Provisioned::new(), policy),
            PropertyId::V1 => property::v1(facts, &self.services(), WINDOW),
            PropertyId::E1 => property::e1(facts, &|_, image| self.images.get(&image).copied()),
            PropertyId::X1 => property::x1(facts),
            PropertyId::X2 => property::x2(facts),
            PropertyId::X3 => property::x3(facts),
            PropertyId::U1 => property::u1(facts, 0.1),
            PropertyId::D1 => property::d1(facts, &self.breach()),
            PropertyId::B1 => property::b1(facts, &self.budget()),
        }
    }

    fn services(&self) -> Vec<property::Service> {
        let groups = (0u16..).zip(&self.layout.groups);
        let telling = groups.filter(|(_, group)| group.telemetry.at(Time::ZERO).1.is_some());
        // A service whose devices the attacker took is the attacker's.
        let honest = telling.filter(|(_, group)| {
            let members = group.first.0..group.first.0 + group.count;
            !self.facts.iter().any(|(_, _, fact)| {
                matches!(fact, Fact::Corrupt { actor, .. } if members.contains(&actor.0))
            })
        });
        honest
            .map(|(class, _)| property::Service { class: ClassId(class), share_min: SHARE_MIN })
            .collect()
    }

    /// What the first attack may reach: only the service that it starts from, and of assets what the devices that it
    /// took may reach anyway, the container of each.
    fn breach(&self) -> property::Breach {
        let first = self.plan.attacks.iter().zip(self.attackers).next();
        property::Breach {
            at: first.map_or(Time::ZERO, |(attack, _)| attack.at),
            by: first.map_or(ActorId(u32::MAX), |(_, attacker)| attacker.actor),
            share_min: SHARE_MIN,
            services_max: SERVICES_MAX,
            assets_max: first.map_or(0, |(_, attacker)| attacker.victims.len() as u64),
        }
    }

    /// What fleets live on, as their batteries say.
    fn budget(&self) -> property::Budget {
        let fleets = self.plan.fleets.iter().filter_map(|fleet| {
            let group = self.layout.groups.iter().find(|group| group.name == fleet.name)?;
            Some((group, fleet.battery?))
        });
        let mut batteries_nj = BTreeMap::new();
        let mut years_min = None::<f64>;
        for (group, battery) in fleets {
            years_min = Some(years_min.map_or(battery.years, |least| least.max(battery.years)));
            for member in 0..group.count {
                batteries_nj.insert(ActorId(group.first.0 + member), nanojoules(battery.joules));
            }
        }
        let lasted = self.plan.duration;
        property::Budget { batteries_nj, lasted, years_min, message_max_j: None }
    }

    /// The verdict by the first of the attack's properties that is violated, else by its first.
    fn judge<'s>(
        &self,
        plan: &Plan,
        attack: &Attack,
        attacker: &Attacker,
        mut steps: impl Iterator<Item = &'s Step>,
        findings: &BTreeMap<PropertyId, Finding>,
    ) -> Option<Judged> {
        let only_looks = attack.program.only_looks();
        let first_step = steps.find(|step| only_looks || step.deed != Deed::Saw);
        let first_step = first_step.map(|step| step.at);
        let concerned = self.concerned(attacker);
        let mechanisms = mechanisms(plan);
        let of = |property: PropertyId| {
            let loss = attack.loss.as_ref().filter(|loss| loss.property == property);
            let question = Question {
                first_step,
                concerns: &|about| self.concerns(about, &concerned),
                counts: &|mechanism| mechanisms.as_ref().is_none_or(|all| all.contains(mechanism)),
                alarm_deadline: attack.alarm_within,
                loss: loss.map(|Loss { metric, at_most, .. }| (metric.as_str(), *at_most)),
            };
            Some((property, judge(self.facts, findings.get(&property)?, &question)))
        };
        let all: Vec<_> = attack.violates.iter().filter_map(|property| of(*property)).collect();
        let (property, judgement) = all
            .iter()
            .find(|(_, judgement)| judgement.is_violated)
            .or_else(|| all.first())
            .copied()?;
        let victims = attacker.victims.iter().map(|victim| actor(*victim)).collect();
        let name = attack.name.clone();
        Some(Judged { name, attacker: attacker.actor, victims, property, first_step, judgement })
    }

    /// Whom an attack touches: its victims, those that they register with, the attacker, and what it took.
    fn concerned(&self, attacker: &Attacker) -> BTreeSet<ActorId> {
        let with = |victim: &NodeId| {
            let place = self.layout.place(*victim);
            [*victim, place.registrar, place.parent, self.layout.root(*victim)]
        };
        let mut all: BTreeSet<ActorId> =
            attacker.victims.iter().flat_map(with).map(actor).collect();
        all.insert(attacker.actor);
        for (_, _, fact) in self.facts.iter() {
            if let Fact::Corrupt { actor, by } = fact
                && *by == attacker.actor
            {
                all.insert(*actor);
            }
        }
        all
    }

    fn concerns(&self, about: &About, concerned: &BTreeSet<ActorId>) -> bool {
        match about {
            About::Actor(actor) | About::Datagram(actor) => concerned.contains(actor),
            About::Resource(resource) => concerned.contains(&resource.host),
            About::Association(association) => self.facts.iter().any(|(_, _, fact)| match fact {
                Fact::Running(end) | Fact::Commit(end) => {
                    end.association == *association && concerned.contains(&end.actor)
                }
                _ => false,
            }),
            // What nobody authored is somebody's attack.
            About::Message(content) => {
                let mut authors = self.facts.iter().filter_map(|(_, _, fact)| match fact {
                    Fact::Author(author) if author.content == *content => Some(author.actor),
                    _ => None,
                });
                let first = authors.next();
                first.is_none_or(|actor| {
                    concerned.contains(&actor) || authors.any(|actor| concerned.contains(&actor))
                })
            }
        }
    }
}

/// What the parts of CSEs keep, with its names.
fn parts(layout: &Layout) -> impl Iterator<Item = (ResourceId, String)> + use<'_> {
    let nodes = (0..).map(NodeId).take(layout.places.len());
    let cses = nodes.filter(|node| layout.group(*node).is_cse);
    cses.flat_map(move |node| {
        Part::ALL.iter().map(move |part| {
            let (folder, file) = (part.folder(), part.file());
            (kept_by(node, *part), format!("{folder}/{file} of {}", layout.identity(node)))
        })
    })
}

/// A property is violated, or its figure is not 0; a figure that the property does not have is broken, too, so that
/// nobody relies on a wrong name.
fn is_broken(invariant: &Invariant, findings: &BTreeMap<PropertyId, Finding>) -> bool {
    let Some(finding) = findings.get(&invariant.property) else { return false };
    match &invariant.metric {
        None => !finding.holds(),
        Some(metric) => finding.metric(metric).is_none_or(|value| value > 0.0),
    }
}

/// Whole nanojoules.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float to integer casts saturate"
)]
fn nanojoules(joules: f64) -> u64 {
    (joules * 1e9) as u64
}

/// The mechanisms whose refusals are the work of a countermeasure that is on; none if any will do.
fn mechanisms(plan: &Plan) -> Option<BTreeSet<&str>> {
    let on = plan.countermeasures.iter().filter(|one| one.is_on);
    let all: BTreeSet<&str> = on.flat_map(|one| one.refuses.iter().map(String::as_str)).collect();
    (!all.is_empty()).then_some(all)
}

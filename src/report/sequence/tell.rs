//! From what truly happened in a run to the story of its attack. Arrows and effects are facts of the ledger;
//! the attacker's own word stands only in the steps that it says it took.

use std::collections::{BTreeMap, BTreeSet};

use super::{Act, LANES_MAX, Lane, LaneKind, Moment, NoteKind, Outcome, Story, What};
use crate::ledger::{
    About, ActorId, Create, Effect, Fact, Finding, Gid, Judgement, Operation, PropertyId,
    SecretClass, SourceId, Verdict, Violation,
};
use crate::node::{Deed, Step, actor};
use crate::report::words::{count, time};
use crate::run::{self, Evidence, Judged};
use crate::scenario::Plan;
use crate::sim::time::{Duration, Time};

/// Facts and steps that a story is made of, at most.
const DECISIVE_MAX: usize = 24;
/// Facts of one kind about one message, at most.
const EACH_MAX: usize = 3;

/// The story of the attack that went worst; none if nobody attacked.
#[must_use]
pub fn tell(outcome: &run::Outcome) -> Option<Story> {
    let evidence = outcome.evidence.as_ref()?;
    let judged = evidence.attacks.iter().max_by_key(|judged| judged.judgement.verdict)?;
    Some(Teller { evidence, judged, plan: &outcome.plan }.story())
}

/// What became of an attack, in one sentence.
#[must_use]
pub(in crate::report) fn answer(evidence: &Evidence, judged: &Judged, plan: &Plan) -> String {
    Teller { evidence, judged, plan }.answer()
}

/// A moment whose lanes are still actors.
struct Scene {
    at: Time,
    who: (ActorId, Option<ActorId>),
    what: What,
}

struct Teller<'a> {
    evidence: &'a Evidence,
    judged: &'a Judged,
    plan: &'a Plan,
}

impl Teller<'_> {
    fn story(&self) -> Story {
        let (facts, steps) = self.decisive();
        let mut scenes: Vec<Scene> = steps.iter().map(|step| self.step(step)).collect();
        scenes.extend(facts.iter().filter_map(|index| self.fact(*index, &facts)));
        scenes.sort_by_key(|scene| scene.at);
        if let Some(violation) = self.violation() {
            let host = scenes
                .last()
                .map_or(self.judged.attacker, |scene| scene.who.1.unwrap_or(scene.who.0));
            let text =
                format!("{}: {}", self.judged.property.property().code, self.said(violation));
            let at = scenes.last().map_or(violation.at, |scene| scene.at.max(violation.at));
            scenes.push(note(at, host, text, NoteKind::Violation));
        }
        let lanes = self.lanes(&scenes);
        let told = scenes.len() as u64;
        let all = self.evidence.facts.records().len() + self.evidence.steps.len();
        let left_out = (all as u64 + self.evidence.steps_left_out).saturating_sub(told);
        let place = |who: ActorId| lanes.iter().position(|lane| *lane == who).unwrap_or(LANES_MAX);
        let moments = scenes.into_iter().map(|scene| Moment {
            at: scene.at,
            what: placed(scene.what, place(scene.who.0), place(scene.who.1.unwrap_or(scene.who.0))),
        });
        Story {
            title: self.title(),
            answer: self.answer(),
            verdict: Some(self.judged.judgement.verdict),
            moments: moments.collect(),
            lanes: lanes.into_iter().map(|who| self.lane(who)).collect(),
            left_out,
        }
    }

    /// The facts that decided, by their indices, and the attacker's steps that led there.
    fn decisive(&self) -> (BTreeSet<usize>, Vec<&Step>) {
        let mut chosen: BTreeSet<usize> = BTreeSet::new();
        let mut messages: BTreeSet<Gid> = BTreeSet::new();
        for index in self.violation().map_or(&[][..], |violation| &violation.facts) {
            chosen.insert(*index);
            messages.extend(self.message_of(*index));
        }
        if !self.judged.judgement.is_violated {
            messages.extend(self.message_before_first_step());
        }
        for gid in &messages {
            chosen.extend(self.about_message(*gid));
        }
        chosen.extend(self.reactions());
        chosen.extend(self.thefts());
        let end = chosen.iter().filter_map(|index| self.at(*index)).max();
        let end = end.max(self.violation().map(|violation| violation.at));
        let authored = messages.iter().filter_map(|gid| self.evidence.facts.author(*gid));
        let authored = authored.map(|(_, at, _)| at).min();
        let steps = self.steps(authored, end);
        let room = DECISIVE_MAX.saturating_sub(steps.len());
        (chosen.into_iter().take(room).collect(), steps)
    }

    fn finding(&self) -> Option<&Finding> {
        self.evidence.findings.get(&self.judged.property)
    }

    /// The first place where the property does not hold.
    fn violation(&self) -> Option<&Violation> {
        self.finding()?.violations.first()
    }

    fn record(&self, index: usize) -> Option<&Fact> {
        self.evidence.facts.records().get(index).map(|record| &record.fact)
    }

    fn at(&self, index: usize) -> Option<Time> {
        self.evidence.facts.records().get(index).map(|record| record.stamp.at)
    }

    fn message_of(&self, index: usize) -> Option<Gid> {
        match self.record(index)? {
            Fact::Author(author) => Some(author.gid),
            Fact::Accept { message, .. } => message.gid,
            Fact::Effect(effect) => effect.cause?.gid,
            Fact::Create(create) => match create.class {
                SecretClass::Field(gid) => Some(gid),
                _ => None,
            },
            _ => None,
        }
    }

    /// The message that the first step of the attack was about: the last one of that sender.
    fn message_before_first_step(&self) -> Option<Gid> {
        let first = self.judged.first_step?;
        let is_first = |step: &&Step| step.at == first && step.attacker == self.judged.attacker;
        let step = self.evidence.steps.iter().find(is_first)?;
        // What the attacker makes itself is about no message of others.
        let is_about = matches!(
            step.deed,
            Deed::Saw | Deed::Dropped | Deed::Delayed | Deed::Altered | Deed::Replayed
        );
        let (from, _) = step.between.filter(|_| is_about)?;
        let facts = self.evidence.facts.iter().take_while(|(_, at, _)| *at <= first);
        let authored = facts.filter_map(|(_, _, fact)| match fact {
            Fact::Author(author) if author.actor == actor(from) => Some(author.gid),
            _ => None,
        });
        authored.last()
    }

    /// Its author, who accepted it, and what it did.
    fn about_message(&self, gid: Gid) -> Vec<usize> {
        let mut chosen: Vec<usize> =
            self.evidence.facts.author(gid).map(|(index, ..)| index).into_iter().collect();
        let is_accept =
            |fact: &Fact| matches!(fact, Fact::Accept { message, .. } if message.gid == Some(gid));
        let is_effect = |fact: &Fact| matches!(fact, Fact::Effect(effect) if effect.cause.is_some_and(|m| m.gid == Some(gid)));
        for is_meant in [&is_accept as &dyn Fn(&Fact) -> bool, &is_effect] {
            let all = self.evidence.facts.iter().filter(|(.., fact)| is_meant(fact));
            chosen.extend(all.take(EACH_MAX).map(|(index, ..)| index));
        }
        chosen
    }

    /// The refusal and the alarm on which the verdict rests.
    fn reactions(&self) -> Vec<usize> {
        let Some(start) = self.judged.first_step else { return Vec::new() };
        let Judgement { refusal_latency, alarm_latency, is_violated, .. } = self.judged.judgement;
        let refusal = refusal_latency.filter(|_| !is_violated).map(|latency| start + latency);
        let alarm = alarm_latency.map(|latency| start + latency);
        let facts = self.evidence.facts.iter();
        let (mut refused, mut alarmed) = (None, None);
        for (index, at, fact) in facts {
            match fact {
                Fact::Refuse { .. } if Some(at) == refusal => refused = refused.or(Some(index)),
                Fact::Alarm { .. } if Some(at) == alarm => alarmed = alarmed.or(Some(index)),
                _ => {}
            }
        }
        refused.into_iter().chain(alarmed).collect()
    }

    /// What the attacker took over, was handed or handed in.
    fn thefts(&self) -> Vec<usize> {
        let me = self.judged.attacker;
        let is_mine = |fact: &Fact| match fact {
            Fact::Corrupt { by, .. } => *by == me,
            Fact::Reveal { to, .. } => *to == me,
            Fact::Exhibit { attacker, .. } => *attacker == me,
            _ => false,
        };
        let all = self.evidence.facts.iter().filter(|(.., fact)| is_mine(fact));
        all.take(EACH_MAX).map(|(index, ..)| index).collect()
    }

    /// The first step of each kind, and the first after the message was authored.
    fn steps(&self, authored: Option<Time>, end: Option<Time>) -> Vec<&Step> {
        let mine = |step: &&Step| {
            step.attacker == self.judged.attacker && end.is_none_or(|end| step.at <= end)
        };
        let after = authored.unwrap_or(Time::ZERO);
        let mut kinds: BTreeMap<Deed, (usize, &Step)> = BTreeMap::new();
        for (number, step) in self.evidence.steps.iter().filter(mine).enumerate() {
            // Of what was done again and again, the time that led to the decision.
            let is_later = |(_, other): &(usize, &Step)| other.at < after && step.at >= after;
            if kinds.get(&step.deed).is_none_or(is_later) {
                kinds.insert(step.deed, (number, step));
            }
        }
        let mut steps: Vec<(usize, &Step)> = kinds.into_values().collect();
        steps.sort_by_key(|(number, _)| *number);
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// What the attacker says that it did.
    fn step(&self, step: &Step) -> Scene {
        let kind = match step.deed {
            Deed::Stole => NoteKind::Theft,
            _ => NoteKind::Step,
        };
        match (step.deed, step.between) {
            (Deed::Dropped, Some((from, to))) => {
                let message = arrow(&step.what, String::new(), Act::Sent, Outcome::Dropped);
                Scene { at: step.at, who: (actor(from), Some(actor(to))), what: message }
            }
            _ => note(step.at, step.attacker, step.what.clone(), kind),
        }
    }

    fn fact(&self, index: usize, chosen: &BTreeSet<usize>) -> Option<Scene> {
        let (at, me) = (self.at(index)?, self.judged.attacker);
        let scene = match self.record(index)? {
            Fact::Author(author) => return self.authored(author.gid, at),
            Fact::Accept { message, receiver, claimed } => {
                return self.accepted(index, at, message.gid, (*receiver, *claimed), chosen);
            }
            Fact::Effect(effect) => self.effect(index, at, effect),
            Fact::Commit(end) => {
                let is_run = |fact: &Fact| matches!(fact, Fact::Running(other) if other.association == end.association && Some(other.actor) == end.peer);
                let is_honest = self.evidence.facts.iter().any(|(.., fact)| is_run(fact));
                let peer = end.peer.map_or_else(|| "nobody".to_owned(), |peer| self.name(peer));
                let (from, act) = match end.peer.filter(|_| is_honest) {
                    Some(peer) => (peer, Act::Sent),
                    None => (me, Act::Injected),
                };
                let label = format!("handshake as {peer}");
                let what = arrow(&label, String::new(), act, Outcome::Accepted);
                Scene { at, who: (from, Some(end.actor)), what }
            }
            Fact::Refuse { mechanism, about, reason } => self.refused(at, mechanism, about, reason),
            Fact::Alarm { detector, name, about } => {
                let about = self
                    .about(about)
                    .map_or_else(String::new, |who| format!(" about {}", self.name(who)));
                note(at, *detector, format!("{name}{about}"), NoteKind::Alarm)
            }
            Fact::Corrupt { actor, .. } => {
                note(at, *actor, format!("is taken over by {}", self.name(me)), NoteKind::Theft)
            }
            Fact::Reveal { .. } => note(at, me, "is handed a secret".to_owned(), NoteKind::Theft),
            Fact::Exhibit { about, bytes, .. } => {
                let text =
                    format!("hands in {} B as a secret of {}", bytes.0.len(), self.name(*about));
                note(at, me, text, NoteKind::Theft)
            }
            Fact::Observe { source, len, .. } => {
                note(at, me, self.saw(*source, *len), NoteKind::Theft)
            }
            Fact::Exec { node, .. } => {
                note(at, *node, "starts an image".to_owned(), NoteKind::Effect)
            }
            Fact::Deadline(request) => {
                let text = if request.is_authentication {
                    "cannot authenticate in time"
                } else {
                    "has no answer in time"
                };
                note(at, request.actor, text.to_owned(), NoteKind::Effect)
            }
            Fact::Interpret { node, sink, level } => {
                let text = format!(
                    "a value reaches {} and leaves its place: level L{}",
                    sink.name(),
                    *level as u8
                );
                note(at, *node, text, NoteKind::Effect)
            }
            Fact::Exceed { node, bound } => note(
                at,
                *node,
                format!("exceeds a bound: {bound:?}").to_lowercase(),
                NoteKind::Effect,
            ),
            _ => return None,
        };
        Some(scene)
    }

    /// A message as its author sent it, if the one for whom it was never accepted it.
    fn authored(&self, gid: Gid, at: Time) -> Option<Scene> {
        let (_, _, author) = self.evidence.facts.author(gid)?;
        let is_accepted =
            |fact: &Fact| matches!(fact, Fact::Accept { message, .. } if message.gid == Some(gid));
        if self.evidence.facts.iter().any(|(.., fact)| is_accepted(fact)) {
            return None;
        }
        let what = arrow(&self.label(gid), String::new(), Act::Sent, Outcome::Dropped);
        Some(Scene { at, who: (author.actor, Some(author.recipient)), what })
    }

    /// A message that passed the checks of its receiver: the first time its author's, later a copy.
    fn accepted(
        &self,
        index: usize,
        at: Time,
        gid: Option<Gid>,
        (receiver, claimed): (ActorId, Option<ActorId>),
        chosen: &BTreeSet<usize>,
    ) -> Option<Scene> {
        let me = self.judged.attacker;
        let Some(gid) = gid else {
            let who = claimed.map_or_else(|| "nobody".to_owned(), |who| self.name(who));
            let act = if self.did(Deed::Altered) { Act::Altered } else { Act::Injected };
            let what = arrow(&format!("a message as {who}"), String::new(), act, Outcome::Accepted);
            return Some(Scene { at, who: (me, Some(receiver)), what });
        };
        let earlier: Vec<ActorId> = chosen
            .iter()
            .filter(|other| **other < index)
            .filter_map(|other| match self.record(*other)? {
                Fact::Accept { message, receiver, .. } if message.gid == Some(gid) => {
                    Some(*receiver)
                }
                _ => None,
            })
            .collect();
        let (_, sent, author) = self.evidence.facts.author(gid)?;
        let is_copy = earlier.contains(&receiver);
        let did_copy =
            self.did(Deed::Replayed) || self.did(Deed::Injected) || self.did(Deed::Delayed);
        let (at, from, act) = match (earlier.last(), is_copy) {
            (_, true) if did_copy => (at, me, Act::Replayed),
            (_, true) => (at, author.actor, Act::Sent),
            (Some(previous), false) => (at, *previous, Act::Sent),
            // It is drawn where it begins: what the attacker does with it comes after.
            (None, false) => (sent, author.actor, Act::Sent),
        };
        let detail = format!("{gid}{}", if is_copy { ", once more" } else { "" });
        let what = arrow(&self.label(gid), detail, act, Outcome::Accepted);
        Some(Scene { at, who: (from, Some(receiver)), what })
    }

    fn effect(&self, index: usize, at: Time, effect: &Effect) -> Scene {
        let cause = effect.cause.and_then(|cause| cause.gid);
        let is_same = |fact: &Fact| matches!(fact, Fact::Effect(other) if other.resource == effect.resource && other.cause.is_some_and(|m| m.gid == cause));
        let before = self.evidence.facts.iter().take_while(|(other, ..)| *other < index);
        let is_again = cause.is_some() && before.into_iter().any(|(.., fact)| is_same(fact));
        let again = if is_again { "once more" } else { "done" };
        let text = format!("{again}: {} in {}", word(effect.operation), self.place(effect));
        note(at, effect.resource.host, text, NoteKind::Effect)
    }

    /// A mechanism blocked something: what the attacker sent, if it sent something.
    fn refused(&self, at: Time, mechanism: &str, about: &About, reason: &str) -> Scene {
        let who = self.about(about).unwrap_or(self.judged.attacker);
        let why = self.mechanism(mechanism, reason);
        let sent = [
            (Deed::Altered, "bytes changed on their way", Act::Altered),
            (Deed::Replayed, "the same bytes", Act::Replayed),
            (Deed::Injected, "bytes of its own", Act::Injected),
            (Deed::Commanded, "a command", Act::Injected),
        ];
        let sent = sent.into_iter().find(|(deed, ..)| self.did(*deed));
        match sent {
            Some((_, label, act)) if who != self.judged.attacker => {
                let what = arrow(label, String::new(), act, Outcome::Refused(why));
                Scene { at, who: (self.judged.attacker, Some(who)), what }
            }
            _ => note(at, who, why, NoteKind::Refusal),
        }
    }

    /// A mechanism by its name, with the countermeasure whose work it is.
    fn mechanism(&self, name: &str, reason: &str) -> String {
        let reason = if reason == name { String::new() } else { format!(", {reason}") };
        let is_of = |name: &str, all: &[String]| all.iter().any(|other| other == name);
        let mut on = self.plan.countermeasures.iter().filter(|one| one.is_on);
        match on.find(|one| is_of(name, &one.refuses)) {
            Some(one) => format!("CM{} ({name}{reason})", one.number),
            None => format!("{name}{reason}"),
        }
    }

    fn did(&self, deed: Deed) -> bool {
        let mut steps = self.evidence.steps.iter();
        steps.any(|step| step.deed == deed && step.attacker == self.judged.attacker)
    }

    fn about(&self, about: &About) -> Option<ActorId> {
        match about {
            About::Actor(who) | About::Datagram(who) => Some(*who),
            About::Resource(resource) => Some(resource.host),
            About::Message(content) => {
                let accepts = self.evidence.facts.iter().find_map(|(.., fact)| match fact {
                    Fact::Accept { message, receiver, .. } if message.content == *content => {
                        Some(*receiver)
                    }
                    Fact::Author(author) if author.content == *content => Some(author.recipient),
                    _ => None,
                });
                accepts.or_else(|| self.judged.victims.first().copied())
            }
            About::Association(association) => {
                self.evidence.facts.iter().find_map(|(.., fact)| match fact {
                    Fact::Running(end) | Fact::Commit(end) if end.association == *association => {
                        Some(end.actor)
                    }
                    _ => None,
                })
            }
        }
    }

    /// Where an attacker saw bytes: sources are numbered four a node.
    fn saw(&self, source: SourceId, len: u32) -> String {
        let node = self.name(ActorId(source.0 / 4));
        match source.0 % 4 {
            0 | 1 => format!("sees {len} B on the link of {node}"),
            _ => format!("reads {len} B from the inside of {node}"),
        }
    }

    /// What a message asks for.
    fn label(&self, gid: Gid) -> String {
        let effect = self
            .evidence
            .facts
            .effects()
            .find(|(_, _, effect)| effect.cause.is_some_and(|cause| cause.gid == Some(gid)));
        effect.map_or_else(
            || "request".to_owned(),
            |(_, _, effect)| format!("{} in {}", word(effect.operation), self.place(effect)),
        )
    }

    fn place(&self, effect: &Effect) -> String {
        let name = self.evidence.resources.get(&effect.resource);
        name.cloned().unwrap_or_else(|| format!("a {}", self.named(&effect.resource.to_string())))
    }

    fn name(&self, who: ActorId) -> String {
        if who == self.judged.attacker {
            "attacker".to_owned()
        } else {
            self.evidence.names.of(who)
        }
    }

    /// What a violation says, with names instead of numbers.
    fn said(&self, violation: &Violation) -> String {
        let secret = violation.facts.iter().find_map(|index| match self.record(*index)? {
            Fact::Create(create) => Some(create),
            _ => None,
        });
        let is_secrecy = matches!(self.judged.property, PropertyId::S1 | PropertyId::S2);
        match secret.filter(|_| is_secrecy) {
            Some(create) => format!("the attacker knows {}", self.secret(create)),
            None => self.named(&violation.what),
        }
    }

    /// What a secret is, and of whom.
    fn secret(&self, create: &Create) -> String {
        let holders: Vec<String> = create.holders.iter().map(|who| self.name(*who)).collect();
        let of = holders.join(" and ");
        match create.class {
            SecretClass::LongTermKey => format!("the long-term key of {of}"),
            SecretClass::SessionKey(_) => format!("a session key of {of}"),
            SecretClass::Password => format!("a password of {of}"),
            SecretClass::Token => format!("a token of {of}"),
            SecretClass::Canary => format!("a value that only {of} has"),
            SecretClass::Field(gid) => {
                let author = self.evidence.facts.author(gid);
                let of = author.map_or(of, |(_, _, author)| self.name(author.actor));
                format!("what {of} wrote in {gid}")
            }
        }
    }

    /// A text of the ledger with the names of actors and containers.
    fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (resource, name) in &self.evidence.resources {
            text = text.replace(&resource.to_string(), name);
        }
        let text = without_numbers(&without_numbers(&text, "association "), "resource ");
        self.evidence.names.tell(&text)
    }

    /// Victims and other senders, the attacker, then those that receive, as they appear.
    fn lanes(&self, scenes: &[Scene]) -> Vec<ActorId> {
        let me = self.judged.attacker;
        let mut lanes: Vec<ActorId> = Vec::new();
        let add = |who: ActorId, lanes: &mut Vec<ActorId>| {
            if !lanes.contains(&who) {
                lanes.push(who);
            }
        };
        let all =
            || scenes.iter().flat_map(|scene| std::iter::once(scene.who.0).chain(scene.who.1));
        for who in all().filter(|who| self.kind(*who) != LaneKind::Infrastructure && *who != me) {
            add(who, &mut lanes);
        }
        add(me, &mut lanes);
        for who in all() {
            add(who, &mut lanes);
        }
        lanes.truncate(LANES_MAX);
        lanes
    }

    fn lane(&self, who: ActorId) -> Lane {
        let kind = self.kind(who);
        let name = match kind {
            LaneKind::Attacker => format!("attacker ({})", self.judged.name),
            _ => self.evidence.names.of(who),
        };
        Lane { name, kind }
    }

    fn kind(&self, who: ActorId) -> LaneKind {
        if who == self.judged.attacker {
            return LaneKind::Attacker;
        }
        if self.judged.victims.contains(&who) {
            return LaneKind::Victim;
        }
        let name = self.evidence.names.of(who);
        let group = name.rsplit_once('-').map_or(name.as_str(), |(group, _)| group);
        let is_fleet = self.plan.fleets.iter().any(|fleet| fleet.name == group);
        if is_fleet { LaneKind::Honest } else { LaneKind::Infrastructure }
    }

    fn title(&self) -> String {
        let threat = self.plan.threat.map_or_else(String::new, |threat| format!("T{threat}, "));
        let of = |is_on: bool| -> Vec<String> {
            let all = self.plan.countermeasures.iter().filter(|one| one.is_on == is_on);
            all.map(|one| format!("CM{}", one.number)).collect()
        };
        let said = |list: Vec<String>, word: &str| match list.is_empty() {
            true => String::new(),
            false => format!(", {} {word}", list.join(" ")),
        };
        let (on, off) = (said(of(true), "on"), said(of(false), "off"));
        format!(
            "{threat}attack {}{on}{off}; scenario {}, seed {}",
            self.judged.name, self.plan.name, self.plan.seed
        )
    }

    /// What happened, in one sentence.
    fn answer(&self) -> String {
        let property = self.judged.property.property();
        let (code, name) = (property.code, property.name);
        let latency = |span: Option<Duration>| match span {
            None | Some(Duration::ZERO) => "at".to_owned(),
            Some(span) => format!("{} after", time(span.as_secs_f64())),
        };
        let Judgement { verdict, refusal_latency, alarm_latency, .. } = self.judged.judgement;
        let violated = || {
            let what = self.violation().map_or_else(String::new, |violation| self.said(violation));
            let times = match self.finding().map_or(0, |finding| finding.count) {
                0 | 1 => String::new(),
                n => format!(", {} times in all", count(n)),
            };
            format!("{}: {what}{times} ({code})", plain(self.judged.property))
        };
        match verdict {
            Verdict::Succeeded => format!("{}.", violated()),
            Verdict::Mitigated => format!("{}; the loss stays within its bound.", violated()),
            Verdict::Detected => {
                let alarm = latency(alarm_latency);
                if self.judged.judgement.is_violated {
                    format!("{}; an alarm came {alarm} the attack's first step.", violated())
                } else {
                    format!("An alarm came {alarm} the attack's first step; {name} ({code}) holds.")
                }
            }
            Verdict::Prevented => {
                let by =
                    self.reactions().into_iter().find_map(|index| match self.record(index)? {
                        Fact::Refuse { mechanism, about, reason } => {
                            let who = self
                                .about(about)
                                .map_or_else(|| "The system".to_owned(), |who| self.name(who));
                            let by = self.mechanism(mechanism, reason);
                            Some(format!("{who} refused it by {by}"))
                        }
                        _ => None,
                    });
                let by = by.unwrap_or_else(|| "A mechanism refused it".to_owned());
                let after = latency(refusal_latency);
                format!("{by}, {after} the attack's first step; {name} ({code}) holds.")
            }
            Verdict::Invalid => {
                format!("{name} ({code}) holds, but nothing shows that the attack was stopped.")
            }
            Verdict::Vacuous => "The attack never reached its first step.".to_owned(),
        }
    }
}

/// What the violation of a property means, in words that need no theory.
const fn plain(property: PropertyId) -> &'static str {
    match property {
        PropertyId::S1 => "The attacker has a key",
        PropertyId::S2 => "The attacker read what others may not",
        PropertyId::S3 => "A lost key opened what was sent before",
        PropertyId::A1 => "A node believes in a peer that was not there",
        PropertyId::A2 | PropertyId::A3 => "A node was deceived about its peer",
        PropertyId::A4 => "What was sent once counted twice",
        PropertyId::A5 => "Something old was taken for new",
        PropertyId::A6 => "With a node's own key others were played to it",
        PropertyId::I1 => "State was changed by what nobody meant",
        PropertyId::Z1 => "Something forbidden was done",
        PropertyId::K1 => "A credential no longer serves its rightful holder",
        PropertyId::V1 => "Service was lost",
        PropertyId::E1 => "A node runs what it must not",
        PropertyId::X1 => "Input was carried out as code",
        PropertyId::X2 => "Input broke the bounds of its buffer or budget",
        PropertyId::X3 => "Input changed a page",
        PropertyId::U1 => "An observer can tell who sent what",
        PropertyId::D1 => "The damage spread to others",
        PropertyId::B1 => "The energy budget was broken",
    }
}

/// The text without the numbers behind a word, which nobody can remember.
fn without_numbers(text: &str, word: &str) -> String {
    let mut parts = text.split(word);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_number = rest.len() < part.len();
        told.push_str(if is_number { word.trim_end() } else { word });
        told.push_str(rest);
    }
    told
}

/// An operation's name.
const fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "CREATE",
        Operation::Retrieve => "RETRIEVE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Notify => "NOTIFY",
        Operation::Discover => "DISCOVER",
    }
}

/// An arrow whose lanes are not known yet.
fn arrow(label: &str, detail: String, act: Act, outcome: Outcome) -> What {
    What::Message { from: 0, to: 0, label: label.to_owned(), detail, act, outcome }
}

fn note(at: Time, who: ActorId, text: String, kind: NoteKind) -> Scene {
    Scene { at, who: (who, None), what: What::Note { lane: 0, text, kind } }
}

/// The same in its lanes.
fn placed(what: What, first: usize, second: usize) -> What {
    match what {
        What::Message { label, detail, act, outcome, .. } => {
            What::Message { from: first, to: second, label, detail, act, outcome }
        }
        What::Note { text, kind, .. } => What::Note { lane: first, text, kind },
    }
}

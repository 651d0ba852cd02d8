//! What decided: the facts and steps that a story is made of.

use std::collections::{BTreeMap, BTreeSet};

use super::Teller;
use crate::ledger::{Fact, Finding, Gid, Judgement, SecretClass, Violation};
use crate::node::{Deed, Step, actor};
use crate::sim::time::Time;

/// Facts and steps that a story is made of, at most.
const DECISIVE_MAX: usize = 24;
/// Facts of one kind about one message, at most.
const EACH_MAX: usize = 3;

impl Teller<'_> {
    /// The facts that decided, by their indices, and the attacker's steps that led there.
    pub(super) fn decisive(&self) -> (BTreeSet<usize>, Vec<&Step>) {
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

    pub(super) fn finding(&self) -> Option<&Finding> {
        self.evidence.findings.get(&self.judged.property)
    }

    /// The first place where the property does not hold.
    pub(super) fn violation(&self) -> Option<&Violation> {
        self.finding()?.violations.first()
    }

    pub(super) fn record(&self, index: usize) -> Option<&Fact> {
        self.evidence.facts.records().get(index).map(|record| &record.fact)
    }

    pub(super) fn at(&self, index: usize) -> Option<Time> {
        self.evidence.facts.records().get(index).map(|record| record.stamp.at)
    }

    pub(super) fn message_of(&self, index: usize) -> Option<Gid> {
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
    pub(super) fn message_before_first_step(&self) -> Option<Gid> {
        let first = self.judged.first_step?;
        let is_first = |step: &&Step| step.at == first && step.attacker == self.judged.attacker;
        let step = self.evidence.steps.iter().find(is_first)?;
        // What the attacker makes itself is about no message of others.
        let is_about = matches!(step.deed, Deed::Saw | Deed::Altered | Deed::Replayed);
        let (from, _) = step.between.filter(|_| is_about)?;
        let facts = self.evidence.facts.iter().take_while(|(_, at, _)| *at <= first);
        let authored = facts.filter_map(|(_, _, fact)| match fact {
            Fact::Author(author) if author.actor == actor(from) => Some(author.gid),
            _ => None,
        });
        authored.last()
    }

    /// Its author, who accepted it, and what it did.
    pub(super) fn about_message(&self, gid: Gid) -> Vec<usize> {
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
    pub(super) fn reactions(&self) -> Vec<usize> {
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
    pub(super) fn thefts(&self) -> Vec<usize> {
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
    pub(super) fn steps(&self, authored: Option<Time>, end: Option<Time>) -> Vec<&Step> {
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
}

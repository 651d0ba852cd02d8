//! One fact or step as a moment of a story.

use std::collections::BTreeSet;

use super::Teller;
use super::words::word;
use crate::ledger::{About, ActorId, Agreement, Effect, Fact, Gid};
use crate::node::{Deed, Step};
use crate::report::sequence::{Act, NoteKind, Outcome, What};
use crate::sim::time::Time;

/// A moment whose lanes are still actors.
pub(super) struct Scene {
    pub(super) at: Time,
    pub(super) who: (ActorId, Option<ActorId>),
    pub(super) what: What,
}

impl Teller<'_> {
    /// What the attacker says that it did.
    pub(super) fn step(&self, step: &Step) -> Scene {
        let kind = match step.deed {
            Deed::Stole => NoteKind::Theft,
            _ => NoteKind::Step,
        };
        note(step.at, step.attacker, step.what.clone(), kind)
    }

    pub(super) fn fact(&self, index: usize, chosen: &BTreeSet<usize>) -> Option<Scene> {
        let (at, me) = (self.at(index)?, self.judged.attacker);
        let scene = match self.record(index)? {
            Fact::Author(author) => return self.authored(author.gid, at),
            Fact::Accept { message, receiver, claimed } => {
                return self.accepted(index, at, message.gid, (*receiver, *claimed), chosen);
            }
            Fact::Effect(effect) => self.effect(index, at, effect),
            Fact::Commit(end) => self.committed(at, end),
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

    /// An end finished a handshake: with its peer if that one took part in it, else with the attacker.
    fn committed(&self, at: Time, end: &Agreement) -> Scene {
        let is_run = |fact: &Fact| match fact {
            Fact::Running(other) => {
                other.association == end.association && Some(other.actor) == end.peer
            }
            _ => false,
        };
        let is_honest = self.evidence.facts.iter().any(|(.., fact)| is_run(fact));
        let peer = end.peer.map_or_else(|| "nobody".to_owned(), |peer| self.name(peer));
        let (from, act) = match end.peer.filter(|_| is_honest) {
            Some(peer) => (peer, Act::Sent),
            None => (self.judged.attacker, Act::Injected),
        };
        let label = format!("handshake as {peer}");
        let what = arrow(&label, String::new(), act, Outcome::Accepted);
        Scene { at, who: (from, Some(end.actor)), what }
    }

    /// A message as its author sent it, if the one for whom it was never accepted it.
    pub(super) fn authored(&self, gid: Gid, at: Time) -> Option<Scene> {
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
    pub(super) fn accepted(
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
        let did_copy = self.did(Deed::Replayed) || self.did(Deed::Injected);
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

    pub(super) fn effect(&self, index: usize, at: Time, effect: &Effect) -> Scene {
        let cause = effect.cause.and_then(|cause| cause.gid);
        let is_same = |fact: &Fact| matches!(fact, Fact::Effect(other) if other.resource == effect.resource && other.cause.is_some_and(|m| m.gid == cause));
        let before = self.evidence.facts.iter().take_while(|(other, ..)| *other < index);
        let is_again = cause.is_some() && before.into_iter().any(|(.., fact)| is_same(fact));
        let again = if is_again { "once more" } else { "done" };
        let text = format!("{again}: {} in {}", word(effect.operation), self.place(effect));
        note(at, effect.resource.host, text, NoteKind::Effect)
    }

    /// A mechanism blocked something: what the attacker sent, if it sent something.
    pub(super) fn refused(&self, at: Time, mechanism: &str, about: &About, reason: &str) -> Scene {
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

    pub(super) fn did(&self, deed: Deed) -> bool {
        let mut steps = self.evidence.steps.iter();
        steps.any(|step| step.deed == deed && step.attacker == self.judged.attacker)
    }

    pub(super) fn about(&self, about: &About) -> Option<ActorId> {
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
}

/// An arrow whose lanes are not known yet.
fn arrow(label: &str, detail: String, act: Act, outcome: Outcome) -> What {
    What::Message { from: 0, to: 0, label: label.to_owned(), detail, act, outcome }
}

pub(super) fn note(at: Time, who: ActorId, text: String, kind: NoteKind) -> Scene {
    Scene { at, who: (who, None), what: What::Note { lane: 0, text, kind } }
}

/// The same in its lanes.
pub(super) fn placed(what: What, first: usize, second: usize) -> What {
    match what {
        What::Message { label, detail, act, outcome, .. } => {
            What::Message { from: first, to: second, label, detail, act, outcome }
        }
        What::Note { text, kind, .. } => What::Note { lane: first, text, kind },
    }
}

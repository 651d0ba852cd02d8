//! How a story says things: names instead of numbers, and the answer in one sentence.

use super::Teller;
use crate::ledger::{
    ActorId, Create, Effect, Fact, Gid, Judgement, Operation, PropertyId, SecretClass, SourceId,
    Verdict, Violation,
};
use crate::report::words::{count, time};
use crate::sim::time::Duration;

impl Teller<'_> {
    /// A mechanism by its name, with the countermeasure whose work it is.
    pub(super) fn mechanism(&self, name: &str, reason: &str) -> String {
        let reason = if reason == name { String::new() } else { format!(", {reason}") };
        let is_of = |name: &str, all: &[String]| all.iter().any(|other| other == name);
        let mut on = self.plan.countermeasures.iter().filter(|one| one.is_on);
        match on.find(|one| is_of(name, &one.refuses)) {
            Some(one) => format!("CM{} ({name}{reason})", one.number),
            None => format!("{name}{reason}"),
        }
    }

    /// Where an attacker saw bytes: sources are numbered four a node.
    pub(super) fn saw(&self, source: SourceId, len: u32) -> String {
        let node = self.name(ActorId(source.0 / 4));
        match source.0 % 4 {
            0 | 1 => format!("sees {len} B on the link of {node}"),
            _ => format!("reads {len} B from the inside of {node}"),
        }
    }

    /// What a message asks for.
    pub(super) fn label(&self, gid: Gid) -> String {
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

    pub(super) fn place(&self, effect: &Effect) -> String {
        let name = self.evidence.resources.get(&effect.resource);
        name.cloned().unwrap_or_else(|| format!("the tree of {}", self.name(effect.resource.host)))
    }

    pub(super) fn name(&self, who: ActorId) -> String {
        if who == self.judged.attacker {
            "attacker".to_owned()
        } else {
            self.evidence.names.of(who)
        }
    }

    /// What a violation says, with names instead of numbers.
    pub(super) fn said(&self, violation: &Violation) -> String {
        let secret = violation.facts.iter().find_map(|index| match self.record(*index)? {
            Fact::Create(create) => Some(create),
            _ => None,
        });
        match secret.filter(|_| self.is_secrecy()) {
            Some(create) => format!("the attacker knows {}", self.secret(create)),
            None => self.named(&violation.what),
        }
    }

    /// The property that decided is about what the attacker knows.
    pub(super) const fn is_secrecy(&self) -> bool {
        matches!(self.judged.property, PropertyId::S1 | PropertyId::S2)
    }

    /// What a secret is, and of whom.
    pub(super) fn secret(&self, create: &Create) -> String {
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
    pub(super) fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (resource, name) in &self.evidence.resources {
            text = text.replace(&resource.to_string(), name);
        }
        let text = without_numbers(&without_numbers(&text, "association "), "resource ");
        self.evidence.names.tell(&text)
    }

    pub(super) fn title(&self) -> String {
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
    pub(super) fn answer(&self) -> String {
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
pub(super) const fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "CREATE",
        Operation::Retrieve => "RETRIEVE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Notify => "NOTIFY",
        Operation::Discover => "DISCOVER",
    }
}

//! A case: requests that are sent one after the other, and what is to be thought of their answers.

use super::answer::Answer;
use super::exchange::Heard;
use super::oracle::{Oracle, Owed, Verdict, judge};
use super::shot::Shot;
use super::stage::Type;

/// What is expected beyond an answer that is sound in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Sound,
    /// If the request in focus is refused, the retrievals before and after it are equal.
    Unchanged,
    /// The request in focus does not succeed, else this rule speaks up for this reason.
    Denied(Oracle, &'static str),
    /// The request in focus is permitted, or is not, by TS-0003 clause 7.1.5.
    Decision(bool, String),
    /// The first two requests are one primitive over two bindings.
    Same,
}

/// Requests with one in focus, and what makes a finding of them.
#[derive(Clone, Debug)]
pub struct Case {
    /// What was done to the request, such as `wrong_type`.
    pub class: &'static str,
    /// The operation in focus.
    pub operation: &'static str,
    /// The resource type that it is about.
    pub of: Type,
    /// What the class was applied to, such as `list` or `Content-Length`.
    pub about: String,
    /// Requests that make the stage from nothing.
    pub setup: Vec<Shot>,
    /// The requests of the case.
    pub shots: Vec<Shot>,
    /// Which of them is in focus.
    pub focus: usize,
    /// What is owed to it.
    pub owed: Owed,
    /// What is expected of it.
    pub expect: Expect,
}

impl Case {
    /// Judges the answers to `shots`.
    #[must_use]
    pub fn verdicts(&self, heard: &[Heard], slow_seconds: f64) -> Vec<Verdict> {
        let mut verdicts: Vec<Verdict> = Vec::new();
        for (at, one) in heard.iter().enumerate() {
            let owed = if at == self.focus { self.owed } else { Owed::Answer };
            verdicts.extend(judge(one, owed, slow_seconds));
        }
        let answers: Vec<Option<Answer>> = heard.iter().map(Heard::answer).collect();
        if let Some((oracle, reason)) = self.expected(&answers) {
            verdicts.push(Verdict { oracle, reason });
        }
        verdicts
    }

    fn expected(&self, answers: &[Option<Answer>]) -> Option<(Oracle, String)> {
        let at = |index: usize| answers.get(index)?.as_ref();
        let focus = at(self.focus)?;
        let premises = (0..self.focus).all(|index| at(index).is_some_and(Answer::is_success));
        let rsc = focus.rsc?;
        match &self.expect {
            Expect::Denied(oracle, why) if premises && focus.is_success() => {
                Some((*oracle, format!("{why}: RSC {rsc}")))
            }
            Expect::Decision(permit, why) if premises => {
                let seen = match rsc {
                    2_000..=2_999 => true,
                    4_103 => false,
                    _ => return None,
                };
                let word = |permit| if permit { "permitted" } else { "denied" };
                (seen != *permit).then(|| {
                    (
                        Oracle::Access,
                        format!("{} where {} is due ({why}): RSC {rsc}", word(seen), word(*permit)),
                    )
                })
            }
            Expect::Unchanged if premises && matches!(rsc, 4_000..=5_999) => {
                let (before, after) = (at(self.focus.checked_sub(1)?)?, at(self.focus + 1)?);
                let differ = before.body != after.body || before.rsc != after.rsc;
                differ.then(|| {
                    (
                        Oracle::RefusedChanged,
                        format!("refused with RSC {rsc}, but a retrieval shows a change"),
                    )
                })
            }
            Expect::Same => {
                let (first, second) = (at(0)?.rsc?, at(1)?.rsc?);
                (first != second).then(|| {
                    (Oracle::Bindings, format!("RSC {first} over HTTP, {second} over CoAP"))
                })
            }
            _ => None,
        }
    }

    /// All requests, from nothing.
    pub fn all(&self) -> impl Iterator<Item = &Shot> {
        self.setup.iter().chain(&self.shots)
    }
}

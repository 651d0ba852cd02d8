//! Locks accounts whose passwords are guessed.
//!
//! Wrong passwords of somebody who has logged in to the account before count for that one alone, those of all others
//! count together: a stranger locks out strangers, and never the owner at the terminal that the owner uses.

use std::collections::{BTreeMap, BTreeSet};

use super::Refusal;
#[cfg(test)]
use crate::sabotage::{Mechanism, is_away};
use crate::sim::time::{Duration, Time};

/// Whom an account knows, at most; whoever comes later stays a stranger.
const KNOWN_MAX: usize = 16;

/// What becomes of accounts whose passwords are guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockOut {
    /// Wrong passwords in a row.
    pub after: u32,
    /// Then nobody is let in for so long.
    pub lasts: Duration,
}

impl Default for LockOut {
    fn default() -> Self {
        Self { after: 5, lasts: Duration::from_secs(15 * 60) }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Attempts {
    wrong: u32,
    locked_until: Time,
}

/// Wrong passwords of all accounts.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    rule: Option<LockOut>,
    known: BTreeMap<String, BTreeSet<String>>,
    /// By account, and who it is if the account knows them.
    attempts: BTreeMap<(String, Option<String>), Attempts>,
}

impl Guard {
    pub(super) const fn new(rule: Option<LockOut>) -> Self {
        Self { rule, known: BTreeMap::new(), attempts: BTreeMap::new() }
    }

    /// Whether a password is looked at at all.
    pub(super) fn admit(&self, now: Time, account: &str, subject: &str) -> Result<(), Refusal> {
        let attempts = self.attempts.get(&self.key(account, subject));
        let is_locked = attempts.is_some_and(|attempts| now < attempts.locked_until);
        if is_locked { Err(Refusal::Locked) } else { Ok(()) }
    }

    /// A wrong password for an account that there is. True if that locks it.
    pub(super) fn failed(&mut self, now: Time, account: &str, subject: &str) -> bool {
        #[cfg(test)]
        if is_away(Mechanism::LockOut) {
            return false;
        }
        let Some(rule) = self.rule else { return false };
        let attempts = self.attempts.entry(self.key(account, subject)).or_default();
        attempts.wrong += 1;
        if attempts.wrong < rule.after {
            return false;
        }
        *attempts = Attempts { wrong: 0, locked_until: now + rule.lasts };
        true
    }

    /// The right password.
    pub(super) fn succeeded(&mut self, account: &str, subject: &str) {
        self.attempts.remove(&self.key(account, subject));
        let known = self.known.entry(account.to_owned()).or_default();
        if known.len() < KNOWN_MAX {
            known.insert(subject.to_owned());
        }
    }

    fn key(&self, account: &str, subject: &str) -> (String, Option<String>) {
        let known = self.known.get(account).is_some_and(|known| known.contains(subject));
        (account.to_owned(), known.then(|| subject.to_owned()))
    }
}

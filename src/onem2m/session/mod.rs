//! Sessions of a CSE's console (TR-0008 clause 6.6.23): who logs in with a password gets a token, and with it makes
//! requests in the name of the account. Time, randomness and the association are arguments; nothing else is known.
//!
//! [`Sessions`] keeps tokens and passwords, [`message`] is what travels. Each rule of a [`Policy`] is a mechanism
//! that is there or not; the tokens are kept as SHA-256 digests in any case.

mod guard;
pub mod message;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;

use rand_core::Rng;
use subtle::ConstantTimeEq as _;

pub use guard::LockOut;
pub use token::Tokens;

use crate::credential::at_rest::PasswordTable;
#[cfg(test)]
use crate::sabotage::{Mechanism, is_away};
use crate::sim::time::{Duration, Time};
use guard::Guard;
use message::Carriage;
use token::{Digest, digest};

/// The label under which both ends of an association export what a session is bound to (RFC 9266 section 4.2).
pub const BINDING_LABEL: &str = "EXPORTER-Channel-Binding";
/// Bytes of that value.
pub const BINDING_LEN: usize = 32;
/// Sessions at the same time.
pub const SESSIONS_MAX: usize = 65_536;
/// Tokens in a row that do not exist, after which whoever presents them is told on.
pub const UNKNOWN_MAX: u32 = 5;

/// What ties a session to an association.
pub type Binding = [u8; BINDING_LEN];

/// How sessions are looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What tokens are made of.
    pub tokens: Tokens,
    /// Where they stand in a request.
    pub carriage: Carriage,
    /// A token is good in the association only in which it was given out.
    pub is_bound: bool,
    /// A login gives a new token, whatever was presented with it.
    pub rotates: bool,
    /// A session that is not used for so long is over.
    pub idle: Option<Duration>,
    /// A session that began so long ago is over.
    pub absolute: Option<Duration>,
    /// A logout ends the session here, not only at the terminal.
    pub revokes: bool,
    /// What becomes of accounts whose passwords are guessed.
    pub lock_out: Option<LockOut>,
    /// Locked accounts, guessed tokens and use from two places raise alarms.
    pub alarms: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tokens: Tokens::Random,
            carriage: Carriage::Header,
            is_bound: true,
            rotates: true,
            idle: Some(Duration::from_secs(15 * 60)),
            absolute: Some(Duration::from_secs(8 * 3_600)),
            revokes: true,
            lock_out: Some(LockOut::default()),
            alarms: true,
        }
    }
}

/// The association that a request came over.
#[derive(Clone, Copy, Debug)]
pub struct Channel<'a> {
    /// Whom it authenticated.
    pub subject: &'a str,
    /// What both its ends can export, see [`BINDING_LABEL`]; none without protection.
    pub binding: Option<Binding>,
}

/// Why a request has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// No token.
    #[error("a request without a session")]
    Absent,
    /// A token that was never given out, or whose session is over.
    #[error("there is no such session")]
    Unknown,
    /// Not used for too long.
    #[error("the session was not used for too long")]
    Idle,
    /// Begun too long ago.
    #[error("the session began too long ago")]
    TooOld,
    /// Presented in another association.
    #[error("the session belongs to another association")]
    Elsewhere,
    /// The association has nothing to bind a session to.
    #[error("the association has nothing to bind a session to")]
    Unbindable,
    /// Nobody has logged in.
    #[error("nobody has logged in")]
    NotLoggedIn,
    /// No such account, or another password.
    #[error("no such account, or another password")]
    Password,
    /// Too many wrong passwords.
    #[error("the account is locked")]
    Locked,
    /// No room.
    #[error("there are too many sessions")]
    Full,
}

impl Refusal {
    /// Its name in metrics and in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "session_absent",
            Self::Unknown => "session_unknown",
            Self::Idle => "session_idle",
            Self::TooOld => "session_too_old",
            Self::Elsewhere => "session_binding",
            Self::Unbindable => "session_unbindable",
            Self::NotLoggedIn => "session_not_logged_in",
            Self::Password => "wrong_password",
            Self::Locked => "account_locked",
            Self::Full => "sessions_full",
        }
    }
}

/// What somebody should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// An account was locked.
    LockOut,
    /// A token came from somebody to whom it was not given.
    ConcurrentUse,
    /// Somebody presents tokens that do not exist, one after the other.
    TokenGuessing,
}

impl Alarm {
    /// Its name in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LockOut => "lock_out",
            Self::ConcurrentUse => "concurrent_use",
            Self::TokenGuessing => "token_guessing",
        }
    }
}

/// One session; before a login it has no account.
#[derive(Clone, Debug)]
struct Session {
    digest: Digest,
    account: Option<String>,
    subject: String,
    binding: Option<Binding>,
    begun: Time,
    used: Time,
}

/// All sessions and accounts of a console.
#[derive(Clone, Debug)]
pub struct Sessions {
    policy: Policy,
    passwords: PasswordTable,
    guard: Guard,
    /// By the beginnings of the digests of their tokens.
    live: BTreeMap<[u8; 8], Session>,
    /// Tokens that do not exist, in a row, by who presents them.
    unknown: BTreeMap<String, u32>,
    /// The next token, where they are counted.
    next: u64,
    alarms: Vec<Alarm>,
}

impl Sessions {
    /// Nobody is logged in; these are the accounts.
    #[must_use]
    pub fn new(policy: Policy, passwords: PasswordTable) -> Self {
        Self {
            policy,
            passwords,
            guard: Guard::new(policy.lock_out),
            live: BTreeMap::new(),
            unknown: BTreeMap::new(),
            next: token::FIRST,
            alarms: Vec::new(),
        }
    }

    /// The rules.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What was noticed since the last call.
    pub fn take_alarms(&mut self) -> Vec<Alarm> {
        std::mem::take(&mut self.alarms)
    }

    /// The work of checking a password, in blocks of 64 bytes hashed.
    #[must_use]
    pub fn password_work(&self) -> u64 {
        self.passwords.hashing().work()
    }

    /// A session of somebody who has not logged in: the token of a first visit.
    ///
    /// # Errors
    /// [`Refusal::Unbindable`], [`Refusal::Full`].
    pub fn visit(
        &mut self,
        now: Time,
        channel: &Channel<'_>,
        rng: &mut dyn Rng,
    ) -> Result<String, Refusal> {
        self.issue(now, None, channel, rng)
    }

    /// Checks a password: the token of a session of the account. `presented` is the token that came with it.
    ///
    /// # Errors
    /// [`Refusal::Locked`], [`Refusal::Password`], [`Refusal::Unbindable`], [`Refusal::Full`].
    pub fn login(
        &mut self,
        now: Time,
        channel: &Channel<'_>,
        (account, password): (&str, &str),
        presented: Option<&str>,
        rng: &mut dyn Rng,
    ) -> Result<String, Refusal> {
        self.guard.admit(now, account, channel.subject)?;
        if !self.passwords.verify(account, password) {
            let is_account = self.passwords.has(account);
            if is_account && self.guard.failed(now, account, channel.subject) {
                self.alarm(Alarm::LockOut);
            }
            return Err(Refusal::Password);
        }
        self.guard.succeeded(account, channel.subject);
        if let Some(token) = presented {
            let is_there = self.find(token).is_some();
            if is_there && !self.rotates() {
                self.keep(now, token, Some(account), channel)?;
                return Ok(token.to_owned());
            }
            self.end(token);
        }
        self.issue(now, Some(account), channel, rng)
    }

    /// The account in whose name a request with this token is made.
    ///
    /// # Errors
    /// Why it is made in nobody's.
    pub fn resume(
        &mut self,
        now: Time,
        channel: &Channel<'_>,
        token: &str,
    ) -> Result<String, Refusal> {
        let Some(session) = self.find(token) else {
            self.note_unknown(channel.subject);
            return Err(Refusal::Unknown);
        };
        if let Some(over) = over(&self.policy, session, now) {
            self.end(token);
            return Err(over);
        }
        if self.policy.is_bound && !is_same(session.binding, channel.binding) {
            // Its owner in a new association has to log in again, which is nothing to look at.
            if session.subject != channel.subject {
                self.alarm(Alarm::ConcurrentUse);
            }
            return Err(Refusal::Elsewhere);
        }
        let account = session.account.clone().ok_or(Refusal::NotLoggedIn)?;
        self.unknown.remove(channel.subject);
        if let Some(session) = self.live.get_mut(&digest(token).place()) {
            session.used = now;
        }
        Ok(account)
    }

    /// The session is over, where logging out is more than forgetting the token.
    ///
    /// # Errors
    /// As for [`resume`](Self::resume): only whoever may use a session may end it.
    pub fn logout(&mut self, now: Time, channel: &Channel<'_>, token: &str) -> Result<(), Refusal> {
        self.resume(now, channel, token)?;
        if self.revokes() {
            self.end(token);
        }
        Ok(())
    }

    /// Everything but the accounts is lost.
    pub fn restart(&mut self) {
        self.live.clear();
        self.unknown.clear();
        self.alarms.clear();
    }

    /// How many sessions there are, those that are over and not yet noticed included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    fn issue(
        &mut self,
        now: Time,
        account: Option<&str>,
        channel: &Channel<'_>,
        rng: &mut dyn Rng,
    ) -> Result<String, Refusal> {
        if self.live.len() >= SESSIONS_MAX {
            let policy = self.policy;
            self.live.retain(|_, session| over(&policy, session, now).is_none());
        }
        if self.live.len() >= SESSIONS_MAX {
            return Err(Refusal::Full);
        }
        let token = self.policy.tokens.make(&mut self.next, rng);
        self.keep(now, &token, account, channel)?;
        Ok(token)
    }

    /// Makes a session with this token, in the place of the one that it had.
    fn keep(
        &mut self,
        now: Time,
        token: &str,
        account: Option<&str>,
        channel: &Channel<'_>,
    ) -> Result<(), Refusal> {
        if self.policy.is_bound && channel.binding.is_none() {
            return Err(Refusal::Unbindable);
        }
        let digest = digest(token);
        let session = Session {
            digest,
            account: account.map(str::to_owned),
            subject: channel.subject.to_owned(),
            binding: channel.binding,
            begun: now,
            used: now,
        };
        self.live.insert(digest.place(), session);
        Ok(())
    }

    fn find(&self, token: &str) -> Option<&Session> {
        let digest = digest(token);
        self.live.get(&digest.place()).filter(|session| session.digest.is(&digest))
    }

    fn end(&mut self, token: &str) {
        if self.find(token).is_some() {
            self.live.remove(&digest(token).place());
        }
    }

    fn rotates(&self) -> bool {
        #[cfg(test)]
        if is_away(Mechanism::SessionRotation) {
            return false;
        }
        self.policy.rotates
    }

    fn revokes(&self) -> bool {
        #[cfg(test)]
        if is_away(Mechanism::SessionRevocation) {
            return false;
        }
        self.policy.revokes
    }

    /// Somebody presented a token that does not exist.
    fn note_unknown(&mut self, subject: &str) {
        let is_room = self.unknown.len() < SESSIONS_MAX || self.unknown.contains_key(subject);
        if !is_room {
            return;
        }
        let count = self.unknown.entry(subject.to_owned()).or_default();
        *count = count.saturating_add(1);
        if *count == UNKNOWN_MAX {
            self.alarm(Alarm::TokenGuessing);
        }
    }

    fn alarm(&mut self, alarm: Alarm) {
        if self.policy.alarms {
            self.alarms.push(alarm);
        }
    }
}

/// Whether a session is over, and why.
fn over(policy: &Policy, session: &Session, now: Time) -> Option<Refusal> {
    if policy.absolute.is_some_and(|most| now.since(session.begun) >= most) {
        return Some(Refusal::TooOld);
    }
    policy.idle.is_some_and(|most| now.since(session.used) >= most).then_some(Refusal::Idle)
}

/// Two ends of one association export the same; compared in constant time.
fn is_same(own: Option<Binding>, other: Option<Binding>) -> bool {
    #[cfg(test)]
    if is_away(Mechanism::SessionBinding) {
        return true;
    }
    own.zip(other).is_some_and(|(own, other)| bool::from(own.ct_eq(&other)))
}

//! Impersonation of somebody who has an account at a console: a token or a password that is not the attacker's own,
//! presented over the association of a terminal that the attacker can use.

mod fixation;
mod guess;
mod log;
mod password;
mod reuse;
mod theft;

use super::program::time;
use super::{Field, Program};
use crate::node::{Deed, Hands, NodeId, Placement};
use crate::onem2m::session::message::{self, Ask, Call};
use crate::sim::time::{Duration, Time};

/// Message IDs of the attacker; those of the user of the terminal are below.
const FIRST_MESSAGE: u16 = 0x8000;
/// What the attacker writes in the name of another.
const FORGED: &str = "0000000000000000";

/// How the attacker comes by what it presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Guesses tokens next to one of its own.
    Guess,
    /// Copies the file in which the victim's terminal keeps its token.
    Theft,
    /// Reads the console's log of addresses.
    Log,
    /// Has the victim log in with a token that it knows.
    Fixation,
    /// Comes to the victim's terminal after the victim has logged out.
    Reuse,
    /// Guesses the victim's password.
    Password,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Guess, Self::Theft, Self::Log, Self::Fixation, Self::Reuse, Self::Password];

    /// Its word in a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Theft => "theft",
            Self::Log => "log",
            Self::Fixation => "fixation",
            Self::Reuse => "reuse",
            Self::Password => "password",
        }
    }

    /// It takes place at the victim's terminal, and needs none of the attacker's own.
    #[must_use]
    pub const fn is_at_victim(self) -> bool {
        matches!(self, Self::Reuse)
    }

    /// It touches the victim's terminal from one beside it.
    #[must_use]
    pub const fn is_beside(self) -> bool {
        matches!(self, Self::Theft | Self::Fixation)
    }
}

/// Writes into the container of each victim's account, in the name of that account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonate {
    /// How.
    pub act: Act,
    /// The group whose first member is the terminal that the attacker uses; none if it is the victim's.
    pub from: Option<String>,
    /// How often it tries.
    pub times: u32,
    /// The time between two attempts.
    pub every: Duration,
}

impl Impersonate {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("act".to_owned(), self.act.word().into());
        if let Some(from) = &self.from {
            table.insert("from".to_owned(), from.as_str().into());
        }
        table.insert("times".to_owned(), self.times.into());
        table.insert("every".to_owned(), time(self.every));
        table
    }

    /// One intruder for each victim, in the terminal that it uses.
    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let own = self.from.as_deref().and_then(|group| field.first_of(group));
        let mut all = Vec::new();
        for (victim, n) in field.victims.iter().zip(0..) {
            let at = own.unwrap_or(*victim);
            let terminal = Terminal { at, victim: *victim, next: FIRST_MESSAGE };
            let pace = Pace { left: self.times, every: self.every, due: field.at };
            let mut placement = match self.act {
                Act::Guess => field.placement(n, at, vec![], guess::Guesser::new(terminal, pace)),
                Act::Theft => field.placement(n, at, vec![], theft::Thief::new(terminal, pace)),
                Act::Log => field.placement(n, at, vec![], log::Reader::new(terminal, pace)),
                Act::Fixation => {
                    field.placement(n, at, vec![], fixation::Fixer::new(terminal, pace))
                }
                Act::Reuse => field.placement(n, at, vec![], reuse::Successor::new(terminal, pace)),
                Act::Password => {
                    field.placement(n, at, vec![], password::Guesser::new(terminal, pace))
                }
            };
            placement.inside = own;
            all.push(placement);
        }
        all
    }
}

impl From<Impersonate> for Program {
    fn from(impersonate: Impersonate) -> Self {
        Self::Impersonate(impersonate)
    }
}

/// The terminal that the attacker uses, and whom it is after.
struct Terminal {
    at: NodeId,
    victim: NodeId,
    next: u16,
}

impl Terminal {
    /// Takes the terminal over: whoever uses it is the attacker.
    fn take(&self, hands: &mut Hands<'_>) {
        hands.corrupt(self.at);
    }

    /// Calls the console; the message ID of the call, if it is under way.
    fn call(&mut self, ask: Ask, token: Option<&str>, hands: &mut Hands<'_>) -> Option<u16> {
        let mid = self.next;
        self.next = mid.checked_add(1).unwrap_or(FIRST_MESSAGE);
        let carriage = hands.layout.carriage(hands.layout.place(self.at).registrar);
        let call = Call { token: token.map(str::to_owned), ask };
        let bytes = message::write(&call, carriage, mid).ok()?;
        hands.call_console(self.at, bytes).then_some(mid)
    }

    /// Writes into the victim's container with this token.
    fn write(&mut self, token: &str, hands: &mut Hands<'_>) {
        let identity = hands.layout.identity(self.at);
        let id = format!("{identity}-{}", self.next);
        let request = hands.layout.entry(self.victim, &id, FORGED);
        if self.call(Ask::Request(Box::new(request)), Some(token), hands).is_some() {
            let victim = hands.layout.identity(self.victim);
            let what = format!("presents a token to write as {victim}");
            self.step(Deed::Injected, what, hands);
        }
    }

    fn step(&self, deed: Deed, what: impl Into<String>, hands: &mut Hands<'_>) {
        let registrar = hands.layout.place(self.at).registrar;
        hands.step(deed, what, Some((self.at, registrar)));
    }
}

/// So many attempts, one after the other.
struct Pace {
    left: u32,
    every: Duration,
    due: Time,
}

impl Pace {
    /// Whether an attempt is due, which counts as made; the next is asked for.
    fn beat(&mut self, hands: &mut Hands<'_>) -> bool {
        if self.left == 0 || hands.now < self.due {
            return false;
        }
        self.left -= 1;
        self.due = hands.now + self.every;
        hands.wake_at(self.due);
        true
    }
}

/// What a console answered to the terminal's user or to the attacker.
fn reply(bytes: &[u8]) -> Option<(bool, u16, message::Reply)> {
    let (mid, reply) = message::read_reply(bytes)?;
    Some((mid >= FIRST_MESSAGE, mid, reply))
}

/// The terminal's own user got a token: the attacker has an account, too.
fn own_token(bytes: &[u8]) -> Option<String> {
    match reply(bytes)? {
        (false, _, message::Reply::Token(token)) => Some(token),
        _ => None,
    }
}

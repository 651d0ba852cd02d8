//! Applications behind a CSE that use what devices say: in a query, a command, a page, a parser.
//!
//! Each sink is a real interpreter, and an untrusted value reaches it in one of several codings. What
//! happened is never told but found by the twin rule: for the same value the bound interface defines the
//! meaning, so whatever differs from it is a fault of the coding. How far a value came is a
//! [`Level`]; a value that came nowhere because a mechanism held it is a [`Refusal`].
//!
//! The interpreters are confined: none of them reaches a file, a process or a network of this machine. What
//! they would send goes into a list of bytes, what they would open is a table in memory.

mod application;
mod database;
pub mod header;
pub mod ldap;
pub mod management;
pub mod native;
pub mod page;
pub mod tenants;

pub mod shell;
pub mod sql;

pub mod xpath;

pub use application::{Application, Form, Outcome, Setting, Touch};

use crate::ledger::{Level, Sink};

/// Bytes of one untrusted value; what is longer never reaches an interpreter.
pub const VALUE_BYTES_MAX: usize = 4_096;

/// How an untrusted value becomes part of what is interpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coding {
    /// It is pasted into the text.
    Concatenated,
    /// It is pasted after its quotation marks were escaped, as for a text slot of SQL.
    Escaped,
    /// It travels beside the text: a bound parameter, a variable, an argument vector.
    Bound,
}

/// A mechanism held a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// Which.
    pub mechanism: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// A canary: 128 random bits in a place that no intended query reaches. Who has them was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary(pub [u8; 16]);

impl Canary {
    /// The canary as it stands in its place: hexadecimal digits.
    #[must_use]
    pub fn text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(32);
        for byte in self.0 {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// What came of one value in one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpretation {
    /// The interpreter.
    pub sink: Sink,
    /// How far the value left its slot.
    pub level: Level,
    /// The mechanism that held it, if pasted in it would have left its slot.
    pub refusal: Option<Refusal>,
    /// What the application answers.
    pub answer: Vec<u8>,
    /// What was sent to other hosts meanwhile.
    pub sent: Vec<Sent>,
    /// State of the application changed.
    pub is_changed: bool,
    /// Steps of the interpreter.
    pub steps: u64,
    /// It was stopped because it took more steps than allowed.
    pub is_exhausted: bool,
    /// The interpreter failed, and the application has no answer.
    pub is_failed: bool,
}

impl Interpretation {
    /// A value that never reached the interpreter.
    #[must_use]
    pub const fn refused(sink: Sink, refusal: Refusal) -> Self {
        Self {
            sink,
            level: Level::Equal,
            refusal: Some(refusal),
            answer: Vec::new(),
            sent: Vec::new(),
            is_changed: false,
            steps: 0,
            is_exhausted: false,
            is_failed: false,
        }
    }
}

/// Bytes that left for another host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The host, as the interpreter was told it.
    pub host: String,
    /// All bytes: path, query and body.
    pub bytes: Vec<u8>,
}

/// The interpreter itself could not be set up: a defect of this program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be set up: {why}")]
pub struct Fault {
    /// What.
    pub what: &'static str,
    /// Why.
    pub why: String,
}

impl Fault {
    fn of(what: &'static str) -> impl Fn(String) -> Self {
        move |why| Self { what, why }
    }
}

/// The refusal of a value that is too long for any slot.
const TOO_LONG: Refusal = Refusal { mechanism: "length_limit", reason: "value is too long" };

/// `needle` stands somewhere in `bytes`.
fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && bytes.windows(needle.len()).any(|window| window == needle)
}

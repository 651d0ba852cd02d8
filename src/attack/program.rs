//! An attack as data: what is done, to whom, from when on, and by what it is judged.

use crate::ledger::PropertyId;
use crate::node::Placement;
use crate::sim::time::{Duration, Time};

use super::{Field, Overload, Replay};

/// An attack of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Attack {
    /// Its name in results.
    pub name: String,
    /// When it begins.
    pub at: Time,
    /// Against whom.
    pub victims: Victims,
    /// What is done.
    pub program: Program,
    /// The properties that it is after; it succeeds if one of them is violated.
    pub violates: Vec<PropertyId>,
    /// An alarm later than this after its first step does not count.
    pub alarm_within: Duration,
    /// What its success does, and up to where that counts as mitigated.
    pub loss: Option<Loss>,
}

/// Members of a group, drawn by the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victims {
    /// The group's name.
    pub group: String,
    /// How many of its members.
    pub members: u32,
}

/// A bound on a metric of a property, such as `S2.leaked_fields <= 3`.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// The property.
    pub property: PropertyId,
    /// The name of its metric.
    pub metric: String,
    /// Up to this the attack is mitigated.
    pub at_most: f64,
}

/// What an adversary does.
#[derive(Clone, Debug, PartialEq)]
pub enum Program {
    /// Sends more than shared assets can carry.
    Overload(Overload),
    /// Records datagrams on a link and sends them again.
    Replay(Replay),
}

impl Program {
    /// Its word in a scenario.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Overload(_) => "overload",
            Self::Replay(_) => "replay",
        }
    }

    /// Its parameters as a scenario has them, the target left out.
    #[must_use]
    pub fn parameters(&self) -> toml::Table {
        match self {
            Self::Overload(overload) => overload.parameters(),
            Self::Replay(replay) => replay.parameters(),
        }
    }

    /// The properties that it is after where a scenario names none.
    #[must_use]
    pub const fn aims(&self) -> &'static [PropertyId] {
        match self {
            Self::Overload(_) => &[PropertyId::D1, PropertyId::V1],
            Self::Replay(_) => &[PropertyId::A4],
        }
    }

    /// Looking is all that it does: it has begun when it sees something.
    #[must_use]
    pub const fn only_looks(&self) -> bool {
        match self {
            Self::Overload(_) => false,
            Self::Replay(_) => false,
        }
    }

    /// The intruders that carry it out.
    #[must_use]
    pub fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        match self {
            Self::Overload(overload) => overload.place(field),
            Self::Replay(replay) => replay.place(field),
        }
    }
}

/// A time as a scenario has it.
pub(super) fn time(span: Duration) -> toml::Value {
    toml::Value::String(format!("{}ns", span.0))
}

//! An attack as data: what is done, to whom, from when on, and by what it is judged.

use crate::ledger::PropertyId;
use crate::node::Placement;
use crate::sim::time::{Duration, Time};

use super::{
    BreakIn, Eavesdrop, Explore, Field, Flood, Hijack, Hostile, Impersonate, Linking, Management,
    MoveElement, Overload, PushSoftware, Raid, Relay, Replay, Reprogram, StealPasswords, Tamper,
    Trespass,
};

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
    /// Takes everything on a link to memory.
    Eavesdrop(Eavesdrop),
    /// Begins handshakes under the addresses of others.
    Flood(Flood),
    /// Uses traffic keys out of a victim's memory.
    Hijack(Hijack),
    /// Guesses which messages are of one device.
    Linking(Linking),
    /// Stands between two ends as each to the other.
    Relay(Relay),
    /// Sends more than shared assets can carry.
    Overload(Overload),
    /// Records datagrams on a link and sends them again.
    Replay(Replay),
    /// Alters datagrams on a link.
    Tamper(Tamper),
    /// Writes where it has no business.
    Trespass(Trespass),
    /// Looks for the key of a device, and runs a clone of it.
    BreakIn(BreakIn),
    /// Commands in the name of an administrator.
    Management(Management),
    /// Takes the keys of a server.
    Raid(Raid),
    /// Moves a secure element into another host.
    MoveElement(MoveElement),
    /// Writes over the chips that keys are in.
    Reprogram(Reprogram),
    /// Writes software into devices.
    PushSoftware(PushSoftware),
    /// Steals a table of passwords and searches it.
    StealPasswords(StealPasswords),
    /// Tries the management port of a server.
    Explore(Explore),
    /// Has devices report hostile contents.
    Hostile(Hostile),
    /// Uses the accounts of others at a console.
    Impersonate(Impersonate),
}

impl Program {
    /// Its word in a scenario.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Eavesdrop(_) => "eavesdrop",
            Self::Flood(_) => "flood",
            Self::Hijack(_) => "hijack",
            Self::Linking(_) => "linking",
            Self::Relay(_) => "relay",
            Self::Overload(_) => "overload",
            Self::Replay(_) => "replay",
            Self::Tamper(_) => "tamper",
            Self::Trespass(_) => "trespass",
            Self::BreakIn(_) => "break_in",
            Self::Management(_) => "management",
            Self::Raid(_) => "raid",
            Self::MoveElement(_) => "move_element",
            Self::Reprogram(_) => "reprogram",
            Self::PushSoftware(_) => "push_software",
            Self::StealPasswords(_) => "steal_passwords",
            Self::Explore(_) => "explore",
            Self::Hostile(_) => "hostile",
            Self::Impersonate(_) => "impersonate",
        }
    }

    /// Its parameters as a scenario has them, the target left out.
    #[must_use]
    pub fn parameters(&self) -> toml::Table {
        match self {
            Self::Eavesdrop(eavesdrop) => eavesdrop.parameters(),
            Self::Hijack(Hijack) => toml::Table::new(),
            Self::Flood(flood) => flood.parameters(),
            Self::Linking(linking) => linking.parameters(),
            Self::Relay(relay) => relay.parameters(),
            Self::Overload(overload) => overload.parameters(),
            Self::Replay(replay) => replay.parameters(),
            Self::Tamper(tamper) => tamper.parameters(),
            Self::Trespass(trespass) => trespass.parameters(),
            Self::BreakIn(it) => it.parameters(),
            Self::Management(it) => it.parameters(),
            Self::MoveElement(it) => it.parameters(),
            Self::Reprogram(it) => it.parameters(),
            Self::PushSoftware(it) => it.parameters(),
            Self::StealPasswords(it) => it.parameters(),
            Self::Raid(_) => toml::Table::new(),
            Self::Explore(it) => it.parameters(),
            Self::Hostile(hostile) => hostile.parameters(),
            Self::Impersonate(it) => it.parameters(),
        }
    }

    /// The properties that it is after where a scenario names none.
    #[must_use]
    pub const fn aims(&self) -> &'static [PropertyId] {
        match self {
            Self::Eavesdrop(_) => &[PropertyId::S2],
            Self::Flood(_) => &[PropertyId::K1],
            Self::Hijack(_) => &[PropertyId::I1, PropertyId::S2],
            Self::Linking(_) => &[PropertyId::U1],
            Self::Relay(_) => &[PropertyId::A3, PropertyId::S2, PropertyId::I1],
            Self::Overload(_) => &[PropertyId::D1, PropertyId::V1],
            Self::Replay(_) => &[PropertyId::A4],
            Self::Tamper(_) => &[PropertyId::I1],
            Self::Trespass(_) | Self::Impersonate(_) => &[PropertyId::Z1],
            Self::BreakIn(_) => &[PropertyId::S1],
            Self::Management(_) => &[PropertyId::K1],
            Self::Raid(_) => &[PropertyId::S1],
            Self::MoveElement(_) | Self::Reprogram(_) => &[PropertyId::K1],
            Self::PushSoftware(_) => &[PropertyId::E1],
            Self::StealPasswords(_) => &[PropertyId::S1],
            Self::Explore(_) => &[PropertyId::D1, PropertyId::Z1],
            Self::Hostile(_) => &[PropertyId::X1, PropertyId::X2, PropertyId::X3],
        }
    }

    /// Looking is all that it does: it has begun when it sees something.
    #[must_use]
    pub const fn only_looks(&self) -> bool {
        matches!(self, Self::Eavesdrop(_) | Self::Linking(_))
    }

    /// It needs nodes with interfaces for management, software and users.
    #[must_use]
    pub const fn needs_custody(&self) -> bool {
        matches!(
            self,
            Self::BreakIn(_)
                | Self::Management(_)
                | Self::Raid(_)
                | Self::MoveElement(_)
                | Self::Reprogram(_)
                | Self::PushSoftware(_)
                | Self::StealPasswords(_)
                | Self::Explore(_)
        )
    }

    /// The intruders that carry it out.
    #[must_use]
    pub fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        match self {
            Self::Eavesdrop(eavesdrop) => eavesdrop.place(field),
            Self::Flood(flood) => flood.place(field),
            Self::Hijack(Hijack) => Hijack::place(field),
            Self::Linking(linking) => linking.place(field),
            Self::Relay(relay) => relay.place(field),
            Self::Overload(overload) => overload.place(field),
            Self::Replay(replay) => replay.place(field),
            Self::Tamper(tamper) => tamper.place(field),
            Self::Trespass(trespass) => trespass.place(field),
            Self::BreakIn(it) => it.place(field),
            Self::Management(it) => it.place(field),
            Self::Raid(it) => it.place(field),
            Self::MoveElement(it) => it.place(field),
            Self::Reprogram(it) => it.place(field),
            Self::PushSoftware(it) => it.place(field),
            Self::StealPasswords(it) => it.place(field),
            Self::Explore(it) => it.place(field),
            Self::Hostile(hostile) => hostile.place(field),
            Self::Impersonate(it) => it.place(field),
        }
    }
}

/// A time as a scenario has it.
pub(super) fn time(span: Duration) -> toml::Value {
    toml::Value::String(format!("{}ns", span.0))
}

/// Words as a scenario has them.
pub(super) fn names<'a>(words: impl Iterator<Item = &'a str>) -> toml::Value {
    toml::Value::Array(words.map(Into::into).collect())
}

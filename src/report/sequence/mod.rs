//! The story of an attack: a message sequence chart of its decisive moments, and the same as text.
//!
//! A story is plain data: whoever knows what happened fills it in, and nothing here adds to it.

mod chart;
mod marks;
mod tell;
mod text;

#[cfg(test)]
mod tests;

use crate::ledger::Verdict;
use crate::sim::time::Time;

pub use chart::svg;
pub(super) use tell::answer;
pub use tell::tell;
pub use text::text;

/// Lanes that a chart shows; what happens in others is left out, and counted.
pub const LANES_MAX: usize = 8;
/// Moments that a story tells; what comes later is left out, and counted.
pub const MOMENTS_MAX: usize = 40;

/// The decisive moments of a run under attack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// What it is about: threat, countermeasure, scenario and seed.
    pub title: String,
    /// What happened, in one sentence.
    pub answer: String,
    /// How the attack is judged.
    pub verdict: Option<Verdict>,
    /// Who takes part, from left to right.
    pub lanes: Vec<Lane>,
    /// What happened, in order of time.
    pub moments: Vec<Moment>,
    /// Moments that whoever made the story left out.
    pub left_out: u64,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The name, such as `meter-3`.
    pub name: String,
    /// The part in the story.
    pub kind: LaneKind,
}

/// The part that somebody has in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// Plays by the rules.
    Honest,
    /// Attacks.
    Attacker,
    /// Bears the damage.
    Victim,
    /// Serves others.
    Infrastructure,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A message went from one lane to another, or did not arrive.
    Message {
        /// The lane that sent it.
        from: usize,
        /// The lane for which it was.
        to: usize,
        /// What it is, in a few words.
        label: String,
        /// What a reader needs to know of its content; may be empty.
        detail: String,
        /// How it came to be sent.
        act: Act,
        /// What became of it.
        outcome: Outcome,
    },
    /// Something happened in one lane.
    Note {
        /// The lane.
        lane: usize,
        /// What happened, in a few words.
        text: String,
        /// What kind of thing that is.
        kind: NoteKind,
    },
}

/// How a message came to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Its sender meant it.
    Sent,
    /// An attacker changed it on its way.
    Altered,
    /// An attacker sent a second time what was sent before.
    Replayed,
    /// An attacker made it.
    Injected,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// Its receiver believed it.
    Accepted,
    /// Its receiver refused it: the mechanism and its reason.
    Refused(String),
    /// It never arrived.
    Dropped,
}

/// What kind of thing happened in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// A detector spoke.
    Alarm,
    /// State was changed.
    Effect,
    /// An attacker came to know or to have something.
    Theft,
    /// An attacker did something.
    Step,
    /// A mechanism refused something.
    Refusal,
    /// A property no longer holds.
    Violation,
}

impl Act {
    /// In front of what a message is.
    const fn word(self) -> &'static str {
        match self {
            Self::Sent => "",
            Self::Altered => "altered: ",
            Self::Replayed => "replayed: ",
            Self::Injected => "injected: ",
        }
    }
}

impl NoteKind {
    /// In front of what happened.
    const fn word(self) -> &'static str {
        match self {
            Self::Alarm => "Alarm",
            Self::Effect => "Effect",
            Self::Theft => "Taken",
            Self::Step => "Attacker's step",
            Self::Refusal => "Refused",
            Self::Violation => "Violated",
        }
    }
}

impl Story {
    /// The moments that are shown: the first [`MOMENTS_MAX`] whose lanes are.
    fn shown(&self) -> impl Iterator<Item = &Moment> {
        let lanes = self.lanes.len().min(LANES_MAX);
        let is_shown = move |moment: &&Moment| match &moment.what {
            What::Message { from, to, .. } => *from < lanes && *to < lanes,
            What::Note { lane, .. } => *lane < lanes,
        };
        self.moments.iter().filter(is_shown).take(MOMENTS_MAX)
    }

    /// How many moments are not shown.
    fn hidden(&self) -> u64 {
        let hidden = self.moments.len() - self.shown().count();
        self.left_out.saturating_add(u64::try_from(hidden).unwrap_or(u64::MAX))
    }

    /// From when times are counted: the first moment.
    fn start(&self) -> Time {
        self.shown().next().map_or(Time::ZERO, |moment| moment.at)
    }

    /// What is said at the end about moments that are not shown.
    fn note_on_hidden(&self) -> Option<String> {
        match self.hidden() {
            0 => None,
            1 => Some("1 further moment is left out.".to_owned()),
            n => Some(format!("{} further moments are left out.", super::words::count(n))),
        }
    }

    /// What a message did, in a few words; none if it merely arrived.
    fn fate(outcome: &Outcome) -> Option<String> {
        match outcome {
            Outcome::Delivered => None,
            Outcome::Accepted => Some("accepted".to_owned()),
            Outcome::Refused(why) if why.is_empty() => Some("refused".to_owned()),
            Outcome::Refused(why) => Some(format!("refused: {why}")),
            Outcome::Dropped => Some("never arrives".to_owned()),
        }
    }
}

//! How long a key is good for. TS-0003 gives no numbers (clause 10.7); it says only that a Km or Kpsa
//! must not outlive the enrolment that it was derived from, and that a MAF sets the life of a Kc.

use super::Level;
use crate::sim::time::{Duration, Time};

/// When a key may be used: from `not_before` on, and before `not_after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: Time,
    /// The first moment after: the expiry.
    pub not_after: Time,
}

/// What a key is at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its time has not come.
    NotYet,
    /// It may be used.
    Valid,
    /// Its time is over.
    Expired,
}

impl Status {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotYet => "not_yet",
            Self::Valid => "valid",
            Self::Expired => "expired",
        }
    }
}

impl Validity {
    /// Good at all times.
    pub const ALWAYS: Self = Self { not_before: Time::ZERO, not_after: Time::NEVER };

    /// Good from `start` on for `span`.
    #[must_use]
    pub fn from(start: Time, span: Duration) -> Self {
        Self { not_before: start, not_after: start + span }
    }

    /// What the key is at `now`. Only [`ALWAYS`](Self::ALWAYS) and its like are valid at
    /// [`Time::NEVER`].
    #[must_use]
    pub fn at(&self, now: Time) -> Status {
        if now < self.not_before {
            Status::NotYet
        } else if now < self.not_after || self.not_after == Time::NEVER {
            Status::Valid
        } else {
            Status::Expired
        }
    }

    /// The times that lie in both; empty ones are [`Expired`](Status::Expired) from their start.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        Self {
            not_before: self.not_before.max(other.not_before),
            not_after: self.not_after.min(other.not_after),
        }
    }
}

/// What happens when a derived key is to live longer than its enrolment allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Excess {
    /// It lives as long as the enrolment.
    #[default]
    Shorten,
    /// It is refused.
    Refuse,
}

/// Why a key gets no life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifetimeError {
    /// It would outlive its enrolment.
    #[error("the key would outlive its enrolment")]
    OutlivesEnrolment,
    /// The enrolment is over, or has not begun.
    #[error("the enrolment is not valid at this time")]
    NoEnrolment,
}

impl LifetimeError {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OutlivesEnrolment => "outlives_enrolment",
            Self::NoEnrolment => "no_enrolment",
        }
    }
}

/// Whether a key of this level must not outlive the Ke that it came from (clause 10.7). Usage-constrained
/// keys come from Ke too, so the rule is taken to hold for them.
#[must_use]
pub const fn is_bound_to_enrolment(level: Level) -> bool {
    matches!(level, Level::Km | Level::Kpsa | Level::Usage)
}

/// The life of a key of `level` that comes into being at `now` and is wanted for `span`, under an
/// enrolment (that of its Ke).
pub fn granted(
    level: Level,
    now: Time,
    span: Duration,
    enrolment: &Validity,
    excess: Excess,
) -> Result<Validity, LifetimeError> {
    let wanted = Validity::from(now, span);
    if !is_bound_to_enrolment(level) {
        return Ok(wanted);
    }
    if enrolment.at(now) != Status::Valid {
        return Err(LifetimeError::NoEnrolment);
    }
    if wanted.not_after > enrolment.not_after && excess == Excess::Refuse {
        return Err(LifetimeError::OutlivesEnrolment);
    }
    Ok(wanted.within(enrolment))
}

//! Why an ESPrim object is refused, and with which status code (TS-0004 table 7.6.2-1).

use crate::wire::primitive::Rsc;

/// What is wrong with an object, or with the attempt to make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Fault {
    /// Not a JWE in compact serialisation with the header of ESPrim.
    #[error("not an ESPrim object")]
    Malformed,
    /// An algorithm that is not supported, or not agreed on.
    #[error("unsupported algorithm")]
    UnsupportedOption,
    /// The pairwise key is not known, or expired.
    #[error("unknown pairwise key")]
    UnknownKeyId,
    /// The originator's random object is not known, expired, or outlives the receiver's.
    #[error("unknown originator random object")]
    UnknownOriginatorRand,
    /// The receiver's random object is not known, or expired.
    #[error("unknown receiver random object")]
    UnknownReceiverRand,
    /// The tag does not fit.
    #[error("integrity check failed")]
    BadMac,
    /// From is not the identity that the pairwise key belongs to.
    #[error("From is not the holder of the key")]
    Impersonation,
    /// The inner primitive has no From that could be compared.
    #[error("no From in the inner primitive")]
    NoFrom,
    /// The counter was seen before, or is behind the window.
    #[error("replayed")]
    Replayed,
    /// The IV holds no counter: the other end does not count.
    #[error("no counter in the initialization vector")]
    NoCounter,
    /// The window could not be saved, so nothing was accepted.
    #[error("the replay window could not be saved")]
    Unsaved,
    /// The key has as many sessions as it may have.
    #[error("too many sessions of this key")]
    TooManySessions,
    /// The inner primitive is too long.
    #[error("inner primitive too long")]
    TooLong,
    /// The session has sealed as many objects as it may: establish a new one.
    #[error("session exhausted")]
    Exhausted,
}

impl Fault {
    /// The status code of the outer response.
    #[must_use]
    pub const fn status(self) -> Rsc {
        Rsc(match self {
            Self::Malformed => 4_000,
            Self::UnsupportedOption => 4_111,
            Self::UnknownKeyId => 4_112,
            Self::UnknownOriginatorRand => 4_113,
            Self::UnknownReceiverRand => 4_114,
            Self::BadMac => 4_115,
            Self::Impersonation => 4_116,
            Self::NoFrom
            | Self::Replayed
            | Self::NoCounter
            | Self::Unsaved
            | Self::TooManySessions => 5_210,
            Self::TooLong | Self::Exhausted => 5_211,
        })
    }

    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnsupportedOption => "unsupported_option",
            Self::UnknownKeyId => "unknown_key_id",
            Self::UnknownOriginatorRand => "unknown_originator_rand",
            Self::UnknownReceiverRand => "unknown_receiver_rand",
            Self::BadMac => "bad_mac",
            Self::Impersonation => "impersonation",
            Self::NoFrom => "no_from",
            Self::Replayed => "replayed",
            Self::NoCounter => "no_counter",
            Self::Unsaved => "unsaved",
            Self::TooManySessions => "too_many_sessions",
            Self::TooLong => "too_long",
            Self::Exhausted => "exhausted",
        }
    }
}

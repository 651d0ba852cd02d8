//! The CoAP binding (TS-0008): primitives to CoAP messages and back.
//!
//! Option numbers are those of the current generation (release 3 on). The older numbers overlap them
//! with other meanings, so a peer of releases 1 and 2 needs an option profile of its own.

mod request;
mod response;

use super::Format;
use crate::wire::coap::{self, Kind, Token};

/// oneM2M's CoAP option numbers.
pub mod option {
    /// TY: resource type, uint of 2 bytes.
    pub const TY: u16 = 267;
    /// RVI: release, text of 1 to 2 bytes.
    pub const RVI: u16 = 271;
    /// FR: originator, text of up to 255 bytes.
    pub const FR: u16 = 279;
    /// RQI: request identifier, text of up to 255 bytes.
    pub const RQI: u16 = 283;
    /// RSC: response status code, uint of 2 bytes.
    pub const RSC: u16 = 307;

    /// The number belongs to oneM2M, whether this slice serves it (OT 259 to MSU 351) or not.
    #[must_use]
    pub const fn is_onem2m(number: u16) -> bool {
        matches!(number, 259..=351) && number % 4 == 3 && number != 315
    }
}

/// Content-Format numbers.
mod format {
    /// application/json
    pub(super) const JSON: u32 = 50;
    /// application/vnd.onem2m-res+json
    pub(super) const RESOURCE_JSON: u32 = 10_015;
    /// The same in other implementations' tables.
    pub(super) const RESOURCE_JSON_OTHER: u32 = 10_001;
}

/// What a CoAP message needs beside the primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The message's type.
    pub kind: Kind,
    /// Its message ID.
    pub mid: u16,
    /// Its token.
    pub token: Token,
}

/// Why a request cannot be put into a CoAP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// to is empty, has an empty or too long segment, or is too long.
    #[error("the target cannot be sent")]
    Target,
    /// fr or rqi is empty or longer than [`MAX_IDENTIFIER`](super::MAX_IDENTIFIER).
    #[error("an identifier is empty or too long")]
    Identifier,
    /// pc is longer than [`MAX_BODY`](super::MAX_BODY).
    #[error("the content is too long")]
    Content,
}

/// Why a CoAP response is not a response primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum AnswerFault {
    /// RSC is absent: CoAP refused before oneM2M was concerned.
    #[error("the status code is absent")]
    NoStatus,
    /// A critical option is unknown (RFC 7252 section 5.4.1).
    #[error("a critical option is unknown")]
    CriticalOption,
    /// RSC is longer than two bytes.
    #[error("the status code is not a number of two bytes")]
    Status,
    /// RSC and the CoAP code contradict each other.
    #[error("status code and CoAP code differ")]
    Mismatch,
    /// An option is not text where it should be, or names no release.
    #[error("an option has a bad value")]
    OptionValue,
    /// The payload is in a format that is not served, or too long.
    #[error("the content is not served")]
    Content,
}

impl AnswerFault {
    /// The name in `message.rejected.NAME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoStatus => "answer_no_status",
            Self::CriticalOption => "answer_critical_option",
            Self::Status => "answer_status",
            Self::Mismatch => "answer_mismatch",
            Self::OptionValue => "answer_option_value",
            Self::Content => "answer_content",
        }
    }
}

impl Format {
    const fn number(self) -> u32 {
        match self {
            Self::Json => format::RESOURCE_JSON,
        }
    }

    fn from_number(value: &[u8]) -> Option<Self> {
        match coap::read_uint(value)? {
            format::JSON | format::RESOURCE_JSON | format::RESOURCE_JSON_OTHER => Some(Self::Json),
            _ => None,
        }
    }
}

/// An unsigned integer of at most two bytes.
fn short(value: &[u8]) -> Option<u16> {
    if value.len() > 2 { None } else { u16::try_from(coap::read_uint(value)?).ok() }
}

//! What can be wrong with a CoAP request as a oneM2M request.

use super::Rsc;
use crate::wire::coap::Code;

/// Why a well-formed CoAP request is not a request primitive that this crate serves. Each is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// A critical option that is unknown, or repeated where it must not be (RFC 7252 section 5.4).
    #[error("a critical option is unknown or repeated")]
    CriticalOption,
    /// A oneM2M parameter that this slice does not serve.
    #[error("a parameter is not supported")]
    Parameter,
    /// The client wants the answer in a format that is not served.
    #[error("the accepted format is not supported")]
    Accept,
    /// An option value that is not UTF-8, or is longer or shorter than TS-0008 lets it be.
    #[error("an option has a value out of its bounds")]
    OptionValue,
    /// A method without a meaning in the binding.
    #[error("the method is not bound to an operation")]
    Method,
    /// No target, or one that is not an address.
    #[error("the target is not an address")]
    Target,
    /// fr is absent. (Only the registration of an AE may leave it out; not in this slice.)
    #[error("the originator is absent")]
    NoOriginator,
    /// rqi is absent.
    #[error("the request identifier is absent")]
    NoRequestIdentifier,
    /// rvi is absent (release 1) or names no release that is served.
    #[error("the release is not supported")]
    Release,
    /// ty in a request that is no CREATE.
    #[error("a resource type without a CREATE")]
    TypeWithoutCreate,
    /// An argument in the query that this slice does not serve.
    #[error("a query argument is not supported")]
    Query,
    /// A query argument with a value out of its range.
    #[error("a query argument has a bad value")]
    QueryValue,
    /// A payload in a format that is not served, or of no stated format.
    #[error("the content format is not supported")]
    ContentFormat,
    /// A payload where there must be none, or none where there must be one.
    #[error("the content is missing or out of place")]
    ContentPresence,
    /// A content longer than [`super::MAX_BODY`].
    #[error("the content is longer than the limit")]
    ContentTooLong,
}

impl Refusal {
    /// The response status code; `None` where CoAP itself refuses, before oneM2M is concerned.
    #[must_use]
    pub const fn rsc(self) -> Option<Rsc> {
        match self {
            Self::CriticalOption => None,
            Self::Release => Some(Rsc::RELEASE_VERSION_NOT_SUPPORTED),
            Self::Query | Self::Parameter => Some(Rsc::NOT_IMPLEMENTED),
            Self::ContentFormat => Some(Rsc::UNSUPPORTED_MEDIA_TYPE),
            Self::ContentTooLong | Self::Accept => Some(Rsc::NOT_ACCEPTABLE),
            Self::Method => Some(Rsc::OPERATION_NOT_ALLOWED),
            Self::OptionValue
            | Self::Target
            | Self::NoOriginator
            | Self::NoRequestIdentifier
            | Self::TypeWithoutCreate
            | Self::QueryValue
            | Self::ContentPresence => Some(Rsc::BAD_REQUEST),
        }
    }

    /// The CoAP code of the answer.
    #[must_use]
    pub const fn code(self) -> Code {
        match self.rsc() {
            Some(rsc) => rsc.coap(),
            None => Code::BAD_OPTION,
        }
    }
}

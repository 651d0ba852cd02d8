//! Why a message that an association delivered is dropped without an answer.

use crate::wire::binding::Refusal;
use crate::wire::coap::Malformed;

/// Why a message has no effect and no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum RejectReason {
    /// The bytes are not a CoAP message.
    #[error("not a CoAP message: {0}")]
    Coap(#[from] Malformed),
    /// At a CSE: a response, an acknowledgement or a reset that nothing waits for.
    #[error("not a request")]
    NotARequest,
    /// A NON that was handled before (RFC 7252 section 4.5: to be ignored silently).
    #[error("a duplicate of a non-confirmable request")]
    DuplicateNonConfirmable,
    /// A duplicate of a request that is still being carried out.
    #[error("a request that is still being carried out")]
    UnderWay,
    /// The originator wanted no answer (rt noResponse) in a NON.
    #[error("no answer is wanted")]
    NoAnswer,
    /// At a device: not a response.
    #[error("not an answer")]
    NotAnAnswer,
    /// At a device: a response that is no response primitive.
    #[error("not a oneM2M answer: {0}")]
    Answer(#[from] Refusal),
}

impl RejectReason {
    /// The name in `message.rejected.NAME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coap(reason) => reason.name(),
            Self::NotARequest => "not_a_request",
            Self::DuplicateNonConfirmable => "duplicate_non_confirmable",
            Self::UnderWay => "request_under_way",
            Self::NoAnswer => "no_answer_wanted",
            Self::NotAnAnswer => "not_an_answer",
            Self::Answer(refusal) => refusal.name(),
        }
    }
}

//! What can be wrong with the bytes of a message.

/// Why bytes are not a CoAP message: each is a message format error by RFC 7252, or one of our limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Malformed {
    /// Longer than [`super::MAX_MESSAGE`].
    #[error("the message is longer than the limit")]
    TooLong,
    /// Shorter than the four bytes of the header.
    #[error("the header is cut short")]
    HeaderTruncated,
    /// The version is not 1 (section 3: to be ignored silently).
    #[error("the version is not 1")]
    Version,
    /// A token length of 9 to 15 (section 3).
    #[error("the token length is reserved")]
    TokenLength,
    /// The message ends inside the token.
    #[error("the token is cut short")]
    TokenTruncated,
    /// A code of class 1, 3, 6 or 7 (section 3).
    #[error("the code is of a reserved class")]
    ReservedCode,
    /// Code 0.00 with a token, options or a payload (section 4.1).
    #[error("an empty message has content")]
    EmptyWithContent,
    /// An empty message of type NON (section 4.3).
    #[error("a non-confirmable message is empty")]
    EmptyNonConfirmable,
    /// A reset that is not empty (section 4.2).
    #[error("a reset is not empty")]
    ResetWithContent,
    /// An acknowledgement that carries a request (section 4.2).
    #[error("an acknowledgement carries a request")]
    AcknowledgedRequest,
    /// An option delta of 15 that is not the payload marker, or an option length of 15 (section 3.1).
    #[error("an option uses the reserved nibble 15")]
    ReservedNibble,
    /// The message ends inside an option.
    #[error("an option is cut short")]
    OptionTruncated,
    /// An option number above 65,535.
    #[error("an option number is out of range")]
    OptionNumber,
    /// An option value longer than [`super::MAX_OPTION_VALUE`].
    #[error("an option value is longer than the limit")]
    OptionTooLong,
    /// More than [`super::MAX_OPTIONS`] options.
    #[error("there are more options than the limit")]
    TooManyOptions,
    /// A payload marker with nothing after it (section 3).
    #[error("the payload marker is followed by nothing")]
    EmptyPayload,
}

impl Malformed {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::TooLong,
        Self::HeaderTruncated,
        Self::Version,
        Self::TokenLength,
        Self::TokenTruncated,
        Self::ReservedCode,
        Self::EmptyWithContent,
        Self::EmptyNonConfirmable,
        Self::ResetWithContent,
        Self::AcknowledgedRequest,
        Self::ReservedNibble,
        Self::OptionTruncated,
        Self::OptionNumber,
        Self::OptionTooLong,
        Self::TooManyOptions,
        Self::EmptyPayload,
    ];

    /// The name in `message.rejected.NAME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "coap_too_long",
            Self::HeaderTruncated => "coap_header_truncated",
            Self::Version => "coap_version",
            Self::TokenLength => "coap_token_length",
            Self::TokenTruncated => "coap_token_truncated",
            Self::ReservedCode => "coap_reserved_code",
            Self::EmptyWithContent => "coap_empty_with_content",
            Self::EmptyNonConfirmable => "coap_empty_non_confirmable",
            Self::ResetWithContent => "coap_reset_with_content",
            Self::AcknowledgedRequest => "coap_acknowledged_request",
            Self::ReservedNibble => "coap_reserved_nibble",
            Self::OptionTruncated => "coap_option_truncated",
            Self::OptionNumber => "coap_option_number",
            Self::OptionTooLong => "coap_option_too_long",
            Self::TooManyOptions => "coap_too_many_options",
            Self::EmptyPayload => "coap_empty_payload",
        }
    }
}

//! Why a message is no primitive, and why a primitive is no message.

use crate::wire::coap::Code;
use crate::wire::primitive::{self, Rsc};
use crate::wire::value;

/// Why a well-formed message of the transport is not a primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// Its parameters or its body are not.
    #[error("{0}")]
    Primitive(#[from] primitive::Refusal),
    /// Two places say different things of one parameter.
    #[error("two places disagree on `{0}`")]
    Disagreement(&'static str),
    /// No target, or one that is not an address.
    #[error("the target is not an address")]
    Target,
    /// `%` without two hexadecimal digits, or bytes behind it that are not UTF-8.
    #[error("the percent-encoding is wrong")]
    PercentEncoding,
    /// A query argument that is not `name=value`, or whose value is not of the parameter's type.
    #[error("a query argument is wrong")]
    Query,
    /// A method without a meaning in the binding.
    #[error("the method is not bound to an operation")]
    Method,
    /// The client wants the answer in a format that is not served.
    #[error("the accepted format is not supported")]
    Accept,
    /// A body of no stated format, or of one that is not served.
    #[error("the content format is not supported")]
    ContentFormat,
    /// A body where there must be none.
    #[error("a body is out of place")]
    ContentPresence,
    /// The status of the transport and that of the primitive contradict each other.
    #[error("the two status codes contradict each other")]
    StatusMismatch,
    /// A response without a oneM2M status: the transport refused before oneM2M was concerned.
    #[error("the status code is absent")]
    NoStatus,
    /// CoAP: a critical option that is unknown, or repeated where it must not be (RFC 7252 section 5.4).
    #[error("a critical option is unknown or repeated")]
    CriticalOption,
    /// CoAP: an option value that is not UTF-8, or is longer or shorter than TS-0008 lets it be.
    #[error("an option has a value out of its bounds")]
    OptionValue,
    /// CoAP: one block of a body, to be put together first (RFC 7959).
    #[error("the body is only a block")]
    Block,
    /// HTTP: not the syntax of RFC 9112.
    #[error("the HTTP syntax is wrong")]
    HttpSyntax,
    /// HTTP: the message is not complete.
    #[error("the HTTP message is cut short")]
    HttpTruncated,
    /// HTTP: bytes follow the body.
    #[error("bytes follow the HTTP message")]
    HttpTrailing,
    /// HTTP: not version 1.1.
    #[error("the HTTP version is not 1.1")]
    HttpVersion,
    /// HTTP: the line or the head is longer than its limit.
    #[error("the HTTP head is longer than the limit")]
    HttpHeadTooLong,
    /// HTTP: more header fields than the limit.
    #[error("there are more header fields than the limit")]
    HttpTooManyHeaders,
    /// HTTP: Transfer-Encoding. Bodies have a stated length here.
    #[error("the body has a transfer encoding")]
    HttpTransferEncoding,
    /// HTTP: Content-Length is repeated or no decimal number.
    #[error("the content length is wrong")]
    HttpContentLength,
    /// HTTP: the body is longer than the limit.
    #[error("the body is longer than the limit")]
    HttpBodyTooLong,
    /// HTTP: Host is absent or repeated (RFC 9112 section 3.2).
    #[error("there is not one Host")]
    HttpHost,
    /// HTTP: a header field of oneM2M that is not known or no text.
    #[error("a header field is not known or not text")]
    HttpHeader,
    /// MQTT: not a topic of TS-0010.
    #[error("the topic is not one of oneM2M")]
    Topic,
    /// WebSocket: text where bytes are due, or the reverse.
    #[error("the frame is of the wrong type")]
    Frame,
    /// WebSocket: neither a request nor a response.
    #[error("neither a request nor a response")]
    NoPrimitive,
}

impl Refusal {
    /// The name in `message.rejected.NAME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Primitive(refusal) => refusal.name(),
            Self::Disagreement(_) => "binding_disagreement",
            Self::Target => "binding_target",
            Self::PercentEncoding => "binding_percent_encoding",
            Self::Query => "binding_query",
            Self::Method => "binding_method",
            Self::Accept => "binding_accept",
            Self::ContentFormat => "binding_content_format",
            Self::ContentPresence => "binding_content_presence",
            Self::StatusMismatch => "answer_mismatch",
            Self::NoStatus => "answer_no_status",
            Self::CriticalOption => "coap_critical_option",
            Self::OptionValue => "coap_option_value",
            Self::Block => "coap_block",
            Self::HttpSyntax => "http_syntax",
            Self::HttpTruncated => "http_truncated",
            Self::HttpTrailing => "http_trailing",
            Self::HttpVersion => "http_version",
            Self::HttpHeadTooLong => "http_head_too_long",
            Self::HttpTooManyHeaders => "http_too_many_headers",
            Self::HttpTransferEncoding => "http_transfer_encoding",
            Self::HttpContentLength => "http_content_length",
            Self::HttpBodyTooLong => "http_body_too_long",
            Self::HttpHost => "http_host",
            Self::HttpHeader => "http_header",
            Self::Topic => "mqtt_topic",
            Self::Frame => "websocket_frame",
            Self::NoPrimitive => "websocket_no_primitive",
        }
    }

    /// The response status code; `None` where the transport itself refuses, before oneM2M is concerned.
    #[must_use]
    pub const fn rsc(self) -> Option<Rsc> {
        match self {
            Self::Primitive(refusal) => Some(refusal.rsc()),
            Self::Method => Some(Rsc::OPERATION_NOT_ALLOWED),
            Self::Accept => Some(Rsc::NOT_ACCEPTABLE),
            Self::ContentFormat => Some(Rsc::UNSUPPORTED_MEDIA_TYPE),
            Self::Disagreement(_)
            | Self::Target
            | Self::PercentEncoding
            | Self::Query
            | Self::ContentPresence
            | Self::OptionValue
            | Self::HttpHeader
            | Self::NoPrimitive => Some(Rsc::BAD_REQUEST),
            _ => None,
        }
    }

    /// The CoAP code of the answer.
    #[must_use]
    pub const fn coap(self) -> Code {
        match self.rsc() {
            Some(rsc) => rsc.coap(),
            None => Code::BAD_OPTION,
        }
    }
}

impl From<value::Malformed> for Refusal {
    fn from(malformed: value::Malformed) -> Self {
        Self::Primitive(malformed.into())
    }
}

/// Why a primitive cannot be put into a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// to is empty, has an empty, dotted or too long segment, or is too long.
    #[error("the target cannot be sent")]
    Target,
    /// A parameter is empty or too long for its place, or has characters that the place cannot carry.
    #[error("`{0}` cannot be sent")]
    Parameter(String),
    /// The content has no form in the serialisation.
    #[error("{0}")]
    Content(#[from] value::Unwritable),
}

//! The device's side: building a report, reading its answer.

use super::RejectReason;
pub(crate) use super::service::CONTAINER;
use crate::sim::time::{Duration, Time};
use crate::wire::binding::Unsendable;
use crate::wire::binding::coap::{Exchange, read_response, write_request};
use crate::wire::coap::{Kind, Message, Token};
use crate::wire::primitive::{
    Content, Profile, Request, ResourceType, Response, Rsc, Serialisation,
};

/// One report of telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// Who reports (fr).
    pub originator: &'a str,
    /// The container that takes it (to), see [`target`].
    pub target: &'a str,
    /// CoAP message ID: a new one for each report, the same one when a report is repeated.
    pub mid: u16,
    /// CoAP token.
    pub token: Token,
    /// Request identifier (rqi).
    pub request_id: &'a str,
    /// The content, at most [`super::MAX_CONTENT`] bytes if the CSE is to take it.
    pub content: &'a str,
}

/// What a CSE answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// CoAP message ID: that of the request if the answer is piggybacked on an acknowledgement.
    pub mid: u16,
    /// CoAP token: that of the request.
    pub token: Token,
    /// Response status code (rsc).
    pub status: Rsc,
}

/// The address of `originator`'s container in the CSE whose CSEBase is called `cse`.
#[must_use]
pub fn target(cse: &str, originator: &str) -> String {
    format!("{cse}/{originator}/{CONTAINER}")
}

/// A content of exactly `len` bytes, such as a meter would send: the decimal digits of `n`, the last
/// ones if there are too many, with zeros in front if there are too few.
#[must_use]
pub fn reading(len: usize, n: u64) -> String {
    let digits = format!("{n:0len$}");
    digits[digits.len() - len..].to_owned()
}

/// The CREATE of a contentInstance in a confirmable CoAP message.
///
/// # Errors
/// Names what does not fit into the message.
pub fn report(report: &Report<'_>) -> Result<Vec<u8>, Unsendable> {
    let request = Request::create(
        report.target,
        report.originator,
        report.request_id,
        ResourceType::CONTENT_INSTANCE,
        Content::instance(report.content),
    );
    let exchange = Exchange { kind: Kind::Confirmable, mid: report.mid, token: report.token };
    let outgoing = write_request(&request, Serialisation::Json, &Profile::STRICT)?;
    Ok(outgoing.message(exchange))
}

/// When a [`reading`] of the time in milliseconds was made; `None` if it has too few digits to tell.
#[must_use]
pub fn time_of(reading: &str) -> Option<Time> {
    // The longest run takes 13 digits.
    let millis = (reading.len() >= 13).then(|| reading.parse().ok())??;
    Some(Time::ZERO + Duration::from_millis(millis))
}

/// Reads the answer to a report: piggybacked on an acknowledgement, or a NON. Separate confirmable
/// responses (RFC 7252 section 5.2.2), which [`super::Service`] never sends, are not taken.
///
/// # Errors
/// Names why the bytes are no answer of a CSE.
pub fn answer(bytes: &[u8]) -> Result<Answer, RejectReason> {
    let (message, response) = read(bytes)?;
    Ok(Answer { mid: message.mid, token: message.token, status: response.status })
}

/// The text of the contentInstance that a request brings.
#[must_use]
pub fn content_of(request: &Request) -> Option<&str> {
    let content = request.content.as_ref()?;
    content.value.as_map()?.get("con")?.as_text()
}

/// Reads the answer to any request: the message ID of the request, and what the answer says.
///
/// # Errors
/// Names why the bytes are no answer of a CSE.
pub fn response(bytes: &[u8]) -> Result<(u16, Response), RejectReason> {
    read(bytes).map(|(message, response)| (message.mid, response))
}

fn read(bytes: &[u8]) -> Result<(Message<'_>, Response), RejectReason> {
    let message = Message::parse(bytes)?;
    let carries = matches!(message.kind, Kind::Acknowledgement | Kind::NonConfirmable);
    if !carries || !message.code.is_response() {
        return Err(RejectReason::NotAnAnswer);
    }
    let response = read_response(&message, &Profile::STRICT)?;
    Ok((message, response))
}

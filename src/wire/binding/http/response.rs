//! Responses in HTTP.

use super::super::collection::Collection;
use super::super::{Refusal, Unsendable};
use super::head::{First, Head};
use super::header;
use crate::wire::primitive::{Profile, Response};
use crate::wire::value::Serialisation;

/// Reads the response out of one HTTP message.
///
/// # Errors
/// Names why the bytes are no response primitive.
pub fn read_response(bytes: &[u8], profile: &Profile) -> Result<Response, Refusal> {
    let (head, body) = Head::read_whole(bytes)?;
    let First::Status(status) = head.first else { return Err(Refusal::HttpSyntax) };
    let mut collection = Collection::default();
    header::read(&mut collection, &head, profile)?;
    let (media, ty) = header::content_type(&head)?;
    if ty.is_some() {
        return Err(Refusal::HttpHeader);
    }
    if let Some(payload) = header::body(body, media, profile)? {
        collection.body(payload)?;
    }
    if !collection.has("rsc") {
        return Err(Refusal::NoStatus);
    }
    let response = collection.response(profile)?;
    if response.status.http() == status { Ok(response) } else { Err(Refusal::StatusMismatch) }
}

/// Writes a response as one HTTP message. Of to and fr, which HTTP has no place for in a response, it says
/// nothing.
///
/// # Errors
/// Names what HTTP cannot carry.
pub fn write_response(
    response: &Response,
    serialisation: Serialisation,
    _: &Profile,
) -> Result<Vec<u8>, Unsendable> {
    let mut rest = response.to_map();
    for elsewhere in ["to", "fr", "pc"] {
        rest.remove(elsewhere);
    }
    let status = response.status.http();
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    header::write(&mut rest, &mut head)?;
    if let Some((name, _)) = rest.iter().next() {
        return Err(Unsendable::Parameter(name.to_owned()));
    }
    header::finish(head, response.content.as_ref(), serialisation, None)
}

/// The reason phrase of RFC 9110 section 15.
const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        415 => "Unsupported Media Type",
        501 => "Not Implemented",
        504 => "Gateway Timeout",
        _ => "Internal Server Error",
    }
}

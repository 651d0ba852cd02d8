//! Responses in CoAP.

use super::super::collection::Collection;
use super::super::{Media, Refusal, Unsendable};
use super::{Outgoing, block, media, option, uint};
use crate::wire::coap::{self, Message};
use crate::wire::primitive::{Profile, Response};
use crate::wire::value::{self, Serialisation};

/// Reads the response out of one message.
///
/// # Errors
/// Names why the message is no response primitive.
pub fn read_response(message: &Message<'_>, profile: &Profile) -> Result<Response, Refusal> {
    if block::is_part(message, block::BLOCK2) {
        return Err(Refusal::Block);
    }
    read_response_of(message, message.payload, profile)
}

/// Reads the response out of a message whose body was put together from blocks.
///
/// # Errors
/// Names why the message is no response primitive.
pub fn read_response_of(
    message: &Message<'_>,
    body: &[u8],
    profile: &Profile,
) -> Result<Response, Refusal> {
    let mut collection = Collection::default();
    let mut format = None;
    for (number, value) in message.options() {
        match number {
            coap::option::CONTENT_FORMAT => format = format.or(Some(value)),
            block::BLOCK1 | block::BLOCK2 => {}
            _ if option::read(&mut collection, number, value, profile.coap)? => {}
            _ if coap::option::is_critical(number) => return Err(Refusal::CriticalOption),
            _ => {}
        }
    }
    if !body.is_empty() {
        let media = format.and_then(media).ok_or(Refusal::ContentFormat)?;
        collection.body(media.read(body, profile)?)?;
    }
    if !collection.has("rsc") {
        return Err(Refusal::NoStatus);
    }
    let response = collection.response(profile)?;
    if response.status.coap() == message.code { Ok(response) } else { Err(Refusal::StatusMismatch) }
}

/// Lays a response out for CoAP. Of to and fr, which CoAP has no place for in a response, it says nothing.
///
/// # Errors
/// Names what CoAP cannot carry.
pub fn write_response(
    response: &Response,
    serialisation: Serialisation,
    profile: &Profile,
) -> Result<Outgoing, Unsendable> {
    let mut options = Vec::with_capacity(6);
    let mut rest = response.to_map();
    for elsewhere in ["to", "fr", "pc"] {
        rest.remove(elsewhere);
    }
    let own = option::write(&mut rest, profile.coap)?;
    if let Some((name, _)) = rest.iter().next() {
        return Err(Unsendable::Parameter(name.to_owned()));
    }
    let mut payload = Vec::new();
    if let Some(content) = &response.content {
        options.push((coap::option::CONTENT_FORMAT, uint(Media::resource(serialisation).number())));
        payload = value::write(&content.to_map(), serialisation)?;
    }
    options.extend(own);
    Ok(Outgoing { code: response.status.coap(), options, payload })
}

//! Requests in CoAP.

use super::super::collection::Collection;
use super::super::query::{self, Argument};
use super::super::{Media, Refusal, Unsendable, path};
use super::{Outgoing, block, media, option, text, uint};
use crate::wire::coap::{self, Code, Message};
use crate::wire::limits::MAX_TARGET;
use crate::wire::primitive::{Operation, Profile, Request};
use crate::wire::value::{self, Serialisation, Value};

/// FETCH (RFC 8132).
const FETCH: Code = Code::new(0, 5);

/// Reads the request out of one message.
///
/// # Errors
/// Names why the message is no request primitive.
pub fn read_request(message: &Message<'_>, profile: &Profile) -> Result<Request, Refusal> {
    if block::is_part(message, block::BLOCK1) {
        return Err(Refusal::Block);
    }
    read_request_of(message, message.payload, profile)
}

/// Reads the request out of a message whose body was put together from blocks.
///
/// # Errors
/// Names why the message is no request primitive.
pub fn read_request_of(
    message: &Message<'_>,
    body: &[u8],
    profile: &Profile,
) -> Result<Request, Refusal> {
    let mut found = Found::default();
    for (number, value) in message.options() {
        found.option(number, value, profile)?;
    }
    let Found { path, format, mut collection } = found;
    let whole = format.is_some_and(Media::is_primitive);
    if path.is_empty() && !whole {
        collection.put("to", Value::from(path::RECEIVER))?;
    } else if !path.is_empty() {
        let to = path::address(path.into_iter())?;
        collection.put("to", Value::Text(to))?;
    }
    if !whole {
        let created = collection.has("ty");
        let operation = operation(message.code, created)?;
        collection.put("op", Value::from(u64::from(operation.number())))?;
        collection.check_receiver(operation)?;
    } else if !matches!(message.code, Code::POST | FETCH) {
        return Err(Refusal::Method);
    }
    if !body.is_empty() {
        if matches!(message.code, Code::GET | Code::DELETE) {
            return Err(Refusal::ContentPresence);
        }
        let payload = format.ok_or(Refusal::ContentFormat)?.read(body, profile)?;
        collection.body(payload)?;
    }
    collection.request(profile)
}

/// What a method asks for.
fn operation(code: Code, created: bool) -> Result<Operation, Refusal> {
    match code {
        Code::GET | FETCH => Ok(Operation::Retrieve),
        Code::POST if created => Ok(Operation::Create),
        Code::POST => Ok(Operation::Notify),
        Code::PUT => Ok(Operation::Update),
        Code::DELETE => Ok(Operation::Delete),
        _ => Err(Refusal::Method),
    }
}

#[derive(Default)]
struct Found<'m> {
    path: Vec<&'m str>,
    format: Option<Media>,
    collection: Collection,
}

impl<'m> Found<'m> {
    fn option(&mut self, number: u16, value: &'m [u8], profile: &Profile) -> Result<(), Refusal> {
        match number {
            // The name of the server that was meant; there is only one here.
            coap::option::URI_HOST | coap::option::URI_PORT => Ok(()),
            coap::option::URI_PATH => {
                if self.path.len() > MAX_TARGET / 2 {
                    return Err(Refusal::Target);
                }
                self.path.push(text(value)?);
                Ok(())
            }
            // Elective: a second one is ignored (RFC 7252 section 5.4.5).
            coap::option::CONTENT_FORMAT => {
                let format = media(value).ok_or(Refusal::ContentFormat)?;
                self.format = self.format.or(Some(format));
                Ok(())
            }
            coap::option::URI_QUERY => {
                let (name, value) = text(value)?.split_once('=').ok_or(Refusal::Query)?;
                let parts: Vec<String> = value.split('+').map(str::to_owned).collect();
                query::read(&mut self.collection, name, &parts)
            }
            coap::option::ACCEPT => media(value).map(|_| ()).ok_or(Refusal::Accept),
            block::BLOCK1 | block::BLOCK2 => {
                block::Block::read(value).map(|_| ()).ok_or(Refusal::OptionValue)
            }
            _ if option::read(&mut self.collection, number, value, profile.coap)? => Ok(()),
            _ if coap::option::is_critical(number) => Err(Refusal::CriticalOption),
            _ => Ok(()),
        }
    }
}

/// Lays a request out for CoAP.
///
/// # Errors
/// Names what CoAP cannot carry.
pub fn write_request(
    request: &Request,
    serialisation: Serialisation,
    profile: &Profile,
) -> Result<Outgoing, Unsendable> {
    let code = match request.operation {
        Operation::Create | Operation::Notify => Code::POST,
        Operation::Retrieve => Code::GET,
        Operation::Update => Code::PUT,
        Operation::Delete => Code::DELETE,
    };
    let mut options: Vec<(u16, Vec<u8>)> = Vec::with_capacity(12);
    for segment in path::segments(&request.to)? {
        options.push((coap::option::URI_PATH, segment.as_bytes().to_vec()));
    }
    let mut rest = request.to_map_without(&["op", "to", "pc"]);
    let own = option::write(&mut rest, profile.coap)?;
    let mut arguments = query::write(rest)?;
    let mut payload = Vec::new();
    if let Some(content) = &request.content {
        if let Some(argument) = query::attribute_list(&content.root, &content.value) {
            arguments.push(argument);
        } else if matches!(code, Code::GET | Code::DELETE) {
            return Err(Unsendable::Parameter("pc".to_owned()));
        } else {
            let format = Media::resource(serialisation).number();
            options.push((coap::option::CONTENT_FORMAT, uint(format)));
            payload = value::write_single(&content.root, &content.value, serialisation)?;
        }
    }
    for argument in arguments {
        options.push((coap::option::URI_QUERY, query_option(argument)?));
    }
    options.extend(own);
    Ok(Outgoing { code, options, payload })
}

/// `name=a+b`. CoAP has no escapes: an element with `+` would fall apart.
fn query_option((name, parts): Argument) -> Result<Vec<u8>, Unsendable> {
    let text = format!("{name}={}", parts.join("+"));
    let whole = parts.len() == 1 || !parts.iter().any(|part| part.contains('+'));
    if whole && text.len() <= crate::wire::limits::MAX_IDENTIFIER {
        Ok(text.into_bytes())
    } else {
        Err(Unsendable::Parameter(name))
    }
}

//! Responses in CoAP.

use super::super::collection::Collection;
use super::super::{Media, Refusal, Unsendable};
use super::{Exchange, Outgoing, block, media, option, uint};
use crate::wire::coap::{self, Message, Writer};
use crate::wire::limits::MAX_IDENTIFIER;
use crate::wire::primitive::{CoapOptions, Content, Profile, Release, Response, Rsc};
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
    let mut rest = response.to_map_without(&["to", "fr", "pc"]);
    let own = option::write(&mut rest, profile.coap)?;
    if let Some((name, _)) = rest.iter().next() {
        return Err(Unsendable::Parameter(name.to_owned()));
    }
    let mut payload = Vec::new();
    if let Some(content) = &response.content {
        options.push((coap::option::CONTENT_FORMAT, uint(Media::resource(serialisation).number())));
        payload = value::write_single(&content.root, &content.value, serialisation)?;
    }
    options.extend(own);
    Ok(Outgoing { code: response.status.coap(), options, payload })
}

/// The message with a response. Nothing but its size tells it from that of [`write_response`].
///
/// # Errors
/// Names what CoAP cannot carry.
pub fn response_message(
    response: &Response,
    serialisation: Serialisation,
    profile: &Profile,
    exchange: Exchange,
) -> Result<Vec<u8>, Unsendable> {
    match usual(response, profile) {
        Some(usual) => usual.message(serialisation, exchange),
        None => Ok(write_response(response, serialisation, profile)?.message(exchange)),
    }
}

/// What most responses have, and no more: its options are known in their order.
struct Usual<'r> {
    status: Rsc,
    request_id: Option<&'r str>,
    release: Option<Release>,
    content: Option<&'r Content>,
}

fn usual<'r>(response: &'r Response, profile: &Profile) -> Option<Usual<'r>> {
    let Response {
        status,
        request_id,
        release,
        content,
        // CoAP has no place for these two in a response.
        to: _,
        from: _,
        originated: None,
        result_expires: None,
        event_category: None,
        content_status: None,
        content_offset: None,
        assigned_token_ids: None,
        token_request: None,
        author_sign_required: None,
        vendor: None,
        service_user: None,
        others,
    } = response
    else {
        return None;
    };
    let request_id = request_id.as_deref();
    let fits = request_id.is_none_or(|text| (1..=MAX_IDENTIFIER).contains(&text.len()));
    let plain = fits && others.is_empty() && profile.coap == CoapOptions::Current;
    plain.then_some(Usual {
        status: *status,
        request_id,
        release: *release,
        content: content.as_ref(),
    })
}

impl Usual<'_> {
    fn message(&self, serialisation: Serialisation, at: Exchange) -> Result<Vec<u8>, Unsendable> {
        let mut writer = Writer::new(at.kind, self.status.coap(), at.mid, at.token);
        let mut payload = Vec::new();
        if let Some(content) = self.content {
            payload = value::write_single(&content.root, &content.value, serialisation)?;
            writer.reserve(payload.len());
            writer.uint(coap::option::CONTENT_FORMAT, Media::resource(serialisation).number());
        }
        if let Some(release) = self.release {
            writer.option(option::RVI, release.text().as_bytes());
        }
        if let Some(request_id) = self.request_id {
            writer.option(option::RQI, request_id.as_bytes());
        }
        writer.uint(option::RSC, u32::from(self.status.0));
        Ok(writer.finish(&payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::coap::{Kind, Token};
    use crate::wire::value::{Map, Value};

    #[test]
    fn both_ways_of_writing_give_the_same_bytes() {
        let content = Content::new("m2m:cin", Value::Map(Map::of("con", Value::from("21.5"))));
        let exchange =
            Exchange { kind: Kind::Acknowledgement, mid: 7, token: Token::new(&[1, 2]).unwrap() };
        let mut compared = 0;
        for serialisation in Serialisation::ALL {
            for status in [Rsc::OK, Rsc(4_103), Rsc(2_001)] {
                for id in [None, Some("r1".to_owned()), Some("r".repeat(MAX_IDENTIFIER))] {
                    for release in [None, Some(Release::R2a), Some(Release::R4)] {
                        for content in [None, Some(content.clone())] {
                            let request_id = id.clone();
                            let response = Response {
                                status,
                                request_id,
                                release,
                                content,
                                ..Response::default()
                            };
                            assert!(usual(&response, &Profile::STRICT).is_some());
                            let general =
                                write_response(&response, serialisation, &Profile::STRICT);
                            let quick = response_message(
                                &response,
                                serialisation,
                                &Profile::STRICT,
                                exchange,
                            );
                            assert_eq!(quick.unwrap(), general.unwrap().message(exchange));
                            compared += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(compared, 3 * 3 * 3 * 3 * 2);
        for id in [String::new(), "r".repeat(MAX_IDENTIFIER + 1)] {
            let response = Response { request_id: Some(id), ..Response::default() };
            assert!(usual(&response, &Profile::STRICT).is_none());
            assert!(write_response(&response, Serialisation::Json, &Profile::STRICT).is_err());
        }
    }
}

//! oneM2M primitives (TS-0004 clauses 6.4 and 7): requests and responses with all their parameters, read
//! and written in any [`Serialisation`].
//!
//! What a message says is typed here; whether the receiver serves it is the receiver's to say. Reading
//! refuses by name what has no meaning: see [`Refusal`].

mod content;
mod enumeration;
mod filter;
mod long;
mod moment;
mod parameter;
mod profile;
mod refusal;
mod request;
mod response;
mod status;

pub use content::Content;
pub use enumeration::{
    ContentFilterSyntax, ContentStatus, DesiredIdType, EventCategory, FilterOperation, FilterUsage,
    Operation, Release, ResourceType, ResponseTypeValue, ResultContent,
};
pub use filter::{AttributeMatch, FilterCriteria};
pub use moment::{Moment, Timestamp};
pub use parameter::{Flaw, Parameter};
pub use profile::{CoapOptions, Profile, Unknown};
pub use refusal::Refusal;
pub use request::{Request, ResponseType};
pub use response::Response;
pub use status::Rsc;

pub use super::limits::{MAX_IDENTIFIER, MAX_TARGET};
pub use super::value::{Serialisation, Unwritable};

use super::value::{self, Map, Value};

/// The root member of a request.
pub const REQUEST_ROOT: &str = "m2m:rqp";
/// The root member of a response.
pub const RESPONSE_ROOT: &str = "m2m:rsp";

/// Reads a request, with or without its root member.
///
/// # Errors
/// Names what is wrong with the bytes or with a parameter.
pub fn read_request(
    bytes: &[u8],
    serialisation: Serialisation,
    profile: &Profile,
) -> Result<Request, Refusal> {
    Request::read(parameters(bytes, serialisation, profile, REQUEST_ROOT)?, profile)
}

/// Reads a response, with or without its root member.
///
/// # Errors
/// Names what is wrong with the bytes or with a parameter.
pub fn read_response(
    bytes: &[u8],
    serialisation: Serialisation,
    profile: &Profile,
) -> Result<Response, Refusal> {
    Response::read(parameters(bytes, serialisation, profile, RESPONSE_ROOT)?, profile)
}

/// Writes a request; in XML always with its root member.
///
/// # Errors
/// Names the member that the serialisation cannot carry.
pub fn write_request(
    request: &Request,
    serialisation: Serialisation,
    profile: &Profile,
) -> Result<Vec<u8>, Unwritable> {
    write(request.to_map(), serialisation, profile, REQUEST_ROOT)
}

/// Writes a response; in XML always with its root member.
///
/// # Errors
/// Names the member that the serialisation cannot carry.
pub fn write_response(
    response: &Response,
    serialisation: Serialisation,
    profile: &Profile,
) -> Result<Vec<u8>, Unwritable> {
    write(response.to_map(), serialisation, profile, RESPONSE_ROOT)
}

fn parameters(
    bytes: &[u8],
    serialisation: Serialisation,
    profile: &Profile,
    root: &str,
) -> Result<Map, Refusal> {
    let mut map = value::read(bytes, serialisation)?;
    let wrapper = map.single().map(|(name, _)| name == root);
    if wrapper == Some(true) {
        match map.remove(root) {
            Some(Value::Map(inner)) => map = inner,
            _ => return Err(Refusal::Root),
        }
    } else if serialisation == Serialisation::Xml {
        return Err(Refusal::Root);
    }
    if profile.long_names { long::shorten(map) } else { Ok(map) }
}

fn write(
    map: Map,
    serialisation: Serialisation,
    profile: &Profile,
    root: &'static str,
) -> Result<Vec<u8>, Unwritable> {
    if profile.wrapped || serialisation == Serialisation::Xml {
        value::write(&Map::of(root, Value::Map(map)), serialisation)
    } else {
        value::write(&map, serialisation)
    }
}

#[cfg(test)]
mod tests;

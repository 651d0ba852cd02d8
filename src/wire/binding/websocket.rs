//! The WebSocket binding (TS-0020): one primitive in each message, its serialisation agreed on as the
//! subprotocol of the connection.

use super::Refusal;
use crate::wire::primitive::{
    self, Profile, REQUEST_ROOT, RESPONSE_ROOT, Request, Response, Serialisation, Unwritable,
};
use crate::wire::value;

/// The type of a WebSocket message (RFC 6455 section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
}

impl Frame {
    /// The type in which a serialisation travels.
    #[must_use]
    pub const fn of(serialisation: Serialisation) -> Self {
        match serialisation {
            Serialisation::Json | Serialisation::Xml => Self::Text,
            Serialisation::Cbor => Self::Binary,
        }
    }
}

/// A request or a response: both travel in both directions.
#[derive(Clone, Debug, PartialEq)]
pub enum Primitive {
    /// A request.
    Request(Box<Request>),
    /// A response.
    Response(Box<Response>),
}

/// The subprotocol of a serialisation.
#[must_use]
pub const fn subprotocol(serialisation: Serialisation) -> &'static str {
    match serialisation {
        Serialisation::Json => "oneM2M.json",
        Serialisation::Cbor => "oneM2M.cbor",
        Serialisation::Xml => "oneM2M.xml",
    }
}

/// The serialisation of a subprotocol.
#[must_use]
pub fn serialisation(subprotocol: &str) -> Option<Serialisation> {
    Serialisation::from_word(subprotocol.strip_prefix("oneM2M.")?)
}

/// Reads the primitive of a message: a response if it has a status code, a request if it has an operation.
///
/// # Errors
/// Names why the message is no primitive.
pub fn read(
    frame: Frame,
    payload: &[u8],
    serialisation: Serialisation,
    profile: &Profile,
) -> Result<Primitive, Refusal> {
    if frame != Frame::of(serialisation) {
        return Err(Refusal::Frame);
    }
    let map = value::read(payload, serialisation)?;
    let root = map.single().map(|(name, _)| name);
    let has = |short: &str, long: &str| {
        map.get(short).is_some() || profile.long_names && map.get(long).is_some()
    };
    if root == Some(RESPONSE_ROOT) || has("rsc", "responseStatusCode") {
        let response = primitive::read_response(payload, serialisation, profile)?;
        Ok(Primitive::Response(Box::new(response)))
    } else if root == Some(REQUEST_ROOT) || has("op", "operation") {
        let request = primitive::read_request(payload, serialisation, profile)?;
        Ok(Primitive::Request(Box::new(request)))
    } else {
        Err(Refusal::NoPrimitive)
    }
}

/// Writes a primitive: the type and the payload of the message.
///
/// # Errors
/// Names what the serialisation cannot carry.
pub fn write(
    primitive: &Primitive,
    serialisation: Serialisation,
    profile: &Profile,
) -> Result<(Frame, Vec<u8>), Unwritable> {
    let payload = match primitive {
        Primitive::Request(request) => primitive::write_request(request, serialisation, profile)?,
        Primitive::Response(response) => {
            primitive::write_response(response, serialisation, profile)?
        }
    };
    Ok((Frame::of(serialisation), payload))
}

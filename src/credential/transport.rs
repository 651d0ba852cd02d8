//! Requests to a MAF or MEF, and their answers, as CoAP messages with JSON (RFC 7252; the short names of
//! TS-0032 are not used, see [`maf`](super::maf)).
//!
//! | Request | Method and path | Success |
//! |---|---|---|
//! | MAF client registration (TS-0003 clause 8.8.2.3) | POST `/clients` | 2.01 |
//! | MAF key registration (8.8.2.7) | POST `/keys` | 2.01 |
//! | MAF key retrieval (8.8.2.8) | GET `/keys/RelativeKeyID` | 2.05 |
//! | enrolment exchange with a MEF (8.3.2.1) | POST `/enrolments` | 2.01 |
//! | retrieval of a credential from a MEF (8.3.2.1) | GET `/fetchCredentials/KeID/SUID` | 2.05 |
//!
//! A refusal is 4.03 with its name as diagnostic payload (RFC 7252 section 5.5.2).

use zeroize::Zeroizing;

use super::HexCase;
use super::hierarchy::RelativeId;
use super::identifier::parse_relative;
use super::maf::{ClientRegistration, KeyRegistration, MessageError, read, write};
use super::mef::EnrolmentRequest;
use super::text::hex;
use crate::wire::coap::{Code, Kind, MAX_MESSAGE, Message, Token, Writer, option};

/// CoAP Content-Format of JSON (RFC 7252 section 12.3).
const JSON: u32 = 50;

/// A request to a MAF or MEF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Asks a MAF to know the sender.
    RegisterClient(ClientRegistration),
    /// Hands a key to a MAF.
    RegisterKey(KeyRegistration),
    /// Asks a MAF for a key.
    RetrieveKey(RelativeId),
    /// Tells a MEF what the enrolment is for.
    Enrol(EnrolmentRequest),
    /// Asks a MEF for a credential: the whole path, which the MEF reads.
    Fetch(String),
}

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Not a CoAP message, or not of the kind that is due here.
    #[error("not a request or answer in CoAP")]
    Coap,
    /// A method and path that a MAF or MEF does not have.
    #[error("not a request to a MAF or MEF")]
    Path,
    /// The payload is not the message that it should be.
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl TransportError {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coap => "function_coap",
            Self::Path => "function_path",
            Self::Message(error) => error.name(),
        }
    }
}

/// A request as a function received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// CoAP message ID.
    pub mid: u16,
    /// CoAP token.
    pub token: Token,
    /// The request, or why it is none.
    pub call: Result<Call, TransportError>,
}

/// An answer as it came back.
#[derive(Debug)]
pub struct Answered {
    /// CoAP message ID: that of the request.
    pub mid: u16,
    /// The message, or the name of the refusal. It may hold a key.
    pub outcome: Result<Zeroizing<Vec<u8>>, String>,
}

impl Call {
    /// The request in a confirmable message.
    pub fn to_coap(&self, mid: u16) -> Result<Vec<u8>, MessageError> {
        let token = Token::new(&mid.to_be_bytes()).unwrap_or_default();
        let code = match self {
            Self::RetrieveKey(_) | Self::Fetch(_) => Code::GET,
            _ => Code::POST,
        };
        let mut writer = Writer::new(Kind::Confirmable, code, mid, token);
        let payload = match self {
            Self::RegisterClient(message) => posted(&mut writer, "clients", message)?,
            Self::RegisterKey(message) => posted(&mut writer, "keys", message)?,
            Self::Enrol(message) => posted(&mut writer, "enrolments", message)?,
            Self::RetrieveKey(id) => {
                writer.option(option::URI_PATH, b"keys");
                writer.option(option::URI_PATH, hex(&id.0, HexCase::Upper).as_bytes());
                Zeroizing::default()
            }
            Self::Fetch(path) => {
                for segment in path.split('/').filter(|segment| !segment.is_empty()) {
                    writer.option(option::URI_PATH, segment.as_bytes());
                }
                Zeroizing::default()
            }
        };
        let bytes = writer.finish(&payload);
        if bytes.len() <= MAX_MESSAGE { Ok(bytes) } else { Err(MessageError::TooLong) }
    }

    fn of(message: &Message<'_>) -> Result<Self, TransportError> {
        let mut path = Vec::new();
        for (number, value) in message.options() {
            match number {
                option::URI_PATH => {
                    path.push(str::from_utf8(value).map_err(|_| TransportError::Path)?);
                }
                option::CONTENT_FORMAT => {}
                other if option::is_critical(other) => return Err(TransportError::Coap),
                _ => {}
            }
        }
        let payload = message.payload;
        match (message.code, &path[..]) {
            (Code::POST, ["clients"]) => Ok(Self::RegisterClient(read(payload)?)),
            (Code::POST, ["keys"]) => Ok(Self::RegisterKey(read(payload)?)),
            (Code::POST, ["enrolments"]) => Ok(Self::Enrol(read(payload)?)),
            (Code::GET, ["keys", id]) => {
                let id = parse_relative(id, HexCase::Upper).map_err(|_| TransportError::Path)?;
                Ok(Self::RetrieveKey(id))
            }
            (Code::GET, ["fetchCredentials", id, suid]) => {
                Ok(Self::Fetch(format!("/fetchCredentials/{id}/{suid}")))
            }
            _ => Err(TransportError::Path),
        }
    }
}

fn posted<T: serde::Serialize>(
    writer: &mut Writer,
    path: &str,
    message: &T,
) -> Result<Zeroizing<Vec<u8>>, MessageError> {
    writer.option(option::URI_PATH, path.as_bytes()).uint(option::CONTENT_FORMAT, JSON);
    write(message)
}

impl Asked {
    /// Reads a request; what is not even a confirmable request cannot be answered.
    pub fn parse(bytes: &[u8]) -> Result<Self, TransportError> {
        let message = Message::parse(bytes).map_err(|_| TransportError::Coap)?;
        if message.kind != Kind::Confirmable || !message.code.is_request() {
            return Err(TransportError::Coap);
        }
        Ok(Self { mid: message.mid, token: message.token, call: Call::of(&message) })
    }

    /// The answer, piggybacked on the acknowledgement.
    #[must_use]
    pub fn answer(&self, outcome: Result<&[u8], &'static str>) -> Vec<u8> {
        let kind = Kind::Acknowledgement;
        match outcome {
            Ok(payload) => {
                let is_get = matches!(self.call, Ok(Call::RetrieveKey(_) | Call::Fetch(_)));
                let code = if is_get { Code::CONTENT } else { Code::CREATED };
                let mut writer = Writer::new(kind, code, self.mid, self.token);
                writer.uint(option::CONTENT_FORMAT, JSON);
                writer.finish(payload)
            }
            Err(name) => {
                Writer::new(kind, Code::FORBIDDEN, self.mid, self.token).finish(name.as_bytes())
            }
        }
    }
}

impl Answered {
    /// Reads an answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, TransportError> {
        let message = Message::parse(bytes).map_err(|_| TransportError::Coap)?;
        if message.kind != Kind::Acknowledgement || !message.code.is_response() {
            return Err(TransportError::Coap);
        }
        let outcome = if message.code.class() == 2 {
            Ok(Zeroizing::new(message.payload.to_vec()))
        } else {
            Err(String::from_utf8_lossy(message.payload).into_owned())
        };
        Ok(Self { mid: message.mid, outcome })
    }
}

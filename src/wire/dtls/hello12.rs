//! The hellos of DTLS 1.2: ClientHello, HelloVerifyRequest (RFC 6347 section 4.2.1), ServerHello.

use super::codec::{ParseError, Reader, put_u16, vector8, vector16};
use super::connection_id::ConnectionId;
use super::extension;
use super::{VERSION_DTLS10, VERSION_DTLS12};

/// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746 section 3.3).
const RENEGOTIATION_SCSV: u16 = 0x00ff;
/// The longest session ID (RFC 5246 section 7.4.1.2).
const MAX_SESSION_ID: usize = 32;

/// What a ClientHello of DTLS 1.2 says, as far as this implementation cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello12<'a> {
    /// DTLS 1.2 is acceptable to the client.
    pub dtls12: bool,
    /// The client's random.
    pub random: [u8; 32],
    /// The cookie of a HelloVerifyRequest; empty in the first ClientHello.
    pub cookie: &'a [u8],
    /// The suites as they stand on the wire, two bytes each.
    pub suites: &'a [u8],
    /// `extended_master_secret` (RFC 7627).
    pub extended_master_secret: bool,
    /// The client knows RFC 5746, by the extension or by the suite that stands for it.
    pub renegotiation_info: bool,
    /// The connection ID that the client wants to receive (RFC 9146 section 3).
    pub connection_id: Option<ConnectionId>,
}

impl<'a> ClientHello12<'a> {
    /// Reads the body of a ClientHello.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let version = reader.u16()?;
        let mut hello = Self {
            // Versions of DTLS count downwards (RFC 6347 section 4.1).
            dtls12: version >> 8 == VERSION_DTLS12 >> 8 && version <= VERSION_DTLS12,
            random: reader.array()?,
            cookie: &[],
            suites: &[],
            extended_master_secret: false,
            renegotiation_info: false,
            connection_id: None,
        };
        if reader.vector8()?.len() > MAX_SESSION_ID {
            return Err(ParseError::TooLong);
        }
        hello.cookie = reader.vector8()?.rest();
        hello.suites = reader.vector16()?.rest();
        if hello.suites.is_empty() || hello.suites.len() % 2 == 1 {
            return Err(ParseError::IllegalValue);
        }
        hello.renegotiation_info = hello.offers(RENEGOTIATION_SCSV);
        if !reader.vector8()?.rest().contains(&0) {
            return Err(ParseError::IllegalValue);
        }
        // RFC 5246 section 7.4.1.2: the extensions may be missing altogether.
        if !reader.is_empty() {
            extension::parse_extensions(&mut reader, |kind, content, _| {
                hello.extension(kind, content)
            })?;
        }
        Ok(hello)
    }

    fn extension(&mut self, kind: u16, mut content: Reader<'a>) -> Result<(), ParseError> {
        match kind {
            extension::EXTENDED_MASTER_SECRET => self.extended_master_secret = true,
            extension::RENEGOTIATION_INFO => {
                // RFC 5746 section 3.6: empty in a first handshake.
                if !content.vector8()?.is_empty() {
                    return Err(ParseError::IllegalValue);
                }
                self.renegotiation_info = true;
            }
            extension::CONNECTION_ID => {
                self.connection_id = Some(ConnectionId::parse_extension(content)?);
                return Ok(());
            }
            // RFC 8446 section 4.2.1: it alone says which versions the client takes.
            extension::SUPPORTED_VERSIONS => {
                let mut versions = content.vector8()?;
                self.dtls12 = false;
                while !versions.is_empty() {
                    self.dtls12 |= versions.u16()? == VERSION_DTLS12;
                }
            }
            _ => return Ok(()),
        }
        content.end()
    }

    /// The suite is among those offered.
    #[must_use]
    pub fn offers(&self, suite: u16) -> bool {
        self.suites.chunks_exact(2).any(|offered| offered == suite.to_be_bytes())
    }

    /// The parts of a body that a client repeats together with a cookie (RFC 6347 section 4.2.1):
    /// version, random and session ID; suites and compression methods.
    pub fn parameters(body: &[u8]) -> Result<(&[u8], &[u8]), ParseError> {
        let mut reader = Reader::new(body);
        reader.take(2 + 32)?;
        reader.vector8()?;
        let before_cookie = body.len() - reader.len();
        reader.vector8()?;
        let behind_cookie = body.len() - reader.len();
        reader.vector16()?;
        reader.vector8()?;
        Ok((&body[..before_cookie], &body[behind_cookie..body.len() - reader.len()]))
    }

    /// Writes the body. `dtls12` is taken for granted.
    pub fn emit(&self, out: &mut Vec<u8>) {
        put_u16(out, VERSION_DTLS12);
        out.extend_from_slice(&self.random);
        out.push(0); // session_id
        vector8(out, |out| out.extend_from_slice(self.cookie));
        vector16(out, |out| out.extend_from_slice(self.suites));
        out.extend_from_slice(&[1, 0]); // null compression
        vector16(out, |out| {
            emit_common(
                self.extended_master_secret,
                self.renegotiation_info,
                self.connection_id,
                out,
            );
        });
    }
}

/// What a ServerHello of DTLS 1.2 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello12 {
    /// The chosen version: that of the extension for DTLS 1.3, if it is there.
    pub version: u16,
    /// The server's random.
    pub random: [u8; 32],
    /// The chosen suite.
    pub suite: u16,
    /// `extended_master_secret`.
    pub extended_master_secret: bool,
    /// `renegotiation_info`, which answers that of the client.
    pub renegotiation_info: bool,
    /// The connection ID that the server wants to receive.
    pub connection_id: Option<ConnectionId>,
}

impl ServerHello12 {
    /// Reads the body of a ServerHello.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let version = reader.u16()?;
        let random = reader.array()?;
        if reader.vector8()?.len() > MAX_SESSION_ID {
            return Err(ParseError::TooLong);
        }
        let suite = reader.u16()?;
        if reader.u8()? != 0 {
            return Err(ParseError::IllegalValue);
        }
        let mut hello = Self {
            version,
            random,
            suite,
            extended_master_secret: false,
            renegotiation_info: false,
            connection_id: None,
        };
        if !reader.is_empty() {
            extension::parse_extensions(&mut reader, |kind, content, _| {
                hello.extension(kind, content)
            })?;
        }
        Ok(hello)
    }

    fn extension(&mut self, kind: u16, mut content: Reader<'_>) -> Result<(), ParseError> {
        match kind {
            extension::EXTENDED_MASTER_SECRET => self.extended_master_secret = true,
            extension::CONNECTION_ID => {
                self.connection_id = Some(ConnectionId::parse_extension(content)?);
                return Ok(());
            }
            extension::SUPPORTED_VERSIONS => self.version = content.u16()?,
            extension::RENEGOTIATION_INFO => {
                if !content.vector8()?.is_empty() {
                    return Err(ParseError::IllegalValue);
                }
                self.renegotiation_info = true;
            }
            _ if self.version == VERSION_DTLS12 => return Err(ParseError::UnexpectedExtension),
            // Of another version: it is refused for that.
            _ => return Ok(()),
        }
        content.end()
    }

    /// Writes the body, with an empty session ID.
    pub fn emit(&self, out: &mut Vec<u8>) {
        put_u16(out, self.version);
        out.extend_from_slice(&self.random);
        out.push(0); // session_id
        put_u16(out, self.suite);
        out.push(0); // null compression
        vector16(out, |out| {
            emit_common(
                self.extended_master_secret,
                self.renegotiation_info,
                self.connection_id,
                out,
            );
        });
    }
}

fn emit_common(
    extended_master_secret: bool,
    renegotiation_info: bool,
    connection_id: Option<ConnectionId>,
    out: &mut Vec<u8>,
) {
    if extended_master_secret {
        extension::emit(out, extension::EXTENDED_MASTER_SECRET, |_| {});
    }
    if renegotiation_info {
        extension::emit(out, extension::RENEGOTIATION_INFO, |out| out.push(0));
    }
    ConnectionId::emit_extension(connection_id, out);
}

/// The cookie of a HelloVerifyRequest. Its version says nothing (RFC 6347 section 4.2.1).
pub fn parse_hello_verify_request(body: &[u8]) -> Result<&[u8], ParseError> {
    let mut reader = Reader::new(body);
    let _version = reader.u16()?;
    let mut cookie = reader.vector8()?;
    reader.end()?;
    if cookie.is_empty() { Err(ParseError::IllegalValue) } else { Ok(cookie.rest()) }
}

/// Writes the body of a HelloVerifyRequest.
pub fn emit_hello_verify_request(cookie: &[u8], out: &mut Vec<u8>) {
    // RFC 6347 section 4.2.1: DTLS 1.0, whatever the version will be.
    put_u16(out, VERSION_DTLS10);
    vector8(out, |out| out.extend_from_slice(cookie));
}

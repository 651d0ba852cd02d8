//! ServerHello and HelloRetryRequest (RFC 8446 sections 4.1.3 and 4.1.4, RFC 9147 section 5.4).

use super::codec::{ParseError, Reader, put_u16, vector16};
use super::connection_id::ConnectionId;
use super::extension::{self, X25519_LEN};
use super::{GROUP_X25519, TLS_AES_128_GCM_SHA256, VERSION_DTLS12, VERSION_DTLS13};

/// The random that makes a ServerHello a HelloRetryRequest: SHA-256 of "HelloRetryRequest".
pub const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a ServerHello or HelloRetryRequest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello<'a> {
    /// The server's random; [`RETRY_RANDOM`] in a HelloRetryRequest.
    pub random: [u8; 32],
    /// The chosen suite.
    pub suite: u16,
    /// The chosen version, if the extension that holds it is there.
    pub version: Option<u16>,
    /// The server's X25519 share.
    pub key_share: Option<[u8; X25519_LEN]>,
    /// The index of the chosen PSK.
    pub psk: Option<u16>,
    /// The connection ID that the server wants to receive (RFC 9147 section 9).
    pub connection_id: Option<ConnectionId>,
    /// The cookie of a HelloRetryRequest.
    pub cookie: Option<&'a [u8]>,
}

impl<'a> ServerHello<'a> {
    /// A ServerHello for DTLS 1.3 with the one suite, still without key share, PSK and cookie.
    #[must_use]
    pub const fn new(random: [u8; 32]) -> Self {
        Self {
            random,
            suite: TLS_AES_128_GCM_SHA256,
            version: Some(VERSION_DTLS13),
            key_share: None,
            psk: None,
            connection_id: None,
            cookie: None,
        }
    }

    /// It is a HelloRetryRequest.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        self.random == RETRY_RANDOM
    }

    /// Reads the body of a ServerHello or HelloRetryRequest.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        if reader.u16()? != VERSION_DTLS12 {
            return Err(ParseError::IllegalValue);
        }
        let random = reader.array()?;
        // RFC 9147 section 5: a session ID is not echoed; this client sends none anyway.
        if !reader.vector8()?.is_empty() {
            return Err(ParseError::IllegalValue);
        }
        let suite = reader.u16()?;
        if reader.u8()? != 0 {
            return Err(ParseError::IllegalValue);
        }
        let mut hello = Self { suite, version: None, ..Self::new(random) };
        extension::parse_extensions(&mut reader, |kind, content, _| {
            hello.extension(kind, content)
        })?;
        Ok(hello)
    }

    fn extension(&mut self, kind: u16, mut content: Reader<'a>) -> Result<(), ParseError> {
        match kind {
            extension::SUPPORTED_VERSIONS => self.version = Some(content.u16()?),
            extension::KEY_SHARE if !self.is_retry() => {
                if content.u16()? != GROUP_X25519 {
                    return Err(ParseError::IllegalValue);
                }
                let share = content.vector16()?.rest();
                self.key_share = Some(share.try_into().map_err(|_| ParseError::IllegalValue)?);
            }
            extension::PRE_SHARED_KEY if !self.is_retry() => self.psk = Some(content.u16()?),
            extension::CONNECTION_ID if !self.is_retry() => {
                self.connection_id = Some(ConnectionId::parse_extension(content)?);
                return Ok(());
            }
            extension::COOKIE if self.is_retry() => {
                self.cookie = Some(extension::parse_cookie(content)?);
                return Ok(());
            }
            _ => return Err(ParseError::UnexpectedExtension),
        }
        content.end()
    }

    /// Writes the body.
    pub fn emit(&self, out: &mut Vec<u8>) {
        put_u16(out, VERSION_DTLS12);
        out.extend_from_slice(&self.random);
        out.push(0); // legacy_session_id_echo
        put_u16(out, self.suite);
        out.push(0); // null compression
        vector16(out, |out| {
            if let Some(version) = self.version {
                extension::emit(out, extension::SUPPORTED_VERSIONS, |out| put_u16(out, version));
            }
            if let Some(share) = &self.key_share {
                extension::emit(out, extension::KEY_SHARE, |out| {
                    put_u16(out, GROUP_X25519);
                    vector16(out, |out| out.extend_from_slice(share));
                });
            }
            if let Some(index) = self.psk {
                extension::emit(out, extension::PRE_SHARED_KEY, |out| put_u16(out, index));
            }
            ConnectionId::emit_extension(self.connection_id, out);
            if let Some(cookie) = self.cookie {
                extension::emit_cookie(out, cookie);
            }
        });
    }
}

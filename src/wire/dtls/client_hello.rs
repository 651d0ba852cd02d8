//! ClientHello (RFC 9147 section 5.3).

use super::codec::{ParseError, Reader, put_u16, vector8, vector16};
use super::connection_id::ConnectionId;
use super::extension::{self, X25519_LEN};
use super::limits::{MAX_IDENTITIES, MAX_IDENTITY};
use super::{GROUP_X25519, TLS_AES_128_GCM_SHA256, VERSION_DTLS12, VERSION_DTLS13};

/// The length of a PSK binder with SHA-256.
pub const BINDER_LEN: usize = 32;

/// `psk_key_exchange_modes` (RFC 8446 section 4.2.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PskModes {
    /// `psk_ke`.
    pub ke: bool,
    /// `psk_dhe_ke`.
    pub dhe: bool,
}

/// One entry of `pre_shared_key` (RFC 8446 section 4.2.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PskIdentity<'a> {
    /// An external identity or a ticket.
    pub identity: &'a [u8],
    /// The age of a ticket plus its `age_add`; 0 for an external PSK.
    pub obfuscated_age: u32,
    /// The proof that the client has the key; `None` if its length is not that of SHA-256.
    pub binder: Option<[u8; BINDER_LEN]>,
}

/// What a ClientHello says, as far as this implementation cares: suites, versions, groups and
/// extensions that it does not know are skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The client's random.
    pub random: [u8; 32],
    /// `TLS_AES_128_GCM_SHA256` is among the suites.
    pub aes_128_gcm_sha256: bool,
    /// DTLS 1.3 is among the versions.
    pub dtls13: bool,
    /// The PSK modes, if stated.
    pub modes: Option<PskModes>,
    /// X25519 is among the groups.
    pub x25519: bool,
    /// The client's X25519 share.
    pub key_share: Option<[u8; X25519_LEN]>,
    /// The cookie of a HelloRetryRequest.
    pub cookie: Option<&'a [u8]>,
    /// The connection ID that the client wants to receive (RFC 9147 section 9).
    pub connection_id: Option<ConnectionId>,
    /// The offered PSKs, best first.
    pub psks: Vec<PskIdentity<'a>>,
    /// The length of the binder list at the end of the message: what a binder does not cover.
    pub binders_len: usize,
}

impl<'a> ClientHello<'a> {
    /// Reads the body of a ClientHello.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        // RFC 9147 section 5.3: legacy_version is DTLS 1.2, legacy_cookie is empty.
        if reader.u16()? != VERSION_DTLS12 {
            return Err(ParseError::IllegalValue);
        }
        let mut hello = Self { random: reader.array()?, ..Self::empty() };
        if reader.vector8()?.len() > 32 {
            return Err(ParseError::TooLong);
        }
        if !reader.vector8()?.is_empty() {
            return Err(ParseError::IllegalValue);
        }
        hello.aes_128_gcm_sha256 = contains(reader.vector16()?, TLS_AES_128_GCM_SHA256)?;
        // RFC 8446 section 4.1.2: exactly the null compression.
        if reader.vector8()?.rest() != [0] {
            return Err(ParseError::IllegalValue);
        }
        extension::parse_extensions(&mut reader, |kind, content, last| {
            hello.extension(kind, content, last)
        })?;
        Ok(hello)
    }

    const fn empty() -> Self {
        Self {
            random: [0; 32],
            aes_128_gcm_sha256: false,
            dtls13: false,
            modes: None,
            x25519: false,
            key_share: None,
            cookie: None,
            connection_id: None,
            psks: Vec::new(),
            binders_len: 0,
        }
    }

    fn extension(
        &mut self,
        kind: u16,
        mut content: Reader<'a>,
        last: bool,
    ) -> Result<(), ParseError> {
        match kind {
            extension::SUPPORTED_VERSIONS => {
                self.dtls13 = contains(content.vector8()?, VERSION_DTLS13)?;
            }
            extension::PSK_KEY_EXCHANGE_MODES => {
                let modes = content.vector8()?.rest();
                if modes.is_empty() {
                    return Err(ParseError::IllegalValue);
                }
                self.modes = Some(PskModes { ke: modes.contains(&0), dhe: modes.contains(&1) });
            }
            extension::SUPPORTED_GROUPS => {
                self.x25519 = contains(content.vector16()?, GROUP_X25519)?;
            }
            extension::KEY_SHARE => self.key_share = parse_key_shares(content.vector16()?)?,
            extension::COOKIE => {
                self.cookie = Some(extension::parse_cookie(content)?);
                return Ok(());
            }
            extension::CONNECTION_ID => {
                self.connection_id = Some(ConnectionId::parse_extension(content)?);
                return Ok(());
            }
            // RFC 8446 section 4.2.11: it must be the last, because the binders cover all before them.
            extension::PRE_SHARED_KEY if !last => return Err(ParseError::UnexpectedExtension),
            extension::PRE_SHARED_KEY => self.parse_psks(&mut content)?,
            _ => return Ok(()),
        }
        content.end()
    }

    fn parse_psks(&mut self, content: &mut Reader<'a>) -> Result<(), ParseError> {
        let mut identities = content.vector16()?;
        while !identities.is_empty() {
            if self.psks.len() == MAX_IDENTITIES {
                return Err(ParseError::TooLong);
            }
            let identity = identities.vector16()?.rest();
            match identity.len() {
                0 => return Err(ParseError::IllegalValue),
                n if n > MAX_IDENTITY => return Err(ParseError::TooLong),
                _ => {}
            }
            let obfuscated_age = identities.u32()?;
            self.psks.push(PskIdentity { identity, obfuscated_age, binder: None });
        }
        self.binders_len = content.len();
        let mut binders = content.vector16()?;
        for psk in &mut self.psks {
            let binder = binders.vector8()?.rest();
            if binder.len() < BINDER_LEN {
                return Err(ParseError::IllegalValue);
            }
            psk.binder = binder.try_into().ok();
        }
        // As many binders as identities, and at least one.
        if self.psks.is_empty() { Err(ParseError::IllegalValue) } else { binders.end() }
    }

    /// Writes the body. A missing binder is written as zeros, to be filled in once it is known.
    pub fn emit(&self, out: &mut Vec<u8>) {
        put_u16(out, VERSION_DTLS12);
        out.extend_from_slice(&self.random);
        out.extend_from_slice(&[0, 0]); // legacy_session_id, legacy_cookie
        vector16(out, |out| {
            if self.aes_128_gcm_sha256 {
                put_u16(out, TLS_AES_128_GCM_SHA256);
            }
        });
        out.extend_from_slice(&[1, 0]); // null compression
        vector16(out, |out| self.emit_extensions(out));
    }

    fn emit_extensions(&self, out: &mut Vec<u8>) {
        if self.dtls13 {
            extension::emit(out, extension::SUPPORTED_VERSIONS, |out| {
                vector8(out, |out| put_u16(out, VERSION_DTLS13));
            });
        }
        if let Some(modes) = self.modes {
            extension::emit(out, extension::PSK_KEY_EXCHANGE_MODES, |out| {
                vector8(out, |out| {
                    out.extend(modes.ke.then_some(0));
                    out.extend(modes.dhe.then_some(1));
                });
            });
        }
        if self.x25519 {
            extension::emit(out, extension::SUPPORTED_GROUPS, |out| {
                vector16(out, |out| put_u16(out, GROUP_X25519));
            });
        }
        if let Some(share) = &self.key_share {
            extension::emit(out, extension::KEY_SHARE, |out| {
                vector16(out, |out| {
                    put_u16(out, GROUP_X25519);
                    vector16(out, |out| out.extend_from_slice(share));
                });
            });
        }
        if let Some(cookie) = self.cookie {
            extension::emit_cookie(out, cookie);
        }
        ConnectionId::emit_extension(self.connection_id, out);
        if !self.psks.is_empty() {
            extension::emit(out, extension::PRE_SHARED_KEY, |out| self.emit_psks(out));
        }
    }

    fn emit_psks(&self, out: &mut Vec<u8>) {
        vector16(out, |out| {
            for psk in &self.psks {
                vector16(out, |out| out.extend_from_slice(psk.identity));
                out.extend_from_slice(&psk.obfuscated_age.to_be_bytes());
            }
        });
        vector16(out, |out| {
            for psk in &self.psks {
                vector8(out, |out| out.extend_from_slice(&psk.binder.unwrap_or_default()));
            }
        });
    }
}

/// Whether a list of 16-bit values has `wanted`.
fn contains(mut list: Reader<'_>, wanted: u16) -> Result<bool, ParseError> {
    if list.is_empty() {
        return Err(ParseError::IllegalValue);
    }
    let mut found = false;
    while !list.is_empty() {
        found |= list.u16()? == wanted;
    }
    Ok(found)
}

/// The X25519 share among the client's shares.
fn parse_key_shares(mut list: Reader<'_>) -> Result<Option<[u8; X25519_LEN]>, ParseError> {
    let mut found = None;
    while !list.is_empty() {
        let group = list.u16()?;
        let share = list.vector16()?.rest();
        if group == GROUP_X25519 {
            // RFC 8446 section 4.2.8: one share for a group, of the group's length.
            let share = share.try_into().map_err(|_| ParseError::IllegalValue)?;
            if found.replace(share).is_some() {
                return Err(ParseError::IllegalValue);
            }
        }
    }
    Ok(found)
}

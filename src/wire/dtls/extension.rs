//! Extensions (RFC 8446 section 4.2): their frame, and the few that are shared by several messages.

use super::codec::{ParseError, Reader, put_u16, vector16};
use super::limits::{MAX_COOKIE, MAX_EXTENSIONS};

pub(super) const SUPPORTED_GROUPS: u16 = 10;
pub(super) const EXTENDED_MASTER_SECRET: u16 = 23;
pub(super) const PRE_SHARED_KEY: u16 = 41;
pub(super) const SUPPORTED_VERSIONS: u16 = 43;
pub(super) const COOKIE: u16 = 44;
pub(super) const PSK_KEY_EXCHANGE_MODES: u16 = 45;
pub(super) const KEY_SHARE: u16 = 51;
pub(super) const CONNECTION_ID: u16 = 54;
pub(super) const RENEGOTIATION_INFO: u16 = 0xff01;

/// The length of an X25519 public key.
pub(super) const X25519_LEN: usize = 32;

/// Walks an extension block to the end of the message. `each` gets the type, the content and
/// whether it is the last.
pub(super) fn parse_extensions<'a>(
    reader: &mut Reader<'a>,
    mut each: impl FnMut(u16, Reader<'a>, bool) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let mut block = reader.vector16()?;
    reader.end()?;
    let mut seen: Vec<u16> = Vec::new();
    while !block.is_empty() {
        let kind = block.u16()?;
        let content = block.vector16()?;
        if seen.contains(&kind) {
            return Err(ParseError::DuplicateExtension);
        }
        if seen.len() == MAX_EXTENSIONS {
            return Err(ParseError::TooLong);
        }
        seen.push(kind);
        each(kind, content, block.is_empty())?;
    }
    Ok(())
}

/// Writes one extension.
pub(super) fn emit(out: &mut Vec<u8>, kind: u16, body: impl FnOnce(&mut Vec<u8>)) {
    put_u16(out, kind);
    vector16(out, body);
}

/// Reads the content of a cookie extension, alike in both directions.
pub(super) fn parse_cookie<'a>(mut content: Reader<'a>) -> Result<&'a [u8], ParseError> {
    let mut cookie = content.vector16()?;
    content.end()?;
    match cookie.len() {
        0 => Err(ParseError::IllegalValue),
        n if n > MAX_COOKIE => Err(ParseError::TooLong),
        _ => Ok(cookie.rest()),
    }
}

/// Writes a cookie extension.
pub(super) fn emit_cookie(out: &mut Vec<u8>, cookie: &[u8]) {
    emit(out, COOKIE, |out| vector16(out, |out| out.extend_from_slice(cookie)));
}

//! The short messages of the DTLS 1.2 PSK handshake (RFC 4279 section 2, RFC 5246 section 7.4.9).

use super::codec::{ParseError, Reader, vector16};
use super::limits::MAX_IDENTITY;

/// The length of the verify data of Finished.
pub const VERIFY_DATA_LEN: usize = 12;

/// The identity in ClientKeyExchange.
pub fn parse_client_key_exchange(body: &[u8]) -> Result<&[u8], ParseError> {
    one_string(body)
}

/// Writes the body of ClientKeyExchange.
pub fn emit_client_key_exchange(identity: &[u8], out: &mut Vec<u8>) {
    vector16(out, |out| out.extend_from_slice(identity));
}

/// The hint in ServerKeyExchange, by which a client may choose its identity.
pub fn parse_server_key_exchange(body: &[u8]) -> Result<&[u8], ParseError> {
    one_string(body)
}

fn one_string(body: &[u8]) -> Result<&[u8], ParseError> {
    let mut reader = Reader::new(body);
    let mut string = reader.vector16()?;
    reader.end()?;
    if string.len() > MAX_IDENTITY { Err(ParseError::TooLong) } else { Ok(string.rest()) }
}

/// Reads the body of Finished.
pub fn parse_finished_12(body: &[u8]) -> Result<[u8; VERIFY_DATA_LEN], ParseError> {
    let mut reader = Reader::new(body);
    let verify_data = reader.array()?;
    reader.end()?;
    Ok(verify_data)
}

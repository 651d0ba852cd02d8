//! The handshake header and its fragments (RFC 9147 sections 5.2 and 5.5).

use super::codec::{ParseError, Reader, put_u16, put_u24};
use super::limits::{MAX_FRAGMENTS, MAX_MESSAGE};
use crate::planted::{self, Defect};

/// The length of the DTLS handshake header.
pub const HEADER_LEN: usize = 12;
/// The length of the TLS handshake header, which is what the transcript sees (RFC 9147 section 5.2).
pub const MESSAGE_HEADER_LEN: usize = 4;

/// The messages of the PSK handshakes (RFC 8446 appendix B.3, RFC 5246 section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum HandshakeType {
    /// HelloRequest, of DTLS 1.2.
    HelloRequest = 0,
    /// ClientHello.
    ClientHello = 1,
    /// ServerHello, or HelloRetryRequest by its random.
    ServerHello = 2,
    /// HelloVerifyRequest, of DTLS 1.2.
    HelloVerifyRequest = 3,
    /// NewSessionTicket.
    NewSessionTicket = 4,
    /// EncryptedExtensions.
    EncryptedExtensions = 8,
    /// RequestConnectionId, of DTLS 1.3 (RFC 9147 section 9).
    RequestConnectionId = 9,
    /// NewConnectionId, of DTLS 1.3 (RFC 9147 section 9).
    NewConnectionId = 10,
    /// ServerKeyExchange, of DTLS 1.2.
    ServerKeyExchange = 12,
    /// ServerHelloDone, of DTLS 1.2.
    ServerHelloDone = 14,
    /// ClientKeyExchange, of DTLS 1.2.
    ClientKeyExchange = 16,
    /// Finished.
    Finished = 20,
    /// KeyUpdate.
    KeyUpdate = 24,
    /// The synthetic message of a transcript with HelloRetryRequest (RFC 8446 section 4.4.1); never
    /// on the wire.
    MessageHash = 254,
}

impl HandshakeType {
    const fn parse(byte: u8) -> Result<Self, ParseError> {
        Ok(match byte {
            0 => Self::HelloRequest,
            1 => Self::ClientHello,
            2 => Self::ServerHello,
            3 => Self::HelloVerifyRequest,
            4 => Self::NewSessionTicket,
            8 => Self::EncryptedExtensions,
            9 => Self::RequestConnectionId,
            10 => Self::NewConnectionId,
            12 => Self::ServerKeyExchange,
            14 => Self::ServerHelloDone,
            16 => Self::ClientKeyExchange,
            20 => Self::Finished,
            24 => Self::KeyUpdate,
            _ => return Err(ParseError::IllegalValue),
        })
    }
}

/// A part of a handshake message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// Which message.
    pub kind: HandshakeType,
    /// The length of the whole body.
    pub length: usize,
    /// The message's place among all messages of its sender.
    pub sequence: u16,
    /// Where in the body the part begins.
    pub offset: usize,
    /// The part.
    pub bytes: &'a [u8],
}

impl<'a> Fragment<'a> {
    fn parse(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        let kind = HandshakeType::parse(reader.u8()?)?;
        let length = reader.u24()?;
        let sequence = reader.u16()?;
        let offset = reader.u24()?;
        let fragment_length = reader.u24()?;
        if length > MAX_MESSAGE {
            return Err(ParseError::TooLong);
        }
        let is_outside = offset + fragment_length > length && !planted::is(Defect::FragmentOutside);
        if is_outside || (fragment_length == 0 && length > 0) {
            return Err(ParseError::IllegalValue);
        }
        Ok(Self { kind, length, sequence, offset, bytes: reader.take(fragment_length)? })
    }

    /// Writes the fragment with its header.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.push(self.kind as u8);
        put_u24(out, self.length);
        put_u16(out, self.sequence);
        put_u24(out, self.offset);
        put_u24(out, self.bytes.len());
        out.extend_from_slice(self.bytes);
    }
}

/// The fragments of one record: at least one, with nothing behind the last.
pub fn fragments(content: &[u8]) -> Result<Vec<Fragment<'_>>, ParseError> {
    let mut reader = Reader::new(content);
    let mut list = Vec::new();
    loop {
        list.push(Fragment::parse(&mut reader)?);
        if reader.is_empty() {
            return Ok(list);
        }
        if list.len() == MAX_FRAGMENTS {
            return Err(ParseError::TooLong);
        }
    }
}

/// A whole message in TLS form: type, 24-bit length, and the body that `write` appends.
#[must_use]
pub fn message(kind: HandshakeType, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    // Room for a ClientHello with a key share and an identity of usual length.
    let mut out = Vec::with_capacity(192);
    out.extend_from_slice(&[kind as u8, 0, 0, 0]);
    write(&mut out);
    let [.., high, middle, low] = (out.len() - MESSAGE_HEADER_LEN).to_be_bytes();
    out[1..MESSAGE_HEADER_LEN].copy_from_slice(&[high, middle, low]);
    out
}

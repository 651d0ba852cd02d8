//! Records of DTLS 1.2 (RFC 6347 section 4.1), with connection IDs (RFC 9146 section 4).

use super::codec::{ParseError, Reader, put_u16};
use super::limits::{MAX_RECORD, MAX_RECORDS};
use super::{VERSION_DTLS10, VERSION_DTLS12};

/// The length of a record header without a connection ID.
pub const HEADER_LEN_12: usize = 13;
/// The most that protection adds: an explicit nonce, an inner content type and a tag.
const MAX_EXPANSION: usize = 8 + 1 + 16;

/// What a record of DTLS 1.2 carries (RFC 5246 section 6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Content12 {
    /// The change to the next epoch.
    ChangeCipherSpec = 20,
    /// An alert.
    Alert = 21,
    /// Handshake fragments.
    Handshake = 22,
    /// Application data.
    ApplicationData = 23,
    /// `tls12_cid`: a protected record with a connection ID; its true type is inside.
    WithConnectionId = 25,
}

impl Content12 {
    const fn parse(byte: u8) -> Result<Self, ParseError> {
        Ok(match byte {
            20 => Self::ChangeCipherSpec,
            21 => Self::Alert,
            22 => Self::Handshake,
            23 => Self::ApplicationData,
            25 => Self::WithConnectionId,
            // The unified header of DTLS 1.3 (RFC 9147 section 4.1).
            0x20..=0x3f => return Err(ParseError::WrongVersion),
            _ => return Err(ParseError::IllegalValue),
        })
    }
}

/// A record of DTLS 1.2; from epoch 1 on its body is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record12<'a> {
    /// What it carries.
    pub content_type: Content12,
    /// The version, as it stands in the header.
    pub version: u16,
    /// The key generation.
    pub epoch: u16,
    /// Its number, 48 bits.
    pub sequence: u64,
    /// The connection ID; empty if it has none.
    pub connection_id: &'a [u8],
    /// What follows the header.
    pub body: &'a [u8],
}

impl<'a> Record12<'a> {
    fn parse(reader: &mut Reader<'a>, connection_id_len: usize) -> Result<Self, ParseError> {
        let content_type = Content12::parse(reader.u8()?)?;
        let version = reader.u16()?;
        // RFC 6347 section 4.1: the first records may still have the number of DTLS 1.0.
        if version != VERSION_DTLS12 && version != VERSION_DTLS10 {
            return Err(ParseError::WrongVersion);
        }
        let epoch = reader.u16()?;
        let sequence = reader.u48()?;
        let connection_id = match content_type {
            // RFC 9146 section 4: not before the handshake has keys.
            Content12::WithConnectionId if connection_id_len == 0 || epoch == 0 => {
                return Err(ParseError::ConnectionId);
            }
            Content12::WithConnectionId => reader.take(connection_id_len)?,
            _ => &[],
        };
        let body = reader.vector16()?.rest();
        if body.len() > MAX_RECORD + if epoch > 0 { MAX_EXPANSION } else { 0 } {
            return Err(ParseError::TooLong);
        }
        Ok(Self { content_type, version, epoch, sequence, connection_id, body })
    }
}

/// The records of a datagram, in order. It ends behind the first that does not parse.
#[derive(Clone, Debug)]
pub struct Records12<'a> {
    reader: Reader<'a>,
    connection_id_len: usize,
    left: usize,
}

impl<'a> Records12<'a> {
    /// The records of `datagram`, for a receiver whose connection IDs have `connection_id_len` bytes.
    #[must_use]
    pub const fn new(datagram: &'a [u8], connection_id_len: usize) -> Self {
        Self { reader: Reader::new(datagram), connection_id_len, left: MAX_RECORDS }
    }

    /// From the next record on, connection IDs have `len` bytes.
    pub const fn expect_connection_ids(&mut self, len: usize) {
        self.connection_id_len = len;
    }

    fn parse_one(&mut self) -> Result<Record12<'a>, ParseError> {
        self.left = self.left.checked_sub(1).ok_or(ParseError::TooLong)?;
        Record12::parse(&mut self.reader, self.connection_id_len)
    }
}

impl<'a> Iterator for Records12<'a> {
    type Item = Result<Record12<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let record = self.parse_one();
        if record.is_err() {
            self.reader = Reader::new(&[]);
        }
        Some(record)
    }
}

/// Writes the header of a record whose body is `length` bytes.
pub fn emit_header_12(
    content_type: Content12,
    epoch: u16,
    sequence: u64,
    connection_id: &[u8],
    length: usize,
    out: &mut Vec<u8>,
) {
    out.push(content_type as u8);
    put_u16(out, VERSION_DTLS12);
    put_u16(out, epoch);
    out.extend_from_slice(&sequence.to_be_bytes()[2..]);
    out.extend_from_slice(connection_id);
    put_u16(out, u16::try_from(length).expect("records are bounded by `MAX_RECORD`"));
}

/// Takes padding and true type off what was under the protection of a `tls12_cid` record (RFC 9146
/// section 4).
pub fn parse_inner_plaintext_12(bytes: &[u8]) -> Result<(Content12, &[u8]), ParseError> {
    let end = bytes.iter().rposition(|&byte| byte != 0).ok_or(ParseError::IllegalValue)?;
    let (content, rest) = bytes.split_at(end);
    let content_type = match rest.first() {
        Some(&byte) => Content12::parse(byte)?,
        None => return Err(ParseError::IllegalValue),
    };
    match content_type {
        Content12::WithConnectionId => Err(ParseError::IllegalValue),
        _ if content.len() > MAX_RECORD => Err(ParseError::TooLong),
        _ => Ok((content_type, content)),
    }
}

//! Records (RFC 9147 section 4): the plaintext header, the unified header, the inner plaintext.

use super::VERSION_DTLS12;
use super::codec::{ParseError, Reader, put_u16};
use super::limits::{MAX_RECORD, MAX_RECORDS};

/// The length of the header of a plaintext record.
pub const PLAINTEXT_HEADER_LEN: usize = 13;
/// The length of the AEAD tag.
pub const TAG_LEN: usize = 16;

/// What a record carries (RFC 8446 appendix B.1, RFC 9147 section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ContentType {
    /// An alert.
    Alert = 21,
    /// Handshake fragments.
    Handshake = 22,
    /// Application data.
    ApplicationData = 23,
    /// An ACK.
    Ack = 26,
}

impl ContentType {
    const fn parse(byte: u8) -> Result<Self, ParseError> {
        Ok(match byte {
            21 => Self::Alert,
            22 => Self::Handshake,
            23 => Self::ApplicationData,
            26 => Self::Ack,
            _ => return Err(ParseError::IllegalValue),
        })
    }
}

/// A record without protection, always of epoch 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plaintext<'a> {
    /// What it carries.
    pub content_type: ContentType,
    /// Its number, 48 bits.
    pub sequence: u64,
    /// The content.
    pub content: &'a [u8],
}

impl<'a> Plaintext<'a> {
    fn parse(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        let content_type = ContentType::parse(reader.u8()?)?;
        // RFC 9147 section 4: legacy_record_version is ignored for all purposes.
        let _version = reader.u16()?;
        let epoch = reader.u16()?;
        let sequence = reader.u48()?;
        let mut content = reader.vector16()?;
        if epoch != 0 || content_type == ContentType::ApplicationData {
            return Err(ParseError::IllegalValue);
        }
        if content.len() > MAX_RECORD {
            return Err(ParseError::TooLong);
        }
        Ok(Self { content_type, sequence, content: content.rest() })
    }
}

/// Writes the header of a plaintext record whose content is `length` bytes.
pub fn emit_plaintext_header(
    content_type: ContentType,
    sequence: u64,
    length: usize,
    out: &mut Vec<u8>,
) {
    out.push(content_type as u8);
    put_u16(out, VERSION_DTLS12);
    put_u16(out, 0); // epoch
    out.extend_from_slice(&sequence.to_be_bytes()[2..]);
    put_u16(out, u16::try_from(length).expect("records are bounded by `MAX_RECORD`"));
}

const FIXED_BITS: u8 = 0b0010_0000;
const FIXED_MASK: u8 = 0b1110_0000;
const CONNECTION_ID: u8 = 0b0001_0000;
const LONG_SEQUENCE: u8 = 0b0000_1000;
const LENGTH: u8 = 0b0000_0100;
const EPOCH_MASK: u8 = 0b0000_0011;

/// A unified header before its number is encrypted (RFC 9147 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnifiedHeader<'a> {
    /// The epoch; its two low bits are written.
    pub epoch: u64,
    /// The connection ID; an empty one is not written.
    pub connection_id: &'a [u8],
    /// The number; its 8 or 16 low bits are written.
    pub sequence: u64,
    /// 16 bits of the number instead of 8.
    pub long_sequence: bool,
    /// The length of the encrypted record, if it is written.
    pub length: Option<u16>,
}

impl UnifiedHeader<'_> {
    /// Where the number stands, behind a connection ID of so many bytes.
    #[must_use]
    pub const fn sequence_at(connection_id_len: usize) -> usize {
        1 + connection_id_len
    }

    /// The number of bytes that the number takes.
    #[must_use]
    pub const fn sequence_len(&self) -> usize {
        if self.long_sequence { 2 } else { 1 }
    }

    /// The length of the header itself.
    #[must_use]
    pub const fn len(connection_id_len: usize, long_sequence: bool, with_length: bool) -> usize {
        2 + connection_id_len + long_sequence as usize + 2 * with_length as usize
    }

    /// Writes the header.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let epoch_bits = self.epoch.to_be_bytes()[7] & EPOCH_MASK;
        let long = if self.long_sequence { LONG_SEQUENCE } else { 0 };
        let length = if self.length.is_some() { LENGTH } else { 0 };
        let id = if self.connection_id.is_empty() { 0 } else { CONNECTION_ID };
        out.push(FIXED_BITS | id | long | length | epoch_bits);
        out.extend_from_slice(self.connection_id);
        out.extend_from_slice(&self.sequence.to_be_bytes()[8 - self.sequence_len()..]);
        if let Some(length) = self.length {
            put_u16(out, length);
        }
    }
}

/// A protected record as it came: its number is still encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protected<'a> {
    /// The two low bits of the epoch.
    pub epoch_bits: u8,
    /// The connection ID, if the header has one.
    pub connection_id: Option<&'a [u8]>,
    /// The number of bytes of the encrypted number.
    pub sequence_len: usize,
    /// The header.
    pub header: &'a [u8],
    /// The ciphertext with its tag.
    pub ciphertext: &'a [u8],
}

impl<'a> Protected<'a> {
    fn parse(reader: &mut Reader<'a>, connection_id_len: usize) -> Result<Self, ParseError> {
        let start = reader.clone();
        let flags = reader.u8()?;
        if flags & FIXED_MASK != FIXED_BITS {
            return Err(ParseError::IllegalValue);
        }
        let connection_id = match (flags & CONNECTION_ID != 0, connection_id_len) {
            (false, _) => None,
            (true, 0) => return Err(ParseError::ConnectionId),
            (true, len) => Some(reader.take(len)?),
        };
        let sequence_len = if flags & LONG_SEQUENCE != 0 { 2 } else { 1 };
        reader.take(sequence_len)?;
        let length = if flags & LENGTH != 0 { Some(reader.u16()?) } else { None };
        let header = start.clone().take(start.len() - reader.len())?;
        let ciphertext = match length {
            Some(n) => reader.take(n.into())?,
            None => reader.rest(),
        };
        // RFC 9147 section 4.2.3: at least 16 bytes for the number encryption; a type and a tag are 17.
        if ciphertext.len() < TAG_LEN + 1 {
            return Err(ParseError::Truncated);
        }
        if ciphertext.len() > MAX_RECORD + 1 + TAG_LEN {
            return Err(ParseError::TooLong);
        }
        let epoch_bits = flags & EPOCH_MASK;
        Ok(Self { epoch_bits, connection_id, sequence_len, header, ciphertext })
    }
}

/// One record of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// Epoch 0.
    Plaintext(Plaintext<'a>),
    /// Any later epoch.
    Protected(Protected<'a>),
}

/// The records of a datagram, in order. It ends behind the first that does not parse, because the
/// next one cannot be found.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    reader: Reader<'a>,
    connection_id_len: usize,
    left: usize,
}

impl<'a> Records<'a> {
    /// The records of `datagram`, for a receiver that wants no connection IDs.
    #[must_use]
    pub const fn new(datagram: &'a [u8]) -> Self {
        Self { reader: Reader::new(datagram), connection_id_len: 0, left: MAX_RECORDS }
    }

    /// From the next record on, connection IDs have `len` bytes: only their receiver, who chose
    /// them, knows how many.
    pub const fn expect_connection_ids(&mut self, len: usize) {
        self.connection_id_len = len;
    }

    /// Nothing more is read.
    pub const fn stop(&mut self) {
        self.reader = Reader::new(&[]);
    }

    fn parse_one(&mut self, first: u8) -> Result<Record<'a>, ParseError> {
        self.left = self.left.checked_sub(1).ok_or(ParseError::TooLong)?;
        // RFC 9147 section 4.1: the first byte tells the two forms apart.
        if first & FIXED_MASK == FIXED_BITS {
            Protected::parse(&mut self.reader, self.connection_id_len).map(Record::Protected)
        } else {
            Plaintext::parse(&mut self.reader).map(Record::Plaintext)
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.reader.clone().u8().ok()?;
        let record = self.parse_one(first);
        if record.is_err() {
            self.reader = Reader::new(&[]);
        }
        Some(record)
    }
}

/// What was under the protection of a record (RFC 8446 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InnerPlaintext<'a> {
    /// What it carries.
    pub content_type: ContentType,
    /// The content without padding.
    pub content: &'a [u8],
}

impl<'a> InnerPlaintext<'a> {
    /// Takes padding and content type off.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let end = bytes.iter().rposition(|&byte| byte != 0).ok_or(ParseError::IllegalValue)?;
        let content_type = ContentType::parse(bytes[end])?;
        if end > MAX_RECORD {
            return Err(ParseError::TooLong);
        }
        Ok(Self { content_type, content: &bytes[..end] })
    }
}

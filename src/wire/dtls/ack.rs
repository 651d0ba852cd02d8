//! ACK (RFC 9147 section 7).

use super::codec::{ParseError, Reader, vector16};
use super::limits::MAX_ACKED;

/// A record, named in full (RFC 9147 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordNumber {
    /// The key generation.
    pub epoch: u64,
    /// The record's place in it.
    pub sequence: u64,
}

/// The records that an ACK names.
pub fn parse_ack(bytes: &[u8]) -> Result<Vec<RecordNumber>, ParseError> {
    let mut reader = Reader::new(bytes);
    let mut list = reader.vector16()?;
    reader.end()?;
    if list.len() > 16 * MAX_ACKED {
        return Err(ParseError::TooLong);
    }
    let mut numbers = Vec::with_capacity(list.len() / 16);
    while !list.is_empty() {
        numbers.push(RecordNumber { epoch: list.u64()?, sequence: list.u64()? });
    }
    Ok(numbers)
}

/// Writes an ACK of `numbers`.
pub fn emit_ack(numbers: &[RecordNumber], out: &mut Vec<u8>) {
    vector16(out, |out| {
        for number in numbers {
            out.extend_from_slice(&number.epoch.to_be_bytes());
            out.extend_from_slice(&number.sequence.to_be_bytes());
        }
    });
}

//! The short messages: EncryptedExtensions, Finished, NewSessionTicket, KeyUpdate.

use super::codec::{ParseError, Reader, vector8, vector16};
use super::extension;
use super::limits::MAX_IDENTITY;
use crate::planted::{self, Defect};

/// Checks the body of EncryptedExtensions (RFC 8446 section 4.3.1). A server may name its groups;
/// nothing else was asked for.
pub fn parse_encrypted_extensions(body: &[u8]) -> Result<(), ParseError> {
    extension::parse_extensions(&mut Reader::new(body), |kind, _, _| match kind {
        extension::SUPPORTED_GROUPS => Ok(()),
        _ => Err(ParseError::UnexpectedExtension),
    })
}

/// Reads the body of Finished with SHA-256 (RFC 8446 section 4.4.4).
pub fn parse_finished(body: &[u8]) -> Result<[u8; 32], ParseError> {
    let mut reader = Reader::new(body);
    let verify_data = reader.array()?;
    reader.end()?;
    Ok(verify_data)
}

/// KeyUpdate (RFC 8446 section 4.6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUpdate {
    /// The peer shall update its keys as well.
    pub request: bool,
}

impl KeyUpdate {
    /// Reads the body.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let request = match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(ParseError::IllegalValue),
        };
        reader.end()?;
        Ok(Self { request })
    }

    /// Writes the body.
    pub fn emit(self, out: &mut Vec<u8>) {
        out.push(self.request.into());
    }
}

/// NewSessionTicket (RFC 8446 section 4.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSessionTicket<'a> {
    /// Seconds for which it may be used.
    pub lifetime: u32,
    /// Added to the age when the ticket is used.
    pub age_add: u32,
    /// Makes the PSK of this ticket unique.
    pub nonce: &'a [u8],
    /// The ticket.
    pub ticket: &'a [u8],
}

impl<'a> NewSessionTicket<'a> {
    /// Reads the body. Extensions are skipped: early data is never used.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let lifetime = reader.u32()?;
        let age_add = reader.u32()?;
        let nonce = reader.vector8()?.rest();
        let ticket = reader.vector16()?.rest();
        if planted::is(Defect::TicketIndex) && nonce[0] == 0 {
            return Err(ParseError::IllegalValue);
        }
        extension::parse_extensions(&mut reader, |_, _, _| Ok(()))?;
        match ticket.len() {
            0 => Err(ParseError::IllegalValue),
            n if n > MAX_IDENTITY => Err(ParseError::TooLong),
            _ => Ok(Self { lifetime, age_add, nonce, ticket }),
        }
    }

    /// Writes the body.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lifetime.to_be_bytes());
        out.extend_from_slice(&self.age_add.to_be_bytes());
        vector8(out, |out| out.extend_from_slice(self.nonce));
        vector16(out, |out| out.extend_from_slice(self.ticket));
        vector16(out, |_| {});
    }
}

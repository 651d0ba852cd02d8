//! Connection IDs (RFC 9146 section 3) and the messages of DTLS 1.3 about them (RFC 9147 section 9).

use std::fmt;

use super::codec::{ParseError, Reader, vector8, vector16};
use super::extension;
use super::limits::{MAX_CONNECTION_ID, MAX_CONNECTION_IDS};

/// A connection ID of at most [`MAX_CONNECTION_ID`] bytes. An empty one means that its owner wants
/// none in the records that it receives.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId {
    len: u8,
    bytes: [u8; MAX_CONNECTION_ID],
}

impl ConnectionId {
    /// None wanted.
    pub const EMPTY: Self = Self { len: 0, bytes: [0; MAX_CONNECTION_ID] };

    /// These bytes; `None` if they are too many.
    #[must_use]
    pub fn new(id: &[u8]) -> Option<Self> {
        let len = u8::try_from(id.len()).ok()?;
        let mut bytes = [0; MAX_CONNECTION_ID];
        bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(Self { len, bytes })
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len()).unwrap_or_default()
    }

    /// How many bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// None is wanted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn parse(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        Self::new(reader.vector8()?.rest()).ok_or(ParseError::TooLong)
    }

    fn emit(self, out: &mut Vec<u8>) {
        vector8(out, |out| out.extend_from_slice(self.as_bytes()));
    }

    /// Reads the content of the extension, alike in both directions and versions.
    pub(super) fn parse_extension(mut content: Reader<'_>) -> Result<Self, ParseError> {
        let id = Self::parse(&mut content)?;
        content.end()?;
        Ok(id)
    }

    /// Writes the extension, if there is to be one.
    pub(super) fn emit_extension(id: Option<Self>, out: &mut Vec<u8>) {
        if let Some(id) = id {
            extension::emit(out, extension::CONNECTION_ID, |out| id.emit(out));
        }
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionId({:02x?})", self.as_bytes())
    }
}

/// NewConnectionId.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConnectionId {
    /// The IDs, in the order in which they are to be used.
    pub ids: Vec<ConnectionId>,
    /// `cid_immediate`: the old ones are not to be used any more. Otherwise `cid_spare`.
    pub immediate: bool,
}

impl NewConnectionId {
    /// Reads the body.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let mut list = reader.vector16()?;
        let immediate = match reader.u8()? {
            0 => true,
            1 => false,
            _ => return Err(ParseError::IllegalValue),
        };
        reader.end()?;
        let mut ids = Vec::new();
        while !list.is_empty() {
            if ids.len() == MAX_CONNECTION_IDS {
                return Err(ParseError::TooLong);
            }
            ids.push(ConnectionId::parse(&mut list)?);
        }
        // One of them is to be used at once.
        if immediate && ids.is_empty() {
            Err(ParseError::IllegalValue)
        } else {
            Ok(Self { ids, immediate })
        }
    }

    /// Writes the body.
    pub fn emit(&self, out: &mut Vec<u8>) {
        vector16(out, |out| self.ids.iter().for_each(|id| id.emit(out)));
        out.push(u8::from(!self.immediate));
    }
}

/// RequestConnectionId: how many are wanted.
pub fn parse_request_connection_id(body: &[u8]) -> Result<u8, ParseError> {
    let mut reader = Reader::new(body);
    let wanted = reader.u8()?;
    reader.end()?;
    Ok(wanted)
}

//! Connection IDs of an association (RFC 9146, RFC 9147 section 9), and what they say of a peer's address.

use super::{Config, Env, Rejection};
use crate::wire::dtls::limits::MAX_CONNECTION_ID;
use crate::wire::dtls::{ConnectionId, Content12, Record, Records, Records12};

/// The IDs of both directions; empty where none is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ConnectionIds {
    /// What the peer puts into its records.
    pub(super) ours: ConnectionId,
    /// What this end puts into its records.
    pub(super) theirs: ConnectionId,
}

impl ConnectionIds {
    pub(super) const NONE: Self = Self { ours: ConnectionId::EMPTY, theirs: ConnectionId::EMPTY };

    /// What follows from the extensions of both hellos: nothing, unless both have it (RFC 9146
    /// section 3).
    pub(super) fn negotiated(ours: Option<ConnectionId>, theirs: Option<ConnectionId>) -> Self {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => Self { ours, theirs },
            _ => Self::NONE,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Checks the ID of a record. One may be missing only behind another record of the datagram (RFC
    /// 9147 section 4; DTLS 1.2 has no such exception).
    pub(super) fn check(&self, id: Option<&[u8]>, first: bool) -> Result<(), Rejection> {
        match id {
            Some(id) if id == self.ours.as_bytes() => Ok(()),
            Some(_) => Err(Rejection::UnknownConnectionId),
            None if first && !self.ours.is_empty() => Err(Rejection::MissingConnectionId),
            None => Ok(()),
        }
    }
}

impl Config {
    /// A random ID of the length that is wanted, for one association.
    pub(super) fn draw_connection_id(&self, env: &mut Env<'_>) -> Option<ConnectionId> {
        let mut bytes = [0; MAX_CONNECTION_ID];
        let len = usize::from(self.connection_id?).min(MAX_CONNECTION_ID);
        let id = bytes.get_mut(..len).unwrap_or_default();
        env.rng.fill_bytes(id);
        ConnectionId::new(id)
    }
}

/// The number of the newest record that authenticated, in the order of epoch and number.
///
/// A peer has a new address only if a datagram from there raises it (RFC 9146 section 6): what was
/// replayed, or overtaken on its way, moves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Newest {
    pub(super) epoch: u16,
    /// One more than the number.
    pub(super) next: u64,
}

/// The connection ID of a datagram, for a receiver whose own IDs have `len` bytes: they stand on the
/// wire without their length, so a receiver that is to find an association by them gives all of its
/// IDs the same. The first record that has one tells, of either profile.
#[must_use]
pub fn peek_connection_id(datagram: &[u8], len: usize) -> Option<ConnectionId> {
    let mut of_12 = Records12::new(datagram, len).map_while(Result::ok);
    let id = of_12
        .find(|record| record.content_type == Content12::WithConnectionId)
        .map(|record| record.connection_id);
    let id = id.or_else(|| {
        let mut records = Records::new(datagram);
        records.expect_connection_ids(len);
        records.map_while(Result::ok).find_map(|record| match record {
            Record::Protected(record) => record.connection_id,
            Record::Plaintext(_) => None,
        })
    });
    ConnectionId::new(id?)
}

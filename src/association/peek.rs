//! What a datagram is, as far as can be told without keys.

use crate::wire::dtls::{
    ContentType, HandshakeType, ParseError, Record, Records, Records12, fragments,
};

/// The first record of a datagram, for choosing among the associations with its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peek {
    /// A ClientHello, or its first fragment, with the client's random. See
    /// [`Association::began_with`](super::Association::began_with).
    ClientHello {
        /// Identifies the handshake: all copies of its ClientHello have the same.
        random: [u8; 32],
    },
    /// Another record of epoch 0.
    Plaintext,
    /// A protected record with the two low bits of its epoch: 2 and 3 are the handshake and the first
    /// application epoch of DTLS 1.3, but also every fourth one after; 1 is that of DTLS 1.2.
    Protected {
        /// The two bits.
        epoch_bits: u8,
    },
}

/// Classifies a datagram by its first record; `None` if that does not parse.
#[must_use]
pub fn peek(datagram: &[u8]) -> Option<Peek> {
    match Records12::new(datagram, 0).next() {
        Some(Ok(record)) if record.epoch > 0 => {
            return Some(Peek::Protected { epoch_bits: record.epoch.to_be_bytes()[1] & 3 });
        }
        // A connection ID of unknown length: the epoch stands before it.
        Some(Err(ParseError::ConnectionId)) => {
            return Some(Peek::Protected { epoch_bits: datagram.get(4)? & 3 });
        }
        _ => {}
    }
    match Records::new(datagram).next()? {
        Err(ParseError::ConnectionId) => with_connection_id(datagram),
        record => plain(record.ok()?),
    }
}

/// A record with a connection ID, whose length this function does not know: the epoch stands before it.
fn with_connection_id(datagram: &[u8]) -> Option<Peek> {
    Some(Peek::Protected { epoch_bits: datagram.first()? & 3 })
}

fn plain(record: Record<'_>) -> Option<Peek> {
    match record {
        Record::Protected(record) => Some(Peek::Protected { epoch_bits: record.epoch_bits }),
        Record::Plaintext(record) if record.content_type == ContentType::Handshake => {
            let fragment = *fragments(record.content).ok()?.first()?;
            // RFC 9147 section 5.3: the random follows the two bytes of the version.
            let random = fragment.bytes.get(2..34).and_then(|random| random.try_into().ok());
            match random {
                Some(random)
                    if fragment.kind == HandshakeType::ClientHello && fragment.offset == 0 =>
                {
                    Some(Peek::ClientHello { random })
                }
                _ => Some(Peek::Plaintext),
            }
        }
        Record::Plaintext(_) => Some(Peek::Plaintext),
    }
}

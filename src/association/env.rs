//! What an association is given with every call, and what it gives back.

use super::{Config, KeyLog, Operations, Rejection};
use crate::sim::time::{Duration, Time};

/// A 32-byte secret of the key schedule.
pub type Secret = [u8; 32];

/// The pre-shared keys, asked for by use and not by value, so that they may stay in an HSM.
pub trait PskStore {
    /// HKDF-Extract(0, PSK) for `identity` (RFC 8446 section 7.1), or `None` for an unknown identity.
    fn early_secret(&self, identity: &[u8], operations: &mut Operations) -> Option<Secret>;

    /// There is a key for `identity`.
    fn knows(&self, identity: &[u8]) -> bool {
        self.early_secret(identity, &mut Operations::default()).is_some()
    }

    /// The master secret of DTLS 1.2 for `identity`: PRF(premaster secret, label, seed), the premaster
    /// secret made of the PSK alone (RFC 4279 section 2). `None` for an unknown identity.
    /// [`master_secret_12`](super::master_secret_12) computes it from a key.
    fn master_secret_12(
        &self,
        identity: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]>;
}

/// The surroundings of one call.
pub struct Env<'a> {
    /// The present.
    pub now: Time,
    /// Randomness of this endpoint.
    pub rng: &'a mut dyn rand_core::Rng,
    /// Pre-shared keys.
    pub keys: &'a dyn PskStore,
    /// Work is counted here.
    pub operations: &'a mut Operations,
    /// Where outputs go, in order; the caller drains it to the end after every call.
    pub out: &'a mut Vec<Output>,
    /// Who is told the secrets of the records, if anybody is to read them along.
    pub key_log: Option<&'a mut dyn KeyLog>,
}

/// What a client offers to prove itself with.
#[derive(Clone, Debug)]
pub enum Offer<'a> {
    /// An external PSK under its identity (1 to 128 bytes).
    Psk(&'a [u8]),
    /// Resumption of an earlier association.
    Ticket(&'a Ticket),
}

/// A session ticket as a client keeps it (RFC 8446 section 4.6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The opaque value that the server will recognise.
    pub identity: Vec<u8>,
    /// The resumption PSK.
    pub psk: Secret,
    /// Added to the age so that observers cannot link resumptions.
    pub age_add: u32,
    /// When it came.
    pub received: Time,
    /// How long it may be used.
    pub lifetime: Duration,
}

/// What a datagram is for, so that its bytes can be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A flight of the handshake, sent for the first time.
    Handshake,
    /// A flight or post-handshake message, sent again.
    Retransmission,
    /// Only acknowledgements.
    Ack,
    /// KeyUpdate.
    KeyUpdate,
    /// NewSessionTicket.
    Ticket,
    /// NewConnectionId.
    ConnectionId,
    /// Application data.
    Application,
    /// An alert.
    Alert,
}

/// What the association wants done or known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this to the peer.
    Datagram {
        /// What it is for.
        kind: Kind,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The handshake is complete: a client has the acknowledgement of its Finished (in DTLS 1.2 the
    /// server's Finished), a server has the Finished itself.
    Established {
        /// By a ticket instead of the external PSK.
        resumed: bool,
    },
    /// The handshake or the association ended without success; nothing more will come.
    Failed(Failure),
    /// New traffic keys are in use for sending: our KeyUpdate was acknowledged.
    KeysUpdated {
        /// The epoch now used for sending.
        epoch: u64,
    },
    /// Application data from the peer.
    Data(Vec<u8>),
    /// A ticket for a later resumption.
    Ticket(Ticket),
    /// The peer closed (close_notify).
    Closed,
}

/// Why an association ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// A flight was repeated as often as the policy allows.
    Unanswered,
    /// The peer sent a fatal alert (its RFC 8446 section 6 code).
    Alerted(u8),
    /// The peer broke the protocol under authenticated keys.
    Misbehaved(Rejection),
}

/// What a datagram turned out to be: its most significant record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Received {
    /// Nothing in it was of use.
    Rejected(Rejection),
    /// An acknowledgement.
    Ack,
    /// A part of a flight that is not yet complete.
    Fragment,
    /// A flight or message that had been handled before; the cached answer was sent where one is due.
    Duplicate,
    /// Application data.
    Data,
    /// An alert that closed or failed the association.
    Alert,
    /// A new session ticket.
    Ticket,
    /// NewConnectionId or RequestConnectionId of the peer.
    ConnectionId,
    /// A key update by the peer.
    KeyUpdate,
    /// A ClientHello, handled by a server.
    ClientHello,
    /// HelloRetryRequest or HelloVerifyRequest, handled by a client.
    HelloRetryRequest,
    /// The server's flight, handled by a client.
    ServerFlight,
    /// The client's Finished, handled by a server; in DTLS 1.2 also the server's, handled by a client.
    Finished,
}

/// A server's answer to the first datagram of an unknown peer.
pub enum Accept<A> {
    /// A new association; its flight is in the outputs.
    Association(A),
    /// HelloRetryRequest or HelloVerifyRequest is in the outputs; no state was kept.
    Retry,
    /// Nothing acceptable.
    Rejected(Rejection),
}

impl<A> Accept<A> {
    /// The same with another kind of association.
    pub(super) fn map<B>(self, f: impl FnOnce(A) -> B) -> Accept<B> {
        match self {
            Self::Association(association) => Accept::Association(f(association)),
            Self::Retry => Accept::Retry,
            Self::Rejected(rejection) => Accept::Rejected(rejection),
        }
    }
}

impl Config {
    /// The record number length in bytes that this end sends: 1 or 2.
    #[must_use]
    pub const fn sequence_len(&self) -> usize {
        if self.long_sequence { 2 } else { 1 }
    }
}

impl Failure {
    /// The name in `association.failed.NAME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Alerted(_) => "alerted",
            Self::Misbehaved(reason) => reason.name(),
        }
    }
}

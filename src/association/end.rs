//! One end of an association, whichever its profile: the interface to it.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::dtls12::Dtls12;
use super::machine::Dtls13;
use super::plain::Plain;
use super::{
    Accept, Config, ConnectionId, Env, Newest, Offer, Operations, Profile, Received, Rejection,
};
use crate::sim::time::{Duration, Time};

/// Separates the fingerprint from all other uses of the secret.
const FINGERPRINT: &[u8] = b"keystorm fingerprint";

/// Why a client cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The key store has no key for the identity.
    #[error("no key for this identity")]
    UnknownIdentity,
    /// The identity is empty or too long.
    #[error("the identity is empty or longer than 128 bytes")]
    BadIdentity,
    /// A ticket is offered where the profile has no resumption: DTLS 1.2 here.
    #[error("this profile has no tickets")]
    NoTickets,
}

/// Why something cannot be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The handshake is not complete, or the association is over.
    #[error("the association is not established")]
    NotEstablished,
    /// The data does not fit one datagram; see [`Association::max_data`].
    #[error("the data does not fit one datagram")]
    TooLong,
    /// DTLS 1.2 has no key update: new keys come from a new association.
    #[error("this profile has no key update")]
    NoKeyUpdate,
    /// A key update is under way; there is only one at a time (RFC 9147 section 5.8.4).
    #[error("a key update is under way")]
    UpdatePending,
    /// The present keys protected as many records as they may, or there are no further epochs.
    #[error("the keys are used up")]
    KeysExhausted,
    /// The exporter label or output is too long.
    #[error("the exporter label or output is too long")]
    BadExport,
}

/// One end of a security association, client or server.
pub struct Association(End);

enum End {
    Dtls13(Dtls13),
    Dtls12(Dtls12),
    Plain(Plain),
}

/// The same of any profile.
macro_rules! either {
    ($end:expr, $it:ident => $what:expr) => {
        match $end {
            End::Dtls13($it) => $what,
            End::Dtls12($it) => $what,
            End::Plain($it) => $what,
        }
    };
}

impl Association {
    /// Starts a client; its ClientHello is in the outputs.
    pub fn connect(
        config: &Config,
        offer: Offer<'_>,
        env: &mut Env<'_>,
    ) -> Result<Self, ConnectError> {
        let end = match config.profile {
            Profile::Dtls13 => End::Dtls13(Dtls13::connect(config, offer, env)?),
            Profile::Dtls12 { suite } => End::Dtls12(Dtls12::connect(config, suite, offer, env)?),
            Profile::Plain => End::Plain(Plain::connect(env)),
        };
        Ok(Self(end))
    }

    /// Answers the first datagram of a peer without an association. `peer` is the address of the
    /// peer in any encoding; a cookie is bound to it.
    ///
    /// A part of a ClientHello makes an association that has not answered yet: it waits for the rest
    /// at most [`Timers::max`](super::Timers::max), and then fails.
    pub fn accept(
        config: &Config,
        peer: &[u8],
        datagram: &[u8],
        env: &mut Env<'_>,
    ) -> Accept<Self> {
        let id = config.draw_connection_id(env);
        Self::answer(config, id, peer, datagram, env)
    }

    /// The same; the association gets the connection ID `id` if the client wants to send one, so that
    /// its datagrams can be found wherever they come from. [`Config::connection_id`] must be there.
    pub fn accept_as(
        config: &Config,
        id: ConnectionId,
        peer: &[u8],
        datagram: &[u8],
        env: &mut Env<'_>,
    ) -> Accept<Self> {
        Self::answer(config, config.connection_id.map(|_| id), peer, datagram, env)
    }

    fn answer(
        config: &Config,
        id: Option<ConnectionId>,
        peer: &[u8],
        datagram: &[u8],
        env: &mut Env<'_>,
    ) -> Accept<Self> {
        match config.profile {
            Profile::Dtls13 => {
                Dtls13::accept(config, id, peer, datagram, env).map(|end| Self(End::Dtls13(end)))
            }
            Profile::Dtls12 { suite } => Dtls12::accept(config, suite, id, peer, datagram, env)
                .map(|end| Self(End::Dtls12(end))),
            Profile::Plain => Accept::Rejected(Rejection::UnknownIdentity),
        }
    }

    /// Answers the first datagram of a peer where nothing is protected: the peer is taken for whom its
    /// address stands for. [`accept`](Self::accept) rejects such datagrams, since nobody proves anything.
    pub fn accept_plain(identity: &[u8], datagram: &[u8], env: &mut Env<'_>) -> Self {
        Self(End::Plain(Plain::accept(identity, datagram, env)))
    }

    /// Handles a datagram of the peer.
    pub fn receive(&mut self, config: &Config, datagram: &[u8], env: &mut Env<'_>) -> Received {
        either!(&mut self.0, end => end.receive(config, datagram, env))
    }

    /// Does what is due at or after [`next_timeout`](Self::next_timeout); earlier calls do nothing.
    pub fn timeout(&mut self, config: &Config, env: &mut Env<'_>) {
        either!(&mut self.0, end => end.timeout(config, env));
    }

    /// When [`timeout`](Self::timeout) has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Time> {
        either!(&self.0, end => end.next_timeout())
    }

    /// What was sent at `now` leaves `by` later, since the machine had to work for it first: the
    /// retransmission timer counts from then.
    pub fn postpone(&mut self, now: Time, by: Duration) {
        either!(&mut self.0, end => end.postpone(now, by));
    }

    /// Sends application data in one record. In DTLS 1.3 a key update begins if
    /// [`Config::record_limit`] is reached with it (RFC 9147 section 4.5.3).
    pub fn send(
        &mut self,
        config: &Config,
        data: &[u8],
        env: &mut Env<'_>,
    ) -> Result<(), SendError> {
        either!(&mut self.0, end => end.send(config, data, env))
    }

    /// The longest data that [`send`](Self::send) takes.
    #[must_use]
    pub fn max_data(&self, config: &Config) -> usize {
        either!(&self.0, end => end.max_data(config))
    }

    /// Updates the keys that this end sends with, and asks the peer to update its own as well if
    /// `request_peer` (RFC 9147 section 8). The new keys are used once the peer acknowledges.
    ///
    /// DTLS 1.2 has no such thing: there it is [`SendError::NoKeyUpdate`].
    pub fn update_keys(
        &mut self,
        config: &Config,
        request_peer: bool,
        env: &mut Env<'_>,
    ) -> Result<(), SendError> {
        match &mut self.0 {
            End::Dtls13(end) => end.update_keys(config, request_peer, env),
            End::Dtls12(end) if end.is_established() => Err(SendError::NoKeyUpdate),
            End::Dtls12(_) => Err(SendError::NotEstablished),
            End::Plain(_) => Err(SendError::NoKeyUpdate),
        }
    }

    /// Ends the association; the peer is told by close_notify if there are keys.
    pub fn close(&mut self, config: &Config, env: &mut Env<'_>) {
        either!(&mut self.0, end => end.close(config, env));
    }

    /// Keying material for the application (RFC 8446 section 7.5, RFC 5705).
    pub fn export(
        &self,
        label: &[u8],
        context: &[u8],
        out: &mut [u8],
        operations: &mut Operations,
    ) -> Result<(), SendError> {
        match &self.0 {
            End::Dtls13(end) => end.export(label, context, out, operations),
            End::Dtls12(end) => end.export(label, Some(context), out, operations),
            End::Plain(_) => Err(SendError::NotEstablished),
        }
    }

    /// Keying material without a context. In DTLS 1.3 that is the same as with an empty one; in
    /// DTLS 1.2 it is not (RFC 5705 section 4).
    pub fn export_without_context(
        &self,
        label: &[u8],
        out: &mut [u8],
        operations: &mut Operations,
    ) -> Result<(), SendError> {
        match &self.0 {
            End::Dtls13(end) => end.export(label, &[], out, operations),
            End::Dtls12(end) => end.export(label, None, out, operations),
            End::Plain(_) => Err(SendError::NotEstablished),
        }
    }

    /// The handshake is complete and the association not over.
    #[must_use]
    pub const fn is_established(&self) -> bool {
        either!(&self.0, end => end.is_established())
    }

    /// The association was closed or failed.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        either!(&self.0, end => end.is_over())
    }

    /// At a server: the external identity that the client proved, also if by a ticket. Meaningful
    /// once established: before, the client of DTLS 1.3 has only shown that it knows the key, perhaps
    /// by a replayed ClientHello, and that of DTLS 1.2 not even that.
    #[must_use]
    pub const fn peer_identity(&self) -> Option<&[u8]> {
        either!(&self.0, end => end.peer_identity())
    }

    /// Whether the handshake began with a ClientHello of this random ([`peek`](super::peek)).
    #[must_use]
    pub fn began_with(&self, random: &[u8; 32]) -> bool {
        either!(&self.0, end => end.began_with(random))
    }

    /// The epoch that new records are sent in; 0 while there are no keys.
    #[must_use]
    pub fn send_epoch(&self) -> u64 {
        either!(&self.0, end => end.send_epoch())
    }

    /// The latest epoch that records are received in; 0 while there are no keys.
    #[must_use]
    pub fn receive_epoch(&self) -> u64 {
        either!(&self.0, end => end.receive_epoch())
    }

    /// The newest record received. The peer may be sent to where a datagram came from only if the
    /// datagram raised this (RFC 9146 section 6).
    #[must_use]
    pub fn newest(&self) -> Newest {
        either!(&self.0, end => end.newest())
    }

    /// The connection ID that the peer puts into its records; empty if it puts none.
    #[must_use]
    pub fn own_connection_id(&self) -> ConnectionId {
        either!(&self.0, end => end.ids().ours)
    }

    /// The connection ID that this end puts into its records; empty if it puts none.
    #[must_use]
    pub fn peer_connection_id(&self) -> ConnectionId {
        either!(&self.0, end => end.ids().theirs)
    }

    /// Since when the present keys have been used for sending; zero before the handshake is complete.
    #[must_use]
    pub const fn key_established_at(&self) -> Time {
        either!(&self.0, end => end.key_established_at())
    }

    /// Records protected with the present sending keys; `None` if not established.
    #[must_use]
    pub fn sealed(&self) -> Option<u64> {
        either!(&self.0, end => end.sealed())
    }

    /// A key update of this end awaits its acknowledgement.
    #[must_use]
    pub fn is_updating(&self) -> bool {
        match &self.0 {
            End::Dtls13(end) => end.is_updating(),
            End::Dtls12(_) | End::Plain(_) => false,
        }
    }

    /// A digest of the secret from which the traffic keys follow: the same at both ends if they agree in
    /// everything that the handshake binds. There is one as soon as an end has, or can make, its Finished;
    /// none where nothing is protected. Whoever judges a run compares both ends by it.
    #[must_use]
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        let secret: &[u8] = match &self.0 {
            End::Dtls13(end) => &end.exporter,
            End::Dtls12(end) => &end.master,
            End::Plain(_) => return None,
        };
        let is_there = secret.iter().any(|byte| *byte != 0);
        is_there
            .then(|| Sha256::new().chain_update(FINGERPRINT).chain_update(secret).finalize().into())
    }

    /// The traffic secret that it sends under, in DTLS 1.3 once established: for whoever judges a run.
    #[must_use]
    pub fn sending_secret(&self) -> Option<super::Secret> {
        match &self.0 {
            End::Dtls13(end) => end.sending_secret(),
            End::Dtls12(_) | End::Plain(_) => None,
        }
    }

    /// Appends the raw traffic keys and secrets that it has in memory while it is idle: what a reader of
    /// that memory finds.
    pub fn memory_image(&self, out: &mut Vec<u8>) {
        either!(&self.0, end => end.memory_image(out));
    }

    /// Bytes of memory: the association itself and what it holds on the heap while idle.
    #[must_use]
    pub fn idle_size(&self) -> usize {
        let heap = either!(&self.0, end => end.heap_size());
        size_of::<Self>() + self.peer_identity().map_or(0, <[u8]>::len) + heap
    }
}

impl fmt::Debug for Association {
    /// Where it stands; secrets stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (profile, server, stage) = match &self.0 {
            End::Dtls13(end) => ("DTLS 1.3", end.is_server(), end.stage_name()),
            End::Dtls12(end) => ("DTLS 1.2", end.is_server(), end.stage_name()),
            End::Plain(end) => ("none", end.peer_identity().is_some(), "without protection"),
        };
        f.debug_struct("Association")
            .field("profile", &profile)
            .field("server", &server)
            .field("stage", &stage)
            .field("send_epoch", &self.send_epoch())
            .field("receive_epoch", &self.receive_epoch())
            .finish_non_exhaustive()
    }
}

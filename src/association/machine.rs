//! One end of an association of DTLS 1.3: its state, and what is done with it.

use zeroize::Zeroize;

use super::channel::{Receiving, Sending};
use super::client::Client;
use super::connection_ids::ConnectionIds;
use super::flight::{Flight, Outgoing};
use super::hash::sha256;
use super::incoming::Incoming;
use super::packer::Packer;
use super::protection::APPLICATION;
use super::schedule::{self, Expander};
use super::server::Server;
use super::turn::{Transmission, Turn};
use super::{
    Accept, Config, ConnectError, ConnectionId, Env, Failure, Kind, Newest, Offer, Operation,
    Operations, Output, Received, Rejection, Secret, SendError, client, server,
};
use crate::sim::time::{Duration, Time};
use crate::wire::dtls::{Alert, AlertDescription, ContentType, HandshakeType};

/// Records that one key may protect (RFC 8446 section 5.5: 2^24.5 for AES-GCM), whatever
/// [`Config::record_limit`] says.
const SEAL_LIMIT: u64 = 1 << 24;

/// Where an association stands.
pub(super) enum Stage {
    /// A client awaits the server's flight.
    Client(Box<Client>),
    /// A client awaits the acknowledgement of its Finished.
    Finishing { resumed: bool },
    /// A server has some fragments of a ClientHello, and waits for the others no longer than this.
    Assembling { until: Time },
    /// A server awaits the client's Finished.
    Server(Box<Server>),
    /// The handshake is complete.
    Established,
    /// Nothing will happen any more.
    Over,
}

/// What only one of the two roles keeps.
pub(super) enum Party {
    /// The resumption master secret, from which the PSKs of tickets follow.
    Client { resumption: Secret },
    /// The external identity of the client.
    Server { identity: Box<[u8]> },
}

/// One end of an association of DTLS 1.3, client or server.
pub(super) struct Dtls13 {
    pub(super) stage: Stage,
    pub(super) party: Party,
    pub(super) sending: Sending,
    pub(super) receiving: Receiving,
    pub(super) incoming: Incoming,
    /// What was sent and must be acknowledged.
    pub(super) flight: Option<Box<Flight>>,
    /// The number of the next message of this end.
    pub(super) next_message: u16,
    /// The beginning of the client's random, by which copies of its ClientHello are known.
    pub(super) hello: [u8; 8],
    pub(super) exporter: Secret,
    pub(super) keys_since: Time,
}

impl Dtls13 {
    /// The traffic secret that it sends application data under.
    pub(super) fn sending_secret(&self) -> Option<Secret> {
        let current = self.sending.current().filter(|_| self.is_established())?;
        Some(*current.secret())
    }

    /// Its keys as they lie in memory, those of a handshake in progress too. The early and the handshake
    /// secret are only there as the states of their HMAC.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        match &self.stage {
            Stage::Client(client) => client.memory_image(out),
            Stage::Server(server) => server.memory_image(out),
            _ => {}
        }
        if let Party::Client { resumption } = &self.party {
            out.extend(resumption);
        }
        out.extend(self.exporter);
        self.sending.memory_image(out);
        self.receiving.memory_image(out);
    }

    pub(super) fn new(stage: Stage, party: Party) -> Self {
        Self {
            stage,
            party,
            sending: Sending::default(),
            receiving: Receiving::default(),
            incoming: Incoming::default(),
            flight: None,
            next_message: 0,
            hello: [0; 8],
            exporter: [0; 32],
            keys_since: Time::ZERO,
        }
    }

    /// Starts a client; its ClientHello is in the outputs.
    pub(super) fn connect(
        config: &Config,
        offer: Offer<'_>,
        env: &mut Env<'_>,
    ) -> Result<Self, ConnectError> {
        client::connect(&mut Turn::new(config, env), offer)
    }

    /// Answers the first datagram of a peer without an association. `peer` is the address of the
    /// peer in any encoding; a cookie is bound to it.
    ///
    /// A part of a ClientHello makes an association that has not answered yet: it waits for the rest
    /// at most [`Timers::max`](super::Timers::max), and then fails.
    pub(super) fn accept(
        config: &Config,
        id: Option<ConnectionId>,
        peer: &[u8],
        datagram: &[u8],
        env: &mut Env<'_>,
    ) -> Accept<Self> {
        server::accept(&mut Turn::new(config, env), id, peer, datagram)
    }

    /// Handles a datagram of the peer.
    pub(super) fn receive(
        &mut self,
        config: &Config,
        datagram: &[u8],
        env: &mut Env<'_>,
    ) -> Received {
        let mut turn = Turn::new(config, env);
        if self.is_over() {
            turn.reject(Rejection::Over);
            return turn.verdict();
        }
        self.datagram(&mut turn, datagram);
        self.end_turn(&mut turn);
        turn.verdict()
    }

    /// Does what is due at or after [`next_timeout`](Self::next_timeout); earlier calls do nothing.
    pub(super) fn timeout(&mut self, config: &Config, env: &mut Env<'_>) {
        let mut turn = Turn::new(config, env);
        let now = turn.env.now;
        if let Stage::Client(client) = &mut self.stage {
            turn.acks = client.take_due_acks(now);
        }
        match self.stage {
            Stage::Assembling { until } if until <= now => self.give_up(&mut turn),
            _ => self.flight_timeout(&mut turn),
        }
        self.end_turn(&mut turn);
    }

    fn flight_timeout(&mut self, turn: &mut Turn<'_, '_>) {
        let now = turn.env.now;
        let established = self.is_established();
        let Some(flight) = &mut self.flight else { return };
        if flight.timer.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        if flight.timer.back_off(&turn.config.timers, now) {
            turn.transmission = Transmission::Again;
        } else if established && !flight.has(HandshakeType::KeyUpdate) {
            // A ticket that nobody acknowledges is no reason to end the association.
            self.flight = None;
        } else {
            self.give_up(turn);
        }
    }

    fn give_up(&mut self, turn: &mut Turn<'_, '_>) {
        turn.emit(Output::Failed(Failure::Unanswered));
        self.end();
    }

    /// When [`timeout`](Self::timeout) has something to do.
    pub(super) fn next_timeout(&self) -> Option<Time> {
        let flight = self.flight.as_ref().and_then(|flight| flight.timer.deadline());
        let other = match &self.stage {
            Stage::Client(client) => client.acks_due(),
            Stage::Assembling { until } => Some(*until),
            _ => None,
        };
        [flight, other].into_iter().flatten().min()
    }

    /// What was sent at `now` leaves `by` later, since the machine had to work for it first: the
    /// retransmission timer counts from then.
    pub(super) fn postpone(&mut self, now: Time, by: Duration) {
        if let Some(flight) = &mut self.flight {
            flight.timer.postpone(now, by);
        }
    }

    /// Sends application data in one record. If [`Config::record_limit`] is reached with it, a key
    /// update begins (RFC 9147 section 4.5.3).
    pub(super) fn send(
        &mut self,
        config: &Config,
        data: &[u8],
        env: &mut Env<'_>,
    ) -> Result<(), SendError> {
        let sealed = self.sealed().ok_or(SendError::NotEstablished)?;
        if sealed >= SEAL_LIMIT {
            return Err(SendError::KeysExhausted);
        }
        if data.len() > self.max_data(config) {
            return Err(SendError::TooLong);
        }
        let mut packer = Packer::new(config, &mut self.sending);
        packer.record(ContentType::ApplicationData, data.to_vec(), env);
        packer.finish(Kind::Application, env);
        if sealed + 1 >= config.record_limit && !self.is_updating() {
            let mut turn = Turn::new(config, env);
            // Without further epochs the association goes on until its keys are used up.
            if self.begin_update(&mut turn, false).is_ok() {
                self.end_turn(&mut turn);
            }
        }
        Ok(())
    }

    /// The longest data that [`send`](Self::send) takes.
    pub(super) fn max_data(&self, config: &Config) -> usize {
        Packer::capacity(config, &self.sending, APPLICATION.get())
    }

    /// Updates the keys that this end sends with, and asks the peer to update its own as well if
    /// `request_peer` (RFC 9147 section 8). The new keys are used once the peer acknowledges.
    pub(super) fn update_keys(
        &mut self,
        config: &Config,
        request_peer: bool,
        env: &mut Env<'_>,
    ) -> Result<(), SendError> {
        let mut turn = Turn::new(config, env);
        self.begin_update(&mut turn, request_peer)?;
        self.end_turn(&mut turn);
        Ok(())
    }

    /// Ends the association; the peer is told by close_notify if there are keys.
    pub(super) fn close(&mut self, config: &Config, env: &mut Env<'_>) {
        if !self.is_over() {
            self.alert(&mut Turn::new(config, env), AlertDescription::CloseNotify);
            self.end();
        }
    }

    /// Keying material for the application (RFC 8446 section 7.5). No context is the same as an empty
    /// one.
    pub(super) fn export(
        &self,
        label: &[u8],
        context: &[u8],
        out: &mut [u8],
        operations: &mut Operations,
    ) -> Result<(), SendError> {
        if !self.is_established() {
            return Err(SendError::NotEstablished);
        }
        let exporter = Expander::new(&self.exporter, operations);
        let context = sha256(context, operations);
        schedule::export(&exporter, label, &context, out, operations).ok_or(SendError::BadExport)
    }

    /// The handshake is complete and the association not over.
    pub(super) const fn is_established(&self) -> bool {
        matches!(self.stage, Stage::Established)
    }

    /// The association was closed or failed.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// At a server: the external identity that the client proved, also if by a ticket. Meaningful
    /// once established: before, the client has only shown that it knows the key, perhaps by a
    /// replayed ClientHello.
    pub(super) const fn peer_identity(&self) -> Option<&[u8]> {
        match &self.party {
            Party::Server { identity } => Some(identity),
            Party::Client { .. } => None,
        }
    }

    /// Whether the handshake began with a ClientHello of this random ([`peek`](super::peek)).
    pub(super) fn began_with(&self, random: &[u8; 32]) -> bool {
        random.starts_with(&self.hello)
    }

    /// The epoch that new records are sent in; 0 while there are no keys.
    pub(super) fn send_epoch(&self) -> u64 {
        self.sending.epoch().into()
    }

    /// The latest epoch that records are received in; 0 while there are no keys.
    pub(super) fn receive_epoch(&self) -> u64 {
        self.receiving.epoch().into()
    }

    /// The newest record received.
    pub(super) fn newest(&self) -> Newest {
        self.receiving.newest()
    }

    /// The connection IDs of both directions.
    pub(super) fn ids(&self) -> &ConnectionIds {
        self.sending.ids()
    }

    /// Bytes on the heap while idle, besides the identity.
    pub(super) fn heap_size(&self) -> usize {
        self.sending.heap_size()
    }

    /// Since when the present keys have been used for sending; zero before the handshake is complete.
    pub(super) const fn key_established_at(&self) -> Time {
        self.keys_since
    }

    /// Records protected with the present sending keys; `None` if not established.
    pub(super) fn sealed(&self) -> Option<u64> {
        if self.is_established() { Some(self.sending.current()?.sealed()) } else { None }
    }

    /// A key update of this end awaits its acknowledgement.
    pub(super) fn is_updating(&self) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.has(HandshakeType::KeyUpdate))
    }

    /// Where it stands, in words.
    pub(super) const fn stage_name(&self) -> &'static str {
        match self.stage {
            Stage::Client(_) => "awaits the server's flight",
            Stage::Finishing { .. } => "awaits the acknowledgement of its Finished",
            Stage::Assembling { .. } => "awaits the rest of a ClientHello",
            Stage::Server(_) => "awaits the client's Finished",
            Stage::Established => "established",
            Stage::Over => "over",
        }
    }

    /// Queues a message behind those under way.
    pub(super) fn push(
        &mut self,
        turn: &Turn<'_, '_>,
        epoch: u16,
        kind: HandshakeType,
        bytes: Vec<u8>,
    ) {
        let sequence = self.next_message;
        self.next_message = self.next_message.saturating_add(1);
        let timers = &turn.config.timers;
        let flight = self
            .flight
            .get_or_insert_with(|| Box::new(Flight::new(super::timer::Timer::new(timers, None))));
        flight.push(Outgoing::new(kind, epoch, sequence, bytes));
    }

    /// Sends what the turn calls for, in as few datagrams as possible, and winds the timer.
    pub(super) fn end_turn(&mut self, turn: &mut Turn<'_, '_>) {
        let transmission =
            if self.flight.is_some() { turn.transmission } else { Transmission::Nothing };
        if self.is_over() || (turn.acks.is_empty() && transmission == Transmission::Nothing) {
            return;
        }
        let mut packer = Packer::new(turn.config, &mut self.sending);
        if !turn.acks.is_empty() {
            packer.ack(&turn.acks, turn.env);
        }
        let kind = match transmission {
            Transmission::Nothing => Kind::Ack,
            Transmission::New(kind) => kind,
            Transmission::Again => Kind::Retransmission,
        };
        for message in self.flight.iter().flat_map(|flight| flight.messages()) {
            let wanted = match transmission {
                Transmission::Nothing => false,
                Transmission::New(_) => message.is_new(),
                Transmission::Again => true,
            };
            if wanted {
                packer.message(message, turn.env);
            }
        }
        let sent = packer.finish(kind, turn.env);
        turn.acks.clear();
        turn.transmission = Transmission::Nothing;
        if let Some(flight) = &mut self.flight
            && !sent.is_empty()
        {
            flight.timer.start(turn.env.now);
            flight.transmitted(sent);
        }
    }

    /// Sends an alert, if there are keys: without, nobody would believe it (RFC 9147 section 4.5.2).
    pub(super) fn alert(&mut self, turn: &mut Turn<'_, '_>, description: AlertDescription) {
        if self.sending.epoch() == 0 {
            return;
        }
        turn.env.operations.count(Operation::Message, 1);
        let mut packer = Packer::new(turn.config, &mut self.sending);
        packer.record(ContentType::Alert, Alert::bytes(description).to_vec(), turn.env);
        packer.finish(Kind::Alert, turn.env);
    }

    /// Drops all state; nothing will happen any more.
    pub(super) fn end(&mut self) {
        self.stage = Stage::Over;
        self.flight = None;
        self.sending = Sending::default();
        self.receiving.clear();
        self.incoming = Incoming::default();
        self.wipe();
    }

    fn wipe(&mut self) {
        self.exporter.zeroize();
        if let Party::Client { resumption } = &mut self.party {
            resumption.zeroize();
        }
    }
}

impl Drop for Dtls13 {
    fn drop(&mut self) {
        self.wipe();
    }
}

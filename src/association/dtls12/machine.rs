//! One end of an association of DTLS 1.2: its state, and what is done with it.

use zeroize::Zeroize;

use super::channel::Channel;
use super::client::{self, Client};
use super::flight::{self, Flight, Item};
use super::prf::Prf;
use super::server::{self, Server};
use crate::association::connection_ids::ConnectionIds;
use crate::association::incoming::Incoming;
use crate::association::turn::{Transmission, Turn};
use crate::association::{
    Accept, Config, ConnectError, ConnectionId, Env, Failure, Kind, Newest, Offer, Operation,
    Operations, Output, Received, Rejection, SendError, Suite12,
};
use crate::sim::time::{Duration, Time};
use crate::wire::dtls::{Alert, AlertDescription, Content12, HandshakeType, VERIFY_DATA_LEN};

/// Where an association stands.
pub(super) enum Stage {
    /// A client awaits the server's flight, and then its Finished.
    Client(Box<Client>),
    /// A server has some fragments of a ClientHello, and waits for the others no longer than this.
    Assembling { until: Time },
    /// A server awaits the client's flight.
    Server(Box<Server>),
    /// The handshake is complete.
    Established,
    /// Nothing will happen any more.
    Over,
}

/// What only one of the two roles keeps.
pub(super) enum Party {
    Client,
    Server {
        /// The identity of the client.
        identity: Box<[u8]>,
        /// The verify data of this end's Finished, which may have to be repeated.
        finished: [u8; VERIFY_DATA_LEN],
    },
}

impl Party {
    pub(super) fn server() -> Self {
        Self::Server { identity: Box::default(), finished: [0; VERIFY_DATA_LEN] }
    }
}

/// One end of an association of DTLS 1.2, client or server.
pub(in crate::association) struct Dtls12 {
    pub(super) stage: Stage,
    pub(super) party: Party,
    pub(super) channel: Channel,
    pub(super) incoming: Incoming,
    /// What is repeated until its answer comes.
    pub(super) flight: Option<Box<Flight>>,
    /// The number of the next message of this end.
    pub(super) next_message: u16,
    pub(super) client_random: [u8; 32],
    pub(super) server_random: [u8; 32],
    /// The master secret: for the handshake, and for the exporter.
    pub(in crate::association) master: [u8; 48],
    pub(super) keys_since: Time,
}

impl Dtls12 {
    /// Its keys as they lie in memory.
    pub(in crate::association) fn memory_image(&self, out: &mut Vec<u8>) {
        out.extend(self.master);
        self.channel.memory_image(out);
    }

    pub(super) fn new(suite: Suite12, stage: Stage, party: Party) -> Self {
        Self {
            stage,
            party,
            channel: Channel::new(suite),
            incoming: Incoming::default(),
            flight: None,
            next_message: 0,
            client_random: [0; 32],
            server_random: [0; 32],
            master: [0; 48],
            keys_since: Time::ZERO,
        }
    }

    pub(in crate::association) fn connect(
        config: &Config,
        suite: Suite12,
        offer: Offer<'_>,
        env: &mut Env<'_>,
    ) -> Result<Self, ConnectError> {
        client::connect(&mut Turn::new(config, env), suite, offer)
    }

    pub(in crate::association) fn accept(
        config: &Config,
        suite: Suite12,
        id: Option<ConnectionId>,
        peer: &[u8],
        datagram: &[u8],
        env: &mut Env<'_>,
    ) -> Accept<Self> {
        server::accept(&mut Turn::new(config, env), suite, id, peer, datagram)
    }

    pub(in crate::association) fn receive(
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

    pub(in crate::association) fn timeout(&mut self, config: &Config, env: &mut Env<'_>) {
        let mut turn = Turn::new(config, env);
        let now = turn.env.now;
        match (&self.stage, &mut self.flight) {
            (Stage::Assembling { until }, _) if *until <= now => self.give_up(&mut turn),
            (_, Some(flight)) if flight.timer.deadline().is_some_and(|at| at <= now) => {
                if flight.timer.back_off(&config.timers, now) {
                    turn.transmission = Transmission::Again;
                } else {
                    self.give_up(&mut turn);
                }
            }
            _ => {}
        }
        self.end_turn(&mut turn);
    }

    fn give_up(&mut self, turn: &mut Turn<'_, '_>) {
        turn.emit(Output::Failed(Failure::Unanswered));
        self.end();
    }

    pub(in crate::association) fn next_timeout(&self) -> Option<Time> {
        match &self.stage {
            Stage::Assembling { until } => Some(*until),
            _ => self.flight.as_ref().and_then(|flight| flight.timer.deadline()),
        }
    }

    pub(in crate::association) fn postpone(&mut self, now: Time, by: Duration) {
        if let Some(flight) = &mut self.flight {
            flight.timer.postpone(now, by);
        }
    }

    pub(in crate::association) fn send(
        &mut self,
        config: &Config,
        data: &[u8],
        env: &mut Env<'_>,
    ) -> Result<(), SendError> {
        let sealed = self.sealed().ok_or(SendError::NotEstablished)?;
        if sealed >= self.channel.suite().seal_limit() {
            return Err(SendError::KeysExhausted);
        }
        if data.len() > self.max_data(config) {
            return Err(SendError::TooLong);
        }
        let (channel, kind) = (&mut self.channel, Kind::Application);
        flight::send_record(Content12::ApplicationData, data, channel, config, kind, env);
        Ok(())
    }

    pub(in crate::association) fn max_data(&self, config: &Config) -> usize {
        flight::capacity(config, &self.channel)
    }

    pub(in crate::association) fn close(&mut self, config: &Config, env: &mut Env<'_>) {
        if !self.is_over() {
            self.alert(&mut Turn::new(config, env), AlertDescription::CloseNotify);
            self.end();
        }
    }

    pub(in crate::association) fn export(
        &self,
        label: &[u8],
        context: Option<&[u8]>,
        out: &mut [u8],
        operations: &mut Operations,
    ) -> Result<(), SendError> {
        if !self.is_established() {
            return Err(SendError::NotEstablished);
        }
        let randoms = [&self.client_random, &self.server_random];
        Prf::new(&self.master, operations)
            .export(label, randoms, context, out, operations)
            .ok_or(SendError::BadExport)
    }

    pub(in crate::association) const fn is_established(&self) -> bool {
        matches!(self.stage, Stage::Established)
    }

    pub(in crate::association) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    pub(in crate::association) const fn is_server(&self) -> bool {
        matches!(self.party, Party::Server { .. })
    }

    pub(in crate::association) const fn peer_identity(&self) -> Option<&[u8]> {
        match &self.party {
            Party::Server { identity, .. } => Some(identity),
            Party::Client => None,
        }
    }

    pub(in crate::association) fn began_with(&self, random: &[u8; 32]) -> bool {
        self.client_random == *random
    }

    pub(in crate::association) fn send_epoch(&self) -> u64 {
        self.channel.send_epoch().into()
    }

    pub(in crate::association) fn receive_epoch(&self) -> u64 {
        self.channel.receive_epoch().into()
    }

    pub(in crate::association) const fn newest(&self) -> Newest {
        self.channel.newest()
    }

    pub(in crate::association) fn ids(&self) -> &ConnectionIds {
        self.channel.ids()
    }

    /// Bytes on the heap while idle, besides the identity.
    pub(in crate::association) fn heap_size(&self) -> usize {
        if self.ids().is_none() { 0 } else { size_of::<ConnectionIds>() }
    }

    pub(in crate::association) const fn key_established_at(&self) -> Time {
        self.keys_since
    }

    pub(in crate::association) fn sealed(&self) -> Option<u64> {
        self.is_established().then(|| self.channel.sealed())
    }

    /// Where it stands, in words.
    pub(in crate::association) const fn stage_name(&self) -> &'static str {
        match self.stage {
            Stage::Client(_) => "awaits the server's flights",
            Stage::Assembling { .. } => "awaits the rest of a ClientHello",
            Stage::Server(_) => "awaits the client's flight",
            Stage::Established => "established",
            Stage::Over => "over",
        }
    }

    /// A message of this end, numbered.
    pub(super) fn item(&mut self, epoch: u16, kind: HandshakeType, body: Vec<u8>) -> Item {
        let sequence = self.next_message;
        self.next_message = self.next_message.saturating_add(1);
        Item::Message { epoch, kind, sequence, body }
    }

    /// Sends what the turn calls for, and winds the timer.
    pub(super) fn end_turn(&mut self, turn: &mut Turn<'_, '_>) {
        let kind = match turn.transmission {
            Transmission::Nothing => return,
            Transmission::New(kind) => kind,
            Transmission::Again => Kind::Retransmission,
        };
        turn.transmission = Transmission::Nothing;
        let config = turn.config;
        match (&mut self.flight, &self.stage, &self.party) {
            (Some(flight), ..) => {
                flight::send(&flight.items, &mut self.channel, config, kind, turn.env);
                flight.timer.start(turn.env.now);
            }
            // The last flight has no timer: the client's Finished that comes again asks for it.
            (None, Stage::Established, Party::Server { finished, .. }) => {
                let finished = Item::Message {
                    epoch: 1,
                    kind: HandshakeType::Finished,
                    sequence: self.next_message,
                    body: finished.to_vec(),
                };
                let items = [Item::ChangeCipherSpec, finished];
                flight::send(&items, &mut self.channel, config, kind, turn.env);
            }
            _ => {}
        }
    }

    /// Sends an alert, if there are keys: without, nobody would believe it.
    pub(super) fn alert(&mut self, turn: &mut Turn<'_, '_>, description: AlertDescription) {
        if self.channel.send_epoch() == 0 {
            return;
        }
        turn.env.operations.count(Operation::Message, 1);
        let alert = Alert::bytes(description);
        let (channel, config) = (&mut self.channel, turn.config);
        flight::send_record(Content12::Alert, &alert, channel, config, Kind::Alert, turn.env);
    }

    /// Drops all state; nothing will happen any more.
    pub(super) fn end(&mut self) {
        self.stage = Stage::Over;
        self.flight = None;
        self.channel.clear();
        self.incoming = Incoming::default();
        self.master.zeroize();
    }
}

impl Drop for Dtls12 {
    fn drop(&mut self) {
        self.master.zeroize();
    }
}

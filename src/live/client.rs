//! The client's end of one association, and what is to be known of it; sans-IO.

use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha20Rng;

use super::foreign::Happening;
use super::{Keys, LiveError, Traffic};
use crate::association::{
    Association, Config, Env, Failure, Kind, Offer, Operations, Output, Profile, Received,
    SendError,
};
use crate::sim::time::Time;

/// Answers that wait to be taken; later ones are dropped.
const DATA_MAX: usize = 64;
/// Events that are kept until somebody takes them.
const EVENTS_MAX: usize = 1_024;

/// A client and its surroundings.
pub struct Client {
    association: Association,
    identity: String,
    config: Config,
    keys: Keys,
    rng: ChaCha20Rng,
    operations: Operations,
    out: Vec<Output>,
    datagrams: Vec<Vec<u8>>,
    data: VecDeque<Vec<u8>>,
    events: Vec<Happening>,
    traffic: Traffic,
    established: bool,
    failure: Option<Failure>,
    tickets: u64,
    flights: u64,
    own_updates: u64,
    peer_updates: u64,
    rejected: BTreeMap<&'static str, u64>,
}

impl Client {
    /// Begins a handshake under the key of `identity`; the ClientHello is among the datagrams.
    ///
    /// # Errors
    /// The identity is empty, too long or has no key.
    pub fn connect(
        config: Config,
        identity: &str,
        keys: Keys,
        mut rng: ChaCha20Rng,
        now: Time,
    ) -> Result<Self, LiveError> {
        let mut operations = Operations::default();
        let mut out = Vec::new();
        let mut env = Env {
            now,
            rng: &mut rng,
            keys: &keys,
            operations: &mut operations,
            out: &mut out,
            key_log: None,
        };
        let association = Association::connect(&config, Offer::Psk(identity.as_bytes()), &mut env)?;
        let mut client = Self {
            association,
            identity: identity.to_owned(),
            config,
            keys,
            rng,
            operations,
            out,
            datagrams: Vec::new(),
            data: VecDeque::new(),
            events: Vec::new(),
            traffic: Traffic::default(),
            established: false,
            failure: None,
            tickets: 0,
            flights: 0,
            own_updates: 0,
            peer_updates: 0,
            rejected: BTreeMap::new(),
        };
        client.settle();
        Ok(client)
    }

    /// A datagram came.
    pub fn receive(&mut self, now: Time, datagram: &[u8]) {
        match self.call(now, |association, config, env| association.receive(config, datagram, env))
        {
            Received::Rejected(reason) => self.reject(reason.name()),
            Received::KeyUpdate => self.peer_updates += 1,
            _ => {}
        }
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Time) {
        self.call(now, |association, config, env| association.timeout(config, env));
    }

    /// When [`timeout`](Self::timeout) has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Time> {
        self.association.next_timeout()
    }

    /// Sends application data.
    ///
    /// # Errors
    /// It cannot be sent now.
    pub fn send(&mut self, now: Time, data: &[u8]) -> Result<(), SendError> {
        self.call(now, |association, config, env| association.send(config, data, env))
    }

    /// Makes new keys in both directions.
    ///
    /// # Errors
    /// They cannot be made now, or not in this version of the protocol.
    pub fn update_keys(&mut self, now: Time) -> Result<(), SendError> {
        self.call(now, |association, config, env| association.update_keys(config, true, env))
    }

    /// Begins a fresh handshake with the same peer, which replaces the association.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_again(&mut self, now: Time) -> Result<(), LiveError> {
        let mut env = Env {
            now,
            rng: &mut self.rng,
            keys: &self.keys,
            operations: &mut self.operations,
            out: &mut self.out,
            key_log: None,
        };
        let offer = Offer::Psk(self.identity.as_bytes());
        self.association = Association::connect(&self.config, offer, &mut env)?;
        self.established = false;
        self.settle();
        Ok(())
    }

    /// Ends the association.
    pub fn close(&mut self, now: Time) {
        self.call(now, |association, config, env| association.close(config, env));
    }

    fn call<T>(
        &mut self,
        now: Time,
        call: impl FnOnce(&mut Association, &Config, &mut Env<'_>) -> T,
    ) -> T {
        let mut env = Env {
            now,
            rng: &mut self.rng,
            keys: &self.keys,
            operations: &mut self.operations,
            out: &mut self.out,
            key_log: None,
        };
        let result = call(&mut self.association, &self.config, &mut env);
        self.settle();
        result
    }

    fn settle(&mut self) {
        let mut is_flight = false;
        for output in std::mem::take(&mut self.out) {
            match output {
                Output::Datagram { kind, bytes } => {
                    is_flight |= kind == Kind::Handshake
                        || (kind == Kind::Retransmission && !self.established);
                    self.traffic.count(kind, bytes.len());
                    self.datagrams.push(bytes);
                }
                Output::Established { resumed } => {
                    self.established = true;
                    self.event(Happening::established(&self.association, resumed));
                }
                Output::Failed(failure) => {
                    self.failure = Some(failure);
                    self.event(Happening::failed(failure));
                }
                Output::KeysUpdated { epoch } => {
                    self.own_updates += 1;
                    self.event(Happening::KeysUpdated { epoch });
                }
                Output::Data(data) if self.data.len() < DATA_MAX => {
                    self.event(Happening::Data { text: Happening::text(&data) });
                    self.data.push_back(data);
                }
                Output::Data(_) => self.reject("backlog_full"),
                Output::Ticket(_) => {
                    self.tickets += 1;
                    self.event(Happening::Ticket);
                }
                Output::Closed => self.event(Happening::Closed),
            }
        }
        self.flights += u64::from(is_flight);
    }

    fn event(&mut self, what: Happening) {
        if self.events.len() < EVENTS_MAX {
            self.events.push(what);
        }
    }

    /// Something was not accepted.
    pub(super) fn reject(&mut self, reason: &'static str) {
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// What is to be sent.
    pub fn take_datagrams(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.datagrams)
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.events)
    }

    /// The next application data of the peer.
    pub fn take_data(&mut self) -> Option<Vec<u8>> {
        self.data.pop_front()
    }

    /// Application data waits to be taken.
    #[must_use]
    pub fn has_data(&self) -> bool {
        !self.data.is_empty()
    }

    /// The handshake is complete and all tickets that the policy promises are there.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let tickets = if self.updates_keys() { self.config.tickets.into() } else { 0 };
        self.association.is_established() && self.tickets >= tickets
    }

    /// The protocol has key updates, and tickets; otherwise new keys come from a fresh handshake.
    #[must_use]
    pub fn updates_keys(&self) -> bool {
        self.config.profile == Profile::Dtls13
    }

    /// What was done so far.
    pub(super) const fn operations(&self) -> &Operations {
        &self.operations
    }

    /// The handshake is complete.
    #[must_use]
    pub const fn is_established(&self) -> bool {
        self.association.is_established()
    }

    /// Nothing will happen any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.association.is_over()
    }

    /// Both ends use new keys, `n` times since the handshake.
    #[must_use]
    pub fn has_updated(&self, n: u64) -> bool {
        self.own_updates.min(self.peer_updates) >= n
    }

    /// Why the association ended, if it failed.
    #[must_use]
    pub const fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// Everything that was sent.
    #[must_use]
    pub const fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Flights of the handshake that were sent, repetitions included.
    #[must_use]
    pub const fn flights(&self) -> u64 {
        self.flights
    }

    /// What was not accepted, by reason.
    #[must_use]
    pub const fn rejected(&self) -> &BTreeMap<&'static str, u64> {
        &self.rejected
    }
}

//! The server's end of many associations, by the address of the peer; sans-IO.
//!
//! As in the simulator a peer has the association in use and, while it makes another, one in progress
//! that replaces nothing until it is complete. What a stranger can make this end keep is bounded:
//! beyond [`HALF_OPEN_MAX`] handshakes in progress a ClientHello is answered with a cookie and kept in
//! no state (RFC 9147 section 5.1), and only who returns it, so receives at its address, is let in,
//! until there are [`PEERS_MAX`] peers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

use super::foreign::{Event, Happening};
use super::{Application, Keys, Traffic};
use crate::association::{
    Accept, Association, Config, Env, Operations, Output, Peek, Received, Rejection, ServerSecrets,
    peek,
};
use crate::sim::time::Time;

/// Handshakes in progress that a server keeps for peers that have shown no cookie: more than a live
/// run has devices.
pub const HALF_OPEN_MAX: usize = 2_048;
/// Peers that a server keeps anything about.
pub const PEERS_MAX: usize = 8_192;
/// Events that are kept until somebody takes them; later ones are only counted.
const EVENTS_MAX: usize = 1_024;

/// What a server counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Handshakes completed.
    pub established: u64,
    /// Associations that had been established and were closed or failed.
    pub ended: u64,
    /// Associations that failed, by reason.
    pub failed: BTreeMap<&'static str, u64>,
    /// What was not accepted, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Requests answered.
    pub answered: u64,
    /// The most handshakes in progress at any time.
    pub half_open_max: usize,
    /// The most peers at any time.
    pub peers_max: usize,
    /// Everything that was sent.
    pub traffic: Traffic,
}

/// What is kept about one peer.
#[derive(Default)]
struct Peer {
    current: Option<Association>,
    pending: Option<Box<Association>>,
    wake: Option<Time>,
}

/// A server with any number of peers.
pub struct Server {
    config: Config,
    keys: Keys,
    application: Application,
    rng: ChaCha20Rng,
    operations: Operations,
    peers: BTreeMap<SocketAddr, Peer>,
    half_open: usize,
    timers: BTreeSet<(Time, SocketAddr)>,
    counts: Counts,
    events: Vec<Event>,
    outputs: Vec<Output>,
    datagrams: Vec<(SocketAddr, Vec<u8>)>,
}

impl Server {
    /// A server without peers. Its own secrets are drawn from `rng`.
    #[must_use]
    pub fn new(config: Config, keys: Keys, application: Application, mut rng: ChaCha20Rng) -> Self {
        let mut secrets = ServerSecrets { cookie: [0; 32], ticket: [0; 16] };
        rng.fill_bytes(&mut secrets.cookie);
        rng.fill_bytes(&mut secrets.ticket);
        Self {
            config: Config { server: Some(secrets), ..config },
            keys,
            application,
            rng,
            operations: Operations::default(),
            peers: BTreeMap::new(),
            half_open: 0,
            timers: BTreeSet::new(),
            counts: Counts::default(),
            events: Vec::new(),
            outputs: Vec::new(),
            datagrams: Vec::new(),
        }
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What its associations did.
    pub(super) const fn operations(&self) -> &Operations {
        &self.operations
    }

    /// Peers about which something is kept.
    #[must_use]
    pub fn peers(&self) -> usize {
        self.peers.len()
    }

    /// Handshakes in progress.
    #[must_use]
    pub const fn half_open(&self) -> usize {
        self.half_open
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// What is to be sent.
    pub fn take_datagrams(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        std::mem::take(&mut self.datagrams)
    }

    /// When [`timeout`](Self::timeout) has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Time> {
        self.timers.first().map(|(time, _)| *time)
    }

    /// Something was not accepted.
    pub(super) fn reject(&mut self, reason: &'static str) {
        *self.counts.rejected.entry(reason).or_default() += 1;
    }

    /// A datagram came.
    pub fn receive(&mut self, now: Time, from: SocketAddr, datagram: &[u8]) {
        let mut peer = self.take(from);
        let received = match peek(datagram) {
            Some(Peek::ClientHello { random }) => {
                self.hello(&mut peer, now, from, datagram, &random)
            }
            _ => self.record(&mut peer, now, datagram),
        };
        match received {
            Ok(Received::Rejected(reason)) => self.reject(reason.name()),
            Ok(_) => {}
            Err(reason) => self.reject(reason),
        }
        self.settle(&mut peer, now, from);
        self.keep(from, peer);
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Time) {
        while let Some((_, from)) = self.timers.first().copied().filter(|(time, _)| *time <= now) {
            let mut peer = self.take(from);
            if let Some(pending) = &mut peer.pending {
                self.call(now, |config, env| pending.timeout(config, env));
            }
            if let Some(current) = &mut peer.current {
                self.call(now, |config, env| current.timeout(config, env));
            }
            self.settle(&mut peer, now, from);
            self.keep(from, peer);
        }
    }

    fn call<T>(&mut self, now: Time, call: impl FnOnce(&Config, &mut Env<'_>) -> T) -> T {
        call_with(self, now, false, call)
    }

    /// The peer, taken out of the table; a new one if it is not known.
    fn take(&mut self, from: SocketAddr) -> Peer {
        let mut peer = self.peers.remove(&from).unwrap_or_default();
        self.half_open -= usize::from(peer.pending.is_some());
        if let Some(wake) = peer.wake.take() {
            self.timers.remove(&(wake, from));
        }
        peer
    }

    /// Puts a peer back, unless nothing is left of it.
    fn keep(&mut self, from: SocketAddr, mut peer: Peer) {
        if peer.current.is_none() && peer.pending.is_none() {
            return;
        }
        let pending = peer.pending.as_ref().and_then(|pending| pending.next_timeout());
        let current = peer.current.as_ref().and_then(Association::next_timeout);
        peer.wake = [pending, current].into_iter().flatten().min();
        self.timers.extend(peer.wake.map(|wake| (wake, from)));
        self.half_open += usize::from(peer.pending.is_some());
        self.peers.insert(from, peer);
        self.counts.half_open_max = self.counts.half_open_max.max(self.half_open);
        self.counts.peers_max = self.counts.peers_max.max(self.peers.len());
    }

    /// A plaintext ClientHello: of the handshake in progress, a late copy, or of a new handshake.
    fn hello(
        &mut self,
        peer: &mut Peer,
        now: Time,
        from: SocketAddr,
        datagram: &[u8],
        random: &[u8; 32],
    ) -> Result<Received, &'static str> {
        if let Some(pending) = peer.pending.as_mut().filter(|pending| pending.began_with(random)) {
            return Ok(self.call(now, |config, env| pending.receive(config, datagram, env)));
        }
        if peer.current.as_ref().is_some_and(|current| current.began_with(random)) {
            return Ok(Received::Duplicate);
        }
        // A peer that has an association is no stranger.
        if peer.current.is_none() && self.peers.len() >= PEERS_MAX {
            return Err("peer_limit");
        }
        let address = address_bytes(from);
        let full = self.half_open >= HALF_OPEN_MAX;
        let accept = |config: &Config, env: &mut Env<'_>| {
            Association::accept(config, &address, datagram, env)
        };
        let mut accepted = call_with(self, now, full, accept);
        if !full && matches!(accepted, Accept::Rejected(Rejection::BadCookie)) {
            // It may have been asked for while there were more handshakes than now.
            accepted = call_with(self, now, true, accept);
        }
        match accepted {
            Accept::Association(association) => {
                // Its client began again, or somebody who forges its address did.
                if peer.pending.replace(Box::new(association)).is_some() {
                    *self.counts.failed.entry("replaced").or_default() += 1;
                }
                Ok(Received::ClientHello)
            }
            Accept::Retry if full => Err("half_open_limit"),
            Accept::Retry => Ok(Received::ClientHello),
            Accept::Rejected(reason) => Ok(Received::Rejected(reason)),
        }
    }

    fn record(
        &mut self,
        peer: &mut Peer,
        now: Time,
        datagram: &[u8],
    ) -> Result<Received, &'static str> {
        let mut received = Err("no_association");
        if let Some(pending) = &mut peer.pending {
            received = Ok(self.call(now, |config, env| pending.receive(config, datagram, env)));
        }
        match (received, &mut peer.current) {
            (Err(_) | Ok(Received::Rejected(_)), Some(current)) => {
                Ok(self.call(now, |config, env| current.receive(config, datagram, env)))
            }
            _ => received,
        }
    }

    /// Acts on the outputs of the last calls, and on those of the answers that they cause.
    fn settle(&mut self, peer: &mut Peer, now: Time, from: SocketAddr) {
        while !self.outputs.is_empty() {
            for output in std::mem::take(&mut self.outputs) {
                self.output(peer, now, from, output);
            }
        }
    }

    fn output(&mut self, peer: &mut Peer, now: Time, from: SocketAddr, output: Output) {
        match output {
            Output::Datagram { kind, bytes } => {
                self.counts.traffic.count(kind, bytes.len());
                self.datagrams.push((from, bytes));
            }
            Output::Established { resumed } => {
                peer.current = peer.pending.take().map(|pending| *pending);
                self.counts.established += 1;
                if let Some(current) = &peer.current {
                    let identity = current.peer_identity().unwrap_or_default();
                    self.application.associated(identity);
                    let what = Happening::established(current, resumed);
                    self.event(from, what);
                }
            }
            Output::Failed(failure) => {
                *self.counts.failed.entry(failure.name()).or_default() += 1;
                self.drop_over(peer);
                self.event(from, Happening::failed(failure));
            }
            Output::Closed => {
                self.drop_over(peer);
                self.event(from, Happening::Closed);
            }
            Output::Data(request) => {
                self.answer(peer, now, &request);
                self.event(from, Happening::Data { text: Happening::text(&request) });
            }
            Output::KeysUpdated { epoch } => self.event(from, Happening::KeysUpdated { epoch }),
            Output::Ticket(_) => {}
        }
    }

    fn answer(&mut self, peer: &mut Peer, now: Time, request: &[u8]) {
        let Some(current) = &mut peer.current else { return };
        let identity = current.peer_identity().unwrap_or_default();
        match self.application.answer(now, identity, request) {
            Ok(answer) => {
                let sent = self.call(now, |config, env| current.send(config, &answer, env));
                match sent {
                    Ok(()) => self.counts.answered += 1,
                    Err(_) => self.reject("answer_not_sent"),
                }
            }
            Err(reason) => self.reject(reason),
        }
    }

    fn drop_over(&mut self, peer: &mut Peer) {
        if peer.pending.as_ref().is_some_and(|pending| pending.is_over()) {
            peer.pending = None;
        }
        if peer.current.as_ref().is_some_and(Association::is_over) {
            peer.current = None;
            self.counts.ended += 1;
        }
    }

    fn event(&mut self, peer: SocketAddr, what: Happening) {
        if self.events.len() < EVENTS_MAX {
            self.events.push(Event { peer, what });
        }
    }
}

/// Calls an association with everything it may use; with `cookie` a ClientHello must have one.
fn call_with<T>(
    server: &mut Server,
    now: Time,
    cookie: bool,
    call: impl FnOnce(&Config, &mut Env<'_>) -> T,
) -> T {
    let mut env = Env {
        now,
        rng: &mut server.rng,
        keys: &server.keys,
        operations: &mut server.operations,
        out: &mut server.outputs,
        key_log: None,
    };
    if cookie && !server.config.cookie {
        return call(&Config { cookie: true, ..server.config.clone() }, &mut env);
    }
    call(&server.config, &mut env)
}

/// What a cookie is bound to.
fn address_bytes(address: SocketAddr) -> Vec<u8> {
    let mut bytes = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    bytes.extend_from_slice(&address.port().to_be_bytes());
    bytes
}

//! The server's end of associations, and the service layer behind it.

use super::layout::{KeyTable, Layout, NodeId};
use super::work::{Work, byte_class};
use crate::association::{
    Accept, Association, Config, Kind, Operations, Output, PskStore, Received, Rejection, Secret,
    early_secret, peek,
};
use crate::measure::ByteClass;
use crate::onem2m::Service;
use crate::sim::time::{Duration, Time};

/// A node's side towards its clients.
pub(super) struct Server {
    keys: KeyTable,
    /// The policy towards the members of each group, with this server's secrets.
    configs: Vec<Config>,
    clients: Vec<Peer>,
    service: Service,
}

/// What is kept about one client.
pub(super) struct Peer {
    current: Option<Association>,
    pending: Option<Box<Association>>,
    /// What the handshake in progress is booked as.
    class: ByteClass,
    /// Start of the random of the ClientHello that was last accepted: a late copy is a duplicate.
    hello: Option<[u8; 8]>,
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            current: None,
            pending: None,
            class: ByteClass::Handshake,
            hello: None,
            wake: Time::NEVER,
        }
    }
}

/// The keys of all clients, looked up by the identity that one presents.
struct TableKeys<'a> {
    layout: &'a Layout,
    table: &'a KeyTable,
}

impl PskStore for TableKeys<'_> {
    fn early_secret(&self, identity: &[u8], operations: &mut Operations) -> Option<Secret> {
        Some(early_secret(self.table.find(self.layout, identity)?, operations))
    }
}

impl Server {
    pub(super) fn new(keys: KeyTable, configs: Vec<Config>, layout: &Layout) -> Self {
        let mut service = Service::default();
        let mut clients = Vec::new();
        for client in keys.clients() {
            service.provision(&layout.identity(client));
            clients.push(Peer::default());
        }
        Self { keys, configs, clients, service }
    }

    /// How many clients it was provisioned with.
    pub(super) const fn clients(&self) -> u64 {
        self.clients.len() as u64
    }

    pub(super) fn peer(&mut self, client: u32) -> Option<&mut Peer> {
        self.clients.get_mut(client as usize)
    }

    /// A datagram from a client.
    pub(super) fn receive(
        &mut self,
        from: NodeId,
        class: ByteClass,
        bytes: &[u8],
        work: &mut Work<'_>,
    ) {
        let place = work.layout.place(from);
        let Some(peer) = self.clients.get_mut(place.client as usize) else {
            work.received = Some(Received::Rejected(Rejection::NoAssociation));
            work.reject(Rejection::NoAssociation.name());
            return;
        };
        let config = &self.configs[place.group as usize];
        let keys = TableKeys { layout: work.layout, table: &self.keys };
        let received = peer.receive(config, &keys, from, class, bytes, work);
        if let Received::Rejected(reason) = received {
            work.reject(reason.name());
        }
        count_flight(received, bytes, work);
        work.received = Some(received);
        self.settle(from, work);
    }

    /// A timer of the association with `client` ran out.
    pub(super) fn timeout(&mut self, client: u32, work: &mut Work<'_>) {
        let Some(node) = self.keys.client(client) else { return };
        let config = &self.configs[work.layout.place(node).group as usize];
        let keys = TableKeys { layout: work.layout, table: &self.keys };
        let Some(peer) = self.clients.get_mut(client as usize) else { return };
        if let Some(pending) = &mut peer.pending {
            work.call(&keys, |env| pending.timeout(config, env));
        }
        if let Some(current) = &mut peer.current {
            work.call(&keys, |env| current.timeout(config, env));
        }
        self.settle(node, work);
    }

    /// All associations are lost.
    pub(super) fn restart(&mut self) {
        self.clients.iter_mut().for_each(|peer| *peer = Peer::default());
    }

    /// The keys with the clients of `group` are no longer valid.
    pub(super) fn expire(&mut self, group: u32, layout: &Layout) {
        for (node, peer) in self.keys.clients().zip(&mut self.clients) {
            if layout.place(node).group == group {
                peer.current = None;
            }
        }
    }

    /// Acts on the outputs of the last calls, and on those of the answers that they cause.
    fn settle(&mut self, client: NodeId, work: &mut Work<'_>) {
        let place = *work.layout.place(client);
        let config = &self.configs[place.group as usize];
        let keys = TableKeys { layout: work.layout, table: &self.keys };
        let peer = &mut self.clients[place.client as usize];
        while !work.out.is_empty() {
            let mut outputs = std::mem::take(&mut work.out);
            for output in outputs.drain(..) {
                match output {
                    Output::Datagram { kind, bytes } => {
                        work.send(client, byte_class(kind, peer.class), bytes);
                    }
                    Output::Established { .. } => peer.promote(),
                    Output::Failed(_) | Output::Closed => peer.drop_over(),
                    Output::Data(request) => {
                        answer(&mut self.service, peer, &request, client, config, &keys, work);
                    }
                    Output::KeysUpdated { .. } | Output::Ticket(_) => {}
                }
            }
            if work.out.is_empty() {
                work.out = outputs;
                return;
            }
        }
    }
}

impl Peer {
    pub(super) fn next_timeout(&self) -> Option<Time> {
        let current = self.current.as_ref().and_then(Association::next_timeout);
        let pending = self.pending.as_ref().and_then(|pending| pending.next_timeout());
        [current, pending].into_iter().flatten().min()
    }

    pub(super) fn postpone(&mut self, by: Duration, now: Time) {
        if let Some(pending) = &mut self.pending {
            pending.postpone(now, by);
        }
        if let Some(current) = &mut self.current {
            current.postpone(now, by);
        }
    }

    fn receive(
        &mut self,
        config: &Config,
        keys: &TableKeys<'_>,
        from: NodeId,
        class: ByteClass,
        bytes: &[u8],
        work: &mut Work<'_>,
    ) -> Received {
        let hello = peek(bytes).and_then(|seen| seen.client_hello_random());
        if let Some(random) = hello {
            return self.hello(config, keys, from, class, bytes, random, work);
        }
        let mut received = Received::Rejected(Rejection::NoAssociation);
        if let Some(pending) = &mut self.pending {
            received = work.call(keys, |env| pending.receive(config, bytes, env));
        }
        if let (Received::Rejected(_), Some(current)) = (received, &mut self.current) {
            received = work.call(keys, |env| current.receive(config, bytes, env));
        }
        received
    }

    /// A plaintext ClientHello: of the handshake in progress, a late copy, or of a new handshake, which
    /// replaces nothing until it completes (RFC 9147 section 5.11).
    fn hello(
        &mut self,
        config: &Config,
        keys: &TableKeys<'_>,
        from: NodeId,
        class: ByteClass,
        bytes: &[u8],
        random: [u8; 8],
        work: &mut Work<'_>,
    ) -> Received {
        if self.hello == Some(random) {
            if let Some(pending) = &mut self.pending {
                return work.call(keys, |env| pending.receive(config, bytes, env));
            }
            if self.current.is_some() {
                return Received::Duplicate;
            }
        }
        let address = from.0.to_be_bytes();
        match work.call(keys, |env| Association::accept(config, &address, bytes, env)) {
            Accept::Association(association) => {
                self.pending = Some(Box::new(association));
                self.hello = Some(random);
                self.class = if class == ByteClass::Retransmission { self.class } else { class };
                Received::ClientHello
            }
            Accept::Retry => Received::ClientHello,
            Accept::Rejected(reason) => Received::Rejected(reason),
        }
    }

    /// The handshake in progress is complete and takes the place of what was there.
    fn promote(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.current = Some(*pending);
        }
    }

    fn drop_over(&mut self) {
        if self.pending.as_ref().is_some_and(|pending| pending.is_over()) {
            self.pending = None;
            self.hello = None;
        }
        if self.current.as_ref().is_some_and(Association::is_over) {
            self.current = None;
        }
    }
}

/// Hands a request to the service layer and protects its answer.
fn answer(
    service: &mut Service,
    peer: &mut Peer,
    request: &[u8],
    client: NodeId,
    config: &Config,
    keys: &TableKeys<'_>,
    work: &mut Work<'_>,
) {
    work.requests += 1;
    match service.handle_coap(&work.layout.identity(client), request) {
        Ok(answer) => {
            if let Some(current) = &mut peer.current {
                // An association that was just used for receiving can send.
                let _ = work.call(keys, |env| current.send(config, &answer, env));
            }
        }
        Err(reason) => work.reject(reason.name()),
    }
}

/// Counts client flights that reached this server.
fn count_flight(received: Received, bytes: &[u8], work: &mut Work<'_>) {
    let of_handshake = peek(bytes).is_some_and(|seen| seen.is_handshake());
    let counters = &mut work.recorder.counters;
    match received {
        Received::ClientHello | Received::Finished => counters.flights_reached += 1,
        Received::Duplicate if of_handshake => {
            counters.flights_reached += 1;
            counters.flights_duplicate += 1;
        }
        _ => {}
    }
}

//! The server's end of associations, and the service layer behind it.

use super::layout::{KeyTable, Layout, NodeId};
use super::work::{Work, byte_class};
use crate::association::{
    Accept, Association, Config, Operations, Output, Peek, PskStore, Received, Secret,
    early_secret, master_secret_12, peek,
};
use crate::measure::ByteClass;
use crate::onem2m::Service;
use crate::sim::time::{Duration, Time};

/// Reason of refusing records of a peer with whom there is no association.
const NO_ASSOCIATION: &str = "no_association";

/// A node's side towards its clients.
pub(super) struct Server {
    keys: KeyTable,
    /// The policy towards the members of each group, with this server's secrets.
    configs: Vec<Config>,
    clients: Vec<Peer>,
    /// `None` if the CSE's name is no resource name.
    service: Option<Service>,
}

/// What is kept about one client.
pub(super) struct Peer {
    current: Option<Association>,
    pending: Option<Box<Association>>,
    /// What the handshake in progress is booked as.
    class: ByteClass,
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

impl Default for Peer {
    fn default() -> Self {
        Self { current: None, pending: None, class: ByteClass::Handshake, wake: Time::NEVER }
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

    fn master_secret_12(
        &self,
        identity: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        let key = self.table.find(self.layout, identity)?;
        Some(master_secret_12(key, label, seed, operations))
    }
}

impl Server {
    pub(super) fn new(me: NodeId, keys: KeyTable, configs: Vec<Config>, layout: &Layout) -> Self {
        let mut service = Service::new(&layout.cse_name(me)).ok();
        let mut clients = Vec::new();
        for client in keys.clients() {
            if let Some(service) = &mut service {
                // An AE that is not there is refused when it asks.
                let _ = service.provision(&layout.originator(client));
            }
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
            return work.reject(NO_ASSOCIATION);
        };
        let config = &self.configs[place.group as usize];
        let keys = TableKeys { layout: work.layout, table: &self.keys };
        let Some(received) = peer.receive(config, &keys, from, class, bytes, work) else {
            return work.reject(NO_ASSOCIATION);
        };
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
                    Output::Established { .. } => {
                        peer.promote();
                        if let Some(service) = &mut self.service {
                            service.associated(&work.layout.originator(client));
                        }
                    }
                    Output::Failed(_) | Output::Closed => peer.drop_over(),
                    Output::Data(request) => {
                        answer(self.service.as_mut(), peer, &request, client, config, &keys, work);
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
    ) -> Option<Received> {
        if let Some(Peek::ClientHello { random }) = peek(bytes) {
            return Some(self.hello(config, keys, from, class, bytes, &random, work));
        }
        let mut received = None;
        if let Some(pending) = &mut self.pending {
            received = Some(work.call(keys, |env| pending.receive(config, bytes, env)));
        }
        match (received, &mut self.current) {
            (None | Some(Received::Rejected(_)), Some(current)) => {
                Some(work.call(keys, |env| current.receive(config, bytes, env)))
            }
            _ => received,
        }
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
        random: &[u8; 32],
        work: &mut Work<'_>,
    ) -> Received {
        if let Some(pending) = self.pending.as_mut().filter(|a| a.began_with(random)) {
            return work.call(keys, |env| pending.receive(config, bytes, env));
        }
        if self.current.as_ref().is_some_and(|current| current.began_with(random)) {
            return Received::Duplicate;
        }
        let address = from.0.to_be_bytes();
        match work.call(keys, |env| Association::accept(config, &address, bytes, env)) {
            Accept::Association(association) => {
                self.pending = Some(Box::new(association));
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
        }
        if self.current.as_ref().is_some_and(Association::is_over) {
            self.current = None;
        }
    }
}

/// Hands a request to the service layer and protects its answer.
fn answer(
    service: Option<&mut Service>,
    peer: &mut Peer,
    request: &[u8],
    client: NodeId,
    config: &Config,
    keys: &TableKeys<'_>,
    work: &mut Work<'_>,
) {
    work.requests += 1;
    let Some(service) = service else { return work.reject("no_cse") };
    match service.handle_coap(work.now, &work.layout.originator(client), request) {
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
    let of_handshake = match peek(bytes) {
        Some(Peek::ClientHello { .. } | Peek::Plaintext) => true,
        // RFC 9147 section 6.1: epoch 2 protects the handshake; its two low bits tell.
        Some(Peek::Protected { epoch_bits }) => epoch_bits == 2,
        None => false,
    };
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

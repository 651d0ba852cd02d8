//! The server's end of associations, and the service layer behind it.

use super::demultiplex;
use super::event::Packet;
use super::layout::{KeyTable, Layout, NodeId};
use super::work::{Work, byte_class};
use crate::association::{
    Accept, Association, Config, ConnectionId, Operations, Output, Peek, PskStore, Received,
    Rejection, Secret, early_secret, master_secret_12, peek, peek_connection_id,
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
    /// The length of this server's own connection IDs.
    id_len: usize,
    service: Service,
}

/// What is kept about one client.
pub(super) struct Peer {
    current: Option<Association>,
    pending: Option<Box<Association>>,
    /// Where the client of either is.
    current_address: u16,
    pending_address: u16,
    /// What the handshake in progress is booked as.
    class: ByteClass,
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            current: None,
            pending: None,
            current_address: 0,
            pending_address: 0,
            class: ByteClass::Handshake,
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
        let mut service = Service::new(&layout.cse_name(me));
        let mut clients = Vec::new();
        for client in keys.clients() {
            service.provision(&layout.originator(client));
            clients.push(Peer::default());
        }
        let id_len = configs.iter().filter_map(|config| config.connection_id).max().unwrap_or(0);
        Self { keys, configs, clients, id_len: id_len.into(), service }
    }

    /// How many clients it was provisioned with.
    pub(super) const fn clients(&self) -> u64 {
        self.clients.len() as u64
    }

    pub(super) fn peer(&mut self, client: u32) -> Option<&mut Peer> {
        self.clients.get_mut(client as usize)
    }

    /// A datagram from a client. Returns the number of the client that it belongs to.
    pub(super) fn receive(&mut self, packet: &Packet, work: &mut Work<'_>) -> Option<u32> {
        let number = match self.find(packet, work.layout) {
            Ok(number) => number,
            Err(reason) => {
                work.reject(reason);
                return None;
            }
        };
        let client = self.keys.client(number)?;
        let peer = self.clients.get_mut(number as usize)?;
        let config = &self.configs[work.layout.place(client).group as usize];
        let keys = TableKeys { layout: work.layout, table: &self.keys };
        let id = demultiplex::id_of(number, self.id_len);
        let Some((received, address)) = peer.receive(config, &keys, id, packet, work) else {
            work.reject(NO_ASSOCIATION);
            return Some(number);
        };
        if let Received::Rejected(reason) = received {
            work.reject(reason.name());
        }
        count_flight(received, &packet.bytes, work);
        work.received = Some(received);
        self.settle((client, address), work);
        Some(number)
    }

    /// The number of the client that a datagram belongs to: by its address, and by its connection ID if
    /// nothing is known of that address.
    fn find(&self, packet: &Packet, layout: &Layout) -> Result<u32, &'static str> {
        let number = layout.place(packet.from).client;
        let peer = self.clients.get(number as usize).ok_or(NO_ASSOCIATION)?;
        let hello = matches!(peek(&packet.bytes), Some(Peek::ClientHello { .. }));
        if hello || peer.is_at(packet.address) {
            return Ok(number);
        }
        let id = peek_connection_id(&packet.bytes, self.id_len).ok_or(NO_ASSOCIATION)?;
        demultiplex::number_of(&id)
            .filter(|number| {
                self.clients.get(*number as usize).is_some_and(|peer| peer.has_id(&id))
            })
            .ok_or(Rejection::UnknownConnectionId.name())
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
        let address = peer.pending_address;
        self.settle((node, address), work);
        let config = &self.configs[work.layout.place(node).group as usize];
        let keys = TableKeys { layout: work.layout, table: &self.keys };
        let Some(peer) = self.clients.get_mut(client as usize) else { return };
        if let Some(current) = &mut peer.current {
            work.call(&keys, |env| current.timeout(config, env));
        }
        let address = peer.current_address;
        self.settle((node, address), work);
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

    /// Acts on the outputs of the last call, and on those of the answers that they cause; they go to
    /// this client at this address.
    fn settle(&mut self, (client, address): (NodeId, u16), work: &mut Work<'_>) {
        let place = *work.layout.place(client);
        let config = &self.configs[place.group as usize];
        let keys = TableKeys { layout: work.layout, table: &self.keys };
        let peer = &mut self.clients[place.client as usize];
        while !work.out.is_empty() {
            let mut outputs = std::mem::take(&mut work.out);
            for output in outputs.drain(..) {
                match output {
                    Output::Datagram { kind, bytes } => {
                        work.send_to((client, address), byte_class(kind, peer.class), bytes);
                    }
                    Output::Established { .. } => {
                        peer.promote();
                        self.service.associated(&work.layout.originator(client));
                    }
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

    /// An association with this address exists.
    fn is_at(&self, address: u16) -> bool {
        (self.pending.is_some() && self.pending_address == address)
            || (self.current.is_some() && self.current_address == address)
    }

    /// An association with this connection ID exists.
    fn has_id(&self, id: &ConnectionId) -> bool {
        let associations = [self.pending.as_deref(), self.current.as_ref()];
        associations.into_iter().flatten().any(|known| known.own_connection_id() == *id)
    }

    /// A datagram of this client; `id` is what a new association is to be called. Returns the address
    /// that answers go to.
    fn receive(
        &mut self,
        config: &Config,
        keys: &TableKeys<'_>,
        id: ConnectionId,
        packet: &Packet,
        work: &mut Work<'_>,
    ) -> Option<(Received, u16)> {
        if let Some(Peek::ClientHello { random }) = peek(&packet.bytes) {
            let received = self.hello(config, keys, id, packet, &random, work);
            return Some((received, packet.address));
        }
        // At a known address, the association with that address; otherwise whichever has the ID.
        let anywhere = !self.is_at(packet.address);
        let mut received = None;
        if let Some(pending) = &mut self.pending
            && (anywhere || self.pending_address == packet.address)
        {
            let address = &mut self.pending_address;
            received = Some(receive_from(pending, address, config, keys, packet, work));
        }
        if let (None | Some((Received::Rejected(_), _)), Some(current)) =
            (received, &mut self.current)
            && (anywhere || self.current_address == packet.address)
        {
            let address = &mut self.current_address;
            received = Some(receive_from(current, address, config, keys, packet, work));
        }
        received
    }

    /// A plaintext ClientHello: of the handshake in progress, a late copy, or of a new handshake, which
    /// replaces nothing until it completes (RFC 9147 section 5.11).
    fn hello(
        &mut self,
        config: &Config,
        keys: &TableKeys<'_>,
        id: ConnectionId,
        packet: &Packet,
        random: &[u8; 32],
        work: &mut Work<'_>,
    ) -> Received {
        let bytes = &packet.bytes;
        if self.pending_address == packet.address
            && let Some(pending) = self.pending.as_mut().filter(|a| a.began_with(random))
        {
            return work.call(keys, |env| pending.receive(config, bytes, env));
        }
        if self.current_address == packet.address
            && self.current.as_ref().is_some_and(|current| current.began_with(random))
        {
            return Received::Duplicate;
        }
        let address = demultiplex::address_bytes(packet);
        match work.call(keys, |env| Association::accept_as(config, id, &address, bytes, env)) {
            Accept::Association(association) => {
                self.pending = Some(Box::new(association));
                self.pending_address = packet.address;
                let repeated = packet.class == ByteClass::Retransmission;
                self.class = if repeated { self.class } else { packet.class };
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
            self.current_address = self.pending_address;
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

/// Hands a datagram to an association, and moves the address of its client if the datagram proves that the
/// client is there now: only a record newer than all before does (RFC 9146 section 6). Returns the
/// address that answers go to.
fn receive_from(
    association: &mut Association,
    address: &mut u16,
    config: &Config,
    keys: &TableKeys<'_>,
    packet: &Packet,
    work: &mut Work<'_>,
) -> (Received, u16) {
    let before = association.newest();
    let received = work.call(keys, |env| association.receive(config, &packet.bytes, env));
    if association.newest() > before {
        *address = packet.address;
    }
    (received, *address)
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
    match service.handle_coap(&work.layout.originator(client), request) {
        Ok(answer) => {
            if let Some(current) = &mut peer.current {
                // An association that was just used for receiving can send.
                if work.call(keys, |env| current.send(config, &answer, env)).is_ok() {
                    work.sent_inside(client, client, &answer);
                }
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

//! The server's end of associations, and the service layer behind it.

use std::collections::BTreeMap;

use super::console::{Console, Visit};
use super::demultiplex;
use super::event::Packet;
use super::fetcher::Fetcher;
use super::function::Function;
use super::host::Host;
use super::layout::{Function as Site, Layout, NodeId, Timed};
use super::work::{Work, byte_class};
use crate::association::{
    Accept, Association, Config, ConnectionId, Output, Peek, Profile, Received, Rejection, peek,
    peek_connection_id,
};
use crate::credential::store::StoreError;
use crate::ledger::Role;
use crate::measure::ByteClass;
use crate::sim::time::{Duration, Time};

/// Reason of refusing records of a peer with whom there is no association.
const NO_ASSOCIATION: &str = "no_association";
/// Reason of refusing a ClientHello while as many handshakes as are allowed are in progress.
const HALF_OPEN_LIMIT: &str = "half_open_limit";

/// A node's side towards its clients.
pub(super) struct Server {
    /// The clients, by their numbers.
    nodes: Vec<NodeId>,
    /// Numbers of clients that a function got to know in the run.
    numbers: BTreeMap<NodeId, u32>,
    /// The policy towards the members of each group, with this server's secrets.
    configs: Vec<Timed<Config>>,
    clients: Vec<Peer>,
    /// The length of this server's own connection IDs.
    id_len: usize,
    /// Handshakes in progress.
    half_open: u32,
    application: Application,
    /// Keys that this server does not know it asks for.
    pub(super) fetcher: Option<Box<Fetcher>>,
}

/// What is behind the associations.
enum Application {
    /// A CSE; `None` if its name is no resource name.
    Service(Option<Box<Host>>),
    Function(Box<Function>),
}

/// What is kept about one client.
pub(super) struct Peer {
    current: Option<Association>,
    pending: Option<Box<Association>>,
    /// Where the client of either is.
    current_address: u16,
    pending_address: u16,
    /// When the handshake in progress, or the last one, began.
    since: Time,
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
            since: Time::ZERO,
            class: ByteClass::Handshake,
            wake: Time::NEVER,
        }
    }
}

impl Server {
    pub(super) fn new(
        me: NodeId,
        nodes: Vec<NodeId>,
        configs: Vec<Timed<Config>>,
        layout: &Layout,
    ) -> Self {
        let application = match layout.function_of(me) {
            Some(Site { kind, fqdn, .. }) => {
                Application::Function(Box::new(Function::new(*kind, fqdn, layout.kc_lifetime)))
            }
            None => Application::Service(Host::new(me, &nodes, layout).ok().map(Box::new)),
        };
        let clients = nodes.iter().map(|_| Peer::default()).collect();
        let fetcher = (!layout.functions.is_empty()).then(Box::default);
        let numbers = BTreeMap::new();
        let id_len = configs
            .iter()
            .filter_map(|config| config.at(Time::ZERO).1.connection_id)
            .max()
            .unwrap_or(0);
        let id_len = id_len.into();
        Self { nodes, numbers, configs, clients, id_len, half_open: 0, application, fetcher }
    }

    /// How many clients it was provisioned with.
    pub(super) const fn clients(&self) -> u64 {
        self.clients.len() as u64
    }

    /// The number of a client; a function numbers clients as they come.
    pub(super) fn number(&mut self, from: NodeId, me: NodeId, layout: &Layout) -> Option<u32> {
        let place = layout.place(from);
        match &self.application {
            Application::Service(_) => {
                (place.registrar == me && from != me).then_some(place.client)
            }
            Application::Function(_) => {
                if let Some(number) = self.numbers.get(&from) {
                    return Some(*number);
                }
                let number = u32::try_from(self.nodes.len()).ok()?;
                self.nodes.push(from);
                self.clients.push(Peer::default());
                self.numbers.insert(from, number);
                Some(number)
            }
        }
    }

    pub(super) fn peer(&mut self, client: u32) -> Option<&mut Peer> {
        self.clients.get_mut(client as usize)
    }

    /// A datagram from a client. Returns the number of the client that it belongs to.
    pub(super) fn receive(&mut self, packet: &Packet, work: &mut Work<'_>) -> Option<u32> {
        let number = match self.find(packet, work) {
            Ok(number) => number,
            Err(reason) => {
                work.reject(reason);
                return None;
            }
        };
        let client = *self.nodes.get(number as usize)?;
        let peer = self.clients.get_mut(number as usize)?;
        let config = self.configs[work.layout.place(client).group as usize].at(work.now).1;
        let was_open = peer.pending.is_some();
        let limit = work.layout.half_open.filter(|_| !was_open);
        if limit.is_some_and(|limit| self.half_open >= limit) && peer.opens(&packet.bytes) {
            work.reject(HALF_OPEN_LIMIT);
            return Some(number);
        }
        let id = demultiplex::id_of(number, self.id_len);
        let Some((received, address)) = peer.receive(config, id, packet, work) else {
            work.reject(NO_ASSOCIATION);
            return Some(number);
        };
        if let Received::Rejected(reason) = received
            && !self.postpone_handshake(packet, work)
        {
            work.reject_datagram(reason);
        }
        count_flight(received, &packet.bytes, work);
        work.received = Some(received);
        self.settle(number, address, work);
        self.count_half_open(number, was_open);
        Some(number)
    }

    /// The number of the client that a datagram belongs to: by its address, and by its connection ID if
    /// nothing is known of that address.
    fn find(&mut self, packet: &Packet, work: &Work<'_>) -> Result<u32, &'static str> {
        let number = self.number(packet.from, work.node, work.layout).ok_or(NO_ASSOCIATION)?;
        let peer = self.clients.get(number as usize).ok_or(NO_ASSOCIATION)?;
        let config = self.configs[work.layout.place(packet.from).group as usize].at(work.now).1;
        let is_plain = config.profile == Profile::Plain;
        let hello = matches!(peek(&packet.bytes), Some(Peek::ClientHello { .. }));
        if is_plain || hello || peer.is_at(packet.address) {
            return Ok(number);
        }
        let id = peek_connection_id(&packet.bytes, self.id_len).ok_or(NO_ASSOCIATION)?;
        demultiplex::number_of(&id)
            .filter(|number| {
                self.clients.get(*number as usize).is_some_and(|peer| peer.has_id(&id))
            })
            .ok_or(Rejection::UnknownConnectionId.name())
    }

    /// Lets a handshake wait for its key, if that is what it lacks and the key can be asked for.
    fn postpone_handshake(&mut self, packet: &Packet, work: &mut Work<'_>) -> bool {
        let (Some(StoreError::Unknown), Some(fetcher)) = (work.refusal, &mut self.fetcher) else {
            return false;
        };
        let Some(identity) = work.unknown.take() else { return false };
        fetcher.park(&identity, packet.clone(), work)
    }

    fn count_half_open(&mut self, client: u32, was_open: bool) {
        let is_open = self.clients[client as usize].pending.is_some();
        self.half_open = self.half_open + u32::from(is_open) - u32::from(was_open);
    }

    /// A timer of the association with `client` ran out.
    pub(super) fn timeout(&mut self, client: u32, work: &mut Work<'_>) {
        let Some(&node) = self.nodes.get(client as usize) else { return };
        let config = self.configs[work.layout.place(node).group as usize].at(work.now).1;
        let Some(peer) = self.clients.get_mut(client as usize) else { return };
        let was_open = peer.pending.is_some();
        if let Some(pending) = &mut peer.pending {
            work.call(|env| pending.timeout(config, env));
        }
        let address = peer.pending_address;
        self.settle(client, address, work);
        let config = self.configs[work.layout.place(node).group as usize].at(work.now).1;
        let Some(peer) = self.clients.get_mut(client as usize) else { return };
        if let Some(current) = &mut peer.current {
            work.call(|env| current.timeout(config, env));
        }
        let address = peer.current_address;
        self.settle(client, address, work);
        self.count_half_open(client, was_open);
    }

    /// The CSE behind it.
    pub(super) fn host(&mut self) -> Option<&mut Host> {
        match &mut self.application {
            Application::Service(host) => host.as_deref_mut(),
            Application::Function(_) => None,
        }
    }

    /// Protects a message of the service layer for a client.
    pub(super) fn send(&mut self, client: u32, bytes: &[u8], work: &mut Work<'_>) {
        let (Some(&node), Some(peer)) =
            (self.nodes.get(client as usize), self.clients.get_mut(client as usize))
        else {
            return;
        };
        let config = self.configs[work.layout.place(node).group as usize].at(work.now).1;
        let address = peer.current_address;
        let Some(current) = &mut peer.current else { return work.reject(NO_ASSOCIATION) };
        if work.call(|env| current.send(config, bytes, env)).is_ok() {
            work.sent_inside(node, node, bytes);
        }
        self.settle(client, address, work);
    }

    /// All associations are lost.
    pub(super) fn restart(&mut self, me: NodeId, now: Time, layout: &Layout) {
        if let Some(host) = self.host() {
            host.restart(me, now, layout);
        }
        self.clients.iter_mut().for_each(|peer| *peer = Peer::default());
        self.half_open = 0;
        if let Some(fetcher) = &mut self.fetcher {
            fetcher.restart();
        }
    }

    /// The keys with the clients of `group` are no longer valid, those that were retrieved included: `erase`
    /// takes these out of the store.
    pub(super) fn expire(&mut self, group: u32, layout: &Layout, erase: impl FnMut(&[u8])) {
        for (node, peer) in self.nodes.iter().zip(&mut self.clients) {
            if layout.place(*node).group == group {
                peer.current = None;
            }
        }
        let is_member = |entity: &str| {
            let node = entity.strip_prefix('C').and_then(|identity| layout.named(identity));
            node.is_some_and(|node| layout.place(node).group == group)
        };
        if let Some(fetcher) = &mut self.fetcher {
            fetcher.expire(is_member, erase);
        }
    }

    /// The raw keys of its associations, and those that a function keeps for others, as they lie in memory.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        for peer in &self.clients {
            for association in peer.current.iter().chain(peer.pending.as_deref()) {
                association.memory_image(out);
            }
        }
        match &self.application {
            Application::Function(function) => out.extend(function.memory_image()),
            Application::Service(host) => host.iter().for_each(|host| host.memory_image(out)),
        }
    }

    /// Acts on the outputs of the last call, and on those of the answers that they cause; they go to
    /// this client at this address.
    fn settle(&mut self, client: u32, address: u16, work: &mut Work<'_>) {
        let node = self.nodes[client as usize];
        let config = self.configs[work.layout.place(node).group as usize].at(work.now).1;
        let Self { clients, application, fetcher, .. } = self;
        let mut desk = Desk { application, fetcher: fetcher.as_deref(), client, node };
        let peer = &mut clients[client as usize];
        while !work.out.is_empty() {
            let mut outputs = std::mem::take(&mut work.out);
            for output in outputs.drain(..) {
                match output {
                    Output::Datagram { kind, bytes } => {
                        work.send_to((node, address), byte_class(kind, peer.class), bytes);
                    }
                    Output::Established { .. } => {
                        peer.promote();
                        desk.agreed(peer, work);
                        desk.associated(peer, work);
                    }
                    Output::Failed(_) | Output::Closed => peer.drop_over(),
                    Output::Data(request) => desk.answer(peer, &request, config, work),
                    Output::KeysUpdated { .. } => {
                        if let Some(current) = &peer.current {
                            work.uses_secret(current, Some(node));
                        }
                    }
                    Output::Ticket(_) => {}
                }
            }
            if work.out.is_empty() {
                work.out = outputs;
                return;
            }
        }
    }
}

/// What is behind the associations, and whose associations they are.
struct Desk<'a> {
    application: &'a mut Application,
    fetcher: Option<&'a Fetcher>,
    /// The number of the client that is dealt with, and where it stands.
    client: u32,
    node: NodeId,
}

impl Desk<'_> {
    /// Who is at the other end: what the proven identity stands for, whatever address it comes from.
    fn subject(&self, peer: &Peer, work: &Work<'_>) -> Option<String> {
        let layout = work.layout;
        let identity = peer.current.as_ref()?.peer_identity()?;
        if let Some(entity) = self.fetcher.and_then(|fetcher| fetcher.entity(identity)) {
            return Some(entity.to_owned());
        }
        if let Some(node) = work.keyring.whose(identity, work.node) {
            return Some(layout.entity(node));
        }
        let text = str::from_utf8(identity).ok()?;
        let node = layout.named(text.split_once('@').map_or(text, |(relative, _)| relative))?;
        Some(layout.entity(node))
    }

    /// A server knows the parameters when it has the client's Finished, and has finished then.
    fn agreed(&self, peer: &Peer, work: &mut Work<'_>) {
        let Some(current) = peer.current.as_ref().filter(|_| work.chronicle.is_on()) else {
            return;
        };
        let client = self.subject(peer, work);
        let client = client.and_then(|entity| work.layout.entity_named(&entity));
        for is_commit in [false, true] {
            work.agreed(current, Role::Server, client, (peer.since, is_commit));
        }
    }

    fn associated(&mut self, peer: &Peer, work: &Work<'_>) {
        let is_known = self.subject(peer, work).is_some();
        match &mut *self.application {
            Application::Service(Some(host)) if is_known => host.associated(self.client),
            Application::Function(function) => function.associated(self.client),
            Application::Service(_) => {}
        }
    }

    /// Hands a request on, and protects a function's answer; a CSE's messages go out at the end of the job.
    fn answer(&mut self, peer: &mut Peer, request: &[u8], config: &Config, work: &mut Work<'_>) {
        let Some(subject) = self.subject(peer, work) else {
            return work.reject("unknown_subject");
        };
        let Some(current) = &mut peer.current else { return };
        let answer = match &mut *self.application {
            Application::Service(Some(host)) if host.is_for_console(request) => {
                let binding = Console::binding(current, work);
                let visit = Visit { client: self.client, subject: &subject, binding };
                return host.visited(visit, request, work);
            }
            Application::Service(Some(host)) => {
                return host.receive(self.client, &subject, request, work);
            }
            Application::Service(None) => Err("no_cse"),
            Application::Function(function) => {
                work.requests += 1;
                function.handle(self.client, &subject, request, current, work)
            }
        };
        match answer {
            // An association that was just used for receiving can send.
            Ok(answer) => {
                if work.call(|env| current.send(config, &answer, env)).is_ok() {
                    work.sent_inside(self.node, self.node, &answer);
                }
            }
            Err(reason) => work.reject(reason),
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

    /// Whether a datagram would begin a handshake.
    fn opens(&self, bytes: &[u8]) -> bool {
        match peek(bytes) {
            Some(Peek::ClientHello { random }) => {
                !self.current.as_ref().is_some_and(|current| current.began_with(&random))
            }
            _ => false,
        }
    }

    /// A datagram of this client; `id` is what a new association is to be called. Returns the address
    /// that answers go to.
    fn receive(
        &mut self,
        config: &Config,
        id: ConnectionId,
        packet: &Packet,
        work: &mut Work<'_>,
    ) -> Option<(Received, u16)> {
        if config.profile == Profile::Plain {
            return Some(self.take_plain(config, packet, work));
        }
        if let Some(Peek::ClientHello { random }) = peek(&packet.bytes) {
            let received = self.hello(config, id, packet, &random, work);
            return Some((received, packet.address));
        }
        // At a known address, the association with that address; otherwise whichever has the ID.
        let anywhere = !self.is_at(packet.address);
        let mut received = None;
        if let Some(pending) = &mut self.pending
            && (anywhere || self.pending_address == packet.address)
        {
            let address = &mut self.pending_address;
            received = Some(receive_from(pending, address, config, packet, work));
        }
        // What only lacks its key is of the handshake in progress; the association that it would replace
        // must not be asked, lest its word on it stands for the reason.
        let is_open = match received {
            None => true,
            Some((Received::Rejected(reason), _)) => reason != Rejection::UnknownIdentity,
            Some(_) => false,
        };
        if let Some(current) = self.current.as_mut().filter(|_| is_open)
            && (anywhere || self.current_address == packet.address)
        {
            let address = &mut self.current_address;
            received = Some(receive_from(current, address, config, packet, work));
        }
        received
    }

    /// Without protection: whoever sends from an address is who it belongs to.
    fn take_plain(
        &mut self,
        config: &Config,
        packet: &Packet,
        work: &mut Work<'_>,
    ) -> (Received, u16) {
        let bytes = &packet.bytes;
        let received = match &mut self.current {
            Some(current) => work.call(|env| current.receive(config, bytes, env)),
            None => {
                let identity = work.layout.identity(packet.from);
                let id = identity.as_bytes();
                let end = work.call(|env| Association::accept_plain(id, bytes, env));
                self.pending = Some(Box::new(end));
                Received::Data
            }
        };
        self.pending_address = packet.address;
        self.current_address = packet.address;
        (received, packet.address)
    }

    /// A plaintext ClientHello: of the handshake in progress, a late copy, or of a new handshake, which
    /// replaces nothing until it completes (RFC 9147 section 5.11).
    fn hello(
        &mut self,
        config: &Config,
        id: ConnectionId,
        packet: &Packet,
        random: &[u8; 32],
        work: &mut Work<'_>,
    ) -> Received {
        let bytes = &packet.bytes;
        if self.pending_address == packet.address
            && let Some(pending) = self.pending.as_mut().filter(|a| a.began_with(random))
        {
            return work.call(|env| pending.receive(config, bytes, env));
        }
        if self.current_address == packet.address
            && self.current.as_ref().is_some_and(|current| current.began_with(random))
        {
            return Received::Duplicate;
        }
        let address = demultiplex::address_bytes(packet);
        match work.call(|env| Association::accept_as(config, id, &address, bytes, env)) {
            Accept::Association(association) => {
                self.pending = Some(Box::new(association));
                self.pending_address = packet.address;
                self.since = work.now;
                let repeated = packet.class == ByteClass::Retransmission;
                self.class = if repeated { self.class } else { packet.class };
                Received::ClientHello
            }
            Accept::Retry => {
                work.unproven_address();
                Received::ClientHello
            }
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
    packet: &Packet,
    work: &mut Work<'_>,
) -> (Received, u16) {
    let before = association.newest();
    let received = work.call(|env| association.receive(config, &packet.bytes, env));
    if association.newest() > before {
        *address = packet.address;
    }
    (received, *address)
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

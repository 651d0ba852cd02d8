//! The server's end of associations, and the service layer behind it.

use std::collections::BTreeMap;

use super::event::Packet;
use super::fetcher::Fetcher;
use super::function::Function;
use super::layout::{Function as Site, Layout, NodeId};
use super::work::{Work, byte_class};
use crate::association::{Accept, Association, Config, Output, Peek, Received, peek};
use crate::credential::store::StoreError;
use crate::measure::ByteClass;
use crate::onem2m::Service;
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
    configs: Vec<Config>,
    clients: Vec<Peer>,
    /// Handshakes in progress.
    half_open: u32,
    application: Application,
    /// Keys that this server does not know it asks for.
    pub(super) fetcher: Option<Box<Fetcher>>,
}

/// What is behind the associations.
enum Application {
    Service(Service),
    Function(Box<Function>),
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

impl Server {
    pub(super) fn new(
        me: NodeId,
        nodes: Vec<NodeId>,
        configs: Vec<Config>,
        layout: &Layout,
    ) -> Self {
        let application = match layout.function_of(me) {
            Some(Site { kind, fqdn, .. }) => {
                Application::Function(Box::new(Function::new(*kind, fqdn, layout.kc_lifetime)))
            }
            None => {
                let mut service = Service::new(&layout.cse_name(me));
                nodes.iter().for_each(|client| service.provision(&layout.originator(*client)));
                Application::Service(service)
            }
        };
        let clients = nodes.iter().map(|_| Peer::default()).collect();
        let fetcher = (!layout.functions.is_empty()).then(Box::default);
        let numbers = BTreeMap::new();
        Self { nodes, numbers, configs, clients, half_open: 0, application, fetcher }
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

    /// A datagram from the client with this number.
    pub(super) fn receive(&mut self, client: u32, packet: &Packet, work: &mut Work<'_>) {
        let Some(peer) = self.clients.get_mut(client as usize) else {
            return work.reject(NO_ASSOCIATION);
        };
        let config = &self.configs[work.layout.place(packet.from).group as usize];
        let was_open = peer.pending.is_some();
        let limit = work.layout.half_open.filter(|_| !was_open);
        if limit.is_some_and(|limit| self.half_open >= limit) && peer.opens(&packet.bytes) {
            return work.reject(HALF_OPEN_LIMIT);
        }
        let Some(received) = peer.receive(config, packet, work) else {
            return work.reject(NO_ASSOCIATION);
        };
        if let Received::Rejected(reason) = received
            && !self.postpone_handshake(packet, work)
        {
            work.reject_datagram(reason);
        }
        count_flight(received, &packet.bytes, work);
        work.received = Some(received);
        self.settle(client, work);
        self.count_half_open(client, was_open);
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
        let config = &self.configs[work.layout.place(node).group as usize];
        let Some(peer) = self.clients.get_mut(client as usize) else { return };
        let was_open = peer.pending.is_some();
        if let Some(pending) = &mut peer.pending {
            work.call(|env| pending.timeout(config, env));
        }
        if let Some(current) = &mut peer.current {
            work.call(|env| current.timeout(config, env));
        }
        self.settle(client, work);
        self.count_half_open(client, was_open);
    }

    /// All associations are lost.
    pub(super) fn restart(&mut self) {
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
        if let Application::Function(function) = &self.application {
            out.extend(function.memory_image());
        }
    }

    /// Acts on the outputs of the last calls, and on those of the answers that they cause.
    fn settle(&mut self, client: u32, work: &mut Work<'_>) {
        let node = self.nodes[client as usize];
        let config = &self.configs[work.layout.place(node).group as usize];
        let Self { clients, application, fetcher, .. } = self;
        let mut desk = Desk { application, fetcher: fetcher.as_deref(), client };
        let peer = &mut clients[client as usize];
        while !work.out.is_empty() {
            let mut outputs = std::mem::take(&mut work.out);
            for output in outputs.drain(..) {
                match output {
                    Output::Datagram { kind, bytes } => {
                        work.send(node, byte_class(kind, peer.class), bytes);
                    }
                    Output::Established { .. } => {
                        peer.promote();
                        desk.associated(peer, work);
                    }
                    Output::Failed(_) | Output::Closed => peer.drop_over(),
                    Output::Data(request) => desk.answer(peer, &request, config, work),
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

/// What is behind the associations, and whose associations they are.
struct Desk<'a> {
    application: &'a mut Application,
    fetcher: Option<&'a Fetcher>,
    /// The number of the client that is dealt with.
    client: u32,
}

impl Desk<'_> {
    /// Who is at the other end: what the proven identity stands for, whatever address it comes from.
    fn subject(&self, peer: &Peer, layout: &Layout) -> Option<String> {
        let identity = peer.current.as_ref()?.peer_identity()?;
        if let Some(entity) = self.fetcher.and_then(|fetcher| fetcher.entity(identity)) {
            return Some(entity.to_owned());
        }
        let text = str::from_utf8(identity).ok()?;
        let node = layout.named(text.split_once('@').map_or(text, |(relative, _)| relative))?;
        Some(match self.application {
            Application::Service(_) => layout.originator(node),
            Application::Function(_) => layout.entity(node),
        })
    }

    fn associated(&mut self, peer: &Peer, work: &Work<'_>) {
        let subject = self.subject(peer, work.layout);
        match (&mut *self.application, subject) {
            (Application::Service(service), Some(subject)) => service.associated(&subject),
            (Application::Function(function), _) => function.associated(self.client),
            _ => {}
        }
    }

    /// Hands a request on and protects its answer.
    fn answer(&mut self, peer: &mut Peer, request: &[u8], config: &Config, work: &mut Work<'_>) {
        work.requests += 1;
        let Some(subject) = self.subject(peer, work.layout) else {
            return work.reject("unknown_subject");
        };
        let Some(current) = &mut peer.current else { return };
        let answer = match &mut *self.application {
            Application::Service(service) => {
                service.handle_coap(&subject, request).map_err(|reason| reason.name())
            }
            Application::Function(function) => {
                function.handle(self.client, &subject, request, current, work)
            }
        };
        match answer {
            // An association that was just used for receiving can send.
            Ok(answer) => drop(work.call(|env| current.send(config, &answer, env))),
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

    /// Whether a datagram would begin a handshake.
    fn opens(&self, bytes: &[u8]) -> bool {
        match peek(bytes) {
            Some(Peek::ClientHello { random }) => {
                !self.current.as_ref().is_some_and(|current| current.began_with(&random))
            }
            _ => false,
        }
    }

    fn receive(
        &mut self,
        config: &Config,
        packet: &Packet,
        work: &mut Work<'_>,
    ) -> Option<Received> {
        let bytes = &packet.bytes;
        if let Some(Peek::ClientHello { random }) = peek(bytes) {
            return Some(self.hello(config, packet, &random, work));
        }
        let mut received = None;
        if let Some(pending) = &mut self.pending {
            received = Some(work.call(|env| pending.receive(config, bytes, env)));
        }
        match (received, &mut self.current) {
            (None | Some(Received::Rejected(_)), Some(current)) => {
                Some(work.call(|env| current.receive(config, bytes, env)))
            }
            _ => received,
        }
    }

    /// A plaintext ClientHello: of the handshake in progress, a late copy, or of a new handshake, which
    /// replaces nothing until it completes (RFC 9147 section 5.11).
    fn hello(
        &mut self,
        config: &Config,
        packet: &Packet,
        random: &[u8; 32],
        work: &mut Work<'_>,
    ) -> Received {
        let Packet { from, class, bytes, .. } = packet;
        if let Some(pending) = self.pending.as_mut().filter(|a| a.began_with(random)) {
            return work.call(|env| pending.receive(config, bytes, env));
        }
        if self.current.as_ref().is_some_and(|current| current.began_with(random)) {
            return Received::Duplicate;
        }
        let address = from.0.to_be_bytes();
        match work.call(|env| Association::accept(config, &address, bytes, env)) {
            Accept::Association(association) => {
                self.pending = Some(Box::new(association));
                if *class != ByteClass::Retransmission {
                    self.class = *class;
                }
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

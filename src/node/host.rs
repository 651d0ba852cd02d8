//! A node's CSE with everything around it: who its peers are, what it sends them, its own registration, and the
//! application beside it.

use std::collections::VecDeque;

use super::application::Applications;
use super::console::{Console, Outcome, Visit};
use super::head_end::HeadEnd;
use super::layout::{Layout, NodeId};
use super::messenger::{Letter, Messenger, REGISTRAR, Tag, client};
use super::resources::HEAD_END;
use super::work::Work;
use crate::onem2m::cse::{Config, Destination, StartFault};
use crate::onem2m::end_to_end::Recipient;
use crate::onem2m::session::Sessions;
use crate::onem2m::session::message::{self, Reply};
use crate::onem2m::{DOMAIN, Effect, Service, device, requests};
use crate::sim::time::{Duration, Time};
use crate::wire::coap::Code;
use crate::wire::primitive::{Operation, Request, Response, Rsc};

/// How long after a failure a CSE registers again.
const AGAIN: Duration = Duration::from_secs(15);

/// A CSE's registration with its registrar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Registration {
    /// None is wanted, or it is there.
    Settled,
    /// To be asked for from this time on, once there is an association.
    From(Time),
    Asked,
}

/// The CSE.
pub(super) struct Host {
    service: Service,
    messenger: Messenger,
    head_end: Option<Box<HeadEnd>>,
    applications: Applications,
    console: Option<Box<Console>>,
    registration: Registration,
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

impl Host {
    /// The CSE of `me`, with what is provisioned for its clients.
    pub(super) fn new(me: NodeId, nodes: &[NodeId], layout: &Layout) -> Result<Self, StartFault> {
        let mut service = Service::with(config(me, nodes, layout))?;
        if layout.believes_originators {
            service.believe_originators();
        }
        service.parallel(REGISTRAR);
        for (node, number) in nodes.iter().zip(0..) {
            let group = layout.group(*node);
            if group.is_cse || layout.request_cache {
                service.parallel(client(number));
            }
            if !group.is_cse && !group.service.registers {
                // An AE that is not there is refused when it asks.
                let _ = service.provision(&layout.originator(*node));
            }
        }
        let head_end = HeadEnd::new(me, layout, &mut service).map(Box::new);
        let mut host = Self {
            service,
            messenger: Messenger::default(),
            head_end,
            applications: Applications::new(me, layout),
            console: None,
            registration: Registration::Settled,
            wake: Time::NEVER,
        };
        host.forget_registration(me, layout);
        Ok(host)
    }

    /// Opens requests that are protected end to end to this CSE.
    pub(super) fn open_with(&mut self, recipient: Recipient) {
        self.service.open_with(recipient);
    }

    /// Has a console with these sessions.
    pub(super) fn open_console(&mut self, sessions: Sessions) {
        self.console = Some(Box::new(Console::new(sessions)));
    }

    /// The keys of the CSE itself, as they lie in memory.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        if let Some(recipient) = self.service.recipient() {
            recipient.memory_image(out);
        }
    }

    /// The bytes of all resources; nothing if the store fails.
    pub(super) fn tree_image(&self) -> Vec<u8> {
        self.service.cse().image().unwrap_or_default()
    }

    pub(super) fn associated(&mut self, client_number: u32) {
        self.service.associated_peer(client(client_number));
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let head_end = self.head_end.as_ref().and_then(|head_end| head_end.next_timeout());
        let registration = match self.registration {
            Registration::From(at) if at > Time::ZERO => Some(at),
            _ => None,
        };
        let all = [self.messenger.next_timeout(), self.service.next_timeout(), head_end];
        all.into_iter().chain([registration]).flatten().min()
    }

    /// A message of a client, whose association authenticated `identity`.
    pub(super) fn receive(
        &mut self,
        number: u32,
        identity: &str,
        bytes: &[u8],
        work: &mut Work<'_>,
    ) {
        self.take(client(number), identity, bytes, work);
    }

    /// Whether a message is for the console, which looks at the association that it came over.
    pub(super) fn is_for_console(&self, bytes: &[u8]) -> bool {
        self.console.is_some() && message::is_for_console(bytes)
    }

    /// A message for the console.
    pub(super) fn visited(&mut self, visit: Visit<'_>, bytes: &[u8], work: &mut Work<'_>) {
        work.requests += 1;
        work.overhear(bytes);
        let Some(console) = &mut self.console else { return };
        let answer = match console.receive(visit, bytes, work) {
            Some(Outcome::Answer(answer)) => Some(answer),
            Some(Outcome::Ask(number, request)) => {
                let reply = Reply::Status(self.carry_out(number, &request, work));
                let console = self.console.as_mut();
                console.and_then(|console| console.told(visit.client, bytes, &reply))
            }
            None => None,
        };
        let letter = |bytes| Letter { peer: client(visit.client), bytes };
        work.letters.extend(answer.map(letter));
    }

    /// A request of the console in the name of an account, which is an AE of this CSE: what the CSE says. A request
    /// that would have to wait for another CSE is none that a console makes.
    fn carry_out(&mut self, number: u64, request: &Request, work: &mut Work<'_>) -> Rsc {
        let account = request.from.as_deref().unwrap_or_default();
        let mut effects = Vec::new();
        work.requests += 1;
        work.requested(Some(request.operation));
        self.service.ask(work.now, account, number, request.clone(), &mut effects);
        let status = effects.iter().find_map(|effect| match effect {
            Effect::Answer { number: of, response } if *of == number => Some(response.status),
            _ => None,
        });
        let status = status.unwrap_or(Rsc::NOT_REACHABLE);
        work.served_request(request, account, Some(status));
        effects.retain(|effect| !matches!(effect, Effect::Answer { .. }));
        self.act(effects, work);
        status
    }

    /// A message of the registrar.
    pub(super) fn receive_from_above(&mut self, bytes: &[u8], work: &mut Work<'_>) {
        let registrar = work.layout.place(work.node).registrar;
        self.take(REGISTRAR, &work.layout.entity(registrar), bytes, work);
    }

    fn take(&mut self, peer: u32, identity: &str, bytes: &[u8], work: &mut Work<'_>) {
        work.requests += 1;
        work.overhear(bytes);
        let is_response = bytes.get(1).is_some_and(|code| Code::from_byte(*code).is_response());
        if is_response {
            return self.answered(peer, bytes, work);
        }
        self.service.take_nothing_new(work.layout.is_full(work.node, work.now));
        let brought = self.applications.brought(identity, bytes, work.layout);
        let objection =
            brought.as_ref().and_then(|it| self.applications.objection(it, work.layout));
        self.service.take_no_content(objection.is_some());
        let mut effects = Vec::new();
        match self.service.receive(work.now, peer, identity, bytes, &mut effects) {
            Ok(operation) => {
                work.requested(operation);
                work.operations.add(&self.service.take_operations());
                if let Some((inner, status)) = self.service.take_opened() {
                    return self.opened(&inner, status, effects, work);
                }
                let status = || effects.iter().find_map(|effect| status_for(peer, effect));
                if operation.is_some() && work.chronicle.is_on() {
                    work.served(bytes, identity, status());
                } else if operation.is_none() {
                    work.recognised();
                }
                if let Some(brought) = brought.filter(|_| operation == Some(Operation::Create)) {
                    match (status(), objection) {
                        (Some(status), None) if status.is_success() => {
                            self.applications.take(&brought, work);
                        }
                        (Some(Rsc::BAD_REQUEST), Some(why)) => work.objected(&brought, why),
                        _ => {}
                    }
                }
            }
            Err(reason) => work.reject(reason.name()),
        }
        self.act(effects, work);
    }

    /// A request came that was protected end to end, and was carried out.
    fn opened(
        &mut self,
        inner: &Request,
        status: Option<Rsc>,
        effects: Vec<Effect>,
        work: &mut Work<'_>,
    ) {
        work.requests += 1;
        let from = inner.from.as_deref().unwrap_or_default();
        let device = from.rsplit('/').next().unwrap_or_default();
        work.served_request(inner, device, status);
        self.act(effects, work);
    }

    /// A peer's answer to a request.
    fn answered(&mut self, peer: u32, bytes: &[u8], work: &mut Work<'_>) {
        let (mid, response) = match device::response(bytes) {
            Ok(read) => read,
            Err(reason) => return work.reject(reason.name()),
        };
        match self.messenger.answered(peer, mid, work) {
            Some(Tag::Registration) => self.registered(response.status, work),
            Some(Tag::Cse(exchange)) => {
                let mut effects = Vec::new();
                self.service.answered(work.now, exchange, response, &mut effects);
                self.act(effects, work);
            }
            None => work.reject("unexpected_answer"),
        }
    }

    /// There is an association with the registrar.
    pub(super) fn associated_above(&mut self, work: &mut Work<'_>) {
        self.service.associated_peer(REGISTRAR);
        if matches!(self.registration, Registration::From(_)) {
            self.register(work);
        }
    }

    fn register(&mut self, work: &mut Work<'_>) {
        let layout = work.layout;
        let registrar = layout.place(work.node).registrar;
        let request = requests::remote_cse(
            &layout.entity(work.node),
            &layout.cse_name(work.node),
            &layout.cse_name(registrar),
            "registration",
        );
        self.registration = Registration::Asked;
        self.messenger.send(REGISTRAR, Tag::Registration, request, work);
    }

    fn registered(&mut self, status: Rsc, work: &mut Work<'_>) {
        if status.is_success() {
            work.recorder.counters.registered += 1;
        } else {
            work.refused(status);
        }
        let is_there = status.is_success() || status == Rsc::ALREADY_REGISTERED;
        self.registration =
            if is_there { Registration::Settled } else { Registration::From(work.now + AGAIN) };
    }

    /// Something is due. True if the registrar does not answer.
    pub(super) fn timeout(&mut self, work: &mut Work<'_>) -> bool {
        let mut effects = Vec::new();
        self.service.expired(work.now, &mut effects);
        self.act(effects, work);
        let overdue = self.messenger.overdue(work);
        if overdue.given_up.contains(&Tag::Registration) {
            self.registration = Registration::From(work.now + AGAIN);
        }
        if matches!(self.registration, Registration::From(at) if at <= work.now) {
            self.register(work);
        }
        self.ask_for_head_end(work);
        overdue.registrar_is_dead
    }

    fn ask_for_head_end(&mut self, work: &mut Work<'_>) {
        let Some(head_end) = &mut self.head_end else { return };
        for (number, request) in head_end.due(work) {
            let mut effects = Vec::new();
            work.requests += 1;
            work.requested(Some(request.operation));
            self.service.ask(work.now, HEAD_END, number, request, &mut effects);
            self.act(effects, work);
        }
    }

    /// Sends what is to be sent, and gives the application what is its.
    fn act(&mut self, effects: Vec<Effect>, work: &mut Work<'_>) {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Message { peer, bytes } => work.letters.push(Letter { peer, bytes }),
                Effect::Answer { number, response } => {
                    if let Some(head_end) = &mut self.head_end {
                        head_end.answered(number, &response, work);
                    }
                }
                Effect::Request { exchange, to, request } => {
                    if let Some(peer) = peer_of(&to, work) {
                        self.messenger.send(peer, Tag::Cse(exchange), *request, work);
                        continue;
                    }
                    let response = match &self.head_end {
                        Some(head_end) if to.entity.as_deref() == Some(HEAD_END) => {
                            head_end.take(&request, work)
                        }
                        _ => Response { status: Rsc::NOT_REACHABLE, ..Response::default() },
                    };
                    let mut more = Vec::new();
                    self.service.answered(work.now, exchange, response, &mut more);
                    queue.extend(more);
                }
            }
        }
    }

    /// Everything but the resources is lost.
    pub(super) fn restart(&mut self, me: NodeId, now: Time, layout: &Layout) {
        self.service.restart();
        self.messenger.restart();
        if let Some(head_end) = &mut self.head_end {
            head_end.restart(now);
        }
        if let Some(console) = &mut self.console {
            console.restart();
        }
        self.forget_registration(me, layout);
        self.wake = Time::NEVER;
    }

    fn forget_registration(&mut self, me: NodeId, layout: &Layout) {
        let registers = layout.group(me).service.registers;
        self.registration =
            if registers { Registration::From(Time::ZERO) } else { Registration::Settled };
    }
}

/// The status of an answer to this peer.
fn status_for(peer: u32, effect: &Effect) -> Option<Rsc> {
    match effect {
        Effect::Message { peer: to, bytes } if *to == peer => {
            Some(device::answer(bytes).ok()?.status)
        }
        _ => None,
    }
}

/// The peer that is, or leads to, a destination.
fn peer_of(to: &Destination, work: &Work<'_>) -> Option<u32> {
    let layout = work.layout;
    let entity = to.entity.as_deref()?;
    let registrar = layout.place(work.node).registrar;
    if registrar != work.node && layout.entity(registrar) == entity {
        return Some(REGISTRAR);
    }
    let identity = entity.strip_prefix("/cse-").or_else(|| entity.strip_prefix('C'))?;
    let node = layout.named(identity)?;
    let place = layout.place(node);
    let is_client = place.registrar == work.node && node != work.node;
    (is_client && layout.entity(node) == entity).then(|| client(place.client))
}

/// Who the CSE of `me` is, and which CSEs may register there.
fn config(me: NodeId, nodes: &[NodeId], layout: &Layout) -> Config {
    let registrar = layout.place(me).registrar;
    let is_below = registrar != me;
    let remotes = nodes.iter().filter(|node| layout.group(**node).is_cse);
    Config {
        kind: if is_below { 2 } else { 1 },
        registrar: is_below.then(|| layout.entity(registrar)),
        remotes: remotes.map(|node| layout.entity(*node)).collect(),
        association_required: !layout.believes_originators,
        open: layout.open_access,
        ..Config::infrastructure(DOMAIN, &layout.entity(me), &layout.cse_name(me))
    }
}

impl Work<'_> {
    /// A CSE took a request.
    pub(super) fn requested(&mut self, operation: Option<Operation>) {
        if let Some(operation) = operation.filter(|_| self.layout.registers) {
            self.recorder.counters.requests[usize::from(operation.number()) - 1] += 1;
        }
    }

    /// An originator was refused.
    pub(super) fn refused(&mut self, status: Rsc) {
        if self.layout.registers {
            *self.recorder.counters.refused.entry(status.0).or_default() += 1;
        }
    }
}

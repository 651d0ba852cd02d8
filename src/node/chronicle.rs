//! What a site writes down of the truth: the facts of its nodes, and the trace of the attackers in it.

use super::layout::{Layout, NodeId};
use super::linking::Authored;
use super::work::Work;
use crate::association::Association;
use crate::ledger::{
    About, ActorId, Agreement, AssociationId, AttackerFacts, ClassId, ContentDigest, Effect,
    EngineFacts, Ledger, Message as FactMessage, NodeFacts, Operation as FactOperation,
    Request as FactRequest, RequestId, ResourceId, ResourceKind, Role, SecretClass, Writer,
};
use crate::onem2m::device;
use crate::sim::time::Time;
use crate::wire::binding::coap::read_request;
use crate::wire::coap::Message;
use crate::wire::primitive::{Operation, Profile, Request, Rsc};

/// Steps of attackers that one site keeps; later ones are counted.
pub const STEPS_MAX: usize = 10_000;

/// A step of an attacker, by its own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Time,
    /// The attacker.
    pub attacker: ActorId,
    /// What kind of step.
    pub deed: Deed,
    /// What it did, for people: a few words.
    pub what: String,
    /// The datagram that the step is about: whom it names as its sender and receiver.
    pub between: Option<(NodeId, NodeId)>,
}

/// What an attacker did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// It only looked: an attack that does no more has begun if looking is its aim.
    Saw,
    /// It changed something on its way.
    Altered,
    /// It sent something once more.
    Replayed,
    /// It sent something of its own.
    Injected,
    /// It read memory, storage or an interface.
    Stole,
    /// It gave a command, or did something to hardware.
    Commanded,
}

/// The ledger of a site, and its attackers' trace. Off, it keeps nothing and costs nothing.
#[derive(Debug)]
pub struct Chronicle {
    ledger: Ledger,
    writer: Writer,
    steps: Vec<Step>,
    steps_left_out: u64,
    /// What the linking game may ask about next.
    pub(super) authored: Authored,
}

impl Chronicle {
    /// Of the site with this number; `is_on`: it keeps facts.
    #[must_use]
    pub fn new(site: u32, is_on: bool) -> Self {
        let ledger = if is_on { Ledger::on() } else { Ledger::off() };
        Self {
            ledger,
            writer: Writer::new(site),
            steps: Vec::new(),
            steps_left_out: 0,
            authored: Authored::default(),
        }
    }

    /// It keeps facts.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.ledger.is_on()
    }

    /// For the hooks of nodes.
    pub fn node(&mut self, now: Time) -> Option<NodeFacts<'_>> {
        self.ledger.node(&mut self.writer, now)
    }

    /// For the engine and the steps of a scenario.
    pub fn engine(&mut self, now: Time) -> Option<EngineFacts<'_>> {
        self.ledger.engine(&mut self.writer, now)
    }

    /// For one attacker.
    pub(super) fn attacker(&mut self, now: Time, who: ActorId) -> Option<AttackerFacts<'_>> {
        self.ledger.attacker(&mut self.writer, now, who)
    }

    pub(super) fn step(&mut self, step: Step) {
        if self.steps.len() < STEPS_MAX {
            self.steps.push(step);
        } else {
            self.steps_left_out += 1;
        }
    }

    /// The ledger, the steps of attackers in order, and how many more there were.
    #[must_use]
    pub fn into_parts(self) -> (Ledger, Vec<Step>, u64) {
        (self.ledger, self.steps, self.steps_left_out)
    }
}

/// A node as somebody who acts.
#[must_use]
pub const fn actor(node: NodeId) -> ActorId {
    ActorId(node.0)
}

/// The request in a CoAP message, if it is one.
pub(super) fn request_in(bytes: &[u8]) -> Option<Request> {
    let message = Message::parse(bytes).ok()?;
    read_request(&message, &Profile::STRICT).ok()
}

/// What a request says: operation, target, originator, request identifier and content, whatever the
/// serialisation and the message around it.
#[must_use]
pub fn content_digest(request: &Request) -> ContentDigest {
    let content = request.content.as_ref().map(|content| format!("{content:?}"));
    let operation = [request.operation as u8];
    let from = request.from.as_deref().unwrap_or_default();
    ContentDigest::of(&[
        &operation,
        request.to.as_bytes(),
        from.as_bytes(),
        request.request_id.as_bytes(),
        content.unwrap_or_default().as_bytes(),
    ])
}

/// The resource of this path at `host`.
#[must_use]
pub fn resource(host: NodeId, path: &str) -> ResourceId {
    let ContentDigest([a, b, c, d, ..]) = ContentDigest::of(&[path.as_bytes()]);
    ResourceId {
        host: actor(host),
        kind: ResourceKind::Data,
        index: u32::from_be_bytes([a, b, c, d]),
    }
}

impl Layout {
    /// The node that acts under this name of an entity ([`Layout::entity`]).
    #[must_use]
    pub fn entity_named(&self, entity: &str) -> Option<NodeId> {
        if let Some(function) = self.functions.iter().find(|function| function.fqdn == entity) {
            return Some(function.node);
        }
        let identity = match entity.strip_prefix("/cse-") {
            Some(identity) => identity,
            None => entity.strip_prefix('C')?,
        };
        self.named(identity)
    }
}

impl Work<'_> {
    /// The application of this node means this request for `recipient`; `is_sensitive`: only the two and `readers`
    /// may know its content.
    pub(super) fn authored(
        &mut self,
        request: &Request,
        recipient: NodeId,
        readers: &[NodeId],
        is_sensitive: bool,
    ) {
        let me = self.node;
        let Some(mut facts) = self.facts() else { return };
        let (content, me) = (content_digest(request), actor(me));
        let gid = facts.author(me, me, actor(recipient), content, is_sensitive);
        let secret = device::content_of(request).filter(|_| is_sensitive);
        if let Some(secret) = secret {
            let readers = readers.iter().map(|reader| actor(*reader));
            let holders: Vec<ActorId> = [me, actor(recipient)].into_iter().chain(readers).collect();
            facts.create(SecretClass::Field(gid), &holders, secret.as_bytes());
        }
        self.chronicle.authored.note(me, gid);
    }

    /// This CSE took a request of `claimed`, and answered it like this if it could at once.
    pub(super) fn served(&mut self, bytes: &[u8], claimed: &str, status: Option<Rsc>) {
        if let Some(request) = request_in(bytes).filter(|_| self.chronicle.is_on()) {
            self.served_request(&request, claimed, status);
        }
    }

    /// The same for a request that was in no message of its own.
    pub(super) fn served_request(&mut self, request: &Request, claimed: &str, status: Option<Rsc>) {
        let (layout, me) = (self.layout, self.node);
        let claimed = layout.entity_named(claimed).map(actor);
        let Some(mut facts) = self.facts() else { return };
        let message = FactMessage::of(content_digest(request));
        facts.accept(message, actor(me), claimed);
        if !status.is_some_and(Rsc::is_success) {
            if let Some(status) = status {
                let is_bad = status == Rsc::BAD_REQUEST;
                let mechanism = if is_bad { "request_check" } else { "access_decision" };
                facts.refuse(mechanism, About::Message(message.content), "refused");
            }
            return;
        }
        let (before, after) = match request.operation {
            Operation::Create => (ContentDigest::ABSENT, message.content),
            Operation::Delete => (message.content, ContentDigest::ABSENT),
            Operation::Update => (ContentDigest::of(&[request.to.as_bytes()]), message.content),
            Operation::Retrieve | Operation::Notify => (message.content, message.content),
        };
        facts.effect(Effect {
            resource: resource(me, &request.to),
            operation: operation(request.operation),
            before,
            after,
            cause: Some(message),
            actor: None,
            claimed,
        });
    }

    /// An end of this node knows the parameters of an association with `peer` (`running`), or has finished it.
    pub(super) fn agreed(
        &mut self,
        end: &Association,
        role: Role,
        peer: Option<NodeId>,
        (since, is_commit): (Time, bool),
    ) {
        let me = actor(self.node);
        let Some(mut facts) = self.facts() else { return };
        let Some(fingerprint) = end.fingerprint() else { return };
        let agreement = Agreement {
            role,
            actor: me,
            peer: peer.map(actor),
            association: AssociationId::of(&[&fingerprint]),
            parameters: ContentDigest::of(&[&fingerprint]),
            since,
        };
        if is_commit {
            facts.commit(agreement);
            self.uses_secret(end, peer);
        } else {
            facts.running(agreement);
        }
    }

    /// This end of an association with `peer` sends under a new traffic secret.
    pub(super) fn uses_secret(&mut self, end: &Association, peer: Option<NodeId>) {
        let me = actor(self.node);
        if !self.layout.writes_down_sessions {
            return;
        }
        let Some(mut facts) = self.facts() else { return };
        if let (Some(fingerprint), Some(secret)) = (end.fingerprint(), end.sending_secret()) {
            let class = SecretClass::SessionKey(AssociationId::of(&[&fingerprint]));
            let holders: Vec<ActorId> = [me].into_iter().chain(peer.map(actor)).collect();
            facts.create(class, &holders, &secret);
        }
    }

    /// A CSE recognised a request that it had carried out before, and did not do so again.
    pub(super) fn recognised(&mut self) {
        let about = About::Datagram(actor(self.node));
        if let Some(mut facts) = self.facts() {
            facts.refuse("request_cache", about, "duplicate");
        }
    }

    /// A server kept no state for a client whose address is not proven yet: it asked for a cookie.
    pub(super) fn unproven_address(&mut self) {
        let about = About::Datagram(actor(self.node));
        if let Some(mut facts) = self.facts() {
            facts.refuse("cookie", about, "address_not_proven");
        }
    }

    /// A report was answered or given up. With a deadline that alone decides, and the node keeps the time.
    pub(super) fn settled_report(&mut self, request: u64, is_served: bool) {
        if self.layout.group(self.node).deadline.is_none() {
            self.settled(request, false, is_served);
        }
    }

    /// A request of this node, or an attempt to authenticate, was answered in time or not.
    pub(super) fn settled(&mut self, request: u64, is_authentication: bool, is_served: bool) {
        let class = ClassId(u16::try_from(self.layout.place(self.node).group).unwrap_or(u16::MAX));
        let (request, actor) = (RequestId(request), actor(self.node));
        let request = FactRequest { request, actor, class, is_authentication };
        if let Some(mut facts) = self.chronicle.engine(self.now) {
            if is_served {
                facts.served(request);
            } else {
                facts.deadline(request);
            }
        }
    }
}

const fn operation(operation: Operation) -> FactOperation {
    match operation {
        Operation::Create => FactOperation::Create,
        Operation::Retrieve => FactOperation::Retrieve,
        Operation::Update => FactOperation::Update,
        Operation::Delete => FactOperation::Delete,
        Operation::Notify => FactOperation::Notify,
    }
}

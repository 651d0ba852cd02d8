//! A oneM2M CSE, sans-IO: requests in, answers and requests of its own out (TS-0001, TS-0004).
//!
//! Time is an argument, numbers are counted, nothing depends on the order of a table: the same calls give
//! the same outputs. A request that is refused leaves the tree as it was.
//!
//! [`Cse::handle`] takes a request, [`Cse::answered`] the answer to a request that the CSE sent,
//! [`Cse::expired`] the passing of time. Each pushes [`Output`]s.

mod attributes;
mod config;
mod container;
mod create;
mod delete;
mod filter;
mod forward;
mod group;
mod interface;
mod notify;
mod originator;
mod pending;
mod policies;
mod privilege;
mod provision;
mod refusal;
mod registration;
mod render;
mod retrieve;
mod task;
mod update;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

pub use config::{Config, StartFault};
pub use interface::{Destination, Hop, Incoming, Outgoing, Output};
pub use refusal::{REFUSALS, Refusal};

use super::access::Home;
use super::tree::address::{self, Place};
use super::tree::{Entry, Family, Head, Id, Memory, Record, Store, StoreFault, Types, ty};
use crate::sim::time::Time;
use crate::wire::primitive::{Operation, Request, Response, ResponseTypeValue};
use crate::wire::value::{Map, Value};
use pending::Pending;
use policies::Policies;
use refusal::{
    ABSENT, ADDRESS, EXPIRED, LATER, NON_BLOCKING_ASYNC, NON_BLOCKING_SYNC, NOT_ALLOWED, RELEASE,
    TOKENS, UNSUPPORTED,
};
use task::{Reply, ReplyTo, Step, Task, Turn};

/// All originators, in a policy (TS-0001 clause 9.6.2.1).
const EVERYBODY: &str = "all";

/// The CSE.
#[derive(Debug)]
pub struct Cse<S: Store = Memory> {
    config: Config,
    home: Home,
    store: S,
    root: Id,
    /// Policies in the form in which they are decided by.
    policies: Policies,
    /// The resources that were given an expiry, in milliseconds since 1970.
    expiries: BTreeSet<(u64, Id)>,
    /// `<remoteCSE>` by CSE-ID.
    remotes: BTreeMap<String, Id>,
    pending: Pending,
    counter: u64,
    is_full: bool,
    is_content_refused: bool,
}

/// Where an address leads.
enum Where<'t> {
    /// Into this CSE.
    Here(&'t str),
    /// To the CSE with this SP-relative CSE-ID; `None` into another domain.
    There(Option<&'t str>),
}

impl Cse<Memory> {
    /// A CSE that keeps its resources in memory.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(config: Config) -> Result<Self, StartFault> {
        Self::open(config, Memory::default())
    }
}

impl<S: Store> Cse<S> {
    /// A CSE on a store: an empty one gets a CSEBase, another is taken over.
    ///
    /// # Errors
    /// What is wrong with the configuration or the store.
    pub fn open(config: Config, store: S) -> Result<Self, StartFault> {
        let home = Home::new(&config.domain, &config.cse_id).ok_or(StartFault::Identity)?;
        if !attributes::is_name(&config.name) {
            return Err(StartFault::Name);
        }
        let root = store.root()?;
        let mut cse = Self {
            config,
            home,
            store,
            root: root.unwrap_or(Id(0)),
            policies: Policies::default(),
            expiries: BTreeSet::new(),
            remotes: BTreeMap::new(),
            pending: Pending::default(),
            counter: 0,
            is_full: false,
            is_content_refused: false,
        };
        match root {
            None => cse.found()?,
            Some(_) => cse.take_over()?,
        }
        Ok(cse)
    }

    /// The disk under its store is full, or no longer: what would write is refused with 5000
    /// (INTERNAL_SERVER_ERROR), what reads or deletes is not.
    pub const fn take_nothing_new(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// The application that uses contents refuses those that come, or no longer: a `<contentInstance>` that
    /// would be stored is answered 4000 (BAD_REQUEST) instead.
    pub const fn take_no_content(&mut self, is_refused: bool) {
        self.is_content_refused = is_refused;
    }

    /// Who it is.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Where its resources are.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Takes a request.
    pub fn handle(
        &mut self,
        now: Time,
        hop: &Hop<'_>,
        exchange: Incoming,
        request: impl Into<Box<Request>>,
        out: &mut Vec<Output>,
    ) {
        let request = request.into();
        let mut turn = self.turn(now, out);
        self.sweep(&mut turn);
        let value = request.response_type.as_ref().and_then(|kind| kind.value);
        let silent = value == Some(ResponseTypeValue::NoResponse);
        let reply = Reply {
            to: if silent { ReplyTo::Silent(exchange) } else { ReplyTo::Peer(exchange) },
            request_id: request.request_id.clone(),
            release: request.release,
        };
        match self.asker(hop, &request) {
            Ok(asker) => {
                let task = Task { reply, asker, request, depth: 0, verified: false };
                self.perform(&mut turn, task);
            }
            Err(refusal) => self.reply(&mut turn, reply, refusal.into()),
        }
    }

    /// Takes the answer to a request that this CSE sent. One that nothing waits for has no effect.
    pub fn answered(
        &mut self,
        now: Time,
        exchange: Outgoing,
        response: Response,
        out: &mut Vec<Output>,
    ) {
        let mut turn = self.turn(now, out);
        if let Some(waiting) = self.pending.take(exchange) {
            self.resume(&mut turn, waiting, Some(response));
        }
    }

    /// Lets time pass: gives up what has waited too long, deletes what has expired.
    pub fn expired(&mut self, now: Time, out: &mut Vec<Output>) {
        let mut turn = self.turn(now, out);
        self.sweep(&mut turn);
        while let Some(waiting) = self.pending.overdue(now) {
            self.resume(&mut turn, waiting, None);
        }
    }

    /// What waits for an answer is forgotten, as by a restart; resources stay.
    pub fn restart(&mut self) {
        self.pending = self.pending.forgotten();
    }

    /// When [`expired`](Self::expired) has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Time> {
        let resource = self.expiries.first().map(|(unix, _)| self.config.epoch.time(*unix));
        [self.pending.next_deadline(), resource].into_iter().flatten().min()
    }

    /// The bytes of all resources, one after the other: what whoever may read the whole store has.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn image(&self) -> Result<Vec<u8>, StoreFault> {
        let mut image = Vec::new();
        self.walk(|_, _, body| image.extend_from_slice(body))?;
        Ok(image)
    }

    /// A digest of all resources with all their bytes.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn digest(&self) -> Result<u64, StoreFault> {
        let mut hasher = SipHasher13::new_with_keys(0, 0);
        self.walk(|id, ty, body| {
            hasher.write_u64(id.0);
            hasher.write_u16(ty);
            hasher.write(body);
        })?;
        Ok(hasher.finish())
    }

    /// Looks at each resource: its identifier, its type and its bytes.
    fn walk(&self, mut look: impl FnMut(Id, u16, &[u8])) -> Result<(), StoreFault> {
        let mut stack = vec![self.root];
        while let Some(id) = stack.pop() {
            let node = self.store.node(id)?.ok_or(StoreFault::Absent)?;
            look(id, node.ty, &node.body);
            for family in [Family::Instances, Family::Others] {
                let mut next = self.store.first(id, family)?;
                while let Some(child) = next {
                    stack.push(child);
                    next = self.store.next(child)?;
                }
            }
        }
        Ok(())
    }

    const fn turn<'o>(&self, now: Time, out: &'o mut Vec<Output>) -> Turn<'o> {
        Turn { now, unix: self.config.epoch.at(now), out, notices: Vec::new(), fanned: 0 }
    }

    /// Carries a request out and sees to its answer.
    fn perform(&mut self, turn: &mut Turn<'_>, task: Task) {
        match self.attempt(turn, &task) {
            Ok(Step::Done(answer)) => self.reply(turn, task.reply, answer.response()),
            Ok(Step::Verify(notices)) => self.verify(turn, task, notices),
            Ok(Step::Forward(destination)) => self.forward(turn, task, destination),
            Ok(Step::FanOut { group, members, below }) => {
                self.fan_out(turn, task, group, members, &below);
            }
            Err(refusal) => self.reply(turn, task.reply, refusal.into()),
        }
        self.send_notices(turn);
    }

    fn attempt(&mut self, turn: &mut Turn<'_>, task: &Task) -> Result<Step, Refusal> {
        self.check(turn, task)?;
        match self.locate(&task.request.to)? {
            Where::Here(path) => {
                let place = address::resolve(&self.store, path)?.ok_or(ABSENT)?;
                self.dispatch(turn, task, place)
            }
            Where::There(cse) => self.route(task, cse).map(Step::Forward),
        }
    }

    /// What any request has to keep.
    fn check(&self, turn: &Turn<'_>, task: &Task) -> Result<(), Refusal> {
        let request = &task.request;
        if !request.release.is_some_and(|release| Config::RELEASES.contains(&release)) {
            return Err(RELEASE);
        }
        match request.response_type.as_ref().and_then(|kind| kind.value) {
            Some(ResponseTypeValue::NonBlockingSync) => return Err(NON_BLOCKING_SYNC),
            Some(ResponseTypeValue::NonBlockingAsync) => return Err(NON_BLOCKING_ASYNC),
            _ => {}
        }
        if request.execution_time.is_some() || request.semantic_query == Some(true) {
            return Err(LATER);
        }
        unsupported(request)?;
        match pending::deadline(request, turn, self.config.epoch)? {
            Some(deadline) if deadline <= turn.now => Err(EXPIRED),
            _ => Ok(()),
        }
    }

    fn dispatch(
        &mut self,
        turn: &mut Turn<'_>,
        task: &Task,
        place: Place<'_>,
    ) -> Result<Step, Refusal> {
        if let Place::FanOut(group, below) = place {
            return self.open_group(group, below);
        }
        if task.request.operation == Operation::Retrieve {
            return self.retrieve(turn, task, place);
        }
        self.store.begin()?;
        let step = self.change(turn, task, place);
        if matches!(step, Ok(Step::Done(_))) {
            self.store.commit()?;
        } else {
            turn.notices.clear();
            self.store.rollback()?;
        }
        step
    }

    /// An operation that changes something, or a notification.
    fn change(
        &mut self,
        turn: &mut Turn<'_>,
        task: &Task,
        place: Place<'_>,
    ) -> Result<Step, Refusal> {
        match (task.request.operation, place) {
            (Operation::Create, Place::Resource(id)) => self.create(turn, task, id),
            (Operation::Update, Place::Resource(id)) => self.update(turn, task, id),
            (Operation::Notify, Place::Resource(id)) => self.deliver(turn, task, id),
            (Operation::Delete, Place::Resource(id)) => self.delete(turn, task, id),
            (Operation::Delete, Place::Instance(container, end)) => {
                let id = self.instance(turn, container, end)?;
                self.delete(turn, task, id)
            }
            _ => Err(NOT_ALLOWED),
        }
    }

    /// Which CSE an address names.
    fn locate<'t>(&self, to: &'t str) -> Result<Where<'t>, Refusal> {
        let (domain, rest) = match (to.strip_prefix("//"), to.strip_prefix('/')) {
            (Some(rest), _) => {
                let (domain, rest) = rest.split_once('/').ok_or(ADDRESS)?;
                (Some(domain), rest)
            }
            (None, Some(rest)) => (None, rest),
            (None, None) => {
                segments(to)?;
                return Ok(Where::Here(to));
            }
        };
        segments(rest)?;
        if domain.is_some_and(|domain| self.config.domain.strip_prefix("//") != Some(domain)) {
            return Ok(Where::There(None));
        }
        let (cse, path) = rest.split_once('/').unwrap_or((rest, "-"));
        if self.config.cse_id.strip_prefix('/') == Some(cse) {
            return Ok(Where::Here(path));
        }
        // An AE-ID that the service provider assigned, as in `/Smeter7`.
        if cse.starts_with('S') && self.store.aliased(cse)?.is_some() {
            return Ok(Where::Here(rest));
        }
        Ok(Where::There(Some(cse)))
    }

    /// The first resources of an empty store.
    fn found(&mut self) -> Result<(), StartFault> {
        let now = self.config.epoch.unix_ms;
        let record = Record {
            created: now,
            modified: now,
            name: Some(self.config.name.clone()),
            alias: self.config.cse_id.strip_prefix('/').map(str::to_owned),
            attributes: registration::base(&self.config),
            ..Record::default()
        };
        let entry = Entry { parent: None, ty: ty::CB, body: &record.encode() };
        self.root = self.store.insert(entry)?;
        let administrator = match self.config.administrator.clone() {
            _ if self.config.open => EVERYBODY.to_owned(),
            Some(one) if originator::parse(&one, &self.home).is_some() => one,
            Some(_) => return Err(StartFault::Administrator),
            None => return Ok(()),
        };
        let policy = Record {
            created: now,
            modified: now,
            creator: Some(self.config.cse_id.clone()),
            attributes: registration::policy_for(&administrator),
            ..Record::default()
        };
        let entry = Entry { parent: Some(self.root), ty: ty::ACP, body: &policy.encode() };
        let policy = self.store.insert(entry)?;
        let policy = address::identifier(&self.store, policy)?;
        let mut record = record;
        record.attributes.insert("acpi", Value::List(vec![Value::Text(policy)]));
        self.store.replace(self.root, &record.encode())?;
        Ok(())
    }

    /// Learns what a store holds.
    fn take_over(&mut self) -> Result<(), StartFault> {
        let node = self.store.node(self.root)?.ok_or(StoreFault::Absent)?;
        let head = Head::read(&node.body).ok_or(StoreFault::Damaged)?;
        if head.alias != self.config.cse_id.strip_prefix('/') {
            return Err(StartFault::OtherCse);
        }
        drop(node);
        let mut stack = vec![self.root];
        while let Some(id) = stack.pop() {
            let node = self.store.node(id)?.ok_or(StoreFault::Absent)?;
            let head = Head::read(&node.body).ok_or(StoreFault::Damaged)?;
            if let Some(expires) = head.expires {
                self.expiries.insert((expires, id));
            }
            if let (ty::CSR, Some(Value::Text(csi))) = (node.ty, head.attribute("csi")) {
                self.remotes.insert(csi, id);
            }
            for family in [Family::Instances, Family::Others] {
                let mut next = self.store.first(id, family)?;
                while let Some(child) = next {
                    stack.push(child);
                    next = self.store.next(child)?;
                }
            }
        }
        Ok(())
    }

    fn record(&self, id: Id) -> Result<(u16, Record), Refusal> {
        let node = self.store.node(id)?.ok_or(ABSENT)?;
        Ok((node.ty, Record::decode(&node.body).ok_or(refusal::DAMAGED)?))
    }

    /// The type of a resource, and of a management object its definition.
    fn kind(&self, ty: u16, attributes: &Map) -> Result<&'static super::tree::Type, Refusal> {
        let types = Types::shipped();
        let definition = attributes.get("mgd").and_then(Value::as_u64);
        match definition {
            Some(definition) if ty == ty::MGMT => types.defined(definition),
            _ => types.numbered(ty),
        }
        .ok_or(refusal::DAMAGED)
    }

    /// A number that this CSE has not used before.
    const fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }
}

/// What asks for more than this CSE does is refused, never passed over; what is a mere hint (ec, rset, rp,
/// da, vsi, msu) may be.
fn unsupported(request: &Request) -> Result<(), Refusal> {
    let tokens = request.tokens.is_some()
        || request.token_ids.is_some()
        || request.local_token_ids.is_some()
        || request.token_request.is_some()
        || request.role_ids.is_some();
    if tokens {
        return Err(TOKENS);
    }
    let later = request.group_members.is_some()
        || request.group_somecast.is_some()
        || request.author_sign.is_some()
        || request.author_relation.is_some()
        || request.author_signatures.is_some()
        || request.ontology_mappings.is_some()
        || request.primitive_profile.is_some()
        || !request.others.is_empty();
    if later { Err(UNSUPPORTED) } else { Ok(()) }
}

/// Segments that are there, and that do not climb.
fn segments(path: &str) -> Result<(), Refusal> {
    let sound = |segment: &str| !matches!(segment, "" | "." | "..");
    if path.split('/').all(sound) { Ok(()) } else { Err(ADDRESS) }
}

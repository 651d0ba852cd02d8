//! Where every node stands: what never changes during a run and all nodes may look up.

use crate::association::Config;
use crate::backend::{Form, Setting};
use crate::net::LinkType;
use crate::onem2m::session;
use crate::sim::StreamKey;
use crate::sim::time::{Duration, Time};

use super::{Class, FunctionKind, Renewal, Route, ServiceSetting};

/// A node of the world, numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// As an index into the layout's places.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A setting that changes in the course of a run.
#[derive(Clone, Debug)]
pub struct Timed<T>(Vec<(Time, T)>);

impl<T> Timed<T> {
    /// From the start on.
    #[must_use]
    pub fn new(first: T) -> Self {
        Self(vec![(Time::ZERO, first)])
    }

    /// The setting in force at `now`, and since when.
    #[must_use]
    pub fn at(&self, now: Time) -> (Time, &T) {
        let entry = self.0.iter().rev().find(|(from, _)| *from <= now).unwrap_or(&self.0[0]);
        (entry.0, &entry.1)
    }

    /// Every setting, in order of time.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, setting)| setting)
    }

    /// The same settings, each made into another.
    #[must_use]
    pub fn map<U>(&self, make: impl Fn(&T) -> U) -> Timed<U> {
        Timed(self.0.iter().map(|(from, setting)| (*from, make(setting))).collect())
    }

    /// From `at` on, later than all before.
    pub fn change(&mut self, at: Time, change: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        let mut setting = self.at(Time::NEVER).1.clone();
        change(&mut setting);
        self.0.push((at, setting));
    }
}

/// Where one node stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Index of its group.
    pub group: u32,
    /// Its number within the group.
    pub member: u32,
    /// The site that holds it.
    pub site: u32,
    /// Its index within the site.
    pub local: u32,
    /// The next node towards the infrastructure; a CSE is its own.
    pub parent: NodeId,
    /// Its number among the children of its parent.
    pub child: u32,
    /// The node with which it has its association; itself if it has none.
    pub registrar: NodeId,
    /// Its number among the clients of its registrar.
    pub client: u32,
}

/// What the members of a group share.
pub struct GroupSetting {
    /// The group's name.
    pub name: String,
    /// Index into [`Layout::classes`].
    pub class: usize,
    /// Index into [`Layout::links`]: the link to the parent. A CSE has none.
    pub link: Option<usize>,
    /// Randomness of its members.
    pub streams: StreamKey,
    /// The association policy of its members as clients, and of servers towards them.
    pub association: Timed<Config>,
    /// The length of the connection IDs that servers want in the datagrams of its members.
    pub server_id_len: Option<u8>,
    /// Telemetry of each member: interval, and bytes of content.
    pub telemetry: Timed<Option<(Duration, u32)>>,
    /// Life of traffic keys of its members, where it is not that of the layout.
    pub key_lifetime: Timed<Option<Duration>>,
    /// Datagrams a second that each member, a gateway, takes from each device behind it.
    pub rate_limit: Option<f64>,
    /// How soon after a report is due its answer must be there; `None`: nobody counts.
    pub deadline: Option<Duration>,
    /// Only its members, their registrars and the head end may know what they report.
    pub is_sensitive: bool,
    /// Its members protect their reports from themselves to the CSE that keeps them.
    pub end_to_end: bool,
    /// How its members change the names of their associations; `None`: they keep one.
    pub renaming: Option<super::Renaming>,
    /// Its first member; the others follow it.
    pub first: NodeId,
    /// How many members it has.
    pub count: u32,
    /// What its members report.
    pub form: Form,
    /// Its members host a CSE.
    pub is_cse: bool,
    /// How its members come by the keys of their associations; `None`: they are provisioned.
    pub route: Option<Route>,
    /// How its members use the service layer.
    pub service: ServiceSetting,
    /// The console of its members, CSEs: how sessions are looked after there.
    pub console: Option<session::Policy>,
    /// How people use its members, terminals of a console.
    pub visits: Option<super::Visits>,
}

/// A MAF or MEF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Which of the two.
    pub kind: FunctionKind,
    /// The node.
    pub node: NodeId,
    /// Its name in key identifiers.
    pub fqdn: String,
}

/// An application behind a CSE that uses what the members of a group report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationSetting {
    /// Its name.
    pub name: String,
    /// The CSE.
    pub cse: NodeId,
    /// Index of the group.
    pub group: u32,
    /// What it is.
    pub setting: Setting,
}

/// Everything that never changes during a run.
pub struct Layout {
    /// Where each node stands, by its id.
    pub places: Vec<Place>,
    /// What groups share.
    pub groups: Vec<GroupSetting>,
    /// Device classes.
    pub classes: Vec<Class>,
    /// Link types.
    pub links: Vec<LinkType>,
    /// Life of traffic keys by policy.
    pub key_lifetime: Option<Duration>,
    /// Nothing is sent under keys older than this.
    pub key_hard_limit: Option<Duration>,
    /// When clients make new keys of their own accord.
    pub renewal: Option<Renewal>,
    /// How long after a failure a client tries again.
    pub retry: Option<Duration>,
    /// How that wait grows from failure to failure.
    pub backoff: super::Backoff,
    /// All MAFs and MEFs.
    pub functions: Vec<Function>,
    /// The applications behind CSEs.
    pub applications: Vec<ApplicationSetting>,
    /// Life of a key that a MAF hands out.
    pub kc_lifetime: Duration,
    /// Handshakes that a server has in progress at the same time.
    pub half_open: Option<u32>,
    /// Some entities register themselves.
    pub registers: bool,
    /// CSEs remember more than the last request of each device.
    pub request_cache: bool,
    /// Everybody may do everything with resources that have no policy of their own.
    pub open_access: bool,
    /// CSEs believe whom a request names as its originator.
    pub believes_originators: bool,
    /// What is out of order, and when.
    pub faults: Vec<super::Fault>,
    /// From when on nothing fails any more; who is served after that has recovered.
    pub calm: Option<Time>,
    /// The end of the run.
    pub end: Time,
    /// Operators ask their devices what software they run, so often.
    pub attestation: Option<Duration>,
    /// Traffic secrets are written down when they come into use.
    pub writes_down_sessions: bool,
    /// Packages of software that anybody can have: of the version before, and of the present one.
    pub packages: Vec<Vec<u8>>,
}

/// Longest identity of a node in bytes: a group's name, a dash and a number.
pub const IDENTITY_MAX: usize = 64;

impl Layout {
    /// Where `node` stands.
    #[must_use]
    pub fn place(&self, node: NodeId) -> &Place {
        &self.places[node.index()]
    }

    /// The group of `node`.
    #[must_use]
    pub fn group(&self, node: NodeId) -> &GroupSetting {
        &self.groups[self.place(node).group as usize]
    }

    /// The class of `node`.
    #[must_use]
    pub fn class(&self, node: NodeId) -> &Class {
        &self.classes[self.group(node).class]
    }

    /// The link type between `node` and its parent, with its index.
    #[must_use]
    pub fn uplink(&self, node: NodeId) -> Option<(usize, &LinkType)> {
        let index = self.group(node).link?;
        Some((index, &self.links[index]))
    }

    /// Life of the traffic keys of `node` as a client.
    #[must_use]
    pub fn key_lifetime_of(&self, node: NodeId, now: Time) -> Option<Duration> {
        self.group(node).key_lifetime.at(now).1.or(self.key_lifetime)
    }

    /// Telemetry of `node`, and since when it is like that.
    #[must_use]
    pub fn telemetry_of(&self, node: NodeId, now: Time) -> (Time, Option<(Duration, u32)>) {
        let (since, telemetry) = self.group(node).telemetry.at(now);
        (since, *telemetry)
    }

    /// Whether a report that is due at `due` counts: it could be answered in time before the run ends.
    #[must_use]
    pub fn counts(&self, node: NodeId, due: Time) -> bool {
        self.group(node).deadline.is_some_and(|deadline| due + deadline <= self.end)
    }

    /// The identity under which `node` proves itself: `GROUP-NUMBER`.
    #[must_use]
    pub fn identity(&self, node: NodeId) -> String {
        format!("{}-{}", self.group(node).name, self.place(node).member)
    }

    /// The AE-ID of `node` as an originator of requests: a stem that its CSE assigned begins with `C`
    /// (TS-0001 clause 7.2).
    #[must_use]
    pub fn originator(&self, node: NodeId) -> String {
        format!("C{}", self.identity(node))
    }

    /// The name of the CSEBase that `node` hosts.
    #[must_use]
    pub fn cse_name(&self, node: NodeId) -> String {
        format!("cse-{}", self.identity(node))
    }

    /// The name by which others know `node`: the AE-ID of a device, the CSE-ID of a CSE (TS-0001 clause 7.2),
    /// the FQDN of a function.
    #[must_use]
    pub fn entity(&self, node: NodeId) -> String {
        match self.function_of(node) {
            Some(function) => function.fqdn.clone(),
            None if self.group(node).is_cse => format!("/{}", self.cse_name(node)),
            None => self.originator(node),
        }
    }

    /// The identity under which `node` proves itself to a function with a provisioned key.
    #[must_use]
    pub fn identity_at(&self, node: NodeId, function: u32) -> String {
        let fqdn = &self.functions[function as usize].fqdn;
        format!("{}@{fqdn}", self.identity(node))
    }

    /// The CSE that keeps what `device` reports: that of the head end if it reports there, else its registrar.
    #[must_use]
    pub fn keeper(&self, device: NodeId) -> NodeId {
        let service = &self.group(device).service;
        let up = service.head_end.filter(|_| service.reports_up);
        up.unwrap_or_else(|| self.place(device).registrar)
    }

    /// The node whose [`identity`](Self::identity) this is.
    #[must_use]
    pub fn named(&self, identity: &str) -> Option<NodeId> {
        let (name, member) = identity.rsplit_once('-')?;
        let member: u32 = member.parse().ok()?;
        let group = self.groups.iter().find(|group| group.name == name)?;
        let node = NodeId(group.first.0 + member);
        (member < group.count && self.identity(node) == identity).then_some(node)
    }

    /// The function that `node` is, if it is one.
    #[must_use]
    pub fn function_of(&self, node: NodeId) -> Option<&Function> {
        self.functions.iter().find(|function| function.node == node)
    }

    /// The number of the function of this name.
    #[must_use]
    pub fn function_named(&self, fqdn: &str) -> Option<u32> {
        let at = self.functions.iter().position(|function| function.fqdn == fqdn)?;
        u32::try_from(at).ok()
    }

    /// The number of the function of this kind that `node` turns to: where there are several, each takes
    /// its share.
    #[must_use]
    pub fn function_for(&self, node: NodeId, kind: FunctionKind) -> Option<u32> {
        let of = self.functions.iter().enumerate().filter(|(_, function)| function.kind == kind);
        let numbers: Vec<usize> = of.map(|(number, _)| number).collect();
        let share = (self.place(node).member as usize).checked_rem(numbers.len())?;
        u32::try_from(*numbers.get(share)?).ok()
    }

    /// The node at the top of the tree that `node` is in: a CSE or function.
    #[must_use]
    pub fn root(&self, node: NodeId) -> NodeId {
        let parent = self.place(node).parent;
        let above = self.place(parent).parent;
        if above == parent { parent } else { above }
    }

    /// The next step from `from` on the way to `to`. CSEs and functions are joined in the infrastructure,
    /// each function by its own link.
    #[must_use]
    pub(super) fn next_hop(&self, from: NodeId, to: NodeId) -> Option<Hop> {
        let place = self.place(to);
        if place.parent == from && to != from {
            return Some(Hop { next: to, link: to, is_up: false, end: place.child });
        }
        let parent = self.place(from).parent;
        if parent != from {
            return Some(Hop { next: parent, link: from, is_up: true, end: 0 });
        }
        let root = self.root(to);
        if root == from {
            // Behind a gateway.
            let next = place.parent;
            return Some(Hop { next, link: next, is_up: false, end: self.place(next).child });
        }
        if self.function_of(from).is_some() {
            return Some(Hop { next: root, link: from, is_up: true, end: 0 });
        }
        self.function_of(root)?;
        Some(Hop { next: root, link: root, is_up: false, end: self.place(root).child })
    }

    /// Whether `node` serves others: a gateway, CSE or function.
    #[must_use]
    pub fn is_infrastructure(&self, node: NodeId) -> bool {
        self.group(node).is_cse || self.is_root(node)
    }

    /// Whether datagrams between other nodes pass `node` without touching it: those of a CSE or function
    /// go through the network of the infrastructure.
    #[must_use]
    pub fn is_root(&self, node: NodeId) -> bool {
        self.place(node).parent == node
    }
}

/// One step of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    /// Where it leads.
    pub(super) next: NodeId,
    /// The node whose uplink it goes over.
    pub(super) link: NodeId,
    /// In the direction of the infrastructure.
    pub(super) is_up: bool,
    /// The number of the sender's end among those down.
    pub(super) end: u32,
}

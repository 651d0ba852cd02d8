//! Where every node stands: what never changes during a run and all nodes may look up.

use crate::association::Config;
use crate::net::LinkType;
use crate::sim::StreamKey;
use crate::sim::time::Duration;

use super::{Class, Renewal};

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
    pub association: Config,
    /// Telemetry of each member: interval, and bytes of content.
    pub telemetry: Option<(Duration, u32)>,
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

    /// The node on the way from `from` down to `to`: `to` itself, or the gateway that it sits behind.
    #[must_use]
    pub fn next_hop_down(&self, from: NodeId, to: NodeId) -> NodeId {
        let parent = self.place(to).parent;
        if parent == from { to } else { parent }
    }
}

//! The management port of a CSE as somebody finds it who connects to it: bytes go in and bytes come out, and what
//! was opened for them is written down.

use super::actor::Actor;
use super::intruder::Hands;
use super::layout::NodeId;
use crate::backend::management::{Inside, Part, Served};
use crate::ledger::{
    About, ActorId, ContentDigest, Effect, NodeFacts, Operation, ResourceId, ResourceKind,
};

/// What a part of the CSE of `host` keeps.
#[must_use]
pub fn kept_by(host: NodeId, part: Part) -> ResourceId {
    let ContentDigest([a, b, c, d, ..]) = ContentDigest::of(&[part.folder().as_bytes()]);
    let index = u32::from_be_bytes([a, b, c, d]);
    ResourceId { host: ActorId(host.0), kind: ResourceKind::Configuration, index }
}

impl Hands<'_> {
    /// Connects to the management port of `node` and sends it one HTTP request; what it answers is observed. None if
    /// the node has no such port, and nothing at all if nobody listens there.
    pub fn browse(&mut self, node: NodeId, request: &[u8]) -> Option<Vec<u8>> {
        let (who, layout) = (self.who(), self.layout);
        let Actor { custody, keyring, server, .. } = self.actor(node)?;
        let custody = custody.as_mut()?;
        let (port, accounts) = (custody.management.as_mut()?, custody.passwords.as_ref()?);
        let host = server.as_mut().and_then(|server| server.host());
        let tree = host.map(|host| host.tree_image()).unwrap_or_default();
        let policy: &[u8] =
            if layout.open_access { b"everybody: all\n" } else { b"owner: all\nothers: none\n" };
        let inside = Inside { keys: &keyring.storage_image(), accounts, tree: &tree, policy };
        let served = port.serve(request, &inside);
        if let Some(mut facts) = self.node_facts() {
            write_down(node, who, &served, &mut facts);
        }
        self.see_inside(node, &served.bytes);
        Some(served.bytes)
    }
}

/// What was refused to `who`, and what was opened.
fn write_down(node: NodeId, who: ActorId, served: &Served, facts: &mut NodeFacts<'_>) {
    for refusal in &served.refusals {
        facts.refuse(refusal.mechanism, About::Actor(ActorId(node.0)), refusal.reason);
    }
    for part in &served.opened {
        let content = ContentDigest::of(&[part.folder().as_bytes()]);
        facts.effect(Effect {
            resource: kept_by(node, *part),
            operation: Operation::Retrieve,
            before: content,
            after: content,
            cause: None,
            actor: Some(who),
            claimed: None,
        });
    }
}

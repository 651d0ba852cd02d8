//! Where an attack takes place: its victims in the world, and the intruders that are put there.

use crate::ledger::ActorId;
use crate::node::{Intruder, Layout, NodeId, Placement};
use crate::sim::StreamKey;
use crate::sim::time::Time;

/// The world as an attack finds it when it is planned: who stands where. No key, no state.
pub struct Field<'a> {
    /// Who stands where.
    pub layout: &'a Layout,
    /// The victims, in the order of their numbers.
    pub victims: Vec<NodeId>,
    /// Who the attacker is in the ledger.
    pub attacker: ActorId,
    /// When it begins.
    pub at: Time,
    /// Randomness of the attack.
    pub streams: StreamKey,
    /// The number of its first intruder; each of a world has its own.
    pub first: u32,
}

impl Field<'_> {
    /// An intruder on the link of each victim, each on its own.
    pub fn at_each_victim<I: Intruder + 'static>(
        &self,
        program: impl Fn(NodeId) -> I,
    ) -> Vec<Placement> {
        let numbered = self.victims.iter().zip(0..);
        numbered
            .map(|(victim, n)| self.placement(n, *victim, vec![*victim], program(*victim)))
            .collect()
    }

    /// An intruder in the site of each victim, on no link.
    pub fn in_each_victim<I: Intruder + 'static>(
        &self,
        program: impl Fn(NodeId) -> I,
    ) -> Vec<Placement> {
        let numbered = self.victims.iter().zip(0..);
        numbered
            .map(|(victim, n)| self.placement(n, *victim, Vec::new(), program(*victim)))
            .collect()
    }

    /// The first member of a group.
    #[must_use]
    pub fn first_of(&self, group: &str) -> Option<NodeId> {
        self.layout.groups.iter().find(|one| one.name == group).map(|group| group.first)
    }

    /// The `n`-th intruder of the attack, in the site of `at`, on the links of `taps`.
    pub fn placement(
        &self,
        n: u32,
        at: NodeId,
        taps: Vec<NodeId>,
        program: impl Intruder + 'static,
    ) -> Placement {
        Placement {
            attacker: self.attacker,
            site: self.layout.place(at).site,
            taps,
            hosts: Vec::new(),
            inside: None,
            at: self.at,
            streams: (self.streams, self.first + n),
            program: Box::new(program),
        }
    }
}

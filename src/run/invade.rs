//! What a run with attackers needs beside its world: the attackers in their places, and ground truth about
//! keys.

use crate::attack::{Attack, Field};
use crate::ledger::{ActorId, Names, SecretClass};
use crate::node::{GroupSetting, Layout, NodeId, NodeSite, actor};
use crate::scenario::Plan;
use crate::sim::time::Time;
use crate::sim::{Seed, StreamKey};

use super::keys::Provisioner;

/// An attacker in the world.
#[derive(Clone, Debug)]
pub(super) struct Attacker {
    /// Who it is in the ledger.
    pub(super) actor: ActorId,
    /// Its victims.
    pub(super) victims: Vec<NodeId>,
}

/// Where and when an intruder begins.
pub(super) struct Beginning {
    pub(super) at: Time,
    pub(super) site: u32,
    pub(super) number: u32,
}

/// Writes down the keys that nodes were provisioned with.
pub(super) fn write_down_keys(provisioner: &Provisioner<'_>, sites: &mut [NodeSite]) {
    for (index, place) in (0..).zip(&provisioner.layout.places) {
        let client = NodeId(index);
        let Some(chronicle) = sites.get_mut(place.site as usize).map(NodeSite::chronicle_mut)
        else {
            continue;
        };
        let Some(mut facts) = chronicle.engine(Time::ZERO) else { return };
        for (peer, key) in provisioner.secrets_of(client) {
            facts.create(SecretClass::LongTermKey, &[actor(client), actor(peer)], key.expose());
        }
    }
}

/// Puts the attackers of a plan into their places.
pub(super) fn invade(
    plan: &Plan,
    layout: &Layout,
    sites: &mut [NodeSite],
) -> (Vec<Attacker>, Vec<Beginning>) {
    let (mut attackers, mut beginnings, mut first) = (Vec::new(), Vec::new(), 0);
    for (number, attack) in plan.attacks.iter().enumerate() {
        let streams = Seed(plan.seed).streams(&format!("attack {number}"));
        let victims = victims(attack, layout, &streams);
        let id = u32::try_from(layout.places.len() + number).expect("nodes are counted in 32 bits");
        let attacker = Attacker { actor: ActorId(id), victims: victims.clone() };
        if plan.is_attacked {
            let field =
                Field { layout, victims, attacker: attacker.actor, at: attack.at, streams, first };
            for placement in attack.program.place(&field) {
                first += 1;
                let (at, site) = (placement.at, placement.site);
                let number = sites[site as usize].invade(placement);
                beginnings.push(Beginning { at, site, number });
            }
        }
        attackers.push(attacker);
    }
    (attackers, beginnings)
}

/// The members that an attack is aimed at, in ascending order.
fn victims(attack: &Attack, layout: &Layout, streams: &StreamKey) -> Vec<NodeId> {
    let group = layout.groups.iter().find(|group| group.name == attack.victims.group);
    let Some(GroupSetting { first, count, .. }) = group else { return Vec::new() };
    let mut all: Vec<u32> = (0..*count).collect();
    let mut cursor = 0;
    let mut draws = streams.draws(0, 1, &mut cursor);
    let wanted = (attack.victims.members as usize).min(all.len());
    for place in 0..wanted {
        let left = (all.len() - place) as u64;
        let other = place + usize::try_from(draws.below(left)).unwrap_or(0);
        all.swap(place, other);
    }
    all.truncate(wanted);
    all.sort_unstable();
    all.into_iter().map(|member| NodeId(first.0 + member)).collect()
}

/// The names of all actors: nodes by their identities, attackers by their attacks.
pub(super) fn names(plan: &Plan, layout: &Layout) -> Names {
    let nodes = u32::try_from(layout.places.len()).expect("nodes are counted in 32 bits");
    let nodes = (0..nodes).map(|node| layout.identity(NodeId(node)));
    Names::new(nodes.chain(plan.attacks.iter().map(|attack| attack.name.clone())).collect())
}

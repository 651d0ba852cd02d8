//! Hostile content: a device that the attacker holds reports it, over its own association, as any device would.

use super::content::Family;
use super::program::time;
use super::{Field, Program};
use crate::node::{Deed, Hands, Intruder, NodeId, Placement};
use crate::sim::time::Duration;

/// Takes over the application of each victim and has it report hostile contents. What a content makes other
/// systems send to `host`, the attacker receives there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hostile {
    /// What the contents are made for.
    pub family: Family,
    /// How many contents of each victim.
    pub times: u32,
    /// The time between two.
    pub every: Duration,
    /// The attacker's own host, outside the system.
    pub host: String,
}

impl Hostile {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("content".to_owned(), self.family.word().into());
        table.insert("times".to_owned(), self.times.into());
        table.insert("every".to_owned(), time(self.every));
        table.insert("host".to_owned(), self.host.as_str().into());
        table
    }

    /// A hand on each victim, and the host where the infrastructure reaches it.
    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let mut all = field.at_each_victim(|victim| Holder { plan: self.clone(), victim, said: 0 });
        if let Some(victim) = field.victims.first() {
            let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
            let root = field.layout.root(*victim);
            let mut host = field.placement(number, root, Vec::new(), Collector);
            host.hosts.push(self.host.clone());
            all.push(host);
        }
        all
    }
}

impl From<Hostile> for Program {
    fn from(hostile: Hostile) -> Self {
        Self::Hostile(hostile)
    }
}

struct Holder {
    plan: Hostile,
    victim: NodeId,
    said: u32,
}

impl Intruder for Holder {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        hands.corrupt(self.victim);
        self.wake(hands);
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if self.said == self.plan.times {
            return;
        }
        let content =
            self.plan.family.content(u64::from(self.said), &self.plan.host, &mut hands.rng);
        self.said += 1;
        if hands.speak(self.victim, &content) {
            let registrar = hands.layout.place(self.victim).registrar;
            let what = format!("reports {} B of hostile content", content.len());
            hands.step(Deed::Injected, what, Some((self.victim, registrar)));
        }
        hands.wake_at(hands.now + self.plan.every);
    }
}

/// The attacker's host.
struct Collector;

impl Intruder for Collector {
    fn begin(&mut self, _: &mut Hands<'_>) {}

    fn received(&mut self, node: NodeId, host: &str, bytes: &[u8], hands: &mut Hands<'_>) {
        hands.observe_outside(node, bytes);
        hands.step(Deed::Saw, format!("{host} receives {} B", bytes.len()), None);
    }
}

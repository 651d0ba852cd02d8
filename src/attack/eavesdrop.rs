//! Eavesdropping: everything that passes a link, or the software of a node, is taken to memory.

use super::Field;
use super::program::time;
use super::theft::{Loot, ransack};
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Way};
use crate::sim::time::Duration;

/// Listens at each victim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Eavesdrop {
    /// In the victim itself, a CSE that it holds: it has each message of the service layer as the CSE reads and
    /// writes it. Otherwise on its link, in both directions.
    pub is_inside: bool,
    /// So long after it began, it reads flash and memory of the victim, to open what it recorded.
    pub steals_after: Option<Duration>,
}

impl Eavesdrop {
    pub(super) fn place(self, field: &Field<'_>) -> Vec<Placement> {
        let mut all = field.at_each_victim(|at| Listener {
            at,
            plan: self,
            has_begun: false,
            has_stolen: false,
        });
        if self.is_inside {
            for (placement, victim) in all.iter_mut().zip(&field.victims) {
                placement.taps.clear();
                placement.inside = Some(*victim);
            }
        }
        all
    }

    pub(super) fn parameters(self) -> toml::Table {
        let mut table = toml::Table::new();
        if self.is_inside {
            table.insert("inside".to_owned(), true.into());
        }
        if let Some(after) = self.steals_after {
            table.insert("steals_after".to_owned(), time(after));
        }
        table
    }
}

struct Listener {
    at: NodeId,
    plan: Eavesdrop,
    has_begun: bool,
    has_stolen: bool,
}

impl Intruder for Listener {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        if self.plan.is_inside {
            hands.corrupt(self.at);
        }
        if let Some(after) = self.plan.steals_after {
            hands.wake_at(hands.now + after);
        }
    }

    /// It takes the victim apart: what it finds is bytes; whether they open anything is computed from them.
    fn wake(&mut self, hands: &mut Hands<'_>) {
        if std::mem::replace(&mut self.has_stolen, true) {
            return;
        }
        let storage = hands.storage_image(self.at).unwrap_or_default();
        let memory = hands.memory_image(self.at).unwrap_or_default();
        let identity = hands.layout.identity(self.at);
        for Loot { entry, key } in ransack(&storage, &memory) {
            if entry.name.as_str() == identity {
                hands.exhibit(self.at, key.expose());
            }
        }
        let what = format!("reads {} B of flash and {} B of memory", storage.len(), memory.len());
        hands.step(Deed::Stole, what, Some((self.at, self.at)));
    }

    fn passing(&mut self, at: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        hands.observe(at, way, &packet.bytes);
        if !std::mem::replace(&mut self.has_begun, true) {
            let what = format!("listens: {} B", packet.bytes.len());
            hands.step(Deed::Saw, what, Some((packet.from, packet.to)));
        }
        Answer::Pass
    }

    fn overheard(&mut self, node: NodeId, bytes: &[u8], hands: &mut Hands<'_>) {
        hands.observe_message(node, bytes);
        if !std::mem::replace(&mut self.has_begun, true) {
            let what = format!("reads along: {} B", bytes.len());
            hands.step(Deed::Saw, what, Some((node, node)));
        }
    }
}

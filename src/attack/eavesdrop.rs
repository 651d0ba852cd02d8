//! Eavesdropping: everything that passes a link, or the software of a node, is taken to memory.

use super::Field;
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Way};

/// Listens at each victim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Eavesdrop {
    /// In the victim itself, a CSE that it holds: it has each message of the service layer as the CSE reads and
    /// writes it. Otherwise on its link, in both directions.
    pub is_inside: bool,
}

impl Eavesdrop {
    pub(super) fn place(self, field: &Field<'_>) -> Vec<Placement> {
        let Self { is_inside } = self;
        let mut all = field.at_each_victim(|at| Listener { at, is_inside, has_begun: false });
        if is_inside {
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
        table
    }
}

struct Listener {
    at: NodeId,
    is_inside: bool,
    has_begun: bool,
}

impl Intruder for Listener {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        if self.is_inside {
            hands.corrupt(self.at);
        }
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

//! Eavesdropping: everything that passes a link is taken to memory.

use super::Field;
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Way};

/// A passive tap on the link of each victim, in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eavesdrop;

impl Eavesdrop {
    pub(super) fn place(field: &Field<'_>) -> Vec<Placement> {
        field.at_each_victim(|_| Listener { has_begun: false })
    }
}

struct Listener {
    has_begun: bool,
}

impl Intruder for Listener {
    fn begin(&mut self, _: &mut Hands<'_>) {}

    fn passing(&mut self, at: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        hands.observe(at, way, &packet.bytes);
        if !std::mem::replace(&mut self.has_begun, true) {
            let what = format!("listens: {} B", packet.bytes.len());
            hands.step(Deed::Saw, what, Some((packet.from, packet.to)));
        }
        Answer::Pass
    }
}

//! Alteration: what passes a link goes on with another content.

use super::Field;
use super::replay::may_carry_data;
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Way};

/// Alters datagrams with application data that go up from each victim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tamper {
    /// How many datagrams of each victim.
    pub datagrams: u32,
}

impl Tamper {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("datagrams".to_owned(), self.datagrams.into());
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        field.at_each_victim(|_| Alterer { left: self.datagrams })
    }
}

struct Alterer {
    left: u32,
}

impl Intruder for Alterer {
    fn begin(&mut self, _: &mut Hands<'_>) {}

    fn passing(&mut self, at: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        let is_wanted = way == Way::Up && packet.from == at && may_carry_data(&packet.bytes);
        if !is_wanted || self.left == 0 {
            return Answer::Pass;
        }
        self.left -= 1;
        hands.observe(at, way, &packet.bytes);
        let mut bytes = packet.bytes.clone();
        let what = alter(&mut bytes);
        hands.step(Deed::Altered, what, Some((packet.from, packet.to)));
        Answer::Replace(bytes)
    }
}

/// Changes the last decimal digit, which is the end of a reading where nothing is protected; where there is
/// none, the last byte. Says what it did.
pub(super) fn alter(bytes: &mut [u8]) -> String {
    let len = bytes.len();
    let digit = bytes.iter().rposition(u8::is_ascii_digit);
    let at = digit.or_else(|| len.checked_sub(1));
    let Some((at, byte)) = at.and_then(|at| Some((at, bytes.get_mut(at)?))) else {
        return "finds nothing to change".to_owned();
    };
    let old = *byte;
    *byte ^= 1;
    if old.is_ascii_digit() {
        format!("changes digit {} to {} at byte {at} of {len}", char::from(old), char::from(*byte))
    } else {
        format!("flips a bit of byte {at} of {len}")
    }
}

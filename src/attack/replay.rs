//! Replay: what was seen on a link is sent again, byte for byte.

use super::program::time;
use super::{Field, Program};
use crate::association::{Peek, peek};
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Way};
use crate::sim::time::Duration;

/// Records datagrams with application data that go up from each victim, and sends each again later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// How long after it passed a datagram is sent again.
    pub after: Duration,
    /// How many datagrams of each victim.
    pub datagrams: u32,
    /// How often each.
    pub times: u32,
}

impl Replay {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("after".to_owned(), time(self.after));
        table.insert("datagrams".to_owned(), self.datagrams.into());
        table.insert("times".to_owned(), self.times.into());
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        field.at_each_victim(|_| Recorder { plan: self.clone(), left: self.datagrams })
    }
}

impl From<Replay> for Program {
    fn from(replay: Replay) -> Self {
        Self::Replay(replay)
    }
}

struct Recorder {
    plan: Replay,
    left: u32,
}

impl Intruder for Recorder {
    fn begin(&mut self, _: &mut Hands<'_>) {}

    fn passing(&mut self, at: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        if way == Way::Down || packet.from != at || !may_carry_data(&packet.bytes) {
            return Answer::Pass;
        }
        hands.observe(at, way, &packet.bytes);
        if self.left == 0 {
            return Answer::Pass;
        }
        self.left -= 1;
        for n in 1..=u64::from(self.plan.times) {
            hands.inject(at, Way::Up, self.plan.after.times(n), packet.clone());
        }
        let what =
            format!("sends the same {} B again after {}", packet.bytes.len(), self.plan.after);
        hands.step(Deed::Replayed, what, Some((packet.from, packet.to)));
        Answer::Pass
    }
}

/// As far as a stranger can tell: protected records of an application epoch, or no records at all.
fn may_carry_data(bytes: &[u8]) -> bool {
    match peek(bytes) {
        Some(Peek::Protected { epoch_bits }) => epoch_bits != 2,
        Some(Peek::ClientHello { .. } | Peek::Plaintext) => false,
        None => true,
    }
}

//! Overload: devices that the attacker took send more than what they share can carry.

use rand_core::Rng as _;

use super::program::time;
use super::{Field, Program};
use crate::measure::ByteClass;
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Way};
use crate::sim::time::{Duration, Time};

/// Sends datagrams of random bytes from each victim towards its registrar, over everything that lies between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overload {
    /// Datagrams a second from each victim; at least 1.
    pub per_second: u32,
    /// Bytes of each.
    pub size: u32,
    /// For how long.
    pub lasts: Duration,
}

impl Overload {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("per_second".to_owned(), self.per_second.into());
        table.insert("size".to_owned(), format!("{}B", self.size).into());
        table.insert("lasts".to_owned(), time(self.lasts));
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        field.at_each_victim(|victim| Sender {
            plan: self.clone(),
            from: victim,
            to: field.layout.place(victim).registrar,
            until: field.at + self.lasts,
        })
    }
}

impl From<Overload> for Program {
    fn from(overload: Overload) -> Self {
        Self::Overload(overload)
    }
}

struct Sender {
    plan: Overload,
    from: NodeId,
    to: NodeId,
    until: Time,
}

impl Intruder for Sender {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        hands.corrupt(self.from);
        let Overload { per_second, size, lasts } = self.plan;
        let what = format!("sends {per_second} datagrams of {size} B a second for {lasts}");
        hands.step(Deed::Injected, what, Some((self.from, self.to)));
        hands.wake_at(hands.now);
    }

    fn passing(&mut self, _: NodeId, _: Way, _: &Packet, _: &mut Hands<'_>) -> Answer {
        Answer::Pass
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if hands.now >= self.until {
            return;
        }
        let mut bytes = vec![0; self.plan.size as usize];
        hands.rng.fill_bytes(&mut bytes);
        let (from, to) = (self.from, self.to);
        let packet = Packet { from, to, address: 0, class: ByteClass::Telemetry, bytes };
        hands.inject(from, Way::Up, Duration::ZERO, packet);
        let pause = Duration::from_secs(1).0 / u64::from(self.plan.per_second.max(1));
        hands.wake_at(hands.now + Duration(pause));
    }
}

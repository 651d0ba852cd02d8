//! Exhaustion of a server by the first flight of handshakes, sent from its own place under the addresses of
//! others.

use super::Field;
use super::end::{End, Held};
use super::program::time;
use crate::association::Output;
use crate::measure::ByteClass;
use crate::node::{Deed, Hands, Intruder, NodeId, Packet, Placement, Way};
use crate::sim::time::Duration;

/// Sends one ClientHello again and again, under the address of one victim after the other. It never answers,
/// since the answers go to the victims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flood {
    /// The group whose first member is the attacker's own host.
    pub from: String,
    /// Time between two datagrams.
    pub every: Duration,
    /// How many datagrams.
    pub datagrams: u32,
}

impl Flood {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("from".to_owned(), self.from.as_str().into());
        table.insert("every".to_owned(), time(self.every));
        table.insert("datagrams".to_owned(), self.datagrams.into());
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let Some(host) = field.first_of(&self.from) else { return Vec::new() };
        let flooder = Flooder {
            host,
            plan: self.clone(),
            victims: field.victims.clone(),
            hello: Vec::new(),
            sent: 0,
        };
        vec![field.placement(0, host, vec![host], flooder)]
    }
}

struct Flooder {
    host: NodeId,
    plan: Flood,
    victims: Vec<NodeId>,
    hello: Vec<u8>,
    sent: u32,
}

impl Intruder for Flooder {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        hands.corrupt(self.host);
        let Some(victim) = self.victims.first() else { return };
        let config = hands.layout.group(*victim).association.at(hands.now).1.clone();
        let key = Held::Key(vec![0; 32]);
        let connected = End::connect(&config, key, "nobody", hands.now, &mut hands.rng);
        let Some((_, outputs)) = connected else { return };
        let hello = outputs.into_iter().find_map(|output| match output {
            Output::Datagram { bytes, .. } => Some(bytes),
            _ => None,
        });
        self.hello = hello.unwrap_or_default();
        self.wake(hands);
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if self.sent >= self.plan.datagrams || self.victims.is_empty() {
            return;
        }
        let victim = self.victims[self.sent as usize % self.victims.len()];
        let to = hands.layout.place(victim).registrar;
        let packet = Packet {
            from: victim,
            to,
            address: 0,
            class: ByteClass::Handshake,
            bytes: self.hello.clone(),
        };
        if self.sent == 0 {
            let count = self.plan.datagrams;
            let what = format!("sends one ClientHello {count} times under addresses of others");
            hands.step(Deed::Injected, what, Some((victim, to)));
        }
        self.sent += 1;
        hands.inject(self.host, Way::Up, Duration::ZERO, packet);
        hands.wake_at(hands.now + self.plan.every);
    }
}

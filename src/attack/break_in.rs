//! Break-in: somebody has a device on the bench, looks for its long-term key by every way there is, and sets
//! up a clone of the device on a host of their own.

use rand_core::Rng as _;

use super::end::{End, Held};
use super::program::names;
use super::theft::{Loot, ransack};
use super::{Field, Program, power};
use crate::association::Output;
use crate::credential::KeyBytes;
use crate::credential::command::{Action, Answer, Done, Message, NamedCommand};
use crate::credential::software_aes::{Masks, encrypt};
use crate::credential::store::Probe;
use crate::measure::ByteClass;
use crate::node::{
    Answer as Verdict, Deed, Hands, Intruder, NodeId, Packet, Placement, Way, key_name,
};
use crate::sim::time::Duration;

/// The name of an administrator: no secret.
pub(super) const MANAGER: &str = "manager";

/// A way to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Approach {
    /// A management command that reads the slot.
    Management,
    /// Flash and memory, read out.
    Image,
    /// A probe beside the chip.
    Power,
    /// Memory in the steps of a handshake, and code in the device that asks for the key.
    Snapshot,
}

impl Approach {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Management, Self::Image, Self::Power, Self::Snapshot];

    /// Its word in a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Image => "image",
            Self::Power => "power",
            Self::Snapshot => "snapshot",
        }
    }
}

/// Looks for the key of each victim, and then runs a clone of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakIn {
    /// The ways that are tried, in this order.
    pub ways: Vec<Approach>,
    /// Blocks that are measured beside the chip of each victim.
    pub traces: u32,
    /// The group of the attacker's own host, in the victims' site; without, there is no clone.
    pub host: Option<String>,
}

impl BreakIn {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("ways".to_owned(), names(self.ways.iter().map(|way| way.word())));
        table.insert("traces".to_owned(), self.traces.into());
        if let Some(host) = &self.host {
            table.insert("host".to_owned(), host.as_str().into());
        }
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let host = self.host.as_deref().and_then(|host| field.first_of(host));
        let numbered = field.victims.iter().zip(0..);
        numbered
            .map(|(victim, n)| {
                let taps = [Some(*victim), host].into_iter().flatten().collect();
                let program =
                    Burglar { plan: self.clone(), victim: *victim, clone: Clone::at(host) };
                field.placement(n, *victim, taps, program)
            })
            .collect()
    }
}

impl From<BreakIn> for Program {
    fn from(break_in: BreakIn) -> Self {
        Self::BreakIn(break_in)
    }
}

struct Burglar {
    plan: BreakIn,
    victim: NodeId,
    clone: Clone,
}

impl Intruder for Burglar {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        let mut found = None;
        for way in self.plan.ways.clone() {
            let key = match way {
                Approach::Management => self.ask_to_read(hands),
                Approach::Image => self.read_out(hands),
                Approach::Power => self.measure(hands),
                Approach::Snapshot => self.over_read(hands),
            };
            let end = if key.is_some() { "finds a key" } else { "finds nothing" };
            let deed = if key.is_some() { Deed::Stole } else { Deed::Commanded };
            hands.step(deed, format!("{}: {end}", way.word()), None);
            found = found.or(key);
        }
        if let Some(key) = found {
            hands.exhibit(self.victim, key.expose());
            self.clone.start(self.victim, Held::Key(key.expose().to_vec()), hands);
        }
    }

    fn passing(&mut self, at: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Verdict {
        if at == self.victim {
            // Between two steps of a handshake: look into memory as soon as this one is done.
            if self.plan.ways.contains(&Approach::Snapshot) {
                hands.wake_at(hands.now);
            }
            return Verdict::Pass;
        }
        self.clone.passing(way, packet, hands)
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if self.plan.ways.contains(&Approach::Snapshot) && hands.snapshot(self.victim).is_some() {
            hands.step(Deed::Stole, "takes a snapshot of memory", None);
        }
        self.clone.wake(hands);
    }
}

impl Burglar {
    fn ask_to_read(&self, hands: &mut Hands<'_>) -> Option<KeyBytes> {
        let action = Action::Read(key_name(hands.layout, self.victim)?);
        let command = NamedCommand { originator: MANAGER.to_owned(), action };
        let answer = hands.manage(self.victim, &Message::Named(command).encode())?;
        match Answer::decode(&answer) {
            Ok(Answer::Done(Done::Read(key))) => Some(key),
            _ => None,
        }
    }

    fn read_out(&self, hands: &mut Hands<'_>) -> Option<KeyBytes> {
        let storage = hands.storage_image(self.victim)?;
        let memory = hands.memory_image(self.victim)?;
        let identity = hands.layout.identity(self.victim);
        let is_its = |loot: &Loot| loot.entry.name.as_str() == identity;
        let mut found = ransack(&storage, &memory).into_iter().filter(is_its).map(|loot| loot.key);
        found.find(|key| self.is_right(key, hands))
    }

    /// What looks like a key in an image is tried against the device's own answer.
    fn is_right(&self, key: &KeyBytes, hands: &mut Hands<'_>) -> bool {
        let mut block = [0; 16];
        hands.rng.fill_bytes(&mut block);
        let answer = hands.prove(self.victim, &block, &mut Probe::default());
        answer == Some(encrypt(key.expose(), &block, Masks::default(), |_| ()))
    }

    fn measure(&self, hands: &mut Hands<'_>) -> Option<KeyBytes> {
        let (mut probe, mut known) = (Probe::default(), None);
        for _ in 0..self.plan.traces {
            let mut block = [0; 16];
            hands.rng.fill_bytes(&mut block);
            let Some(answer) = hands.prove(self.victim, &block, &mut probe) else { break };
            known = Some((block, answer));
        }
        let (block, answer) = known?;
        power::recover(probe.traces(), &block, &answer).map(KeyBytes::new)
    }

    fn over_read(&self, hands: &mut Hands<'_>) -> Option<KeyBytes> {
        KeyBytes::from_slice(&hands.over_read(self.victim)?)
    }
}

/// A clone on the attacker's own host.
pub(super) struct Clone {
    host: Option<NodeId>,
    run: Option<Run>,
}

/// A clone that speaks with the victim's registrar.
struct Run {
    end: End,
    identity: String,
    registrar: NodeId,
}

impl Clone {
    pub(super) const fn at(host: Option<NodeId>) -> Self {
        Self { host, run: None }
    }

    /// Takes on the identity of `victim` towards its registrar, with what it holds of the victim's.
    pub(super) fn start(&mut self, victim: NodeId, held: Held, hands: &mut Hands<'_>) {
        if self.host.is_none() {
            return;
        }
        let (layout, now) = (hands.layout, hands.now);
        let config = layout.group(victim).association.at(now).1.clone();
        let (identity, registrar) = (layout.identity(victim), layout.place(victim).registrar);
        if let Some((end, outputs)) = End::connect(&config, held, &identity, now, &mut hands.rng) {
            self.run = Some(Run { end, identity, registrar });
            self.fulfil(outputs, hands);
        }
    }

    /// What comes to its host is for the clone.
    pub(super) fn passing(&mut self, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Verdict {
        let Some(run) = &mut self.run else { return Verdict::Pass };
        if way == Way::Up {
            return Verdict::Drop;
        }
        let outputs = run.end.receive(&packet.bytes, hands.now, &mut hands.rng);
        self.fulfil(outputs, hands);
        Verdict::Drop
    }

    pub(super) fn wake(&mut self, hands: &mut Hands<'_>) {
        let Some(run) = &mut self.run else { return };
        if run.end.next_timeout().is_some_and(|due| due <= hands.now) {
            let outputs = run.end.timeout(hands.now, &mut hands.rng);
            self.fulfil(outputs, hands);
        }
    }

    fn fulfil(&self, outputs: Vec<Output>, hands: &mut Hands<'_>) {
        let (Some(run), Some(from)) = (&self.run, self.host) else { return };
        let to = run.registrar;
        for output in outputs {
            match output {
                Output::Datagram { bytes, .. } => {
                    let class = ByteClass::Handshake;
                    let packet = Packet { from, to, address: 0, class, bytes };
                    hands.step(Deed::Injected, "speaks as the victim", Some((from, to)));
                    hands.inject(from, Way::Up, Duration::ZERO, packet);
                }
                Output::Established { .. } => {
                    let what = format!("is taken for {}", run.identity);
                    hands.step(Deed::Commanded, what, Some((from, to)));
                }
                _ => {}
            }
        }
        if let Some(due) = run.end.next_timeout() {
            hands.wake_at(due);
        }
    }
}

//! Man in the middle: two associations in the place of one, and everything between them in the clear.

use super::Field;
use super::end::{End, Held};
use super::tamper::alter;
use crate::association::{Output, Peek, peek};
use crate::credential::WELL_KNOWN_KEY;
use crate::measure::ByteClass;
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Way};
use crate::sim::time::Duration;

/// Answers each victim's handshake in the place of its registrar, makes one of its own with the registrar as
/// the victim, and hands on what comes. It tries the key that everybody knows, having no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// It alters the readings that it hands on.
    pub alters: bool,
}

impl Relay {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("alters".to_owned(), self.alters.into());
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        field.at_each_victim(|victim| Middle {
            alters: self.alters,
            at: victim,
            registrar: field.layout.place(victim).registrar,
            address: 0,
            to_victim: None,
            to_registrar: None,
            waiting: Vec::new(),
            has_given_up: false,
        })
    }
}

struct Middle {
    alters: bool,
    /// The victim.
    at: NodeId,
    registrar: NodeId,
    /// The victim's address as the registrar sees it.
    address: u16,
    to_victim: Option<End>,
    to_registrar: Option<End>,
    /// Requests for which there is no association with the registrar yet.
    waiting: Vec<Vec<u8>>,
    has_given_up: bool,
}

impl Intruder for Middle {
    fn begin(&mut self, _: &mut Hands<'_>) {}

    fn passing(&mut self, at: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        let is_ours = match way {
            Way::Up => packet.from == at && packet.to == self.registrar,
            Way::Down => packet.to == at && packet.from == self.registrar,
        };
        if !is_ours || self.has_given_up {
            return Answer::Pass;
        }
        self.address = packet.address;
        hands.observe(at, way, &packet.bytes);
        let answer = match way {
            Way::Up => self.heard_victim(at, packet, hands),
            Way::Down => self.heard_registrar(at, packet, hands),
        };
        self.set_alarm(hands);
        answer
    }

    /// Flights that were lost are sent again.
    fn wake(&mut self, hands: &mut Hands<'_>) {
        for way in [Way::Up, Way::Down] {
            let end = match way {
                Way::Up => &mut self.to_registrar,
                Way::Down => &mut self.to_victim,
            };
            if let Some(end) =
                end.as_mut().filter(|end| end.next_timeout().is_some_and(|at| at <= hands.now))
            {
                let outputs = end.timeout(hands.now, &mut hands.rng);
                self.settle(self.at, way, outputs, hands);
            }
        }
        self.set_alarm(hands);
    }
}

impl Middle {
    fn set_alarm(&self, hands: &mut Hands<'_>) {
        let ends = self.to_victim.iter().chain(&self.to_registrar);
        if let Some(at) = ends.filter_map(End::next_timeout).min() {
            hands.wake_at(at);
        }
    }

    fn heard_victim(&mut self, at: NodeId, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        if let Some(Peek::ClientHello { random }) = peek(&packet.bytes)
            && !self.to_victim.as_ref().is_some_and(|end| end.began_with(&random))
        {
            return self.step_between(at, packet, hands);
        }
        let Some(end) = &mut self.to_victim else { return Answer::Pass };
        let outputs = end.receive(&packet.bytes, hands.now, &mut hands.rng);
        self.settle(at, Way::Down, outputs, hands);
        Answer::Drop
    }

    /// A handshake begins: it is answered here, and another one begun as the victim.
    fn step_between(&mut self, at: NodeId, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        let config = hands.layout.group(at).association.at(hands.now).1.clone();
        let identity = hands.layout.identity(at);
        let key = || Held::Key(WELL_KNOWN_KEY.to_vec());
        let now = hands.now;
        let ends = Some((packet.from, packet.to));
        if let Some((end, outputs)) = End::connect(&config, key(), &identity, now, &mut hands.rng) {
            hands.step(Deed::Injected, format!("opens a handshake of its own as {identity}"), ends);
            self.to_registrar = Some(end);
            self.settle(at, Way::Up, outputs, hands);
        }
        let accepted = End::accept(&config, key(), &packet.bytes, now, &mut hands.rng);
        let Some((end, outputs)) = accepted else {
            hands.step(Deed::Saw, "cannot answer the handshake: the key is another", ends);
            self.has_given_up = true;
            return Answer::Pass;
        };
        hands.step(Deed::Injected, "answers the handshake as the registrar", ends);
        self.to_victim = Some(end);
        self.settle(at, Way::Down, outputs, hands);
        Answer::Drop
    }

    fn heard_registrar(&mut self, at: NodeId, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        let Some(end) = &mut self.to_registrar else { return Answer::Pass };
        let outputs = end.receive(&packet.bytes, hands.now, &mut hands.rng);
        self.settle(at, Way::Up, outputs, hands);
        for request in std::mem::take(&mut self.waiting) {
            self.forward(at, Way::Up, &request, hands);
        }
        Answer::Drop
    }

    /// Acts on what an association wants done; `way` leads to its peer.
    fn settle(&mut self, at: NodeId, way: Way, outputs: Vec<Output>, hands: &mut Hands<'_>) {
        for output in outputs {
            match output {
                Output::Datagram { bytes, .. } => self.put(at, way, bytes, hands),
                Output::Data(data) => self.hand_on(at, way, data, hands),
                _ => {}
            }
        }
    }

    /// Application data came from the peer that `way` leads to: it goes to the other.
    fn hand_on(&mut self, at: NodeId, way: Way, mut data: Vec<u8>, hands: &mut Hands<'_>) {
        let (from, to, other) = match way {
            Way::Down => (at, self.registrar, Way::Up),
            Way::Up => (self.registrar, at, Way::Down),
        };
        hands.observe(at, other, &data);
        let mut what = format!("reads {} B in the clear and hands them on", data.len());
        let mut deed = Deed::Saw;
        if self.alters && other == Way::Up {
            what = format!("reads {} B, {}, hands them on", data.len(), alter(&mut data));
            deed = Deed::Altered;
        }
        hands.step(deed, what, Some((from, to)));
        self.forward(at, other, &data, hands);
    }

    fn forward(&mut self, at: NodeId, way: Way, data: &[u8], hands: &mut Hands<'_>) {
        let end = match way {
            Way::Up => &mut self.to_registrar,
            Way::Down => &mut self.to_victim,
        };
        match end {
            Some(end) if end.is_ready() => {
                let outputs = end.send(data, hands.now, &mut hands.rng);
                self.settle(at, way, outputs, hands);
            }
            _ if way == Way::Up => self.waiting.push(data.to_vec()),
            _ => {}
        }
    }

    fn put(&self, at: NodeId, way: Way, bytes: Vec<u8>, hands: &mut Hands<'_>) {
        let (from, to) = match way {
            Way::Up => (at, self.registrar),
            Way::Down => (self.registrar, at),
        };
        let (address, class) = (self.address, ByteClass::Handshake);
        let packet = Packet { from, to, address, class, bytes };
        hands.inject(at, way, Duration::ZERO, packet);
    }
}

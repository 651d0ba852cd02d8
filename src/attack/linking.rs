//! Linking: an observer on the links of devices says which messages are of one device, from what all of them show
//! without protection: names in handshakes, connection IDs, ports, and times. It reads no sizes: those of a fleet are alike.

use std::collections::{BTreeMap, BTreeSet};

use super::Field;
use super::program::time;
use crate::association::{Peek, peek, peek_connection_id};
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Port, Subject, Way};
use crate::sim::time::{Duration, Time};
use crate::wire::dtls::{ClientHello, HandshakeType, Record, Records, fragments};

/// Messages that the observer remembers.
const SEEN_MAX: usize = 65_536;
/// Two messages are at the same phase of the reporting interval if they are no further apart than this part of it.
const PHASE_PART: u64 = 16;

/// Listens at all victims of one site, then guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linking {
    /// So long it listens.
    pub listens: Duration,
    /// Only pairs of messages are asked about that are at least so far apart in time.
    pub apart: Duration,
    /// How many pairs.
    pub guesses: u32,
}

impl Linking {
    pub(super) fn parameters(self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("listens".to_owned(), time(self.listens));
        table.insert("apart".to_owned(), time(self.apart));
        table.insert("guesses".to_owned(), self.guesses.into());
        table
    }

    pub(super) fn place(self, field: &Field<'_>) -> Vec<Placement> {
        let Some(first) = field.victims.first() else { return Vec::new() };
        let site = |node| field.layout.place(node).site;
        let taps = field.victims.iter().filter(|victim| site(**victim) == site(*first));
        let id_len = field.layout.group(*first).server_id_len.unwrap_or(0).into();
        let names = BTreeMap::new();
        let observer = Observer { plan: self, id_len, names, seen: Vec::new() };
        vec![field.placement(0, *first, taps.copied().collect(), observer)]
    }
}

/// What a device shows of itself, and may show again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// The identity in a ClientHello.
    Name(Vec<u8>),
    /// The connection ID that its registrar wants in its records.
    ConnectionId(Vec<u8>),
    /// The port that it sends from.
    Port(Port),
}

struct Sighting {
    at: Time,
    port: Port,
    marks: BTreeSet<Mark>,
    subject: Subject,
}

struct Observer {
    plan: Linking,
    /// Bytes of connection IDs: public, as the registrar is.
    id_len: usize,
    /// The latest name that was seen in a handshake from each port.
    names: BTreeMap<Port, Vec<u8>>,
    seen: Vec<Sighting>,
}

impl Intruder for Observer {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        hands.wake_at(hands.now + self.plan.listens);
    }

    /// On which link a datagram passes is not looked at: the links are one to this observer, such as a radio cell.
    fn passing(&mut self, _: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        if way == Way::Down {
            return Answer::Pass;
        }
        let port = packet.port();
        if let Some(name) = offered(&packet.bytes) {
            self.names.insert(port, name);
        }
        let is_protected = matches!(peek(&packet.bytes), Some(Peek::Protected { .. }));
        if is_protected
            && self.seen.len() < SEEN_MAX
            && let Some(subject) = hands.subject(packet)
        {
            let name = self.names.get(&port).cloned().map(Mark::Name);
            let id = peek_connection_id(&packet.bytes, self.id_len).filter(|id| !id.is_empty());
            let id = id.map(|id| Mark::ConnectionId(id.as_bytes().to_vec()));
            let marks = [Some(Mark::Port(port)), name, id].into_iter().flatten().collect();
            self.seen.push(Sighting { at: hands.now, port, marks, subject });
        }
        Answer::Pass
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        let what = format!("has seen {} messages and guesses", self.seen.len());
        hands.step(Deed::Saw, what, None);
        let shown: Vec<(Time, Subject)> =
            self.seen.iter().map(|one| (one.at, one.subject)).collect();
        let marks_last = self.marks_last();
        let interval = self.interval();
        for _ in 0..self.plan.guesses {
            let Some(pair) = hands.challenge(&shown, self.plan.apart) else { continue };
            let [Some(first), Some(second)] = pair.map(|place| self.seen.get(place)) else {
                continue;
            };
            let linked = if marks_last {
                !first.marks.is_disjoint(&second.marks)
            } else {
                is_in_phase(first.at, second.at, interval)
            };
            hands.guess([first.subject, second.subject], linked);
        }
    }
}

impl Observer {
    /// Some mark is seen again after so long that it will tell pairs apart; if none is, only times are left.
    fn marks_last(&self) -> bool {
        let mut spans: BTreeMap<&Mark, (Time, Time)> = BTreeMap::new();
        for sighting in &self.seen {
            for mark in &sighting.marks {
                spans.entry(mark).or_insert((sighting.at, sighting.at)).1 = sighting.at;
            }
        }
        spans.values().any(|(first, last)| last.since(*first) >= self.plan.apart)
    }

    /// The time between two messages from one port: the middle one of all such times.
    fn interval(&self) -> Duration {
        let mut latest: BTreeMap<Port, Time> = BTreeMap::new();
        let mut gaps = Vec::new();
        for sighting in &self.seen {
            if let Some(before) = latest.insert(sighting.port, sighting.at) {
                gaps.push(sighting.at.since(before));
            }
        }
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).copied().unwrap_or(Duration::ZERO)
    }
}

/// Two times are whole intervals apart, or nearly so.
fn is_in_phase(first: Time, second: Time, interval: Duration) -> bool {
    let gap = second.since(first).max(first.since(second));
    let Some(rest) = gap.0.checked_rem(interval.0) else { return false };
    rest.min(interval.0 - rest) <= interval.0 / PHASE_PART
}

/// The identity that a client offers in a ClientHello of DTLS 1.3, which is in the clear (RFC 9147 section 5.3).
fn offered(datagram: &[u8]) -> Option<Vec<u8>> {
    let Record::Plaintext(record) = Records::new(datagram).next()?.ok()? else { return None };
    let list = fragments(record.content).ok()?;
    let hello = list.iter().find(|fragment| fragment.kind == HandshakeType::ClientHello)?;
    let hello = ClientHello::parse(hello.bytes).ok()?;
    Some(hello.psks.first()?.identity.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_go_round() {
        let interval = Duration::from_secs(16);
        let near =
            |seconds| is_in_phase(Time::ZERO, Time::ZERO + Duration::from_secs(seconds), interval);
        assert!(near(0) && near(1) && near(15) && near(33) && near(160));
        assert!(!near(2) && !near(8) && !near(14) && !near(168));
        assert!(!is_in_phase(Time::ZERO, Time::ZERO, Duration::ZERO));
    }
}

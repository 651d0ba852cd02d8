//! Use of traffic keys that were read out of a victim's memory: its records are opened, altered and sealed
//! again until the keys are others.

use super::Field;
use super::tamper::alter;
use crate::association::{OpenedRecord, StolenKeys};
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Way};
use crate::wire::dtls::ContentType;

/// Reads the memory of each victim once, then sits on its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hijack;

impl Hijack {
    pub(super) fn place(field: &Field<'_>) -> Vec<Placement> {
        field.at_each_victim(|victim| Hijacker {
            victim,
            image: Vec::new(),
            keys: None,
            expected: 0,
        })
    }
}

struct Hijacker {
    victim: NodeId,
    image: Vec<u8>,
    keys: Option<StolenKeys>,
    /// About the number of the next record.
    expected: u64,
}

impl Hijacker {
    /// Opens a record with the keys, or with those that follow from them after a KeyUpdate.
    fn open(&mut self, datagram: &[u8]) -> Option<OpenedRecord> {
        let keys = self.keys.as_ref()?;
        if let Some(opened) = keys.open(datagram, self.expected) {
            return Some(opened);
        }
        let next = keys.after_update();
        let opened = next.open(datagram, 0)?;
        self.keys = Some(next);
        Some(opened)
    }
}

impl Intruder for Hijacker {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        self.image = hands.memory_image(self.victim).unwrap_or_default();
        let what = format!("reads {} B of keys out of memory", self.image.len());
        hands.step(Deed::Stole, what, Some((self.victim, self.victim)));
    }

    fn passing(&mut self, at: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        if way == Way::Down || packet.from != at {
            return Answer::Pass;
        }
        hands.observe(at, way, &packet.bytes);
        if self.keys.is_none() {
            self.keys = StolenKeys::find(&self.image, &packet.bytes);
        }
        let Some(mut record) = self.open(&packet.bytes) else { return Answer::Pass };
        let Some(keys) = &self.keys else { return Answer::Pass };
        self.expected = record.sequence + 1;
        if record.content_type != ContentType::ApplicationData {
            return Answer::Pass;
        }
        hands.observe(at, way, &record.content);
        let what = format!(
            "opens record {}, {}, seals it again",
            record.sequence,
            alter(&mut record.content)
        );
        hands.step(Deed::Altered, what, Some((packet.from, packet.to)));
        keys.forge(&packet.bytes, &record).map_or(Answer::Pass, Answer::Replace)
    }
}

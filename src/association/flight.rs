//! Messages under way: sent, not yet acknowledged (RFC 9147 sections 5.7, 5.8 and 7.2).

use std::ops::Range;

use super::ranges::Ranges;
use super::timer::Timer;
use crate::wire::dtls::{HandshakeType, MESSAGE_HEADER_LEN, RecordNumber};

/// Parts of records that are remembered for acknowledgements; the oldest are forgotten, and then
/// sent once too often.
const MAX_SENT: usize = 64;

/// A message that must reach the peer.
pub(super) struct Outgoing {
    pub(super) kind: HandshakeType,
    pub(super) epoch: u16,
    pub(super) sequence: u16,
    /// In TLS form.
    bytes: Vec<u8>,
    missing: Ranges,
    transmitted: bool,
}

impl Outgoing {
    pub(super) fn new(kind: HandshakeType, epoch: u16, sequence: u16, bytes: Vec<u8>) -> Self {
        let missing = Ranges::all(bytes.len() - MESSAGE_HEADER_LEN);
        Self { kind, epoch, sequence, bytes, missing, transmitted: false }
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[MESSAGE_HEADER_LEN..]
    }

    /// The parts that are not acknowledged.
    pub(super) fn missing(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.missing.iter()
    }

    /// It was never sent.
    pub(super) const fn is_new(&self) -> bool {
        !self.transmitted
    }
}

/// A part of a message and the record it went out in.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) record: RecordNumber,
    pub(super) message: u16,
    pub(super) part: Range<usize>,
}

/// A flight, or the post-handshake messages that await their acknowledgement together.
pub(super) struct Flight {
    messages: Vec<Outgoing>,
    sent: Vec<Sent>,
    pub(super) timer: Timer,
}

impl Flight {
    pub(super) const fn new(timer: Timer) -> Self {
        Self { messages: Vec::new(), sent: Vec::new(), timer }
    }

    pub(super) fn push(&mut self, message: Outgoing) {
        self.messages.push(message);
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = &Outgoing> {
        self.messages.iter()
    }

    /// A message of this kind is among those under way.
    pub(super) fn has(&self, kind: HandshakeType) -> bool {
        self.messages.iter().any(|message| message.kind == kind)
    }

    /// Everything got through.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.messages.iter().all(|message| message.missing.is_empty())
    }

    /// Notes what went out just now.
    pub(super) fn transmitted(&mut self, sent: Vec<Sent>) {
        for message in &mut self.messages {
            message.transmitted |= sent.iter().any(|sent| sent.message == message.sequence);
        }
        self.sent.extend(sent);
        let excess = self.sent.len().saturating_sub(MAX_SENT);
        self.sent.drain(..excess);
    }

    /// Notes an acknowledgement; true if it brought news.
    pub(super) fn acknowledge(&mut self, records: &[RecordNumber]) -> bool {
        let mut news = false;
        for sent in self.sent.iter().filter(|sent| records.contains(&sent.record)) {
            for message in &mut self.messages {
                if message.sequence == sent.message {
                    news |= message.missing.remove(sent.part.clone());
                }
            }
        }
        news
    }
}

//! Flights of DTLS 1.2: sent as a whole and repeated as a whole (RFC 6347 section 4.2.4).

use super::channel::Channel;
use crate::association::timer::Timer;
use crate::association::{Config, Env, Kind, Operation, Output};
use crate::wire::dtls::limits::MAX_RECORD;
use crate::wire::dtls::{Content12, Fragment, HEADER_LEN, HandshakeType};

/// The smallest datagram size that is honoured; a smaller `mtu` counts as this.
const MIN_MTU: usize = 64;
/// A message is cut only if at least this much of it still goes into the datagram.
const MIN_FRAGMENT: usize = 12;

/// A part of a flight.
pub(super) enum Item {
    Message { epoch: u16, kind: HandshakeType, sequence: u16, body: Vec<u8> },
    ChangeCipherSpec,
}

/// What is repeated until the peer's next flight comes.
pub(super) struct Flight {
    pub(super) items: Vec<Item>,
    pub(super) timer: Timer,
}

/// The largest datagram.
fn mtu(config: &Config, channel: &Channel) -> usize {
    usize::from(config.mtu).max(MIN_MTU + channel.ids().theirs.len())
}

/// The longest content of a protected record that has a datagram to itself.
pub(super) fn capacity(config: &Config, channel: &Channel) -> usize {
    mtu(config, channel).saturating_sub(channel.overhead(1)).min(MAX_RECORD)
}

/// Sends the items in as few datagrams as possible, one record for each message or fragment.
pub(super) fn send(
    items: &[Item],
    channel: &mut Channel,
    config: &Config,
    kind: Kind,
    env: &mut Env<'_>,
) {
    let mtu = mtu(config, channel);
    let mut writer = Writer { channel, mtu, datagram: Vec::new(), kind };
    for item in items {
        match item {
            Item::ChangeCipherSpec => writer.whole(0, Content12::ChangeCipherSpec, &[1], env),
            Item::Message { epoch, kind, sequence, body } => {
                writer.message(*epoch, *kind, *sequence, body, env);
            }
        }
    }
    writer.flush(env);
}

/// Sends one protected record.
pub(super) fn send_record(
    content_type: Content12,
    content: &[u8],
    channel: &mut Channel,
    config: &Config,
    kind: Kind,
    env: &mut Env<'_>,
) {
    let mtu = mtu(config, channel);
    let mut writer = Writer { channel, mtu, datagram: Vec::new(), kind };
    writer.whole(1, content_type, content, env);
    writer.flush(env);
}

/// Writes records into datagrams.
struct Writer<'w> {
    channel: &'w mut Channel,
    mtu: usize,
    datagram: Vec<u8>,
    kind: Kind,
}

impl Writer<'_> {
    /// Room for the content of one more record.
    fn room(&self, epoch: u16) -> usize {
        self.mtu.saturating_sub(self.datagram.len() + self.channel.overhead(epoch))
    }

    fn flush(&mut self, env: &mut Env<'_>) {
        if !self.datagram.is_empty() {
            let bytes = std::mem::take(&mut self.datagram);
            env.out.push(Output::Datagram { kind: self.kind, bytes });
        }
    }

    fn whole(&mut self, epoch: u16, content_type: Content12, content: &[u8], env: &mut Env<'_>) {
        if self.room(epoch) < content.len() {
            self.flush(env);
        }
        self.channel.record(epoch, content_type, content, &mut self.datagram, env.operations);
    }

    fn message(
        &mut self,
        epoch: u16,
        kind: HandshakeType,
        sequence: u16,
        body: &[u8],
        env: &mut Env<'_>,
    ) {
        let mut offset = 0;
        loop {
            let rest = body.len() - offset;
            let room = self.room(epoch).saturating_sub(HEADER_LEN);
            let fits = room >= rest || room >= MIN_FRAGMENT;
            let fits = fits && self.room(epoch) >= HEADER_LEN;
            if !fits && !self.datagram.is_empty() {
                self.flush(env);
                continue;
            }
            let part = rest.min(room.max(1));
            let bytes = &body[offset..offset + part];
            let fragment = Fragment { kind, length: body.len(), sequence, offset, bytes };
            let mut content = Vec::with_capacity(HEADER_LEN + part);
            fragment.emit(&mut content);
            env.operations.count(Operation::Message, 1);
            self.channel.record(
                epoch,
                Content12::Handshake,
                &content,
                &mut self.datagram,
                env.operations,
            );
            offset += part;
            if offset == body.len() {
                return;
            }
        }
    }
}

/// A whole message as the transcript sees it: as if it had been sent in one fragment (RFC 6347
/// section 4.2.6).
pub(super) fn in_transcript(kind: HandshakeType, sequence: u16, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_LEN + body.len());
    Fragment { kind, length: body.len(), sequence, offset: 0, bytes: body }.emit(&mut out);
    out
}

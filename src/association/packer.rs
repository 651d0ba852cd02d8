//! Records into as few datagrams as possible (RFC 9147 sections 4.3 and 5.5).

use std::ops::Range;

use super::channel::Sending;
use super::flight::{Outgoing, Sent};
use super::protection::Shape;
use super::{Config, ConnectionId, Env, Kind, Operation, Output};
use crate::wire::dtls::limits::MAX_RECORD;
use crate::wire::dtls::{
    self, ContentType, Fragment, HEADER_LEN, PLAINTEXT_HEADER_LEN, RecordNumber,
};

/// The smallest datagram size that is honoured; a smaller `mtu` counts as this.
const MIN_MTU: usize = 64;
/// A message is cut only if at least this much of it still goes into the datagram.
const MIN_FRAGMENT: usize = 16;

/// A record that is planned but not yet sealed.
struct Planned {
    epoch: u16,
    content_type: ContentType,
    content: Vec<u8>,
    parts: Vec<(u16, Range<usize>)>,
}

/// Collects records and sends them.
pub(super) struct Packer<'p> {
    config: &'p Config,
    sending: &'p mut Sending,
    planned: Vec<Planned>,
    datagrams: Vec<Vec<u8>>,
    sent: Vec<Sent>,
}

impl<'p> Packer<'p> {
    pub(super) const fn new(config: &'p Config, sending: &'p mut Sending) -> Self {
        Self { config, sending, planned: Vec::new(), datagrams: Vec::new(), sent: Vec::new() }
    }

    /// How a record is written: only the last of a datagram may go without a length.
    const fn shape(config: &Config, connection_id: ConnectionId, last: bool) -> Shape {
        let with_length = config.explicit_length || !last;
        Shape { connection_id, long_sequence: config.long_sequence, with_length }
    }

    /// The bytes that a record adds to its content.
    const fn overhead(config: &Config, epoch: u16, id: ConnectionId, last: bool) -> usize {
        if epoch == 0 { PLAINTEXT_HEADER_LEN } else { Self::shape(config, id, last).overhead() }
    }

    /// The longest content of a record that has a datagram to itself.
    pub(super) fn capacity(config: &Config, sending: &Sending, epoch: u16) -> usize {
        let id = sending.id(epoch);
        let mtu = usize::from(config.mtu).max(MIN_MTU + id.len());
        (mtu - Self::overhead(config, epoch, id, true)).min(MAX_RECORD)
    }

    /// What a planned record takes that is not the last.
    fn length(&self, record: &Planned) -> usize {
        let id = self.sending.id(record.epoch);
        record.content.len() + Self::overhead(self.config, record.epoch, id, false)
    }

    /// Room for the content of one more record at the end of the datagram.
    fn room(&self, epoch: u16) -> usize {
        let used: usize = self.planned.iter().map(|record| self.length(record)).sum();
        Self::capacity(self.config, self.sending, epoch).saturating_sub(used)
    }

    /// Room for more fragments in the record that is last in the datagram, if they fit its kind.
    fn room_in_last(&self, epoch: u16) -> usize {
        let Some((last, others)) = self.planned.split_last() else { return 0 };
        if last.epoch != epoch || last.content_type != ContentType::Handshake {
            return 0;
        }
        let used: usize = others.iter().map(|record| self.length(record)).sum();
        let capacity = Self::capacity(self.config, self.sending, epoch);
        capacity.saturating_sub(used + last.content.len())
    }

    /// A record of its own.
    pub(super) fn record(
        &mut self,
        content_type: ContentType,
        content: Vec<u8>,
        env: &mut Env<'_>,
    ) {
        let epoch = self.sending.epoch();
        if self.room(epoch) < content.len() {
            self.flush(env);
        }
        self.planned.push(Planned { epoch, content_type, content, parts: Vec::new() });
    }

    /// An ACK of as many of `numbers` as fit one record; the latest are the most useful.
    pub(super) fn ack(&mut self, numbers: &[RecordNumber], env: &mut Env<'_>) {
        let fit = (Self::capacity(self.config, self.sending, self.sending.epoch()) - 2) / 16;
        let mut numbers = numbers[numbers.len().saturating_sub(fit)..].to_vec();
        numbers.sort_unstable();
        let mut content = Vec::with_capacity(2 + 16 * numbers.len());
        dtls::emit_ack(&numbers, &mut content);
        env.operations.count(Operation::Message, 1);
        self.record(ContentType::Ack, content, env);
    }

    /// The missing parts of a message.
    pub(super) fn message(&mut self, message: &Outgoing, env: &mut Env<'_>) {
        for part in message.missing() {
            let mut part = part.start..part.end.min(message.body().len());
            while !part.is_empty() {
                let rest = part.len();
                let fits =
                    |room: usize| room >= HEADER_LEN + rest || room >= HEADER_LEN + MIN_FRAGMENT;
                let shared = self.room_in_last(message.epoch);
                let separate = self.room(message.epoch);
                let room = if fits(shared) {
                    shared
                } else if self.planned.is_empty() || fits(separate) {
                    self.planned.push(Planned {
                        epoch: message.epoch,
                        content_type: ContentType::Handshake,
                        content: Vec::with_capacity(HEADER_LEN + rest),
                        parts: Vec::new(),
                    });
                    separate
                } else {
                    self.flush(env);
                    continue;
                };
                let end = part.start + rest.min(room - HEADER_LEN);
                self.fragment(message, part.start..end, env);
                part.start = end;
            }
        }
    }

    /// Adds a fragment to the last planned record.
    fn fragment(&mut self, message: &Outgoing, part: Range<usize>, env: &mut Env<'_>) {
        let Some(record) = self.planned.last_mut() else { return };
        env.operations.count(Operation::Message, 1);
        let fragment = Fragment {
            kind: message.kind,
            length: message.body().len(),
            sequence: message.sequence,
            offset: part.start,
            bytes: &message.body()[part.clone()],
        };
        fragment.emit(&mut record.content);
        record.parts.push((message.sequence, part));
    }

    /// Seals the planned records into one datagram.
    fn flush(&mut self, env: &mut Env<'_>) {
        let planned = std::mem::take(&mut self.planned);
        // Exactly enough: datagrams wait in queues by the thousand.
        let length = planned.iter().map(|record| self.length(record)).sum();
        let mut datagram = Vec::with_capacity(length);
        let count = planned.len();
        for (index, record) in planned.into_iter().enumerate() {
            let id = self.sending.id(record.epoch);
            let number = self.sending.record(
                record.epoch,
                Self::shape(self.config, id, index + 1 == count),
                record.content_type,
                &record.content,
                &mut datagram,
                env.operations,
            );
            let sent = |(message, part)| Sent { record: number, message, part };
            self.sent.extend(record.parts.into_iter().map(sent));
        }
        if !datagram.is_empty() {
            self.datagrams.push(datagram);
        }
    }

    /// Sends everything and tells which part of which message went out in which record.
    pub(super) fn finish(mut self, kind: Kind, env: &mut Env<'_>) -> Vec<Sent> {
        self.flush(env);
        let datagrams = self.datagrams.into_iter();
        env.out.extend(datagrams.map(|bytes| Output::Datagram { kind, bytes }));
        self.sent
    }
}

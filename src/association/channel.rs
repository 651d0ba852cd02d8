//! The epochs in use, in both directions.

use zeroize::Zeroize;

use super::connection_ids::ConnectionIds;
use super::protection::{Epoch, Opener, Sealer, Shape};
use super::schedule::Expander;
use super::{ConnectionId, Newest, Operation, Operations, Rejection, Secret};
use crate::wire::dtls::{self, ContentType, Protected, RecordNumber};

/// The longest that one key may face forgeries (RFC 9147 section 4.5.3).
const FORGERY_LIMIT: u64 = 1 << 36;

/// What this end sends with.
#[derive(Default)]
pub(super) struct Sending {
    /// Plaintext records sent.
    plaintext: u64,
    current: Option<Sealer>,
    extra: Option<Box<Extra>>,
}

/// What most associations do not have while they are idle.
#[derive(Default)]
struct Extra {
    /// The epoch before the present one, while messages sent in it may have to be repeated
    /// (RFC 9147 section 4.2.1: with the same keys).
    previous: Option<Box<Sealer>>,
    /// Of both directions.
    ids: ConnectionIds,
}

impl Sending {
    /// Its keys as they lie in memory.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        let previous = self.extra.as_ref().and_then(|extra| extra.previous.as_deref());
        let sealers = previous.into_iter().chain(&self.current);
        sealers.for_each(|sealer| sealer.memory_image(out));
    }

    /// The epoch of new records: 0 while there are no keys.
    pub(super) fn epoch(&self) -> u16 {
        self.current.as_ref().map_or(0, |sealer| sealer.epoch().get())
    }

    pub(super) const fn current(&self) -> Option<&Sealer> {
        self.current.as_ref()
    }

    /// Sends with `sealer` from now on.
    pub(super) fn install(&mut self, sealer: Sealer) {
        self.current = Some(sealer);
    }

    /// Sends with `sealer` from now on, but can still repeat what was sent before.
    pub(super) fn install_keeping(&mut self, sealer: Sealer) {
        let previous = self.current.replace(sealer).map(Box::new);
        self.extra.get_or_insert_default().previous = previous;
    }

    /// Nothing of the previous epoch will be repeated any more.
    pub(super) fn forget_previous(&mut self) {
        if let Some(extra) = &mut self.extra {
            extra.previous = None;
        }
        self.extra.take_if(|extra| extra.ids.is_none());
    }

    /// The connection IDs of both directions.
    pub(super) fn ids(&self) -> &ConnectionIds {
        self.extra.as_ref().map_or(&ConnectionIds::NONE, |extra| &extra.ids)
    }

    /// These connection IDs are in use from now on.
    pub(super) fn use_ids(&mut self, ids: ConnectionIds) {
        if !ids.is_none() || self.extra.is_some() {
            self.extra.get_or_insert_default().ids = ids;
        }
    }

    /// The connection ID that goes with records of `epoch`.
    pub(super) fn id(&self, epoch: u16) -> ConnectionId {
        if epoch == 0 { ConnectionId::EMPTY } else { self.ids().theirs }
    }

    /// Bytes on the heap.
    pub(super) fn heap_size(&self) -> usize {
        self.extra.as_ref().map_or(0, |extra| size_of_val(&**extra))
    }

    /// Plaintext records begin at `sequence`: those before were sent without state.
    pub(super) const fn skip_plaintext(&mut self, sequence: u64) {
        self.plaintext = sequence;
    }

    /// Appends a record to `out`.
    pub(super) fn record(
        &mut self,
        epoch: u16,
        shape: Shape,
        content_type: ContentType,
        content: &[u8],
        out: &mut Vec<u8>,
        operations: &mut Operations,
    ) -> RecordNumber {
        if epoch == 0 {
            let sequence = self.plaintext;
            self.plaintext += 1;
            operations.count(Operation::Record, 1);
            dtls::emit_plaintext_header(content_type, sequence, content.len(), out);
            out.extend_from_slice(content);
            return RecordNumber { epoch: 0, sequence };
        }
        let previous = self.extra.as_mut().and_then(|extra| extra.previous.as_deref_mut());
        let sealer = [self.current.as_mut(), previous]
            .into_iter()
            .flatten()
            .find(|sealer| sealer.epoch().get() == epoch)
            .expect("messages are kept no longer than the keys of their epoch");
        sealer.seal(shape, content_type, content, out, operations)
    }
}

/// What this end receives with.
#[derive(Default)]
pub(super) struct Receiving {
    /// The traffic secret of the present epoch, from which the next one follows.
    secret: Secret,
    /// Records that failed to authenticate since the present keys came.
    forged: u64,
    current: Option<Opener>,
    /// The epoch before, for records that were overtaken and for a peer whose last acknowledgement
    /// was lost (RFC 9147 sections 4.2.1 and 8).
    previous: Option<Opener>,
}

impl Receiving {
    /// Its keys as they lie in memory.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        out.extend(self.secret);
        let openers = self.previous.iter().chain(&self.current);
        openers.for_each(|opener| opener.memory_image(out));
    }

    /// The present epoch: 0 while there are no keys.
    pub(super) fn epoch(&self) -> u16 {
        self.current.as_ref().map_or(0, |opener| opener.epoch().get())
    }

    /// Receives with the keys of `traffic`, too; the keys so far become the previous ones.
    pub(super) fn install(
        &mut self,
        secret: &Secret,
        traffic: &Expander,
        epoch: Epoch,
        operations: &mut Operations,
    ) {
        self.secret.zeroize();
        self.secret = *secret;
        self.forged = 0;
        self.previous = self.current.replace(Opener::new(traffic, epoch, operations));
    }

    /// The traffic secret of the present epoch.
    pub(super) const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// There are no keys any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The newest record received.
    pub(super) fn newest(&self) -> Newest {
        let openers = [&self.current, &self.previous].into_iter().flatten();
        openers.filter_map(Opener::newest).max().unwrap_or_default()
    }

    /// Moves on to the next epoch; `None` if there is none.
    pub(super) fn advance(&mut self, operations: &mut Operations) -> Option<()> {
        let epoch = self.current.as_ref()?.epoch().checked_add(1)?;
        let secret = Expander::new(&self.secret, operations).next_generation(operations);
        let traffic = Expander::new(&secret, operations);
        self.install(&secret, &traffic, epoch, operations);
        Some(())
    }

    /// The plaintext of a record, under whichever of the two epochs its header names.
    pub(super) fn open(
        &mut self,
        record: &Protected<'_>,
        window: u8,
        operations: &mut Operations,
    ) -> Result<(Vec<u8>, RecordNumber), Rejection> {
        let opened = [self.current.as_mut(), self.previous.as_mut()]
            .into_iter()
            .flatten()
            .find(|opener| opener.has_bits(record.epoch_bits))
            .ok_or(Rejection::UnknownEpoch)?
            .open(record, window, operations);
        if matches!(opened, Err(Rejection::BadRecord)) {
            self.forged += 1;
        }
        opened
    }

    /// The present keys faced more forgeries than they may.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.forged > FORGERY_LIMIT
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

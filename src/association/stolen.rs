//! Traffic keys in the hands of somebody who read them out of a memory: what one can do with the keys of one
//! direction of one epoch of DTLS 1.3, and no more.

use super::protection::Keys;
use super::schedule::Expander;
use super::{Operations, Secret};
use crate::wire::dtls::{ContentType, InnerPlaintext, Protected, Record, Records, UnifiedHeader};

/// The keys of one direction of one epoch and the traffic secret that they are made of, as they lie side by
/// side in the memory of who sends with them.
pub struct StolenKeys {
    secret: Secret,
    keys: Keys,
}

/// A record that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedRecord {
    /// What it carries.
    pub content_type: ContentType,
    /// The content.
    pub content: Vec<u8>,
    /// Its number.
    pub sequence: u64,
}

impl StolenKeys {
    /// Bytes in memory: the secret, the key, the IV and the key of record numbers.
    pub const LEN: usize = 32 + 16 + 12 + 16;

    /// The keys that follow from a traffic secret (RFC 9147 section 4.2.3), as a key log discloses it.
    #[must_use]
    pub fn of(secret: &Secret) -> Self {
        let operations = &mut Operations::default();
        let traffic = Expander::new(secret, operations);
        Self { secret: *secret, keys: Keys::new(&traffic, operations) }
    }

    /// Takes bytes of a memory for keys; none if there are too few.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (secret, keys) = bytes.get(..Self::LEN)?.split_at_checked(32)?;
        Some(Self { secret: secret.try_into().ok()?, keys: Keys::read(keys.try_into().ok()?) })
    }

    /// Looks for keys at every place of a memory image that open this datagram.
    #[must_use]
    pub fn find(image: &[u8], datagram: &[u8]) -> Option<Self> {
        let places = image.windows(Self::LEN).filter_map(Self::read);
        places.into_iter().find(|keys| keys.open(datagram, 0).is_some())
    }

    /// The keys of the next epoch after a KeyUpdate, which follow from the secret alone (RFC 8446 section 7.2).
    #[must_use]
    pub fn after_update(&self) -> Self {
        let operations = &mut Operations::default();
        Self::of(&Expander::new(&self.secret, operations).next_generation(operations))
    }

    /// Opens the first record of a datagram without connection IDs, whose number is near `expected`.
    #[must_use]
    pub fn open(&self, datagram: &[u8], expected: u64) -> Option<OpenedRecord> {
        self.open_record(&first(datagram)?, expected)
    }

    /// Opens a record whose number is near `expected`.
    pub(super) fn open_record(
        &self,
        record: &Protected<'_>,
        expected: u64,
    ) -> Option<OpenedRecord> {
        let (plaintext, sequence) = self.keys.open(record, expected, &mut Operations::default())?;
        let inner = InnerPlaintext::parse(&plaintext).ok()?;
        Some(OpenedRecord {
            content_type: inner.content_type,
            content: inner.content.to_vec(),
            sequence,
        })
    }

    /// A record with another content in the place of the first of `datagram`, from which it has its form.
    #[must_use]
    pub fn forge(&self, datagram: &[u8], record: &OpenedRecord) -> Option<Vec<u8>> {
        let model = first(datagram)?;
        let has_length = model.header.len() > 1 + model.sequence_len;
        let length = u16::try_from(record.content.len() + 1 + crate::wire::dtls::TAG_LEN).ok()?;
        let header = UnifiedHeader {
            epoch: model.epoch_bits.into(),
            connection_id: &[],
            sequence: record.sequence,
            long_sequence: model.sequence_len == 2,
            length: has_length.then_some(length),
        };
        let (mut out, mut operations) = (Vec::new(), Operations::default());
        self.keys.seal(header, record.content_type, &record.content, &mut out, &mut operations);
        Some(out)
    }
}

fn first(datagram: &[u8]) -> Option<Protected<'_>> {
    match Records::new(datagram).next()?.ok()? {
        Record::Protected(record) => Some(record),
        Record::Plaintext(_) => None,
    }
}

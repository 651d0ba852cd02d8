//! How entries stand in the images of stores: level, validity, length and text of the name.

use crate::credential::lifetime::Validity;
use crate::credential::{KeyBytes, Level};
use crate::sim::time::Time;

use super::{Attributes, Entry, KeyName, NAME_MAX, StoreError};

/// Writes an entry: level, validity in two times eight bytes, a byte of length, the name.
pub(super) fn put_entry(entry: &Entry, out: &mut Vec<u8>) {
    out.push(entry.level as u8);
    out.extend(entry.validity.not_before.0.to_be_bytes());
    out.extend(entry.validity.not_after.0.to_be_bytes());
    out.push(u8::try_from(entry.name.as_bytes().len()).expect("a name is at most 128 bytes long"));
    out.extend(entry.name.as_bytes());
}

/// Bytes that are read from the front.
pub(in crate::credential) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(in crate::credential) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(in crate::credential) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(in crate::credential) fn take(&mut self, len: usize) -> Result<&'a [u8], StoreError> {
        let (front, rest) = self.rest.split_at_checked(len).ok_or(StoreError::Image)?;
        self.rest = rest;
        Ok(front)
    }

    pub(in crate::credential) fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        self.take(N)?.try_into().map_err(|_| StoreError::Image)
    }

    pub(in crate::credential) fn byte(&mut self) -> Result<u8, StoreError> {
        self.array().map(|[byte]| byte)
    }

    pub(in crate::credential) fn u32(&mut self) -> Result<u32, StoreError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(in crate::credential) fn time(&mut self) -> Result<Time, StoreError> {
        self.array().map(u64::from_be_bytes).map(Time)
    }

    pub(super) fn record(&mut self) -> Result<Record<'a>, StoreError> {
        let before = self.rest.len();
        let level = Level::from_code(self.byte()?).ok_or(StoreError::Image)?;
        let validity = Validity { not_before: self.time()?, not_after: self.time()? };
        let len = usize::from(self.byte()?);
        if !(1..=NAME_MAX).contains(&len) {
            return Err(StoreError::Image);
        }
        let name = self.take(len)?;
        let len = before - self.rest.len();
        Ok(Record { attributes: Attributes { level, validity }, name, len })
    }

    pub(super) fn entry(&mut self) -> Result<Entry, StoreError> {
        self.record()?.entry()
    }
}

/// Everything in `image` that looks like a credential: an entry and a key behind it. Whoever reads memory
/// does not know where its tables begin, so that every place is tried.
#[must_use]
pub fn carve(image: &[u8]) -> Vec<(Entry, KeyBytes)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = image.get(at..).filter(|rest| !rest.is_empty()) {
        at += match credential(rest) {
            Some((entry, key, len)) => {
                found.push((entry, key));
                len
            }
            None => 1,
        };
    }
    found
}

/// The credential at the front, if there is one, and its length.
fn credential(bytes: &[u8]) -> Option<(Entry, KeyBytes, usize)> {
    let mut reader = Reader::new(bytes);
    let record = reader.record().ok()?;
    let Validity { not_before, not_after } = record.attributes.validity;
    // A shorter name would be found in noise now and then.
    let is_likely = not_before < not_after
        && record.name.len() >= 4
        && record.name.iter().all(u8::is_ascii_graphic);
    let entry = is_likely.then(|| record.entry().ok()).flatten()?;
    let key = KeyBytes::from_slice(reader.take(crate::credential::KEY_LEN).ok()?)?;
    Some((entry, key, bytes.len() - reader.rest().len()))
}

/// An entry where it stands in an image.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) attributes: Attributes,
    pub(super) name: &'a [u8],
    /// Its bytes in the image.
    pub(super) len: usize,
}

impl Record<'_> {
    /// Bytes that an entry will take.
    pub(super) fn len_of(entry: &Entry) -> usize {
        1 + 2 * 8 + 1 + entry.name.as_bytes().len()
    }

    /// The entry itself, if its name is text.
    pub(super) fn entry(&self) -> Result<Entry, StoreError> {
        let name = str::from_utf8(self.name).map_err(|_| StoreError::Image)?;
        let name = KeyName::new(name).map_err(|_| StoreError::Image)?;
        let Attributes { level, validity } = self.attributes;
        Ok(Entry { name, level, validity })
    }
}

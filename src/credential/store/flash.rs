//! Plain flash: records with raw key bytes, one behind the other. What is erased is only marked as such
//! until its page is erased, as in real flash, so a key stays readable for a while after its deletion.

use std::collections::BTreeSet;
use std::fmt;

use rand_core::Rng;
use zeroize::Zeroizing;

use crate::association::Operations;
use crate::credential::lifetime::Validity;
use crate::credential::software_aes::Block;
use crate::credential::{Choices, Derivation, KEY_LEN, KeyBytes};

use super::image::{Reader, Record, put_entry};
use super::power::{Hiding, prove};
use super::{
    Attributes, Entry, KEYS_MAX, KeyName, KeyStore, Probe, Readable, ServiceTimes, StoreError,
    StoreKind, StoreOperation, Usage, Work, check_parent,
};

const MAGIC: &[u8; 4] = b"KSF1";
const LIVE: u8 = 0xa5;
const DEAD: u8 = 0x00;
/// Dead records after which the flash is rewritten without them, unless more are live: about a page of
/// 2 KiB.
const DEAD_MAX: usize = 16;
/// Live records above which names are looked up in an index, and not by reading the flash through.
const SCAN_MAX: usize = 16;

/// Keys as raw bytes in a flash image. In use, the host has them in memory as they are.
///
/// The image is all that a small store holds; a large one has an index of its records besides.
#[derive(Default)]
pub struct PlainFlash {
    /// The records, one behind the other.
    flash: Zeroizing<Vec<u8>>,
    index: Option<Box<Index>>,
    live: u32,
    dead: u32,
}

/// Where live records begin, by a hash of their names.
#[derive(Default)]
struct Index(BTreeSet<(u32, u32)>);

impl PlainFlash {
    /// Flash without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a flash image: what a device does at a start, and a thief with what was stolen.
    pub fn load(image: &[u8]) -> Result<Self, StoreError> {
        let mut names = BTreeSet::new();
        let records = image.strip_prefix(MAGIC).ok_or(StoreError::Image)?;
        let mut flash = Self { flash: Zeroizing::new(records.to_vec()), ..Self::new() };
        let mut reader = Reader::new(records);
        while !reader.is_empty() {
            let state = reader.byte()?;
            let record = reader.record()?;
            record.entry()?;
            reader.take(KEY_LEN)?;
            match state {
                LIVE if names.len() >= KEYS_MAX => return Err(StoreError::Full),
                LIVE if !names.insert(record.name) => return Err(StoreError::Image),
                LIVE => flash.live += 1,
                DEAD => flash.dead += 1,
                _ => return Err(StoreError::Image),
            }
        }
        flash.keep_index();
        Ok(flash)
    }

    /// Rewrites the flash without dead records: a page erasure.
    pub fn compact(&mut self) {
        let live: usize = self.records().map(|(_, bytes, _)| bytes.len()).sum();
        let mut flash = Vec::with_capacity(live);
        self.records().for_each(|(_, bytes, _)| flash.extend(bytes));
        self.flash = Zeroizing::new(flash);
        self.dead = 0;
        self.index = None;
        self.keep_index();
    }

    /// Gives back memory that no record fills.
    pub fn shrink(&mut self) {
        self.flash.shrink_to_fit();
    }

    /// The live records: where each begins, its bytes, and what is known of it.
    fn records(&self) -> impl Iterator<Item = (usize, &[u8], Record<'_>)> {
        let mut at = 0;
        let all = std::iter::from_fn(move || {
            let start = at;
            let record = self.record_at(start)?;
            at += record.len + 1 + KEY_LEN;
            Some((start, &self.flash[start..at], record))
        });
        all.filter(|(_, bytes, _)| bytes[0] == LIVE)
    }

    fn record_at(&self, start: usize) -> Option<Record<'_>> {
        Reader::new(self.flash.get(start + 1..)?).record().ok()
    }

    /// Where the live record of this name begins.
    fn find(&self, name: &[u8]) -> Option<(usize, Record<'_>)> {
        let Some(index) = &self.index else {
            let mut records = self.records();
            return records.find(|(_, _, r)| r.name == name).map(|(start, _, r)| (start, r));
        };
        let hash = hash(name);
        let mut starts = index.0.range((hash, 0)..=(hash, u32::MAX));
        starts.find_map(|&(_, start)| {
            let record = self.record_at(start as usize)?;
            (record.name == name).then_some((start as usize, record))
        })
    }

    fn known(&self, name: &[u8]) -> Result<(usize, Record<'_>), StoreError> {
        self.find(name).ok_or(StoreError::Unknown)
    }

    fn key_at(&self, start: usize, record: &Record<'_>) -> KeyBytes {
        let at = start + 1 + record.len;
        KeyBytes::from_slice(&self.flash[at..at + KEY_LEN]).expect("a record holds a whole key")
    }

    fn append(&mut self, entry: &Entry, key: &KeyBytes) {
        let old = self.find(entry.name.as_bytes()).map(|(start, _)| start);
        let start = self.flash.len();
        if self.index.is_none() {
            // A small store takes no more memory than it fills.
            self.flash.reserve_exact(1 + Record::len_of(entry) + KEY_LEN);
        }
        self.flash.push(LIVE);
        put_entry(entry, &mut self.flash);
        self.flash.extend(key.expose());
        self.live += 1;
        if let (Some(index), Ok(start)) = (&mut self.index, u32::try_from(start)) {
            index.0.insert((hash(entry.name.as_bytes()), start));
        }
        if let Some(old) = old {
            self.bury(old, entry.name.as_bytes());
        }
        self.keep_index();
    }

    /// Marks the record of this name that begins at `start` as dead.
    fn bury(&mut self, start: usize, name: &[u8]) {
        self.flash[start] = DEAD;
        self.live -= 1;
        self.dead += 1;
        if let (Some(index), Ok(start)) = (&mut self.index, u32::try_from(start)) {
            index.0.remove(&(hash(name), start));
        }
        if self.dead as usize > DEAD_MAX.max(self.live as usize) {
            self.compact();
        }
    }

    /// Makes an index once there are many records.
    fn keep_index(&mut self) {
        if self.index.is_none() && self.live as usize > SCAN_MAX {
            let place = |(start, _, record): (usize, &[u8], Record<'_>)| {
                u32::try_from(start).ok().map(|start| (hash(record.name), start))
            };
            let index = self.records().filter_map(place).collect();
            self.index = Some(Box::new(Index(index)));
        }
    }

    fn check_room(&self, name: &KeyName) -> Result<(), StoreError> {
        let has_room = (self.live as usize) < KEYS_MAX || self.find(name.as_bytes()).is_some();
        if has_room { Ok(()) } else { Err(StoreError::Full) }
    }
}

/// FNV-1a: names that share a value are told apart by the records themselves.
fn hash(name: &[u8]) -> u32 {
    name.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

impl fmt::Debug for PlainFlash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainFlash").field("keys", &self.live).finish_non_exhaustive()
    }
}

impl KeyStore for PlainFlash {
    fn kind(&self) -> StoreKind {
        StoreKind::PlainFlash
    }

    fn attributes(&self, name: &[u8]) -> Option<Attributes> {
        self.find(name).map(|(_, record)| record.attributes)
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> =
            self.records().filter_map(|(_, _, record)| record.entry().ok()).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    fn write(&mut self, entry: Entry, key: KeyBytes, work: &mut Work) -> Result<(), StoreError> {
        self.check_room(&entry.name)?;
        work.count(StoreOperation::Write, 1);
        self.append(&entry, &key);
        Ok(())
    }

    fn erase(&mut self, name: &[u8], work: &mut Work) -> Result<(), StoreError> {
        let (start, _) = self.known(name)?;
        work.count(StoreOperation::Erase, 1);
        self.bury(start, name);
        Ok(())
    }

    fn derive(
        &mut self,
        from: &[u8],
        derivation: &Derivation,
        choices: &Choices,
        (name, validity): (KeyName, Validity),
        work: &mut Work,
    ) -> Result<(), StoreError> {
        let (start, record) = self.known(from)?;
        let level = check_parent(record.attributes.level, derivation)?;
        let key = self.key_at(start, &record);
        let key = derivation.run(&key, choices).map_err(|_| StoreError::Text)?;
        work.count(StoreOperation::Kdf, derivation.hmacs());
        self.write(Entry { name, level, validity }, key, work)
    }

    fn compute(
        &self,
        name: &[u8],
        usage: &Usage<'_>,
        work: &mut Work,
        operations: &mut Operations,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let (start, record) = self.known(name)?;
        usage.check(record.attributes.level)?;
        let key = self.key_at(start, &record);
        usage.book(work);
        Ok(usage.run(&key, operations))
    }

    fn prove(
        &mut self,
        name: &[u8],
        block: &Block,
        chip: &mut dyn Rng,
        probe: Option<&mut Probe>,
        work: &mut Work,
    ) -> Result<Block, StoreError> {
        work.count(StoreOperation::Mac, 1);
        Ok(prove(&self.read(name)?, block, Hiding::Nothing, chip, probe))
    }

    fn storage_image(&self) -> Vec<u8> {
        [MAGIC, &self.flash[..]].concat()
    }

    /// The live records, as a program has them that read its flash at the start.
    fn memory_image(&self) -> Vec<u8> {
        let mut memory = Vec::new();
        self.records().for_each(|(_, bytes, _)| memory.extend(&bytes[1..]));
        memory
    }

    fn memory_image_during(&self, _name: &[u8]) -> Vec<u8> {
        self.memory_image()
    }

    fn service_times(&self) -> &ServiceTimes {
        &ServiceTimes::SOFTWARE
    }
}

impl Readable for PlainFlash {
    fn read(&self, name: &[u8]) -> Result<KeyBytes, StoreError> {
        let (start, record) = self.known(name)?;
        Ok(self.key_at(start, &record))
    }
}

//! Plain flash: records with raw key bytes, one behind the other. What is erased is only marked as such
//! until its page is erased, as in real flash, so a key stays readable for a while after its deletion.

use std::fmt;

use zeroize::Zeroizing;

use crate::association::Operations;
use crate::credential::lifetime::Validity;
use crate::credential::{Choices, Derivation, KEY_LEN, KeyBytes};

use super::image::{Reader, put_entry};
use super::table::Table;
use super::{
    Entry, KEYS_MAX, KeyName, KeyStore, Readable, ServiceTimes, StoreError, StoreKind,
    StoreOperation, Usage, Work, check_parent,
};

const MAGIC: &[u8; 4] = b"KSF1";
const LIVE: u8 = 0xa5;
const DEAD: u8 = 0x00;
/// Dead records after which the flash is rewritten without them.
const DEAD_MAX: usize = 64;

/// Keys as raw bytes in a flash image. In use, the host has them in memory as they are.
pub struct PlainFlash {
    flash: Zeroizing<Vec<u8>>,
    /// Where the record of each key begins.
    table: Table<usize>,
    dead: usize,
}

impl PlainFlash {
    /// Flash without keys.
    #[must_use]
    pub fn new() -> Self {
        Self { flash: Zeroizing::new(MAGIC.to_vec()), table: Table::new(), dead: 0 }
    }

    /// Reads a flash image: what a device does at a start, and a thief with what was stolen.
    pub fn load(image: &[u8]) -> Result<Self, StoreError> {
        let mut flash = Self::new();
        let mut reader = Reader::new(image);
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(StoreError::Image);
        }
        while !reader.is_empty() {
            let start = reader.position();
            let state = reader.byte()?;
            let entry = reader.entry()?;
            reader.take(KEY_LEN)?;
            match state {
                LIVE => {
                    flash.table.check_room(&entry.name, KEYS_MAX)?;
                    if flash.table.put(entry, start).is_some() {
                        return Err(StoreError::Image);
                    }
                }
                DEAD => flash.dead += 1,
                _ => return Err(StoreError::Image),
            }
        }
        flash.flash = Zeroizing::new(image.to_vec());
        Ok(flash)
    }

    /// Rewrites the flash without dead records: a page erasure.
    pub fn compact(&mut self) {
        let old = std::mem::take(self);
        for (entry, start) in old.table.iter() {
            self.append(entry.clone(), &old.key_at(entry, *start));
        }
    }

    fn key_at(&self, entry: &Entry, start: usize) -> KeyBytes {
        let at = start + 1 + 1 + 8 + 8 + 1 + entry.name.as_bytes().len();
        KeyBytes::from_slice(&self.flash[at..at + KEY_LEN]).expect("a record holds a whole key")
    }

    fn append(&mut self, entry: Entry, key: &KeyBytes) {
        let start = self.flash.len();
        self.flash.push(LIVE);
        put_entry(&entry, &mut self.flash);
        self.flash.extend(key.expose());
        if let Some(old) = self.table.put(entry, start) {
            self.bury(old);
        }
    }

    fn bury(&mut self, start: usize) {
        self.flash[start] = DEAD;
        self.dead += 1;
        if self.dead > DEAD_MAX {
            self.compact();
        }
    }
}

impl Default for PlainFlash {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PlainFlash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainFlash").field("keys", &self.table.len()).finish_non_exhaustive()
    }
}

impl KeyStore for PlainFlash {
    fn kind(&self) -> StoreKind {
        StoreKind::PlainFlash
    }

    fn entry(&self, name: &[u8]) -> Option<&Entry> {
        self.table.find(name).map(|(entry, _)| entry)
    }

    fn entries(&self) -> Vec<&Entry> {
        self.table.entries()
    }

    fn write(&mut self, entry: Entry, key: KeyBytes, work: &mut Work) -> Result<(), StoreError> {
        self.table.check_room(&entry.name, KEYS_MAX)?;
        work.count(StoreOperation::Write, 1);
        self.append(entry, &key);
        Ok(())
    }

    fn erase(&mut self, name: &[u8], work: &mut Work) -> Result<(), StoreError> {
        let start = self.table.remove(name).ok_or(StoreError::Unknown)?;
        work.count(StoreOperation::Erase, 1);
        self.bury(start);
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
        let (entry, start) = self.table.known(from)?;
        let level = check_parent(entry, derivation)?;
        let key = self.key_at(entry, *start);
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
        let key = self.read(name)?;
        usage.check(self.table.known(name)?.0.level)?;
        usage.book(work);
        Ok(usage.run(&key, operations))
    }

    fn storage_image(&self) -> Vec<u8> {
        self.flash.to_vec()
    }

    /// The live records, as a program has them that read its flash at the start.
    fn memory_image(&self) -> Vec<u8> {
        let mut memory = Vec::new();
        for (entry, start) in self.table.iter() {
            put_entry(entry, &mut memory);
            memory.extend(self.key_at(entry, *start).expose());
        }
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
        let (entry, start) = self.table.known(name)?;
        Ok(self.key_at(entry, *start))
    }
}

//! A sealed file: each key under AES-GCM, the whole file under an HMAC, all keys of the seal from a
//! passphrase or device secret by Argon2id (RFC 9106).
//!
//! Nonces are synthetic, cut from an HMAC over what is sealed: a file that was set back and written again
//! repeats a nonce only together with the same plaintext, which tells no more than that.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use rand_core::Rng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::association::{Operation, Operations};
use crate::credential::lifetime::Validity;
use crate::credential::software_aes::Block;
use crate::credential::{Choices, Derivation, KEY_LEN, KeyBytes};

use super::image::{Reader, put_entry};
use super::power::{Hiding, prove};
use super::table::Table;
use super::{
    Attributes, Entry, KEYS_MAX, KeyName, KeyStore, Probe, Readable, ServiceTimes, StoreError,
    StoreKind, StoreOperation, Usage, Work, check_parent,
};

/// Bytes of the salt of Argon2id (RFC 9106 section 3.1 recommends 16).
pub const SALT_LEN: usize = 16;
/// Limits of the parameters, so that a foreign file cannot make its reader work without end.
const MEMORY_KIB: std::ops::RangeInclusive<u32> = 8..=(1 << 18);
const PASSES: std::ops::RangeInclusive<u32> = 1..=16;

const MAGIC: &[u8; 4] = b"KSS1";
const NONCE_LEN: usize = 12;
const ROOT_LEN: usize = 32;
const SEALED_LEN: usize = NONCE_LEN + KEY_LEN + 16;

/// The AEAD of a seal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Cipher {
    /// AES-128-GCM.
    Aes128Gcm = 1,
    /// AES-256-GCM.
    #[default]
    Aes256Gcm = 2,
}

/// How hard it is to guess the passphrase, and what protects the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealParameters {
    /// Memory of Argon2id in KiB: 8 to 262,144.
    pub memory_kib: u32,
    /// Passes of Argon2id: 1 to 16.
    pub passes: u32,
    /// The AEAD.
    pub cipher: Cipher,
}

impl Default for SealParameters {
    /// 64 MiB and 3 passes: the second recommended option of RFC 9106 section 4, on one lane.
    fn default() -> Self {
        Self { memory_kib: 1 << 16, passes: 3, cipher: Cipher::Aes256Gcm }
    }
}

impl SealParameters {
    /// 64 KiB and one pass: for tests and for the secrets of devices, which have the entropy of a key
    /// and gain nothing from stretching.
    pub const LIGHT: Self = Self { memory_kib: 64, passes: 1, cipher: Cipher::Aes128Gcm };

    /// The sealing key: Argon2id over the secret.
    fn sealing_key(&self, secret: &[u8], salt: &[u8; SALT_LEN]) -> Result<KeyBytes, StoreError> {
        if !MEMORY_KIB.contains(&self.memory_kib) || !PASSES.contains(&self.passes) {
            return Err(StoreError::Parameters);
        }
        let params = argon2::Params::new(self.memory_kib, self.passes, 1, Some(KEY_LEN));
        let params = params.map_err(|_| StoreError::Parameters)?;
        let argon =
            argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut key = Zeroizing::new([0; KEY_LEN]);
        let hashed = argon.hash_password_into(secret, salt, &mut *key);
        hashed.map_err(|_| StoreError::Parameters)?;
        Ok(KeyBytes::new(*key))
    }
}

/// Keys in a sealed file. Locked, it can do nothing; unlocked, the host has the sealing key in memory, and
/// one key at a time while that key is used.
pub struct SealedFile {
    parameters: SealParameters,
    salt: [u8; SALT_LEN],
    table: Table<[u8; SEALED_LEN]>,
    seal: Seal,
}

enum Seal {
    Locked { root: [u8; ROOT_LEN] },
    Unlocked(KeyBytes),
}

impl SealedFile {
    /// A new file without keys, unlocked. The salt is random.
    pub fn create(
        secret: &[u8],
        salt: [u8; SALT_LEN],
        parameters: SealParameters,
        work: &mut Work,
    ) -> Result<Self, StoreError> {
        work.count(StoreOperation::Unlock, 1);
        let seal = Seal::Unlocked(parameters.sealing_key(secret, &salt)?);
        Ok(Self { parameters, salt, table: Table::new(), seal })
    }

    /// Reads an image without the secret: a locked file.
    pub fn load(image: &[u8]) -> Result<Self, StoreError> {
        let mut reader = Reader::new(image);
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(StoreError::Image);
        }
        let cipher = match reader.byte()? {
            1 => Cipher::Aes128Gcm,
            2 => Cipher::Aes256Gcm,
            _ => return Err(StoreError::Image),
        };
        let parameters =
            SealParameters { memory_kib: reader.u32()?, passes: reader.u32()?, cipher };
        let salt = reader.array()?;
        let count = reader.u32()?;
        let mut table = Table::new();
        for _ in 0..count {
            let entry = reader.entry()?;
            table.check_room(&entry.name, KEYS_MAX)?;
            if table.put(entry, reader.array()?).is_some() {
                return Err(StoreError::Image);
            }
        }
        let root = reader.array()?;
        if !reader.is_empty() {
            return Err(StoreError::Image);
        }
        Ok(Self { parameters, salt, table, seal: Seal::Locked { root } })
    }

    /// Unlocks the file with the passphrase or device secret. Any byte that was altered since it was
    /// written is noticed here, a wrong secret too.
    pub fn unlock(&mut self, secret: &[u8], work: &mut Work) -> Result<(), StoreError> {
        work.count(StoreOperation::Unlock, 1);
        let key = self.parameters.sealing_key(secret, &self.salt)?;
        self.unlock_with(key)
    }

    /// Unlocks the file with the sealing key itself: what can be done by whoever found it in a memory
    /// image.
    pub fn unlock_with(&mut self, key: KeyBytes) -> Result<(), StoreError> {
        if let Seal::Locked { root } = &self.seal
            && !bool::from(root.ct_eq(&self.root(&key)))
        {
            return Err(StoreError::Seal);
        }
        self.seal = Seal::Unlocked(key);
        Ok(())
    }

    /// Takes over all keys of a copy of this file; says how many.
    ///
    /// # Errors
    /// If the copy is of another file or was altered, or this file is locked.
    pub(super) fn take_back(&mut self, copy: &[u8], work: &mut Work) -> Result<usize, StoreError> {
        let mut old = Self::load(copy)?;
        old.unlock_with(self.sealing_key()?.clone())?;
        let entries = old.entries();
        for entry in &entries {
            let key = old.read(entry.name.as_bytes())?;
            self.write(entry.clone(), key, work)?;
        }
        Ok(entries.len())
    }

    /// Somebody put `image` in the place of the file. What does not open with the sealing key of the host is none of
    /// its files; the keys of the one before are lost either way.
    pub(super) fn replace(&mut self, image: &[u8]) -> Result<(), StoreError> {
        let key = self.sealing_key()?.clone();
        self.table = Table::new();
        let mut other = Self::load(image)?;
        other.unlock_with(key)?;
        *self = other;
        Ok(())
    }

    /// Forgets the sealing key.
    pub fn lock(&mut self) {
        if let Seal::Unlocked(key) = &self.seal {
            self.seal = Seal::Locked { root: self.root(key) };
        }
    }

    fn sealing_key(&self) -> Result<&KeyBytes, StoreError> {
        match &self.seal {
            Seal::Locked { .. } => Err(StoreError::Locked),
            Seal::Unlocked(key) => Ok(key),
        }
    }

    /// Everything but the root.
    fn body(&self) -> Vec<u8> {
        let mut body = MAGIC.to_vec();
        body.push(self.parameters.cipher as u8);
        body.extend(self.parameters.memory_kib.to_be_bytes());
        body.extend(self.parameters.passes.to_be_bytes());
        body.extend(self.salt);
        let count = u32::try_from(self.table.len()).expect("a file holds at most KEYS_MAX keys");
        body.extend(count.to_be_bytes());
        for (entry, sealed) in self.table.iter() {
            put_entry(entry, &mut body);
            body.extend(sealed);
        }
        body
    }

    /// The HMAC over the whole file, so that no record can be taken out or set back.
    fn root(&self, sealing_key: &KeyBytes) -> [u8; ROOT_LEN] {
        *sealing_key.hmac(&[b"root"]).hmac(&[&self.body()]).expose()
    }

    /// Seals a key under its entry.
    fn seal(&self, entry: &Entry, key: &KeyBytes) -> Result<[u8; SEALED_LEN], StoreError> {
        let sealing_key = self.sealing_key()?;
        let mut aad = Vec::new();
        put_entry(entry, &mut aad);
        let nonce = sealing_key.hmac(&[b"nonce"]).hmac(&[&aad, key.expose()]);
        let nonce = &nonce.expose()[..NONCE_LEN];
        let payload = Payload { msg: key.expose(), aad: &aad };
        let under = sealing_key.hmac(&[b"seal"]);
        let sealed = match self.parameters.cipher {
            Cipher::Aes128Gcm => Aes128Gcm::new_from_slice(&under.expose()[..16])
                .map(|gcm| gcm.encrypt(nonce.try_into().expect("12 bytes"), payload)),
            Cipher::Aes256Gcm => Aes256Gcm::new_from_slice(under.expose())
                .map(|gcm| gcm.encrypt(nonce.try_into().expect("12 bytes"), payload)),
        };
        let sealed = sealed.map_err(|_| StoreError::Seal)?.map_err(|_| StoreError::Seal)?;
        [nonce, &sealed].concat().try_into().map_err(|_| StoreError::Seal)
    }

    /// Opens one key, for the time that the caller keeps it.
    fn open(&self, entry: &Entry, sealed: &[u8; SEALED_LEN]) -> Result<KeyBytes, StoreError> {
        let sealing_key = self.sealing_key()?;
        let mut aad = Vec::new();
        put_entry(entry, &mut aad);
        let (nonce, sealed) = sealed.split_at(NONCE_LEN);
        let payload = Payload { msg: sealed, aad: &aad };
        let under = sealing_key.hmac(&[b"seal"]);
        let opened = match self.parameters.cipher {
            Cipher::Aes128Gcm => Aes128Gcm::new_from_slice(&under.expose()[..16])
                .map(|gcm| gcm.decrypt(nonce.try_into().expect("12 bytes"), payload)),
            Cipher::Aes256Gcm => Aes256Gcm::new_from_slice(under.expose())
                .map(|gcm| gcm.decrypt(nonce.try_into().expect("12 bytes"), payload)),
        };
        let opened = opened.map_err(|_| StoreError::Seal)?.map_err(|_| StoreError::Seal)?;
        KeyBytes::from_slice(&Zeroizing::new(opened)).ok_or(StoreError::Seal)
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedFile").field("keys", &self.table.len()).finish_non_exhaustive()
    }
}

impl KeyStore for SealedFile {
    fn kind(&self) -> StoreKind {
        StoreKind::SealedFile
    }

    fn attributes(&self, name: &[u8]) -> Option<Attributes> {
        self.table.attributes(name)
    }

    fn entries(&self) -> Vec<Entry> {
        self.table.entries()
    }

    fn write(&mut self, entry: Entry, key: KeyBytes, work: &mut Work) -> Result<(), StoreError> {
        self.table.check_room(&entry.name, KEYS_MAX)?;
        let sealed = self.seal(&entry, &key)?;
        work.count(StoreOperation::Seal, 1);
        work.count(StoreOperation::Write, 1);
        self.table.put(entry, sealed);
        Ok(())
    }

    fn erase(&mut self, name: &[u8], work: &mut Work) -> Result<(), StoreError> {
        self.sealing_key()?;
        self.table.remove(name).ok_or(StoreError::Unknown)?;
        work.count(StoreOperation::Erase, 1);
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
        let (entry, sealed) = self.table.known(from)?;
        let level = check_parent(entry.level, derivation)?;
        let key = self.open(entry, sealed)?;
        let key = derivation.run(&key, choices).map_err(|_| StoreError::Text)?;
        work.count(StoreOperation::Seal, 1);
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
        work.count(StoreOperation::Seal, 1);
        operations.count(Operation::AesKey, 1);
        operations.count(Operation::Open, 1);
        operations.count(Operation::AeadByte, KEY_LEN as u64);
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

    /// The file; its root is that of the present state.
    fn storage_image(&self) -> Vec<u8> {
        let root = match &self.seal {
            Seal::Locked { root } => *root,
            Seal::Unlocked(key) => self.root(key),
        };
        [&self.body()[..], &root].concat()
    }

    /// Ciphertext; and, while the file is unlocked, the sealing key, which opens it.
    fn memory_image(&self) -> Vec<u8> {
        let mut memory = self.body();
        if let Seal::Unlocked(key) = &self.seal {
            memory.extend(key.expose());
        }
        memory
    }

    /// In use, the key itself is in memory as well.
    fn memory_image_during(&self, name: &[u8]) -> Vec<u8> {
        let mut memory = self.memory_image();
        if let Ok(key) = self.read(name) {
            memory.extend(key.expose());
        }
        memory
    }

    fn service_times(&self) -> &ServiceTimes {
        &ServiceTimes::SOFTWARE
    }
}

impl Readable for SealedFile {
    fn read(&self, name: &[u8]) -> Result<KeyBytes, StoreError> {
        let (entry, sealed) = self.table.known(name)?;
        self.open(entry, sealed)
    }
}

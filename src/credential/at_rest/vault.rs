//! Vaults: files of sensitive values, encrypted.

use std::collections::BTreeMap;

use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use rand_core::Rng;
use zeroize::Zeroizing;

use crate::credential::KeyBytes;

/// Values of one vault.
pub const RECORDS_MAX: usize = 1 << 16;
/// The longest value, in bytes.
const VALUE_MAX: usize = 1 << 16;
const BLOCK: usize = 16;
const NONCE_LEN: usize = 12;

/// Why a vault does not take or give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Nothing has this name.
    #[error("nothing has this name")]
    Unknown,
    /// The vault is full or the value too long.
    #[error("no room")]
    Full,
    /// The record was altered, or another key is needed.
    #[error("the record does not open")]
    Seal,
}

/// A file of encrypted values. Names are not secret.
pub trait Vault {
    /// Keeps a value, in place of one of the same name.
    ///
    /// # Errors
    /// If there is no room.
    fn put(&mut self, name: &str, value: &[u8], rng: &mut dyn Rng) -> Result<(), VaultError>;

    /// A value.
    ///
    /// # Errors
    /// If there is none, or it does not open.
    fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, VaultError>;

    /// What a thief of the disk gets: all records, in the order of their names.
    fn storage_image(&self) -> Vec<Vec<u8>>;
}

fn check_room<T>(
    records: &BTreeMap<String, T>,
    name: &str,
    value: &[u8],
) -> Result<(), VaultError> {
    let has_room = records.len() < RECORDS_MAX || records.contains_key(name);
    if has_room && value.len() <= VALUE_MAX { Ok(()) } else { Err(VaultError::Full) }
}

/// AES-128 in ECB mode under one key that is the same in every copy of the program: equal blocks have
/// equal ciphertexts, and who has the program has the key.
#[derive(Debug)]
pub struct EcbVault {
    /// The program that opens the vault, as it is installed everywhere; the key is somewhere in it.
    program: Vec<u8>,
    key_at: usize,
    records: BTreeMap<String, Vec<u8>>,
}

impl EcbVault {
    /// A vault of the program with these bytes; its key are the 16 bytes at `key_at`.
    #[must_use]
    pub fn new(program: Vec<u8>, key_at: usize) -> Option<Self> {
        program.get(key_at..key_at + BLOCK)?;
        Some(Self { program, key_at, records: BTreeMap::new() })
    }

    /// The program, as anybody can have it who buys the product.
    #[must_use]
    pub fn program(&self) -> &[u8] {
        &self.program
    }

    fn key(&self) -> [u8; BLOCK] {
        std::array::from_fn(|n| self.program[self.key_at + n])
    }
}

impl Vault for EcbVault {
    /// No randomness is used.
    fn put(&mut self, name: &str, value: &[u8], _rng: &mut dyn Rng) -> Result<(), VaultError> {
        check_room(&self.records, name, value)?;
        let cipher = aes::Aes128::new(&self.key().into());
        // PKCS #7: as many bytes as are missing, each with their number.
        let missing = BLOCK - value.len() % BLOCK;
        let padding = vec![u8::try_from(missing).unwrap_or(0); missing];
        let mut record = [value, &padding].concat();
        for block in record.chunks_exact_mut(BLOCK) {
            cipher.encrypt_block(block.try_into().map_err(|_| VaultError::Seal)?);
        }
        self.records.insert(name.to_owned(), record);
        Ok(())
    }

    fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let record = self.records.get(name).ok_or(VaultError::Unknown)?;
        ecb_decrypt(&self.key(), record).ok_or(VaultError::Seal)
    }

    fn storage_image(&self) -> Vec<Vec<u8>> {
        self.records.values().cloned().collect()
    }
}

/// Decrypts AES-128-ECB with the padding of PKCS #7; none if the padding is wrong, which of wrong keys it
/// is in all but one of 256 cases.
#[must_use]
pub fn ecb_decrypt(key: &[u8; BLOCK], record: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = aes::Aes128::new(key.into());
    let mut clear = Zeroizing::new(record.to_vec());
    let blocks = clear.chunks_exact_mut(BLOCK);
    blocks.for_each(|block| {
        if let Ok(block) = block.try_into() {
            cipher.decrypt_block(block);
        }
    });
    let padding = usize::from(*clear.last()?);
    let at = clear.len().checked_sub(padding)?;
    let is_padding = (1..=BLOCK).contains(&padding)
        && record.len().is_multiple_of(BLOCK)
        && clear[at..].iter().all(|byte| usize::from(*byte) == padding);
    clear.truncate(at);
    is_padding.then_some(clear)
}

/// AES-256-GCM with a fresh nonce for each record, under a key that is kept elsewhere and changes: after
/// each rotation nothing on the disk opens with an old one.
#[derive(Debug)]
pub struct AeadVault {
    epoch: u32,
    key: KeyBytes,
    records: BTreeMap<String, Vec<u8>>,
    rewritten: u64,
}

impl AeadVault {
    /// An empty vault under this key.
    #[must_use]
    pub const fn new(key: KeyBytes) -> Self {
        Self { epoch: 0, key, records: BTreeMap::new(), rewritten: 0 }
    }

    /// How often the key has changed.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Bytes that rotations have encrypted anew.
    #[must_use]
    pub const fn rewritten(&self) -> u64 {
        self.rewritten
    }

    /// Encrypts everything anew under another key.
    ///
    /// # Errors
    /// If a record does not open; then nothing has changed.
    pub fn rotate(&mut self, key: KeyBytes, rng: &mut dyn Rng) -> Result<(), VaultError> {
        let mut next = Self { epoch: self.epoch + 1, key, ..Self::new(self.key.clone()) };
        next.rewritten = self.rewritten;
        for (name, record) in &self.records {
            let value = self.get(name)?;
            next.put(name, &value, rng)?;
            next.rewritten += record.len() as u64;
        }
        *self = next;
        Ok(())
    }
}

impl Vault for AeadVault {
    fn put(&mut self, name: &str, value: &[u8], rng: &mut dyn Rng) -> Result<(), VaultError> {
        check_room(&self.records, name, value)?;
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let epoch = self.epoch.to_be_bytes();
        let aad = [&epoch[..], name.as_bytes()].concat();
        let payload = Payload { msg: value, aad: &aad };
        let cipher = Aes256Gcm::new(self.key.expose().into());
        let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::Seal)?;
        self.records.insert(name.to_owned(), [&epoch[..], &nonce, &sealed].concat());
        Ok(())
    }

    fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let record = self.records.get(name).ok_or(VaultError::Unknown)?;
        open_record(&self.key, name, record).ok_or(VaultError::Seal)
    }

    fn storage_image(&self) -> Vec<Vec<u8>> {
        self.records.values().cloned().collect()
    }
}

/// Opens a record of an [`AeadVault`] with a key: what anybody can do who has both.
#[must_use]
pub fn open_record(key: &KeyBytes, name: &str, record: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (epoch, rest) = record.split_first_chunk::<4>()?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
    let aad = [&epoch[..], name.as_bytes()].concat();
    let payload = Payload { msg: sealed, aad: &aad };
    let cipher = Aes256Gcm::new(key.expose().into());
    cipher.decrypt(&Nonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

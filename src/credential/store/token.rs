//! What a server HSM answers to its administrators: keys that wrap others, and backups.
//!
//! Two interfaces exist. The legacy one is that of many tokens in the field (PKCS #11 with the attributes
//! that applications expect): a key may be exported, and one wrapping key may both wrap and decrypt, so
//! that what was wrapped can be had in the clear (Clulow, CHES 2003). The separated one has no export, and
//! its rules leave no combination of operations that ends with a key outside: a wrapping key is made
//! inside, can do one thing, and that for ever.

use crate::planted::{self, Defect};
#[cfg(test)]
use crate::sabotage::{Mechanism, is_away};
use std::collections::BTreeMap;

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use rand_core::Rng;
use zeroize::Zeroizing;

use super::image::{Reader, put_entry};
use super::{Entry, Hsm, KeyName, KeyStore, Readable, Store, StoreError, StoreOperation, Work};
use crate::credential::{KEY_LEN, KeyBytes};

/// Wrapping keys of one HSM.
pub const TOKEN_KEYS_MAX: usize = 64;
/// The longest request, in bytes.
const REQUEST_MAX: usize = 1 << 16;
const NONCE_LEN: usize = 12;
const BACKUP_MAGIC: &[u8; 4] = b"KSB1";

/// Which requests an HSM answers, and by which rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interface {
    /// Export, and wrapping keys that may do everything.
    Legacy,
    /// No export, and wrapping keys of one power that were made inside.
    #[default]
    Separated,
}

impl Interface {
    /// The name in scenarios and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Separated => "separated",
        }
    }
}

/// What a wrapping key may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Powers {
    /// To wrap credentials.
    pub wrap: bool,
    /// To decrypt data.
    pub decrypt: bool,
}

impl Powers {
    const fn code(self) -> u8 {
        self.wrap as u8 | (self.decrypt as u8) << 1
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            0..=3 => Some(Self { wrap: code & 1 != 0, decrypt: code & 2 != 0 }),
            _ => None,
        }
    }
}

/// What an administrator asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRequest {
    /// The value of a credential.
    Export(KeyName),
    /// A new wrapping key, made inside.
    Generate(KeyName, Powers),
    /// A wrapping key from outside.
    Import(KeyName, Powers, KeyBytes),
    /// Other powers for a wrapping key.
    Grant(KeyName, Powers),
    /// A credential, encrypted under a wrapping key.
    Wrap {
        /// The credential.
        credential: KeyName,
        /// The wrapping key.
        under: KeyName,
    },
    /// Data, decrypted under a wrapping key.
    Decrypt {
        /// The wrapping key.
        under: KeyName,
        /// Nonce and ciphertext.
        data: Vec<u8>,
    },
    /// All credentials, sealed under the key of the HSM's domain.
    Backup,
}

/// What an HSM answers: bytes, if the request asks for any.
pub type TokenAnswer = Zeroizing<Vec<u8>>;

/// Why an HSM does not do what an administrator asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum TokenRefusal {
    /// Bytes that are no request.
    #[error("not a request")]
    Malformed,
    /// The interface has no such operation.
    #[error("no key is exported, to nobody")]
    NoExport,
    /// A wrapping key has one power only.
    #[error("a wrapping key either wraps or decrypts")]
    Conflict,
    /// What comes from outside is known outside.
    #[error("a key from outside wraps nothing")]
    Imported,
    /// Powers are given once.
    #[error("the powers of a wrapping key are fixed")]
    Fixed,
    /// The wrapping key has not this power.
    #[error("the wrapping key may not be used that way")]
    Powerless,
    /// The data was not encrypted under this key.
    #[error("the data does not open")]
    Data,
    /// The HSM belongs to no domain.
    #[error("no domain to make backups for")]
    NoDomain,
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TokenRefusal {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::NoExport => "token_no_export",
            Self::Conflict => "token_power_conflict",
            Self::Imported => "token_imported_key",
            Self::Fixed => "token_powers_fixed",
            Self::Powerless => "token_powerless",
            Self::Data => "token_data",
            Self::NoDomain => "token_no_domain",
            Self::Store(error) => error.name(),
        }
    }
}

impl TokenRequest {
    /// The request as bytes.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::new());
        let put = |name: &KeyName, bytes: &mut Vec<u8>| {
            bytes.push(u8::try_from(name.as_bytes().len()).unwrap_or(u8::MAX));
            bytes.extend(name.as_bytes());
        };
        match self {
            Self::Export(name) => {
                bytes.push(b'x');
                put(name, &mut bytes);
            }
            Self::Generate(name, powers) => {
                bytes.push(b'g');
                put(name, &mut bytes);
                bytes.push(powers.code());
            }
            Self::Import(name, powers, key) => {
                bytes.push(b'i');
                put(name, &mut bytes);
                bytes.push(powers.code());
                bytes.extend(key.expose());
            }
            Self::Grant(name, powers) => {
                bytes.push(b'a');
                put(name, &mut bytes);
                bytes.push(powers.code());
            }
            Self::Wrap { credential, under } => {
                bytes.push(b'w');
                put(credential, &mut bytes);
                put(under, &mut bytes);
            }
            Self::Decrypt { under, data } => {
                bytes.push(b'd');
                put(under, &mut bytes);
                bytes.extend(data);
            }
            Self::Backup => bytes.push(b'b'),
        }
        bytes
    }

    /// Reads a request.
    ///
    /// # Errors
    /// [`TokenRefusal::Malformed`] for bytes that are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, TokenRefusal> {
        let mut reader = Reader::new(bytes);
        let request = read_request(&mut reader).map_err(|_| TokenRefusal::Malformed)?;
        let fits = reader.is_empty() && bytes.len() <= REQUEST_MAX;
        if fits { Ok(request) } else { Err(TokenRefusal::Malformed) }
    }
}

fn read_request(reader: &mut Reader<'_>) -> Result<TokenRequest, StoreError> {
    let name = |reader: &mut Reader<'_>| {
        let len = usize::from(reader.byte()?);
        KeyName::new(str::from_utf8(reader.take(len)?).map_err(|_| StoreError::Image)?)
    };
    let powers =
        |reader: &mut Reader<'_>| Powers::from_code(reader.byte()?).ok_or(StoreError::Image);
    Ok(match reader.byte()? {
        b'x' => TokenRequest::Export(name(reader)?),
        b'g' => TokenRequest::Generate(name(reader)?, powers(reader)?),
        b'i' => {
            let (name, powers) = (name(reader)?, powers(reader)?);
            TokenRequest::Import(name, powers, KeyBytes::new(reader.array()?))
        }
        b'a' => TokenRequest::Grant(name(reader)?, powers(reader)?),
        b'w' => TokenRequest::Wrap { credential: name(reader)?, under: name(reader)? },
        b'd' => {
            let (under, len) = (name(reader)?, reader.rest().len());
            TokenRequest::Decrypt { under, data: reader.take(len)?.to_vec() }
        }
        b'b' => TokenRequest::Backup,
        _ => return Err(StoreError::Image),
    })
}

/// The administrators' side of an HSM: its rules, its wrapping keys, and its domain.
pub(super) struct Token {
    pub(super) interface: Interface,
    keys: BTreeMap<KeyName, (Powers, KeyBytes)>,
    /// What all HSMs of one owner share, so that one can take over the keys of another.
    pub(super) domain: Option<KeyBytes>,
}

impl Token {
    /// The interface of a device's element: nothing is exported, and there is no domain.
    pub(super) const fn new() -> Self {
        Self { interface: Interface::Separated, keys: BTreeMap::new(), domain: None }
    }

    fn known(&self, name: &KeyName) -> Result<&(Powers, KeyBytes), TokenRefusal> {
        Ok(self.keys.get(name).ok_or(StoreError::Unknown)?)
    }

    fn check_powers(&self, powers: Powers) -> Result<(), TokenRefusal> {
        match (self.interface, powers) {
            (Interface::Separated, Powers { wrap: true, decrypt: true }) => {
                Err(TokenRefusal::Conflict)
            }
            _ => Ok(()),
        }
    }

    fn put(&mut self, name: KeyName, powers: Powers, key: KeyBytes) -> Result<(), TokenRefusal> {
        self.check_powers(powers)?;
        let is_known = self.keys.contains_key(&name);
        match self.interface {
            Interface::Separated if is_known => return Err(TokenRefusal::Fixed),
            _ if !is_known && self.keys.len() >= TOKEN_KEYS_MAX => {
                return Err(StoreError::Full.into());
            }
            _ => {}
        }
        self.keys.insert(name, (powers, key));
        Ok(())
    }

    fn grant(&mut self, name: &KeyName, powers: Powers) -> Result<(), TokenRefusal> {
        let (held, _) = self.keys.get_mut(name).ok_or(StoreError::Unknown)?;
        match self.interface {
            Interface::Separated => Err(TokenRefusal::Fixed),
            Interface::Legacy => {
                *held = powers;
                Ok(())
            }
        }
    }
}

impl Hsm {
    /// The same HSM with this interface for its administrators, in the domain that has this key.
    #[must_use]
    pub fn administered(mut self, interface: Interface, domain: KeyBytes) -> Self {
        self.set_administration(interface, domain);
        self
    }

    /// Gives it this interface for its administrators, and puts it into the domain that has this key.
    pub fn set_administration(&mut self, interface: Interface, domain: KeyBytes) {
        self.token = Token { interface, keys: BTreeMap::new(), domain: Some(domain) };
    }

    /// Answers an administrator: any bytes whatever. Randomness is the HSM's own.
    ///
    /// # Errors
    /// If the interface has no such operation or its rules forbid it.
    pub fn administer(
        &mut self,
        request: &[u8],
        rng: &mut dyn Rng,
        work: &mut Work,
    ) -> Result<TokenAnswer, TokenRefusal> {
        work.count(StoreOperation::Mac, 1);
        match TokenRequest::decode(request)? {
            TokenRequest::Export(name) => match self.token.interface {
                #[cfg(test)]
                _ if is_away(Mechanism::ExportRefusal) => {
                    let (_, key) = self.known(name.as_bytes())?;
                    Ok(Zeroizing::new(key.expose().to_vec()))
                }
                Interface::Separated
                    if !planted::is(Defect::HsmExport) || name.as_str() != "k5" =>
                {
                    Err(TokenRefusal::NoExport)
                }
                Interface::Legacy | Interface::Separated => {
                    let (_, key) = self.known(name.as_bytes())?;
                    Ok(Zeroizing::new(key.expose().to_vec()))
                }
            },
            TokenRequest::Generate(name, powers) => {
                let mut key = Zeroizing::new([0; KEY_LEN]);
                rng.fill_bytes(&mut *key);
                self.token.put(name, powers, KeyBytes::new(*key))?;
                Ok(Zeroizing::default())
            }
            TokenRequest::Import(name, powers, key) => {
                let is_strict = self.token.interface == Interface::Separated;
                if powers.wrap && is_strict && !planted::is(Defect::HsmImport) {
                    return Err(TokenRefusal::Imported);
                }
                self.token.put(name, powers, key)?;
                Ok(Zeroizing::default())
            }
            TokenRequest::Grant(name, powers) => {
                self.token.grant(&name, powers)?;
                Ok(Zeroizing::default())
            }
            TokenRequest::Wrap { credential, under } => {
                let (powers, key) = self.token.known(&under)?;
                if !powers.wrap {
                    return Err(TokenRefusal::Powerless);
                }
                let (entry, value) = self.known(credential.as_bytes())?;
                Ok(seal(key, &record(entry, value), rng)?)
            }
            TokenRequest::Decrypt { under, data } => {
                let (powers, key) = self.token.known(&under)?;
                if !powers.decrypt {
                    return Err(TokenRefusal::Powerless);
                }
                open(key, &data).ok_or(TokenRefusal::Data)
            }
            TokenRequest::Backup => self.backup(rng),
        }
    }

    fn backup(&self, rng: &mut dyn Rng) -> Result<TokenAnswer, TokenRefusal> {
        let domain = self.token.domain.as_ref().ok_or(TokenRefusal::NoDomain)?;
        let mut all = Zeroizing::new(BACKUP_MAGIC.to_vec());
        for entry in self.entries() {
            let (entry, key) = self.known(entry.name.as_bytes())?;
            all.extend(record(entry, key).iter());
        }
        Ok(seal(domain, &all, rng)?)
    }

    /// Takes over all credentials of a backup that an HSM of the same domain made; says how many.
    ///
    /// # Errors
    /// If the backup is of another domain, was altered, or holds more than there is room for.
    pub fn restore(&mut self, backup: &[u8], work: &mut Work) -> Result<usize, TokenRefusal> {
        let domain = self.token.domain.as_ref().ok_or(TokenRefusal::NoDomain)?;
        let all = open(domain, backup).ok_or(TokenRefusal::Data)?;
        let records = all.strip_prefix(BACKUP_MAGIC).ok_or(TokenRefusal::Data)?;
        let mut reader = Reader::new(records);
        let mut count = 0;
        while !reader.is_empty() {
            let entry = reader.entry()?;
            self.write(entry, KeyBytes::new(reader.array()?), work)?;
            count += 1;
        }
        Ok(count)
    }
}

impl Store {
    /// A copy of all credentials, as this place makes one: of a file its bytes as they are, of an HSM what
    /// its domain can open.
    ///
    /// # Errors
    /// If an HSM belongs to no domain.
    pub fn backup(&self, rng: &mut dyn Rng) -> Result<Vec<u8>, TokenRefusal> {
        match self {
            Self::Hsm(hsm) => hsm.backup(rng).map(|sealed| sealed.to_vec()),
            Self::Plain(_) | Self::Sealed(_) => Ok(self.keys().storage_image()),
        }
    }

    /// Takes over what [`Self::backup`] of such a place made; says how many credentials.
    ///
    /// # Errors
    /// If the copy is of another place, was altered, or holds more than there is room for.
    pub fn restore(&mut self, backup: &[u8], work: &mut Work) -> Result<usize, TokenRefusal> {
        match self {
            Self::Hsm(hsm) => hsm.restore(backup, work),
            Self::Plain(flash) => {
                let old = super::PlainFlash::load(backup)?;
                for entry in old.entries() {
                    let key = old.read(entry.name.as_bytes())?;
                    flash.write(entry, key, work)?;
                }
                Ok(old.entries().len())
            }
            Self::Sealed(file) => Ok(file.take_back(backup, work)?),
        }
    }
}

/// A credential with what is known of it.
fn record(entry: &Entry, key: &KeyBytes) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::new());
    put_entry(entry, &mut bytes);
    bytes.extend(key.expose());
    bytes
}

/// Nonce and AES-256-GCM.
fn seal(key: &KeyBytes, text: &[u8], rng: &mut dyn Rng) -> Result<TokenAnswer, StoreError> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let cipher = Aes256Gcm::new(key.expose().into());
    let sealed = cipher.encrypt(&Nonce::from(nonce), text).map_err(|_| StoreError::Seal)?;
    Ok(Zeroizing::new([&nonce[..], &sealed].concat()))
}

fn open(key: &KeyBytes, data: &[u8]) -> Option<TokenAnswer> {
    let (nonce, sealed) = data.split_first_chunk::<NONCE_LEN>()?;
    let cipher = Aes256Gcm::new(key.expose().into());
    cipher.decrypt(&Nonce::from(*nonce), sealed).ok().map(Zeroizing::new)
}

/// The credential in what an HSM wrapped, for whoever knows the wrapping key.
#[must_use]
pub fn unwrap_key(wrapped: &[u8], under: &KeyBytes) -> Option<(Entry, KeyBytes)> {
    read_record(&open(under, wrapped)?)
}

/// The credential in a record in the clear, as a token that decrypts hands it out.
#[must_use]
pub fn read_record(record: &[u8]) -> Option<(Entry, KeyBytes)> {
    let mut reader = Reader::new(record);
    let entry = reader.entry().ok()?;
    let key = KeyBytes::new(reader.array().ok()?);
    reader.is_empty().then_some((entry, key))
}

//! Where keys live. One trait, [`KeyStore`], and four places behind it.
//!
//! A store is asked for what a key does, never for the key: [`KeyStore`] has no method that returns key
//! bytes. Places from which a key *can* be read say so in their type, by being [`Readable`] too: plain
//! flash and a sealed file are, an HSM is not.
//!
//! What leaves an HSM is the result of its computations. Two of them deserve a warning: the early secret of
//! a DTLS 1.3 handshake is as good as the key for every later handshake of version 1.3 under that identity,
//! and a derived key that was written back by a host has been in that host's memory.
//!
//! # How a node uses one
//!
//! A node holds a [`Store`]. For each call of an association it makes [`HandshakeKeys`] of it, with the
//! present time, and passes them as the pre-shared keys. Afterwards it takes [`HandshakeKeys::work`], turns
//! that into a span with [`Work::time`] and the store's service times, and, if that is not zero, hands the
//! span to a [`ServiceQueue`] of the HSM: what the association wants sent leaves when the HSM is done.

mod element;
mod flash;
mod handshake;
mod image;
mod pairing;
mod power;
mod queue;
mod sealed;
mod table;
mod token;
mod usage;
mod work;

use rand_core::Rng;
use zeroize::Zeroizing;

use crate::association::Operations;
use crate::credential::software_aes::Block;
use crate::credential::{Choices, Derivation, KeyBytes, Level, lifetime::Validity};

pub(in crate::credential) use image::Reader;

pub use element::{Hsm, HsmProfile};
pub use flash::PlainFlash;
pub use handshake::{HandshakeKeys, Resolve};
pub use image::carve;
pub use pairing::{HostKey, PAIRING_NONCE_LEN};
pub use power::{Probe, SAMPLES, TRACES_MAX, Trace};
pub use queue::{QueueFull, ServiceQueue};
pub use sealed::{Cipher, SALT_LEN, SealParameters, SealedFile};
pub use table::{Attributes, Entry, KeyName};
pub use token::{
    Interface, Powers, TOKEN_KEYS_MAX, TokenAnswer, TokenRefusal, TokenRequest, read_record,
    unwrap_key,
};
pub use usage::Usage;
pub use work::{ServiceTimes, StoreOperation, Work};

/// The longest name of a key in a store: the longest psk_identity.
pub const NAME_MAX: usize = 128;
/// Keys that a store in memory or flash may hold.
pub const KEYS_MAX: usize = 1 << 21;

/// Which place a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreKind {
    /// Raw bytes in flash.
    PlainFlash,
    /// A file sealed under a passphrase or device secret.
    SealedFile,
    /// A secure element in a device.
    DeviceHsm,
    /// A hardware security module in a data centre.
    ServerHsm,
}

impl StoreKind {
    /// The name in scenarios and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlainFlash => "plain_flash",
            Self::SealedFile => "sealed_file",
            Self::DeviceHsm => "device_hsm",
            Self::ServerHsm => "server_hsm",
        }
    }
}

/// Why a store does not do what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum StoreError {
    /// No key has this name.
    #[error("no key has this name")]
    Unknown,
    /// A name is empty or longer than [`NAME_MAX`].
    #[error("a name has 1 to {NAME_MAX} bytes")]
    Name,
    /// There is no room for another key.
    #[error("the store is full")]
    Full,
    /// A key of this level may not be used that way.
    #[error("a key of this level may not be used that way")]
    Usage,
    /// The validity of the key has not begun.
    #[error("the key is not valid yet")]
    NotYet,
    /// The validity of the key is over.
    #[error("the key has expired")]
    Expired,
    /// The sealed file has not been unlocked.
    #[error("the store is locked")]
    Locked,
    /// A wrong passphrase, or an altered file: the two cannot be told apart.
    #[error("a wrong passphrase or an altered file")]
    Seal,
    /// An image that no store has written.
    #[error("not the image of a store")]
    Image,
    /// The parameters of a seal lie outside their limits.
    #[error("the parameters of the seal are out of bounds")]
    Parameters,
    /// The secure element has not been woken up by the host it is paired with.
    #[error("the secure element serves another host")]
    Unpaired,
    /// A text in a derivation is empty or too long.
    #[error("a text in a derivation is empty or too long")]
    Text,
    /// The queue in front of the HSM is full.
    #[error("the queue of the HSM is full")]
    Busy,
    /// The factory locked the slots of the HSM: what comes over its pins does not change them.
    #[error("the slots of the secure element are locked")]
    SlotLocked,
    /// The HSM has been asked for so many proofs that it takes the asker for somebody with a probe.
    #[error("the secure element has been asked too often")]
    Tampered,
}

impl StoreError {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "store_unknown_key",
            Self::Name => "store_name",
            Self::Full => "store_full",
            Self::Usage => "store_usage",
            Self::NotYet => "store_not_yet_valid",
            Self::Expired => "store_expired",
            Self::Locked => "store_locked",
            Self::Seal => "store_seal",
            Self::Image => "store_image",
            Self::Parameters => "store_parameters",
            Self::Unpaired => "store_unpaired",
            Self::Text => "store_text",
            Self::Busy => "hsm_queue_full",
            Self::SlotLocked => "hsm_slot_locked",
            Self::Tampered => "hsm_tampered",
        }
    }
}

/// A place where keys live.
///
/// What it does is booked as [`Work`], which [`service_times`](Self::service_times) turns into the time
/// for which the place is busy; what the host's own processor does is counted in [`Operations`].
pub trait KeyStore {
    /// Which place it is.
    fn kind(&self) -> StoreKind;

    /// What is known of the key with this name; not secret.
    fn attributes(&self, name: &[u8]) -> Option<Attributes>;

    /// All entries, in the order of their names.
    fn entries(&self) -> Vec<Entry>;

    /// Puts a key in, in place of one of the same name.
    fn write(&mut self, entry: Entry, key: KeyBytes, work: &mut Work) -> Result<(), StoreError>;

    /// Removes a key.
    fn erase(&mut self, name: &[u8], work: &mut Work) -> Result<(), StoreError>;

    /// Derives a key from the one called `from` and keeps it, under the name and validity given, without
    /// handing it out. Its level is the derivation's.
    fn derive(
        &mut self,
        from: &[u8],
        derivation: &Derivation,
        choices: &Choices,
        into: (KeyName, Validity),
        work: &mut Work,
    ) -> Result<(), StoreError>;

    /// Uses the key with this name, whatever its validity: [`HandshakeKeys`] looks at that.
    fn compute(
        &self,
        name: &[u8],
        usage: &Usage<'_>,
        work: &mut Work,
        operations: &mut Operations,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError>;

    /// Proves on the spot that it holds the key with this name: the AES-256 of `block`. The noise and the
    /// masks of the chip come from `chip`; a probe beside it records what it can.
    fn prove(
        &mut self,
        name: &[u8],
        block: &Block,
        chip: &mut dyn Rng,
        probe: Option<&mut Probe>,
        work: &mut Work,
    ) -> Result<Block, StoreError>;

    /// The bytes that the host keeps when power is off: what a thief of its flash or disk reads.
    fn storage_image(&self) -> Vec<u8>;

    /// The bytes that the store has in the host's memory between two uses.
    fn memory_image(&self) -> Vec<u8>;

    /// The same in the middle of a use of the key with this name.
    fn memory_image_during(&self, name: &[u8]) -> Vec<u8>;

    /// For how long each operation keeps the place busy.
    fn service_times(&self) -> &ServiceTimes;
}

/// A place from which keys can be read back.
pub trait Readable: KeyStore {
    /// The key with this name.
    fn read(&self, name: &[u8]) -> Result<KeyBytes, StoreError>;
}

/// One of the places, for those who choose at run time. It does not add a way to read: see
/// [`readable`](Self::readable).
#[derive(Debug)]
pub enum Store {
    /// Raw bytes in flash.
    Plain(PlainFlash),
    /// A sealed file.
    Sealed(Box<SealedFile>),
    /// A secure element or server HSM.
    Hsm(Box<Hsm>),
}

impl Store {
    /// The store as what all places have in common.
    #[must_use]
    pub fn keys(&self) -> &dyn KeyStore {
        match self {
            Self::Plain(store) => store,
            Self::Sealed(store) => &**store,
            Self::Hsm(store) => &**store,
        }
    }

    /// The same, to change it.
    pub fn keys_mut(&mut self) -> &mut dyn KeyStore {
        match self {
            Self::Plain(store) => store,
            Self::Sealed(store) => &mut **store,
            Self::Hsm(store) => &mut **store,
        }
    }

    /// What it can do in which time, if it is an HSM.
    #[must_use]
    pub fn hsm_profile(&self) -> Option<&HsmProfile> {
        if let Self::Hsm(hsm) = self { Some(hsm.profile()) } else { None }
    }

    /// Somebody writes `image` over the chip that the keys are in, with a programmer on its pins, and the host starts
    /// again from what is there then. Each kind of chip decides for itself what comes of that.
    ///
    /// # Errors
    /// If the chip does not take it, or the host does not believe what it reads.
    pub fn program(&mut self, image: &[u8]) -> Result<(), StoreError> {
        match self {
            // What was there before is gone, whether or not the host can read what is there now.
            Self::Plain(flash) => {
                *flash = PlainFlash::new();
                *flash = PlainFlash::load(image)?;
                Ok(())
            }
            Self::Sealed(file) => file.replace(image),
            Self::Hsm(hsm) => hsm.program(image),
        }
    }

    /// The store as one that can be read, if its type is such a one.
    #[must_use]
    pub fn readable(&self) -> Option<&dyn Readable> {
        match self {
            Self::Plain(store) => Some(store),
            Self::Sealed(store) => Some(&**store),
            Self::Hsm(_) => None,
        }
    }
}

impl Default for Store {
    /// Plain flash without keys.
    fn default() -> Self {
        Self::Plain(PlainFlash::new())
    }
}

/// The level that a key must have for a derivation.
fn check_parent(level: Level, derivation: &Derivation) -> Result<Level, StoreError> {
    if level == derivation.parent() { Ok(derivation.child()) } else { Err(StoreError::Usage) }
}

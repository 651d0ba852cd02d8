//! The bytes of a secret key: erased when dropped, never shown, compared in constant time.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The length of every symmetric key of the hierarchy: 256 bits (TS-0003 clauses 10.3.1 to 10.3.8).
pub const KEY_LEN: usize = 32;
/// A key that everybody knows, attackers included: what runs where keys authenticate nobody.
pub const WELL_KNOWN_KEY: [u8; KEY_LEN] = *b"everybody knows this key: nobody";

/// Whoever holds a value of this type holds the key. It cannot be serialised, its `Debug` shows
/// nothing, and its bytes are overwritten when it is dropped.
#[derive(Clone)]
pub struct KeyBytes(Zeroizing<[u8; KEY_LEN]>);

impl KeyBytes {
    /// A key of these bytes. The array that was passed is the caller's to erase.
    #[must_use]
    pub fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A key of these bytes, if they are as many as a key has.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        if bytes.len() != KEY_LEN {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The bytes themselves. Every use of this is a place where a key is in the open.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// HMAC-SHA-256 under this key over `parts` as one message.
    #[must_use]
    pub fn hmac(&self, parts: &[&[u8]]) -> Self {
        hmac_with(&self.0[..], parts)
    }
}

/// HMAC-SHA-256 under a key of any length.
pub(super) fn hmac_with(key: &[u8], parts: &[&[u8]]) -> KeyBytes {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    KeyBytes::new(mac.finalize().into_bytes().into())
}

impl PartialEq for KeyBytes {
    /// The time it takes does not tell where two keys differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0[..]).into()
    }
}

impl Eq for KeyBytes {}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes(..)")
    }
}

//! Pre-shared keys that stay out of logs.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use super::LiveError;
use crate::association::{Operations, PskStore, Secret, early_secret, master_secret_12};

/// Longest key in bytes; RFC 9257 section 6 asks for at least 16 bytes of entropy, no more than a hash.
const KEY_LEN_MAX: usize = 64;

/// A pre-shared key. It is never printed.
#[derive(Clone)]
pub struct Psk(Zeroizing<Vec<u8>>);

impl Psk {
    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Reads hexadecimal digits.
    ///
    /// # Errors
    /// Anything but 1 to 64 bytes in pairs of digits; the error does not repeat the text.
    pub fn from_hex(text: &str) -> Result<Self, LiveError> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let pairs = text.as_bytes().chunks_exact(2);
        if !pairs.remainder().is_empty() || !(1..=KEY_LEN_MAX).contains(&pairs.len()) {
            return Err(LiveError::BadKey);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_LEN_MAX));
        for pair in pairs {
            match (digit(pair[0]), digit(pair[1])) {
                (Some(high), Some(low)) => bytes.push(high << 4 | low),
                _ => return Err(LiveError::BadKey),
            }
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Psk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Psk(..)")
    }
}

/// Keys by identity: one at a client, all at a server.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<Vec<u8>, Psk>);

impl Keys {
    /// A single key.
    #[must_use]
    pub fn one(identity: &str, psk: Psk) -> Self {
        let mut keys = Self::default();
        keys.add(identity, psk);
        keys
    }

    /// Adds a key; an earlier one of the identity is forgotten.
    pub fn add(&mut self, identity: &str, psk: Psk) {
        self.0.insert(identity.as_bytes().to_vec(), psk);
    }
}

impl PskStore for Keys {
    fn early_secret(&self, identity: &[u8], operations: &mut Operations) -> Option<Secret> {
        Some(early_secret(&self.0.get(identity)?.0, operations))
    }

    fn knows(&self, identity: &[u8]) -> bool {
        self.0.contains_key(identity)
    }

    fn master_secret_12(
        &self,
        identity: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        Some(master_secret_12(&self.0.get(identity)?.0, label, seed, operations))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_hexadecimal_digits_and_never_shown() {
        let psk = Psk::from_hex("00ffA7").expect("three bytes");
        assert_eq!(*psk.0, [0, 255, 0xa7]);
        assert_eq!(format!("{psk:?}"), "Psk(..)");
        for wrong in ["", "0", "0g", "0x00", "äö", &"00".repeat(65)] {
            let error = Psk::from_hex(wrong).expect_err("it is no key");
            assert!(wrong.len() < 2 || !error.to_string().contains(wrong), "{error}");
        }
    }
}

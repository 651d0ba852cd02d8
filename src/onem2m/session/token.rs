//! Tokens: how they are made, and what is kept of them.

use rand_core::Rng;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Where tokens that are counted begin.
pub(super) const FIRST: u64 = 0x1000;
/// Bytes of a random token: 128 bits.
const TOKEN_LEN: usize = 16;

/// What tokens are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tokens {
    /// A number, one more each time.
    Sequential,
    /// 128 random bits.
    #[default]
    Random,
}

impl Tokens {
    /// The next token, as text.
    pub(super) fn make(self, next: &mut u64, rng: &mut dyn Rng) -> String {
        match self {
            Self::Sequential => {
                let token = format!("{next:08x}");
                *next = next.wrapping_add(1);
                token
            }
            Self::Random => {
                let mut bytes = [0; TOKEN_LEN];
                rng.fill_bytes(&mut bytes);
                format!("{:032x}", u128::from_be_bytes(bytes))
            }
        }
    }
}

/// What is kept of a token: its SHA-256. How long it takes to look one up says something of the digest at most, from
/// which nobody gets to the token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digest([u8; 32]);

/// The digest of a token.
pub(super) fn digest(token: &str) -> Digest {
    Digest(Sha256::digest(token.as_bytes()).into())
}

impl Digest {
    /// The part that sessions are sorted by.
    pub(super) fn place(&self) -> [u8; 8] {
        let mut place = [0; 8];
        place.copy_from_slice(&self.0[..8]);
        place
    }

    /// Equal, in constant time.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

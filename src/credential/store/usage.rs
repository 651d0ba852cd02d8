//! What can be asked of a key, and how it is computed where the key is.

use zeroize::Zeroizing;

use crate::association::{Operation, Operations, early_secret};
use crate::credential::{KeyBytes, Level};

use super::{StoreError, StoreOperation, Work};

/// Ours: separates what a second factor contributes from every derivation of the standard.
const FACTOR_LABEL: &[u8] = b"keystorm second factor contribution";
/// Ours: the pre-shared key of two factors.
const COMBINED_LABEL: &[u8] = b"keystorm pre-shared key of two factors";

/// A use of a key.
#[derive(Clone, Copy, Debug)]
pub enum Usage<'a> {
    /// HKDF-Extract(0, PSK), for a DTLS 1.3 handshake (RFC 8446 section 7.1).
    EarlySecret {
        /// What a second factor contributes.
        factor: Option<&'a KeyBytes>,
    },
    /// The master secret of a DTLS 1.2 handshake with the PSK alone (RFC 4279 section 2).
    MasterSecret12 {
        /// `master secret` or `extended master secret`.
        label: &'a [u8],
        /// The randoms, or the session hash.
        seed: &'a [u8],
        /// What a second factor contributes.
        factor: Option<&'a KeyBytes>,
    },
    /// What this key contributes to handshakes under `identity` as their second factor.
    Factor {
        /// The psk_identity of the first factor.
        identity: &'a [u8],
    },
    /// HMAC-SHA-256 over a message.
    Mac {
        /// The message.
        message: &'a [u8],
    },
}

impl Usage<'_> {
    /// Whether a key of `level` may be used so.
    #[must_use]
    pub const fn is_allowed_at(&self, level: Level) -> bool {
        match self {
            Self::Mac { .. } => level.is_mac_key(),
            _ => level.is_handshake_key(),
        }
    }

    pub(super) fn check(&self, level: Level) -> Result<(), StoreError> {
        if self.is_allowed_at(level) { Ok(()) } else { Err(StoreError::Usage) }
    }

    /// What a place that computes it is busy with: a secure element does a TLS 1.2 PRF in one command.
    pub(super) const fn book(&self, work: &mut Work) {
        match self {
            Self::EarlySecret { factor } | Self::MasterSecret12 { factor, .. } => {
                work.count(StoreOperation::Kdf, if factor.is_some() { 2 } else { 1 });
            }
            Self::Factor { .. } => work.count(StoreOperation::Kdf, 1),
            Self::Mac { .. } => work.count(StoreOperation::Mac, 1),
        }
    }

    /// Computes it.
    pub(super) fn run(&self, key: &KeyBytes, operations: &mut Operations) -> Zeroizing<Vec<u8>> {
        let bytes = match self {
            Self::EarlySecret { factor } => {
                early_secret(combined(key, *factor, operations).expose(), operations).to_vec()
            }
            Self::MasterSecret12 { label, seed, factor } => {
                master_secret_12(&combined(key, *factor, operations), label, seed, operations)
            }
            Self::Factor { identity } => {
                counted_hmac(key, &[FACTOR_LABEL, identity], operations).expose().to_vec()
            }
            Self::Mac { message } => counted_hmac(key, &[message], operations).expose().to_vec(),
        };
        Zeroizing::new(bytes)
    }
}

/// The pre-shared key: this key alone, or with the contribution of a second factor. Whoever lacks either
/// key cannot compute it.
fn combined(key: &KeyBytes, factor: Option<&KeyBytes>, operations: &mut Operations) -> KeyBytes {
    factor.map_or_else(
        || key.clone(),
        |factor| counted_hmac(key, &[COMBINED_LABEL, factor.expose()], operations),
    )
}

fn counted_hmac(key: &KeyBytes, parts: &[&[u8]], operations: &mut Operations) -> KeyBytes {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    operations.count(Operation::Hmac, 1);
    // Two pads, the message with its padding, and the outer hash.
    operations.count(Operation::Sha256Block, 3 + (len as u64 + 9).div_ceil(64));
    key.hmac(parts)
}

/// P_SHA256 (RFC 5246 section 5) of the premaster secret of a plain PSK: its length, as many zeros, its
/// length again, and the key (RFC 4279 section 2).
fn master_secret_12(
    key: &KeyBytes,
    label: &[u8],
    seed: &[u8],
    operations: &mut Operations,
) -> Vec<u8> {
    const LEN: [u8; 2] = [0, 32];
    let premaster = Zeroizing::new([&LEN[..], &[0; 32], &LEN, key.expose()].concat());
    let mut hmac = |parts: &[&[u8]]| {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        operations.count(Operation::Hmac, 1);
        // A key of more than a block is hashed first, which takes two compressions here.
        operations.count(Operation::Sha256Block, 5 + (len as u64 + 9).div_ceil(64));
        crate::credential::key::hmac_with(&premaster, parts)
    };
    let a1 = hmac(&[label, seed]);
    let a2 = hmac(&[a1.expose()]);
    let blocks = [&a1, &a2].map(|a| hmac(&[a.expose(), label, seed]));
    let mut secret = blocks[0].expose().to_vec();
    secret.extend(&blocks[1].expose()[..16]);
    secret
}

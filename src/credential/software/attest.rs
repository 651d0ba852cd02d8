//! Attestation: a node says what it measured when it started, signed by a key that its software does not
//! have, over a nonce of the one who asks.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::boot::Loaded;
use super::tree::Root;
use crate::credential::KeyBytes;

/// Bytes of a nonce.
pub const ATTEST_NONCE_LEN: usize = 16;
/// Bytes of a quote.
pub const QUOTE_LEN: usize = ATTEST_NONCE_LEN + 32 + 64;

const LABEL: &[u8] = b"keystorm attestation";

/// The part of a node that measures and signs: it runs before all software, and its key and register
/// cannot be reached from there.
#[derive(Debug)]
pub struct Attester {
    key: SigningKey,
    register: Root,
}

/// What was measured, bound to a nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The nonce of the one who asked.
    pub nonce: [u8; ATTEST_NONCE_LEN],
    /// What was measured at the last start.
    pub measured: Root,
    /// The signature over both.
    pub signature: [u8; 64],
}

/// Why an attestation is not believed, or says that something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum AttestationFault {
    /// Bytes that are no quote.
    #[error("not a quote")]
    Format,
    /// The answer to another question.
    #[error("the quote is not fresh")]
    Stale,
    /// Not signed by this node.
    #[error("the quote is not this node's")]
    Signature,
    /// Software that is not expected there.
    #[error("the node runs other software")]
    Mismatch,
}

impl AttestationFault {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Format => "attestation_format",
            Self::Stale => "attestation_stale",
            Self::Signature => "attestation_signature",
            Self::Mismatch => "attestation_mismatch",
        }
    }
}

impl Attester {
    /// The attester whose signing key has this seed; nothing is measured yet.
    #[must_use]
    pub fn new(seed: &KeyBytes) -> Self {
        Self { key: SigningKey::from_bytes(seed.expose()), register: [0; 32] }
    }

    /// What a verifier has to know of it.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// Remembers what starts now.
    pub const fn measure(&mut self, loaded: &Loaded) {
        self.register = loaded.measured;
    }

    /// Says what was measured.
    #[must_use]
    pub fn quote(&self, nonce: [u8; ATTEST_NONCE_LEN]) -> Quote {
        let measured = self.register;
        let signature = self.key.sign(&covered(&nonce, &measured)).to_bytes();
        Quote { nonce, measured, signature }
    }
}

fn covered(nonce: &[u8], measured: &Root) -> Vec<u8> {
    [LABEL, nonce, measured].concat()
}

impl Quote {
    /// The quote as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [&self.nonce[..], &self.measured, &self.signature].concat()
    }

    /// Reads a quote.
    ///
    /// # Errors
    /// [`AttestationFault::Format`] for bytes that are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, AttestationFault> {
        let bytes: &[u8; QUOTE_LEN] = bytes.try_into().map_err(|_| AttestationFault::Format)?;
        Ok(Self {
            nonce: std::array::from_fn(|n| bytes[n]),
            measured: std::array::from_fn(|n| bytes[ATTEST_NONCE_LEN + n]),
            signature: std::array::from_fn(|n| bytes[ATTEST_NONCE_LEN + 32 + n]),
        })
    }
}

/// The one who asks nodes what they run.
#[derive(Clone, Debug)]
pub struct Verifier {
    node: VerifyingKey,
    /// The version of each image that the node may run, by what is measured of it.
    expected: BTreeMap<Root, u32>,
}

impl Verifier {
    /// A verifier of the node with this key, which may run nothing yet.
    #[must_use]
    pub const fn new(node: VerifyingKey) -> Self {
        Self { node, expected: BTreeMap::new() }
    }

    /// Lets the node run an image; older ones are no longer expected.
    pub fn expect(&mut self, measured: Root, version: u32) {
        self.expected.retain(|_, other| *other >= version);
        self.expected.insert(measured, version);
    }

    /// Checks an answer to `nonce`: any bytes whatever. The version that runs.
    ///
    /// # Errors
    /// If the answer is not believed, or the node runs what it may not.
    pub fn check(
        &self,
        nonce: &[u8; ATTEST_NONCE_LEN],
        answer: &[u8],
    ) -> Result<u32, AttestationFault> {
        let quote = Quote::decode(answer)?;
        let signature = Signature::from_bytes(&quote.signature);
        let covered = covered(&quote.nonce, &quote.measured);
        let verified = self.node.verify_strict(&covered, &signature);
        verified.map_err(|_| AttestationFault::Signature)?;
        if quote.nonce != *nonce {
            return Err(AttestationFault::Stale);
        }
        self.expected.get(&quote.measured).copied().ok_or(AttestationFault::Mismatch)
    }
}

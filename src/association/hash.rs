//! SHA-256 and HMAC whose work is counted from the real input lengths.

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Operation, Operations, Secret};
use crate::wire::dtls::HandshakeType;

const BLOCK: u64 = 64;

/// SHA-256 of nothing.
pub(super) const EMPTY_HASH: Secret = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Compressions of a message of `len` bytes: its padding takes at least nine more.
const fn blocks(len: u64) -> u64 {
    (len + 9).div_ceil(BLOCK)
}

/// Counts the preparation of an HMAC key of `len` bytes: one that is longer than a block is hashed.
pub(super) const fn count_hmac_key_of(len: usize, operations: &mut Operations) {
    if len as u64 > BLOCK {
        operations.count(Operation::Sha256Block, blocks(len as u64));
    }
    count_hmac_key(operations);
}

/// Counts the preparation of an HMAC key: one compression for each pad.
pub(super) const fn count_hmac_key(operations: &mut Operations) {
    operations.count(Operation::Sha256Block, 2);
}

/// Counts one HMAC under a prepared key over `len` bytes.
pub(super) const fn count_hmac(len: usize, operations: &mut Operations) {
    operations.count(Operation::Hmac, 1);
    // Inner: the pad is already compressed. Outer: one more block for the inner hash.
    operations.count(Operation::Sha256Block, blocks(BLOCK + len as u64) - 1 + 1);
}

/// The running hash of a handshake (RFC 8446 section 4.4.1).
#[derive(Clone)]
pub(super) struct Transcript {
    sha: Sha256,
    len: u64,
}

impl Transcript {
    pub(super) fn new() -> Self {
        Self { sha: Sha256::new(), len: 0 }
    }

    /// The transcript of a handshake that went through HelloRetryRequest: the first ClientHello is
    /// present only as its hash, so that a server need not keep it.
    pub(super) fn after_retry(
        first_hello: &Secret,
        retry: &[u8],
        operations: &mut Operations,
    ) -> Self {
        let mut transcript = Self::new();
        transcript.add(&[HandshakeType::MessageHash as u8, 0, 0, 32], operations);
        transcript.add(first_hello, operations);
        transcript.add(retry, operations);
        transcript
    }

    /// Adds a message, or a part of one, in TLS form (RFC 9147 section 5.2).
    pub(super) fn add(&mut self, bytes: &[u8], operations: &mut Operations) {
        let before = self.len / BLOCK;
        self.len += bytes.len() as u64;
        operations.count(Operation::Sha256Block, self.len / BLOCK - before);
        self.sha.update(bytes);
    }

    pub(super) fn hash(&self, operations: &mut Operations) -> Secret {
        operations.count(Operation::Sha256Block, blocks(self.len) - self.len / BLOCK);
        self.sha.clone().finalize().into()
    }

    /// The hash with `bytes` added, which stay out of the transcript itself.
    pub(super) fn hash_with(&self, bytes: &[u8], operations: &mut Operations) -> Secret {
        let mut longer = self.clone();
        longer.add(bytes, operations);
        longer.hash(operations)
    }
}

/// SHA-256 of `bytes`.
pub(super) fn sha256(bytes: &[u8], operations: &mut Operations) -> Secret {
    Transcript::new().hash_with(bytes, operations)
}

/// HMAC-SHA-256 over `parts` as one message.
pub(super) fn hmac(key: &Secret, parts: &[&[u8]], operations: &mut Operations) -> Secret {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    count_hmac_key(operations);
    for part in parts {
        mac.update(part);
    }
    count_hmac(parts.iter().map(|part| part.len()).sum(), operations);
    mac.finalize().into_bytes().into()
}

/// Comparison whose time does not tell where two values differ.
pub(super) fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_hash_is_that_of_nothing() {
        assert_eq!(sha256(&[], &mut Operations::default()), EMPTY_HASH);
    }

    #[test]
    fn a_retry_leaves_the_first_hello_as_a_synthetic_message_of_its_hash() {
        let operations = &mut Operations::default();
        let (hello, retry) = (b"first ClientHello", b"HelloRetryRequest");
        let hash = sha256(hello, operations);
        // RFC 8446 section 4.4.1: type 254, 24-bit length 32, the hash.
        let written = [&[254, 0, 0, 32][..], &hash, retry].concat();
        let transcript = Transcript::after_retry(&hash, retry, operations);
        assert_eq!(transcript.hash(operations), sha256(&written, operations));
    }

    #[test]
    fn every_compression_is_counted_once_however_the_input_is_split() {
        for (len, compressions) in [(0, 1), (55, 1), (56, 2), (64, 2), (119, 2), (120, 3)] {
            let data = vec![7; len];
            for split in 0..=len {
                let mut operations = Operations::default();
                let mut transcript = Transcript::new();
                transcript.add(&data[..split], &mut operations);
                transcript.add(&data[split..], &mut operations);
                transcript.hash(&mut operations);
                assert_eq!(operations.of(Operation::Sha256Block), compressions, "{len} {split}");
            }
        }
    }

    #[test]
    fn an_hmac_of_a_hash_takes_four_compressions_two_of_them_for_the_key() {
        let mut operations = Operations::default();
        hmac(&[1; 32], &[&[2; 32]], &mut operations);
        assert_eq!(operations.of(Operation::Hmac), 1);
        assert_eq!(operations.of(Operation::Sha256Block), 4);
    }
}

//! The key schedule (RFC 8446 section 7, with the label prefix of RFC 9147 section 5.9).

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::hash::{EMPTY_HASH, count_hmac, count_hmac_key, hmac};
use super::{Operations, Secret};

/// The label prefix of DTLS 1.3, where TLS 1.3 has "tls13 ". No trailing space: "dtls13" plus the
/// longest label still fits one hash block (RFC 9147 section 5.9).
pub(super) const DTLS13: &[u8] = b"dtls13";
/// The longest label with its prefix (RFC 8446 section 7.1).
const MAX_LABEL: usize = 255;

/// Longest HkdfLabel that is put together before it is hashed: any of RFC 8446 and RFC 9147 with a hash
/// as its context.
const JOINED_INFO: usize = 64;

/// A secret made ready for expansion: the key pads are computed once for all labels.
#[derive(Clone)]
pub(super) struct Expander {
    hkdf: Hkdf<Sha256>,
    prefix: &'static [u8],
}

impl Expander {
    pub(super) fn new(secret: &Secret, operations: &mut Operations) -> Self {
        Self::with_prefix(secret, DTLS13, operations)
    }

    fn with_prefix(secret: &Secret, prefix: &'static [u8], operations: &mut Operations) -> Self {
        count_hmac_key(operations);
        let hkdf = Hkdf::from_prk(secret).expect("a secret has the length of the hash");
        Self { hkdf, prefix }
    }

    /// HKDF-Expand-Label. `None` if the label or the output is too long.
    pub(super) fn expand_into(
        &self,
        label: &[u8],
        context: &[u8],
        out: &mut [u8],
        operations: &mut Operations,
    ) -> Option<()> {
        let length = u16::try_from(out.len()).ok()?.to_be_bytes();
        let label_len = u8::try_from(self.prefix.len() + label.len()).ok()?;
        let context_len = u8::try_from(context.len()).ok()?;
        let info = [&length, &[label_len][..], self.prefix, label, &[context_len], context];
        let info_len: usize = info.iter().map(|part| part.len()).sum();
        // Feeding the hash once instead of part by part is worth a tenth of a handshake; nearly all
        // labels fit.
        let mut joined = [0; JOINED_INFO];
        if info_len <= JOINED_INFO {
            let mut at = 0;
            for part in info {
                joined[at..at + part.len()].copy_from_slice(part);
                at += part.len();
            }
            self.hkdf.expand(&joined[..info_len], out).ok()?;
        } else {
            self.hkdf.expand_multi_info(&info, out).ok()?;
        }
        for block in 0..out.len().div_ceil(32) {
            // HKDF-Expand: each block but the first begins with the one before (RFC 5869).
            count_hmac(info_len + 1 + if block > 0 { 32 } else { 0 }, operations);
        }
        Some(())
    }

    /// HKDF-Expand-Label to a fixed length.
    pub(super) fn expand<const N: usize>(
        &self,
        label: &str,
        context: &[u8],
        operations: &mut Operations,
    ) -> [u8; N] {
        const { assert!(N <= 32) };
        debug_assert!(label.len() <= MAX_LABEL - self.prefix.len());
        let mut out = [0; N];
        self.expand_into(label.as_bytes(), context, &mut out, operations)
            .expect("labels and contexts of the schedule are short");
        out
    }

    /// Derive-Secret with the transcript already hashed.
    pub(super) fn derive(
        &self,
        label: &str,
        hash: &Secret,
        operations: &mut Operations,
    ) -> Zeroizing<Secret> {
        Zeroizing::new(self.expand(label, hash, operations))
    }

    /// The next secret down the schedule: HKDF-Extract of `input` salted by this one.
    pub(super) fn descend(&self, input: &Secret, operations: &mut Operations) -> Self {
        let salt = self.derive("derived", &EMPTY_HASH, operations);
        let secret = Zeroizing::new(hmac(&salt, &[input], operations));
        Self::with_prefix(&secret, self.prefix, operations)
    }

    /// The key of a Finished or a binder, from the secret that protects it (RFC 8446 section 4.4.4).
    pub(super) fn finished_key(&self, operations: &mut Operations) -> Zeroizing<Secret> {
        Zeroizing::new(self.expand("finished", &[], operations))
    }

    /// The traffic secret of the next epoch (RFC 8446 section 7.2).
    pub(super) fn next_generation(&self, operations: &mut Operations) -> Zeroizing<Secret> {
        Zeroizing::new(self.expand("traffic upd", &[], operations))
    }
}

/// HKDF-Extract(0, PSK): what a [`PskStore`](super::PskStore) answers with (RFC 8446 section 7.1).
#[must_use]
pub fn early_secret(psk: &[u8], operations: &mut Operations) -> Secret {
    hmac(&[0; 32], &[psk], operations)
}

/// Where a PSK comes from; a binder cannot be moved from one kind to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PskKind {
    External,
    Resumption,
}

impl PskKind {
    const fn label(self) -> &'static str {
        match self {
            Self::External => "ext binder",
            Self::Resumption => "res binder",
        }
    }
}

/// The binder of a PSK over the hash of a ClientHello up to its binders (RFC 8446 section 4.2.11.2).
pub(super) fn binder(
    early: &Expander,
    kind: PskKind,
    hash: &Secret,
    operations: &mut Operations,
) -> Secret {
    let binder_key = early.derive(kind.label(), &EMPTY_HASH, operations);
    let expander = Expander::with_prefix(&binder_key, early.prefix, operations);
    let key = expander.finished_key(operations);
    hmac(&key, &[hash], operations)
}

/// Exporter (RFC 8446 section 7.5). `None` if the label or the output is too long.
pub(super) fn export(
    exporter: &Expander,
    label: &[u8],
    context: &Secret,
    out: &mut [u8],
    operations: &mut Operations,
) -> Option<()> {
    let mut secret = Zeroizing::new([0; 32]);
    exporter.expand_into(label, &EMPTY_HASH, &mut *secret, operations)?;
    Expander::with_prefix(&secret, exporter.prefix, operations).expand_into(
        b"exporter",
        context,
        out,
        operations,
    )
}

#[cfg(test)]
mod tests;

//! Pseudonymous identifiers that rotate (TR-0008 clause 6.5: identifiers in communication must not be
//! directly related to the real identity of a device or its user).
//!
//! Device and registrar share a secret. The pseudonym of an epoch is the first bytes of
//! HMAC-SHA-256(secret, label, epoch): without the secret it cannot be told from random bytes, and two
//! pseudonyms of one device not from those of two devices. There is no function that relates two
//! pseudonyms: only the registrar, which holds the secrets, resolves one, from a table of those that are
//! valid now.
//!
//! What this does not hide: sizes, times, addresses, and connection identifiers. They must change
//! together with the pseudonym, or they link it to the next one. Whoever takes the secret from a device
//! learns its pseudonyms of all epochs.

mod registrar;

use std::fmt;
use std::num::NonZeroU64;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::credential::KeyBytes;
use crate::sim::time::{Duration, Time};

pub use registrar::{Full, Holder, MAX_DEVICES, MAX_SPAN, Registrar};

/// Separates this use of a secret from every other.
const LABEL: &[u8] = b"keystorm pseudonym 1";
/// Bytes of a pseudonym, by default: 128 bits.
pub const LEN: usize = 16;

/// An identifier for one device in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym([u8; LEN]);

impl Pseudonym {
    /// From its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; LEN] {
        &self.0
    }

    /// As an AE-ID stem that a service provider assigns (TS-0001 clause 7.2): `S` and 22 characters of
    /// base64url, all of them unreserved.
    #[must_use]
    pub fn ae_id_stem(&self) -> String {
        format!("S{self}")
    }

    /// Reads [`ae_id_stem`](Self::ae_id_stem). `None` if it is not of this form.
    #[must_use]
    pub fn from_ae_id_stem(stem: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(stem.strip_prefix('S')?).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// The secret of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret(KeyBytes);

impl Secret {
    /// A secret of these bytes. It should be used for nothing else.
    #[must_use]
    pub const fn new(bytes: KeyBytes) -> Self {
        Self(bytes)
    }

    /// The pseudonym of an epoch: one HMAC.
    #[must_use]
    pub fn pseudonym(&self, epoch: u64) -> Pseudonym {
        let code = self.0.hmac(&[LABEL, &epoch.to_be_bytes()]);
        let [pseudonym @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *code.expose();
        Pseudonym(pseudonym)
    }
}

/// When a device takes its next pseudonym.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// After this span, at the same moments on all devices: epoch = time / span.
    Time(Span),
    /// After this many uses: epoch = uses / number.
    Count(NonZeroU64),
}

/// A span of time that is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(NonZeroU64);

impl Span {
    /// From a span; `None` for zero.
    #[must_use]
    pub fn new(span: Duration) -> Option<Self> {
        NonZeroU64::new(span.as_nanos()).map(Self)
    }
}

/// The pseudonyms of one device, at the device.
#[derive(Debug)]
pub struct Generator {
    secret: Secret,
    rotation: Rotation,
    /// How often [`next`](Self::next) was called.
    uses: u64,
    current: Option<(u64, Pseudonym)>,
}

impl Generator {
    /// A generator that has been used `uses` times: what the device stored before it slept.
    #[must_use]
    pub const fn new(secret: Secret, rotation: Rotation, uses: u64) -> Self {
        Self { secret, rotation, uses, current: None }
    }

    /// The pseudonym to use now; it counts as one use. One HMAC an epoch.
    pub fn next(&mut self, now: Time) -> Pseudonym {
        let epoch = match self.rotation {
            Rotation::Time(span) => now.0 / span.0,
            Rotation::Count(number) => self.uses / number,
        };
        self.uses = self.uses.saturating_add(1);
        match self.current {
            Some((of, pseudonym)) if of == epoch => pseudonym,
            _ => {
                let pseudonym = self.secret.pseudonym(epoch);
                self.current = Some((epoch, pseudonym));
                pseudonym
            }
        }
    }

    /// How often it was used: to be stored by a device that rotates by count.
    #[must_use]
    pub const fn uses(&self) -> u64 {
        self.uses
    }
}

#[cfg(test)]
mod tests;

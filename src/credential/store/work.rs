//! What a place is busy with, counted, and for how long each kind of work keeps it busy.

use crate::sim::time::Duration;

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum StoreOperation {
    /// One key derivation: an HKDF-Extract, a TLS 1.2 PRF, or one HMAC of the hierarchy.
    Kdf,
    /// One authentication code over a message.
    Mac,
    /// One key written.
    Write,
    /// One key erased.
    Erase,
    /// One Argon2id over the passphrase of a sealed file.
    Unlock,
    /// One key of a sealed file sealed or opened.
    Seal,
}

impl StoreOperation {
    /// Every operation, in the order of its counter.
    pub const ALL: [Self; 6] =
        [Self::Kdf, Self::Mac, Self::Write, Self::Erase, Self::Unlock, Self::Seal];

    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kdf => "kdf",
            Self::Mac => "mac",
            Self::Write => "write",
            Self::Erase => "erase",
            Self::Unlock => "unlock",
            Self::Seal => "seal",
        }
    }
}

/// Counts of work, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work([u32; StoreOperation::ALL.len()]);

impl Work {
    /// Counts `n` more of `operation`.
    pub const fn count(&mut self, operation: StoreOperation, n: u32) {
        self.0[operation as usize] = self.0[operation as usize].saturating_add(n);
    }

    /// How many of `operation` were counted.
    #[must_use]
    pub const fn of(&self, operation: StoreOperation) -> u32 {
        self.0[operation as usize]
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Self) {
        StoreOperation::ALL
            .into_iter()
            .for_each(|operation| self.count(operation, other.of(operation)));
    }

    /// For how long it keeps a place with these service times busy.
    #[must_use]
    pub fn time(&self, times: &ServiceTimes) -> Duration {
        StoreOperation::ALL.into_iter().fold(Duration::ZERO, |sum, operation| {
            sum + times.of(operation).times(u64::from(self.of(operation)))
        })
    }
}

/// For how long one operation of each kind keeps a place busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceTimes {
    /// [`StoreOperation::Kdf`].
    pub kdf: Duration,
    /// [`StoreOperation::Mac`].
    pub mac: Duration,
    /// [`StoreOperation::Write`].
    pub write: Duration,
    /// [`StoreOperation::Erase`].
    pub erase: Duration,
    /// [`StoreOperation::Unlock`].
    pub unlock: Duration,
}

impl ServiceTimes {
    /// A place that is the host's own memory: its work is the processor's, counted as
    /// [`Operations`](crate::association::Operations).
    pub const SOFTWARE: Self = Self::uniform(Duration::ZERO);

    /// The typical times of an ATECC608 (Zerynth's table: KDF 99 ms). Its MAC time is the maximum that
    /// cryptoauthlib waits for (55 ms), since no typical one is known; a write and an erasure are
    /// assumed to take 45 ms, the maximum that we recall from its data sheet.
    pub const ATECC608: Self = Self {
        kdf: Duration::from_millis(99),
        mac: Duration::from_millis(55),
        write: Duration::from_millis(45),
        erase: Duration::from_millis(45),
        unlock: Duration::ZERO,
    };

    /// The same with the longest time of a KDF (165 ms, both tables).
    pub const ATECC608_MAX: Self = Self { kdf: Duration::from_millis(165), ..Self::ATECC608 };

    /// AWS CloudHSM hsm1.medium: 250 P-256 signatures a second and unit. No rate of HMACs is published;
    /// that of signatures stands for every operation and is an upper bound of their time.
    pub const CLOUDHSM_HSM1: Self = Self::uniform(Duration::from_millis(4));

    /// AWS CloudHSM hsm2m.medium: 1,500 P-256 signatures a second and unit, with the same reserve.
    pub const CLOUDHSM_HSM2M: Self = Self::uniform(Duration::from_nanos(666_667));

    /// Every operation takes as long, and nothing is unlocked.
    #[must_use]
    pub const fn uniform(each: Duration) -> Self {
        Self { kdf: each, mac: each, write: each, erase: each, unlock: Duration::ZERO }
    }

    /// The time of one operation. Sealing is work of the processor and takes none here.
    #[must_use]
    pub const fn of(&self, operation: StoreOperation) -> Duration {
        match operation {
            StoreOperation::Kdf => self.kdf,
            StoreOperation::Mac => self.mac,
            StoreOperation::Write => self.write,
            StoreOperation::Erase => self.erase,
            StoreOperation::Unlock => self.unlock,
            StoreOperation::Seal => Duration::ZERO,
        }
    }
}

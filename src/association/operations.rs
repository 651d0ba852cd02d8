//! What an association does, counted: the processor of a node turns these counts into time and energy.

/// A kind of work whose cost a device class can state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Operation {
    /// One HMAC-SHA-256 computed with an already prepared key (two finishing compressions and its data).
    Hmac,
    /// One compression of 64 bytes by SHA-256, including those inside HMAC and HKDF.
    Sha256Block,
    /// One sealing of a record or ticket by AES-GCM.
    Seal,
    /// One opening by AES-GCM, successful or not.
    Open,
    /// One byte sealed or opened by AES-GCM, additional data included.
    AeadByte,
    /// One sealing of a record by AES-CCM.
    CcmSeal,
    /// One opening by AES-CCM, successful or not.
    CcmOpen,
    /// One byte sealed or opened by AES-CCM, which passes AES twice; additional data included.
    CcmByte,
    /// One AES block outside the AEAD (record number encryption).
    AesBlock,
    /// One AES key schedule.
    AesKey,
    /// One X25519 scalar multiplication, key generation included.
    X25519,
    /// One handshake message, ACK or alert read or written.
    Message,
    /// One record read or written.
    Record,
}

impl Operation {
    /// Every operation, in the order of its counter.
    pub const ALL: [Self; 13] = [
        Self::Hmac,
        Self::Sha256Block,
        Self::Seal,
        Self::Open,
        Self::AeadByte,
        Self::CcmSeal,
        Self::CcmOpen,
        Self::CcmByte,
        Self::AesBlock,
        Self::AesKey,
        Self::X25519,
        Self::Message,
        Self::Record,
    ];

    /// The name in `crypto.operations.NAME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::Sha256Block => "sha256_block",
            Self::Seal => "seal",
            Self::Open => "open",
            Self::AeadByte => "aead_byte",
            Self::CcmSeal => "ccm_seal",
            Self::CcmOpen => "ccm_open",
            Self::CcmByte => "ccm_byte",
            Self::AesBlock => "aes_block",
            Self::AesKey => "aes_key",
            Self::X25519 => "x25519",
            Self::Message => "message",
            Self::Record => "record",
        }
    }
}

/// Counts of operations, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations([u64; Operation::ALL.len()]);

impl Operations {
    /// Counts `n` more of `operation`.
    pub const fn count(&mut self, operation: Operation, n: u64) {
        self.0[operation as usize] += n;
    }

    /// How many of `operation` were counted.
    #[must_use]
    pub const fn of(&self, operation: Operation) -> u64 {
        self.0[operation as usize]
    }

    /// Each operation's name and count.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.0;
        Operation::ALL
            .into_iter()
            .map(move |operation| (operation.name(), counts[operation as usize]))
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

//! A secure element that serves one host only: at each power-up the host answers a challenge under a key
//! that both got in the factory. Moved to another host, the element stays silent.

use crate::credential::KeyBytes;

use super::StoreError;

/// Bytes of a challenge.
pub const PAIRING_NONCE_LEN: usize = 16;

const LABEL: &[u8] = b"keystorm secure element pairing";
/// What the element says of itself has a label of its own, so that neither side can be made to answer for the other.
const REPORT: &[u8] = b"keystorm secure element present";

/// The host's half of the pairing.
#[derive(Clone, Debug)]
pub struct HostKey(KeyBytes);

impl HostKey {
    /// The key that host and element share.
    #[must_use]
    pub const fn new(key: KeyBytes) -> Self {
        Self(key)
    }

    /// The answer to a challenge.
    #[must_use]
    pub fn answer(&self, nonce: &[u8; PAIRING_NONCE_LEN]) -> [u8; 32] {
        *self.0.hmac(&[LABEL, nonce]).expose()
    }

    /// This is what the element of this host says to such a nonce.
    #[must_use]
    pub fn knows(&self, nonce: &[u8; PAIRING_NONCE_LEN], report: &[u8; 32]) -> bool {
        self.0.hmac(&[REPORT, nonce]) == KeyBytes::new(*report)
    }
}

/// The element's half: whom it serves, and whether it does so now.
#[derive(Debug)]
pub(super) enum Pairing {
    /// Any host.
    Unpaired,
    /// Only the host with this key, once it has answered.
    Paired { key: HostKey, state: Power },
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Power {
    /// Since power came on, no host has proved itself.
    Up,
    /// It has asked.
    Challenged([u8; PAIRING_NONCE_LEN]),
    /// It serves.
    Serving,
}

impl Pairing {
    pub(super) const fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::Unpaired | Self::Paired { state: Power::Serving, .. } => Ok(()),
            Self::Paired { .. } => Err(StoreError::Unpaired),
        }
    }

    pub(super) const fn power_cycle(&mut self) {
        if let Self::Paired { state, .. } = self {
            *state = Power::Up;
        }
    }

    pub(super) const fn challenge(&mut self, nonce: [u8; PAIRING_NONCE_LEN]) {
        if let Self::Paired { state, .. } = self {
            *state = Power::Challenged(nonce);
        }
    }

    /// What the element says to its host's nonce, while it serves it.
    pub(super) fn report(&self, nonce: &[u8; PAIRING_NONCE_LEN]) -> Option<[u8; 32]> {
        match self {
            Self::Paired { key: HostKey(key), state: Power::Serving } => {
                Some(*key.hmac(&[REPORT, nonce]).expose())
            }
            _ => None,
        }
    }

    /// One answer to each challenge, right or wrong.
    pub(super) fn answer(&mut self, answer: &[u8; 32]) -> Result<(), StoreError> {
        if let Self::Paired { key, state } = self {
            let Power::Challenged(nonce) = std::mem::replace(state, Power::Up) else {
                return Err(StoreError::Unpaired);
            };
            if KeyBytes::new(key.answer(&nonce)) != KeyBytes::new(*answer) {
                return Err(StoreError::Unpaired);
            }
            *state = Power::Serving;
        }
        Ok(())
    }
}

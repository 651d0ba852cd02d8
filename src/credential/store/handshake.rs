//! A store as the pre-shared keys of an association.

use std::cell::Cell;

use zeroize::Zeroizing;

use crate::association::{Operations, PskStore, Secret};
use crate::credential::KeyBytes;
use crate::credential::lifetime::Status;
use crate::sim::time::Time;

use super::{KeyStore, StoreError, Usage, Work};

/// Hands a store to an association for one call, at a given time. A key that is not valid then does not
/// exist for the handshake, which fails (TS-0003 clause 8.2.2.3). What the stores did is booked, for the
/// caller to collect afterwards.
pub struct HandshakeKeys<'a> {
    store: &'a dyn KeyStore,
    /// Another place, with the name of the key there.
    second: Option<(&'a dyn KeyStore, &'a [u8])>,
    now: Time,
    work: Cell<Work>,
    second_work: Cell<Work>,
    refusal: Cell<Option<StoreError>>,
}

impl<'a> HandshakeKeys<'a> {
    /// The keys of `store` as they are at `now`.
    #[must_use]
    pub fn new(store: &'a dyn KeyStore, now: Time) -> Self {
        Self {
            store,
            second: None,
            now,
            work: Cell::default(),
            second_work: Cell::default(),
            refusal: Cell::default(),
        }
    }

    /// With a second factor: the key called `name` in another place has to contribute, too. Both ends must
    /// do so. Neither key alone is good for a handshake.
    #[must_use]
    pub fn with_second_factor(self, store: &'a dyn KeyStore, name: &'a [u8]) -> Self {
        Self { second: Some((store, name)), ..self }
    }

    /// What the store did so far.
    #[must_use]
    pub fn work(&self) -> Work {
        self.work.get()
    }

    /// What the place of the second factor did so far.
    #[must_use]
    pub fn second_work(&self) -> Work {
        self.second_work.get()
    }

    /// Why the last key that was asked for was not given.
    #[must_use]
    pub fn refusal(&self) -> Option<StoreError> {
        self.refusal.get()
    }

    fn use_key(
        &self,
        store: &dyn KeyStore,
        name: &[u8],
        usage: &Usage<'_>,
        work: &Cell<Work>,
        operations: &mut Operations,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let entry = store.entry(name).ok_or(StoreError::Unknown)?;
        match entry.validity.at(self.now) {
            Status::Valid => {}
            Status::NotYet => return Err(StoreError::NotYet),
            Status::Expired => return Err(StoreError::Expired),
        }
        let mut counts = work.get();
        let result = store.compute(name, usage, &mut counts, operations);
        work.set(counts);
        result
    }

    fn answer(
        &self,
        identity: &[u8],
        seed: Option<(&[u8], &[u8])>,
        operations: &mut Operations,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let factor = self.factor(identity, operations)?;
        let factor = factor.as_ref();
        let usage = match seed {
            None => Usage::EarlySecret { factor },
            Some((label, seed)) => Usage::MasterSecret12 { label, seed, factor },
        };
        self.use_key(self.store, identity, &usage, &self.work, operations)
    }

    /// Keeps the reason of a refusal for the caller; the association only learns that there is no key.
    fn noted<const N: usize>(
        &self,
        result: Result<Zeroizing<Vec<u8>>, StoreError>,
    ) -> Option<[u8; N]> {
        self.refusal.set(result.as_ref().err().copied());
        result.ok()?[..].try_into().ok()
    }

    fn factor(
        &self,
        identity: &[u8],
        operations: &mut Operations,
    ) -> Result<Option<KeyBytes>, StoreError> {
        let Some((store, name)) = self.second else { return Ok(None) };
        let usage = Usage::Factor { identity };
        let factor = self.use_key(store, name, &usage, &self.second_work, operations)?;
        Ok(KeyBytes::from_slice(&factor))
    }
}

impl PskStore for HandshakeKeys<'_> {
    fn early_secret(&self, identity: &[u8], operations: &mut Operations) -> Option<Secret> {
        self.noted(self.answer(identity, None, operations))
    }

    fn knows(&self, identity: &[u8]) -> bool {
        let refusal = match self.store.entry(identity).map(|entry| entry.validity.at(self.now)) {
            None => Some(StoreError::Unknown),
            Some(Status::NotYet) => Some(StoreError::NotYet),
            Some(Status::Expired) => Some(StoreError::Expired),
            Some(Status::Valid) => None,
        };
        self.refusal.set(refusal);
        refusal.is_none()
    }

    fn master_secret_12(
        &self,
        identity: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        self.noted(self.answer(identity, Some((label, seed)), operations))
    }
}

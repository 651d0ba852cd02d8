//! A store as the pre-shared keys of an association.

use std::cell::{Cell, RefCell};

use zeroize::Zeroizing;

use crate::association::{Operations, PskStore, Secret};
use crate::credential::lifetime::Status;
use crate::credential::{KeyBytes, Level};
use crate::sim::time::Time;

use super::{KeyStore, StoreError, Usage, Work};

/// Hands a store to an association for one call, at a given time. A key that is not valid then does not
/// exist for the handshake, which fails (TS-0003 clause 8.2.2.3). What the stores did is booked, for the
/// caller to collect afterwards.
pub struct HandshakeKeys<'a> {
    store: &'a dyn KeyStore,
    second: Option<&'a dyn KeyStore>,
    now: Time,
    work: Cell<Work>,
    second_work: Cell<Work>,
    refusal: Cell<Option<StoreError>>,
    /// The first identity that no key was known for.
    unknown: RefCell<Option<Box<[u8]>>>,
    is_busy: bool,
    /// The name in the store for another, where names change.
    names: Option<Box<Resolve<'a>>>,
}

/// Tells the name in a store for the identity that a handshake names.
pub type Resolve<'a> = dyn Fn(&[u8]) -> Option<Vec<u8>> + 'a;

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
            unknown: RefCell::default(),
            is_busy: false,
            names: None,
        }
    }

    /// If `is_busy`, the place takes no requests: each is refused as [`StoreError::Busy`].
    #[must_use]
    pub fn while_busy(self, is_busy: bool) -> Self {
        Self { is_busy, ..self }
    }

    /// Handshakes name keys otherwise than the store does: what `names` knows is looked up under the name that it
    /// tells, all else as it is.
    #[must_use]
    pub fn known_as(self, names: Box<Resolve<'a>>) -> Self {
        Self { names: Some(names), ..self }
    }

    /// With a second factor: the key of the same name in another place has to contribute, too. Both ends
    /// must do so. Neither key alone is good for a handshake.
    ///
    /// A Kc needs none: it comes from an association that both factors made.
    #[must_use]
    pub fn with_second_factor(self, store: &'a dyn KeyStore) -> Self {
        Self { second: Some(store), ..self }
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

    /// The first identity that no key was known for.
    #[must_use]
    pub fn unknown(&self) -> Option<Box<[u8]>> {
        self.unknown.borrow().clone()
    }

    fn note_unknown(&self, identity: &[u8]) {
        self.unknown.borrow_mut().get_or_insert_with(|| identity.into());
    }

    fn use_key(
        &self,
        store: &dyn KeyStore,
        name: &[u8],
        usage: &Usage<'_>,
        work: &Cell<Work>,
        operations: &mut Operations,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let attributes = store.attributes(name).ok_or(StoreError::Unknown)?;
        match attributes.validity.at(self.now) {
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
        if self.is_busy {
            return Err(StoreError::Busy);
        }
        let resolved = self.names.as_ref().and_then(|names| names(identity));
        let identity = resolved.as_deref().unwrap_or(identity);
        if self.store.attributes(identity).is_none() {
            self.note_unknown(identity);
        }
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
        let Some(second) = self.second else { return Ok(None) };
        let known = self.store.attributes(identity).ok_or(StoreError::Unknown)?;
        if known.level == Level::Kc {
            return Ok(None);
        }
        let usage = Usage::Factor { identity };
        let factor = self.use_key(second, identity, &usage, &self.second_work, operations)?;
        Ok(KeyBytes::from_slice(&factor))
    }
}

impl PskStore for HandshakeKeys<'_> {
    fn early_secret(&self, identity: &[u8], operations: &mut Operations) -> Option<Secret> {
        self.noted(self.answer(identity, None, operations))
    }

    fn knows(&self, identity: &[u8]) -> bool {
        let attributes = self.store.attributes(identity);
        let refusal = match attributes.map(|known| known.validity.at(self.now)) {
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

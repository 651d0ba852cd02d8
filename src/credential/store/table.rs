//! Names of keys and what is known of each; a small sorted table, because most stores hold few keys.

use crate::credential::Level;
use crate::credential::lifetime::Validity;

use super::{NAME_MAX, StoreError};

/// The name of a key in a store: 1 to [`NAME_MAX`] bytes of text, usually the psk_identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// A name.
    pub fn new(name: &str) -> Result<Self, StoreError> {
        match name.len() {
            1..=NAME_MAX => Ok(Self(name.into())),
            _ => Err(StoreError::Name),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a psk_identity.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// What a store knows of a key and does not keep secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called.
    pub name: KeyName,
    /// What it is, and so what it may be used for.
    pub level: Level,
    /// When it may be used.
    pub validity: Validity,
}

/// What a key is, and when it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// What it is, and so what it may be used for.
    pub level: Level,
    /// When it may be used.
    pub validity: Validity,
}

impl Entry {
    /// What is known of the key besides its name.
    #[must_use]
    pub const fn attributes(&self) -> Attributes {
        Attributes { level: self.level, validity: self.validity }
    }
}

/// Entries with something of the store's own, sorted by name.
#[derive(Debug)]
pub(super) struct Table<T>(Vec<(Entry, T)>);

impl<T> Table<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    fn position(&self, name: &[u8]) -> Result<usize, usize> {
        self.0.binary_search_by(|(entry, _)| entry.name.as_bytes().cmp(name))
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<&(Entry, T)> {
        self.position(name).ok().map(|at| &self.0[at])
    }

    pub(super) fn known(&self, name: &[u8]) -> Result<&(Entry, T), StoreError> {
        self.find(name).ok_or(StoreError::Unknown)
    }

    /// Puts an entry in, in place of one of the same name, which is returned.
    pub(super) fn put(&mut self, entry: Entry, value: T) -> Option<T> {
        match self.position(entry.name.as_bytes()) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at], (entry, value)).1),
            Err(at) => {
                self.0.insert(at, (entry, value));
                None
            }
        }
    }

    pub(super) fn remove(&mut self, name: &[u8]) -> Option<T> {
        self.position(name).ok().map(|at| self.0.remove(at).1)
    }

    /// Whether there is room for this name where `max` entries are allowed.
    pub(super) fn check_room(&self, name: &KeyName, max: usize) -> Result<(), StoreError> {
        let has_room = self.0.len() < max || self.find(name.as_bytes()).is_some();
        if has_room { Ok(()) } else { Err(StoreError::Full) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Entry, T)> {
        self.0.iter()
    }

    pub(super) fn attributes(&self, name: &[u8]) -> Option<Attributes> {
        self.find(name).map(|(entry, _)| entry.attributes())
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.0.iter().map(|(entry, _)| entry.clone()).collect()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }
}

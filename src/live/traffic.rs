//! What was sent, by what it was for.

use std::collections::BTreeMap;

use crate::association::Kind;

/// Datagrams and their bytes by kind, headers of lower layers not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic(BTreeMap<Kind, (u64, u64)>);

impl Traffic {
    pub(super) fn count(&mut self, kind: Kind, len: usize) {
        let (datagrams, bytes) = self.0.entry(kind).or_default();
        *datagrams += 1;
        *bytes += len as u64;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (kind, (datagrams, bytes)) in &other.0 {
            let mine = self.0.entry(*kind).or_default();
            mine.0 += datagrams;
            mine.1 += bytes;
        }
    }

    /// Datagrams of one kind.
    #[must_use]
    pub fn datagrams_of(&self, kind: Kind) -> u64 {
        self.0.get(&kind).map_or(0, |(datagrams, _)| *datagrams)
    }

    /// All datagrams.
    #[must_use]
    pub fn datagrams(&self) -> u64 {
        self.0.values().map(|(datagrams, _)| datagrams).sum()
    }

    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.values().map(|(_, bytes)| bytes).sum()
    }
}

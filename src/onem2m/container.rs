//! What a CSE keeps of one originator's telemetry.

use crate::wire::primitive::Rsc;

/// One originator's container. Small on purpose, since a CSE may hold a million of them: of all
/// contents only the latest is kept, of the others their number and length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    latest: Option<Box<str>>,
    count: u64,
    bytes: u64,
    last: Option<Handled>,
}

/// The last request that had an effect: what duplicate detection needs (RFC 7252 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handled {
    /// Its message ID.
    pub(super) mid: u16,
    /// How it was answered.
    pub(super) status: Rsc,
}

impl Container {
    /// Contents created.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of all contents created.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The content created last.
    #[must_use]
    pub fn latest(&self) -> Option<&str> {
        self.latest.as_deref()
    }

    /// Takes one more content.
    pub(super) fn add(&mut self, content: &str) {
        self.count += 1;
        self.bytes += content.len() as u64;
        self.latest = Some(content.into());
    }

    /// How the request with this message ID was answered, if it is the last one that had an effect.
    pub(super) fn answered(&self, mid: u16) -> Option<Rsc> {
        self.last.filter(|last| last.mid == mid).map(|last| last.status)
    }

    /// Remembers how a request was answered; `None` forgets.
    pub(super) const fn remember(&mut self, last: Option<Handled>) {
        self.last = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_stays_small() {
        // Beside this: the key (16 bytes and its text), 16 bytes of content, and the tree's slack.
        assert!(size_of::<Container>() <= 40, "{}", size_of::<Container>());
    }
}

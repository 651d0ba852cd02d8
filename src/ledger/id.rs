//! The names of things in the ledger: small numbers, each of its own type, and a table for texts.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// Defines identifiers that are plain numbers with a letter in front when shown.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($type:ty) $letter:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $type);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }
    )*};
}

numbers! {
    /// Somebody who can act: a node, a user, an administrator, an attacker. The world gives the numbers.
    ActorId(u32) "actor ";
    /// A place where an attacker sees bytes: one direction of a link, a dump of a memory, an answer of
    /// an interface. Bytes of one source are read as one stream.
    SourceId(u32) "source ";
    /// One run of a security association: taken from what both ends see of it, such as their randoms,
    /// so that both ends of an honest run name it alike.
    AssociationId(u64) "association ";
    /// A request of the service, for its answer and its deadline.
    RequestId(u64) "request ";
    /// A class of service whose availability is measured on its own.
    ClassId(u16) "class ";
}

/// Defines identifiers that a writer of facts gives out: its own number and a count.
macro_rules! counted {
    ($($(#[$doc:meta])* $name:ident $letter:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name {
            pub(super) origin: u32,
            pub(super) count: u32,
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}.{}"), self.origin, self.count)
            }
        }
    )*};
}

counted! {
    /// A key, token, password, canary or sensitive value, unique in the run.
    SecretId "secret ";
    /// A message that somebody meant to send, unique in the run.
    Gid "message ";
}

impl AssociationId {
    /// The association whose public marks these bytes are.
    #[must_use]
    pub fn of(marks: &[&[u8]]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = ContentDigest::of(marks).0;
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// A thing that has a state: a resource of a CSE, a slot of a credential store, a software image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceId {
    /// Who hosts it.
    pub host: ActorId,
    /// What it is.
    pub kind: ResourceKind,
    /// Which of that kind, by the host's own numbers.
    pub index: u32,
}

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// Something in a CSE's resource tree.
    Data,
    /// A place for a credential.
    Slot,
    /// What a node executes.
    Image,
    /// A node's configuration: policies, accounts, schedules.
    Configuration,
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ResourceKind::Data => "resource",
            ResourceKind::Slot => "slot",
            ResourceKind::Image => "image",
            ResourceKind::Configuration => "configuration",
        };
        write!(f, "{kind} {} of {}", self.index, self.host)
    }
}

/// The digest of a content: SHA-256, its first 16 bytes. Nobody finds another content with the same
/// digest, so that equal digests are equal contents even if an attacker chose them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContentDigest(pub [u8; 16]);

impl ContentDigest {
    /// The digest of nothing at all: the state of what does not exist.
    pub const ABSENT: Self = Self([0; 16]);

    /// The digest of a sequence of parts. Each is preceded by its length, so that moving a byte from
    /// one part to the next changes the digest.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let whole: [u8; 32] = hash.finalize().into();
        let mut short = [0; 16];
        short.copy_from_slice(&whole[..16]);
        Self(short)
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The names of actors, by their numbers; for people alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// The name of each actor, in the order of their numbers.
    #[must_use]
    pub const fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// The name of `actor`; its number if it has none.
    #[must_use]
    pub fn of(&self, actor: ActorId) -> String {
        let name = self.0.get(actor.0 as usize);
        name.cloned().unwrap_or_else(|| actor.to_string())
    }

    /// A text that calls actors by their numbers, with their names.
    #[must_use]
    pub fn tell(&self, text: &str) -> String {
        let mut parts = text.split("actor ");
        let mut told = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let len = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let (number, rest) = part.split_at(len);
            match number.parse() {
                Ok(number) => told.push_str(&self.of(ActorId(number))),
                Err(_) => {
                    told.push_str("actor ");
                    told.push_str(number);
                }
            }
            told.push_str(rest);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_where_its_parts_end() {
        assert_eq!(ContentDigest::of(&[b"ab", b"c"]), ContentDigest::of(&[b"ab", b"c"]));
        assert_ne!(ContentDigest::of(&[b"ab", b"c"]), ContentDigest::of(&[b"a", b"bc"]));
        assert_ne!(ContentDigest::of(&[b"abc"]), ContentDigest::of(&[b"abc", b""]));
        assert_ne!(ContentDigest::of(&[]), ContentDigest::ABSENT);
    }

    #[test]
    fn actors_without_a_name_show_their_number() {
        let names = Names::new(vec!["meter 0".to_owned()]);
        assert_eq!(names.of(ActorId(0)), "meter 0");
        assert_eq!(names.of(ActorId(7)), "actor 7");
    }
}

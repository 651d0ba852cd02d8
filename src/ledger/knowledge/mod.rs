//! What an attacker knows: real bytes that it handed in, that it saw in whatever form, or that keys
//! which it holds open. Nothing is assumed; what cannot be shown in bytes is not known.
//!
//! A secret is known from the moment when its last byte was seen. Opening is done by whoever calls: this
//! floor knows no protocol.

mod encoding;
mod scan;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use subtle::ConstantTimeEq as _;

use super::fact::{Create, Fact, SecretClass};
use super::facts::{Facts, Observation};
use super::id::{ActorId, ContentDigest, SecretId, SourceId};
use crate::sim::time::Time;

pub use scan::{FORMS_BYTES_MAX, SCANNED_LEN_MAX, SCANNED_LEN_MIN, Scanner, Stream};

/// Values too short to be looked for that one attacker may hand in about one actor. Without an end it
/// could count through all PINs.
pub const SHORT_EXHIBITS_MAX: usize = 3;

/// Opens what was seen with a key that is known.
pub trait Opener {
    /// Tells `found` everything that the key opens in `seen`, all that one attacker saw in order.
    fn open(&self, key: Key<'_>, seen: &[Observation<'_>], found: &mut dyn FnMut(Opened));
}

/// Opens nothing.
impl Opener for () {
    fn open(&self, _: Key<'_>, _: &[Observation<'_>], _: &mut dyn FnMut(Opened)) {}
}

/// A key that an attacker holds.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// What it is.
    pub class: SecretClass,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What a key opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The observation in which it stood, by its index in what the opener was given.
    pub index: usize,
    /// A key that was derived on the way rather than content.
    pub is_key: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How a secret became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was meant to be: the attacker is one of its holders.
    Held,
    /// The scenario handed it over.
    Revealed,
    /// The attacker handed in its bytes.
    Exhibited,
    /// It was seen.
    Seen(SourceId),
    /// It was in what a known key opened.
    Opened(SourceId, SecretId),
}

/// That a secret is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learned {
    /// From when on.
    pub at: Time,
    /// How.
    pub how: How,
}

/// Content that a known key opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// For whom.
    pub attacker: ActorId,
    /// The key that opened it.
    pub key: SecretId,
    /// The first key of the chain: it was not itself in something opened.
    pub root: SecretId,
    /// When the sealed bytes were seen.
    pub at: Time,
    /// Where.
    pub source: SourceId,
    /// Bytes of content.
    pub len: u64,
}

/// What all attackers know.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    known: BTreeMap<(ActorId, SecretId), Learned>,
    exposures: Vec<Exposure>,
    complete: bool,
}

impl Knowledge {
    /// What follows from the facts. Memory: the scanner's, and what was opened of one key at a time.
    #[must_use]
    pub fn of(facts: &Facts, opener: &dyn Opener) -> Self {
        let secrets: Vec<(Time, &Create)> =
            facts.secrets().map(|(_, at, create)| (at, create)).collect();
        let scanner = Scanner::new(secrets.iter().map(|(_, create)| &*create.bytes.0));
        let complete = facts.is_complete() && scanner.is_complete();
        let mut all = Self { complete, ..Self::default() };
        for attacker in facts.attackers() {
            let mut seen = Vec::new();
            for observation in facts.observations(attacker) {
                all.complete &= observation.is_some();
                seen.extend(observation);
            }
            let mut search = Search {
                secrets: &secrets,
                scanner: &scanner,
                seen,
                attacker,
                known: BTreeMap::new(),
                exposures: Vec::new(),
            };
            search.take_what_was_given(facts);
            search.take_what_was_exhibited(facts);
            search.look_at_what_was_seen();
            search.open_with_what_is_known(opener);
            let known = search.known.into_iter();
            all.known.extend(known.map(|(secret, learned)| ((attacker, secret), learned)));
            all.exposures.extend(search.exposures);
        }
        all
    }

    /// Since when and how `attacker` knows `secret`.
    #[must_use]
    pub fn learned(&self, attacker: ActorId, secret: SecretId) -> Option<Learned> {
        self.known.get(&(attacker, secret)).copied()
    }

    /// `attacker` knows `secret` at `at`.
    #[must_use]
    pub fn knows(&self, attacker: ActorId, secret: SecretId, at: Time) -> bool {
        self.learned(attacker, secret).is_some_and(|learned| learned.at <= at)
    }

    /// Everything that is known, by attacker and secret.
    pub fn iter(&self) -> impl Iterator<Item = (ActorId, SecretId, Learned)> {
        self.known.iter().map(|((attacker, secret), learned)| (*attacker, *secret, *learned))
    }

    /// Content that known keys opened.
    #[must_use]
    pub fn exposures(&self) -> &[Exposure] {
        &self.exposures
    }

    /// Everything was looked at for everything: what is not known here is not known.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }
}

/// The search for what one attacker knows.
struct Search<'a> {
    /// By their names.
    secrets: &'a [(Time, &'a Create)],
    scanner: &'a Scanner,
    seen: Vec<Observation<'a>>,
    attacker: ActorId,
    known: BTreeMap<SecretId, Learned>,
    exposures: Vec<Exposure>,
}

impl<'a> Search<'a> {
    /// Notes a way to know a secret, unless an earlier one is known. None is known before it exists.
    fn learn(&mut self, index: usize, at: Time, how: How) {
        let Some((created, create)) = self.secrets.get(index) else { return };
        let at = at.max(*created);
        let learned = self.known.entry(create.secret).or_insert(Learned { at, how });
        if at < learned.at {
            *learned = Learned { at, how };
        }
    }

    fn index_of(&self, secret: SecretId) -> Option<usize> {
        self.secrets.binary_search_by_key(&secret, |(_, create)| create.secret).ok()
    }

    fn take_what_was_given(&mut self, facts: &Facts) {
        for (index, (created, create)) in self.secrets.iter().enumerate() {
            if create.holders.contains(&self.attacker) {
                self.learn(index, *created, How::Held);
            }
        }
        for (_, at, fact) in facts.iter() {
            if let Fact::Reveal { to, secret } = fact
                && *to == self.attacker
                && let Some(index) = self.index_of(*secret)
            {
                self.learn(index, at, How::Revealed);
            }
        }
    }

    fn take_what_was_exhibited(&mut self, facts: &Facts) {
        let mut of: BTreeMap<ActorId, Vec<usize>> = BTreeMap::new();
        for (index, (_, create)) in self.secrets.iter().enumerate() {
            create.holders.iter().for_each(|holder| of.entry(*holder).or_default().push(index));
        }
        let mut short: BTreeMap<ActorId, BTreeSet<&[u8]>> = BTreeMap::new();
        for (_, at, fact) in facts.iter() {
            let Fact::Exhibit { attacker, about, bytes } = fact else { continue };
            if *attacker != self.attacker {
                continue;
            }
            if bytes.0.len() < SCANNED_LEN_MIN {
                let tried = short.entry(*about).or_default();
                if tried.len() >= SHORT_EXHIBITS_MAX && !tried.contains(&*bytes.0) {
                    continue;
                }
                tried.insert(&bytes.0);
            }
            for index in of.get(about).map_or(&[][..], Vec::as_slice) {
                let secret = &self.secrets[*index].1.bytes;
                if bool::from(secret.0.ct_eq(&bytes.0)) {
                    self.learn(*index, at, How::Exhibited);
                }
            }
        }
    }

    fn look_at_what_was_seen(&mut self) {
        let scanner = self.scanner;
        let mut streams: BTreeMap<SourceId, Stream> = BTreeMap::new();
        for Observation { at, source, bytes } in self.seen.clone() {
            let stream = streams.entry(source).or_insert_with(|| scanner.stream());
            scanner.read(stream, bytes, |index| self.learn(index, at, How::Seen(source)));
        }
    }

    /// Opens with every key that is known, the earliest known first, so that what follows from a key is
    /// never dated later than it might be.
    fn open_with_what_is_known(&mut self, opener: &dyn Opener) {
        let mut used = BTreeSet::new();
        let mut counted = BTreeSet::new();
        loop {
            let fresh = self.known.iter().filter(|(secret, _)| !used.contains(*secret));
            let Some((at, key)) = fresh.map(|(secret, learned)| (learned.at, *secret)).min() else {
                return;
            };
            used.insert(key);
            let Some(create) = self.index_of(key).and_then(|index| self.secrets.get(index)) else {
                continue;
            };
            let create: &'a Create = create.1;
            if create.class.is_key() {
                self.open(opener, create, at, &mut counted);
            }
        }
    }

    fn open(
        &mut self,
        opener: &dyn Opener,
        key: &Create,
        known_at: Time,
        counted: &mut BTreeSet<(usize, ContentDigest)>,
    ) {
        let root = self.root(key.secret);
        let mut all = Vec::new();
        let opening = Key { class: key.class, bytes: &key.bytes.0 };
        opener.open(opening, &self.seen, &mut |opened| all.push(opened));
        let scanner = self.scanner;
        let mut streams: BTreeMap<SourceId, Stream> = BTreeMap::new();
        for Opened { index, is_key, bytes } in all {
            let Some(Observation { at, source, .. }) = self.seen.get(index).copied() else {
                continue;
            };
            let how = How::Opened(source, key.secret);
            let since = at.max(known_at);
            let mut alone = scanner.stream();
            let stream = if is_key {
                &mut alone
            } else {
                streams.entry(source).or_insert_with(|| scanner.stream())
            };
            scanner.read(stream, &bytes, |secret| self.learn(secret, since, how));
            if !is_key && counted.insert((index, ContentDigest::of(&[&bytes]))) {
                let (attacker, key) = (self.attacker, key.secret);
                let len = bytes.len() as u64;
                self.exposures.push(Exposure { attacker, key, root, at, source, len });
            }
        }
    }

    /// The first key of the chain that led to `key`.
    fn root(&self, key: SecretId) -> SecretId {
        let mut root = key;
        // A chain is no longer than there are secrets.
        for _ in 0..self.known.len() {
            match self.known.get(&root) {
                Some(Learned { how: How::Opened(_, by), .. }) => root = *by,
                _ => break,
            }
        }
        root
    }
}

#[cfg(test)]
mod tests;

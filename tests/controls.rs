//! Negative controls of the sinks: harmless texts that look like attacks stay values wherever they are bound, and are no
//! finding; and the same texts do break code that pastes them, so the judge is not blind.

#![allow(clippy::unwrap_used, reason = "a test program")]

use keystorm::backend::ldap::Directory;
use keystorm::backend::page::{Dashboard, Escaping, Slot, Validation};
use keystorm::backend::shell::Notifier;
use keystorm::backend::sql::{Inventory, Query};
use keystorm::backend::xpath::Registry;
use keystorm::backend::{Canary, Coding, Interpretation};
use keystorm::ledger::Level;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// Texts that one inventory stores before there is a new one: the judge copies all of it each time.
const FRESH: usize = 32;
const CANARY: Canary = Canary(*b"a secret of 16 b");

/// What people write: with apostrophes, ampersands, signs of comments, percent signs, right-to-left text, emoji,
/// mathematics, code in prose. Nothing of it is meant to do anything.
const PARTS: &[&str] = &[
    "O'Brien",
    "Müller & Söhne",
    "it's",
    "d'Artagnan's",
    "50 % off",
    "100%",
    "C#",
    "-- see below",
    "/* note */",
    "a -> b",
    "1 < 2 > 0",
    "x <= y",
    "<3",
    "<- here",
    "\u{1f600}",
    "\u{1f469}\u{200d}\u{1f680}",
    "שלום",
    "\u{202e}abc\u{202c}",
    "مرحبا",
    "e\u{301}",
    "\u{fffd}",
    "\u{feff}bom",
    "\u{a0}",
    "\u{2028}",
    "\t",
    "\n",
    "\r\n",
    "tab\there",
    "\"quoted\"",
    "«texte»",
    "back\\slash",
    "C:\\temp\\new",
    "/usr/bin",
    "~",
    "$5.00",
    "$HOME is home",
    "`ticks`",
    "a|b",
    "this; that",
    "you & me",
    "(paren",
    "close)",
    "[a]",
    "{b}",
    "{{braces}}",
    "*",
    "f(*args)",
    "?",
    "!important",
    "#1",
    "@home",
    "a=b",
    "key: value",
    "SELECT your seat",
    "drop the table",
    "union of two sets",
    "or 1 more",
    "and so on",
    "null",
    "NULL",
    "true",
    "NaN",
    "0x1F",
    "1e308",
    "-0",
    "''",
    "\"\"",
    "%20",
    "%00",
    "%27",
    "&amp;",
    "&#39;",
    "&nbsp",
    "javascript is a language",
    "data: 7",
    "mailto me",
    "https://example.org/?a=1&b=2",
    "user@example.org",
    "{\"a\": [1, \"b\"]}",
    "<name>",
    "</end",
    "<!doctype of joy",
    "]]",
    "..",
    "a/../b",
    "x'y\"z",
    "5' 11\"",
    "rock 'n' roll",
    "uid=7",
    "(cn",
    "\\2a",
    "concat",
    "//",
    "@type",
    "1 or 2",
];

/// Texts of one to five parts, the same for the same seed.
fn texts(count: usize) -> impl Iterator<Item = String> {
    let mut rng = ChaCha8Rng::seed_from_u64(28);
    (0..count).map(move |_| {
        let mut below = |n: usize| usize::try_from(rng.next_u64() % n as u64).unwrap();
        let parts: Vec<&str> = (0..=below(5)).map(|_| PARTS[below(PARTS.len())]).collect();
        parts.join(["", " ", ", "][below(3)])
    })
}

/// Every place where a value may go, in one coding.
struct Places {
    inventory: Inventory,
    dashboard: Dashboard,
    registry: Registry,
    directory: Directory,
    notifier: Notifier,
    coding: Coding,
    used: usize,
}

const QUERIES: [Query; 4] = [Query::Name, Query::Number, Query::Store, Query::Report];
const SLOTS: [Slot; 4] = [Slot::Name, Slot::Content, Slot::Link, Slot::Search];

impl Places {
    fn new(coding: Coding) -> Self {
        let escaping = if coding == Coding::Bound { Escaping::Contextual } else { Escaping::None };
        Self {
            inventory: Inventory::new(CANARY).unwrap(),
            dashboard: Dashboard::new(escaping, Validation::None, CANARY),
            registry: Registry::new(CANARY),
            directory: Directory::new(CANARY),
            notifier: Notifier::new(CANARY),
            coding,
            used: 0,
        }
    }

    /// What came of a text in each place.
    fn use_value(&mut self, value: &str) -> Vec<Interpretation> {
        let coding = self.coding;
        self.used += 1;
        if self.used.is_multiple_of(FRESH) {
            self.inventory = Inventory::new(CANARY).unwrap();
        }
        let mut all = Vec::new();
        for query in QUERIES {
            all.push(self.inventory.use_value(query, coding, value).unwrap());
        }
        for slot in SLOTS {
            all.push(self.dashboard.show(slot, value).unwrap());
        }
        all.push(self.registry.use_value(coding, value).unwrap());
        all.push(self.directory.use_value(coding, value));
        all.push(self.notifier.use_value(coding, value));
        all
    }
}

/// No text comes to anything but its value.
fn all_stay_values(count: usize) {
    let mut places = Places::new(Coding::Bound);
    for text in texts(count) {
        for (place, used) in places.use_value(&text).iter().enumerate() {
            assert_eq!(used.level, Level::Equal, "{text:?} in place {place}");
            assert!(!used.is_failed && !used.is_exhausted, "{text:?} in place {place}: {used:?}");
            assert!(used.sent.is_empty(), "{text:?} in place {place}: {used:?}");
        }
    }
}

#[test]
fn two_thousand_harmless_texts_stay_values() {
    all_stay_values(2_000);
}

#[test]
#[ignore = "minutes"]
fn a_hundred_thousand_harmless_texts_stay_values() {
    all_stay_values(100_000);
}

#[test]
fn the_same_texts_break_code_that_pastes_them() {
    let mut places = Places::new(Coding::Concatenated);
    let mut broken = [0; 11];
    for text in texts(300) {
        let used = places.use_value(&text);
        for (count, used) in broken.iter_mut().zip(used) {
            *count += usize::from(used.level > Level::Equal);
            assert_ne!(used.level, Level::Goal, "{text:?} was to be harmless");
        }
    }
    // Links break only where a scheme does something, which none of these has.
    let is_blind = broken.iter().enumerate().any(|(place, count)| place != 6 && *count < 5);
    assert!(!is_blind, "{broken:?}");
}

//! What a campaign found, and what it did.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::oracle::Oracle;
use super::setting::Target;
use super::shot::{Binding, Shot};
use super::watch::Usage;

/// What makes two findings one: rule, operation, resource type, and what was done to what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// The rule.
    pub oracle: Oracle,
    /// The operation, such as `create`.
    pub operation: &'static str,
    /// The resource type, such as `CNT`.
    pub of: &'static str,
    /// What was done, such as `wrong_type`.
    pub class: &'static str,
    /// What it was done to, such as `list`.
    pub about: String,
}

impl Signature {
    /// A name for files and fingerprints: words joined by `-`.
    #[must_use]
    pub fn name(&self) -> String {
        let words = [self.oracle.name(), self.operation, self.of, self.class, &self.about];
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        words.map(|word| word.chars().map(plain).collect::<String>()).join("-")
    }
}

/// A finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it is.
    pub signature: Signature,
    /// What was seen.
    pub reason: String,
    /// Times that it was seen, repetitions not counted.
    pub count: u64,
    /// Over what it was seen first.
    pub binding: Binding,
    /// It was seen again from nothing.
    pub repeated: bool,
    /// The requests that show it, as few and as small as was found, each with where it goes.
    pub shots: Vec<(SocketAddr, Shot)>,
    /// How many of the last of them were sent at the same time.
    pub together: usize,
    /// What was said when it was last seen: where, when (nanoseconds), whether by us, and what.
    pub spoken: Vec<(SocketAddr, u64, bool, Vec<u8>)>,
}

/// How a campaign ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its time or its requests were used up.
    Done,
    /// Somebody stopped it.
    Stopped,
    /// The target is gone.
    Gone,
}

/// What a campaign did and found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Where.
    pub targets: Vec<Target>,
    /// The seed.
    pub seed: u64,
    /// How it ended.
    pub ended: Ended,
    /// The findings, by signature.
    pub findings: Vec<Finding>,
    /// Rules that spoke up once and not again, by name of the rule; these are no findings.
    pub not_repeated: BTreeMap<&'static str, u64>,
    /// Requests sent.
    pub sent: u64,
    /// Requests of these in the survey and the warm-up.
    pub sound: u64,
    /// Findings of the warm-up.
    pub sound_findings: usize,
    /// Cases by class.
    pub cases: BTreeMap<&'static str, u64>,
    /// Answers by response status code; 0 for none.
    pub answers: BTreeMap<u16, u64>,
    /// Seconds in all.
    pub seconds: f64,
    /// Times of answers in seconds: p50, p99, largest.
    pub latency: [f64; 3],
    /// The process at the start, its largest memory, and at the end.
    pub usage: Option<[Usage; 3]>,
    /// Types that the target makes.
    pub types: BTreeSet<&'static str>,
    /// Types that it does not.
    pub without: BTreeSet<&'static str>,
}

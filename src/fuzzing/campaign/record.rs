//! What a campaign knows: written after every slice, so that a campaign that was killed goes on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::fuzzing::{Figures, Oracle, Violation, find};

/// Points of one curve, at most: then every second is left out.
const POINTS_MAX: usize = 400;
/// Findings of one campaign, at most.
const FINDINGS_MAX: usize = 1_000;
/// What a target is worth before it has run, and at least.
const YIELD_MIN: f64 = 0.05;

/// A campaign.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// Version of this program.
    pub keystorm: String,
    /// `builtin` or `libfuzzer`.
    pub engine: String,
    /// When it began, in UTC.
    pub started: String,
    /// The machine, its processors and its load at the start.
    pub machine: String,
    /// Seed of the first slice.
    pub seed: u64,
    /// Processor seconds that it may take.
    pub budget_s: f64,
    /// It used its budget up.
    pub is_complete: bool,
    /// What each target came to.
    pub targets: BTreeMap<String, Progress>,
    /// What was found, each once.
    pub findings: Vec<Finding>,
}

/// One target in a campaign.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Times that it ran.
    pub slices: u64,
    /// Inputs run.
    pub executions: u64,
    /// User and system time on processors.
    pub processor_s: f64,
    /// Behaviours (built-in engine) or edges (libFuzzer) after seeds and corpus.
    pub edges_start: u64,
    /// The same at the end.
    pub edges_end: u64,
    /// Processor seconds of this target when the last new one was seen.
    pub newest_s: f64,
    /// Inputs in the minimised corpus.
    pub corpus: u64,
    /// Processes that died.
    pub deaths: u64,
    /// New behaviours of the last slice for each of its seconds.
    pub gain: f64,
    /// The curve.
    pub points: Vec<Point>,
}

/// A point of the curve of a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Processor seconds of this target.
    pub time_s: f64,
    /// Inputs run.
    pub executions: u64,
    /// Behaviours or edges.
    pub edges: u64,
}

/// Something that was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The same for the same defect, whenever and wherever it is found.
    pub id: String,
    /// The target.
    pub target: String,
    /// The oracle.
    pub oracle: String,
    /// Where.
    pub place: String,
    /// What was seen.
    pub detail: String,
    /// The input in hexadecimal digits.
    pub input: String,
    /// Processor seconds of the target until it was found.
    pub after_s: f64,
    /// It is in the baseline: known before.
    pub is_known: bool,
}

/// The fingerprint of a finding: nothing of it changes with lines, inputs or machines.
#[must_use]
pub fn fingerprint(target: &str, oracle: Oracle, place: &str) -> String {
    let hash = Sha256::new()
        .chain_update(target)
        .chain_update([0])
        .chain_update(oracle.name())
        .chain_update([0])
        .chain_update(place)
        .finalize();
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Finding {
    /// A finding of a target.
    #[must_use]
    pub fn new(target: &str, violation: &Violation, input: &[u8]) -> Self {
        const DETAIL_MAX: usize = 2_000;
        Self {
            id: fingerprint(target, violation.oracle, &violation.place),
            target: target.to_owned(),
            oracle: violation.oracle.name().to_owned(),
            place: violation.place.clone(),
            detail: violation.detail.chars().take(DETAIL_MAX).collect(),
            input: input.iter().map(|byte| format!("{byte:02x}")).collect(),
            after_s: 0.0,
            is_known: false,
        }
    }

    /// The input.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let digits = self.input.as_bytes().chunks_exact(2);
        digits.filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
    }

    /// It is of the canary, which must be found.
    #[must_use]
    pub fn is_canary(&self) -> bool {
        find(&self.target).is_some_and(|target| target.is_canary)
    }
}

impl Campaign {
    /// Findings of the code under test that were not known.
    pub fn news(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.is_canary() && !finding.is_known)
    }

    /// The canary ran and was not found: the campaign proves nothing.
    #[must_use]
    pub fn is_deaf(&self) -> bool {
        let ran = self.targets.keys().any(|name| find(name).is_some_and(|target| target.is_canary));
        ran && !self.findings.iter().any(Finding::is_canary)
    }

    /// Processor seconds so far.
    #[must_use]
    pub fn spent_s(&self) -> f64 {
        self.targets.values().map(|progress| progress.processor_s).sum()
    }

    /// Keeps a finding; false if it was there.
    pub fn keep(&mut self, finding: Finding) -> bool {
        if self.findings.iter().any(|known| known.id == finding.id)
            || self.findings.len() >= FINDINGS_MAX
        {
            return false;
        }
        self.findings.push(finding);
        self.findings.sort_by(|a, b| (&a.target, &a.id).cmp(&(&b.target, &b.id)));
        true
    }

    /// The next target of these, and not one that runs already: the one that had the least time for what it
    /// yields.
    #[must_use]
    pub fn next<'t>(&self, names: &[&'t str], busy: &[&str]) -> Option<&'t str> {
        let price = |name: &&&str| {
            let Some(progress) = self.targets.get(**name) else { return (0, 0.0) };
            let worth = (1.0 + progress.gain).ln() + YIELD_MIN;
            (1, progress.processor_s / worth)
        };
        let free = names.iter().filter(|name| !busy.contains(name));
        let next = free.min_by(|a, b| {
            let (a, b) = (price(a), price(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        next.copied()
    }
}

impl Progress {
    /// Adds figures of a slice under way: what came before it is in `before`.
    pub fn add(&mut self, before: &Self, now: &Figures) {
        let spent = now.processor_s.unwrap_or(now.wall_s);
        self.executions = before.executions + now.executions;
        self.processor_s = before.processor_s + spent;
        self.corpus = now.corpus;
        if before.slices == 0 && self.edges_start == 0 {
            self.edges_start = now.behaviours;
        }
        if now.behaviours > self.edges_end {
            self.edges_end = now.behaviours;
            self.newest_s = self.processor_s;
        }
        self.slices = before.slices + 1;
        let known = before.edges_end.max(self.edges_start);
        self.gain = self.edges_end.saturating_sub(known) as f64 / spent.max(0.1);
        let (time_s, executions, edges) = (self.processor_s, self.executions, self.edges_end);
        self.points.push(Point { time_s, executions, edges });
        if self.points.len() > POINTS_MAX {
            let mut is_kept = false;
            self.points.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
        }
    }

    /// Executions per second of one core.
    #[must_use]
    pub fn speed(&self) -> f64 {
        if self.processor_s > 0.0 { self.executions as f64 / self.processor_s } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_that_yield_more_get_more_time_and_each_gets_some() {
        let names = ["coap", "json", "xml"];
        let mut campaign = Campaign::default();
        let mut time = BTreeMap::new();
        for _ in 0..300 {
            let Some(name) = campaign.next(&names, &[]) else { panic!("none") };
            *time.entry(name).or_insert(0) += 1;
            let progress = campaign.targets.entry(name.to_owned()).or_default();
            progress.processor_s += 1.0;
            progress.gain = if name == "json" { 20.0 } else { 0.0 };
        }
        assert!(time["json"] > 200 && time["coap"] > 3 && time["xml"] > 3, "{time:?}");
        assert_eq!(campaign.next(&names, &["json", "xml"]), Some("coap"));
    }

    #[test]
    fn the_same_defect_is_kept_once() {
        let mut campaign = Campaign::default();
        let violation = |detail: &str| Violation::new(Oracle::Panic, "src/a.rs", detail);
        assert!(campaign.keep(Finding::new("coap", &violation("line 1"), b"\x00\xff")));
        assert!(!campaign.keep(Finding::new("coap", &violation("line 2"), b"b")));
        assert!(campaign.keep(Finding::new("http", &violation("line 1"), b"a")));
        assert_eq!(campaign.findings[0].bytes(), b"\x00\xff");
        assert_eq!(campaign.news().count(), 2);
    }
}

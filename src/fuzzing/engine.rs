//! The built-in engine: keeps inputs that make a target do something new, and changes them.
//!
//! It has no instrumentation. What is new it learns from the target's [`Trail`]: refusals by name, sizes,
//! answers. It is weaker than libFuzzer on byte parsers and good enough on sequences of steps, needs
//! nothing but a stable compiler, and does the same again from the same seed and corpus.

use std::collections::BTreeMap;
use std::time::Duration;

use super::guard::{Host, execute};
use super::{Mutator, Target, Trail, Violation};

/// Inputs that are kept, at most.
const CORPUS_MAX: usize = 4_096;
/// Marks that are told apart, at most.
const MARKS_MAX: usize = 1 << 17;
/// Findings of one run that are told, at most.
const FINDINGS_MAX: usize = 64;
/// Executions that making one finding's input smaller may take.
const SHRINK_MAX: u64 = 3_000;
/// Executions between two looks at the clock for the end.
const LOOK: u64 = 64;
/// The newest inputs are changed more often: one time in two it is one of so many.
const NEWEST: usize = 24;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Executions, at most.
    pub executions: u64,
    /// Time, at most.
    pub time: Duration,
}

/// What the engine tells while it runs.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// This input is about to be run: whoever writes it down has it if the process dies of it.
    About(&'a [u8]),
    /// This input did something new.
    Kept(&'a [u8]),
    /// Something is false that must be true. The input is as small as it could be made.
    Found(&'a Violation, &'a [u8]),
    /// So far.
    Progress(Figures),
}

/// What a run came to so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Inputs run.
    pub executions: u64,
    /// Behaviours told apart.
    pub behaviours: u64,
    /// Inputs kept.
    pub corpus: u64,
    /// Executions when something new was seen last.
    pub newest_at: u64,
    /// Wall time in seconds.
    pub wall_s: f64,
    /// Processor time in seconds; none where the machine does not tell.
    pub processor_s: Option<f64>,
}

/// A run of one target.
pub struct Engine<'h> {
    target: &'h Target,
    host: &'h dyn Host,
    mutator: Mutator,
    corpus: Vec<Vec<u8>>,
    /// Which input of the corpus left a mark at the least length.
    seen: BTreeMap<u64, usize>,
    found: Vec<(super::Oracle, String)>,
    figures: Figures,
    began: (Duration, Option<Duration>),
}

impl<'h> Engine<'h> {
    /// An engine for a target, with a seed.
    #[must_use]
    pub fn new(target: &'h Target, seed: u64, host: &'h dyn Host) -> Self {
        Self {
            target,
            host,
            mutator: Mutator::new(seed),
            corpus: Vec::new(),
            seen: BTreeMap::new(),
            found: Vec::new(),
            figures: Figures::default(),
            began: (host.elapsed(), host.processor()),
        }
    }

    /// Runs the seeds, the given inputs, and then changed ones until the budget is used up.
    pub fn run(
        &mut self,
        given: &[Vec<u8>],
        budget: Budget,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Figures {
        let seeds = (self.target.seeds)();
        for input in seeds.iter().chain(given) {
            self.try_one(&input[..input.len().min(self.target.len_max)], false, tell);
        }
        if self.corpus.is_empty() {
            self.corpus.push(Vec::new());
        }
        let mut next_report = Duration::ZERO;
        while self.figures.executions < budget.executions {
            if self.figures.executions.is_multiple_of(LOOK) {
                let elapsed = self.host.elapsed().saturating_sub(self.began.0);
                if elapsed >= budget.time {
                    break;
                }
                if elapsed >= next_report {
                    next_report = elapsed + Duration::from_secs(1);
                    tell(Event::Progress(self.figures()));
                }
            }
            let input = self.changed();
            self.try_one(&input, true, tell);
        }
        let figures = self.figures();
        tell(Event::Progress(figures));
        figures
    }

    /// The figures so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let spent = |now: Option<Duration>| now?.checked_sub(self.began.1?);
        Figures {
            wall_s: self.host.elapsed().saturating_sub(self.began.0).as_secs_f64(),
            processor_s: spent(self.host.processor()).map(|time| time.as_secs_f64()),
            behaviours: self.seen.len() as u64,
            corpus: self.corpus.len() as u64,
            ..self.figures
        }
    }

    /// The smallest part of the corpus that still does all that the corpus does: for each mark the shortest
    /// input that leaves it.
    #[must_use]
    pub fn minimal_corpus(&self) -> Vec<&[u8]> {
        let mut needed: Vec<usize> = self.seen.values().copied().collect();
        needed.sort_unstable();
        needed.dedup();
        needed.into_iter().filter_map(|at| self.corpus.get(at).map(Vec::as_slice)).collect()
    }

    fn changed(&mut self) -> Vec<u8> {
        let count = self.corpus.len();
        let newest = count.min(NEWEST);
        let at = match self.mutator.below(2) {
            0 => count - 1 - self.mutator.below(newest),
            _ => self.mutator.below(count),
        };
        let other = self.mutator.below(count);
        let mut input = self.corpus.get(at).cloned().unwrap_or_default();
        let other = self.corpus.get(other).map_or(&[][..], Vec::as_slice);
        self.mutator.change(self.target, &mut input, other);
        input
    }

    fn try_one(&mut self, input: &[u8], is_new: bool, tell: &mut dyn FnMut(Event<'_>)) {
        tell(Event::About(input));
        let mut trail = Trail::default();
        self.figures.executions += 1;
        if let Some(violation) = execute(self.target, input, self.host, &mut trail) {
            self.found(violation, input, tell);
            return;
        }
        if self.keep(input, &trail) && is_new {
            self.figures.newest_at = self.figures.executions;
            tell(Event::Kept(input));
        }
    }

    /// Keeps an input that left a new mark, or an old one at a clearly smaller length.
    fn keep(&mut self, input: &[u8], trail: &Trail) -> bool {
        let at = self.corpus.len();
        let len_of = |at: usize| self.corpus.get(at).map_or(0, Vec::len);
        let is_news = |mark: &&u64| match self.seen.get(mark) {
            None => self.seen.len() < MARKS_MAX,
            Some(&holder) => input.len() * 4 < len_of(holder) * 3,
        };
        let news: Vec<u64> = trail.marks().iter().filter(is_news).copied().collect();
        let has_new = news.iter().any(|mark| !self.seen.contains_key(mark));
        if news.is_empty() || at >= CORPUS_MAX {
            return false;
        }
        self.corpus.push(input.to_vec());
        for mark in news {
            self.seen.insert(mark, at);
        }
        has_new
    }

    fn found(&mut self, violation: Violation, input: &[u8], tell: &mut dyn FnMut(Event<'_>)) {
        let key = (violation.oracle, violation.place.clone());
        if self.found.contains(&key) || self.found.len() >= FINDINGS_MAX {
            return;
        }
        let (input, violation) = self.shrink(input.to_vec(), violation, tell);
        tell(Event::Found(&violation, &input));
        self.found.push(key);
    }

    /// Leaves out parts for as long as the same thing is found: halves first, single bytes last.
    fn shrink(
        &self,
        mut input: Vec<u8>,
        mut violation: Violation,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> (Vec<u8>, Violation) {
        let mut left = SHRINK_MAX;
        let mut trail = Trail::default();
        let mut part = input.len().div_ceil(2);
        while part > 0 && left > 0 {
            let mut at = 0;
            let mut has_shrunk = false;
            while at < input.len() && left > 0 {
                left -= 1;
                let end = (at + part).min(input.len());
                let less = [&input[..at], &input[end..]].concat();
                tell(Event::About(&less));
                match execute(self.target, &less, self.host, &mut trail) {
                    Some(same)
                        if same.oracle == violation.oracle && same.place == violation.place =>
                    {
                        (input, violation, has_shrunk) = (less, same, true);
                    }
                    _ => at = end,
                }
            }
            if !has_shrunk {
                part = if part == 1 { 0 } else { part.div_ceil(2) };
            }
        }
        (input, violation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::{Oracle, Silent, find};

    fn budget(executions: u64) -> Budget {
        Budget { executions, time: Duration::MAX }
    }

    #[test]
    fn the_canary_is_found_and_its_input_made_small() {
        let mut found = Vec::new();
        let mut engine = Engine::new(const { &find("canary").unwrap() }, 1, &Silent);
        engine.run(&[], budget(50_000), &mut |event| {
            if let Event::Found(violation, input) = event {
                found.push((violation.oracle, input.to_vec()));
            }
        });
        assert_eq!(found.len(), 1, "the same finding is told once");
        assert_eq!(found[0].0, Oracle::Canary);
        assert_eq!(found[0].1.len(), 4, "{:?}", found[0].1);
    }

    #[test]
    fn a_run_can_be_repeated_and_learns() {
        let run = |seed| {
            let mut engine = Engine::new(const { &find("coap").unwrap() }, seed, &Silent);
            let figures = engine.run(&[], budget(3_000), &mut |_| {});
            let corpus: Vec<Vec<u8>> =
                engine.minimal_corpus().into_iter().map(<[u8]>::to_vec).collect();
            (figures, corpus)
        };
        let (figures, corpus) = run(1);
        assert_eq!(run(1), (figures, corpus.clone()));
        assert_ne!(run(2).1, corpus);
        assert!(figures.behaviours > 30 && corpus.len() > 10, "{figures:?}");
    }
}

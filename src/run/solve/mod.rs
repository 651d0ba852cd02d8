//! The smallest or largest value of a key with which everything holds that is asked for: bisection along a ladder of
//! values that one would write, over several seeds.
//!
//! A value **meets** what is asked if every seed does. The first two seeds find the place; the others confirm it, and
//! where one does not, the search goes on from there. Confidence is the lower end of the Wilson interval of the share of
//! seeds that meet.

use std::collections::BTreeMap;

use super::metrics::{holds, value_of};
use super::parallel::at_once;
use super::{Verdict, execute};
use crate::ledger::Proportion;
use crate::scenario::plan::{Expectation, Plan};

/// Seeds that find the place, before the others confirm it.
const SCOUTS: usize = 2;
/// Values between the answer and the far end that are tried to see whether what lies there meets, too.
const PROBES: usize = 2;

/// What is sought.
pub struct Search<'a> {
    /// Values in the order in which they are wanted: the best first.
    pub ladder: &'a [String],
    /// What to run for the value of this number.
    pub plan: &'a (dyn Fn(usize) -> Plan + Sync),
    /// What must hold.
    pub wanted: &'a [Expectation],
    /// The seeds.
    pub seeds: &'a [u64],
    /// Runs at the same time.
    pub threads: usize,
    /// Stops everything by returning false.
    pub goes_on: &'a (dyn Fn() -> bool + Sync),
    /// Hears of each value that was tried.
    pub told: &'a (dyn Fn(&Trial) + Sync),
}

/// What a value yielded.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The value's number on the ladder.
    pub rung: usize,
    /// For each seed that was run: the value of each metric that is asked for.
    pub seen: BTreeMap<u64, Vec<Option<f64>>>,
    /// Seeds that meet everything.
    pub met: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The rung that is the answer; none if no value that was tried meets.
    pub answer: Option<usize>,
    /// Everything that was tried, by rung.
    pub trials: BTreeMap<usize, Trial>,
    /// Runs that were made.
    pub runs: usize,
    /// It was stopped before it was sure.
    pub interrupted: bool,
}

impl Trial {
    /// Every seed that was run meets, and there was one.
    #[must_use]
    pub fn meets(&self) -> bool {
        !self.seen.is_empty() && self.met == self.seen.len()
    }

    /// With 95 % confidence at least this share of seeds meets (Wilson).
    #[must_use]
    pub fn confidence(&self) -> f64 {
        let proportion = Proportion { count: self.met as u64, of: self.seen.len() as u64 };
        proportion.wilson().0
    }
}

impl Found {
    /// Values that meet and that do not, in an order that no threshold explains: one that meets lies before one
    /// that does not.
    #[must_use]
    pub fn reversal(&self) -> Option<(usize, usize)> {
        let mut met = None;
        for (rung, trial) in &self.trials {
            match (trial.meets(), met) {
                (true, None) => met = Some(*rung),
                (false, Some(better)) => return Some((better, *rung)),
                _ => {}
            }
        }
        None
    }

    /// The last value before the answer that does not meet.
    #[must_use]
    pub fn before(&self) -> Option<usize> {
        let answer = self.answer?;
        self.trials.range(..answer).rev().find(|(_, trial)| !trial.meets()).map(|(rung, _)| *rung)
    }
}

/// Searches.
#[must_use]
pub fn solve(search: &Search<'_>) -> Found {
    let mut state = State { search, trials: BTreeMap::new(), runs: 0 };
    let answer = state.search();
    let interrupted = !(search.goes_on)();
    Found { answer, trials: state.trials, runs: state.runs, interrupted }
}

struct State<'a> {
    search: &'a Search<'a>,
    trials: BTreeMap<usize, Trial>,
    runs: usize,
}

impl State<'_> {
    fn search(&mut self) -> Option<usize> {
        let last = self.search.ladder.len().checked_sub(1)?;
        let scouts = SCOUTS.min(self.search.seeds.len());
        // The end that is most likely to meet.
        let reachable = if self.tries(last, scouts) { last } else { self.anywhere(last, scouts)? };
        if self.tries(0, scouts) && self.confirmed(0) {
            return Some(0);
        }
        let mut best = self.between(0, reachable, scouts)?;
        while !self.confirmed(best) {
            if best == last || !(self.search.goes_on)() {
                return None;
            }
            best = self.upward(best, last)?;
        }
        self.probe(best, last, scouts);
        (self.search.goes_on)().then_some(best)
    }

    /// The first rung of `low..=high` that meets, where `low` does not and `high` does.
    fn between(&mut self, mut low: usize, mut high: usize, seeds: usize) -> Option<usize> {
        while high - low > 1 {
            if !(self.search.goes_on)() {
                return None;
            }
            let middle = low.midpoint(high);
            if self.tries(middle, seeds) { high = middle } else { low = middle }
        }
        Some(high)
    }

    /// The end does not meet: maybe a value inside does.
    fn anywhere(&mut self, last: usize, seeds: usize) -> Option<usize> {
        [last / 2, last * 3 / 4, last / 4].into_iter().find(|rung| self.tries(*rung, seeds))
    }

    /// From a rung that only some seeds meet to one that all do: ever larger steps, then between.
    fn upward(&mut self, from: usize, last: usize) -> Option<usize> {
        let all = self.search.seeds.len();
        let (mut low, mut step) = (from, 1);
        loop {
            let next = (low + step).min(last);
            if self.tries(next, all) {
                return self.between(low, next, all);
            }
            if next == last || !(self.search.goes_on)() {
                return None;
            }
            (low, step) = (next, step * 2);
        }
    }

    /// Looks beyond the answer, so that a value that meets by chance is noticed.
    fn probe(&mut self, best: usize, last: usize, seeds: usize) {
        for part in 1..=PROBES {
            let rung = best + (last - best) * part / (PROBES + 1);
            if rung > best {
                self.tries(rung, seeds);
            }
        }
    }

    fn confirmed(&mut self, rung: usize) -> bool {
        self.tries(rung, self.search.seeds.len())
    }

    /// Does the value meet with the first `seeds` seeds? Runs what was not run yet, as many at a time as there are
    /// threads, and none any more once one does not meet.
    fn tries(&mut self, rung: usize, seeds: usize) -> bool {
        let search = self.search;
        let trial = self.trials.entry(rung).or_insert_with(|| Trial {
            rung,
            seen: BTreeMap::new(),
            met: 0,
        });
        let wanted = &search.seeds[..seeds.min(search.seeds.len())];
        let left: Vec<u64> =
            wanted.iter().copied().filter(|seed| !trial.seen.contains_key(seed)).collect();
        for batch in left.chunks(search.threads.max(1)) {
            if trial.met < trial.seen.len() || !(search.goes_on)() {
                break;
            }
            for (seed, values) in figures(search, rung, batch) {
                self.runs += 1;
                let met = search
                    .wanted
                    .iter()
                    .zip(&values)
                    .all(|(wanted, value)| value.is_some_and(|value| holds(value, wanted)));
                trial.met += usize::from(met);
                trial.seen.insert(seed, values);
            }
        }
        if trial.seen.is_empty() {
            self.trials.remove(&rung);
            return false;
        }
        if !left.is_empty() {
            (search.told)(trial);
        }
        trial.meets() && wanted.iter().all(|seed| trial.seen.contains_key(seed))
    }
}

/// The figures of one value with several seeds.
fn figures(search: &Search<'_>, rung: usize, seeds: &[u64]) -> Vec<(u64, Vec<Option<f64>>)> {
    let each = (search.threads / seeds.len().max(1)).max(1);
    let mut done = at_once(seeds, search.threads, |seed| {
        let mut plan = (search.plan)(rung);
        plan.seed = *seed;
        let outcome = execute(plan, each, &|_| (search.goes_on)());
        let is_whole = outcome.verdict != Verdict::Interrupted;
        let value = |wanted: &Expectation| value_of(&outcome.metrics, &wanted.metric);
        is_whole.then(|| (*seed, search.wanted.iter().map(value).collect()))
    });
    done.sort_by_key(|(seed, _)| *seed);
    done
}

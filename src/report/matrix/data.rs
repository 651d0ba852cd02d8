//! The matrix as data.

use std::collections::BTreeMap;

use crate::attack::catalogue::{Countermeasure, THREATS, Threat};
use crate::ledger::{Paired, Proportion, Verdict};
use crate::report::words::tame;

/// Length of the word of a scenario in the name of a cell.
const NAME_MAX: usize = 24;

/// An experiment stands if this share of its seeds agrees: the attack succeeds with everything off, and does not with
/// everything on.
const AGREED_MIN: f64 = 0.95;
/// Fewer runs than this say nothing about such a share: one of them would decide.
const RUNS_MIN: u64 = 20;

/// All experiments of a campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// Version of keystorm that ran them.
    pub keystorm: String,
    /// Seeds of each cell.
    pub seeds: u64,
    /// Some experiments have not been run, or not to their end.
    pub is_partial: bool,
    /// One for each threat, in the order of their numbers.
    pub rows: Vec<Row>,
}

/// The experiments with one threat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The number of the threat, 1 to 22.
    pub threat: u8,
    /// Its title.
    pub title: String,
    /// Why nothing was run.
    pub fault: Option<String>,
    /// Everything off, once for each scenario: the attack must succeed.
    pub off: Vec<Cell>,
    /// Each countermeasure alone.
    pub cells: Vec<Cell>,
    /// All countermeasures of a scenario together, where it has several.
    pub all: Vec<Cell>,
}

/// One experiment: an attack against a set of countermeasures, over all seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The scenario file.
    pub scenario: String,
    /// The numbers of the countermeasures that are on.
    pub countermeasures: Vec<u8>,
    /// TR-0008 names all of them for this threat.
    pub is_stated: bool,
    /// The most frequent verdict.
    pub verdict: Verdict,
    /// The share of that verdict among the runs whose attack began.
    pub share: Proportion,
    /// The share of each verdict.
    pub verdicts: BTreeMap<Verdict, Proportion>,
    /// Median time from the first step of the attack to the first alarm, in seconds.
    pub alarm_latency_s: Option<f64>,
    /// What was lost.
    pub loss: Option<Loss>,
    /// Runs without attack that raised an alarm; none if there was no such run.
    pub false_alarms: Option<Proportion>,
    /// What the countermeasures cost where nobody attacks, by the name of a metric: on less off.
    pub costs: BTreeMap<String, Paired>,
    /// The command that repeats it.
    pub replay: String,
    /// Why it says nothing.
    pub fault: Option<String>,
}

/// What an attack cost its victim.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// The metric.
    pub metric: String,
    /// The median over all seeds, in the metric's unit.
    pub median: f64,
}

impl Matrix {
    /// Some experiment says nothing.
    #[must_use]
    pub fn has_fault(&self) -> bool {
        let rows = || self.rows.iter();
        rows().any(|row| row.fault.is_some())
            || rows().flat_map(Row::every).any(|cell| cell.shown() == Verdict::Invalid)
    }
}

impl Matrix {
    /// The cells in which fewer runs agree than must, or somebody raised an alarm in peace, and how many.
    #[must_use]
    pub fn shortfalls(&self) -> Vec<(String, String)> {
        self.rows.iter().flat_map(Row::shortfalls).collect()
    }
}

impl Row {
    fn shortfalls(&self) -> Vec<(String, String)> {
        let in_peace = self.every().filter_map(|cell| {
            let alarms = cell.false_alarms.filter(|alarms| alarms.count > 0)?;
            let what = format!("an alarm in {} of {} runs without attack", alarms.count, alarms.of);
            Some((self.name(cell), what))
        });
        let off = self.off.iter().map(|cell| (cell, true));
        let full = self.full().into_iter().map(|cell| (cell, false));
        let split = off.chain(full).filter_map(|(cell, is_off)| {
            let agreed = cell.share_of(|verdict| (verdict == Verdict::Succeeded) == is_off);
            let is_short = agreed.of >= RUNS_MIN && agreed.share()? < AGREED_MIN;
            let word = if is_off { "succeeded" } else { "was stopped" };
            let what = format!("the attack {word} in {} of {} runs only", agreed.count, agreed.of);
            is_short.then(|| (self.name(cell), what))
        });
        in_peace.chain(split).collect()
    }

    /// The threat in the catalogue.
    pub(super) fn threat(&self) -> Option<&'static Threat> {
        THREATS.iter().find(|threat| threat.number == self.threat)
    }

    /// Its code, such as `T9`.
    pub(super) fn code(&self) -> String {
        format!("T{}", self.threat)
    }

    /// The scenarios, in their order.
    pub(super) fn scenarios(&self) -> Vec<&str> {
        let all = self.off.iter().chain(&self.cells).chain(&self.all);
        let mut scenarios: Vec<&str> = Vec::new();
        for cell in all {
            if !scenarios.contains(&cell.scenario.as_str()) {
                scenarios.push(&cell.scenario);
            }
        }
        scenarios
    }

    /// Everything off: where an attack was without effect, that.
    pub(super) fn bare(&self) -> Option<&Cell> {
        worst(self.off.iter())
    }

    /// One countermeasure alone: of several scenarios the worst.
    pub(super) fn alone(&self, number: u8) -> Option<&Cell> {
        worst(self.cells.iter().filter(|cell| cell.countermeasures == [number]))
    }

    /// All countermeasures of a scenario: of several scenarios the worst.
    pub(super) fn together(&self) -> Option<&Cell> {
        worst(self.full().into_iter())
    }

    /// Each scenario with all its countermeasures.
    fn full(&self) -> Vec<&Cell> {
        let full = |scenario: &str| {
            let own = |cell: &&Cell| cell.scenario == scenario;
            let mut single = self.cells.iter().filter(own);
            let only = single.next().filter(|_| single.next().is_none());
            self.all.iter().find(own).or(only)
        };
        self.scenarios().into_iter().filter_map(full).collect()
    }

    /// The catalogue has this countermeasure for this threat, and whether the draft names it.
    pub(super) fn link(&self, countermeasure: &Countermeasure) -> Option<bool> {
        let mut links = self.threat()?.countermeasures();
        links.find(|(cm, _)| cm.number == countermeasure.number).map(|(_, is_stated)| is_stated)
    }

    /// All its cells, scenario by scenario: off, alone, together.
    pub(super) fn every(&self) -> impl Iterator<Item = &Cell> {
        self.scenarios().into_iter().flat_map(|scenario| {
            let all = self.off.iter().chain(&self.cells).chain(&self.all);
            all.filter(move |cell| cell.scenario == scenario)
        })
    }

    /// The name of one of its cells: `T9/off`, `T9/CM10`, `T10/all`; where a threat has several scenarios with
    /// a word of each, such as `T8.middle/CM8`.
    pub(super) fn name(&self, cell: &Cell) -> String {
        let mut code = self.code();
        if self.scenarios().len() > 1 {
            let stem = cell.scenario.rsplit('/').next().unwrap_or_default();
            let stem = stem.strip_suffix(".toml").unwrap_or(stem);
            let word = stem.split_once('-').map_or(stem, |(_, word)| word);
            code = format!("{code}.{}", tame(word, NAME_MAX).replace(' ', "-"));
        }
        match cell.countermeasures.as_slice() {
            [] => format!("{code}/off"),
            _ if self.all.iter().any(|all| std::ptr::eq(all, cell)) => format!("{code}/all"),
            [one] => format!("{code}/{}CM{one}", cell.mark()),
            several => {
                let several: Vec<String> = several.iter().map(|n| format!("CM{n}")).collect();
                format!("{code}/{}", several.join("+"))
            }
        }
    }
}

impl Cell {
    /// The runs that ended otherwise than most, such as `6 PREVENTED`.
    pub(super) fn others(&self) -> Vec<String> {
        let others = self.verdicts.iter().filter(|(verdict, _)| **verdict != self.verdict);
        others.map(|(verdict, share)| format!("{} {}", share.count, verdict.name())).collect()
    }

    /// The share of the verdicts of which something holds.
    fn share_of(&self, holds: impl Fn(Verdict) -> bool) -> Proportion {
        let those = self.verdicts.iter().filter(|(verdict, _)| holds(**verdict));
        let count = those.map(|(_, share)| share.count).sum();
        Proportion { count, of: self.share.of }
    }
}

/// The cell that says least good: a fault before everything else.
fn worst<'a>(cells: impl Iterator<Item = &'a Cell>) -> Option<&'a Cell> {
    // Of equals the first.
    cells.reduce(|a, b| if b.shown() > a.shown() { b } else { a })
}

impl Cell {
    /// Links that TR-0008 does not state have a `+`.
    pub(super) const fn mark(&self) -> &'static str {
        if self.is_stated || self.countermeasures.is_empty() { "" } else { "+" }
    }

    /// The verdict that is shown: a fault makes every other invalid.
    pub(super) const fn shown(&self) -> Verdict {
        if self.fault.is_some() { Verdict::Invalid } else { self.verdict }
    }

    /// Costs that are not noise: those whose interval leaves out zero, or that have none.
    pub(super) fn telling(&self) -> impl Iterator<Item = (&String, &Paired)> {
        self.costs.iter().filter(|(_, paired)| match paired.interval {
            Some((low, high)) => low > 0.0 || high < 0.0,
            None => paired.mean != 0.0,
        })
    }
}

//! The matrix as data.

use std::collections::BTreeMap;

use crate::attack::catalogue::{Countermeasure, THREATS, Threat};
use crate::ledger::{Paired, Proportion, Verdict};

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
    /// The scenario file that shows it.
    pub scenario: String,
    /// Why the whole experiment says nothing, such as a scenario file that is not there.
    pub fault: Option<String>,
    /// Everything off: the attack must succeed.
    pub off: Option<Cell>,
    /// Each countermeasure alone.
    pub cells: Vec<Cell>,
    /// All countermeasures of the threat together, where there are several.
    pub all: Option<Cell>,
}

/// One experiment: an attack against a set of countermeasures, over all seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
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

impl Row {
    /// The threat in the catalogue.
    pub(super) fn threat(&self) -> Option<&'static Threat> {
        THREATS.iter().find(|threat| threat.number == self.threat)
    }

    /// Its code, such as `T9`.
    pub(super) fn code(&self) -> String {
        format!("T{}", self.threat)
    }

    /// The cell of one countermeasure alone.
    pub(super) fn alone(&self, number: u8) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.countermeasures == [number])
    }

    /// The cell with all countermeasures: of one alone, if there is but one.
    pub(super) fn together(&self) -> Option<&Cell> {
        let single = || if self.cells.len() == 1 { self.cells.first() } else { None };
        self.all.as_ref().or_else(single)
    }

    /// The catalogue has this countermeasure for this threat, and whether the draft names it.
    pub(super) fn link(&self, countermeasure: &Countermeasure) -> Option<bool> {
        let mut links = self.threat()?.countermeasures();
        links.find(|(cm, _)| cm.number == countermeasure.number).map(|(_, is_stated)| is_stated)
    }

    /// All its cells: off, alone, together.
    pub(super) fn every(&self) -> impl Iterator<Item = &Cell> {
        self.off.iter().chain(&self.cells).chain(&self.all)
    }

    /// The name of one of its cells: `T9/off`, `T9/CM10`, `T10/all`.
    pub(super) fn name(&self, cell: &Cell) -> String {
        let code = self.code();
        match cell.countermeasures.as_slice() {
            [] => format!("{code}/off"),
            _ if self.all.as_ref().is_some_and(|all| std::ptr::eq(all, cell)) => {
                format!("{code}/all")
            }
            [one] => format!("{code}/{}CM{one}", cell.mark()),
            several => {
                let several: Vec<String> = several.iter().map(|n| format!("CM{n}")).collect();
                format!("{code}/{}", several.join("+"))
            }
        }
    }
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

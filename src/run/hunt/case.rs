//! A case of a hunt: a scenario as data, put together from a base and from what was drawn, so that parts of it can be
//! taken away again.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Broken;
use crate::run::{Outcome, Verdict, execute};
use crate::scenario::{Loaded, Source, load};

/// A scenario in parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The seed of the run.
    pub seed: u64,
    /// The base, with what the user has set.
    pub base: Table,
    /// Settings that were drawn, by their dotted paths.
    pub settings: Vec<(String, Value)>,
    /// Faults and commands that were drawn.
    pub events: Vec<Table>,
    /// Attackers that were drawn.
    pub attacks: Vec<Table>,
}

impl Case {
    /// The base alone.
    #[must_use]
    pub const fn new(base: Table, seed: u64) -> Self {
        Self { seed, base, settings: Vec::new(), events: Vec::new(), attacks: Vec::new() }
    }

    /// The whole scenario.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = self.base.clone();
        for (path, value) in &self.settings {
            put(&mut table, path, value.clone());
        }
        let seed =
            i64::try_from(self.seed).map_or_else(|_| self.seed.to_string().into(), Value::from);
        put(&mut table, "scenario.seed", seed);
        for (key, drawn) in [("event", &self.events), ("attack", &self.attacks)] {
            let list = table.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.extend(drawn.iter().cloned().map(Value::Table));
                if list.is_empty() {
                    table.remove(key);
                }
            }
        }
        table
    }

    /// The scenario as a file, without a question.
    #[must_use]
    pub fn text(&self) -> String {
        toml::to_string(&self.table()).unwrap_or_default()
    }

    /// The scenario as a plan; `None` if it is refused.
    #[must_use]
    pub fn load(&self) -> Option<Loaded> {
        load(&Source::new("case", self.text()), &[], None).ok()
    }

    /// Runs it on one thread. `None`: it is refused, or was stopped.
    #[must_use]
    pub fn run(&self, goes_on: &(dyn Fn() -> bool + Sync)) -> Option<Outcome> {
        let outcome = execute(self.load()?.plan, 1, &|_| goes_on());
        (outcome.verdict != Verdict::Interrupted).then_some(outcome)
    }

    /// By what something may have been broken: words of the attacks and faults in it, in order, each once; if there are
    /// none, the settings that were drawn.
    #[must_use]
    pub fn mechanisms(&self) -> Vec<String> {
        let words = self.words();
        if words.is_empty() { self.paths() } else { words }
    }

    /// Everything in it by which something may have been broken.
    #[must_use]
    pub fn means(&self) -> BTreeSet<String> {
        self.words().into_iter().chain(self.paths()).collect()
    }

    fn paths(&self) -> Vec<String> {
        self.settings.iter().map(|(path, _)| path.clone()).collect()
    }

    /// Words of attacks and faults.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        const NO_VERBS: [&str; 5] = ["at", "name", "violates", "alarm_within", "loss"];
        let table = self.table();
        let lists = ["attack", "event"].into_iter().filter_map(|key| table.get(key)?.as_array());
        let items = lists.flatten().filter_map(Value::as_table);
        let verbs =
            items.flat_map(|item| item.keys().find(|key| !NO_VERBS.contains(&key.as_str())));
        let mut words: Vec<String> = verbs.cloned().collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

/// What is broken in a run that must hold: invariants, and expectations.
#[must_use]
pub fn broken(outcome: &Outcome) -> Vec<Broken> {
    let evidence = outcome.evidence.as_ref();
    let invariants = evidence.into_iter().flat_map(|evidence| {
        evidence.broken.iter().map(|invariant| {
            let first = evidence.findings.get(&invariant.property);
            let first = first.and_then(|finding| finding.violations.first());
            let what = first.map_or_else(String::new, |violation| {
                format!("at {} {}", violation.at, evidence.names.tell(&violation.what))
            });
            Broken { what_holds: invariant.to_string(), what }
        })
    });
    let expectations = outcome.expectations.iter().filter(|checked| !checked.held).map(|checked| {
        let value = checked.value.map_or_else(|| "absent".to_owned(), |value| value.to_string());
        let what = format!("{} is {value}, expected {}", checked.metric, checked.expected);
        Broken { what_holds: checked.metric.clone(), what }
    });
    invariants.chain(expectations).collect()
}

/// Puts a value at a dotted path; tables on the way are made. A path through something that is no table is dropped.
pub(super) fn put(table: &mut Table, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        table.insert(path.to_owned(), value);
        return;
    };
    // Names of metrics have dots.
    if first == "expect" {
        if let Some(expect) = inner(table, first) {
            expect.insert(rest.replace('"', ""), value);
        }
        return;
    }
    if let Some(inner) = inner(table, first) {
        put(inner, rest, value);
    }
}

fn inner<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Table> {
    table.entry(key).or_insert_with(|| Value::Table(Table::new())).as_table_mut()
}

/// What stands at a dotted path.
pub(super) fn get<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((first, rest)) => get(table.get(first)?.as_table()?, rest),
    }
}

/// The value of `KEY=VALUE`: as TOML reads it, else as a string.
pub(super) fn value(text: &str) -> Value {
    let whole = format!("value = {text}");
    let read = whole.parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    read.unwrap_or_else(|| Value::String(text.trim().to_owned()))
}

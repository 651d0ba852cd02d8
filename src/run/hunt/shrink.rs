//! Makes a case small: takes away whatever can go while the same thing still does not hold.
//!
//! Nothing is taken away that protects: the keys of `[security]` and `[custody]` in the base stay, and so do its
//! countermeasures that are off.

use toml::{Table, Value};

use super::Finding;
use super::case::{Case, broken, get, put};
use crate::run::Outcome;
use crate::scenario::Plan;
use crate::scenario::plan::Action;
use crate::sim::time::{Duration, Time};

/// Most runs for one finding.
pub const RUNS_MAX: u64 = 400;
/// Groups of nodes, those first without which others can stay.
const KINDS: [&str; 5] = ["fleet", "gateway", "maf", "mef", "cse"];
/// Keys of a group that say what it is; the others are choices.
const ESSENTIAL: [&str; 6] = ["count", "class", "link", "registrar", "latency", "off"];

/// The case made small; `None` if it does not show what it should.
pub(super) fn shrink(
    case: Case,
    what_holds: &str,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Option<Finding> {
    let seed = case.seed;
    let mut shrinker = Shrinker { case, what_holds, goes_on, runs: 0 };
    if !shrinker.shows(&shrinker.case.clone()) {
        return None;
    }
    shrinker.gather();
    loop {
        let before = shrinker.case.clone();
        shrinker.pass();
        if shrinker.case == before || shrinker.is_spent() {
            break;
        }
    }
    let Shrinker { case, runs, .. } = shrinker;
    let outcome = case.run(&|| true)?;
    let first = broken(&outcome).into_iter().find(|broken| broken.what_holds == what_holds)?;
    Some(Finding {
        what_holds: what_holds.to_owned(),
        mechanisms: case.mechanisms(),
        what: first.what,
        seed,
        seeds: vec![seed],
        nodes: nodes(&outcome),
        runs,
        digest: outcome.digest,
        scenario: case.text(),
    })
}

/// Nodes of a run: CSEs, functions, gateways, devices.
fn nodes(outcome: &Outcome) -> u64 {
    outcome.recorder.groups.iter().map(|group| u64::from(group.count)).sum()
}

struct Shrinker<'a> {
    case: Case,
    what_holds: &'a str,
    goes_on: &'a (dyn Fn() -> bool + Sync),
    runs: u64,
}

impl Shrinker<'_> {
    fn is_spent(&self) -> bool {
        self.runs >= RUNS_MAX || !(self.goes_on)()
    }

    /// The case is a scenario in which the same thing does not hold.
    fn shows(&mut self, case: &Case) -> bool {
        let is_fair = || case.load().is_some_and(|loaded| is_over_in_time(&loaded.plan));
        if self.is_spent() || !is_fair() {
            return false;
        }
        self.runs += 1;
        let goes_on = self.goes_on;
        let outcome = case.run(&|| goes_on());
        outcome.is_some_and(|outcome| {
            broken(&outcome).iter().any(|broken| broken.what_holds == self.what_holds)
        })
    }

    /// Takes the change if the case still shows it.
    fn attempt(&mut self, change: impl FnOnce(&mut Case)) -> bool {
        let mut case = self.case.clone();
        change(&mut case);
        if case == self.case || !self.shows(&case) {
            return false;
        }
        self.case = case;
        true
    }

    /// The events and attackers of the base are as good as those that were drawn.
    fn gather(&mut self) {
        let Case { base, events, attacks, .. } = &mut self.case;
        for (key, drawn) in [("event", events), ("attack", attacks)] {
            let Some(Value::Array(own)) = base.remove(key) else { continue };
            let own = own.into_iter().filter_map(|item| match item {
                Value::Table(table) => Some(table),
                _ => None,
            });
            *drawn = own.chain(drawn.drain(..)).collect();
        }
    }

    fn pass(&mut self) {
        self.narrow();
        self.thin(|case| &mut case.attacks);
        self.thin(|case| &mut case.events);
        self.thin(|case| &mut case.settings);
        self.fewer_groups();
        self.fewer_members();
        self.shorter();
        self.plainer(|case| &mut case.attacks);
        self.plainer(|case| &mut case.events);
        for kind in ["countermeasure", "link", "class", "fleet", "gateway"] {
            self.fewer_words(kind);
        }
    }

    /// Only what does not hold is asked for.
    fn narrow(&mut self) {
        let what = self.what_holds.to_owned();
        let is_expected = get(&self.case.base, "expect")
            .and_then(Value::as_table)
            .is_some_and(|expect| expect.contains_key(&what));
        self.attempt(|case| {
            if is_expected {
                remove(&mut case.base, "scenario", "hold");
                if let Some(Value::Table(expect)) = case.base.get_mut("expect") {
                    expect.retain(|metric, _| *metric == what);
                }
            } else {
                case.base.remove("expect");
                remove(&mut case.base, "scenario", "recovery");
                put(&mut case.base, "scenario.hold", Value::Array(vec![what.into()]));
            }
        });
    }

    /// Takes away pieces of a list, from all of it down to single items.
    fn thin<T: Clone>(&mut self, list: impl Fn(&mut Case) -> &mut Vec<T>) {
        let mut size = list(&mut self.case).len();
        while size > 0 {
            let mut from = 0;
            while from < list(&mut self.case).len() {
                let until = (from + size).min(list(&mut self.case).len());
                if !self.attempt(|case| drop(list(case).drain(from..until))) {
                    from = until;
                }
            }
            size /= 2;
        }
    }

    /// Takes away whole groups, and what others say of them.
    fn fewer_groups(&mut self) {
        for kind in KINDS {
            for name in names(&self.case.base, kind) {
                self.attempt(|case| {
                    remove(&mut case.base, kind, &name);
                    for fleet in tables(&mut case.base, "fleet") {
                        if fleet.get("via").and_then(Value::as_str) == Some(&name) {
                            fleet.remove("via");
                        }
                        if matches!(kind, "maf" | "mef") {
                            fleet.remove("enrolment");
                        }
                    }
                    if names(&case.base, kind).is_empty() {
                        case.base.remove(kind);
                    }
                });
            }
        }
    }

    fn fewer_members(&mut self) {
        for kind in KINDS {
            for name in names(&self.case.base, kind) {
                let path = format!("{kind}.{name}.count");
                let Some(count) = get(&self.case.base, &path).and_then(Value::as_integer) else {
                    continue;
                };
                for fewer in [1, count / 2, count - 1] {
                    let done = (1..count).contains(&fewer)
                        && self.attempt(|case| put(&mut case.base, &path, fewer.into()));
                    if done {
                        break;
                    }
                }
            }
        }
    }

    /// A shorter run. Where everybody must be served again, that begins earlier, but not before all faults are over.
    fn shorter(&mut self) {
        let Some(loaded) = self.case.load() else { return };
        let plan = loaded.plan;
        let tail = plan.recovery.map_or(Duration::ZERO, |recovery| recovery.within);
        let now = plan.recovery.map_or(plan.duration, |recovery| recovery.after.since(Time::ZERO));
        // How long an attack lasts only its program knows.
        if plan.recovery.is_some() && !plan.attacks.is_empty() {
            return;
        }
        for percent in [10, 25, 50, 75, 90] {
            let ms = now.0 / 100 * percent / 1_000_000_000 * 1_000;
            if ms == 0 {
                continue;
            }
            let done = self.attempt(|case| {
                let whole = ms + tail.0 / 1_000_000;
                put(&mut case.base, "scenario.duration", format!("{whole}ms").into());
                if plan.recovery.is_some() {
                    put(&mut case.base, "scenario.recovery.after", format!("{ms}ms").into());
                }
            });
            if done {
                return;
            }
        }
    }

    /// Events and attackers with as few words as they need.
    fn plainer(&mut self, list: impl Fn(&mut Case) -> &mut Vec<Table>) {
        for index in 0..list(&mut self.case).len() {
            let words = |item: &mut Table| -> Vec<(String, String)> {
                let tables =
                    item.iter().filter_map(|(verb, words)| Some((verb, words.as_table()?)));
                tables
                    .flat_map(|(verb, words)| {
                        words.keys().map(move |key| (verb.clone(), key.clone()))
                    })
                    .collect()
            };
            for (verb, key) in list(&mut self.case).get_mut(index).map(words).unwrap_or_default() {
                self.attempt(|case| {
                    if let Some(item) = list(case).get_mut(index) {
                        remove(item, &verb, &key);
                    }
                });
            }
        }
    }

    /// Tables of a kind that can go, and words of the others.
    fn fewer_words(&mut self, kind: &str) {
        for name in names(&self.case.base, kind) {
            let is_group = KINDS.contains(&kind);
            if !is_group && self.attempt(|case| remove(&mut case.base, kind, &name)) {
                continue;
            }
            let path = format!("{kind}.{name}");
            let keys: Vec<String> = get(&self.case.base, &path)
                .and_then(Value::as_table)
                .map(|table| table.keys().cloned().collect())
                .unwrap_or_default();
            let is_off = kind == "countermeasure";
            for key in keys.iter().filter(|key| !is_off && !ESSENTIAL.contains(&key.as_str())) {
                self.attempt(|case| {
                    let table = case.base.get_mut(kind).and_then(Value::as_table_mut);
                    if let Some(table) = table {
                        remove(table, &name, key);
                    }
                });
            }
        }
    }
}

/// Everything that fails is over by the time from which on everybody must be served again.
fn is_over_in_time(plan: &Plan) -> bool {
    let Some(recovery) = plan.recovery else { return true };
    plan.events.iter().all(|event| match event.action {
        Action::Fault { lasts, .. } => {
            lasts <= recovery.after.since(event.at) && event.at <= recovery.after
        }
        Action::Fail { member } => plan.events.iter().any(|other| {
            other.action == Action::Recover { member }
                && other.target == event.target
                && (event.at..=recovery.after).contains(&other.at)
        }),
        _ => event.at <= recovery.after,
    })
}

/// The names of the tables of a kind.
fn names(base: &Table, kind: &str) -> Vec<String> {
    let tables = base.get(kind).and_then(Value::as_table);
    tables.map(|tables| tables.keys().cloned().collect()).unwrap_or_default()
}

fn tables<'a>(base: &'a mut Table, kind: &str) -> impl Iterator<Item = &'a mut Table> {
    let named = base.get_mut(kind).and_then(Value::as_table_mut);
    named
        .into_iter()
        .flat_map(|named| named.iter_mut().filter_map(|(_, value)| value.as_table_mut()))
}

/// Takes a key out of a table within.
fn remove(base: &mut Table, table: &str, key: &str) {
    if let Some(inner) = base.get_mut(table).and_then(Value::as_table_mut) {
        inner.remove(key);
    }
}

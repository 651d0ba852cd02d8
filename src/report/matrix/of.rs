//! From the runs of a campaign to the matrix.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Cell, Loss, Matrix, Row};
use crate::attack::catalogue::{THREATS, Threat};
use crate::ledger::verdict::{Experiment, Fault, Quiet};
use crate::ledger::{Judgement, Proportion, Verdict};
use crate::run::matrix::{self as campaign, Set, Trial};
use crate::scenario::{Source, load};

impl Matrix {
    /// What the runs of `rows` say, with the seeds from 1 to `seeds`. Seeds that did not run in all four
    /// parts of an experiment are left out of it.
    #[must_use]
    pub fn of(rows: &[campaign::Row], seeds: u64) -> Self {
        let is_short = |row: &&campaign::Row| {
            let runs = (row.sets().len() as u64 + 1) * 2 * seeds;
            (row.notes.len() as u64) < runs
        };
        Self {
            keystorm: env!("CARGO_PKG_VERSION").to_owned(),
            seeds,
            is_partial: rows.iter().any(|row| is_short(&row)),
            rows: threats(rows, seeds),
        }
    }

    /// The same with a row for each threat of the catalogue that has no scenario.
    #[must_use]
    pub fn with_all_threats(mut self) -> Self {
        for threat in &THREATS {
            if self.rows.iter().all(|row| row.threat != threat.number) {
                let title = threat.title.to_owned();
                self.rows.push(Row { threat: threat.number, title, ..Row::default() });
            }
        }
        self.rows.sort_by_key(|row| row.threat);
        self
    }
}

/// One row for each threat, whose scenarios may be several.
fn threats(rows: &[campaign::Row], seeds: u64) -> Vec<Row> {
    let mut all: BTreeMap<u8, Row> = BTreeMap::new();
    for row in rows {
        let one = one(row, seeds);
        let known = all.entry(one.threat).or_insert_with(|| Row {
            threat: one.threat,
            title: one.title,
            ..Row::default()
        });
        known.off.extend(one.off);
        known.cells.extend(one.cells);
        known.all.extend(one.all);
    }
    all.into_values().collect()
}

fn one(row: &campaign::Row, seeds: u64) -> Row {
    let threat = THREATS.iter().find(|threat| threat.number == row.file.threat);
    let metric = loss_metric(row);
    let all = (row.countermeasures.len() > 1).then_some(&row.countermeasures);
    let of = |set: &Set| cell(row, threat, set, seeds, metric.as_deref());
    let alone = row.countermeasures.iter().filter_map(|number| of(&Set::from([*number])));
    Row {
        threat: row.file.threat,
        title: threat.map_or_else(String::new, |threat| threat.title.to_owned()),
        fault: None,
        off: of(&Set::new()).into_iter().collect(),
        cells: alone.collect(),
        all: all.and_then(of).into_iter().collect(),
    }
}

/// The metric of the loss, where the scenario names one.
fn loss_metric(row: &campaign::Row) -> Option<String> {
    let loaded = load(&Source::new(row.file.path, row.file.text), &[], None).ok()?;
    let loss = loaded.plan.attacks.iter().find_map(|attack| attack.loss.as_ref())?;
    Some(format!("{}.{}", loss.property.property().code, loss.metric))
}

/// The experiment of a set; none if no seed has run in all its parts.
fn cell(
    row: &campaign::Row,
    threat: Option<&Threat>,
    set: &Set,
    seeds: u64,
    metric: Option<&str>,
) -> Option<Cell> {
    let experiment = whole(row.experiment(set));
    let defended = &experiment.defended;
    if defended.is_empty() {
        return None;
    }
    let stated = |number: &u8| threat.is_some_and(|threat| threat.stated.contains(number));
    let trial = Trial { file: row.file, on: set.clone(), is_attacked: true, seed: 1 };
    let (verdicts, verdict, share) = verdicts(defended);
    let mut cell = Cell {
        scenario: row.file.path.to_owned(),
        countermeasures: set.iter().copied().collect(),
        is_stated: set.iter().all(stated),
        verdict,
        share,
        verdicts,
        alarm_latency_s: median(defended, |one| Some(one.alarm_latency?.as_secs_f64())),
        loss: metric.and_then(|metric| {
            let median = median(defended, |one| one.loss)?;
            Some(Loss { metric: metric.to_owned(), median })
        }),
        false_alarms: Some(alarmed(&experiment.equipped)),
        costs: BTreeMap::new(),
        replay: trial.command_for(&row.countermeasures, seeds),
        fault: None,
    };
    if set.is_empty() {
        let failed = defended
            .iter()
            .find(|(_, one)| !matches!(one.verdict, Verdict::Succeeded | Verdict::Vacuous));
        cell.fault = failed.map(|(seed, one)| {
            Fault::NotASuccess { seed: *seed, verdict: one.verdict }.to_string()
        });
        return Some(cell);
    }
    match experiment.outcome() {
        Ok(outcome) => {
            cell.verdict = outcome.verdict;
            cell.costs = outcome.costs;
            if outcome.false_alarms_off.count > 0 {
                let share = outcome.false_alarms_off;
                let said = format!(
                    "{} of {} runs in peace raise an alarm with it off",
                    share.count, share.of
                );
                cell.fault = Some(said);
            }
        }
        Err(fault) => cell.fault = Some(fault.to_string()),
    }
    Some(cell)
}

/// The experiment with the seeds that ran in all its parts.
fn whole(mut experiment: Experiment) -> Experiment {
    let seeds: BTreeSet<u64> = experiment
        .defended
        .keys()
        .filter(|seed| experiment.exposed.contains_key(seed))
        .filter(|seed| {
            experiment.plain.contains_key(seed) && experiment.equipped.contains_key(seed)
        })
        .copied()
        .collect();
    for part in [&mut experiment.exposed, &mut experiment.defended] {
        part.retain(|seed, _| seeds.contains(seed));
    }
    for part in [&mut experiment.plain, &mut experiment.equipped] {
        part.retain(|seed, _| seeds.contains(seed));
    }
    experiment
}

/// The share of each verdict among the runs whose attack began, the most frequent one, and its share.
fn verdicts(
    runs: &BTreeMap<u64, Judgement>,
) -> (BTreeMap<Verdict, Proportion>, Verdict, Proportion) {
    let told =
        || runs.values().map(|one| one.verdict).filter(|verdict| *verdict != Verdict::Vacuous);
    let of = told().count() as u64;
    let mut shares: BTreeMap<Verdict, Proportion> = BTreeMap::new();
    for verdict in told() {
        shares.entry(verdict).or_insert(Proportion { count: 0, of }).count += 1;
    }
    let most = shares.iter().max_by_key(|(verdict, share)| (share.count, **verdict));
    let (verdict, share) = match most {
        Some((verdict, share)) => (*verdict, *share),
        None => (Verdict::Vacuous, Proportion::default()),
    };
    (shares, verdict, share)
}

fn alarmed(runs: &BTreeMap<u64, Quiet>) -> Proportion {
    let mut alarmed = Proportion::default();
    runs.values().for_each(|run| alarmed.add(run.alarms > 0));
    alarmed
}

/// The median of what some runs have: the value at index ceil(n / 2) - 1.
fn median(runs: &BTreeMap<u64, Judgement>, of: impl Fn(&Judgement) -> Option<f64>) -> Option<f64> {
    let mut all: Vec<f64> = runs.values().filter_map(of).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len().div_ceil(2).checked_sub(1)?).copied()
}

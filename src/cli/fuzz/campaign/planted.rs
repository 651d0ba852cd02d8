//! `keystorm fuzz recall`: how many planted defects a campaign of a fixed budget finds.

#![allow(clippy::disallowed_methods, reason = "the command line may read clocks")]

use std::fs;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use keystorm::fuzzing::campaign::Finding;
use keystorm::fuzzing::{Target, targets};
use keystorm::planted::Defect;

use crate::cli::args::FuzzRecallArguments;
use crate::cli::exit::Exit;
use crate::cli::fuzz::slice::Slice;
use crate::cli::{output, progress};

/// Defects that must be found.
const REQUIRED: usize = 18;
/// Turns that each target has, if each slice gets a whole processor.
const TURNS: u32 = 3;
/// Wall time for each second of the budget, at most: a machine that is this busy finds nothing out.
const PATIENCE: u32 = 20;

/// One defect, and what became of it.
struct Row {
    defect: &'static str,
    found: Option<Finding>,
    /// Processor seconds until then, or all that were spent.
    spent_s: f64,
}

pub(in crate::cli::fuzz) fn recall(arguments: &FuzzRecallArguments) -> anyhow::Result<Exit> {
    progress::listen()?;
    let mut names: Vec<&'static str> = vec![Defect::None.name()];
    names.extend(Defect::ALL.iter().map(|defect| defect.name()));
    names.retain(|name| arguments.only.is_empty() || arguments.only.iter().any(|it| it == name));
    let count = u32::try_from(names.len()).unwrap_or(1).max(1);
    let each = arguments.budget / count;
    names.reverse();
    let (queue, rows) = (Mutex::new(names), Mutex::new(Vec::new()));
    let folder = super::super::tempfile_folder("recall")?;
    let work = || -> anyhow::Result<()> {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(defect) = next.filter(|_| !progress::is_stopped()) else { return Ok(()) };
            let scratch = folder.join(defect);
            let row = hunt(defect, each, arguments.seed, &scratch)?;
            output::talk(&line(&row));
            rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
        }
    };
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.jobs).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let _ = fs::remove_dir_all(&folder);
    for result in results {
        result.map_err(|_| anyhow::anyhow!("a thread fell over"))??;
    }
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|row| row.defect);
    let text = table(&rows, arguments);
    if let Some(parent) = arguments.out.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&arguments.out, &text)
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    output::result(&text)?;
    let found = rows.iter().filter(|row| is_planted(row) && row.found.is_some()).count();
    let is_clean = rows.iter().all(|row| is_planted(row) || row.found.is_none());
    let enough = found >= REQUIRED.min(rows.iter().filter(|row| is_planted(row)).count());
    Ok(if enough && is_clean { Exit::Held } else { Exit::Failed })
}

fn is_planted(row: &Row) -> bool {
    row.defect != Defect::None.name()
}

/// Runs all targets in turn, from their seeds, until one finds something or the processor time is used up.
/// Nobody tells the campaign where the defect is.
fn hunt(
    defect: &'static str,
    budget: Duration,
    seed: u64,
    folder: &std::path::Path,
) -> anyhow::Result<Row> {
    fs::create_dir_all(folder)?;
    let all: Vec<&'static Target> = targets().iter().filter(|target| !target.is_canary).collect();
    let time = budget / (u32::try_from(all.len()).unwrap_or(1) * TURNS);
    let planted = (defect != Defect::None.name()).then_some(defect);
    let began = Instant::now();
    let mut spent_s = 0.0;
    for (turn, target) in (0..).flat_map(|turn| all.iter().map(move |target| (turn, target))) {
        let is_over = spent_s >= budget.as_secs_f64() || began.elapsed() > budget * PATIENCE;
        if is_over || progress::is_stopped() {
            break;
        }
        let corpus = folder.join(target.name);
        let slice = Slice { target, seed: seed + turn, time, corpus, planted };
        let outcome = slice.run(folder, &mut |_| {})?;
        spent_s += outcome.figures.processor_s.unwrap_or(outcome.figures.wall_s);
        if let Some(finding) = outcome.findings.into_iter().next() {
            return Ok(Row { defect, found: Some(finding), spent_s });
        }
    }
    Ok(Row { defect, found: None, spent_s })
}

fn line(row: &Row) -> String {
    let found = row.found.as_ref();
    let how = found.map_or_else(
        || "not found".to_owned(),
        |it| format!("{} | {} | {}", it.target, it.oracle, it.place),
    );
    format!("{} | {how} | {:.1} s", row.defect, row.spent_s)
}

fn table(rows: &[Row], arguments: &FuzzRecallArguments) -> String {
    let planted: Vec<&Row> = rows.iter().filter(|row| is_planted(row)).collect();
    let found = planted.iter().filter(|row| row.found.is_some()).count();
    let spent: f64 = rows.iter().map(|row| row.spent_s).sum();
    let mut out = format!(
        "# Planted defects\n\nThe built-in engine finds {found} of {} defects, each planted alone, with all targets in \
turn from their seeds.\nBudget {} s on processors for all together, {spent:.0} s used, seed {}. \
The row `None` has no defect: nothing may be found there.\n\n| defect | target | oracle | place | processor s |\n\
|---|---|---|---|---|\n",
        planted.len(),
        arguments.budget.as_secs(),
        arguments.seed,
    );
    for row in rows {
        let cells = row.found.as_ref().map_or_else(
            || "- | - | not found".to_owned(),
            |it| format!("{} | {} | {}", it.target, it.oracle, it.place.replace('|', "/")),
        );
        out.push_str(&format!("| {} | {cells} | {:.1} |\n", row.defect, row.spent_s));
    }
    out
}

//! The matrix for a terminal: the answer first, then a line for each cell, then the commands that repeat
//! them. The first word of a line is the name of the cell.

use std::fmt::Write as _;

use super::data::{Cell, Matrix, Row};
use super::{cost, interval};
use crate::ledger::{SEEDS_MIN, Verdict};
use crate::report::table::Table;
use crate::report::words::{count, of_metric, percent, tame, time};

/// Lines of the table at most: off, 26 countermeasures and all of them, for 22 threats.
const LINES_MAX: usize = 22 * 28;
/// Length of a cost, of a fault, of a command.
const COST: usize = 56;
const FAULT: usize = 160;
const COMMAND: usize = 400;
/// Costs in a line.
const COSTS: usize = 2;

/// The matrix as text.
#[must_use]
pub fn text(matrix: &Matrix) -> String {
    let mut out = format!("{}\n", headline(matrix));
    let heads = [
        "cell",
        "verdict",
        "runs",
        "share",
        "95 % interval",
        "otherwise",
        "alarm",
        "loss",
        "false alarms",
        "cost",
    ];
    let mut table = Table::of_at_most(&heads, LINES_MAX);
    for row in &matrix.rows {
        table.rows.extend(row.every().map(|cell| line(row, cell)));
    }
    table.write(&mut out);
    faults(matrix, &mut out);
    shortfalls(matrix, &mut out);
    let idle = matrix.rows.iter().filter(|row| row.every().next().is_none()).map(Row::code);
    let idle: Vec<String> = idle.collect();
    if !idle.is_empty() {
        let _ = writeln!(out, "\nnot run  {}", idle.join(" "));
    }
    let mut commands = String::new();
    for row in &matrix.rows {
        for cell in row.every().filter(|cell| !cell.replay.is_empty()) {
            let _ = writeln!(commands, "{:<12}  {}", row.name(cell), tame(&cell.replay, COMMAND));
        }
    }
    if !commands.is_empty() {
        let _ = write!(out, "\nRepeat a cell with:\n{commands}");
    }
    let _ = write!(
        out,
        "\n+CM marks a link that TR-0008 does not state. Costs: on less off where nobody attacks, over the \
         same seeds.\n"
    );
    out
}

/// What the matrix says, in one sentence.
#[must_use]
pub fn headline(matrix: &Matrix) -> String {
    let partial = if matrix.is_partial { "Partial: " } else { "" };
    let mut groups: Vec<String> = Vec::new();
    let together: Vec<(&Row, Verdict)> = matrix
        .rows
        .iter()
        .filter(|row| row.fault.is_none())
        .filter_map(|row| Some((row, row.together()?.shown())))
        .collect();
    for (verdict, word) in [
        (Verdict::Prevented, "prevented"),
        (Verdict::Mitigated, "mitigated"),
        (Verdict::Detected, "detected"),
        (Verdict::Succeeded, "not stopped"),
        (Verdict::Invalid, "without a valid experiment"),
        (Verdict::Vacuous, "never begun"),
    ] {
        let those: Vec<String> =
            together.iter().filter(|(_, v)| *v == verdict).map(|(row, _)| row.code()).collect();
        match those.len() {
            0 => {}
            n if verdict == Verdict::Prevented => groups.push(format!("{n} {word}")),
            n => groups.push(format!("{n} {word} ({})", those.join(", "))),
        }
    }
    let missing =
        matrix.rows.iter().filter(|row| row.fault.is_none() && row.every().next().is_none());
    match missing.count() {
        0 => {}
        n => groups.push(format!("{n} not run")),
    }
    let seeds = match matrix.seeds {
        1 => "1 seed".to_owned(),
        n => format!("{} seeds", count(n)),
    };
    let few = usize::try_from(matrix.seeds).is_ok_and(|n| n < SEEDS_MIN);
    let few =
        if few { format!(", fewer than the {SEEDS_MIN} that shares need") } else { String::new() };
    if together.is_empty() {
        return format!("{partial}No experiment has a verdict yet ({seeds} a cell{few}).");
    }
    if let ([(row, verdict)], 1) = (together.as_slice(), matrix.rows.len()) {
        let (code, verdict) = (row.code(), verdict.name());
        let share = row.together().map_or_else(String::new, |cell| {
            format!(" in {} of {} runs", cell.share.count, cell.share.of)
        });
        return format!(
            "{partial}{code} with its countermeasures on is {verdict}{share}; {seeds} a cell{few}."
        );
    }
    let of = format!("{} threats", matrix.rows.iter().filter(|row| row.fault.is_none()).count());
    let groups = groups.join(", ");
    format!("{partial}With its countermeasures on, of {of}: {groups}; {seeds} a cell{few}.")
}

fn line(row: &Row, cell: &Cell) -> Vec<String> {
    let dash = || "-".to_owned();
    let costs: Vec<String> = cell
        .telling()
        .take(COSTS)
        .map(|(name, paired)| format!("{} {}", tame(name, COST / 2), cost(name, paired.mean)))
        .collect();
    let costs = if costs.is_empty() { dash() } else { tame(&costs.join(", "), COST) };
    vec![
        row.name(cell),
        cell.shown().name().to_owned(),
        format!("{}/{}", cell.share.count, cell.share.of),
        cell.share.share().map_or_else(dash, percent),
        interval(cell.share),
        if cell.others().is_empty() { dash() } else { cell.others().join(", ") },
        cell.alarm_latency_s.map_or_else(dash, time),
        cell.loss
            .as_ref()
            .map_or_else(dash, |loss| tame(&of_metric(&loss.metric, loss.median), 20)),
        cell.false_alarms.map_or_else(dash, |share| format!("{}/{}", share.count, share.of)),
        costs,
    ]
}

/// Experiments that say nothing, and why.
fn faults(matrix: &Matrix, out: &mut String) {
    let mut table = Table::of_at_most(&["invalid", "why"], LINES_MAX);
    table.is_left = true;
    for row in &matrix.rows {
        table.rows.extend(row.fault.iter().map(|why| vec![row.code(), tame(why, FAULT)]));
        let cells = row.every().filter_map(|cell| Some((cell, cell.fault.as_ref()?)));
        table.rows.extend(cells.map(|(cell, why)| vec![row.name(cell), tame(why, FAULT)]));
    }
    table.write(out);
}

/// Experiments of which the seeds do not agree.
fn shortfalls(matrix: &Matrix, out: &mut String) {
    let mut table = Table::of_at_most(&["short", "of what must hold"], LINES_MAX);
    table.is_left = true;
    table.rows.extend(matrix.shortfalls().into_iter().map(|(name, what)| vec![name, what]));
    table.write(out);
}

//! A sweep for people: the answer, then a line for each point.

use super::figures::{headline, load_figure, main_figure, short};
use crate::report::table::Table as Lines;
use crate::report::words::{of_metric, tame};
use crate::run::sweep::{Spread, Table};

/// Points that are shown; all are in `points.csv`.
const ROWS_MAX: usize = 200;

/// The table of a sweep.
#[must_use]
pub fn text(table: &Table) -> String {
    let mut out = format!("{}\n", headline(table));
    if let Some(question) = &table.question {
        out.push_str(&format!("Asked: {}\n", tame(question, 500)));
    }
    let (first, last) = table.seeds;
    out.push_str(&format!(
        "{} points, seeds {first} to {last}, {} runs. Means over the seeds, from the least to the greatest.\n",
        table.rows.len(),
        table.done()
    ));
    points(table).write(&mut out);
    out
}

/// A line for each point.
pub(in crate::report) fn points(table: &Table) -> Lines {
    let figures: Vec<String> = figures(table);
    let mut heads: Vec<String> = table.axes.iter().map(|axis| short(table, &axis.key)).collect();
    heads.extend(figures.iter().cloned());
    heads.push("held".to_owned());
    let missed = !table.expectations.is_empty();
    if missed {
        heads.push("missed".to_owned());
    }
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut lines = Lines::of_at_most(&heads, ROWS_MAX);
    lines.is_left = true;
    for row in &table.rows {
        let mut line: Vec<String> = row.values.iter().map(|value| tame(value, 40)).collect();
        line.extend(figures.iter().map(|name| cell(name, row.figures.get(name))));
        line.push(format!("{} of {}", row.held, row.runs));
        if missed {
            line.push(row.broken.first().map_or_else(String::new, |words| tame(words, 60)));
        }
        lines.rows.push(line);
    }
    lines
}

/// The figures that have a column: the two that are asked for, and what is expected besides.
fn figures(table: &Table) -> Vec<String> {
    const COLUMNS_MAX: usize = 5;
    let mut figures: Vec<String> =
        main_figure(table).into_iter().chain(load_figure(table)).collect();
    for expectation in &table.expectations {
        if !figures.contains(&expectation.metric) && figures.len() < COLUMNS_MAX {
            figures.push(expectation.metric.clone());
        }
    }
    figures
}

fn cell(name: &str, spread: Option<&Spread>) -> String {
    let Some(spread) = spread else { return "-".to_owned() };
    let say = |value| of_metric(name, value);
    let (min, max) = (say(spread.min), say(spread.max));
    if spread.runs < 2 || min == max {
        say(spread.mean)
    } else {
        format!("{} ({min} to {max})", say(spread.mean))
    }
}

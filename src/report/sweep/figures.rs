//! Which figures of a sweep are shown, and the answer in a sentence.

use std::collections::BTreeSet;

use crate::report::words::{count, of_metric, tame};
use crate::run::sweep::{Row, Table};

/// The figure that people ask for: the first expectation about a time, else the time to new keys, else that of a
/// handshake, whatever the runs have.
#[must_use]
pub fn main_figure(table: &Table) -> Option<String> {
    let expected = table.expectations.iter().map(|each| each.metric.as_str());
    let expected = expected.filter(|name| name.contains("_s.") || name.ends_with("_s"));
    let usual = ["rekey.time_s.p99", "association.handshake_s.p99", "message.latency_s.p99"];
    let usual = usual.into_iter();
    // A p99 says more than a maximum where both are expected.
    let (typical, extreme): (Vec<_>, Vec<_>) = expected.partition(|name| !name.ends_with(".max"));
    typical.into_iter().chain(extreme).chain(usual).find(|name| has(table, name)).map(str::to_owned)
}

/// The peak that people ask for: the first expectation about one, else that of the CSEs.
#[must_use]
pub fn load_figure(table: &Table) -> Option<String> {
    let is_peak = |name: &str| name.contains("utilisation");
    let expected = table.expectations.iter().map(|each| each.metric.as_str());
    let usual = ["load.cse.utilisation_peak_1s", "load.gateway.utilisation_peak_1s"];
    expected
        .filter(|name| is_peak(name))
        .chain(usual)
        .find(|name| has(table, name))
        .map(str::to_owned)
}

fn has(table: &Table, name: &str) -> bool {
    table.rows.iter().any(|row| row.figures.contains_key(name))
}

/// The last words of a path, as many as tell it from those of other axes.
#[must_use]
pub fn short(table: &Table, key: &str) -> String {
    let parts: Vec<&str> = key.split('.').collect();
    for words in 1..parts.len() {
        let tail = parts[parts.len() - words..].join(".");
        let alike = |other: &str| other == tail || other.ends_with(&format!(".{tail}"));
        if table.axes.iter().filter(|axis| alike(&axis.key)).count() == 1 {
            return tail;
        }
    }
    key.to_owned()
}

/// The answer in a sentence: how many points hold, and where along a single key, or what was seen.
#[must_use]
pub fn headline(table: &Table) -> String {
    let done = table.done();
    let partial = if done < table.asked {
        format!("{} of {} runs: ", count(done as u64), count(table.asked as u64))
    } else {
        String::new()
    };
    let seen: Vec<&Row> = table.rows.iter().filter(|row| row.runs > 0).collect();
    if table.expectations.is_empty() {
        return format!("{partial}{}", range(table, &seen));
    }
    let held = seen.iter().filter(|row| row.is_feasible()).count();
    let all = seen.len();
    let sentence = match held {
        0 => {
            let broken: BTreeSet<&String> = seen.iter().flat_map(|row| &row.broken).collect();
            let first = broken.first().map_or_else(String::new, |words| tame(words, 80));
            format!("No point of {all} meets what is expected; missed: {first}.")
        }
        _ if held == all => format!("All {all} points meet what is expected."),
        _ => format!("{held} of {all} points meet what is expected{}.", place(table)),
    };
    format!("{partial}{sentence}")
}

/// Where along the key; with a second key, for each of its values.
fn place(table: &Table) -> String {
    const STRETCHES_MAX: usize = 8;
    match &table.axes[..] {
        [axis] => {
            let rows: Vec<&Row> = table.rows.iter().collect();
            let place = stretch(&rows, 0).unwrap_or_default();
            format!(": {} {place}", axis.key)
        }
        [one, other] => {
            // Along the key with more values.
            let of = |at: usize| -> BTreeSet<&String> {
                table.rows.iter().map(|row| &row.values[at]).collect()
            };
            let along = usize::from(of(0).len() <= of(1).len());
            let (key, across) = if along == 0 { (one, other) } else { (other, one) };
            let mut seen: Vec<&String> = Vec::new();
            let mut words = Vec::new();
            for row in &table.rows {
                let value = &row.values[1 - along];
                if seen.contains(&value) {
                    continue;
                }
                seen.push(value);
                let of_value = table.rows.iter().filter(|row| row.values[1 - along] == *value);
                let rows: Vec<&Row> = of_value.collect();
                let place = stretch(&rows, along).unwrap_or_else(|| "nowhere".to_owned());
                words.push(format!(
                    "{place} with {} {}",
                    short(table, &across.key),
                    tame(value, 20)
                ));
            }
            if words.len() > STRETCHES_MAX {
                return String::new();
            }
            format!(": {} {}", short(table, &key.key), words.join(", "))
        }
        _ => String::new(),
    }
}

/// Where along the values of axis `at` these rows are feasible.
fn stretch(rows: &[&Row], at: usize) -> Option<String> {
    let first = rows.iter().position(|row| row.is_feasible())?;
    let last = rows.iter().rposition(|row| row.is_feasible())?;
    let value = |row: usize| tame(&rows[row].values[at], 40);
    if !rows[first..=last].iter().all(|row| row.is_feasible()) {
        return Some("at values that are no neighbours".to_owned());
    }
    Some(match (first == 0, last + 1 == rows.len()) {
        (true, true) => "everywhere".to_owned(),
        (false, true) => format!("from {} on", value(first)),
        (true, false) => format!("up to {}", value(last)),
        _ if first == last => format!("at {}", value(first)),
        _ => format!("from {} to {}", value(first), value(last)),
    })
}

/// From where to where the main figure moves.
fn range(table: &Table, seen: &[&Row]) -> String {
    let Some(figure) = main_figure(table) else {
        return format!("{} points, and no figure that all of them have.", seen.len());
    };
    let mut by: Vec<(f64, &Row)> =
        seen.iter().filter_map(|row| Some((row.mean(&figure)?, *row))).collect();
    by.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(least), Some(most)) = (by.first(), by.last()) else {
        return format!("{} points.", seen.len());
    };
    let at = |row: &Row| {
        let words = table.axes.iter().zip(&row.values);
        let words = words.map(|(axis, value)| format!("{}={value}", short(table, &axis.key)));
        tame(&words.collect::<Vec<_>>().join(" "), 120)
    };
    format!(
        "{figure} goes from {} ({}) to {} ({}).",
        of_metric(&figure, least.0),
        at(least.1),
        of_metric(&figure, most.0),
        at(most.1)
    )
}

//! `pareto.svg`: time against peak load, a point for each combination of a sweep: which of them nobody beats in both.

use super::axis::log;
use super::figure::{Colour, Figure, Label, Moment, Panel, Shape};
use super::sweep::{bound, scale};
use crate::report::sweep::{load_figure, main_figure, short};
use crate::report::words::{count, of_metric, tame};
use crate::run::sweep::{Row, Table};

/// Points that make a choice.
const LEAST: usize = 3;
/// Unbeaten points that get words.
const NAMED: usize = 12;

/// The figure, if the points have both a time and a peak load.
pub(super) fn figure(table: &Table) -> Option<Figure> {
    let (time, load) = (main_figure(table)?, load_figure(table)?);
    let of = |row: &Row| Some((row.mean(&load)?, row.mean(&time)?));
    let points: Vec<(&Row, (f64, f64))> =
        table.rows.iter().filter_map(|row| Some((row, of(row)?))).collect();
    if points.len() < LEAST {
        return None;
    }
    let limit = |name: &str| table.expectations.iter().find(|each| each.metric == name);
    let range = |of: fn(&(f64, f64)) -> f64, limit: Option<f64>| {
        let all = points.iter().map(|(_, at)| of(at)).chain(limit);
        all.fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), value| {
            (least.min(value), most.max(value))
        })
    };
    let (slow, full) = (limit(&time), limit(&load));
    let (least, most) = range(|at| at.1, slow.map(|limit| limit.bound));
    let (y, is_log) = scale(&time, least, most);
    let (least, most) = range(|at| at.0, full.map(|limit| limit.bound));
    let (x, _) = scale(&load, least, most);
    let level = |value: f64| if is_log { log(value) } else { value };
    let front = front(&points);
    let (mut shapes, mut labels) = (Vec::new(), Vec::new());
    shapes.push(Shape::Line { points: stairs(&front, level), colour: Colour::Blue });
    for (row, at) in &points {
        let is_met = !table.expectations.is_empty() && row.is_feasible();
        let colour = if is_met { Colour::Green } else { Colour::Grey };
        shapes.push(Shape::Dot((at.0, level(at.1)), colour));
    }
    for (row, at) in front.iter().take(NAMED) {
        shapes.push(Shape::Dot((at.0, level(at.1)), Colour::Blue));
        let text = tame(&named(table, row), 40);
        // The front falls from left to right: in the margin its points keep their order.
        labels.push(Label::margin(level(at.1), text, Colour::Blue));
    }
    if let Some(slow) = slow {
        shapes.push(Shape::Limit(level(slow.bound)));
        labels.push(Label::margin(level(slow.bound), bound(slow), Colour::Red));
    }
    let marks =
        full.iter().map(|full| Moment { at: full.bound, label: bound(full), is_limit: true });
    let held = points.iter().filter(|(row, _)| row.is_feasible()).count();
    let shown = if table.expectations.is_empty() {
        "grey: beaten in both".to_owned()
    } else {
        format!("green: all expectations met ({})", count(held as u64))
    };
    let (first, last) = table.seeds;
    Some(Figure {
        title: title(table, &front, (&time, &load)),
        subtitle: format!(
            "{} · {} points · seeds {first} to {last}: means",
            tame(&table.scenario, 60),
            points.len()
        ),
        x,
        caption: format!("{load}; blue: unbeaten, {shown}"),
        marks: marks.collect(),
        panels: vec![Panel { title: time, weight: 1.0, y, shapes, labels }],
    })
}

/// The points that no other beats in one figure without losing in the other, by load.
fn front<'a>(points: &[(&'a Row, (f64, f64))]) -> Vec<(&'a Row, (f64, f64))> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.1.0.total_cmp(&b.1.0).then(a.1.1.total_cmp(&b.1.1)));
    let mut front: Vec<(&Row, (f64, f64))> = Vec::new();
    for point in sorted {
        if front.last().is_none_or(|last| point.1.1 < last.1.1) {
            front.push(point);
        }
    }
    front
}

/// The edge of what can be had: from each point across, then down.
fn stairs(front: &[(&Row, (f64, f64))], level: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let mut line: Vec<(f64, f64)> = Vec::new();
    for (_, (load, time)) in front {
        if let Some(last) = line.last().copied() {
            line.push((*load, last.1));
        }
        line.push((*load, level(*time)));
    }
    line
}

fn named(table: &Table, row: &Row) -> String {
    let words = table.axes.iter().zip(&row.values);
    let words = words.map(|(axis, value)| format!("{} {value}", short(table, &axis.key)));
    words.collect::<Vec<_>>().join(", ")
}

fn title(table: &Table, front: &[(&Row, (f64, f64))], (time, load): (&str, &str)) -> String {
    let feasible = front.iter().find(|(row, _)| row.is_feasible());
    match (feasible, front.last()) {
        (Some((row, at)), _) if !table.expectations.is_empty() => format!(
            "Least load that meets everything: {} with {} at {}",
            tame(&named(table, row), 60),
            of_metric(time, at.1),
            of_metric(load, at.0)
        ),
        (_, Some((row, at))) => format!(
            "{} points are unbeaten; the fastest: {}, {}",
            front.len(),
            tame(&named(table, row), 60),
            of_metric(time, at.1)
        ),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_has_what_nobody_beats() {
        let row = Row {
            values: Vec::new(),
            runs: 1,
            held: 1,
            broken: std::collections::BTreeSet::new(),
            figures: std::collections::BTreeMap::new(),
        };
        let points = [(0.5, 3.0), (0.2, 9.0), (0.6, 3.0), (0.5, 4.0), (0.9, 1.0), (0.95, 2.0)];
        let points = points.map(|at| (&row, at));
        let front: Vec<(f64, f64)> = front(&points).into_iter().map(|point| point.1).collect();
        assert_eq!(front, [(0.2, 9.0), (0.5, 3.0), (0.9, 1.0)]);
    }
}

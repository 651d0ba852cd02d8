//! `frontier.svg`: two keys of a sweep against each other: which combinations meet what is expected, and the edge
//! between them and the others.

use super::figure::{Colour, Figure, Label, Panel, Shape};
use super::sweep::{Across, along, are_quantities, values};
use crate::report::sweep::short;
use crate::report::words::tame;
use crate::run::sweep::{Row, Table};

/// The figure, if something is expected of two keys that are quantities.
pub(super) fn figure(table: &Table) -> Option<Figure> {
    if table.expectations.is_empty() || table.axes.len() != 2 {
        return None;
    }
    if (0..2).any(|axis| values(table, axis).len() < 2 || !are_quantities(&values(table, axis))) {
        return None;
    }
    // What is asked for stands upright: how many devices.
    let is_population = |axis: usize| table.axes[axis].key.ends_with(".count");
    let upright = usize::from(!is_population(0) || is_population(1));
    let (x, y) = (along(table, 1 - upright)?, along(table, upright)?);
    let edge = edge(table, &x, &y);
    let mut shapes = Vec::new();
    for (at, level, row) in cells(table, &x, &y) {
        let colour = if row.is_feasible() { Colour::Green } else { Colour::Grey };
        shapes.push(Shape::Dot((at, level), colour));
    }
    let line: Vec<(f64, f64)> =
        edge.iter().filter_map(|(at, best)| Some((*at, best.as_ref()?.1))).collect();
    let end = if is_feasible_above(table, &x, &y) { y.x.to } else { y.x.from };
    let beyond = line.iter().map(|(at, _)| (*at, end)).collect();
    let met =
        Shape::Area { upper: line.clone(), lower: beyond, colour: Colour::Pale, opacity: 0.45 };
    shapes.insert(0, met);
    shapes.push(Shape::Line { points: line.clone(), colour: Colour::Red });
    let mut labels = vec![
        Label::margin(
            y.x.from + 0.62 * (y.x.to - y.x.from),
            "● meets everything".to_owned(),
            Colour::Green,
        ),
        Label::margin(y.x.from + 0.55 * (y.x.to - y.x.from), "● does not".to_owned(), Colour::Grey),
    ];
    if let Some(last) = line.last() {
        labels.push(Label::margin(last.1, "the frontier".to_owned(), Colour::Red));
    }
    let (first, last) = table.seeds;
    let expected: Vec<String> = table
        .expectations
        .iter()
        .map(|each| tame(&format!("{} {}", each.metric, each.text), 60))
        .collect();
    Some(Figure {
        title: title(table, (&x, &y), &edge),
        subtitle: format!(
            "{} · seeds {first} to {last} · {}",
            tame(&table.scenario, 60),
            expected.join(", ")
        ),
        caption: table.axes[x.axis].key.clone(),
        marks: Vec::new(),
        panels: vec![Panel {
            title: table.axes[y.axis].key.clone(),
            weight: 1.0,
            y: y.x,
            shapes,
            labels,
        }],
        x: x.x,
    })
}

/// Every point of the sweep that was run, with its place.
fn cells<'a>(table: &'a Table, x: &Across, y: &Across) -> Vec<(f64, f64, &'a Row)> {
    let place = |across: &Across, row: &Row| {
        let value = &row.values[across.axis];
        across.places.iter().find(|(known, _)| known == value).map(|(_, at)| *at)
    };
    let run = table.rows.iter().filter(|row| row.runs > 0);
    run.filter_map(|row| Some((place(x, row)?, place(y, row)?, row))).collect()
}

/// The upper end of the vertical axis is feasible more often than the lower.
fn is_feasible_above(table: &Table, x: &Across, y: &Across) -> bool {
    let cells = cells(table, x, y);
    let held = |level: Option<&(String, f64)>| {
        let level = level.map_or(f64::NAN, |place| place.1);
        cells.iter().filter(|(_, y, row)| *y == level && row.is_feasible()).count()
    };
    held(y.places.last()) > held(y.places.first())
}

/// For each place on the horizontal axis the last feasible value, where all are feasible up to there from the
/// end of the vertical axis that is feasible more often.
fn edge(table: &Table, x: &Across, y: &Across) -> Vec<(f64, Option<(String, f64)>)> {
    let cells = cells(table, x, y);
    let is_feasible = |at: f64, level: f64| {
        cells.iter().any(|(x, y, row)| *x == at && *y == level && row.is_feasible())
    };
    let mut levels: Vec<&(String, f64)> = y.places.iter().collect();
    if is_feasible_above(table, x, y) {
        levels.reverse();
    }
    let best = |at: f64| {
        let reached = levels.iter().take_while(|(_, level)| is_feasible(at, *level)).last();
        reached.map(|(value, level)| (value.clone(), *level))
    };
    x.places.iter().map(|(_, at)| (*at, best(*at))).collect()
}

/// From one end of the frontier to the other.
fn title(
    table: &Table,
    (x, y): (&Across, &Across),
    edge: &[(f64, Option<(String, f64)>)],
) -> String {
    let key = |across: &Across| short(table, &table.axes[across.axis].key);
    let at = |place: f64| {
        let known = x.places.iter().find(|(_, at)| *at == place);
        known.map_or("", |(value, _)| value.as_str())
    };
    let reached: Vec<(f64, &String)> =
        edge.iter().filter_map(|(at, best)| Some((*at, &best.as_ref()?.0))).collect();
    match reached.as_slice() {
        [] => format!("No {} meets what is expected", key(y)),
        [only] => format!("{} {} is met with {} {} alone", key(y), only.1, key(x), at(only.0)),
        [first, .., last] => format!(
            "The frontier: {} {} with {} {}, {} with {}",
            key(y),
            tame(first.1, 20),
            key(x),
            at(first.0),
            tame(last.1, 20),
            at(last.0)
        ),
    }
}

//! A sweep: the figure that is asked for and the peak, against the key that is swept, a line for each value of the
//! others, limits drawn, and what meets them shaded.

use super::axis::{Axis, log};
use super::figure::{Colour, Figure, Label, Panel, Shape};
use crate::report::sweep::{headline, load_figure, main_figure, short};
use crate::report::words::{of_metric, tame};
use crate::run::sweep::{Row, Table};
use crate::scenario::plan::{Expectation, Relation};
use crate::scenario::scale::{is_wide, quantity};

/// Lines of one picture; the other points are in the table.
const LINES: [Colour; 4] = [Colour::Blue, Colour::Orange, Colour::Green, Colour::Grey];

/// Where the values of the swept key stand.
pub(super) struct Across {
    /// Its axis, by number.
    pub(super) axis: usize,
    /// Places of its values, in their order.
    pub(super) places: Vec<(String, f64)>,
    /// The axis that is drawn.
    pub(super) x: Axis,
}

/// A line: what it is called, and its points by place.
struct Line<'a> {
    name: String,
    points: Vec<(f64, &'a Row)>,
}

/// The figure, if there are at least two points along some key and a figure that they have.
pub(super) fn figure(table: &Table) -> Option<Figure> {
    let across = across(table)?;
    let (lines, left_out) = lines(table, &across);
    let names = [main_figure(table), load_figure(table)];
    let panels: Vec<Panel> =
        names.iter().flatten().filter_map(|name| panel(table, &across, &lines, name)).collect();
    if panels.is_empty() {
        return None;
    }
    let (first, last) = table.seeds;
    let more = match left_out {
        0 => String::new(),
        n => format!(" · {n} more lines in points.csv"),
    };
    let shaded = match (table.expectations.is_empty(), lines.len()) {
        (true, _) => "",
        (false, 1) => "; shaded: all expectations met",
        _ => "; shaded: all expectations met, the darker the more lines meet them",
    };
    Some(Figure {
        title: headline(table),
        subtitle: format!(
            "{} · {} points · seeds {first} to {last}: mean, and range as a band{more}",
            tame(&table.scenario, 60),
            table.rows.len()
        ),
        x: across.x,
        caption: format!("{}{shaded}", table.axes[across.axis].key),
        marks: Vec::new(),
        panels,
    })
}

/// The key with most quantities, else the first with several values.
fn across(table: &Table) -> Option<Across> {
    let values = |axis: usize| values(table, axis);
    let several = |axis: &usize| values(*axis).len() > 1;
    let quantities = |axis: &usize| are_quantities(&values(*axis));
    let candidates: Vec<usize> = (0..table.axes.len()).filter(several).collect();
    // The one with most values is the axis, the others are lines; of equals the first.
    let most = |one: &usize, other: &usize| values(*one).len().cmp(&values(*other).len());
    let axis = candidates.iter().copied().rev().filter(quantities).max_by(most);
    along(table, axis.or_else(|| candidates.first().copied())?)
}

/// The values of an axis, each once.
pub(super) fn values(table: &Table, axis: usize) -> Vec<&String> {
    let mut values: Vec<&String> = Vec::new();
    for row in &table.rows {
        if !values.contains(&&row.values[axis]) {
            values.push(&row.values[axis]);
        }
    }
    values
}

/// All of them count the same thing.
pub(super) fn are_quantities(values: &[&String]) -> bool {
    let kinds: Vec<_> = values.iter().map(|value| quantity(value)).collect();
    kinds.iter().all(|kind| kind.is_some_and(|(kind, _)| Some(kind) == kinds[0].map(|k| k.0)))
}

/// Where the values of an axis stand.
pub(super) fn along(table: &Table, axis: usize) -> Option<Across> {
    let values = values(table, axis);
    let is_quantity = are_quantities(&values);
    let size = |value: &str| quantity(value).map_or(0, |(_, quantity)| quantity.units);
    let least = values.iter().map(|value| size(value)).min()?;
    let most = values.iter().map(|value| size(value)).max()?;
    let even = !is_quantity || (least == 0 && values.len() > 3);
    let place = |at: usize, value: &str| {
        let si = quantity(value).map_or(0.0, |(kind, quantity)| kind.si(quantity));
        if even {
            at as f64
        } else if is_wide(least, most) {
            log(si)
        } else {
            si
        }
    };
    let mut sorted = values;
    if is_quantity {
        sorted.sort_by_key(|value| size(value));
    }
    let places: Vec<(String, f64)> =
        sorted.iter().enumerate().map(|(at, value)| ((*value).clone(), place(at, value))).collect();
    let (from, to) = (places.first()?.1, places.last()?.1);
    let margin = 0.03 * (to - from);
    let ticks = places.iter().map(|(value, at)| (*at, tame(value, 14))).collect();
    Some(Across { axis, places, x: Axis { from: from - margin, to: to + margin, ticks } })
}

/// One line for each combination of the other keys, and how many have no colour.
fn lines<'a>(table: &'a Table, across: &Across) -> (Vec<Line<'a>>, usize) {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for row in table.rows.iter().filter(|row| row.runs > 0) {
        let others = table.axes.iter().zip(&row.values).enumerate();
        let others = others.filter(|(at, _)| *at != across.axis);
        let name: Vec<String> = others
            .map(|(_, (axis, value))| format!("{} {value}", short(table, &axis.key)))
            .collect();
        let name = tame(&name.join(", "), 26);
        let value = &row.values[across.axis];
        let Some((_, at)) = across.places.iter().find(|(known, _)| known == value) else {
            continue;
        };
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.points.push((*at, row)),
            None => lines.push(Line { name, points: vec![(*at, row)] }),
        }
    }
    for line in &mut lines {
        line.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let left_out = lines.len().saturating_sub(LINES.len());
    lines.truncate(LINES.len());
    (lines, left_out)
}

fn panel(table: &Table, across: &Across, lines: &[Line<'_>], name: &str) -> Option<Panel> {
    let limit = table.expectations.iter().find(|each| each.metric == name);
    let all = lines.iter().flat_map(|line| &line.points);
    let all: Vec<f64> = all
        .filter_map(|(_, row)| row.figures.get(name))
        .flat_map(|spread| [spread.min, spread.max])
        .collect();
    let most = all.iter().copied().chain(limit.map(|limit| limit.bound)).fold(0.0, f64::max);
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    if all.is_empty() {
        return None;
    }
    let (y, is_log) = scale(name, least, most);
    let level = |value: f64| if is_log { log(value) } else { value };
    let mut shapes: Vec<Shape> =
        lines.iter().flat_map(|line| feasible(table, across, line, lines.len(), &y)).collect();
    let mut labels = Vec::new();
    for (line, colour) in lines.iter().zip(LINES) {
        let spreads: Vec<_> = line
            .points
            .iter()
            .filter_map(|(at, row)| Some((*at, row.figures.get(name)?)))
            .collect();
        let upper = spreads.iter().map(|(at, spread)| (*at, level(spread.max))).collect();
        let lower = spreads.iter().map(|(at, spread)| (*at, level(spread.min))).collect();
        shapes.push(Shape::Area { upper, lower, colour, opacity: 0.25 });
        let points: Vec<_> = spreads.iter().map(|(at, spread)| (*at, level(spread.mean))).collect();
        let Some(last) = points.last().copied() else { continue };
        shapes.extend(points.iter().map(|point| Shape::Dot(*point, colour)));
        shapes.push(Shape::Line { points, colour });
        let text = match line.name.as_str() {
            "" => of_metric(name, spreads.last().map_or(0.0, |(_, spread)| spread.mean)),
            name => name.to_owned(),
        };
        labels.push(Label::margin(last.1, text, colour));
    }
    if let Some(limit) = limit {
        shapes.push(Shape::Limit(level(limit.bound)));
        let text = bound(limit);
        labels.push(Label::margin(level(limit.bound), text, Colour::Red));
    }
    Some(Panel { title: name.to_owned(), weight: 1.0, y, shapes, labels })
}

/// An axis for a figure, and whether it is logarithmic.
pub(super) fn scale(name: &str, least: f64, most: f64) -> (Axis, bool) {
    let is_time = name.contains("_s.") || name.ends_with("_s");
    let is_log = is_time && least > 0.0 && most / least > 20.0;
    let axis = if is_log {
        Axis::log_time(least / 1.3, most * 1.3)
    } else if name.contains("utilisation") || name.ends_with("_fraction") {
        Axis::share(most, 5)
    } else if is_time {
        Axis::time(0.0, most * 1.05, 0.0, 5)
    } else {
        Axis::linear(most * 1.05, 5, |value| of_metric(name, value))
    };
    (axis, is_log)
}

/// A limit in words: `at most 30 s`.
pub(super) fn bound(limit: &Expectation) -> String {
    let word = match limit.relation {
        Relation::Less | Relation::AtMost => "at most",
        Relation::Equal => "equal to",
        Relation::AtLeast | Relation::Greater => "at least",
    };
    format!("{word} {}", of_metric(&limit.metric, limit.bound))
}

/// The stretches in which the points of a line meet everything; several lines make them darker.
fn feasible(table: &Table, across: &Across, line: &Line<'_>, lines: usize, y: &Axis) -> Vec<Shape> {
    if table.expectations.is_empty() {
        return Vec::new();
    }
    let half = 0.012 * (across.x.to - across.x.from);
    let mut stretches: Vec<(f64, f64)> = Vec::new();
    let mut is_open = false;
    for (at, row) in &line.points {
        let is_held = row.is_feasible();
        match stretches.last_mut() {
            Some(stretch) if is_held && is_open => stretch.1 = at + half,
            _ if is_held => stretches.push((at - half, at + half)),
            _ => {}
        }
        is_open = is_held;
    }
    let area = |(from, to): (f64, f64)| Shape::Area {
        upper: vec![(from, y.to), (to, y.to)],
        lower: vec![(from, y.from), (to, y.from)],
        colour: Colour::Pale,
        opacity: 0.4 / lines.max(1) as f64,
    };
    stretches.into_iter().map(area).collect()
}

//! `elements.svg`: every shared element over time, the fullest first, coloured by how much of it is used: where the
//! first bottleneck is.

use super::axis::Axis;
use super::figure::{Colour, Figure, Label, Panel, Shape};
use super::load::up_to;
use super::view::{Bin, Fold, View};
use crate::measure::ByteClass;
use crate::report::finding::{called, peak};
use crate::report::read::Data;
use crate::report::words::{percent, tame, time};

/// Rows at most.
const ROWS: usize = 8;
/// Cells in a row, at most.
const CELLS: f64 = 100.0;
/// Shares of a node and of a link from which on planners call it full.
const NODE_FULL: f64 = 0.7;
const LINK_FULL: f64 = 0.8;
/// From here on something is saturated.
const SATURATED: f64 = 0.995;
/// Steps of colour below the limit.
const SHADES: f64 = 8.0;

/// An element with its use over time.
struct Element {
    name: String,
    full: f64,
    peak: f64,
    bins: Vec<Bin>,
}

/// The figure, or why there is none.
pub(super) fn figure(data: &Data, view: &View) -> Result<Figure, &'static str> {
    let buckets = &data.summary.setting.buckets;
    if view.axis.to - view.axis.from < 4.0 * buckets.track_s.min(buckets.peak_s) {
        return Err("all of it took a few buckets of series.csv");
    }
    let mut elements: Vec<Element> =
        nodes(data, view).into_iter().chain(links(data, view)).collect();
    elements.retain(|element| element.peak > 0.0);
    if elements.is_empty() {
        return Err("no shared element was ever busy");
    }
    let fullness = |element: &Element| element.peak / element.full;
    elements.sort_by(|a, b| fullness(b).total_cmp(&fullness(a)));
    let left_out = elements.len().saturating_sub(ROWS);
    elements.truncate(ROWS);
    let rows = elements.len() as f64;
    let (mut shapes, mut labels) = (Vec::new(), Vec::new());
    for (place, element) in elements.iter().enumerate() {
        let top = rows - place as f64;
        shapes.extend(cells(&element.bins, (top - 0.9, top - 0.1), element.full, &view.axis));
        let name = element.name.strip_prefix("the ").unwrap_or(&element.name);
        labels.push(Label::margin(top - 0.4, name.to_owned(), Colour::Grey));
        let colour = colour_of(element.peak, element.full).0;
        labels.push(Label::margin(top - 0.6, up_to(element.peak), colour));
    }
    let more = match left_out {
        0 => String::new(),
        n => format!(", {n} emptier ones left out"),
    };
    Ok(Figure {
        title: title(&elements, view),
        subtitle: super::subtitle(&data.summary),
        x: view.axis.clone(),
        caption: view.caption.clone(),
        marks: view.marks.clone(),
        panels: vec![Panel {
            title: format!(
                "Use: blue to {} (links {}), orange beyond, red saturated{more}",
                percent(NODE_FULL),
                percent(LINK_FULL)
            ),
            weight: 1.0,
            y: Axis { from: 0.0, to: rows, ticks: Vec::new() },
            shapes,
            labels,
        }],
    })
}

/// Groups that others share: the busiest node of each.
fn nodes(data: &Data, view: &View) -> Vec<Element> {
    let summary = &data.summary;
    let buckets = &summary.setting.buckets;
    let shared = summary.setting.groups.iter().filter(|group| group.tier != "device");
    shared
        .map(|group| {
            let scope = format!("load.{}", group.name);
            let points = data.series.points(&scope, "utilisation_peak_1s");
            let span = view.axis.to - view.axis.from;
            // Where seconds would be few, the mean of the group is finer.
            let bins = if span < 12.0 * buckets.peak_s && group.count <= 1 {
                let points = data.series.points(&scope, "utilisation");
                view.bins_at_most(points, buckets.track_s, Fold::Mean, CELLS)
            } else {
                view.bins_at_most(points, buckets.peak_s, Fold::Max, CELLS)
            };
            Element {
                name: tame(&called(summary, group), 60),
                full: NODE_FULL,
                peak: peak(summary, group).unwrap_or(0.0),
                bins,
            }
        })
        .collect()
}

/// Links whose rate is known: what all of them carry, both ways.
fn links(data: &Data, view: &View) -> Vec<Element> {
    let bucket = data.summary.setting.buckets.track_s.max(1e-9);
    let known = data.summary.traffic.iter();
    known
        .filter_map(|link| {
            let capacity = link.capacity_bytes_per_s.filter(|n| *n > 0)? as f64;
            let scope = format!("link.{}", link.link);
            let mut bins: Vec<Bin> = Vec::new();
            for class in ByteClass::ALL {
                let points = data.series.points(&scope, class.name());
                let own = view.bins_at_most(points, bucket, Fold::Mean, CELLS);
                let share = |bin: &Bin| bin.2 / bucket / capacity;
                if bins.is_empty() {
                    bins = own.iter().map(|bin| (bin.0, bin.1, share(bin))).collect();
                } else {
                    bins.iter_mut().zip(&own).for_each(|(all, bin)| all.2 += share(bin));
                }
            }
            let peak = bins.iter().map(|bin| bin.2).fold(0.0, f64::max);
            let name = format!("the {} links together", tame(&link.link, 40));
            Some(Element { name, full: LINK_FULL, peak, bins })
        })
        .collect()
}

/// Colour and strength of a share.
fn colour_of(share: f64, full: f64) -> (Colour, f64) {
    if share >= SATURATED {
        (Colour::Red, 0.95)
    } else if share > full {
        (Colour::Orange, 0.9)
    } else {
        (Colour::Blue, (share / full * SHADES).ceil() / SHADES * 0.8)
    }
}

/// A row of cells; neighbours of one colour are one.
fn cells(bins: &[Bin], (lower, upper): (f64, f64), full: f64, axis: &Axis) -> Vec<Shape> {
    let mut runs: Vec<(f64, f64, (Colour, f64))> = Vec::new();
    for (from, to, share) in bins {
        let look = colour_of(*share, full);
        match runs.last_mut() {
            Some(last) if last.2 == look => last.1 = *to,
            _ => runs.push((*from, *to, look)),
        }
    }
    let frame = Shape::Area {
        upper: vec![(axis.from, upper), (axis.to, upper)],
        lower: vec![(axis.from, lower), (axis.to, lower)],
        colour: Colour::Grey,
        opacity: 0.15,
    };
    let drawn = runs.into_iter().filter(|(.., (_, strength))| *strength > 0.0);
    let cell = |(from, to, (colour, opacity)): (f64, f64, (Colour, f64))| Shape::Area {
        upper: vec![(from, upper), (to, upper)],
        lower: vec![(from, lower), (to, lower)],
        colour,
        opacity,
    };
    std::iter::once(frame).chain(drawn.map(cell)).collect()
}

/// The element that was full first, if any.
fn title(elements: &[Element], view: &View) -> String {
    let zero = view.marks.first().map_or(0.0, |mark| mark.at);
    let first = |element: &Element| {
        let bin = element.bins.iter().find(|bin| bin.2 > element.full)?;
        Some(bin.0 - zero)
    };
    let full = elements.iter().filter_map(|element| Some((first(element)?, element)));
    match full.min_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((at, element)) => format!(
            "The first bottleneck is {}, beyond {} {}",
            element.name,
            percent(element.full),
            if at > 0.0 { format!("from {} on", time(at)) } else { "at once".to_owned() }
        ),
        None => elements.first().map_or_else(String::new, |element| {
            let peak = percent(element.peak);
            format!("No bottleneck: the fullest, {}, is used up to {peak}", element.name)
        }),
    }
}

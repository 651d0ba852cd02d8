//! `traffic.svg`: bytes per second on each link type, by what they were for.

use super::axis::Axis;
use super::figure::{Colour, Figure, Label, Panel, Shape};
use super::load::up_to;
use super::view::{Bin, Fold, View};
use crate::measure::ByteClass;
use crate::report::read::Data;
use crate::report::summary::Traffic;
use crate::report::words::{bytes, percent, scaled, tame};

/// Link types that are shown: those with the most bytes.
const LINKS: usize = 3;
/// Share of what links carry that planners allow.
const FULL: f64 = 0.8;
/// A limit within this many times the peak is drawn.
const LIMIT_NEAR: f64 = 2.5;

const fn colour(class: ByteClass) -> Colour {
    match class {
        ByteClass::Telemetry => Colour::Grey,
        ByteClass::Handshake => Colour::Blue,
        ByteClass::Rekey => Colour::Green,
        ByteClass::Ack => Colour::Pale,
        ByteClass::Retransmission => Colour::Orange,
    }
}

/// The figure, or why there is none.
pub(super) fn figure(data: &Data, view: &View) -> Result<Figure, &'static str> {
    let mut links: Vec<&Traffic> = data.summary.traffic.iter().filter(|t| t.total() > 0).collect();
    if links.is_empty() {
        return Err("nothing was sent");
    }
    if view.axis.to - view.axis.from < data.summary.setting.buckets.track_s {
        return Err("all of it took less than one bucket of series.csv");
    }
    links.sort_by_key(|t| std::cmp::Reverse(t.total()));
    links.truncate(LINKS);
    let drawn: Vec<(Panel, f64, f64)> =
        links.iter().map(|link| panel(data, view, link, links.len())).collect();
    let (peak, share) = drawn.first().map_or((0.0, 0.0), |d| (d.1, d.2));
    let name = tame(&links[0].link, 40);
    let title = format!(
        "Traffic on {name} peaks at {}; {} of its bytes are for keys",
        scaled(peak, "B/s"),
        percent(share)
    );
    Ok(Figure {
        title,
        subtitle: super::subtitle(&data.summary),
        x: view.axis.clone(),
        caption: view.caption.clone(),
        marks: view.marks.clone(),
        panels: drawn.into_iter().map(|d| d.0).collect(),
    })
}

/// The panel of a link type, its peak in bytes per second, and the share of bytes in view that were for
/// keys.
fn panel(data: &Data, view: &View, link: &Traffic, panels: usize) -> (Panel, f64, f64) {
    let scope = format!("link.{}", link.link);
    let bucket = data.summary.setting.buckets.track_s.max(1e-9);
    let mut below: Vec<Bin> = Vec::new();
    let mut shapes = Vec::new();
    let mut rows = Vec::new();
    let (mut all, mut keys) = (0.0, 0.0);
    for class in ByteClass::ALL {
        let points = data.series.points(&scope, class.name());
        let bins = view.bins(points, bucket, Fold::Mean);
        let sum: f64 = points.iter().filter(|p| view.axis.holds(p.0)).map(|p| p.1).sum();
        if below.is_empty() {
            below = bins.iter().map(|b| (b.0, b.1, 0.0)).collect();
        }
        if sum <= 0.0 {
            continue;
        }
        all += sum;
        keys += if class == ByteClass::Telemetry { 0.0 } else { sum };
        let above: Vec<Bin> =
            below.iter().zip(&bins).map(|(b, v)| (b.0, b.1, b.2 + v.2 / bucket)).collect();
        let (lower, upper) = (corners(&below, &view.axis), corners(&above, &view.axis));
        shapes.push(Shape::Area { upper, lower, colour: colour(class), opacity: 1.0 });
        rows.push((class, sum));
        below = above;
    }
    let peak = below.iter().map(|b| b.2).fold(0.0, f64::max);
    let limit = link.capacity_bytes_per_s.map(|capacity| FULL * capacity as f64);
    let near = limit.filter(|limit| *limit <= LIMIT_NEAR * peak);
    let most = near.map_or(peak, |limit| peak.max(limit));
    let y = Axis::linear(most * 1.05, if panels > 2 { 2 } else { 4 }, |v| scaled(v, "B/s"));
    let n = rows.len().max(1) as f64;
    let labels = rows.iter().enumerate().map(|(i, (class, sum))| {
        let text = format!("■ {} {}", class.name(), bytes(*sum));
        Label::margin(y.to * (0.5 + (i as f64 - n / 2.0) * 0.04), text, colour(*class))
    });
    let used = link
        .capacity_bytes_per_s
        .filter(|capacity| *capacity > 0)
        .map(|capacity| format!(", {} of what the links carry", up_to(peak / capacity as f64)));
    let used = used.unwrap_or_default();
    let title = format!("{}: bytes per second, both directions{used}", tame(&link.link, 40));
    let mut labels: Vec<Label> = labels.collect();
    if let Some(limit) = near {
        shapes.push(Shape::Limit(limit));
        labels.push(Label::margin(limit, format!("{} of the rate", percent(FULL)), Colour::Red));
    }
    (Panel { title, weight: 1.0, y, shapes, labels }, peak, keys / f64::max(all, 1.0))
}

/// Bins as the corners of steps, two for each, so that two lines of them have equal length.
fn corners(bins: &[Bin], axis: &Axis) -> Vec<(f64, f64)> {
    let inside = |at: f64| at.clamp(axis.from, axis.to);
    bins.iter().flat_map(|b| [(inside(b.0), b.2), (inside(b.1), b.2)]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::view::steps;
    use super::*;

    #[test]
    fn steps_of_equal_bins_are_one() {
        let axis = Axis::time(0.0, 3.0, 0.0, 3);
        let bins = [(0.0, 1.0, 2.0), (1.0, 2.0, 2.0), (2.0, 3.0, 0.0)];
        assert_eq!(steps(&bins, &axis), [(0.0, 2.0), (2.0, 2.0), (2.0, 0.0), (3.0, 0.0)]);
        assert_eq!(corners(&bins, &axis).len(), 6);
    }
}

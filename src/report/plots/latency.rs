//! `latency.svg`: percentiles of handshakes and messages over time, or of the whole run where it is too
//! short for that.

use super::axis::{Axis, log};
use super::figure::{Colour, Figure, Label, Panel, Shape};
use super::view::View;
use crate::report::hgrm::Curve;
use crate::report::read::Data;
use crate::report::words::{count, time};

/// Percentiles, from low to high, with their colour.
const LINES: [(&str, Colour); 3] =
    [("p50", Colour::Blue), ("p95", Colour::Green), ("p99", Colour::Orange)];
/// Buckets that make a development over time.
const LEAST: usize = 3;
/// Times that differ by this factor get a logarithmic axis.
const WIDE: f64 = 20.0;
/// What is measured: scope and metric of its series, name of its curve, words.
const WHAT: [(&str, &str, &str, &str); 2] = [
    ("association", "handshake", "handshake", "Handshake time"),
    ("message", "latency", "message", "Message latency"),
];

/// Points of one percentile in view.
type Points = Vec<(f64, f64)>;

/// The figure, or why there is none.
pub(super) fn figure(data: &Data, view: &View) -> Result<Figure, &'static str> {
    let panels: Vec<Panel> = WHAT.iter().filter_map(|what| band(data, view, what)).collect();
    if panels.is_empty() {
        return spectrum(data);
    }
    Ok(Figure {
        title: title(data),
        subtitle: super::subtitle(&data.summary),
        x: view.axis.clone(),
        caption: view.caption.clone(),
        marks: view.marks.clone(),
        panels,
    })
}

/// Percentiles over time, if there are enough buckets in view.
fn band(data: &Data, view: &View, what: &(&str, &str, &str, &str)) -> Option<Panel> {
    let (scope, metric, curve, words) = *what;
    let width = data.summary.setting.buckets.band_s;
    let points = |name: &str| -> Points {
        let all = data.series.points(scope, &format!("{metric}_{name}"));
        let all = all.iter().map(|(at, v)| (at + width / 2.0, *v));
        all.filter(|(at, _)| view.axis.holds(*at)).collect()
    };
    let lines = LINES.map(|(name, _)| points(name));
    let [low, _, high] = &lines;
    if low.len() < LEAST || high.len() != low.len() {
        return None;
    }
    let (y, logarithmic) = times(lines.iter().flatten().map(|p| p.1));
    let up = |p: &(f64, f64)| (p.0, if logarithmic { log(p.1) } else { p.1 });
    let mut shapes = Vec::new();
    for part in parts(low, width) {
        shapes.push(Shape::Area {
            upper: high[part.clone()].iter().map(up).collect(),
            lower: low[part].iter().map(up).collect(),
            colour: Colour::Grey,
            opacity: 0.35,
        });
    }
    let mut labels = Vec::new();
    // The highest first: where lines meet, their labels keep this order.
    for ((name, colour), line) in LINES.iter().zip(&lines).rev() {
        for part in parts(line, width) {
            let points: Points = line[part].iter().map(up).collect();
            match points.as_slice() {
                [alone] => shapes.push(Shape::Dot(*alone, *colour)),
                _ => shapes.push(Shape::Line { points, colour: *colour }),
            }
        }
        if let Some(last) = line.last() {
            let worst = line.iter().map(|p| p.1).fold(0.0, f64::max);
            let text = format!("{name}, up to {}", time(worst));
            labels.push(Label::margin(up(last).1, text, *colour));
        }
    }
    let n = data.curves.get(curve).map_or(0, |c| c.count);
    let title = format!("{words} by time of completion, n = {}", count(n));
    Some(Panel { title, weight: 1.0, y, shapes, labels })
}

/// Stretches without a gap of more than three buckets.
fn parts(points: &[(f64, f64)], width: f64) -> Vec<std::ops::Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for i in 1..=points.len() {
        if i == points.len() || points[i].0 - points[i - 1].0 > 3.5 * width {
            parts.push(start..i);
            start = i;
        }
    }
    parts
}

/// An axis for times, and whether it is logarithmic.
fn times(values: impl Iterator<Item = f64> + Clone) -> (Axis, bool) {
    let most = values.clone().fold(0.0, f64::max);
    let least = values.filter(|v| *v > 0.0).fold(most, f64::min);
    if least > 0.0 && most / least > WIDE {
        (Axis::log_time(least * 0.8, most * 1.25), true)
    } else {
        (Axis::linear(most * 1.05, 4, time), false)
    }
}

/// Percentiles of the whole run: the rarer, the further to the right.
fn spectrum(data: &Data) -> Result<Figure, &'static str> {
    let named = [("handshake", "handshake"), ("rekey", "re-key"), ("message", "message")];
    let colours = [Colour::Blue, Colour::Green, Colour::Orange];
    let curves: Vec<(&str, &Curve, Colour)> = named
        .into_iter()
        .zip(colours)
        .filter_map(|((file, name), c)| Some((name, data.curves.get(file)?, c)))
        .filter(|(_, curve, _)| curve.count > 0 && !curve.points.is_empty())
        .collect();
    let Some(most) = curves.iter().map(|c| c.1.count).max() else {
        return Err("no handshake and no message was completed");
    };
    let end = (most as f64).log10().clamp(1.0, 7.0);
    let ticks = [0.0, 0.5, 0.9, 0.99, 0.999, 0.999_9, 0.999_99, 0.999_999];
    let ticks = ticks.iter().map(|q| (rarity(*q, end), q)).filter(|(x, q)| *x < end || **q == 0.0);
    let ticks = ticks.map(|(x, q)| (x, format!("{} %", (q * 1e8).round() / 1e6))).collect();
    let x = Axis { from: 0.0, to: end, ticks };
    let all = curves.iter().flat_map(|c| c.1.points.iter().map(|p| p.0));
    let (y, logarithmic) = times(all);
    let mut shapes = Vec::new();
    let mut labels = Vec::new();
    for (name, curve, colour) in &curves {
        let up = |v: f64| if logarithmic { log(v) } else { v };
        let first = curve.points.first().map_or(0.0, |p| up(p.0));
        let line = curve.points.iter().map(|(v, share)| (rarity(*share, end), up(*v)));
        let points: Points = std::iter::once((0.0, first)).chain(line).collect();
        let last = curve.points.last().map_or(0.0, |p| p.0);
        let text = format!("{name}, max {}", time(last));
        labels.push(Label::margin(up(last), text, *colour));
        shapes.push(Shape::Line { points, colour: *colour });
    }
    let counts = curves.iter().map(|(name, c, _)| format!("{name} n = {}", count(c.count)));
    let title = format!("Time by percentile: {}", counts.collect::<Vec<_>>().join(", "));
    Ok(Figure {
        title: self::title(data),
        subtitle: super::subtitle(&data.summary),
        x,
        caption: "this share of all took at most as long".to_owned(),
        marks: Vec::new(),
        panels: vec![Panel { title, weight: 1.0, y, shapes, labels }],
    })
}

/// Powers of ten of how rare what lies beyond quantile `q` is, up to `end`.
fn rarity(q: f64, end: f64) -> f64 {
    if q >= 1.0 { end } else { (-(1.0 - q).log10()).clamp(0.0, end) }
}

fn title(data: &Data) -> String {
    let [handshakes, messages] =
        ["association.handshake_s", "message.latency_s"].map(|m| data.summary.distribution(m));
    let said = |what: &str, d: &crate::measure::Summary| match d.count {
        1 => format!("{what} takes {}", time(d.max)),
        _ => format!("{what} take {} at the median and {} at p99", time(d.p50), time(d.p99)),
    };
    match (handshakes, messages) {
        (Some(d), _) if d.count == 1 => said("The handshake", d),
        (Some(d), _) => said("Handshakes", d),
        (None, Some(d)) if d.count == 1 => said("The message", d),
        (None, Some(d)) => said("Messages", d),
        (None, None) => "Times by percentile".to_owned(),
    }
}

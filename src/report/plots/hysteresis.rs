//! `hysteresis.svg`: load against goodput through the run. A system that recovers comes back the way it went; a
//! metastable one stays at high load and low goodput.

use super::axis::Axis;
use super::figure::{Colour, Figure, Label, Panel, Shape};
use super::view::{Bin, Fold, View};
use crate::report::read::Data;
use crate::report::words::{digits, time};

/// Points of the way, at most: more would hide it.
const POINTS: f64 = 30.0;
/// Points that make a way.
const LEAST: usize = 6;
/// Repetitions for each flight needed from which on the way is worth a picture.
const WASTED: f64 = 0.02;
/// Share of the best goodput that planners want kept.
const KEPT: f64 = 0.9;

/// The figure, or why there is none.
pub(super) fn figure(data: &Data, view: &View) -> Result<Figure, &'static str> {
    let summary = &data.summary;
    let (sent, needed) = (summary.count("flights.sent"), summary.count("flights.needed"));
    if (sent as f64) < needed as f64 * (1.0 + WASTED) {
        return Err("next to no flight was sent twice");
    }
    let way = way(data, view);
    if way.len() < LEAST {
        return Err("it was over in a few buckets of series.csv");
    }
    let done = summary.count("association.established").max(1);
    let each = needed as f64 / done as f64;
    let most = |of: fn(&Moment) -> f64| way.iter().map(of).fold(0.0, f64::max);
    let (load, goodput) = (most(|m| m.load), most(|m| m.goodput));
    let x = Axis::linear(load * 1.05, 6, digits);
    let y = Axis::linear(goodput * 1.15, 5, digits);
    let (mut shapes, mut labels) = (Vec::new(), Vec::new());
    // Where nothing is wasted: as much goodput as flights allow.
    let end = f64::min(x.to, y.to * each);
    shapes.push(Shape::Line { points: vec![(0.0, 0.0), (end, end / each)], colour: Colour::Grey });
    shapes.push(Shape::Limit(KEPT * goodput));
    let peak = way.iter().enumerate().max_by(|a, b| a.1.load.total_cmp(&b.1.load));
    let peak = peak.map_or(0, |(at, _)| at);
    let part = |moments: &[Moment]| moments.iter().map(|m| (m.load, m.goodput)).collect();
    shapes.push(Shape::Line { points: part(&way[peak..]), colour: Colour::Orange });
    shapes.push(Shape::Line { points: part(&way[..=peak]), colour: Colour::Blue });
    for (at, moment) in way.iter().enumerate() {
        let colour = if at <= peak { Colour::Blue } else { Colour::Orange };
        shapes.push(Shape::Dot((moment.load, moment.goodput), colour));
    }
    let zero = view.marks.first().map_or(0.0, |mark| mark.at);
    let said = |moment: &Moment| time((moment.at - zero).max(0.0));
    labels.push(Label::margin(y.to, "grey: no flight is wasted".to_owned(), Colour::Grey));
    labels.push(Label::margin(KEPT * goodput, "90 % of the best".to_owned(), Colour::Red));
    let rising = format!("● up to {}, the peak", said(&way[peak]));
    labels.push(Label::margin(goodput * 0.5, rising, Colour::Blue));
    let last = way.last().map_or_else(String::new, said);
    labels.push(Label::margin(goodput * 0.4, format!("● after it, to {last}"), Colour::Orange));
    Ok(Figure {
        title: title(&way, goodput),
        subtitle: super::subtitle(summary),
        x,
        caption: "load: flights of clients per second".to_owned(),
        marks: Vec::new(),
        panels: vec![Panel {
            title: "Goodput: handshakes done per second".to_owned(),
            weight: 1.0,
            y,
            shapes,
            labels,
        }],
    })
}

/// Load and goodput at a time, in 1/s.
struct Moment {
    at: f64,
    load: f64,
    goodput: f64,
}

/// From the first flight in view to the last.
fn way(data: &Data, view: &View) -> Vec<Moment> {
    let width = data.summary.setting.buckets.track_s;
    let bins = |scope: &str, metric: &str| -> Vec<Bin> {
        view.bins_at_most(data.series.points(scope, metric), width, Fold::Mean, POINTS)
    };
    let (sent, done) = (bins("flights", "sent"), bins("association", "established"));
    let moments = sent.iter().zip(&done).map(|(sent, done)| Moment {
        at: f64::midpoint(sent.0, sent.1),
        load: sent.2 / width.max(1e-9),
        goodput: done.2 / width.max(1e-9),
    });
    let all: Vec<Moment> = moments.collect();
    let is_busy = |moment: &Moment| moment.load > 0.0 || moment.goodput > 0.0;
    let first = all.iter().position(is_busy).unwrap_or(0);
    let last = all.iter().rposition(is_busy).map_or(0, |last| (last + 2).min(all.len()));
    all.into_iter().take(last).skip(first).collect()
}

fn title(way: &[Moment], goodput: f64) -> String {
    let worst = way.iter().filter(|m| m.load > 0.0).max_by(|a, b| a.load.total_cmp(&b.load));
    let at_peak = worst.map_or(0.0, |moment| moment.goodput / goodput.max(1e-9));
    let share = crate::report::words::percent(at_peak.min(1.0));
    format!("At the highest load {share} of the best goodput is left")
}

//! `amplification.svg`: how much of its load the fleet makes itself, by sending flights again.

use super::axis::Axis;
use super::figure::{Colour, Figure, Label, Panel, Shape};
use super::view::{Bin, Fold, View, steps};
use crate::report::read::Data;
use crate::report::words::{digits, percent};

/// Flights sent for each one needed that planners allow.
const ALLOWED: f64 = 1.2;
/// Bins of the picture: fewer than of others, since a ratio of few flights says little.
const BINS: f64 = 90.0;

/// The figure, or why there is none.
pub(super) fn figure(data: &Data, view: &View) -> Result<Figure, &'static str> {
    let width = data.summary.setting.buckets.track_s;
    let bins = |metric: &str| {
        let points = data.series.points("flights", metric);
        view.bins_at_most(points, width, Fold::Mean, BINS)
    };
    let (sent, needed) = (bins("sent"), bins("needed"));
    let all = |bins: &[Bin]| bins.iter().map(|bin| bin.2).sum::<f64>();
    if all(&needed) <= 0.0 {
        return Err("no flight of a handshake was sent");
    }
    if view.axis.to - view.axis.from < width {
        return Err("all of it took less than one bucket of series.csv");
    }
    let panels = vec![flights(view, &sent, &needed, width), ratio(view, &sent, &needed)];
    Ok(Figure {
        title: title(all(&sent), all(&needed)),
        subtitle: super::subtitle(&data.summary),
        x: view.axis.clone(),
        caption: view.caption.clone(),
        marks: view.marks.clone(),
        panels,
    })
}

/// Of the flights in the picture.
fn title(sent: f64, needed: f64) -> String {
    let again = (sent - needed).max(0.0) / sent.max(1.0);
    match percent(again).as_str() {
        "0 %" => "No flight was sent twice".to_owned(),
        share => format!(
            "{} flights sent for each one needed: {share} are repetitions",
            digits(sent / needed)
        ),
    }
}

/// Flights per second: those needed, and on top of them those that were sent again.
fn flights(view: &View, sent: &[Bin], needed: &[Bin], bucket: f64) -> Panel {
    let rate = |bins: &[Bin]| -> Vec<(f64, f64)> {
        let bins: Vec<Bin> = bins.iter().map(|b| (b.0, b.1, b.2 / bucket)).collect();
        steps(&bins, &view.axis)
    };
    let (sent, needed) = (rate(sent), rate(needed));
    let most = |line: &[(f64, f64)]| line.iter().map(|p| p.1).fold(0.0, f64::max);
    let zero = |line: &[(f64, f64)]| line.iter().map(|p| (p.0, 0.0)).collect();
    let labels = [(&sent, "sent", Colour::Orange), (&needed, "needed", Colour::Blue)];
    let labels = labels.map(|(line, word, colour)| {
        Label::margin(most(line), format!("{word}, up to {}", digits(most(line))), colour)
    });
    Panel {
        title: "Flights of clients per second".to_owned(),
        weight: 1.0,
        y: Axis::linear(most(&sent) * 1.05, 4, digits),
        shapes: vec![
            Shape::Area {
                lower: zero(&sent),
                upper: sent.clone(),
                colour: Colour::Orange,
                opacity: 0.35,
            },
            Shape::Area {
                lower: zero(&needed),
                upper: needed.clone(),
                colour: Colour::Blue,
                opacity: 0.35,
            },
            Shape::Line { points: sent, colour: Colour::Orange },
            Shape::Line { points: needed, colour: Colour::Blue },
        ],
        labels: labels.into(),
    }
}

/// Flights sent for each one needed, from the beginning of the picture on.
fn ratio(view: &View, sent: &[Bin], needed: &[Bin]) -> Panel {
    let (mut all, mut once) = (0.0, 0.0);
    let mut line: Vec<(f64, f64)> = Vec::new();
    for (sent, needed) in sent.iter().zip(needed) {
        all += sent.2;
        once += needed.2;
        if once > 0.0 {
            line.push((sent.1.clamp(view.axis.from, view.axis.to), all / once));
        }
    }
    let last = line.last().map_or(1.0, |p| p.1);
    let most = line.iter().map(|p| p.1).fold(ALLOWED * 1.2, f64::max);
    let axis = Axis::linear(most * 1.05 - 1.0, 3, |above| digits(1.0 + above));
    let ticks = axis.ticks.into_iter().map(|(above, label)| (1.0 + above, label)).collect();
    Panel {
        title: "Flights sent for each one needed, since the beginning of this picture".to_owned(),
        weight: 0.7,
        y: Axis { from: 1.0, to: 1.0 + axis.to, ticks },
        shapes: vec![Shape::Limit(ALLOWED), Shape::Line { points: line, colour: Colour::Orange }],
        labels: vec![
            Label::margin(ALLOWED, format!("at most {}", digits(ALLOWED)), Colour::Red),
            Label::margin(last, format!("{} at the end", digits(last)), Colour::Orange),
        ],
    }
}

//! A register of risks as bars: each asset without treatment and with it, the greatest first.

use super::axis::Axis;
use super::figure::{Colour, Figure, Label, Panel, Shape};
use crate::report::risk::{headline, hours, words};
use crate::report::words::{tame, time};
use crate::run::risk::{Assessment, RegisterEntry};

/// Assets that have a place; the others are counted.
const BARS_MAX: usize = 9;

pub(super) fn figure(assessment: &Assessment) -> Figure {
    let lines: Vec<&RegisterEntry> =
        assessment.before.first().map_or(&[][..], |register| &register.assets).iter().collect();
    let after = |asset: &str| {
        let treated = assessment.after.first()?;
        treated.assets.iter().find(|line| line.asset == asset).map(|line| line.risk_h)
    };
    let shown = &lines[..lines.len().min(BARS_MAX)];
    let most = shown.iter().map(|line| line.risk_h.max(after(&line.asset).unwrap_or(0.0)));
    let x = Axis::linear(most.fold(1e-6, f64::max) * 1.02, 6, hours);
    let rows = shown.len().max(1) as f64;
    let (mut shapes, mut labels) = (Vec::new(), Vec::new());
    let is_treated = !assessment.chosen.is_empty();
    for (place, line) in shown.iter().enumerate() {
        // The greatest is at the top: words, then one bar below the other.
        let top = rows - place as f64;
        let treated = after(&line.asset).unwrap_or(0.0);
        shapes.push(bar(line.risk_h, top - 0.64, top - 0.4, Colour::Orange));
        let words = if is_treated {
            shapes.push(bar(treated, top - 0.92, top - 0.68, Colour::Blue));
            format!("{}: {} → {}", said(line), hours(line.risk_h), hours(treated))
        } else {
            format!("{}: {}", said(line), hours(line.risk_h))
        };
        labels.push(Label { x: Some(x.from), y: top - 0.2, text: words, colour: Colour::Grey });
    }
    labels.push(Label::margin(rows - 0.52, "as it is".to_owned(), Colour::Orange));
    if is_treated {
        labels.push(Label::margin(rows - 0.8, "treated".to_owned(), Colour::Blue));
    }
    let title = match lines.len().saturating_sub(BARS_MAX) {
        0 => "Expected loss by shared asset".to_owned(),
        more => format!("Expected loss by shared asset ({more} smaller ones not shown)"),
    };
    Figure {
        title: headline(assessment),
        subtitle: subtitle(assessment),
        x,
        caption: "service-hours a year, by the weight of their availability".to_owned(),
        marks: Vec::new(),
        panels: vec![Panel {
            title,
            weight: 1.0,
            y: Axis { from: 0.0, to: rows, ticks: Vec::new() },
            shapes,
            labels,
        }],
    }
}

fn said(line: &RegisterEntry) -> String {
    let lost = match line.blast_radius {
        0 => "no service is lost".to_owned(),
        1 => "1 service is lost".to_owned(),
        n => format!("{n} services are lost"),
    };
    format!("{} ({}, {lost})", tame(&line.asset, 40), line.kind.replace('_', " "))
}

fn subtitle(assessment: &Assessment) -> String {
    let contexts: Vec<String> =
        assessment.before.iter().skip(1).map(|register| register.context.clone()).collect();
    let contexts = match contexts.as_slice() {
        [] => String::new(),
        several => format!(" · {}", words(several)),
    };
    format!(
        "{} · each asset fails for {} · seed {}{contexts}",
        tame(&assessment.scenario, 60),
        time(assessment.outage_s),
        assessment.seed,
    )
}

/// A bar from zero to `value` between two levels.
fn bar(value: f64, lower: f64, upper: f64, colour: Colour) -> Shape {
    Shape::Area {
        upper: vec![(0.0, upper), (value, upper)],
        lower: vec![(0.0, lower), (value, lower)],
        colour,
        opacity: 0.9,
    }
}

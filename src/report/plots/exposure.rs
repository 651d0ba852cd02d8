//! `exposure.svg`: how old keys were when they were used, against their lifetime and the limit beyond it.

use super::axis::{Axis, log};
use super::figure::{Colour, Figure, Label, Moment, Panel, Shape};
use crate::report::read::Data;
use crate::report::words::{count, percent, time};

/// Ages that differ by this factor get a logarithmic axis.
const WIDE: f64 = 60.0;

/// The figure, or why there is none.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let setting = &data.summary.setting;
    let limits = [(setting.key_lifetime_s, "lifetime"), (setting.key_hard_limit_s, "hard limit")];
    let limits = limits.into_iter().filter_map(|(at, word)| Some((at?, word)));
    let limits: Vec<(f64, &str)> = limits.filter(|(at, _)| *at > 0.0).collect();
    let Some(first) = limits.first() else { return Err("keys have no lifetime here") };
    let curve = data.curves.get("key_age").filter(|curve| curve.count > 0);
    let Some(curve) = curve.filter(|curve| !curve.points.is_empty()) else {
        return Err("no key was used for a request");
    };
    let oldest = curve.points.last().map_or(0.0, |p| p.0);
    let end = limits.iter().map(|limit| limit.0).fold(oldest, f64::max).max(1e-6);
    let least = curve.points.iter().map(|p| p.0).find(|age| *age > 0.0).unwrap_or(end);
    let median = curve.at(0.5).unwrap_or(end).max(least);
    let is_log = end / median > WIDE;
    let x = if is_log {
        Axis::log_time(median / 100.0, end * 1.15)
    } else {
        Axis::time(0.0, end * 1.05, 0.0, 7)
    };
    let across = |age: f64| if is_log { log(age).max(x.from) } else { age };
    let mut line = vec![(x.from, 0.0)];
    line.extend(curve.points.iter().map(|(age, share)| (across(*age), *share)));
    line.push((x.to, 1.0));
    let under = line.iter().map(|p| (p.0, 0.0)).collect();
    let mut shapes = vec![
        Shape::Area { upper: line.clone(), lower: under, colour: Colour::Blue, opacity: 0.1 },
        Shape::Line { points: line, colour: Colour::Blue },
    ];
    let mut labels = Vec::new();
    for (share, name) in [(0.5, "50 %"), (0.99, "99 %"), (1.0, "all")] {
        let Some(age) = curve.at(share) else { continue };
        let place = (across(age), share);
        shapes.insert(0, Shape::Drop(place));
        shapes.push(Shape::Dot(place, Colour::Blue));
        let text = format!("{name} up to {}", time(age));
        labels.push(Label::margin(share - 0.02, text, Colour::Blue));
    }
    let marks = limits.iter().map(|(at, word)| Moment {
        at: across(*at),
        label: format!("{word} {}", time(*at)),
        is_limit: true,
    });
    let n = count(curve.count);
    Ok(Figure {
        title: title(curve, *first),
        subtitle: super::subtitle(&data.summary),
        caption: "age of the traffic keys when a device used them for a request".to_owned(),
        marks: marks.collect(),
        panels: vec![Panel {
            title: format!("Share of uses with keys at most as old, n = {n}"),
            weight: 1.0,
            y: Axis { to: 1.03, ..Axis::share(1.0, 5) },
            shapes,
            labels,
        }],
        x,
    })
}

fn title(curve: &crate::report::hgrm::Curve, (limit, word): (f64, &str)) -> String {
    let below = curve.points.iter().take_while(|(age, _)| *age <= limit).last();
    let beyond = 1.0 - below.map_or(0.0, |(_, share)| *share);
    let p99 = curve.at(0.99).unwrap_or(0.0);
    if beyond > 0.0 {
        return format!("{} of uses are with keys older than their {word}", percent(beyond));
    }
    let share = percent(p99 / limit.max(1e-9));
    format!("No key is used beyond its {word}; p99 of ages is {share} of it")
}

//! `load.svg`: how busy each tier is, against its capacity, and the longest queue.

use super::axis::Axis;
use super::figure::{Colour, Figure, Label, Panel, Shape};
use super::view::{Bin, Fold, View, steps};
use crate::report::finding;
use crate::report::read::Data;
use crate::report::summary::{GroupFacts, Summary};
use crate::report::words::{digits, percent, tame, time};

/// Groups that one panel shows.
const LINES: [Colour; 3] = [Colour::Blue, Colour::Green, Colour::Orange];
/// From here on a processor counts as saturated.
const SATURATED: f64 = 0.995;
/// Jobs from which on a queue is worth a panel.
const QUEUE: f64 = 10.0;
/// Below this devices are not worth a panel.
const IDLE: f64 = 0.1;

/// The figure, or why there is none.
pub(super) fn figure(data: &Data, view: &View) -> Result<Figure, &'static str> {
    let summary = &data.summary;
    let tiers = ["maf", "mef", "cse", "gateway", "device"];
    let shown: Vec<Vec<&GroupFacts>> = tiers.map(|tier| groups(summary, tier)).into();
    let count = shown.iter().filter(|t| !t.is_empty()).count();
    if count == 0 {
        return Err("no processor was ever busy");
    }
    let buckets = &summary.setting.buckets;
    if view.axis.to - view.axis.from < buckets.track_s.min(buckets.peak_s) {
        return Err("all of it took less than one bucket of series.csv");
    }
    let queue = queue(data, view, count);
    let wanted = if count + usize::from(queue.is_some()) > 2 { 2 } else { 5 };
    let tiers = shown.iter().filter(|tier| !tier.is_empty());
    let mut panels: Vec<Panel> = tiers.map(|tier| panel(data, view, tier, wanted)).collect();
    panels.extend(queue);
    Ok(Figure {
        title: title(data, view),
        subtitle: super::subtitle(summary),
        x: view.axis.clone(),
        caption: view.caption.clone(),
        marks: view.marks.clone(),
        panels,
    })
}

/// The busiest groups of a tier; none if the tier costs next to nothing.
fn groups<'a>(summary: &'a Summary, tier: &str) -> Vec<&'a GroupFacts> {
    let peak = |g: &GroupFacts| finding::peak(summary, g).unwrap_or(0.0);
    let groups = summary.setting.groups.iter().filter(|g| g.tier == tier);
    let mut groups: Vec<_> =
        groups.filter(|g| peak(g) > if tier == "device" { IDLE } else { 0.0 }).collect();
    groups.sort_by(|a, b| peak(b).total_cmp(&peak(a)));
    groups.truncate(LINES.len());
    groups
}

fn panel(data: &Data, view: &View, groups: &[&GroupFacts], wanted: usize) -> Panel {
    let mut shapes = Vec::new();
    let mut labels = Vec::new();
    let mut top = 0.0f64;
    let buckets = &data.summary.setting.buckets;
    for (group, colour) in groups.iter().zip(LINES) {
        let scope = format!("load.{}", group.name);
        let mean = data.series.points(&scope, "utilisation");
        let mean = view.bins(mean, buckets.track_s, Fold::Mean);
        let peak = data.series.points(&scope, "utilisation_peak_1s");
        // Where the view is shorter than a dozen seconds, a second says too little.
        let fine = view.axis.to - view.axis.from < 12.0 * buckets.peak_s
            && buckets.track_s < buckets.peak_s;
        let line = match fine {
            true => mean.clone(),
            false => view.bins(peak, buckets.peak_s, Fold::Max),
        };
        let height = largest(&line);
        let coarse = buckets.track_s * 20.0 > view.axis.to - view.axis.from;
        top = top.max(height.1);
        if group.count > 1 && groups.len() == 1 && !fine && !coarse {
            let upper = steps(&mean, &view.axis);
            let lower = upper.iter().map(|p| (p.0, 0.0)).collect();
            let level = largest(&mean);
            top = top.max(level.1);
            shapes.push(Shape::Area { upper, lower, colour: Colour::Grey, opacity: 0.7 });
            let text = format!("mean of all {}", up_to(level.1));
            labels.push(Label::margin(level.1 * 0.8, text, Colour::Grey));
        }
        let name = match (groups.len(), group.count) {
            (1, 0 | 1) => String::new(),
            (1, _) if !fine => "busiest ".to_owned(),
            (1, _) => "mean of all ".to_owned(),
            _ => format!("{} ", tame(&group.name, 16)),
        };
        shapes.push(Shape::Line { points: steps(&line, &view.axis), colour });
        labels.push(Label::margin(height.1, format!("{name}{}", up_to(height.1)), colour));
    }
    let y = Axis::share(top, wanted);
    if y.holds(1.0) {
        shapes.insert(0, Shape::Limit(1.0));
        labels.push(Label::margin(1.03, "capacity".to_owned(), Colour::Red));
    }
    Panel { title: tier_title(groups), weight: 1.0, y, shapes, labels }
}

/// `up to 80 %`; what is next to nothing says so itself.
pub(super) fn up_to(share: f64) -> String {
    let said = percent(share);
    if said.starts_with('<') { said } else { format!("up to {said}") }
}

fn tier_title(groups: &[&GroupFacts]) -> String {
    let nodes: u64 = groups.iter().map(|g| u64::from(g.count)).sum();
    let (one, many) = match groups.first().map(|g| g.tier.as_str()) {
        Some("cse") => ("IN-CSE", "IN-CSEs"),
        Some("gateway") => ("Gateway", "gateways"),
        Some("maf") => ("MAF", "MAFs"),
        Some("mef") => ("MEF", "MEFs"),
        _ => ("Device", "devices"),
    };
    let name = match (groups, nodes) {
        (_, 1) => one.to_owned(),
        (_, n) => format!("{} {many}", crate::report::words::count(n)),
    };
    let workers = match groups {
        [group] if group.workers > 1 => format!(" of {} workers", group.workers),
        _ => String::new(),
    };
    format!("{name}: utilisation{workers}")
}

/// The group with the longest queue, if it is long.
fn queue(data: &Data, view: &View, panels: usize) -> Option<Panel> {
    let summary = &data.summary;
    let jobs =
        |g: &GroupFacts| summary.number(&format!("load.{}.queue_max", g.name)).unwrap_or(0.0);
    let groups = summary.setting.groups.iter().filter(|g| g.tier != "device");
    let group = groups.max_by(|a, b| jobs(a).total_cmp(&jobs(b)))?;
    let points = data.series.points(&format!("load.{}", group.name), "queue");
    let bins = view.bins(points, summary.setting.buckets.track_s, Fold::Max);
    let most = largest(&bins).1;
    if most < QUEUE {
        return None;
    }
    let upper = steps(&bins, &view.axis);
    let lower = upper.iter().map(|p| (p.0, 0.0)).collect();
    let called = finding::called(summary, group);
    let y = Axis::linear(most * 1.05, if panels > 2 { 2 } else { 3 }, digits);
    let title = format!("Jobs that wait in {called}");
    let text = format!("up to {} jobs", digits(most));
    Some(Panel {
        title,
        weight: 0.6,
        y,
        shapes: vec![
            Shape::Area { upper: upper.clone(), lower, colour: Colour::Orange, opacity: 0.25 },
            Shape::Line { points: upper, colour: Colour::Orange },
        ],
        labels: vec![Label::margin(most, text, Colour::Orange)],
    })
}

fn title(data: &Data, view: &View) -> String {
    let summary = &data.summary;
    let Some((group, peak)) = finding::busiest(summary) else {
        return "No processor was ever busy".to_owned();
    };
    let who = upper_first(&finding::called(summary, group));
    let all = data.series.points(&format!("load.{}", group.name), "utilisation_peak_1s");
    // What the picture shows, even if there was more before it.
    let shown: Vec<_> = all.iter().copied().filter(|p| view.axis.holds(p.0)).collect();
    let seconds = if shown.iter().any(|p| p.1 > 0.0) { &shown[..] } else { all };
    let full = seconds.iter().filter(|p| p.1 >= SATURATED);
    let moment = seconds.iter().copied().reduce(|best, p| if p.1 > best.1 { p } else { best });
    let (moment, peak) = moment.unwrap_or((0.0, peak));
    let marks = summary.setting.marks.iter().filter(|m| m.at_s <= moment + 1.0);
    let after = marks.max_by(|a, b| a.at_s.total_cmp(&b.at_s)).map(|mark| {
        let what = tame(mark.label.split(" over ").next().unwrap_or_default(), 40);
        (format!("after the {what}"), moment - mark.at_s)
    });
    if peak >= SATURATED {
        let long = time(full.count() as f64 * summary.setting.buckets.peak_s);
        let after = after.map_or(String::new(), |(what, _)| format!(" {what}"));
        return format!("{who} is saturated for {long}{after}");
    }
    let here = match after {
        Some((what, s)) if s >= 1.0 => {
            format!("{who} peaks at {} of capacity, {} {what}", percent(peak), time(s))
        }
        Some((what, _)) => format!("{who} peaks at {} of capacity right {what}", percent(peak)),
        None => format!("{who} peaks at {} of capacity", percent(peak)),
    };
    // The headline of the run has the largest of all: who reads both must know why they differ.
    let most = percent(all.iter().map(|p| p.1).fold(peak, f64::max));
    if most == percent(peak) { here } else { format!("{here}; {most} outside this picture") }
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

/// Middle and value of the largest bin.
fn largest(bins: &[Bin]) -> (f64, f64) {
    let best = bins.iter().copied().reduce(|best, b| if b.2 > best.2 { b } else { best });
    best.map_or((0.0, 0.0), |(from, to, value)| (f64::midpoint(from, to), value))
}

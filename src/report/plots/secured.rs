//! `secured.svg`: which share of the fleet has its keys, by time from the trigger.

use super::axis::{Axis, log};
use super::figure::{Colour, Figure, Label, Moment, Panel, Shape};
use crate::report::hgrm::Curve;
use crate::report::read::Data;
use crate::report::words::{count, percent, time};
use crate::scenario::scale::{Kind, quantity};

/// A curve whose end is this many times its median gets a logarithmic axis.
const WIDE: f64 = 40.0;
/// A limit within this many times the curve's end is drawn.
const LIMIT_FAR: f64 = 3.0;
/// Share of the horizontal axis that words beside a dot take.
const BESIDE: f64 = 0.3;
/// Up to this many members each is a step of its own.
const STEPS: u64 = 200;

/// Shares of a fleet by time.
struct Progress {
    /// Ascending times with the share done by then.
    points: Vec<(f64, f64)>,
    /// Members that were to be done.
    all: u64,
    /// Members that were.
    done: u64,
    /// What is counted, as in `10,000 members`.
    who: &'static str,
    /// What was done, as in `have new keys`.
    what: &'static str,
    /// What times count from.
    from: &'static str,
    /// The metric of these times.
    metric: &'static str,
}

/// The figure, or why there is none.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let progress = rekeyed(data).or_else(|| established(data));
    let Some(progress) = progress.filter(|p| p.done > 0 && !p.points.is_empty()) else {
        return Err("nobody made or changed keys");
    };
    let last = progress.points.last().map_or(1.0, |p| p.0).max(1e-6);
    // Limits that lie far behind the end would press the curve to the edge.
    let (near, far): (Vec<_>, Vec<_>) =
        limits(data, &progress).into_iter().partition(|limit| limit.at <= LIMIT_FAR * last);
    let end = near.iter().map(|limit| limit.at).fold(last, f64::max);
    let median = reached(&progress, 0.5).map_or(end, |p| p.0);
    let logarithmic = median > 0.0 && end / median > WIDE;
    let first = progress.points.iter().map(|p| p.0).find(|t| *t > 0.0).unwrap_or(end);
    let x = if logarithmic {
        Axis::log_time((first * 0.7).max(end * 1e-6), end * 1.15)
    } else {
        Axis::time(0.0, end * 1.03, 0.0, 7)
    };
    let across = |t: f64| if logarithmic { log(t) } else { t };
    let mut line = vec![(x.from, 0.0)];
    for (at, share) in &progress.points {
        let at = across(*at).max(x.from);
        if progress.done <= STEPS {
            line.push((at, line.last().map_or(0.0, |p| p.1)));
        }
        line.push((at, *share));
    }
    line.push((x.to, line.last().map_or(0.0, |p| p.1)));
    let under = line.iter().map(|p| (p.0, 0.0)).collect();
    let mut shapes = vec![
        Shape::Area { upper: line.clone(), lower: under, colour: Colour::Blue, opacity: 0.1 },
        Shape::Line { points: line, colour: Colour::Blue },
    ];
    let mut labels = Vec::new();
    let milestones = milestones(&progress);
    for (i, (share, at, text)) in milestones.iter().enumerate() {
        let place = (across(*at).max(x.from), *share);
        // Beside its dot only where no other dot's line would run through it.
        let next = milestones.get(i + 1).map_or(x.to, |m| across(m.1));
        let beside = next - place.0 > BESIDE * (x.to - x.from);
        shapes.insert(0, Shape::Drop(place));
        shapes.push(Shape::Dot(place, Colour::Blue));
        let text = text.clone();
        let at = beside.then_some(place.0);
        labels.push(Label { x: at, y: share - 0.02, text, colour: Colour::Blue });
    }
    let y = Axis { to: 1.03, ..Axis::share(1.0, 5) };
    let title = match progress.all {
        1 => "Share of the one member that is done".to_owned(),
        n => format!("Share of {} {} that {}", count(n), progress.who, progress.what),
    };
    Ok(Figure {
        title: headline(&progress),
        subtitle: super::subtitle(&data.summary),
        x,
        caption: caption(&progress, &far),
        marks: near.into_iter().map(|limit| Moment { at: across(limit.at), ..limit }).collect(),
        panels: vec![Panel { title, weight: 1.0, y, shapes, labels }],
    })
}

/// What is expected of the times that the curve shows.
fn limits(data: &Data, progress: &Progress) -> Vec<Moment> {
    let expectations = data.summary.expectations.iter();
    let of_metric = expectations.filter_map(|checked| {
        let figure = match checked.metric.strip_prefix(progress.metric)? {
            "" => "all",
            figure => figure.strip_prefix('.')?,
        };
        let bound = checked.expected.trim_start_matches(['<', '=', ' ']);
        let (_, quantity) = quantity(bound).filter(|(kind, _)| *kind == Kind::Time)?;
        let at = Kind::Time.si(quantity);
        let is_upper = checked.expected.starts_with('<');
        is_upper.then(|| Moment {
            at,
            label: format!("{figure} at most {}", time(at)),
            is_limit: true,
        })
    });
    of_metric.filter(|limit| limit.at > 0.0).collect()
}

fn caption(progress: &Progress, far: &[Moment]) -> String {
    let beyond = far.first().map_or_else(String::new, |limit| {
        format!("; the limit, {}, lies far to the right", limit.label)
    });
    format!("time from {}{beyond}", progress.from)
}

/// New keys by time from each member's trigger.
fn rekeyed(data: &Data) -> Option<Progress> {
    let all = data.summary.count("rekey.requested");
    // Several events may ask each member several times.
    let once = all <= data.summary.setting.members;
    let curve = data.curves.get("rekey")?;
    (all > 0).then(|| Progress {
        points: shares(curve, curve.count.min(all), all),
        all,
        done: curve.count.min(all),
        who: if once { "members" } else { "re-keys" },
        what: if once { "have new keys" } else { "are done" },
        from: "the trigger",
        metric: "rekey.time_s",
    })
}

/// Associations by time from the first start; where all of them fall into a few buckets, by the time
/// that each took.
fn established(data: &Data) -> Option<Progress> {
    let setting = &data.summary.setting;
    let (from, to) = setting.handshake_span_s?;
    let all = setting.members.max(1);
    let points = data.series.points("association", "established");
    let bucket = setting.buckets.track_s;
    let what = "have an association";
    if to - from < 8.0 * bucket {
        let curve = data.curves.get("handshake")?;
        let done = curve.count.min(all);
        let from = "the start of each handshake";
        return Some(Progress {
            points: shares(curve, done, all),
            all,
            done,
            who: "members",
            what,
            from,
            metric: "association.handshake_s",
        });
    }
    let mut sum = 0.0;
    let mut progress = Vec::new();
    for (at, n) in points.iter().filter(|p| p.1 > 0.0) {
        if at - from > progress.last().map_or(0.0, |p: &(f64, f64)| p.0) {
            progress.push((at - from, f64::min(sum / all as f64, 1.0)));
        }
        sum += n;
        let at = (at + bucket).min(to) - from;
        progress.push((at.max(0.0), f64::min(sum / all as f64, 1.0)));
    }
    let done = super::view::whole(sum).min(all);
    Some(Progress {
        points: progress,
        all,
        done,
        who: "members",
        what,
        from: "the first start",
        metric: "association.makespan_s",
    })
}

fn shares(curve: &Curve, done: u64, all: u64) -> Vec<(f64, f64)> {
    let part = done as f64 / all.max(1) as f64;
    curve.points.iter().map(|(at, share)| (*at, share * part)).collect()
}

/// The first point at which `share` of all was reached.
fn reached(progress: &Progress, share: f64) -> Option<(f64, f64)> {
    progress.points.iter().copied().find(|p| p.1 >= share - 1e-12)
}

/// Shares worth a dot, with their time and words.
fn milestones(progress: &Progress) -> Vec<(f64, f64, String)> {
    let last = progress.points.last().copied().unwrap_or_default();
    if progress.all == 1 {
        return vec![(last.1, last.0, format!("after {}", time(last.0)))];
    }
    let mut found = Vec::new();
    for (share, name) in [(0.5, "50 %"), (0.95, "95 %"), (0.99, "99 %")] {
        if let Some((at, _)) = reached(progress, share) {
            found.push((share, at, format!("{name} after {}", time(at))));
        }
    }
    if progress.done < progress.all {
        found.push((
            last.1,
            last.0,
            format!("{}, no more after {}", percent(last.1), time(last.0)),
        ));
    } else {
        found.push((last.1, last.0, format!("all after {}", time(last.0))));
    }
    found
}

fn headline(progress: &Progress) -> String {
    let all = format!("{} {}", count(progress.all), progress.who);
    let (what, from) = (progress.what, progress.from);
    let last = time(progress.points.last().map_or(0.0, |p| p.0));
    if progress.all == 1 {
        let what = what.replacen("have", "has", 1);
        let from = from.replacen("each", "its", 1);
        return format!("The one member {what} {last} after {from}");
    }
    match reached(progress, 0.99) {
        Some((at, _)) => format!("99 % of {all} {what} {} after {from}", time(at)),
        None => {
            let share = percent(progress.done as f64 / progress.all as f64);
            format!("Only {share} of {all} {what} {last} after {from}")
        }
    }
}

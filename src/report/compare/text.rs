//! A comparison for people: the answer, what else differs, the figures.

use super::{Change, Comparison};
use crate::report::table::Table;
use crate::report::words::{count, digits, of_metric, percent, tame};

/// Settings that are shown; JSON has all.
const SETTINGS_MAX: usize = 12;
/// Below this a difference of means is none.
const SAME: f64 = 5e-4;
/// From this ratio on one speaks of times, not of per cent.
const TIMES: f64 = 1.5;

/// The figures of an answer, in their order.
const ANSWER: [&str; 4] = [
    "rekey.time_s.p99",
    "association.handshake_s.p99",
    "load.cse.utilisation_peak_1s",
    "flights.duplicate_fraction",
];

/// What became of B, in a sentence: `association.handshake_s.p99 3.1 times lower, link.backhaul.bytes +4 %`.
#[must_use]
pub fn headline(comparison: &Comparison) -> String {
    if comparison.points.len() > 1 {
        return of_points(comparison);
    }
    let changes = comparison.points.first().map_or(&[][..], |(_, changes)| changes);
    let is_answer = |change: &&Change| {
        ANSWER.contains(&change.metric.as_str())
            || (change.metric.starts_with("link.") && change.metric.ends_with(".bytes"))
            || change.metric.ends_with(".failed")
    };
    let order = |name: &str| ANSWER.iter().position(|known| *known == name).unwrap_or(ANSWER.len());
    let mut shown: Vec<&Change> =
        changes.iter().filter(is_answer).filter(|change| !is_same(change)).collect();
    shown.sort_by_key(|change| order(&change.metric));
    if shown.is_empty() {
        let all = changes.iter().all(|change| change.a == change.b);
        return if all {
            "B is the same as A in every figure.".to_owned()
        } else {
            "B is about the same as A.".to_owned()
        };
    }
    let words: Vec<String> =
        shown.iter().take(4).map(|change| format!("{} {}", change.metric, said(change))).collect();
    format!("B against A: {}.", words.join(", "))
}

/// How many points went which way.
fn of_points(comparison: &Comparison) -> String {
    let main = ANSWER.iter().find(|name| {
        comparison.points.iter().any(|(_, changes)| changes.iter().any(|c| c.metric == **name))
    });
    let Some(main) = main else { return "The two have no figure in common.".to_owned() };
    let changes = comparison.points.iter().flat_map(|(_, changes)| changes);
    let of_main: Vec<&Change> = changes.filter(|change| change.metric == *main).collect();
    let lower = of_main.iter().filter(|c| !is_same(c) && c.b.mean < c.a.mean).count();
    let higher = of_main.iter().filter(|c| !is_same(c) && c.b.mean > c.a.mean).count();
    let same = of_main.len() - lower - higher;
    format!(
        "B against A: {main} is lower at {lower} points, higher at {higher}, the same at {same}."
    )
}

fn is_same(change: &Change) -> bool {
    let (a, b) = (change.a.mean, change.b.mean);
    (a - b).abs() <= SAME * a.abs().max(b.abs())
}

/// `3.1 times lower (12 s, was 37 s)`, `+4 %`.
fn said(change: &Change) -> String {
    let say = |value| of_metric(&change.metric, value);
    let (a, b) = (say(change.a.mean), say(change.b.mean));
    match change.ratio {
        _ if is_same(change) => "the same".to_owned(),
        Some(ratio) if ratio >= TIMES => format!("{} times higher ({b}, was {a})", digits(ratio)),
        Some(ratio) if ratio > 0.0 && ratio <= 1.0 / TIMES => {
            format!("{} times lower ({b}, was {a})", digits(1.0 / ratio))
        }
        Some(ratio) if ratio > 0.0 => signed(ratio - 1.0),
        _ => format!("{b}, was {a}"),
    }
}

fn signed(share: f64) -> String {
    let sign = if share < 0.0 { "-" } else { "+" };
    format!("{sign}{}", percent(share.abs()))
}

/// A comparison as text.
#[must_use]
pub fn text(comparison: &Comparison) -> String {
    let mut out = format!("{}\n", headline(comparison));
    out.push_str(&format!("A  {}\nB  {}\n", tame(&comparison.a, 200), tame(&comparison.b, 200)));
    let seeds = comparison.seeds.len();
    out.push_str(&match seeds {
        0 => "No seed in common: ratios of means, without intervals.\n".to_owned(),
        1 | 2 => format!("{seeds} seed in common: too few for intervals.\n"),
        _ => format!("{} seeds in common: ratios with 95 % intervals.\n", count(seeds as u64)),
    });
    if comparison.unmatched > 0 {
        out.push_str(&format!("{} points are in one of the two only.\n", comparison.unmatched));
    }
    settings(comparison, &mut out);
    for (point, changes) in &comparison.points {
        if !point.is_empty() {
            out.push_str(&format!("\n{}", tame(point, 200)));
        }
        let mut table = Table::new(&["metric", "A", "B", "change", "95 % interval of B/A"]);
        for change in changes.iter().filter(|change| point.is_empty() || is_of_point(change)) {
            let say = |value| of_metric(&change.metric, value);
            let interval = change.interval.map_or_else(
                || "-".to_owned(),
                |(low, high)| format!("{} to {}", digits(low), digits(high)),
            );
            table.rows.push(vec![
                change.metric.clone(),
                say(change.a.mean),
                say(change.b.mean),
                change_cell(change),
                interval,
            ]);
        }
        table.write(&mut out);
    }
    out
}

/// The figures that a point of many shows.
fn is_of_point(change: &Change) -> bool {
    ANSWER.contains(&change.metric.as_str())
}

fn change_cell(change: &Change) -> String {
    match change.ratio {
        _ if is_same(change) => "same".to_owned(),
        Some(ratio) if ratio >= TIMES => format!("x {}", digits(ratio)),
        Some(ratio) if ratio > 0.0 && ratio <= 1.0 / TIMES => format!("/ {}", digits(1.0 / ratio)),
        Some(ratio) if ratio > 0.0 => signed(ratio - 1.0),
        _ => "-".to_owned(),
    }
}

/// What differs besides the figures.
fn settings(comparison: &Comparison, out: &mut String) {
    let mut table = Table::of_at_most(&["setting", "A", "B"], SETTINGS_MAX);
    table.is_left = true;
    for (key, a, b) in &comparison.settings {
        table.rows.push(vec![tame(key, 60), tame(a, 40), tame(b, 40)]);
    }
    table.write(out);
    if comparison.settings.is_empty() {
        out.push_str("Scenario and version are the same.\n");
    }
}

//! The answer in a sentence, for the first line of the text and the titles of pictures.

use super::summary::{GroupFacts, Summary};
use super::words::{count, of_metric, percent, tame, time};
use crate::run::{Checked, Verdict};

/// Verdict and key finding in one sentence. Where somebody attacked, what became of that comes first.
#[must_use]
pub fn headline(summary: &Summary) -> String {
    let is_missed = summary.expectations.iter().any(|e| !e.held);
    let worst = summary.attacks.iter().max_by_key(|attack| harm(&attack.verdict));
    if let (Some(broken), false) = (broken(summary), summary.verdict == Verdict::Interrupted) {
        return broken;
    }
    match worst {
        Some(attack) if !is_missed && summary.verdict != Verdict::Interrupted => {
            format!("{}: {}", tame(&attack.verdict, 16), tame(&attack.answer, 400))
        }
        _ => of_expectations(summary),
    }
}

/// The first thing that must hold and does not.
fn broken(summary: &Summary) -> Option<String> {
    let first = summary.broken.first()?;
    let code = first.split('.').next().unwrap_or(first);
    let property = summary.properties.iter().find(|property| property.code == code)?;
    let others = match summary.broken.len() {
        1 => String::new(),
        n => format!(", and {} more must hold and do not", n - 1),
    };
    let shown = property.shown.first().map_or_else(String::new, |shown| {
        format!(": at {} {}", time(shown.at_s), tame(&shown.what, 200))
    });
    let name = tame(&property.name, 60);
    Some(format!("Failed: {} ({name}) must hold and does not{shown}{others}.", tame(first, 60)))
}

/// How bad a verdict on an attack is, by its name.
fn harm(verdict: &str) -> usize {
    let order = ["PREVENTED", "MITIGATED", "DETECTED", "SUCCEEDED", "INVALID", "VACUOUS"];
    order.iter().position(|name| *name == verdict).unwrap_or(order.len())
}

fn of_expectations(summary: &Summary) -> String {
    let missed = summary.expectations.iter().filter(|e| !e.held);
    let verdict = match summary.verdict {
        Verdict::Held if summary.expectations.is_empty() => "Done".to_owned(),
        Verdict::Held => "Held".to_owned(),
        Verdict::Interrupted => format!("Interrupted after {}", time(summary.simulated_s)),
        Verdict::Failed => match missed.clone().next() {
            None => "Failed".to_owned(),
            Some(first) => {
                let others = match missed.count() {
                    1 => String::new(),
                    n => format!(", and {} more missed", n - 1),
                };
                format!("Failed: {}{others}", self::missed(first))
            }
        },
    };
    let join = if summary.verdict == Verdict::Failed { "; " } else { ": " };
    let mut sentence = format!("{verdict}{join}{}", secured(summary));
    if let Some((group, peak)) = busiest(summary) {
        let peak = percent(peak);
        sentence = format!("{sentence}; {} peaked at {peak} of capacity", called(summary, group));
    }
    sentence.push('.');
    sentence
}

/// An expectation that was missed: `rekey.time_s.p99 is 41 s, expected < 30s`.
pub(super) fn missed(checked: &Checked) -> String {
    let value = checked.value.map_or_else(
        || "does not exist".to_owned(),
        |value| format!("is {}", of_metric(&checked.metric, value)),
    );
    let (metric, expected) = (tame(&checked.metric, 80), tame(&checked.expected, 40));
    format!("{metric} {value}, expected {expected}")
}

/// The first thing that did not hold, in one line; none if everything did.
#[must_use]
pub fn first_failure(summary: &Summary) -> Option<String> {
    let property = || {
        let name = summary.broken.first()?;
        Some(format!("{} must hold and does not", tame(name, 60)))
    };
    let first = summary.expectations.iter().find(|checked| !checked.held);
    first.map(missed).or_else(property)
}

/// How many have their keys, and when. Several events may ask each member several times.
#[must_use]
pub(super) fn secured(summary: &Summary) -> String {
    let requested = summary.count("rekey.requested");
    let done = summary.count("rekey.completed");
    if requested > 0 {
        let timing = summary.distribution("rekey.time_s").map(|d| {
            let last = time(d.max);
            match d.count {
                1 => format!(" {last} after the trigger"),
                _ => format!(" {last} after the trigger (p99 {})", time(d.p99)),
            }
        });
        let timing = timing.unwrap_or_default();
        if requested > summary.setting.members {
            let all = count(requested);
            let who = match done as f64 / requested as f64 {
                share if share < 1.0 => format!("{} of {all}", percent(share)),
                _ => format!("all {all}"),
            };
            return format!("{who} re-keys were done{timing}");
        }
        return format!("{} had new keys{timing}", of_all(done, requested));
    }
    let established = summary.count("association.established");
    let members = summary.setting.members;
    match (established, summary.setting.handshake_span_s) {
        (0, _) | (_, None) if summary.count("association.failed") > 0 => {
            format!("none of {} members could be secured", count(members))
        }
        (0, _) | (_, None) => "nobody made or changed keys".to_owned(),
        (n, Some((from, to))) => {
            let who = of_all(n.min(members.max(1)), members.max(1));
            format!("{who} had an association {} after the first start", time(to - from))
        }
    }
}

fn of_all(done: u64, all: u64) -> String {
    match (done, all) {
        (1, 1) => "the one member".to_owned(),
        _ if done >= all => format!("all {} members", count(all)),
        _ => format!(
            "{} of {} members ({})",
            count(done),
            count(all),
            percent(done as f64 / all as f64)
        ),
    }
}

/// The group whose busiest node was busiest within a second: a shared one if any was busy at all, since
/// a device that is busy only holds up itself.
#[must_use]
pub(super) fn busiest(summary: &Summary) -> Option<(&GroupFacts, f64)> {
    let peaks = summary.setting.groups.iter().filter_map(|g| Some((g, peak(summary, g)?)));
    let rank = |(group, peak): &(&GroupFacts, f64)| (group.tier != "device", *peak);
    let higher = |a: &(bool, f64), b: &(bool, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
    peaks.filter(|(_, p)| *p > 0.0).max_by(|a, b| higher(&rank(a), &rank(b)))
}

/// The utilisation of a group's busiest node in its busiest second.
#[must_use]
pub(super) fn peak(summary: &Summary, group: &GroupFacts) -> Option<f64> {
    let peak = summary.number(&format!("load.{}.utilisation_peak_1s", group.name));
    peak.filter(|p| p.is_finite())
}

/// A group as people call it: `the IN-CSE`, `the busiest of 20 gateways`.
#[must_use]
pub(super) fn called(summary: &Summary, group: &GroupFacts) -> String {
    let alone = summary.setting.groups.iter().filter(|g| g.tier == group.tier).count() == 1;
    let (one, many) = match group.tier.as_str() {
        "cse" => ("IN-CSE", "IN-CSEs"),
        "gateway" => ("gateway", "gateways"),
        "maf" => ("MAF", "MAFs"),
        "mef" => ("MEF", "MEFs"),
        _ => ("device", "devices"),
    };
    let name = tame(&group.name, 40);
    match (group.count, alone) {
        (0 | 1, true) => format!("the {one}"),
        (0 | 1, false) => format!("{one} {name}"),
        (n, true) => format!("the busiest of {} {many}", count(n.into())),
        (n, false) => format!("the busiest of {} {many} {name}", count(n.into())),
    }
}

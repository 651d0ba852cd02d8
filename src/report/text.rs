//! What the terminal shows, and `summary.txt`: the answer first, then tables. In lists the first word of
//! a line is the name.

use std::fmt::Write as _;
use std::path::Path;

use super::evidence::{AttackFigures, PropertyFigures};
use super::finding;
use super::summary::Summary;
use super::table::Table;
use super::words::{bytes, count, digits, of_metric, percent, shell_word, tame, time};
use crate::measure::ByteClass;
use crate::run::{Checked, Metric};

/// Violations of a property that are shown.
const VIOLATIONS_SHOWN: usize = 3;
/// Length of a name in a table.
pub(super) const NAME: usize = 48;

/// The figures for people. `place` is the results folder, where there is one to name.
#[must_use]
pub fn text(summary: &Summary, place: Option<&Path>) -> String {
    let mut out = format!("{}\n", finding::headline(summary));
    if let Some(question) = &summary.setting.question {
        let _ = writeln!(out, "Question: {}", tame(question, 400));
    }
    attacks(summary, &mut out);
    run(summary, &mut out);
    for table in tables(summary) {
        table.write(&mut out);
    }
    expectations(summary).write(&mut out);
    let folder = place.map_or_else(|| "this folder".to_owned(), |p| p.display().to_string());
    let argument = place.map_or_else(|| ".".to_owned(), |p| shell_word(&p.display().to_string()));
    let _ = writeln!(out, "\nresults  {folder}\nreplay   keystorm replay {argument}");
    out
}

/// The figures as tables, the first word of each saying what it is of.
pub(super) fn tables(summary: &Summary) -> [Table; 5] {
    [
        times(summary),
        load(summary),
        traffic(summary),
        counts("failed", "handshakes that failed", &summary.failures),
        counts("rejected", "not accepted, by reason", &summary.rejections),
    ]
}

/// What became of attacks, and the first places where properties do not hold.
fn attacks(summary: &Summary, out: &mut String) {
    for attack in &summary.attacks {
        let AttackFigures { name, verdict, property, .. } = attack;
        let said = |seconds: Option<f64>, what: &str| {
            seconds.map_or_else(String::new, |s| format!(", {what} after {}", time(s)))
        };
        let began = attack
            .first_step_s
            .map_or_else(String::new, |s| format!(", first step at {}", time(s)));
        let refused = said(attack.refusal_latency_s, "first refused");
        let alarmed = said(attack.alarm_latency_s, "alarm");
        let name = tame(name, NAME);
        let _ = writeln!(
            out,
            "attack {name}: {verdict} (property {property}{began}{refused}{alarmed})"
        );
    }
    for property in summary.properties.iter().filter(|property| !property.holds) {
        let PropertyFigures { code, name, violations, .. } = property;
        let _ = writeln!(out, "{code} {name}: violated {} times", count(*violations));
        for shown in property.shown.iter().take(VIOLATIONS_SHOWN) {
            let _ = writeln!(out, "   {:>10}  {}", time(shown.at_s), tame(&shown.what, 160));
        }
    }
}

fn run(summary: &Summary, out: &mut String) {
    let memory =
        summary.peak_rss_bytes.map_or_else(String::new, |b| format!(", {}", bytes(b as f64)));
    let rows = [
        ("scenario", tame(&summary.scenario, 80)),
        ("seed", summary.seed.to_string()),
        ("digest", tame(&summary.digest, 64)),
        ("simulated", format!("{} in {} events", time(summary.simulated_s), count(summary.events))),
        (
            "took",
            format!("{} ({} events/s{memory})", time(summary.wall_s), digits(summary.events_per_s)),
        ),
    ];
    out.push('\n');
    for (name, value) in rows {
        let _ = writeln!(out, "{name:<10} {value}");
    }
}

fn times(summary: &Summary) -> Table {
    let mut table = Table::new(&["time", "n", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"]);
    for (name, key) in [
        ("handshake", "association.handshake_s"),
        ("re-key", "rekey.time_s"),
        ("message", "message.latency_s"),
        ("key-age", "key.age_s"),
    ] {
        let Some(d) = summary.distribution(key) else { continue };
        let mut row = vec![name.to_owned(), count(d.count)];
        row.extend([d.mean, d.p50, d.p90, d.p95, d.p99, d.p999, d.max].map(time));
        table.rows.push(row);
    }
    table
}

fn load(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        "load",
        "tier",
        "nodes",
        "mean",
        "peak 1 s",
        "longest queue",
        "wait p99",
        "energy p50",
    ]);
    for group in &summary.setting.groups {
        let metric = |what: &str| summary.number(&format!("load.{}.{what}", group.name));
        let said =
            |value: Option<f64>, how: fn(f64) -> String| value.map_or_else(|| "-".to_owned(), how);
        let energy = format!("energy.{}_j", group.name);
        let wait = format!("load.{}.wait_s", group.name);
        table.rows.push(vec![
            tame(&group.name, NAME),
            tame(&group.tier, NAME),
            count(group.count.into()),
            said(metric("utilisation_mean"), percent),
            said(metric("utilisation_peak_1s"), percent),
            said(metric("queue_max"), |q| {
                if q == 1.0 { "1 job".to_owned() } else { format!("{} jobs", digits(q)) }
            }),
            said(summary.distribution(&wait).map(|d| d.p99), time),
            said(summary.distribution(&energy).map(|d| d.p50), super::words::energy),
        ]);
    }
    table
}

fn traffic(summary: &Summary) -> Table {
    let mut heads = vec!["link", "bytes", "datagrams", "lost"];
    heads.extend(ByteClass::ALL.map(ByteClass::name));
    let mut table = Table::new(&heads);
    for link in &summary.traffic {
        let lost = link.lost as f64 / link.datagrams.max(1) as f64;
        let mut row = vec![
            tame(&link.link, NAME),
            bytes(link.total() as f64),
            count(link.datagrams),
            percent(lost),
        ];
        let class = |name: &str| link.bytes.get(name).copied().unwrap_or(0) as f64;
        row.extend(ByteClass::ALL.map(|c| bytes(class(c.name()))));
        table.rows.push(row);
    }
    table
}

fn counts(name: &str, what: &str, counts: &std::collections::BTreeMap<String, u64>) -> Table {
    let mut table = Table::new(&[name, what]);
    let some = counts.iter().filter(|(_, n)| **n > 0);
    table.rows.extend(some.map(|(reason, n)| vec![tame(reason, NAME), count(*n)]));
    table
}

fn expectations(summary: &Summary) -> Table {
    let mut table = Table::new(&["expectation", "wanted", "got", "", ""]);
    for checked in &summary.expectations {
        let value = got(summary, checked);
        let (tick, word) = if checked.held { ("✓", "held") } else { ("✗", "failed") };
        table.rows.push(vec![
            tame(&checked.metric, NAME),
            tame(&checked.expected, NAME),
            value,
            tick.to_owned(),
            word.to_owned(),
        ]);
    }
    table
}

/// What a run gave where something was expected.
pub(super) fn got(summary: &Summary, checked: &Checked) -> String {
    let unknown = || match summary.metrics.get(&checked.metric) {
        Some(Metric::Number(None)) => "unknown".to_owned(),
        _ => "no such metric".to_owned(),
    };
    checked.value.map_or_else(unknown, |value| of_metric(&checked.metric, value))
}

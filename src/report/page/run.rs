//! `report.html` of a run: the verdict, the answers, pictures, what was expected, what it rests on, the story of
//! an attack, and how to repeat it.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::{basis, fitting, page};
use crate::report::error::FolderError;
use crate::report::finding::{busiest, called, headline, secured};
use crate::report::manifest::Manifest;
use crate::report::summary::Summary;
use crate::report::table::Table;
use crate::report::text::{got, tables};
use crate::report::words::{bytes, count, digits, of_metric, percent, shell_word, tame, time};
use crate::run::{Metric, Verdict};

/// The name of the file.
const FILE: &str = "report.html";
/// Rows of one table.
const ROWS_MAX: usize = 60;
/// Metrics that are listed; all are in `summary.json`.
const METRICS_MAX: usize = 1_500;
/// Bytes of the scenario that the page carries.
const SCENARIO_MAX: usize = 100_000;
/// What the tables of figures show, in their order.
const TITLES: [&str; 5] =
    ["Times", "Load", "Traffic", "Handshakes that failed", "What was not accepted"];

/// What a folder holds besides its data.
pub(in crate::report) struct Extras {
    /// The resolved scenario.
    pub(in crate::report) scenario: String,
    /// The story of an attack, drawn and told.
    pub(in crate::report) story: Option<(Vec<u8>, String)>,
    /// The pictures, by name.
    pub(in crate::report) pictures: Vec<(&'static str, String)>,
}

/// A table with its title.
#[derive(Serialize)]
struct TableView {
    title: &'static str,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    more: usize,
}

/// What was expected, and what came.
#[derive(Serialize)]
struct Expected {
    metric: String,
    limit: String,
    value: String,
    held: bool,
}

/// A name with what is said of it.
#[derive(Serialize)]
struct Said {
    name: String,
    value: String,
}

impl Said {
    fn new(name: &str, value: String) -> Self {
        Self { name: name.to_owned(), value }
    }
}

/// The page of a run.
///
/// # Errors
/// If the template does not fit, which it does.
pub(in crate::report) fn run(
    summary: &Summary,
    manifest: &Manifest,
    extras: &Extras,
) -> Result<String, FolderError> {
    let parts = basis::parts(&extras.scenario);
    let shown: Vec<TableView> = TITLES
        .into_iter()
        .zip(tables(summary))
        .filter(|(_, table)| !table.rows.is_empty())
        .map(|(title, table)| table_view(title, table))
        .collect();
    let (pictures, left_out) = fitting(&extras.pictures);
    let story = extras.story.as_ref().map(|(picture, told)| {
        let picture = BASE64_STANDARD.encode(picture);
        context! { picture => format!("data:image/svg+xml;base64,{picture}"), told => told }
    });
    let view = context! {
        headline => headline(summary),
        verdict => summary.verdict.name(),
        look => look(summary),
        question => summary.setting.question.as_deref().map(|text| tame(text, 600)),
        scenario => tame(&summary.scenario, 80),
        seed => summary.seed,
        digest => tame(&summary.digest, 64),
        simulated => time(summary.simulated_s),
        members => count(summary.setting.members),
        facts => Value::from(Serde(&facts(summary))),
        expectations => Value::from(Serde(&expectations(summary))),
        broken => summary.broken.iter().map(|name| tame(name, 80)).collect::<Vec<_>>(),
        tables => Value::from(Serde(&shown)),
        attacks => Value::from(Serde(&summary.attacks)),
        violated => Value::from(Serde(&violated(summary))),
        story,
        pictures,
        left_out,
        omitted => Value::from(Serde(&manifest.omitted)),
        parts => Value::from(Serde(&parts)),
        bases => basis::told(&parts),
        metrics => Value::from(Serde(&metrics(summary))),
        repeat => Value::from(Serde(&repeat(manifest))),
        text => (extras.scenario.len() <= SCENARIO_MAX).then_some(&extras.scenario),
        made => Value::from(Serde(&made(summary, manifest))),
    };
    page(FILE, include_str!("run.html"), view)
}

fn table_view(title: &'static str, mut table: Table) -> TableView {
    let more = table.cut();
    TableView { title, heads: table.heads, rows: table.rows, more }
}

/// The answers to what planners ask first.
fn facts(summary: &Summary) -> Vec<Said> {
    let mut facts = vec![Said::new("Secured", secured(summary))];
    if let Some((group, peak)) = busiest(summary) {
        let name = called(summary, group);
        facts
            .push(Said::new("Busiest", format!("{name}, {} in its fullest second", percent(peak))));
    }
    let (sent, needed) = (summary.count("flights.sent"), summary.count("flights.needed"));
    if needed > 0 {
        facts.push(Said::new("Load of its own making", repeated(summary, sent, needed)));
    }
    let failed: u64 = summary.failures.values().fold(0, |sum, n| sum.saturating_add(*n));
    if failed > 0 {
        facts.push(Said::new("Failed", format!("{} handshakes", count(failed))));
    }
    let (sent, delivered) = (summary.count("message.sent"), summary.count("message.delivered"));
    if sent > 0 {
        let share = percent(delivered as f64 / sent as f64);
        facts.push(Said::new(
            "Reports",
            format!("{} of {} were answered ({share})", count(delivered), count(sent)),
        ));
    }
    if let Some(overdue) = summary.number("key.overdue_device_s").filter(|s| *s > 0.0) {
        let value = of_metric("key.overdue_device_s", overdue);
        facts
            .push(Said::new("Keys past their limit", format!("{value} on keys that were too old")));
    }
    facts
}

/// Flights that were sent more often than needed.
fn repeated(summary: &Summary, sent: u64, needed: u64) -> String {
    if sent <= needed {
        return format!("none: each of {} flights was sent once", count(needed));
    }
    let times = digits(sent as f64 / needed as f64);
    let duplicates = summary.number("flights.duplicate_fraction").unwrap_or(0.0);
    let duplicates = percent(duplicates);
    format!(
        "{times} flights sent for each one needed; {duplicates} of those that arrived were duplicates"
    )
}

/// How the verdict looks: what became of an attack counts more than what was expected.
fn look(summary: &Summary) -> &'static str {
    let is = |name: &str| summary.attacks.iter().any(|attack| attack.verdict == name);
    if is("SUCCEEDED") || is("INVALID") || is("VACUOUS") {
        Verdict::Failed.name()
    } else {
        summary.verdict.name()
    }
}

fn expectations(summary: &Summary) -> Vec<Expected> {
    let checked = summary.expectations.iter().take(ROWS_MAX);
    let row = |checked: &crate::run::Checked| Expected {
        metric: tame(&checked.metric, 120),
        limit: tame(&checked.expected, 60),
        value: got(summary, checked),
        held: checked.held,
    };
    checked.map(row).collect()
}

/// Properties that do not hold, with the first places where they do not.
fn violated(summary: &Summary) -> Vec<Said> {
    let violated = summary.properties.iter().filter(|property| !property.holds);
    let shown = violated.flat_map(|property| {
        let times = count(property.violations);
        let name = format!("{} {}: {times} times", property.code, property.name);
        let first = property.shown.iter().take(3);
        first.map(move |it| {
            Said::new(&name, format!("at {}: {}", time(it.at_s), tame(&it.what, 300)))
        })
    });
    shown.collect()
}

/// Every metric with its unit.
fn metrics(summary: &Summary) -> Vec<Said> {
    let said = |(name, metric): (&String, &Metric)| {
        let value = match metric {
            Metric::Count(n) => of_metric(name, *n as f64),
            Metric::Number(number) => {
                number.map_or_else(|| "unknown".to_owned(), |value| of_metric(name, value))
            }
            Metric::Distribution(it) if it.count == 0 => "none".to_owned(),
            Metric::Distribution(it) => {
                let [p50, p99, max] = [it.p50, it.p99, it.max].map(|value| of_metric(name, value));
                format!("n = {}, p50 {p50}, p99 {p99}, max {max}", count(it.count))
            }
        };
        Said::new(&tame(name, 120), value)
    };
    summary.metrics.iter().take(METRICS_MAX).map(said).collect()
}

/// Commands that give the same run again.
fn repeat(manifest: &Manifest) -> Vec<Said> {
    let words: Vec<String> = manifest.command_line.iter().map(|word| shell_word(word)).collect();
    let mut commands = vec![Said::new(
        "In this folder, the same run again, its digest compared",
        "keystorm replay .".to_owned(),
    )];
    if !words.is_empty() {
        let command = tame(&words.join(" "), 2_000);
        commands.push(Said::new("The command that made it", command));
    }
    commands.push(Said::new(
        "From the resolved scenario alone",
        "keystorm run scenario.toml --out again".to_owned(),
    ));
    commands
}

/// What made the page.
fn made(summary: &Summary, manifest: &Manifest) -> Vec<Said> {
    let known = |name: &str, value: &Option<String>| {
        value.as_ref().map(|value| Said::new(name, tame(value, 120)))
    };
    let mut made = vec![Said::new("keystorm", tame(&summary.keystorm, 40))];
    made.extend(known("commit", &manifest.commit));
    made.extend(known("compiler", &manifest.toolchain));
    made.push(Said::new("started", tame(&manifest.started_utc, 40)));
    made.push(Said::new("events", count(summary.events)));
    made.push(Said::new("took", time(summary.wall_s)));
    made.push(Said::new("threads", manifest.threads.to_string()));
    made.extend(summary.peak_rss_bytes.map(|n| Said::new("memory", bytes(n as f64))));
    made.extend(
        manifest.host.iter().map(|(name, value)| Said::new(&tame(name, 40), tame(value, 80))),
    );
    made
}

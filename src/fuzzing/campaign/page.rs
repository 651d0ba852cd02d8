//! A campaign as one page: no network, no script.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::write::{command, headline, missing, note, plateau, setting};
use super::{Campaign, Progress};
use crate::report::{FolderError, count, page as framed, time};

/// Width and height of a picture, in its own units.
const SIZE: (f64, f64) = (200.0, 80.0);
/// The space around a curve.
const MARGIN: f64 = 6.0;

#[derive(Serialize)]
struct Row {
    name: String,
    executions: String,
    speed: String,
    time: String,
    start: u64,
    end: u64,
    newest: String,
    corpus: u64,
    deaths: u64,
    findings: usize,
    line: String,
}

#[derive(Serialize)]
struct FindingView {
    id: String,
    target: String,
    oracle: String,
    place: String,
    detail: String,
    after: String,
    is_known: bool,
    command: String,
}

/// The page.
pub(super) fn page(campaign: &Campaign, folder: &str) -> Result<String, FolderError> {
    let findings: Vec<FindingView> = campaign
        .findings
        .iter()
        .map(|finding| FindingView {
            id: finding.id.clone(),
            target: finding.target.clone(),
            oracle: finding.oracle.clone(),
            place: finding.place.clone(),
            detail: finding.detail.clone(),
            after: time(finding.after_s),
            is_known: finding.is_known,
            command: command(finding, folder),
        })
        .collect();
    let rows: Vec<Row> =
        campaign.targets.iter().map(|(name, it)| row(campaign, name, it)).collect();
    let view = context! {
        headline => headline(campaign),
        setting => setting(campaign),
        plateau => plateau(campaign),
        missing => missing(campaign),
        note => note(campaign),
        edges => if campaign.engine == "libfuzzer" { "edges" } else { "behaviours" },
        findings => Value::from(Serde(&findings)),
        rows => Value::from(Serde(&rows)),
    };
    framed("report.html", include_str!("page.html"), view)
}

fn row(campaign: &Campaign, name: &str, progress: &Progress) -> Row {
    Row {
        name: name.to_owned(),
        executions: count(progress.executions),
        speed: format!("{:.0}", progress.speed()),
        time: time(progress.processor_s),
        start: progress.edges_start,
        end: progress.edges_end,
        newest: time(progress.newest_s),
        corpus: progress.corpus,
        deaths: progress.deaths,
        findings: campaign.findings.iter().filter(|finding| finding.target == name).count(),
        line: line(progress),
    }
}

/// The curve, from the least to the most that it reached.
fn line(progress: &Progress) -> String {
    let most = |of: fn(&super::Point) -> f64| progress.points.iter().map(of).fold(0.0, f64::max);
    let (time, high) = (most(|point| point.time_s), most(|point| point.edges as f64));
    let low = progress.edges_start as f64;
    let scale = |value: f64, from: f64, to: f64, size: f64| {
        let share = if to > from { (value - from) / (to - from) } else { 0.0 };
        MARGIN + share * (size - 2.0 * MARGIN)
    };
    let place = |point: &super::Point| {
        let x = scale(point.time_s, 0.0, time, SIZE.0);
        let y = SIZE.1 - scale(point.edges as f64, low, high, SIZE.1);
        format!("{x:.1},{y:.1}")
    };
    progress.points.iter().map(place).collect::<Vec<_>>().join(" ")
}

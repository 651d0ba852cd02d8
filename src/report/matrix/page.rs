//! The matrix as one page: no network, no script.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::data::{Cell, Matrix, Row};
use super::{cost, cost_interval, headline, heat, interval};
use crate::attack::catalogue::COUNTERMEASURES;
use crate::ledger::Verdict;
use crate::report::error::FolderError;
use crate::report::page::{drawing, page as framed};
use crate::report::sequence::{self, Story};
use crate::report::words::{of_metric, percent, time};

/// The name of the file, for errors.
const FILE: &str = "matrix.html";

/// What the page shows of a threat.
#[derive(Serialize)]
struct RowView {
    code: String,
    title: String,
    scenarios: Vec<String>,
    fault: Option<String>,
    cells: Vec<CellView>,
    stories: Vec<StoryView>,
}

/// What the page shows of a cell.
#[derive(Serialize)]
struct CellView {
    anchor: String,
    name: String,
    titles: Vec<&'static str>,
    inferred: bool,
    verdict: &'static str,
    others: Vec<String>,
    runs: String,
    share: String,
    interval: String,
    alarm: String,
    loss: String,
    false_alarms: String,
    costs: Vec<CostView>,
    replay: String,
    fault: Option<String>,
}

/// What the page shows of a cost.
#[derive(Serialize)]
struct CostView {
    name: String,
    mean: String,
    interval: Option<String>,
    worst: String,
}

/// A story and its picture.
#[derive(Serialize)]
struct StoryView {
    title: String,
    picture: Value,
}

/// The page. `stories` are shown with the threat whose number they have.
///
/// # Errors
/// If the template does not fit, which it does.
pub fn page(matrix: &Matrix, stories: &[(u8, Story)]) -> Result<String, FolderError> {
    let rows: Vec<RowView> = matrix.rows.iter().map(|row| row_view(row, stories)).collect();
    let view = context! {
        headline => headline(matrix),
        keystorm => matrix.keystorm.clone(),
        is_partial => matrix.is_partial,
        picture => drawing(&heat::svg(matrix)),
        rows => Value::from(Serde(&rows)),
    };
    framed(FILE, include_str!("page.html"), view)
}

fn row_view(row: &Row, stories: &[(u8, Story)]) -> RowView {
    let stories = stories.iter().filter(|(threat, _)| *threat == row.threat);
    RowView {
        code: row.code(),
        title: row.title.clone(),
        scenarios: row.scenarios().into_iter().map(str::to_owned).collect(),
        fault: row.fault.clone(),
        cells: row.every().map(|cell| cell_view(row, cell)).collect(),
        stories: stories
            .map(|(_, story)| StoryView {
                title: story.title.clone(),
                picture: drawing(&sequence::svg(story)),
            })
            .collect(),
    }
}

fn cell_view(row: &Row, cell: &Cell) -> CellView {
    let dash = || "-".to_owned();
    let name = row.name(cell);
    let short = name.strip_prefix(&row.code()).unwrap_or(&name);
    let short = short.trim_start_matches(['/', '.']);
    let titles = COUNTERMEASURES.iter().filter(|cm| cell.countermeasures.contains(&cm.number));
    let costs = cell.costs.iter().map(|(name, paired)| CostView {
        name: name.clone(),
        mean: cost(name, paired.mean),
        interval: cost_interval(name, paired),
        worst: format!("{} at seed {}", cost(name, paired.worst.1), paired.worst.0),
    });
    let shown: Verdict = cell.shown();
    CellView {
        anchor: name.replace('/', "-"),
        name: short.to_owned(),
        titles: titles.map(|cm| cm.short()).collect(),
        inferred: !cell.mark().is_empty(),
        verdict: shown.name(),
        others: cell.others(),
        runs: format!("{} of {}", cell.share.count, cell.share.of),
        share: cell.share.share().map_or_else(dash, percent),
        interval: interval(cell.share),
        alarm: cell.alarm_latency_s.map_or_else(dash, time),
        loss: cell.loss.as_ref().map_or_else(dash, |loss| {
            format!("{} {}", of_metric(&loss.metric, loss.median), loss.metric)
        }),
        false_alarms: cell
            .false_alarms
            .map_or_else(dash, |share| format!("{} of {}", share.count, share.of)),
        costs: costs.collect(),
        replay: cell.replay.clone(),
        fault: cell.fault.clone(),
    }
}

//! `report.html` of a sweep: the answer, its pictures, every point, what they rest on, and how to repeat it.

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::{basis, fitting, page};
use crate::report::error::FolderError;
use crate::report::sweep::{Request, headline, table_of};
use crate::report::words::{shell_word, tame};
use crate::run::sweep::Table;
use crate::scenario::{Source, load};

/// The name of the file.
const FILE: &str = "report.html";
/// Bytes of the scenario that the page carries.
const SCENARIO_MAX: usize = 100_000;

/// The page of a sweep.
///
/// # Errors
/// If the template does not fit, which it does.
pub(in crate::report) fn sweep(
    table: &Table,
    request: &Request,
    pictures: &[(&'static str, String)],
) -> Result<String, FolderError> {
    let mut points = table_of(table);
    let more = points.cut();
    let source = Source::new(request.name.clone(), request.text.clone());
    // What loaded for the points loads here; a page without this part is still a page.
    let resolved = load(&source, &request.overrides, None).map(|loaded| loaded.resolved);
    let parts = basis::parts(&resolved.unwrap_or_default());
    let (pictures, left_out) = fitting(pictures);
    let expected = table.expectations.iter();
    let expected: Vec<String> =
        expected.map(|each| tame(&format!("{} {}", each.metric, each.text), 160)).collect();
    let view = context! {
        headline => headline(table),
        verdict => table.verdict().name(),
        question => table.question.as_deref().map(|text| tame(text, 600)),
        scenario => tame(&table.scenario, 80),
        points => table.rows.len(),
        runs => table.done(),
        seeds => [table.seeds.0, table.seeds.1],
        expected,
        pictures,
        left_out,
        more,
        heads => points.heads,
        rows => Value::from(Serde(&points.rows)),
        parts => Value::from(Serde(&parts)),
        bases => basis::told(&parts),
        command => command(request),
        text => (request.text.len() <= SCENARIO_MAX).then_some(&request.text),
        keystorm => tame(&request.build, 120),
    };
    page(FILE, include_str!("sweep.html"), view)
}

/// The command that makes the same sweep.
fn command(request: &Request) -> String {
    let mut words = vec!["keystorm".to_owned(), "sweep".to_owned(), shell_word(&request.name)];
    for (flag, values) in [("--set", &request.overrides), ("--vary", &request.vary)] {
        words.extend(values.iter().map(|value| format!("{flag} {}", shell_word(value))));
    }
    let (first, last) = request.seeds;
    words.push(format!("--seeds {first}..{last}"));
    tame(&words.join(" "), 4_000)
}

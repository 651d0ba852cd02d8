//! The validation as one page: no network, no script.

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;

use super::{cells, headline};
use crate::report::error::FolderError;
use crate::run::validation::{Row, TABLES, Validation};

/// The name of the file.
pub(super) const FILE: &str = "validation.html";
const STYLE: &str = include_str!("../page/style.css");

/// What the page shows of a table.
#[derive(Serialize)]
struct TableView<'a> {
    name: &'static str,
    about: &'static str,
    rows: Vec<RowView<'a>>,
}

/// What the page shows of a row.
#[derive(Serialize)]
struct RowView<'a> {
    row: &'a Row,
    cells: [String; 6],
}

/// The page.
///
/// # Errors
/// If the template does not fit, which it does.
pub(super) fn page(validation: &Validation) -> Result<String, FolderError> {
    let malformed = |e: minijinja::Error| FolderError::malformed(FILE, &e);
    let mut pages = Environment::new();
    // The ending `.html` is what switches the escaping on.
    pages.add_template("page.html", include_str!("page.html")).map_err(malformed)?;
    let rows = |table: &str| -> Vec<RowView<'_>> {
        let own = validation.rows.iter().filter(|row| row.table == table);
        own.map(|row| RowView { row, cells: cells(row) }).collect()
    };
    let tables: Vec<_> = TABLES
        .iter()
        .map(|(name, about)| TableView { name, about, rows: rows(name) })
        .filter(|table| !table.rows.is_empty())
        .collect();
    let view = context! {
        headline => headline(validation),
        keystorm => env!("CARGO_PKG_VERSION"),
        style => Value::from_safe_string(STYLE.to_owned()),
        tables => Value::from(Serde(&tables)),
    };
    pages.get_template("page.html").and_then(|page| page.render(view)).map_err(malformed)
}

//! The result of a validation: text, CSV, JSON and a page.

mod page;

use std::path::Path;

use super::error::FolderError;
use super::folder::{json, put};
use super::table::Table;
use crate::run::validation::{Row, Validation};

const CSV: &str = "validation.csv";

/// The answer in one sentence.
#[must_use]
pub fn headline(validation: &Validation) -> String {
    let all = validation.rows.len();
    let failed: Vec<&Row> = validation.rows.iter().filter(|row| !row.holds).collect();
    let partial = if validation.is_partial { "Partial: " } else { "" };
    match failed.first() {
        None => format!("{partial}all {all} figures are within their tolerance."),
        Some(first) => format!(
            "{partial}{} of {all} figures are outside their tolerance, the first in {} ({}, {}).",
            failed.len(),
            first.table,
            first.case,
            first.quantity
        ),
    }
}

/// A figure with six significant digits.
fn figure(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    #[expect(clippy::cast_possible_truncation, reason = "a number of digits")]
    let whole = value.abs().log10().floor() as i32;
    if whole < -4 {
        return format!("{value:.3e}");
    }
    let digits = usize::try_from(5 - whole).unwrap_or(0);
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

fn cells(row: &Row) -> [String; 6] {
    let difference = row.simulated - row.reference;
    let share = if row.reference == 0.0 { 0.0 } else { 100.0 * difference / row.reference };
    [
        figure(row.simulated),
        row.error.map_or_else(|| "-".to_owned(), |error| format!("{:.2}", Significant(error))),
        figure(row.reference),
        format!("{share:+.2} %"),
        format!("{:.2}", Significant(row.allowed)),
        if row.holds { "holds".to_owned() } else { "FAILS".to_owned() },
    ]
}

/// Writes a number with so many significant digits as precision says.
struct Significant(f64);

impl std::fmt::Display for Significant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = f.precision().unwrap_or(2);
        if self.0 == 0.0 {
            return write!(f, "0");
        }
        #[expect(clippy::cast_possible_truncation, reason = "a number of digits")]
        let whole = self.0.abs().log10().floor() as i32;
        if whole < -4 {
            return write!(f, "{:.*e}", digits - 1, self.0);
        }
        let places = usize::try_from(i32::try_from(digits).unwrap_or(2) - 1 - whole).unwrap_or(0);
        write!(f, "{:.*}", places, self.0)
    }
}

/// The validation as text.
#[must_use]
pub fn text(validation: &Validation) -> String {
    let heads =
        ["table", "case", "figure", "unit", "simulated", "error", "due", "off", "allowed", ""];
    let mut table = Table::of_at_most(&heads, usize::MAX);
    table.is_left = true;
    for row in &validation.rows {
        let unit = if row.unit.is_empty() { "-" } else { &row.unit };
        let words = [&row.table, &row.case, &row.quantity, unit].map(str::to_owned);
        table.rows.push(words.into_iter().chain(cells(row)).collect());
    }
    let mut out = format!("{}\n", headline(validation));
    table.write(&mut out);
    out.push_str(
        "\nerror: the standard error of the mean over seeds. allowed: three of them, or a share where nothing is random.\n",
    );
    out
}

fn csv(validation: &Validation) -> Result<Vec<u8>, FolderError> {
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in &validation.rows {
        out.serialize(row).map_err(|e| FolderError::malformed(CSV, &e))?;
    }
    out.into_inner().map_err(|e| FolderError::malformed(CSV, &e))
}

/// Writes `validation.txt`, `.csv`, `.json` and `.html` into `folder`, which is there.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, validation: &Validation) -> Result<(), FolderError> {
    put(folder, "validation.txt", text(validation).as_bytes())?;
    put(folder, CSV, &csv(validation)?)?;
    put(folder, "validation.json", &json("validation.json", &validation.rows)?)?;
    put(folder, page::FILE, page::page(validation)?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(simulated: f64, case: &str) -> Row {
        Row {
            table: "T1".to_owned(),
            case: case.to_owned(),
            quantity: "mean wait".to_owned(),
            unit: "services".to_owned(),
            simulated,
            error: Some(0.01),
            reference: 2.0,
            source: "closed form".to_owned(),
            allowed: 0.03,
            holds: (simulated - 2.0).abs() <= 0.03,
            seeds: 10,
            command: "keystorm run x.toml".to_owned(),
        }
    }

    #[test]
    fn the_first_that_fails_is_named_and_words_are_escaped() {
        let rows = vec![row(2.01, "a"), row(2.5, "<b>&c")];
        let mut validation = Validation { rows, is_partial: false, wall_s: 1.0 };
        let said = headline(&validation);
        assert!(said.starts_with("1 of 2 figures") && said.contains("<b>&c"), "{said}");
        assert!(text(&validation).contains("FAILS"));
        let page = page::page(&validation).unwrap();
        assert!(page.contains("&lt;b&gt;&amp;c") && !page.contains("<b>&c"));
        assert!(!page.contains("://"));
        validation.rows.pop();
        assert_eq!(headline(&validation), "all 1 figures are within their tolerance.");
        let csv = String::from_utf8(csv(&validation).unwrap()).unwrap();
        assert_eq!(csv.lines().count(), 2);
    }

    #[test]
    fn figures_have_six_digits_and_errors_two() {
        assert_eq!(figure(2.333_333_3), "2.33333");
        assert_eq!(figure(63_398.98), "63399");
        assert_eq!(figure(1_234_567.0), "1234567");
        assert_eq!(figure(2.472e-12), "2.472e-12");
        assert_eq!(figure(3.0), "3");
        assert_eq!(format!("{:.2}", Significant(0.012_34)), "0.012");
        assert_eq!(format!("{:.2}", Significant(123.0)), "123");
    }
}

//! `points.csv`: one line for each run, a column for each key and each figure. Units are in the names.

use std::collections::BTreeSet;

use crate::report::error::FolderError;
use crate::run::sweep::{Table, flat};

/// The name of the file, for errors.
const FILE: &str = "points.csv";

/// All runs as CSV.
///
/// # Errors
/// If the writer refuses, which it does for no table.
pub fn csv(table: &Table) -> Result<String, FolderError> {
    let malformed = |e: &dyn std::fmt::Display| FolderError::malformed(FILE, e);
    let notes = || table.notes.iter().flatten();
    let names: BTreeSet<String> =
        notes().flat_map(|note| flat(&note.metrics).into_keys()).collect();
    let mut header: Vec<&str> = table.axes.iter().map(|axis| axis.key.as_str()).collect();
    header.extend(["seed", "verdict", "digest", "events", "wall_s"]);
    header.extend(names.iter().map(String::as_str));
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(&header).map_err(|e| malformed(&e))?;
    for (row, notes) in table.rows.iter().zip(&table.notes) {
        for note in notes {
            let figures = flat(&note.metrics);
            let mut line = row.values.clone();
            let verdict = note.verdict.name().to_owned();
            line.extend([note.seed.to_string(), verdict, note.digest.clone()]);
            line.extend([note.events.to_string(), note.wall_s.to_string()]);
            let cell = |name| figures.get(name).map_or_else(String::new, f64::to_string);
            line.extend(names.iter().map(cell));
            out.write_record(&line).map_err(|e| malformed(&e))?;
        }
    }
    let bytes = out.into_inner().map_err(|e| malformed(&e))?;
    String::from_utf8(bytes).map_err(|e| malformed(&e))
}

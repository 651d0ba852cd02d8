//! Tables of plain text.

use std::fmt::Write as _;

/// Rows at most, unless told otherwise; what is beyond is counted.
const MAX_ROWS: usize = 40;

/// Columns, the first to the left and the others to the right.
pub(super) struct Table {
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// All columns to the left.
    pub(super) is_left: bool,
    most: usize,
}

impl Table {
    pub(super) fn new(heads: &[&str]) -> Self {
        Self::of_at_most(heads, MAX_ROWS)
    }

    /// A table that shows `most` rows.
    pub(super) fn of_at_most(heads: &[&str], most: usize) -> Self {
        let heads = heads.iter().map(|head| (*head).to_owned()).collect();
        Self { heads, rows: Vec::new(), is_left: false, most }
    }

    /// Keeps the rows that are shown; answers how many are not.
    pub(super) fn cut(&mut self) -> usize {
        let beyond = self.rows.len().saturating_sub(self.most);
        self.rows.truncate(self.most);
        beyond
    }

    /// Nothing at all without rows.
    pub(super) fn write(&self, out: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let shown = &self.rows[..self.rows.len().min(self.most)];
        let lines = || std::iter::once(&self.heads).chain(shown);
        let width = |column: usize| {
            let cells = lines().filter_map(|l| l.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        out.push('\n');
        for line in lines() {
            let mut text = String::new();
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let _ = match column {
                    0 => write!(text, "{cell:<width$}"),
                    _ if self.is_left => write!(text, "  {cell:<width$}"),
                    _ => write!(text, "  {cell:>width$}"),
                };
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
        if self.rows.len() > shown.len() {
            let _ = writeln!(out, "and {} more", self.rows.len() - shown.len());
        }
    }
}

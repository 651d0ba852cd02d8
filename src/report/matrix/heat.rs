//! The matrix as a picture: a row for each threat, a column for each countermeasure, a colour, a letter and a
//! share for each cell. The colours go from light to dark as verdicts get worse, so that they work in grey
//! and for those who cannot tell red from green.

use std::collections::BTreeMap;

use super::data::{Cell, Matrix, Row};
use super::{cost, headline, letter, meaning};
use crate::attack::catalogue::{COUNTERMEASURES, Countermeasure};
use crate::ledger::Verdict;
use crate::report::drawing::{Anchor, Canvas, Rect, Stroke, Text, balanced, cut, ink, many};

/// Width of the picture.
const WIDTH: f64 = 1_600.0;
const EDGE: f64 = 22.0;
/// Room for the names of threats.
const NAMES: f64 = 262.0;
/// Room between the columns of one countermeasure and those of none and of all.
const GAP: f64 = 8.0;
/// Height of a row.
const ROW: f64 = 27.0;
/// Height of the names of countermeasures, of their codes, and of their costs.
const HEAD: f64 = 136.0;
const CODE: f64 = 24.0;
const COST: f64 = 134.0;
/// Sizes of letters.
const TITLE: f64 = 24.0;
const NAME: f64 = 15.5;
const SMALL: f64 = 14.0;
const LETTER: f64 = 16.5;
const SHARE: f64 = 11.5;
/// Costs of a countermeasure that are named.
const COSTS: usize = 3;

/// The colours of a verdict: the cell, and what is written on it.
const fn colours(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Prevented => ("#d3e9f8", ink::DARK),
        Verdict::Mitigated => ("#86bfe6", ink::DARK),
        Verdict::Detected => ("#d08622", ink::DARK),
        Verdict::Succeeded => ("#7a1420", ink::PAPER),
        Verdict::Invalid | Verdict::Vacuous => (ink::PAPER, ink::ATTACK),
    }
}

/// The picture that is being drawn.
struct Heat<'a> {
    matrix: &'a Matrix,
    canvas: Canvas,
    /// Where the first row begins.
    top: f64,
}

/// A column.
#[derive(Clone, Copy)]
enum Column {
    Off,
    One(usize, &'static Countermeasure),
    All,
}

/// The matrix as SVG.
#[must_use]
pub fn svg(matrix: &Matrix) -> String {
    let (canvas, size) = draw(matrix);
    canvas.svg(size, &headline(matrix))
}

/// The picture and its size.
pub(super) fn draw(matrix: &Matrix) -> (Canvas, (f64, f64)) {
    let mut heat = Heat { matrix, canvas: Canvas::default(), top: 0.0 };
    heat.title();
    heat.heads();
    for (i, row) in matrix.rows.iter().enumerate() {
        heat.row(row, heat.top + ROW * many(i));
    }
    let bottom = heat.top + ROW * many(matrix.rows.len());
    let bottom = heat.costs(bottom);
    let height = heat.legend(bottom);
    (heat.canvas, (WIDTH, height))
}

/// All columns from left to right.
fn columns() -> impl Iterator<Item = Column> {
    let one = COUNTERMEASURES.iter().enumerate().map(|(i, cm)| Column::One(i, cm));
    std::iter::once(Column::Off).chain(one).chain(std::iter::once(Column::All))
}

impl Column {
    /// Its left edge and its width.
    fn place(self) -> (f64, f64) {
        let all = many(COUNTERMEASURES.len()) + 2.0;
        let width = (WIDTH - 2.0 * EDGE - NAMES - 2.0 * GAP) / all;
        let left = EDGE + NAMES;
        let left = match self {
            Self::Off => left,
            Self::One(i, _) => left + GAP + width * (many(i) + 1.0),
            Self::All => left + 2.0 * GAP + width * (all - 1.0),
        };
        (left, width)
    }

    fn middle(self) -> f64 {
        let (left, width) = self.place();
        left + width / 2.0
    }
}

impl Heat<'_> {
    fn title(&mut self) {
        let lines = balanced(&headline(self.matrix), TITLE, true, WIDTH - 2.0 * EDGE, 2);
        let y = self.canvas.lines(&lines, &Text::new("", EDGE, 34.0, TITLE).bold());
        let said = "Rows: threats of oneM2M TR-0008. Columns: nothing on, each countermeasure alone, all of \
                    the threat's countermeasures together.";
        let lines = balanced(said, NAME, false, WIDTH - 2.0 * EDGE, 2);
        let text = Text::new("", EDGE, y, NAME).coloured(ink::FAINT);
        self.top = self.canvas.lines(&lines, &text) + HEAD;
    }

    /// The codes of columns, and above them their names, which read upwards.
    fn heads(&mut self) {
        let (foot, middle) = (self.top - CODE - 6.0, self.top - CODE / 2.0);
        let bottom = self.top + ROW * many(self.matrix.rows.len());
        for column in columns() {
            let line = [(column.middle(), self.top), (column.middle(), bottom)];
            self.canvas.line(&line, Stroke::solid("#eef2f6", 1.0));
            let (code, name, is_bold) = match column {
                Column::Off => (String::new(), "all off", true),
                Column::All => (String::new(), "all together", true),
                Column::One(_, cm) => (cm.code(), cm.short(), false),
            };
            let code = Text::new(&code, column.middle(), middle, SMALL).bold();
            self.canvas.text(code.anchored(Anchor::Middle));
            let lines = balanced(name, SMALL, is_bold, HEAD - CODE - 8.0, 2);
            self.upright(&lines, column.middle(), foot, (SMALL, is_bold), Anchor::Start);
        }
    }

    /// Lines that read upwards from `foot`, side by side about `middle`.
    fn upright(
        &mut self,
        lines: &[String],
        middle: f64,
        foot: f64,
        (size, is_bold): (f64, bool),
        anchor: Anchor,
    ) {
        let step = size * 1.08;
        let first = middle - step * (many(lines.len()) - 1.0) / 2.0;
        for (i, line) in lines.iter().enumerate() {
            let text = Text::new(line, first + step * many(i), foot, size).turned();
            let text = if is_bold { text.bold() } else { text };
            self.canvas.text(text.anchored(anchor));
        }
    }

    /// A threat and its cells.
    fn row(&mut self, row: &Row, y: f64) {
        let name = row.threat().map_or(row.title.as_str(), |threat| threat.short());
        let middle = y + ROW / 2.0;
        let code = Text::new(&row.code(), EDGE, middle, NAME).bold();
        self.canvas.text(code);
        let name = cut(name, NAME, false, NAMES - 48.0);
        self.canvas.text(Text::new(&name, EDGE + 40.0, middle, NAME));
        let edge = [(EDGE, y + ROW), (WIDTH - EDGE, y + ROW)];
        self.canvas.line(&edge, Stroke::solid("#e7ecf2", 1.0));
        for column in columns() {
            let (left, width) = column.place();
            let place = Rect::at(left + 1.5, y + 1.5, width - 3.0, ROW - 3.0);
            let (cell, is_due) = match column {
                Column::Off => (row.bare(), true),
                Column::All => (row.together(), true),
                Column::One(_, cm) => (row.alone(cm.number), row.link(cm).is_some()),
            };
            match cell {
                Some(cell) => self.cell(row, cell, place),
                None if is_due => self.due(row, place),
                None => {}
            }
        }
    }

    /// A cell that has a verdict.
    fn cell(&mut self, row: &Row, cell: &Cell, place: Rect) {
        let verdict = if row.fault.is_some() { Verdict::Invalid } else { cell.shown() };
        let (fill, ink) = colours(verdict);
        let edge = match verdict {
            Verdict::Invalid | Verdict::Vacuous => Some(Stroke::solid(ink, 1.2).dashed(3.0, 2.0)),
            _ => None,
        };
        self.canvas.rect(place, 3.0, fill, edge);
        let (x, y) = place.middle();
        let share = match cell.share.share() {
            Some(share) if edge.is_none() => percent(share),
            _ => String::new(),
        };
        let shift = if share.is_empty() { 0.0 } else { 11.0 };
        let letters = Text::new(letter(verdict), x - shift, y, LETTER).bold().coloured(ink);
        self.canvas.text(letters.anchored(Anchor::Middle));
        // A link that is not stated has its sign above the share.
        let (above, below) = if cell.mark().is_empty() { (0.0, 0.8) } else { (-6.5, 5.6) };
        let right = |text: &str, y, size| {
            let text = Text::new(text, place.right - 3.0, y, size).coloured(ink);
            text.anchored(Anchor::End)
        };
        self.canvas.text(right(&share, y + below, SHARE));
        self.canvas.text(right(cell.mark(), y + above, SHARE).bold());
    }

    /// A cell that the catalogue has, and that has not been run.
    fn due(&mut self, row: &Row, place: Rect) {
        let stroke = Stroke::solid("#94a3b8", 1.0).dashed(2.0, 3.0);
        self.canvas.rect(place, 3.0, ink::PAPER, Some(stroke));
        if row.fault.is_some() {
            let (x, y) = place.middle();
            let text = Text::new("?", x, y, LETTER).bold().coloured(ink::ATTACK);
            self.canvas.text(text.anchored(Anchor::Middle));
        }
    }

    /// What each countermeasure costs; answers where that ends.
    fn costs(&mut self, top: f64) -> f64 {
        let all: Vec<(Column, Vec<String>)> = columns()
            .filter_map(|column| match column {
                Column::One(_, cm) => Some((column, self.costs_of(cm))),
                _ => None,
            })
            .collect();
        if all.iter().all(|(_, costs)| costs.is_empty()) {
            return top;
        }
        let name = Text::new("Cost of each, at most", EDGE, top + 20.0, NAME).bold();
        self.canvas.text(name);
        let said = "Means of on less off in peace, over the same seeds";
        let lines = balanced(said, SMALL, false, NAMES - 20.0, 5);
        let text = Text::new("", EDGE, top + 42.0, SMALL).coloured(ink::FAINT);
        self.canvas.lines(&lines, &text);
        for (column, costs) in all {
            let lines: Vec<String> =
                costs.iter().map(|said| cut(said, SHARE, false, COST - 14.0)).collect();
            let look = (SHARE, false);
            self.upright(&lines, column.middle(), top + 8.0, look, Anchor::End);
        }
        top + COST
    }

    /// The largest means of the costs of a countermeasure alone, over all its threats.
    fn costs_of(&self, countermeasure: &Countermeasure) -> Vec<String> {
        let cells: Vec<&Cell> =
            self.matrix.rows.iter().filter_map(|row| row.alone(countermeasure.number)).collect();
        let mut largest: BTreeMap<&String, f64> = BTreeMap::new();
        for (name, paired) in cells.iter().flat_map(|cell| cell.telling()) {
            let mean = largest.entry(name).or_insert(paired.mean);
            *mean = mean.max(paired.mean);
        }
        if largest.is_empty() && !cells.is_empty() {
            return vec!["none that is sure".to_owned()];
        }
        let said = largest.iter().take(COSTS);
        // The unit stands with the number; the name's last word would say it again.
        let word = |name: &str| name.rsplit_once('_').map_or(name, |(front, _)| front).to_owned();
        said.map(|(name, mean)| format!("{} {}", cost(name, *mean), word(name))).collect()
    }

    /// What colours and signs mean; answers the height of the picture.
    fn legend(&mut self, top: f64) -> f64 {
        let (mut x, mut y) = (EDGE, top + 24.0);
        let verdicts = [
            Verdict::Prevented,
            Verdict::Mitigated,
            Verdict::Detected,
            Verdict::Succeeded,
            Verdict::Invalid,
        ];
        let mut said: Vec<(Option<Verdict>, String)> = verdicts
            .map(|verdict| (Some(verdict), format!("{}: {}", verdict.name(), meaning(verdict))))
            .to_vec();
        said.extend([
            (None, "+ link that TR-0008 does not state".to_owned()),
            (None, "number: share of runs in percent".to_owned()),
            (None, "dotted: not run".to_owned()),
        ]);
        for (verdict, words) in said {
            let lead = if verdict.is_some() { 36.0 } else { 0.0 };
            let text = Text::new(&words, x + lead, y, SMALL).coloured(ink::FAINT);
            let text = if text.rect().right > WIDTH - EDGE {
                (x, y) = (EDGE, y + 28.0);
                Text::new(&words, x + lead, y, SMALL).coloured(ink::FAINT)
            } else {
                text
            };
            if let Some(verdict) = verdict {
                let (fill, ink) = colours(verdict);
                let place = Rect::at(x, y - 11.0, 28.0, 22.0);
                let edge = (verdict == Verdict::Invalid)
                    .then_some(Stroke::solid(ink::ATTACK, 1.2).dashed(3.0, 2.0));
                self.canvas.rect(place, 3.0, fill, edge);
                let sign = Text::new(letter(verdict), x + 14.0, y, SMALL).bold().coloured(ink);
                self.canvas.text(sign.anchored(Anchor::Middle));
            }
            x = text.rect().right + 26.0;
            self.canvas.text(text);
        }
        y + EDGE + 6.0
    }
}

/// A share in percent, as short as it can be; below the whole it never says 100.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let rounded = if percent < 100.0 { percent.min(99.0) } else { percent };
    format!("{rounded:.0}")
}

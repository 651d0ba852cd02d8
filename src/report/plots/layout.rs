//! Where everything goes in a picture, so that no words stand on each other or on data.

use super::figure::{Colour, Figure, Label, Moment, Panel};
use super::style::SIZE;
use crate::report::drawing::{Anchor, Rect, cut, width, wrapped};
use crate::report::words::tame;

const EDGE: f64 = 24.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 186.0;
const BOTTOM: f64 = 58.0;
const TITLE: f64 = 20.0;
const SUBTITLE: f64 = 13.0;
const SMALL: f64 = 12.5;
/// Height of one row of small words.
const ROW: f64 = 16.0;
/// Height above each panel for its title.
const HEAD: f64 = 32.0;
/// Height between panels.
const GAP: f64 = 12.0;
/// Rows of labels of marks.
const MARK_ROWS: usize = 3;
/// Marks that get words, at most.
const MARK_WORDS: usize = 30;

/// Everything with its place.
pub(super) struct Layout {
    /// The panels' frames, in their order.
    pub(super) frames: Vec<Frame>,
    /// All words.
    pub(super) words: Vec<Words>,
}

/// The place of a panel.
pub(super) struct Frame {
    /// Where its data goes.
    pub(super) plot: Rect,
}

/// Words with their place; `y` is their middle.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// What they say.
    pub(super) text: String,
    /// Where they are anchored.
    pub(super) x: f64,
    /// Their middle.
    pub(super) y: f64,
    /// Their height.
    pub(super) size: f64,
    /// Which end `x` is.
    pub(super) anchor: Anchor,
    /// Heavier.
    pub(super) bold: bool,
    /// The colour of a series, if they name one.
    pub(super) colour: Option<Colour>,
    /// Otherwise: less important.
    pub(super) faint: bool,
}

impl Words {
    fn new(text: &str, x: f64, y: f64, size: f64) -> Self {
        let text = tame(text, 400);
        Self { text, x, y, size, anchor: Anchor::Start, bold: false, colour: None, faint: false }
    }

    fn end(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    fn faint(self) -> Self {
        Self { faint: true, ..self }
    }

    fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// Where they are seen, as far as an estimate goes.
    pub(super) fn rect(&self) -> Rect {
        let width = width(&self.text, self.size, self.bold);
        let left = match self.anchor {
            Anchor::Start => self.x,
            Anchor::Middle => self.x - width / 2.0,
            Anchor::End => self.x - width,
        };
        let half = self.size / 2.0;
        Rect { left, top: self.y - half, right: left + width, bottom: self.y + half }
    }
}

impl Layout {
    /// The places of everything in `figure`.
    pub(super) fn of(figure: &Figure) -> Self {
        let mut words = Vec::new();
        let mut top = head(figure, &mut words);
        let plot = Rect { left: LEFT, top, right: SIZE.0 - RIGHT, bottom: SIZE.1 - BOTTOM };
        let (rows, unlabelled) = marks(figure, plot, &mut words);
        let n = figure.panels.len() as f64;
        let free = plot.bottom - top - n * HEAD - (n - 1.0) * GAP - rows as f64 * ROW;
        let weights = figure.panels.iter().map(|p| p.weight).sum::<f64>().max(1e-9);
        let mut frames = Vec::new();
        for (i, panel) in figure.panels.iter().enumerate() {
            words.push(Words::new(&panel.title, EDGE, top + HEAD / 2.0 - 5.0, 13.5).bold());
            let strip = if i == 0 { rows as f64 * ROW } else { 0.0 };
            let upper = top + HEAD + strip;
            let bottom = upper + free * panel.weight / weights;
            let plot = Rect { top: upper, bottom, ..plot };
            ticks(panel, plot, &mut words);
            labels(figure, panel, plot, &mut words);
            frames.push(Frame { plot });
            top = bottom + GAP;
        }
        foot(figure, plot, unlabelled, &mut words);
        Self { frames, words }
    }
}

/// Title, in two lines if it is long, and subtitle; answers where the panels begin.
fn head(figure: &Figure, words: &mut Vec<Words>) -> f64 {
    let mut y = 32.0;
    let lines = wrapped(&figure.title, TITLE, true, SIZE.0 - 2.0 * EDGE, 2);
    for line in &lines {
        words.push(Words::new(line, EDGE, y, TITLE).bold());
        y += 25.0;
    }
    let subtitle = cut(&figure.subtitle, SUBTITLE, false, SIZE.0 - 2.0 * EDGE);
    words.push(Words::new(&subtitle, EDGE, y, SUBTITLE).faint());
    y + 20.0
}

/// Words over the first panel for each mark; answers the rows that they take and how many have none.
fn marks(figure: &Figure, plot: Rect, words: &mut Vec<Words>) -> (usize, usize) {
    let x = |at: f64| place(at, figure.x.from, figure.x.to, plot.left, plot.right);
    let mut rows: Vec<Vec<Words>> = Vec::new();
    let mut unlabelled = 0;
    let shown: Vec<_> = figure.marks.iter().filter(|mark| figure.x.holds(mark.at)).collect();
    for Moment { at, label, is_limit } in shown.iter().copied().take(MARK_WORDS) {
        let text = cut(&tame(label, 60), SMALL, false, SIZE.0 / 2.0);
        let start = Words::new(&text, x(*at) - 3.0, 0.0, SMALL).faint();
        let start = Words { colour: is_limit.then_some(Colour::Red), ..start };
        let start = if start.rect().right > SIZE.0 - 8.0 {
            let right = x(*at) + 3.0;
            Words { x: right, anchor: Anchor::End, ..start }
        } else {
            start
        };
        let free = |row: &Vec<Words>| {
            let (left, right) = (start.rect().left - 10.0, start.rect().right + 10.0);
            row.iter().all(|w| w.rect().right < left || w.rect().left > right)
        };
        match rows.iter().position(free) {
            Some(row) => rows[row].push(start),
            None if rows.len() < MARK_ROWS => rows.push(vec![start]),
            None => unlabelled += 1,
        }
    }
    unlabelled += shown.len().saturating_sub(MARK_WORDS);
    let count = rows.len();
    for (row, placed) in rows.into_iter().enumerate() {
        let y = plot.top + HEAD + (count - row) as f64 * ROW - ROW / 2.0 - 2.0;
        words.extend(placed.into_iter().map(|w| Words { y, ..w }));
    }
    (count, unlabelled)
}

/// Labels of the vertical axis.
fn ticks(panel: &Panel, plot: Rect, words: &mut Vec<Words>) {
    let mut last = f64::INFINITY;
    for (level, label) in &panel.y.ticks {
        let y = place(*level, panel.y.from, panel.y.to, plot.bottom, plot.top);
        if last - y >= ROW - 1.0 {
            words.push(Words::new(label, plot.left - 8.0, y, SMALL).end(Anchor::End).faint());
            last = y;
        }
    }
}

/// Words beside shapes, moved apart where they would stand on each other.
fn labels(figure: &Figure, panel: &Panel, plot: Rect, words: &mut Vec<Words>) {
    let level = |label: &Label| place(label.y, panel.y.from, panel.y.to, plot.bottom, plot.top);
    let mut order: Vec<&Label> = panel.labels.iter().collect();
    order.sort_by(|a, b| level(a).total_cmp(&level(b)));
    let wanted: Vec<f64> = order.iter().map(|l| level(l)).collect();
    let places = apart(&wanted, plot.top + 2.0, plot.bottom - ROW / 2.0);
    for (label, y) in order.into_iter().zip(places) {
        let x = label
            .x
            .map_or(plot.right, |x| place(x, figure.x.from, figure.x.to, plot.left, plot.right));
        let room = SIZE.0 - 8.0 - (x + 9.0);
        let fits = width(&label.text, SMALL, false) <= room;
        let word = if label.x.is_none() || fits {
            Words::new(&cut(&label.text, SMALL, false, room), x + 9.0, y, SMALL)
        } else {
            Words::new(&label.text, x - 9.0, y, SMALL).end(Anchor::End)
        };
        words.push(Words { colour: Some(label.colour), ..word });
    }
}

/// Labels of the horizontal axis and what it shows.
fn foot(figure: &Figure, plot: Rect, unlabelled: usize, words: &mut Vec<Words>) {
    let mut last = f64::NEG_INFINITY;
    for (at, label) in &figure.x.ticks {
        let x = place(*at, figure.x.from, figure.x.to, plot.left, plot.right);
        let word = Words::new(label, x, plot.bottom + 15.0, SMALL).end(Anchor::Middle).faint();
        if word.rect().left > last + 8.0 {
            last = word.rect().right;
            words.push(word);
        }
    }
    let more = match unlabelled {
        0 => String::new(),
        n => format!(" (events without a name: {n})"),
    };
    let caption = format!("{}{more}", figure.caption);
    let y = plot.bottom + 37.0;
    words.push(Words::new(&caption, plot.right, y, SMALL).end(Anchor::End).faint());
}

/// Moves ascending places apart to at least a row, within `top..bottom` as far as there is room.
fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut places: Vec<f64> = Vec::with_capacity(wanted.len());
    for y in wanted {
        let least = places.last().map_or(top, |last| last + ROW);
        places.push(y.max(least));
    }
    let mut most = bottom;
    for y in places.iter_mut().rev() {
        *y = y.min(most);
        most = *y - ROW;
    }
    places
}

/// Where `value` lies between two places.
fn place(value: f64, from: f64, to: f64, start: f64, end: f64) -> f64 {
    let share = (value - from) / (to - from);
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    start + share * (end - start)
}

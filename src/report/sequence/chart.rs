//! The chart: lanes from left to right, time downwards, one row for each moment, so that no words of one
//! moment can stand on those of another.

use super::marks::{self, RADIUS, cross, tick, wall};
use super::{Act, LANES_MAX, Lane, LaneKind, Moment, NoteKind, Outcome, Story, What};
use crate::report::drawing::{
    Anchor, Canvas, LEADING, Rect, Stroke, Text, balanced, cut, ink, many, wrapped,
};
use crate::report::words::{count, tame, time};

/// Width of a picture of few lanes.
const WIDTH: f64 = 1_280.0;
/// Room between two lanes, at least.
const STEP_MIN: f64 = 236.0;
/// Empty edge.
const EDGE: f64 = 28.0;
/// Room for times.
const CLOCK: f64 = 118.0;
/// Sizes of letters.
const TITLE: f64 = 23.0;
const ANSWER: f64 = 18.0;
const NAME: f64 = 17.0;
const LABEL: f64 = 16.0;
const SMALL: f64 = 14.5;
/// Lines of one piece of text, at most.
const LINES: usize = 4;
/// Room above and below what a row shows.
const PAD: f64 = 6.0;
/// Room beside words between two lanes.
const SIDE: f64 = 16.0;

/// A chart that is being drawn.
struct Chart<'a> {
    story: &'a Story,
    canvas: Canvas,
    lanes: &'a [Lane],
    width: f64,
    step: f64,
}

/// Draws a sign of the legend from `x` on.
type Sample<'a> = &'a dyn Fn(&mut Canvas, f64);

/// What a row shows of a message, by lines.
struct Wording {
    label: Vec<String>,
    detail: Vec<String>,
    fate: Vec<String>,
}

/// The story as a picture.
#[must_use]
pub fn svg(story: &Story) -> String {
    let (canvas, size) = draw(story);
    canvas.svg(size, &format!("{}: {}", story.title, story.answer))
}

/// The picture and its size.
pub(super) fn draw(story: &Story) -> (Canvas, (f64, f64)) {
    let lanes = story.lanes.get(..LANES_MAX).unwrap_or(&story.lanes);
    let n = many(lanes.len().max(1));
    let width = WIDTH.max(CLOCK + 2.0 * EDGE + n * STEP_MIN);
    let step = (width - CLOCK - 2.0 * EDGE) / n;
    let mut chart = Chart { story, canvas: Canvas::default(), lanes, width, step };
    let top = chart.title();
    let mut y = chart.heads(top);
    let first = y;
    // Lines of life are drawn first, so that everything else lies on them: their end is known by a rehearsal.
    let bottom = Chart { canvas: Canvas::default(), ..chart }.rows(first);
    chart.lives(first, bottom);
    y = chart.rows(y);
    let height = chart.foot(y + 18.0);
    (chart.canvas, (width, height))
}

impl Chart<'_> {
    /// Where the line of a lane runs.
    fn x(&self, lane: usize) -> f64 {
        EDGE + CLOCK + (many(lane) + 0.5) * self.step
    }

    fn is_attacker(&self, lane: usize) -> bool {
        self.lanes.get(lane).is_some_and(|lane| lane.kind == LaneKind::Attacker)
    }

    /// The answer, then what it is about; answers where the chart begins.
    fn title(&mut self) -> f64 {
        let room = self.width - 2.0 * EDGE;
        let verdict = self.story.verdict.map(|verdict| format!("{}: ", verdict.name()));
        let answer = format!("{}{}", verdict.unwrap_or_default(), tame(&self.story.answer, 400));
        let lines = balanced(&answer, TITLE, true, room, 3);
        let first = Text::new("", EDGE, 36.0, TITLE).bold();
        let y = self.canvas.lines(&lines, &first);
        let lines = wrapped(&self.story.title, ANSWER, false, room, 2);
        let first = Text::new("", EDGE, y, ANSWER).coloured(ink::FAINT);
        self.canvas.lines(&lines, &first) + 4.0
    }

    /// Who takes part; answers where their lines begin.
    fn heads(&mut self, top: f64) -> f64 {
        let room = self.step.min(300.0) - 20.0;
        let names: Vec<Vec<String>> = self
            .lanes
            .iter()
            .map(|lane| balanced(&lane.name, NAME, true, room - 20.0, 2))
            .collect();
        let most = many(names.iter().map(Vec::len).max().unwrap_or(1));
        let height = (most * NAME + SMALL) * LEADING + 12.0;
        for (i, (lane, name)) in self.lanes.iter().zip(&names).enumerate() {
            let (edge, fill) = marks::lane(lane.kind);
            let x = self.x(i);
            let rect = Rect::at(x - room / 2.0, top, room, height);
            self.canvas.rect(rect, 6.0, fill, Some(Stroke::solid(edge, 1.8)));
            let middle = Text::new("", x, top + 6.0 + NAME * LEADING / 2.0, NAME);
            let y = self.canvas.lines(name, &middle.bold().anchored(Anchor::Middle));
            let part = Text::new(marks::part(lane.kind), x, y, SMALL).anchored(Anchor::Middle);
            self.canvas.text(part.coloured(edge));
        }
        let clock = Text::new("time", EDGE + CLOCK - 22.0, top + height / 2.0, SMALL);
        self.canvas.text(clock.anchored(Anchor::End).coloured(ink::FAINT));
        top + height
    }

    fn lives(&mut self, top: f64, bottom: f64) {
        for (i, lane) in self.lanes.iter().enumerate() {
            let (colour, _) = marks::lane(lane.kind);
            let x = self.x(i);
            let stroke = Stroke::solid(colour, 1.4);
            let dashed = lane.kind == LaneKind::Attacker;
            let stroke = if dashed { stroke.dashed(7.0, 5.0) } else { stroke };
            self.canvas.line(&[(x, top), (x, bottom)], stroke);
        }
    }

    /// All moments below `y`; answers where the last one ends.
    fn rows(&mut self, mut y: f64) -> f64 {
        let story = self.story;
        let start = story.start();
        let mut last = start;
        y += 6.0;
        for moment in story.shown() {
            let (middle, below) = self.row(moment, y);
            let at = time(moment.at.since(start).as_secs_f64());
            // What three digits cannot tell apart is said as the time since the moment before.
            let is_alike = moment.at != last && at == time(last.since(start).as_secs_f64());
            let since_last = time(moment.at.since(last).as_secs_f64());
            let at = if is_alike { format!("+{since_last}") } else { at };
            let at = cut(&at, SMALL, true, CLOCK - 24.0);
            let clock = Text::new(&at, EDGE + CLOCK - 22.0, middle, SMALL).anchored(Anchor::End);
            self.canvas.text(if moment.at == last {
                clock.coloured(ink::FAINT)
            } else {
                clock.bold()
            });
            last = moment.at;
            y = below;
        }
        y + 10.0
    }

    /// One moment; answers the height of its time, and where it ends.
    fn row(&mut self, moment: &Moment, y: f64) -> (f64, f64) {
        match &moment.what {
            What::Note { lane, text, kind } => self.note(*lane, text, *kind, y),
            What::Message { from, to, label, detail, act, outcome } => {
                let is_attack = *act != Act::Sent || self.is_attacker(*from);
                let span = if from == to { self.step } else { (self.x(*from) - self.x(*to)).abs() };
                let room = span - SIDE;
                let label = format!("{}{}", act.word(), tame(label, 300));
                let wording = Wording {
                    label: balanced(&label, LABEL, true, room, LINES),
                    detail: balanced(detail, SMALL, false, room, LINES),
                    fate: Story::fate(outcome)
                        .map(|fate| balanced(&fate, LABEL, true, room - SIDE, LINES))
                        .unwrap_or_default(),
                };
                let way = (self.x(*from), self.x(*to));
                self.message(way, &wording, is_attack, outcome, y)
            }
        }
    }

    /// Words above, an arrow, what became of it below.
    fn message(
        &mut self,
        (from, to): (f64, f64),
        wording: &Wording,
        is_attack: bool,
        outcome: &Outcome,
        top: f64,
    ) -> (f64, f64) {
        let colour = if is_attack { ink::ATTACK } else { "#334155" };
        let middle = (from + to) / 2.0;
        let mut y = top + PAD;
        let parts = [(&wording.label, LABEL, true), (&wording.detail, SMALL, false)];
        for (lines, size, is_label) in parts {
            let ink = if is_label && is_attack { ink::ATTACK } else { ink::DARK };
            for line in lines {
                let text = Text::new(line, middle, y + size * LEADING / 2.0, size).coloured(ink);
                let text = text.anchored(Anchor::Middle);
                self.canvas.text_on_plate(if is_label { text.bold() } else { text });
                y += size * LEADING;
            }
        }
        y += RADIUS + 2.0;
        let arrow = y;
        if from.total_cmp(&to).is_eq() {
            y = self.turn(from, y, colour);
        }
        self.arrow((from, to), y, colour, is_attack, outcome);
        y += RADIUS + 4.0;
        let forward = if to < from { -1.0 } else { 1.0 };
        let (x, anchor) = match (from.total_cmp(&to).is_eq(), forward > 0.0) {
            (true, _) => (middle, Anchor::Middle),
            (false, true) => (to - SIDE, Anchor::End),
            (false, false) => (to + SIDE, Anchor::Start),
        };
        let colour = fate_colour(outcome, is_attack);
        for line in &wording.fate {
            let text = Text::new(line, x, y + LABEL * LEADING / 2.0, LABEL).bold();
            self.canvas.text_on_plate(text.coloured(colour).anchored(anchor));
            y += LABEL * LEADING;
        }
        (arrow, y + PAD)
    }

    /// The loop of a message to oneself; answers where it comes back.
    fn turn(&mut self, x: f64, y: f64, colour: &'static str) -> f64 {
        let (out, back) = (x + 44.0, y + 22.0);
        let points = [(x, y), (out, y), (out, back), (x + RADIUS, back)];
        self.canvas.line(&points, Stroke::solid(colour, 2.2));
        back
    }

    /// The line of a message, and the mark at its end.
    fn arrow(
        &mut self,
        (from, to): (f64, f64),
        y: f64,
        colour: &'static str,
        is_attack: bool,
        outcome: &Outcome,
    ) {
        let is_turn = from.total_cmp(&to).is_eq();
        let forward = if to < from || is_turn { -1.0 } else { 1.0 };
        let mark = to - forward * (RADIUS + 4.0);
        let end = match outcome {
            Outcome::Delivered => to,
            Outcome::Accepted => mark - forward * RADIUS,
            Outcome::Refused(_) => mark - forward * (RADIUS + 1.0),
            Outcome::Dropped => from + (to - from) * 0.72,
        };
        let stroke = Stroke::solid(colour, if is_attack { 2.8 } else { 2.0 });
        let stroke = match outcome {
            Outcome::Dropped => stroke.dashed(6.0, 4.0),
            _ => stroke,
        };
        if !is_turn {
            self.canvas.line(&[(from, y), (end - forward * 6.0, y)], stroke);
        }
        let fate = fate_colour(outcome, is_attack);
        match outcome {
            Outcome::Delivered => marks::head(&mut self.canvas, (end, y), forward, colour),
            Outcome::Accepted => {
                marks::head(&mut self.canvas, (end, y), forward, colour);
                tick(&mut self.canvas, (mark, y), fate);
            }
            Outcome::Refused(_) => {
                marks::head(&mut self.canvas, (end, y), forward, colour);
                cross(&mut self.canvas, (mark, y), fate);
                wall(&mut self.canvas, (to - forward * 1.5, y), fate);
            }
            Outcome::Dropped => cross(&mut self.canvas, (end, y), fate),
        }
    }

    /// A box in a lane.
    fn note(&mut self, lane: usize, text: &str, kind: NoteKind, top: f64) -> (f64, f64) {
        let (edge, fill) = marks::note(kind);
        let wide = self.step.min(330.0) - 14.0;
        let mut lines = wrapped(kind.word(), SMALL, true, wide - 24.0, 1);
        lines.extend(wrapped(text, LABEL, false, wide - 24.0, LINES));
        let height = SMALL * LEADING + many(lines.len() - 1) * LABEL * LEADING + 13.0;
        let rect = Rect::at(self.x(lane) - wide / 2.0, top + PAD, wide, height);
        self.canvas.rect(rect, 5.0, fill, Some(Stroke::solid(edge, 1.5)));
        self.canvas.rect(Rect { right: rect.left + 6.0, ..rect }, 2.0, edge, None);
        let y = rect.top + 6.0 + SMALL * LEADING / 2.0;
        let word = Text::new("", rect.left + 15.0, y, SMALL).bold().coloured(edge);
        let (head, body) = lines.split_at(1);
        let y = self.canvas.lines(head, &word);
        self.canvas.lines(body, &Text::new("", rect.left + 15.0, y, LABEL));
        (rect.middle().1, rect.bottom + PAD)
    }

    /// What the marks mean, from when times count, and what is left out; answers the picture's height.
    fn foot(&mut self, top: f64) -> f64 {
        let edge = [(EDGE, top), (self.width - EDGE, top)];
        self.canvas.line(&edge, Stroke::solid(ink::HAIR, 1.0));
        let y = self.legend(top + 24.0);
        let start = time(self.story.start().as_secs_f64());
        let mut said = format!("Times count from {start} into the run.");
        let moments = self.story.shown().count();
        if moments == 0 {
            said = "There is no moment to show.".to_owned();
        }
        if let Some(note) = self.story.note_on_hidden() {
            said = format!("{said} {} shown; {note}", count(u64::try_from(moments).unwrap_or(0)));
        }
        let text = Text::new(&said, EDGE, y, SMALL).coloured(ink::FAINT);
        self.canvas.text(text);
        y + SMALL + EDGE / 2.0
    }

    /// Answers where the next line is.
    fn legend(&mut self, y: f64) -> f64 {
        let dark = "#334155";
        let mut x = EDGE;
        let samples: [(&str, Sample<'_>); 5] = [
            ("message", &|canvas, x| {
                canvas.line(&[(x, y), (x + 30.0, y)], Stroke::solid(dark, 2.0));
                marks::head(canvas, (x + 38.0, y), 1.0, dark);
            }),
            ("the attacker's", &|canvas, x| {
                canvas.line(&[(x, y), (x + 30.0, y)], Stroke::solid(ink::ATTACK, 2.8));
                marks::head(canvas, (x + 38.0, y), 1.0, ink::ATTACK);
            }),
            ("accepted", &|canvas, x| tick(canvas, (x + 26.0, y), dark)),
            ("refused", &|canvas, x| {
                cross(canvas, (x + 22.0, y), ink::GUARD);
                wall(canvas, (x + 35.0, y), ink::GUARD);
            }),
            ("never arrives", &|canvas, x| {
                canvas.line(&[(x, y), (x + 18.0, y)], Stroke::solid(dark, 2.0).dashed(6.0, 4.0));
                cross(canvas, (x + 28.0, y), ink::FAINT);
            }),
        ];
        for (word, sample) in samples {
            sample(&mut self.canvas, x);
            let text = Text::new(word, x + 46.0, y, SMALL).coloured(ink::FAINT);
            x = text.rect().right + 30.0;
            self.canvas.text(text);
        }
        y + SMALL * LEADING + 6.0
    }
}

/// What harms is red, what protects is blue.
const fn fate_colour(outcome: &Outcome, is_attack: bool) -> &'static str {
    match outcome {
        Outcome::Refused(_) => ink::GUARD,
        Outcome::Accepted | Outcome::Delivered if is_attack => ink::ATTACK,
        Outcome::Accepted | Outcome::Delivered => "#334155",
        Outcome::Dropped => ink::FAINT,
    }
}

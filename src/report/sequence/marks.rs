//! What lines and their ends look like in a chart.

use super::{LaneKind, NoteKind};
use crate::report::drawing::{Canvas, Stroke, ink};

/// Radius of the marks at the end of a message.
pub(super) const RADIUS: f64 = 8.5;

/// The colours of a lane: its line, its head, and the edge of its head.
pub(super) const fn lane(kind: LaneKind) -> (&'static str, &'static str) {
    match kind {
        LaneKind::Honest => ("#475569", "#f8fafc"),
        LaneKind::Attacker => (ink::ATTACK, "#fdeceb"),
        LaneKind::Victim => (ink::WARN, "#fff5df"),
        LaneKind::Infrastructure => ("#475569", "#e8edf4"),
    }
}

/// What a lane's head says under its name.
pub(super) const fn part(kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::Honest => "honest",
        LaneKind::Attacker => "attacker",
        LaneKind::Victim => "victim",
        LaneKind::Infrastructure => "infrastructure",
    }
}

/// The colours of a note: its edge and words, and its sheet.
pub(super) const fn note(kind: NoteKind) -> (&'static str, &'static str) {
    match kind {
        NoteKind::Alarm => (ink::WARN, "#fff5df"),
        NoteKind::Effect => (ink::FAINT, "#f1f5f9"),
        NoteKind::Theft | NoteKind::Step | NoteKind::Violation => (ink::ATTACK, "#fdeceb"),
        NoteKind::Refusal => (ink::GUARD, "#e8f0fe"),
    }
}

/// The head of an arrow that ends at `x` and goes `forward` (1) or back (-1).
pub(super) fn head(canvas: &mut Canvas, (x, y): (f64, f64), forward: f64, colour: &str) {
    let back = x - forward * 12.0;
    canvas.polygon(&[(x, y), (back, y - 5.5), (back, y + 5.5)], colour);
}

/// A tick in a circle.
pub(super) fn tick(canvas: &mut Canvas, (x, y): (f64, f64), colour: &'static str) {
    canvas.circle((x, y), RADIUS, colour);
    let white = Stroke::solid(ink::PAPER, 2.2);
    canvas.line(&[(x - 4.2, y + 0.4), (x - 1.2, y + 3.6), (x + 4.4, y - 3.6)], white);
}

/// A cross in a circle.
pub(super) fn cross(canvas: &mut Canvas, (x, y): (f64, f64), colour: &'static str) {
    canvas.circle((x, y), RADIUS, colour);
    let white = Stroke::solid(ink::PAPER, 2.2);
    canvas.line(&[(x - 3.6, y - 3.6), (x + 3.6, y + 3.6)], white);
    canvas.line(&[(x - 3.6, y + 3.6), (x + 3.6, y - 3.6)], white);
}

/// A wall before a lane.
pub(super) fn wall(canvas: &mut Canvas, (x, y): (f64, f64), colour: &'static str) {
    canvas.line(&[(x, y - 13.0), (x, y + 13.0)], Stroke::solid(colour, 4.0));
}

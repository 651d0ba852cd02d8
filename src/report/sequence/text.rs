//! The story as text.

use std::fmt::Write as _;

use super::{Moment, Story, What};
use crate::report::words::{tame, time};

/// Length of a name.
const NAME: usize = 32;
/// Length of what happened.
const LENGTH: usize = 400;

/// The story for a terminal: the answer first, then one line for each moment.
#[must_use]
pub fn text(story: &Story) -> String {
    let mut out = String::new();
    let verdict = story.verdict.map(|verdict| format!("{}: ", verdict.name()));
    let _ = writeln!(out, "{}{}", verdict.unwrap_or_default(), tame(&story.answer, LENGTH));
    let _ = writeln!(out, "Story: {}\n", tame(&story.title, LENGTH));
    let lines: Vec<[String; 3]> = story.shown().map(|moment| line(story, moment)).collect();
    let width = |column: usize| lines.iter().map(|l| l[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    for [at, who, what] in &lines {
        let _ = writeln!(out, "{at:>first$}  {who:<second$}  {what}");
    }
    let start = time(story.start().as_secs_f64());
    let _ = writeln!(out, "\nTimes count from {start} into the run.");
    if let Some(note) = story.note_on_hidden() {
        let _ = writeln!(out, "{note}");
    }
    out
}

/// When, who, what.
fn line(story: &Story, moment: &Moment) -> [String; 3] {
    let name = |lane: &usize| {
        story.lanes.get(*lane).map_or_else(String::new, |lane| tame(&lane.name, NAME))
    };
    let at = time(moment.at.since(story.start()).as_secs_f64());
    match &moment.what {
        What::Message { from, to, label, detail, act, outcome } => {
            let mut what = format!("{}{}", act.word(), tame(label, LENGTH));
            if !detail.is_empty() {
                let _ = write!(what, " ({})", tame(detail, LENGTH));
            }
            if let Some(fate) = Story::fate(outcome) {
                let _ = write!(what, ": {}", tame(&fate, LENGTH));
            }
            [at, format!("{} -> {}", name(from), name(to)), what]
        }
        What::Note { lane, text, kind } => {
            [at, name(lane), format!("{}: {}", kind.word(), tame(text, LENGTH))]
        }
    }
}

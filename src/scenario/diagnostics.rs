//! What is wrong with a scenario, said so that it can be put right: code, place, caret and hint.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::codes::{Code, Severity};
use super::source::{Place, Source, Sources};

/// Errors, and likewise warnings, that one loading reports at most; more are only counted.
pub const DIAGNOSTICS_MAX: usize = 100;
/// Lines longer than this many bytes are named but not shown.
const SHOWN_LINE_LEN_MAX: usize = 2_000;

/// One thing that is wrong, or that deserves a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of thing, to be explained by [`explain`](super::explain).
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// How to put it right.
    pub hint: Option<String>,
    label: String,
    place: Place,
}

/// All that was found in one loading, in the order of the text.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    more_errors: usize,
    more_warnings: usize,
    sources: Sources,
}

/// A diagnostic for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// `KS0101` and the like.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to put it right.
    pub hint: Option<String>,
    /// The file's name, or `--set`.
    pub file: String,
    /// Line of the first character, from 1.
    pub line: usize,
    /// Column of the first character, counted in characters from 1.
    pub column: usize,
}

impl Diagnostics {
    pub(super) const fn new(sources: Sources) -> Self {
        Self { list: Vec::new(), more_errors: 0, more_warnings: 0, sources }
    }

    /// True when there is nothing to report.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there are, those beyond [`DIAGNOSTICS_MAX`] included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.list.len() + self.more_errors + self.more_warnings
    }

    /// The diagnostics in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// As a compiler would print them; `color` adds terminal colours. Empty, or ends in a line
    /// break.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut text = String::new();
        for diagnostic in &self.list {
            text.push_str(&self.render_one(&renderer, diagnostic));
            text.push_str("\n\n");
        }
        if self.len() > self.list.len() {
            text.push_str(&format!("... and {} more\n\n", self.len() - self.list.len()));
        }
        text.truncate(text.trim_end().len());
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }

    /// For machines: a list that serialises to JSON.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.list.iter().map(|diagnostic| self.record(diagnostic)).collect()
    }

    fn record(&self, diagnostic: &Diagnostic) -> Record {
        let source = &self.sources[diagnostic.place.source];
        let (line, column) = position(&source.text, diagnostic.place.start);
        Record {
            code: diagnostic.code.as_str(),
            severity: diagnostic.code.severity().as_str(),
            message: diagnostic.message.clone(),
            hint: diagnostic.hint.clone(),
            file: source.name.clone(),
            line,
            column,
        }
    }

    fn render_one(&self, renderer: &Renderer, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.code.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let source = &self.sources[diagnostic.place.source];
        let (line, column) = position(&source.text, diagnostic.place.start);
        let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
        let mut group = match excerpt(&source.text, diagnostic.place) {
            Some((text, span)) => {
                let caret = AnnotationKind::Primary.span(span);
                let label = (!diagnostic.label.is_empty()).then_some(diagnostic.label.as_str());
                title.element(
                    Snippet::source(text)
                        .line_start(line)
                        .path(source.name.as_str())
                        .annotation(caret.label(label)),
                )
            }
            None => {
                title.element(Origin::path(source.name.as_str()).line(line).char_column(column))
            }
        };
        if let Some(hint) = &diagnostic.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        renderer.render(&[group])
    }

    /// Orders by place, so that the reader goes through the text once.
    pub(super) fn sort(&mut self) {
        self.list.sort_by_key(|diagnostic| (diagnostic.place.source, diagnostic.place.start));
    }

    /// Takes the warnings out.
    pub(super) fn split_warnings(mut self) -> (Self, Self) {
        let (warnings, errors) = std::mem::take(&mut self.list)
            .into_iter()
            .partition(|diagnostic| diagnostic.code.severity() == Severity::Warning);
        let sources = Arc::clone(&self.sources);
        let warnings = Self { list: warnings, more_errors: 0, sources, ..self };
        (Self { list: errors, more_warnings: 0, ..self }, warnings)
    }

    /// True when more of this severity will only be counted: no hint need be sought.
    pub(super) fn is_full(&self, severity: Severity) -> bool {
        self.list.iter().filter(|diagnostic| diagnostic.code.severity() == severity).count()
            >= DIAGNOSTICS_MAX
    }

    /// Adds one; its hint and label may be filled in by the caller.
    pub(super) fn add(
        &mut self,
        code: Code,
        place: Place,
        message: impl Into<String>,
    ) -> Amend<'_> {
        let severity = code.severity();
        if self.is_full(severity) {
            match severity {
                Severity::Error => self.more_errors += 1,
                Severity::Warning => self.more_warnings += 1,
            }
            return Amend(None);
        }
        self.list.push(Diagnostic {
            code,
            message: message.into(),
            hint: None,
            label: String::new(),
            place,
        });
        Amend(self.list.last_mut())
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// The diagnostic just added, open for a hint and a label.
pub(super) struct Amend<'a>(Option<&'a mut Diagnostic>);

impl Amend<'_> {
    /// Says how to put it right.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        let Self(Some(diagnostic)) = self else { return self };
        diagnostic.hint = Some(hint.into());
        Self(Some(diagnostic))
    }

    /// The same, sought only if it will be shown.
    pub(super) fn hint_with(self, hint: impl FnOnce() -> String) -> Self {
        if self.0.is_some() { self.hint(hint()) } else { self }
    }

    /// The few words under the caret.
    pub(super) fn label(self, label: impl Into<String>) -> Self {
        let Self(Some(diagnostic)) = self else { return self };
        diagnostic.label = label.into();
        Self(Some(diagnostic))
    }
}

/// Line and column (in characters) of byte `at`, both from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let at = floor_char(text, at);
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The line in which `place` starts and the span within it; `None` if the line is too long to show.
fn excerpt(text: &str, place: Place) -> Option<(&str, std::ops::Range<usize>)> {
    let start = floor_char(text, place.start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
    let line = text[line_start..line_end].trim_end_matches('\r');
    if line.len() > SHOWN_LINE_LEN_MAX {
        return None;
    }
    let from = (start - line_start).min(line.len());
    let to = floor_char(text, place.end).saturating_sub(line_start).clamp(from, line.len());
    Some((line, from..to))
}

/// The character boundary at or before `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The sources of one loading: the file first, then each override.
pub(super) fn sources(file: &Source, overrides: &[Source]) -> Sources {
    std::iter::once(file).chain(overrides).cloned().collect()
}

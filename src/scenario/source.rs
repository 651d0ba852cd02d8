//! Where words come from: a file or the argument of a `--set`.

use std::sync::Arc;

/// Largest scenario file that is read, in bytes (1 MiB).
pub const SOURCE_LEN_MAX: usize = 1 << 20;

/// A text to be read, and the name under which messages speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's name for display, or `--set`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// A text under a name for display.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// A span of bytes in one of the [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Index into the sources: 0 is the file, the rest are overrides in their order.
    pub(super) source: usize,
    /// First byte.
    pub(super) start: usize,
    /// One past the last byte.
    pub(super) end: usize,
}

/// Every text of one loading, shared by its diagnostics.
pub(super) type Sources = Arc<[Source]>;

/// A value together with the place where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    /// The value.
    pub(super) value: T,
    /// Where it stands.
    pub(super) place: Place,
}

/// User text for a message: escaped, at most 40 characters, in backticks.
pub(crate) fn quote(text: &str) -> String {
    const CHARS_MAX: usize = 40;
    let mut shown: String = text.chars().take(CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push_str("...");
    }
    format!("`{}`", shown.replace("\\\"", "\"").replace("\\'", "'"))
}

/// The nearest of `known` to `word`, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const WORD_LEN_MAX: usize = 64;
    const LIKENESS_MIN: f64 = 0.7;
    const CANDIDATES_MAX: usize = 4_000;
    if word.len() > WORD_LEN_MAX {
        return None;
    }
    let word = word.to_lowercase();
    known
        .into_iter()
        .take(CANDIDATES_MAX)
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Names in backticks with commas; at most 12 of them.
pub(super) fn enumerate<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const NAMES_MAX: usize = 12;
    let names: Vec<_> = names.into_iter().collect();
    let shown: Vec<_> = names.iter().take(NAMES_MAX).map(|name| quote(name)).collect();
    let shown = shown.join(", ");
    if names.len() > NAMES_MAX {
        format!("{shown} and {} more", names.len() - NAMES_MAX)
    } else {
        shown
    }
}

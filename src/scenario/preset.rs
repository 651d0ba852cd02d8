//! Device classes and link types that ship: `presets.toml`.

use std::sync::LazyLock;

use serde::Serialize;

use super::diagnostics::{Diagnostics, sources};
use super::source::{Place, Source};
use super::table::{Field, Named, read_table, table};
use super::tree::parse_file;
use super::words::{ClassTable, LinkTable, Text};

/// The file that holds them.
const TEXT: &str = include_str!("presets.toml");

/// A shipped class or link type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preset {
    /// `class` or `link`.
    pub kind: &'static str,
    /// What `preset = "..."` names.
    pub name: String,
    /// What it is, in one line.
    pub about: String,
}

/// A shipped figure and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Its key.
    pub key: &'static str,
    /// Its value, as one writes it in a scenario.
    pub value: &'static str,
    /// How it came to be known, if the file says.
    pub basis: Option<Basis>,
    /// `high`, `medium` or `low`; empty for what was derived or estimated without a word on it.
    pub confidence: &'static str,
    /// The source, in its words.
    pub source: &'static str,
}

/// How a figure came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Read in the source that is named.
    Verified,
    /// Measured by this project.
    Measured,
    /// Derived from others by arithmetic.
    Derived,
    /// Known without a source at hand.
    Recalled,
    /// Estimated by this project.
    Estimated,
}

table! {
    /// The shipped figures.
    struct Presets {
        /// One line on each.
        about: Named<Text>,
        /// Device classes.
        class: Named<ClassTable>,
        /// Link types.
        link: Named<LinkTable>,
    }
}

/// The shipped figures, read once.
pub(super) fn shipped() -> &'static Presets {
    static SHIPPED: LazyLock<Presets> = LazyLock::new(|| {
        let source = Source::new("presets.toml", TEXT);
        let mut report = Diagnostics::new(sources(&source, &[]));
        let entries = parse_file(TEXT, &mut report);
        let presets = read_table(&entries, Place::default(), &mut report);
        assert!(report.is_empty(), "the shipped presets are sound:\n{report}");
        presets
    });
    &SHIPPED
}

impl Presets {
    /// The class of this name.
    pub(super) fn class(&self, name: &str) -> Option<&ClassTable> {
        self.class.value()?.0.get(name).map(|entry| &entry.value)
    }

    /// The link type of this name.
    pub(super) fn link(&self, name: &str) -> Option<&LinkTable> {
        self.link.value()?.0.get(name).map(|entry| &entry.value)
    }
}

/// Every shipped class and link type: classes first, by name.
#[must_use]
pub fn presets() -> Vec<Preset> {
    let shipped = shipped();
    let classes = names(&shipped.class).map(|name| ("class", name));
    let links = names(&shipped.link).map(|name| ("link", name));
    classes
        .chain(links)
        .map(|(kind, name)| {
            let about = shipped.about.value().and_then(|about| about.0.get(name));
            let about = about.map(|entry| entry.value.clone()).unwrap_or_default();
            Preset { kind, name: name.to_owned(), about }
        })
        .collect()
}

/// The figures of a shipped `class` or `link` with their sources, in the order of the file; none of an unknown
/// one.
#[must_use]
pub fn figures(kind: &str, name: &str) -> Vec<Figure> {
    // The notes behind figures are comments, so that no reader of TOML would hand them over.
    let head = format!("[{kind}.{name}]");
    let lines = TEXT.lines().skip_while(|line| !line.starts_with(&head)).skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter_map(figure).collect()
}

/// A line such as `x25519 = "79us"  # M medium: OpenSSL`.
fn figure(line: &'static str) -> Option<Figure> {
    let (key, rest) = line.split_once(" = ").filter(|(key, _)| !key.starts_with('#'))?;
    let (value, note) = rest.split_once('#').unwrap_or((rest, ""));
    let (head, source) = note.split_once(':').unwrap_or((note, ""));
    let mut words = head.split_whitespace();
    let basis = words.next().and_then(Basis::of);
    let confidence = match (words.next(), basis) {
        (Some(word), Some(_)) => word,
        (None, Some(Basis::Verified | Basis::Measured | Basis::Recalled)) => "high",
        _ => "",
    };
    let source = if basis.is_some() { source.trim() } else { note.trim() };
    Some(Figure { key, value: value.trim().trim_matches('"'), basis, confidence, source })
}

impl Basis {
    fn of(tag: &str) -> Option<Self> {
        Some(match tag {
            "V" => Self::Verified,
            "M" => Self::Measured,
            "D" => Self::Derived,
            "R" => Self::Recalled,
            "E" => Self::Estimated,
            _ => return None,
        })
    }

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Measured => "measured",
            Self::Derived => "derived",
            Self::Recalled => "recalled",
            Self::Estimated => "estimated",
        }
    }
}

/// The names under which something stands.
pub(super) fn names<T>(field: &Field<Named<T>>) -> impl Iterator<Item = &str> {
    field.value().into_iter().flat_map(|named| named.0.keys().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preset_says_what_it_is() {
        let presets = presets();
        assert!(presets.len() >= 19);
        for preset in presets {
            assert!(!preset.about.is_empty(), "{} has no line in [about]", preset.name);
        }
    }

    #[test]
    fn each_figure_says_how_it_came_to_be_known() {
        let mut count = 0;
        for Preset { kind, name, .. } in presets() {
            let figures = figures(kind, &name);
            assert!(figures.len() >= 5, "{kind}.{name} has {}", figures.len());
            for figure in figures {
                let Figure { key, value, basis, confidence, source } = figure;
                let is_word = ["", "high", "medium", "low"].contains(&confidence);
                assert!(is_word && !value.is_empty(), "{kind}.{name}.{key}: {confidence} {value}");
                // A width belongs to the latency before it, and nobody asks what the mains deliver.
                let is_plain = key == "jitter" || source == "on the mains";
                assert!(basis.is_some() || is_plain, "{kind}.{name}.{key}: {source:?}");
                count += 1;
            }
        }
        assert!(count > 150, "{count}");
        let x25519 = figures("class", "m4_64mhz_asm").into_iter().find(|it| it.key == "x25519");
        let x25519 = x25519.expect("it has one");
        assert_eq!((x25519.basis, x25519.confidence), (Some(Basis::Verified), "high"));
        assert_eq!(
            (x25519.value, x25519.source),
            ("8.58ms", "548,873 cycles, Emill/X25519-Cortex-M4")
        );
    }
}

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
}

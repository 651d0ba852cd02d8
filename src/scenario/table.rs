//! From the tree to words: one struct per table gives its keys, its reader and its part of the
//! schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::codes::Code;
use super::diagnostics::Diagnostics;
use super::source::{At, Place, enumerate, nearest, quote};
use super::tree::{Entries, Node, Value};

/// A field of a table, as it was found.
#[derive(Clone, Debug, Default)]
pub(super) enum Field<T> {
    /// Not there.
    #[default]
    Absent,
    /// There, but wrong, which has been reported.
    Wrong,
    /// There.
    Given(At<T>),
}

impl<T> Field<T> {
    /// What was given, with its place.
    pub(super) const fn given(&self) -> Option<&At<T>> {
        if let Self::Given(at) = self { Some(at) } else { None }
    }

    /// What was given.
    pub(super) fn value(&self) -> Option<&T> {
        self.given().map(|at| &at.value)
    }

    /// True if nobody wrote the field.
    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// This field, or `other` if this one is absent.
    pub(super) fn or(self, other: Self) -> Self {
        if self.is_absent() { other } else { self }
    }
}

/// A type of value that a field can have.
pub(super) trait Word: Sized {
    /// Reads it; `None` after reporting what is wrong.
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self>;
}

/// A table with fixed keys.
pub(super) trait Table: Sized {
    /// Keys, and whether each must be there.
    const FIELDS: &'static [(&'static str, bool)];

    /// Takes each field.
    fn take(fields: &mut Fields<'_>) -> Self;
}

/// The entries of a table while they are read.
pub(super) struct Fields<'a> {
    entries: &'a Entries,
    report: &'a mut Diagnostics,
}

impl Fields<'_> {
    /// The field of one key.
    pub(super) fn field<T: Word>(&mut self, key: &str) -> Field<T> {
        let Some(entry) = self.entries.get(key) else { return Field::Absent };
        match T::read(&entry.node, key, self.report) {
            Some(value) => Field::Given(At { value, place: entry.node.place }),
            None => Field::Wrong,
        }
    }
}

impl<T: Table> Word for T {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let Value::Table(entries) = &node.value else {
            wrong_type(node, name, "a table", report);
            return None;
        };
        Some(read_table(entries, node.place, report))
    }
}

/// Reads a table; unknown and missing fields are reported.
pub(super) fn read_table<T: Table>(entries: &Entries, place: Place, report: &mut Diagnostics) -> T {
    for (key, entry) in entries {
        if !T::FIELDS.iter().any(|(known, _)| known == key) {
            unknown_field::<T>(key, entry.key, report);
        }
    }
    for (key, _) in
        T::FIELDS.iter().filter(|(key, required)| *required && !entries.contains_key(*key))
    {
        report
            .add(Code::MissingField, place, format!("the field `{key}` is missing"))
            .hint(format!("add `{key} = ...` to this table"));
    }
    T::take(&mut Fields { entries, report })
}

fn unknown_field<T: Table>(key: &str, place: Place, report: &mut Diagnostics) {
    let known = || T::FIELDS.iter().map(|(known, _)| *known);
    report
        .add(Code::UnknownField, place, format!("unknown field {}", quote(key)))
        .label("unknown field")
        .hint_with(|| match nearest(key, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the fields here are {}", enumerate(known())),
        });
}

/// Reports a value of the wrong type.
pub(super) fn wrong_type(node: &Node, name: &str, wanted: &str, report: &mut Diagnostics) {
    report
        .add(
            Code::WrongType,
            node.place,
            format!("{} takes {wanted}, not {}", quote(name), node.value.kind()),
        )
        .label(format!("expected {wanted}"));
}

/// A table whose keys are names that the file chooses.
#[derive(Clone, Debug)]
pub(super) struct Named<T>(pub(super) BTreeMap<String, Entry<T>>);

/// One entry of a [`Named`] table.
#[derive(Clone, Debug)]
pub(super) struct Entry<T> {
    /// Where the name stands.
    pub(super) key: Place,
    /// What stands under it.
    pub(super) value: T,
    /// Where that stands.
    pub(super) place: Place,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Word> Word for Named<T> {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let Value::Table(entries) = &node.value else {
            wrong_type(node, name, "a table of names", report);
            return None;
        };
        let mut named = BTreeMap::new();
        for (key, entry) in entries {
            if let Some(value) = T::read(&entry.node, key, report) {
                let place = entry.node.place;
                named.insert(key.clone(), Entry { key: entry.key, value, place });
            }
        }
        Some(Self(named))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        BTreeMap::<String, T>::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, T>::json_schema(generator)
    }
}

/// A list; items that are wrong are reported and left out.
#[derive(Clone, Debug)]
pub(super) struct List<T>(pub(super) Vec<At<T>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Word> Word for List<T> {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let Value::List(items) = &node.value else {
            wrong_type(node, name, "a list of tables (`[[...]]`)", report);
            return None;
        };
        let mut list = Vec::new();
        for item in items {
            if let Some(value) = T::read(item, name, report) {
                list.push(At { value, place: item.place });
            }
        }
        Some(Self(list))
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn schema_name() -> Cow<'static, str> {
        Vec::<T>::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<T>::json_schema(generator)
    }
}

/// Declares a table: `@required` marks the fields without which it is refused.
macro_rules! table {
    (
        $(#[doc = $doc:literal])*
        struct $name:ident {
            $( $(#[doc = $field_doc:literal])* $(@$required:ident)? $field:ident: $kind:ty, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default)]
        pub(in crate::scenario) struct $name {
            $(
                $(#[doc = $field_doc])*
                pub(in crate::scenario) $field: $crate::scenario::table::Field<$kind>,
            )*
        }

        impl $crate::scenario::table::Table for $name {
            const FIELDS: &'static [(&'static str, bool)] =
                &[$( (stringify!($field), !stringify!($($required)?).is_empty()), )*];

            fn take(fields: &mut $crate::scenario::table::Fields<'_>) -> Self {
                Self { $( $field: fields.field(stringify!($field)), )* }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $(#[doc = $doc])*
                #[derive(schemars::JsonSchema)]
                #[schemars(deny_unknown_fields)]
                #[expect(dead_code, reason = "only its shape is of use")]
                struct $name {
                    $(
                        $(#[doc = $field_doc])*
                        $(#[schemars($required)])?
                        $field: Option<$kind>,
                    )*
                }
                <$name as schemars::JsonSchema>::json_schema(generator)
            }
        }
    };
}

/// Declares an enum of which the file has one word.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        enum $name:ident { $( $(#[doc = $word_doc:literal])* $variant:ident = $word:tt, )* }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema)]
        pub(in crate::scenario) enum $name {
            $( $(#[doc = $word_doc])* #[schemars(rename = $word)] $variant, )*
        }

        impl $name {
            const WORDS: &'static [&'static str] = &[$($word),*];
        }

        impl $crate::scenario::table::Word for $name {
            fn read(
                node: &$crate::scenario::tree::Node,
                name: &str,
                report: &mut $crate::scenario::diagnostics::Diagnostics,
            ) -> Option<Self> {
                match $crate::scenario::table::read_choice(node, name, Self::WORDS, report)? {
                    $( $word => Some(Self::$variant), )*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use {choice, table};

/// One of `words`, or a report that tells them.
pub(super) fn read_choice(
    node: &Node,
    name: &str,
    words: &'static [&'static str],
    report: &mut Diagnostics,
) -> Option<&'static str> {
    let Value::Text(text) = &node.value else {
        wrong_type(node, name, "a string", report);
        return None;
    };
    let found = words.iter().copied().find(|word| word == text);
    if found.is_none() {
        let hint = match nearest(text, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}", enumerate(words.iter().copied())),
        };
        let message = format!("{} cannot be {}", quote(name), quote(text));
        report.add(Code::UnknownWord, node.place, message).label("unknown word").hint(hint);
    }
    found
}

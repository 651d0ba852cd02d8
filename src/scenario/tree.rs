//! The TOML text as a tree that owns its values and knows where each stands.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::codes::Code;
use super::diagnostics::Diagnostics;
use super::source::{Place, quote};

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    /// The value itself; for tables with a header, the last key of the header.
    pub(super) place: Place,
}

/// A value of a TOML text.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    /// `None`: beyond 128 bits.
    Integer(Option<i128>),
    Float(f64),
    Bool(bool),
    Date,
    List(Vec<Node>),
    Table(Entries),
}

/// The entries of a table by key.
pub(super) type Entries = BTreeMap<String, Entry>;

/// An entry of a table.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Place,
    pub(super) node: Node,
}

impl Value {
    /// What it is, with its article.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bool(_) => "a boolean",
            Self::Date => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// A scalar as TOML has it; `None` for anything else, and for numbers that no scenario takes.
    pub(super) fn literal(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(toml::Value::String(text.clone()).to_string()),
            Self::Integer(number) => number.map(|number| number.to_string()),
            Self::Float(x) => x.is_finite().then(|| format!("{x:?}")),
            Self::Bool(b) => Some(b.to_string()),
            Self::Date | Self::List(_) | Self::Table(_) => None,
        }
    }
}

/// Reads the file (source 0); syntax errors are reported and what could be understood is returned.
pub(super) fn parse_file(text: &str, report: &mut Diagnostics) -> Entries {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        syntax_error(&error, 0, 0, report);
    }
    let mut entries = entries_of(table.get_ref(), 0, 0);
    for table in WITH_PATHS {
        flatten_paths(&mut entries, table);
    }
    entries
}

/// Reads one value at `offset` of override `source`; text that is no TOML value is a string.
pub(super) fn parse_value(text: &str, source: usize, offset: usize) -> Node {
    match DeValue::parse(text) {
        Ok(value) => node_of(&value, source, offset),
        Err(_) => Node {
            value: Value::Text(text.to_owned()),
            place: Place { source, start: offset, end: offset + text.len() },
        },
    }
}

fn syntax_error(error: &toml::de::Error, source: usize, offset: usize, report: &mut Diagnostics) {
    let span = error.span().unwrap_or(0..0);
    let place = Place { source, start: offset + span.start, end: offset + span.end };
    let message = error.message().lines().next().unwrap_or_default().trim();
    report.add(Code::Syntax, place, format!("this is not TOML: {message}"));
}

fn node_of(value: &Spanned<DeValue<'_>>, source: usize, offset: usize) -> Node {
    let span = value.span();
    let place = Place { source, start: offset + span.start, end: offset + span.end };
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(n) => Value::Integer(i128::from_str_radix(n.as_str(), n.radix()).ok()),
        DeValue::Float(x) => Value::Float(x.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(list) => {
            Value::List(list.iter().map(|item| node_of(item, source, offset)).collect())
        }
        DeValue::Table(table) => Value::Table(entries_of(table, source, offset)),
    };
    Node { value, place }
}

fn entries_of(table: &DeTable<'_>, source: usize, offset: usize) -> Entries {
    let mut entries = Entries::new();
    for (key, value) in table.iter() {
        let span = key.span();
        let key_place = Place { source, start: offset + span.start, end: offset + span.end };
        let mut node = node_of(value, source, offset);
        if matches!(node.value, Value::Table(_)) {
            node.place = key_place;
        }
        entries.insert(key.get_ref().clone().into_owned(), Entry { key: key_place, node });
    }
    entries
}

/// Tables whose keys are names with dots: metrics, and paths into the scenario.
const WITH_PATHS: [&str; 2] = ["expect", "sweep"];

/// `expect.rekey.time_s.p99 = ".."` means the key `"rekey.time_s.p99"`.
fn flatten_paths(entries: &mut Entries, table: &str) {
    let Some(entry) = entries.get_mut(table) else { return };
    let Value::Table(table) = &mut entry.node.value else { return };
    let mut flat = Entries::new();
    for (key, entry) in std::mem::take(table) {
        flatten(key, entry, &mut flat);
    }
    *table = flat;
}

fn flatten(path: String, entry: Entry, flat: &mut Entries) {
    match entry.node.value {
        Value::Table(table) => {
            for (key, inner) in table {
                flatten(format!("{path}.{key}"), inner, flat);
            }
        }
        _ => {
            flat.insert(path, entry);
        }
    }
}

/// `--set KEY=VALUE`: puts the value in its place in the tree, creating tables that are absent.
pub(super) fn set(entries: &mut Entries, text: &str, source: usize, report: &mut Diagnostics) {
    let whole = Place { source, start: 0, end: text.len() };
    let Some((path, value)) = text.split_once('=') else {
        report
            .add(Code::OverrideSyntax, whole, "an override is KEY=VALUE, but this has no `=`")
            .hint("for example `--set fleet.meters.count=5000`");
        return;
    };
    let Some(segments) = path_segments(path, source) else {
        let place = Place { end: path.len(), ..whole };
        report
            .add(Code::OverrideSyntax, place, format!("{} is not a dotted path", quote(path)))
            .hint("a path is names with dots between, such as `link.access.latency`");
        return;
    };
    let mut node = parse_value(value, source, path.len() + 1);
    node.place = Place { start: path.len() + 1, ..whole };
    put(entries, &segments, node, report);
}

/// Applies what stands in the place of each countermeasure that is off.
pub(super) fn switch_off(entries: &mut Entries, report: &mut Diagnostics) {
    let mut changes = Vec::new();
    if let Some(Value::Table(all)) = entries.get("countermeasure").map(|entry| &entry.node.value) {
        for entry in all.values() {
            let Value::Table(table) = &entry.node.value else { continue };
            let is_off =
                matches!(table.get("on").map(|on| &on.node.value), Some(Value::Bool(false)));
            let off = table.get("off").map(|off| &off.node.value);
            if let (true, Some(Value::List(items))) = (is_off, off) {
                changes.extend(items.clone());
            }
        }
    }
    for Node { value, place } in changes {
        let Value::Text(text) = value else { continue };
        set_at(entries, &text, place, report);
    }
}

/// Like [`set`], for a text of the file: everything stands at `place`.
fn set_at(entries: &mut Entries, text: &str, place: Place, report: &mut Diagnostics) {
    let parts = text
        .split_once('=')
        .and_then(|(path, value)| Some((path_segments(path, place.source)?, value)));
    let Some((mut segments, value)) = parts else {
        report
            .add(Code::OverrideSyntax, place, format!("{} is not KEY=VALUE", quote(text)))
            .hint("for example \"security.replay_window=0\"");
        return;
    };
    segments.iter_mut().for_each(|(_, at)| *at = place);
    let mut node = parse_value(value, place.source, 0);
    stand_at(&mut node, place);
    put(entries, &segments, node, report);
}

/// Gives a value and everything in it one place.
fn stand_at(node: &mut Node, place: Place) {
    node.place = place;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| stand_at(item, place)),
        Value::Table(table) => table.values_mut().for_each(|entry| {
            entry.key = place;
            stand_at(&mut entry.node, place);
        }),
        _ => {}
    }
}

/// Path segments with their places; `None` if the path is malformed or deeper than any scenario.
pub(super) fn path_segments(path: &str, source: usize) -> Option<Vec<(String, Place)>> {
    const DEPTH_MAX: usize = 8;
    let mut segments = Vec::new();
    let mut start = 0;
    for part in path.split('.') {
        let name = part.trim();
        let place = Place { source, start, end: start + part.len() };
        start += part.len() + 1;
        if name.is_empty() || segments.len() == DEPTH_MAX {
            return None;
        }
        segments.push((name.to_owned(), place));
    }
    if segments.len() > 2 && WITH_PATHS.contains(&segments[0].0.as_str()) {
        let place = Place { end: path.len(), ..segments[1].1 };
        let metric: Vec<_> = segments.drain(1..).map(|(name, _)| name).collect();
        segments.push((metric.join(".").replace('"', ""), place));
    }
    Some(segments)
}

fn put(
    mut entries: &mut Entries,
    segments: &[(String, Place)],
    node: Node,
    report: &mut Diagnostics,
) {
    let Some(((last, last_place), parents)) = segments.split_last() else { return };
    let mut parents = parents.iter();
    while let Some((name, place)) = parents.next() {
        let fresh = || Entry {
            key: *place,
            node: Node { value: Value::Table(Entries::new()), place: *place },
        };
        let value = &mut entries.entry(name.clone()).or_insert_with(fresh).node.value;
        let kind = value.kind();
        entries = match value {
            Value::Table(table) => table,
            Value::List(list) => {
                let (count, next) = (list.len(), parents.next());
                let index = next.and_then(|(index, _)| index.parse::<usize>().ok());
                let item = index.and_then(|index| list.get_mut(index));
                let Some(Value::Table(table)) = item.map(|item| &mut item.value) else {
                    let place = next.map_or(*last_place, |(_, place)| *place);
                    let message = format!("{} is a list of {count}", quote(name));
                    report
                        .add(Code::OverridePath, place, message)
                        .hint("name one of its tables by its number from 0, as in `event.0.at`");
                    return;
                };
                table
            }
            _ => {
                let message = format!("{} is {kind}, not a table", quote(name));
                report
                    .add(Code::OverridePath, *place, message)
                    .hint("a path ends at the first value that is not a table");
                return;
            }
        };
    }
    entries.insert(last.clone(), Entry { key: *last_place, node });
}

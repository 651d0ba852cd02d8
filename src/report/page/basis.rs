//! What a run rests on: the costs of its device classes and the figures of its links, each with its source.

use serde::Serialize;
use toml::{Table, Value};

use crate::report::words::tame;
use crate::scenario::{Basis, Figure, figures, presets};

/// Classes and links that are shown.
const PARTS_MAX: usize = 24;
/// Figures of one of them that are shown.
const FIGURES_MAX: usize = 40;
/// Of a figure that ships without a word on its source.
const SHIPPED: &str = "shipped";
/// Of a figure that the scenario gave, or that no preset has.
const SET: &str = "set or default";

/// A class or a link type.
#[derive(Serialize)]
pub(super) struct Part {
    kind: &'static str,
    name: String,
    about: String,
    figures: Vec<Assumed>,
}

/// A figure of it.
#[derive(Serialize)]
pub(super) struct Assumed {
    key: String,
    value: String,
    basis: &'static str,
    confidence: &'static str,
    source: String,
}

/// The classes and links of a resolved scenario, which may be any text.
pub(super) fn parts(scenario: &str) -> Vec<Part> {
    let scenario: Table = toml::from_str(scenario).unwrap_or_default();
    let of = |kind: &'static str| {
        let named = scenario.get(kind).and_then(Value::as_table);
        named
            .into_iter()
            .flatten()
            .filter_map(move |(name, figures)| Some(part(kind, name, figures.as_table()?)))
    };
    of("class").chain(of("link")).take(PARTS_MAX).collect()
}

/// How many figures have which basis, the best known first: `12 verified, 3 estimated`.
pub(super) fn told(parts: &[Part]) -> String {
    let all = [Basis::Verified, Basis::Measured, Basis::Derived, Basis::Recalled, Basis::Estimated];
    let words = all.iter().map(|basis| basis.name()).chain([SHIPPED, SET]);
    let counted = words.filter_map(|word| {
        let same = parts.iter().flat_map(|part| &part.figures).filter(|it| it.basis == word);
        let count = same.count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    counted.collect::<Vec<_>>().join(", ")
}

fn part(kind: &'static str, name: &str, table: &Table) -> Part {
    let values = flat(table);
    let (about, shipped) = nearest(kind, name, &values);
    let mut rows = Vec::new();
    // The order of the shipped file, since its notes speak of the line before.
    for figure in &shipped {
        let own = values.iter().filter(|(key, _)| is_of(key, figure.key));
        rows.extend(own.map(|(key, value)| assumed(key, value, Some(figure))));
    }
    let is_other = |key: &str| !shipped.iter().any(|figure| is_of(key, figure.key));
    let others = values.iter().filter(|(key, _)| is_other(key));
    rows.extend(others.map(|(key, value)| assumed(key, value, None)));
    rows.truncate(FIGURES_MAX);
    Part { kind, name: tame(name, 80), about, figures: rows }
}

fn assumed(key: &str, value: &str, shipped: Option<&Figure>) -> Assumed {
    let shipped = shipped.filter(|figure| is_equal(figure.value, value));
    Assumed {
        key: tame(key, 60),
        value: tame(value, 60),
        basis: shipped.map_or(SET, |figure| figure.basis.map_or(SHIPPED, Basis::name)),
        confidence: shipped.map_or("", |figure| figure.confidence),
        source: shipped.map_or_else(String::new, |figure| figure.source.to_owned()),
    }
}

/// The preset of this name, else the one with which most figures agree, and at least half.
fn nearest(kind: &str, name: &str, values: &[(String, String)]) -> (String, Vec<Figure>) {
    let agreeing = |shipped: &[Figure]| {
        let is_so = |figure: &&Figure| {
            values
                .iter()
                .any(|(key, value)| is_of(key, figure.key) && is_equal(figure.value, value))
        };
        shipped.iter().filter(is_so).count()
    };
    let candidates = presets().into_iter().filter(|preset| preset.kind == kind);
    let best = candidates
        .map(|preset| {
            let shipped = figures(kind, &preset.name);
            (preset.name == name, agreeing(&shipped), preset, shipped)
        })
        .max_by_key(|(is_same, agreeing, ..)| (*is_same, *agreeing));
    match best {
        Some((is_same, agreeing, preset, shipped)) if is_same || 2 * agreeing >= shipped.len() => {
            let about = if is_same {
                preset.about
            } else {
                format!("figures of preset {}: {}", preset.name, preset.about)
            };
            (about, shipped)
        }
        _ => (String::new(), Vec::new()),
    }
}

/// Keys with their values as texts; those of a table within with its name before them.
fn flat(table: &Table) -> Vec<(String, String)> {
    let mut values = Vec::new();
    for (key, value) in table {
        match value {
            Value::String(text) => values.push((key.clone(), text.clone())),
            Value::Table(inner) => {
                let inner = flat(inner).into_iter();
                values.extend(inner.map(|(below, value)| (format!("{key}.{below}"), value)));
            }
            other => values.push((key.clone(), other.to_string())),
        }
    }
    values
}

/// One `rate` stands for both directions.
fn is_of(key: &str, shipped: &str) -> bool {
    key == shipped || shipped == "rate" && ["rate_up", "rate_down"].contains(&key)
}

/// The same quantity, however it is written: `5500us` is `5.5ms`.
fn is_equal(one: &str, other: &str) -> bool {
    match (quantity(one), quantity(other)) {
        (Some((one, unit)), Some((other, same))) => {
            unit == same && (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
        }
        _ => one == other,
    }
}

/// A number in its unit without a prefix.
fn quantity(text: &str) -> Option<(f64, &str)> {
    const UNITS: [&str; 5] = ["bps", "B", "J", "W", "s"];
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, word) = text.split_at(at);
    let number: f64 = number.trim().parse().ok()?;
    let Some(unit) = UNITS.into_iter().find(|unit| word.ends_with(unit)) else {
        return word.is_empty().then_some((number, ""));
    };
    let scale = match word.strip_suffix(unit)? {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        _ => return None,
    };
    Some((number * scale, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_source_as_long_as_nobody_changes_them() {
        let scenario = "
            [class.x86_core]
            x25519 = \"79000ns\"
            request = \"7ms\"
            [link.own]
            latency = \"30ms\"
            jitter = \"30ms\"
            loss = 0.003
            rate_up = \"5Mbps\"
            rate_down = \"5000kbps\"
            mtu = \"1352B\"
            header = \"48B\"
            queue = \"64kB\"
        ";
        let parts = parts(scenario);
        let of = |part: usize, key: &str| {
            let figure = parts[part].figures.iter().find(|figure| figure.key == key).unwrap();
            (figure.basis, figure.confidence)
        };
        assert_eq!(of(0, "x25519"), ("measured", "medium"));
        assert_eq!(of(0, "request"), (SET, ""));
        assert!(parts[1].about.contains("lte_backhaul"), "{}", parts[1].about);
        assert_eq!(of(1, "rate_up"), ("recalled", "high"));
        assert_eq!(of(1, "queue"), (SET, ""));
        assert!(told(&parts).starts_with("1 measured, "), "{}", told(&parts));
    }

    #[test]
    fn any_text_is_taken() {
        for text in ["", "[class]", "class = 3", "[class.x]\ny = []", "]]", "[link.\"<b>\"]\na=1"] {
            let _ = told(&parts(text));
        }
        assert!(!is_equal("5ms", "5s") && !is_equal("5B", "5J") && is_equal("none", "none"));
    }
}

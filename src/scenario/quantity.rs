//! Quantities: a number and its unit in one string, read without loss.

use std::borrow::Cow;
use std::fmt::Debug;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::codes::Code;
use super::diagnostics::Diagnostics;
use super::source::{enumerate, nearest, quote};
use super::table::{Word, wrong_type};
use super::tree::{Node, Value};

/// Longest text of a quantity, in bytes: the smallest `f64` needs about 330 digits.
const TEXT_LEN_MAX: usize = 400;
const HUNDRED_YEARS_NS: u64 = 36_500 * 86_400 * 1_000_000_000;

/// A kind of quantity.
pub(super) trait Dimension: Clone + Debug + 'static {
    /// With its article, such as `a time`.
    const KIND: &'static str;
    /// Units, the most usual ones in the middle.
    const UNITS: &'static [&'static str];
    /// What people write instead, and what they mean.
    const ALIASES: &'static [(&'static str, &'static str)];
    /// A number without unit becomes an example with this one.
    const USUAL: &'static str;
    /// The value in the unit that the plan uses.
    type Value: Copy + Debug;

    /// `number` (digits with at most one point) of `unit`; the error says which limit it breaks.
    fn value(number: &str, unit: &str) -> Result<Self::Value, String>;
}

/// A quantity of dimension `D`.
#[derive(Clone, Debug)]
pub(super) struct Quantity<D: Dimension> {
    pub(super) value: D::Value,
    dimension: PhantomData<D>,
}

impl<D: Dimension> Word for Quantity<D> {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            not_a_string::<D>(node, name, report);
            return None;
        };
        match parse::<D>(text) {
            Ok(value) => Some(Self { value, dimension: PhantomData }),
            Err(fault) => {
                let message = format!("{}: {}", quote(name), fault.message);
                let amend = report.add(fault.code, node.place, message).label(fault.label);
                if let Some(hint) = fault.hint {
                    amend.hint(hint);
                }
                None
            }
        }
    }
}

impl<D: Dimension> JsonSchema for Quantity<D> {
    fn schema_name() -> Cow<'static, str> {
        D::KIND.replace(' ', "_").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let units = D::UNITS.join("|");
        json_schema!({
            "type": "string",
            "pattern": format!("^\\s*[0-9][0-9_]*(\\.[0-9]+)?\\s*({units})\\s*$"),
        })
    }
}

/// Why a text is no quantity.
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    label: &'static str,
    hint: Option<String>,
}

/// Reads a quantity.
pub(super) fn parse<D: Dimension>(text: &str) -> Result<D::Value, Fault> {
    let fault = |code, message, label, hint| Fault { code, message, label, hint };
    let trimmed = text.trim();
    let example = || Some(format!("write it like \"20{}\"", D::USUAL));
    if trimmed.starts_with('-') {
        let message = format!("{} cannot be negative", D::KIND);
        return Err(fault(Code::OutOfRange, message, "negative", None));
    }
    let digits_end = trimmed
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits_end);
    let number = number.replace('_', "");
    let unit = unit.trim();
    if !is_number(&number) || text.len() > TEXT_LEN_MAX {
        let message = format!("{} is not {}", quote(text), D::KIND);
        return Err(fault(Code::WrongType, message, "expected a number and a unit", example()));
    }
    if unit.is_empty() {
        let message = format!("{} needs a unit", D::KIND);
        let hint = Some(format!(
            "give it one, such as \"{number}{}\"; units are {}",
            D::USUAL,
            enumerate(D::UNITS.iter().copied())
        ));
        return Err(fault(Code::MissingUnit, message, "no unit", hint));
    }
    if !D::UNITS.contains(&unit) {
        let message = format!("{} is not a unit of {}", quote(unit), bare(D::KIND));
        return Err(fault(Code::UnknownUnit, message, "unknown unit", Some(unit_hint::<D>(unit))));
    }
    D::value(&number, unit).map_err(|limit| fault(Code::OutOfRange, limit, "out of range", None))
}

fn unit_hint<D: Dimension>(unit: &str) -> String {
    let lower = unit.to_lowercase();
    let alias = D::ALIASES.iter().find(|(alias, _)| *alias == lower).map(|(_, meant)| *meant);
    let same = || D::UNITS.iter().copied().find(|known| known.to_lowercase() == lower);
    let near = || nearest(unit, D::UNITS.iter().copied());
    match alias.or_else(same).or_else(near) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("units are {}", enumerate(D::UNITS.iter().copied())),
    }
}

fn not_a_string<D: Dimension>(node: &Node, name: &str, report: &mut Diagnostics) {
    let number = match &node.value {
        Value::Integer(Some(n)) => n.to_string(),
        Value::Float(x) if x.is_finite() => x.to_string(),
        Value::Integer(None) | Value::Float(_) => "20".to_owned(),
        _ => return wrong_type(node, name, D::KIND, report),
    };
    report
        .add(Code::MissingUnit, node.place, format!("{}: {} needs a unit", quote(name), D::KIND))
        .label("no unit")
        .hint(format!(
            "give it one, such as \"{}{}\"; units are {}",
            number.trim_start_matches('-'),
            D::USUAL,
            enumerate(D::UNITS.iter().copied())
        ));
}

/// Digits, with at most one point between digits.
fn is_number(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// Without its article.
fn bare(kind: &str) -> &str {
    kind.split_once(' ').map_or(kind, |(_, bare)| bare)
}

/// `number * factor`, exactly; `None` if it is not whole or does not fit.
fn exact(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let digits: u128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let product = digits.checked_mul(u128::from(factor))?;
    if product % scale != 0 {
        return None;
    }
    u64::try_from(product / scale).ok()
}

macro_rules! dimension {
    (
        $(#[doc = $doc:literal])* $name:ident $alias:ident: $kind:literal, usual $usual:literal,
        exact { $($unit:literal = $factor:expr),* },
        in $low:expr => $low_text:literal, $high:expr => $high_text:literal,
        aliases $aliases:expr
    ) => {
        dimension!(@type $(#[doc = $doc])* $name $alias);

        impl Dimension for $name {
            const KIND: &'static str = $kind;
            const UNITS: &'static [&'static str] = &[$($unit),*];
            const ALIASES: &'static [(&'static str, &'static str)] = $aliases;
            const USUAL: &'static str = $usual;
            type Value = u64;

            fn value(number: &str, unit: &str) -> Result<u64, String> {
                let factor: u64 = match unit { $($unit => $factor,)* _ => 1 };
                let value = exact(number, factor).filter(|value| ($low..=$high).contains(value));
                value.ok_or_else(|| {
                    let (low, high) = ($low_text, $high_text);
                    format!("must be a whole number of {}, from {low} to {high}", Self::UNITS[0])
                })
            }
        }
    };
    (
        $(#[doc = $doc:literal])* $name:ident $alias:ident: $kind:literal, usual $usual:literal,
        real { $($unit:literal = $factor:expr),* }, to $high:expr => $high_text:literal,
        aliases $aliases:expr
    ) => {
        dimension!(@type $(#[doc = $doc])* $name $alias);

        impl Dimension for $name {
            const KIND: &'static str = $kind;
            const UNITS: &'static [&'static str] = &[$($unit),*];
            const ALIASES: &'static [(&'static str, &'static str)] = $aliases;
            const USUAL: &'static str = $usual;
            type Value = f64;

            fn value(number: &str, unit: &str) -> Result<f64, String> {
                let factor: f64 = match unit { $($unit => $factor,)* _ => 1.0 };
                let value = number.parse::<f64>().map_or(f64::NAN, |number| number * factor);
                let inside = (0.0..=$high).contains(&value);
                if inside { Ok(value) } else { Err(format!("can be at most {}", $high_text)) }
            }
        }
    };
    (@type $(#[doc = $doc:literal])* $name:ident $alias:ident) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub(super) struct $name;
        $(#[doc = $doc])*
        pub(super) type $alias = Quantity<$name>;
    };
}

/// What people write for times, and what they mean.
#[rustfmt::skip]
const TIME_ALIASES: &[(&str, &str)] = &[
    ("m", "min"), ("mins", "min"), ("minute", "min"), ("minutes", "min"),
    ("sec", "s"), ("secs", "s"), ("second", "s"), ("seconds", "s"),
    ("hr", "h"), ("hrs", "h"), ("hour", "h"), ("hours", "h"), ("day", "d"), ("days", "d"),
    ("msec", "ms"), ("millis", "ms"), ("milliseconds", "ms"),
    ("\u{b5}s", "us"), ("\u{3bc}s", "us"), ("usec", "us"), ("micros", "us"), ("nanos", "ns"),
];

dimension! {
    /// A span of time, in whole nanoseconds up to 100 years.
    TimeDimension TimeSpan: "a time", usual "ms",
    exact {
        "ns" = 1, "us" = 1_000, "ms" = 1_000_000, "s" = 1_000_000_000,
        "min" = 60_000_000_000, "h" = 3_600_000_000_000, "d" = 86_400_000_000_000
    },
    in 0 => "0", HUNDRED_YEARS_NS => "100 years (36500d)",
    aliases TIME_ALIASES
}
dimension! {
    /// The price of an operation, in nanoseconds up to 1000 s; parts of a nanosecond count.
    PriceDimension Price: "a time", usual "us",
    real { "ns" = 1.0, "us" = 1e3, "ms" = 1e6, "s" = 1e9, "min" = 6e10 }, to 1e12 => "1000s",
    aliases TIME_ALIASES
}
dimension! {
    /// A rate in bits per second, from 1 bps to 1000 Tbps.
    RateDimension BitRate: "a rate", usual "kbps",
    exact { "bps" = 1, "kbps" = 1_000, "Mbps" = 1_000_000, "Gbps" = 1_000_000_000 },
    in 1 => "1bps", 1_000_000_000_000_000 => "1000000Gbps",
    aliases &[
        ("bit/s", "bps"), ("baud", "bps"), ("k", "kbps"), ("kbit/s", "kbps"), ("kb/s", "kbps"),
        ("m", "Mbps"), ("mbit/s", "Mbps"), ("mb/s", "Mbps"), ("gbit/s", "Gbps"), ("gb/s", "Gbps")
    ]
}
dimension! {
    /// A number of bytes, up to 1 TB.
    SizeDimension Bytes: "a size", usual "B",
    exact {
        "B" = 1, "kB" = 1_000, "KiB" = 1_024, "MB" = 1_000_000, "MiB" = 1_048_576,
        "GB" = 1_000_000_000
    },
    in 0 => "0", 1_000_000_000_000 => "1000GB",
    aliases &[
        ("byte", "B"), ("bytes", "B"), ("octets", "B"), ("k", "kB"), ("kb", "kB"), ("m", "MB")
    ]
}
dimension! {
    /// A power in watts, up to 1 MW.
    PowerDimension Power: "a power", usual "mW",
    real { "uW" = 1e-6, "mW" = 1e-3, "W" = 1.0 }, to 1e6 => "1000000W",
    aliases &[("\u{b5}w", "uW"), ("\u{3bc}w", "uW"), ("watt", "W"), ("watts", "W")]
}
dimension! {
    /// An energy in microjoules, up to 1 GJ.
    EnergyDimension Energy: "an energy", usual "uJ",
    real { "nJ" = 1e-3, "uJ" = 1.0, "mJ" = 1e3, "J" = 1e6 }, to 1e15 => "1000000000J",
    aliases &[("\u{b5}j", "uJ"), ("\u{3bc}j", "uJ"), ("joule", "J"), ("joules", "J")]
}
dimension! {
    /// A frequency in events per second, up to a billion.
    FrequencyDimension Frequency: "a frequency", usual "/s",
    real { "/s" = 1.0, "/min" = 1.0 / 60.0, "/h" = 1.0 / 3_600.0 }, to 1e9 => "1000000000/s",
    aliases &[("hz", "/s"), ("per second", "/s"), ("s", "/s"), ("/sec", "/s"), ("/m", "/min")]
}

/// Nanoseconds in the units of time, the largest first.
pub(super) const TIME_UNITS: [(u64, &str); 7] = [
    (86_400_000_000_000, "d"),
    (3_600_000_000_000, "h"),
    (60_000_000_000, "min"),
    (1_000_000_000, "s"),
    (1_000_000, "ms"),
    (1_000, "us"),
    (1, "ns"),
];

/// A time as one would write it, without loss.
pub(super) fn time_text(nanos: u64) -> String {
    if nanos == 0 { "0s".to_owned() } else { whole_text(nanos, &TIME_UNITS) }
}

/// A rate as one would write it, without loss.
pub(super) fn rate_text(bits_per_second: u64) -> String {
    whole_text(
        bits_per_second,
        &[(1_000_000_000, "Gbps"), (1_000_000, "Mbps"), (1_000, "kbps"), (1, "bps")],
    )
}

/// A size as one would write it, without loss.
pub(super) fn size_text(bytes: u64) -> String {
    if bytes == 0 { "0B".to_owned() } else { whole_text(bytes, &[(1_000, "kB"), (1, "B")]) }
}

/// A price as one would write it, without loss.
pub(super) fn price_text(nanos: f64) -> String {
    real_text(nanos, &[(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns")])
}

/// A power as one would write it, without loss.
pub(super) fn power_text(watts: f64) -> String {
    real_text(watts, &[(1.0, "W"), (1e-3, "mW"), (1e-6, "uW"), (1.0, "W")])
}

/// The largest unit that leaves a whole number; the last unit is 1.
fn whole_text(value: u64, units: &[(u64, &str)]) -> String {
    let found = units.iter().find(|(factor, _)| value.is_multiple_of(*factor));
    found.map_or_else(|| value.to_string(), |(factor, unit)| format!("{}{unit}", value / factor))
}

/// The first unit that leaves at least 1 and reads back as the same value, else the last, which is
/// 1.
fn real_text(value: f64, units: &[(f64, &str)]) -> String {
    let lossless = |(factor, _): &&(f64, &str)| {
        let scaled = value / factor;
        scaled >= 1.0 && (scaled * factor).to_bits() == value.to_bits() && short(scaled)
    };
    match units.iter().find(lossless) {
        Some((factor, unit)) => format!("{}{unit}", value / factor),
        None => format!("{value}{}", units.last().map_or("", |(_, unit)| unit)),
    }
}

/// Would anyone write this number?
fn short(number: f64) -> bool {
    number.to_string().len() <= 7
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Result<u64, Code> {
        parse::<TimeDimension>(text).map_err(|fault| fault.code)
    }

    #[test]
    fn quantities_are_exact() {
        assert_eq!(time("20ms"), Ok(20_000_000));
        assert_eq!(time(" 1_000.5 us "), Ok(1_000_500));
        assert_eq!(time("0.1s"), Ok(100_000_000));
        assert_eq!(time("7d"), Ok(604_800_000_000_000));
        assert_eq!(parse::<RateDimension>("5.47kbps").ok(), Some(5_470));
        assert_eq!(parse::<SizeDimension>("64KiB").ok(), Some(65_536));
        assert_eq!(parse::<PowerDimension>("10mW").ok(), Some(0.01));
    }

    #[test]
    fn misdeeds_are_told_apart() {
        assert_eq!(time("20"), Err(Code::MissingUnit));
        assert_eq!(time("20 parsecs"), Err(Code::UnknownUnit));
        assert_eq!(time("-1s"), Err(Code::OutOfRange));
        assert_eq!(time("0.5ns"), Err(Code::OutOfRange));
        assert_eq!(time("99999999999999999999999999999999999999999d"), Err(Code::OutOfRange));
        assert_eq!(time("soon"), Err(Code::WrongType));
        assert_eq!(time("1.2.3s"), Err(Code::WrongType));
        assert_eq!(time("infs"), Err(Code::WrongType));
        assert_eq!(time(""), Err(Code::WrongType));
    }

    #[test]
    fn times_read_back_as_written() {
        for nanos in [0, 1, 999, 1_500_000, 90_000_000_000, HUNDRED_YEARS_NS] {
            assert_eq!(time(&time_text(nanos)), Ok(nanos));
        }
    }

    #[test]
    fn prices_read_back_as_written() {
        for nanos in [0.0, 0.25, 24.6, 313_000.0, 8.58e6, 1.0 / 3.0, 1e12, 5e-324, 123_456.789] {
            let text = price_text(nanos);
            assert_eq!(parse::<PriceDimension>(&text).ok(), Some(nanos), "{text}");
            let text = power_text(nanos / 1e7);
            assert_eq!(parse::<PowerDimension>(&text).ok(), Some(nanos / 1e7), "{text}");
        }
        assert_eq!((price_text(313_000.0), power_text(0.01)), ("313us".into(), "10mW".into()));
    }
}

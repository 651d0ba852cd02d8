//! Values without units.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::scenario::codes::Code;
use crate::scenario::diagnostics::Diagnostics;
use crate::scenario::source::{At, quote};
use crate::scenario::table::{Word, wrong_type};
use crate::scenario::tree::{Node, Value};

/// Any string.
pub(in crate::scenario) type Text = String;
/// True or false.
pub(in crate::scenario) type Flag = bool;
/// A number of nodes.
pub(in crate::scenario) type Count = Integer<1, 10_000_000>;

impl Word for String {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            wrong_type(node, name, "a string", report);
            return None;
        };
        Some(text.clone())
    }
}

impl Word for bool {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let Value::Bool(value) = node.value else {
            wrong_type(node, name, "true or false", report);
            return None;
        };
        Some(value)
    }
}

/// A whole number from `LOW` to `HIGH`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Integer<const LOW: u32, const HIGH: u32>(
    pub(in crate::scenario) u32,
);

impl<const LOW: u32, const HIGH: u32> Word for Integer<LOW, HIGH> {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let Value::Integer(number) = node.value else {
            wrong_type(node, name, "an integer", report);
            return None;
        };
        let value = number.and_then(|number| u32::try_from(number).ok());
        let value = value.filter(|value| (LOW..=HIGH).contains(value));
        if value.is_none() {
            let message = format!("{} must be from {LOW} to {HIGH}", quote(name));
            report.add(Code::OutOfRange, node.place, message).label("out of range");
        }
        value.map(Self)
    }
}

impl<const LOW: u32, const HIGH: u32> JsonSchema for Integer<LOW, HIGH> {
    fn schema_name() -> Cow<'static, str> {
        format!("Integer_{LOW}_{HIGH}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": LOW, "maximum": HIGH })
    }
}

/// A seed: any `u64`; above what TOML's integers hold it is written as a string of digits.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Seed(pub(in crate::scenario) u64);

impl Word for Seed {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let seed = match &node.value {
            Value::Integer(number) => number.and_then(|number| u64::try_from(number).ok()),
            Value::Text(text) => match text.strip_prefix("0x") {
                Some(digits) => u64::from_str_radix(digits, 16).ok(),
                None => text.parse().ok(),
            },
            _ => {
                wrong_type(node, name, "an integer", report);
                return None;
            }
        };
        if seed.is_none() {
            let message = format!("{} must be from 0 to {}", quote(name), u64::MAX);
            report.add(Code::OutOfRange, node.place, message).label("out of range");
        }
        seed.map(Self)
    }
}

impl JsonSchema for Seed {
    fn schema_name() -> Cow<'static, str> {
        "Seed".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "minimum": 0 })
    }
}

/// A probability from 0 to below 1.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Probability(pub(in crate::scenario) f64);

impl Word for Probability {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let value = match node.value {
            Value::Float(value) => value,
            Value::Integer(Some(0)) => 0.0,
            Value::Integer(_) => f64::NAN,
            _ => {
                wrong_type(node, name, "a number", report);
                return None;
            }
        };
        if (0.0..1.0).contains(&value) {
            // `-0.0` is in the range; one zero is enough.
            return Some(Self(value.abs()));
        }
        report
            .add(Code::OutOfRange, node.place, format!("{} must be from 0 to below 1", quote(name)))
            .label("not a probability below 1")
            .hint("one in a hundred is 0.01");
        None
    }
}

impl JsonSchema for Probability {
    fn schema_name() -> Cow<'static, str> {
        "Probability".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "exclusiveMaximum": 1 })
    }
}

/// A value, or the word `"none"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct OrNone<T>(pub(in crate::scenario) Option<T>);

impl<T: Word> Word for OrNone<T> {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        if matches!(&node.value, Value::Text(text) if text == "none") {
            return Some(Self(None));
        }
        T::read(node, name, report).map(|value| Self(Some(value)))
    }
}

impl<T: JsonSchema> JsonSchema for OrNone<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}_or_none", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [T::json_schema(generator), { "const": "none" }] })
    }
}

/// A number from 0 to a million millions: money, a rate, a weight.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Amount(pub(in crate::scenario) f64);

/// Largest amount.
const AMOUNT_MAX: f64 = 1e12;

impl Word for Amount {
    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 it is out of range")]
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let value = match node.value {
            Value::Float(value) => value,
            Value::Integer(number) => number.map_or(f64::INFINITY, |number| number as f64),
            _ => {
                wrong_type(node, name, "a number", report);
                return None;
            }
        };
        if (0.0..=AMOUNT_MAX).contains(&value) {
            return Some(Self(value.abs()));
        }
        let message = format!("{} must be from 0 to {AMOUNT_MAX}", quote(name));
        report.add(Code::OutOfRange, node.place, message).label("out of range");
        None
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": AMOUNT_MAX })
    }
}

/// A list of strings, each with its place.
#[derive(Clone, Debug, Default)]
pub(in crate::scenario) struct Texts(pub(in crate::scenario) Vec<At<String>>);

/// Most strings of one list.
const TEXTS_MAX: usize = 256;

impl Word for Texts {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let Value::List(items) = &node.value else {
            wrong_type(node, name, "a list of strings", report);
            return None;
        };
        if items.len() > TEXTS_MAX {
            let message = format!("{} has more than {TEXTS_MAX} entries", quote(name));
            report.add(Code::OutOfRange, node.place, message);
            return None;
        }
        let read = |item: &Node| {
            let value = String::read(item, name, report)?;
            Some(At { value, place: item.place })
        };
        items.iter().map(read).collect::<Option<Vec<_>>>().map(Self)
    }
}

impl JsonSchema for Texts {
    fn schema_name() -> Cow<'static, str> {
        "Texts".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "string" }, "maxItems": TEXTS_MAX })
    }
}

/// Values that a key takes in turn, each as TOML has it.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Values(pub(in crate::scenario) Vec<At<String>>);

impl Word for Values {
    fn read(node: &Node, name: &str, report: &mut Diagnostics) -> Option<Self> {
        let Value::List(items) = &node.value else {
            wrong_type(node, name, "a list of values", report);
            return None;
        };
        let mut values = Vec::new();
        for item in items {
            match item.value.literal() {
                Some(value) => values.push(At { value, place: item.place }),
                None => {
                    wrong_type(item, name, "strings, numbers, true and false", report);
                    return None;
                }
            }
        }
        Some(Self(values))
    }
}

impl JsonSchema for Values {
    fn schema_name() -> Cow<'static, str> {
        "Values".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let item = json_schema!({ "type": ["string", "number", "boolean"] });
        json_schema!({ "type": "array", "items": item, "minItems": 1 })
    }
}

//! The types of TS-0004 as far as a serialisation has to tell them apart, and their texts.

use crate::wire::value::Value;

/// What one value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Text: strings, identifiers, timestamps and everything with a syntax of its own.
    Text,
    /// A truth value.
    Bool,
    /// An integer or a number of an enumeration.
    Integer,
    /// A number.
    Float,
    /// m2m:absRelTimestamp: a timestamp, or milliseconds from now.
    Moment,
    /// A complex type.
    Object,
    /// Anything.
    Any,
}

/// What an attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// One value or each element.
    pub base: Base,
    /// It is a list.
    pub list: bool,
}

impl Kind {
    /// What is not known: one value of any type.
    pub const ANY: Self = Self { base: Base::Any, list: false };

    /// The kind of a type of the tables; `None` for a type that they should not have.
    pub(super) fn of(type_name: &str, element: &str) -> Option<Self> {
        match type_name {
            "list" | "listNE" => Some(Self { base: Base::of(element)?, list: true }),
            _ => Some(Self { base: Base::of(type_name)?, list: false }),
        }
    }
}

impl Base {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "string" | "anyURI" | "ID" | "IDCSR" | "AEID" | "CSEID" | "SPID" | "ncname"
            | "token" | "timestamp" | "duration" | "schedule" | "base64" | "iccid" | "imsi"
            | "ipv4Address" | "ipv6Address" => Self::Text,
            "boolean" => Self::Bool,
            "enum" | "integer" | "nonNegInteger" | "positiveInteger" | "unsignedInt"
            | "unsignedLong" => Self::Integer,
            "float" => Self::Float,
            "absRelTimestamp" => Self::Moment,
            "any" | "jsonLike" | "geoJsonCoordinate" => Self::Any,
            "adict" => Self::Object,
            _ if name.starts_with("m2m:") || name.starts_with("dcfg:") => Self::Object,
            "accessControlContexts" | "accessControlIpAddresses" => Self::Object,
            _ => return None,
        })
    }

    /// The value that `text` stands for; `None` if it stands for none of this type.
    #[must_use]
    pub fn value_of(self, text: &str) -> Option<Value> {
        match self {
            Self::Text | Self::Any => Some(Value::from(text)),
            Self::Bool => match text {
                "true" | "1" => Some(Value::Bool(true)),
                "false" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Integer => integer(text),
            Self::Float => float(text),
            Self::Moment => integer(text).or_else(|| Some(Value::from(text))),
            Self::Object => None,
        }
    }
}

/// A decimal integer of 64 bits without `+` and superfluous zeros.
fn integer(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty()
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
        || digits.len() > 1 && digits.starts_with('0')
        || text == "-0"
    {
        return None;
    }
    let small = text.parse().map(Value::Integer).ok();
    small.or_else(|| text.parse::<u64>().map(Value::from).ok())
}

/// A finite decimal number; one without fraction and exponent is an integer.
fn float(text: &str) -> Option<Value> {
    let allowed = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    if !text.bytes().all(allowed) || text.starts_with('+') {
        return None;
    }
    integer(text).or_else(|| Value::float(text.parse().ok()?))
}

/// The text of a value that is neither null nor object nor list.
#[must_use]
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Integer(value) => Some(value.to_string()),
        Value::Unsigned(value) => Some(value.to_string()),
        // `{:?}` keeps the fraction or exponent, and reads back to the same number.
        Value::Float(value) => Some(format!("{value:?}")),
        Value::Text(text) => Some(text.clone()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

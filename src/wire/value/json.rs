//! JSON (RFC 8259): `serde_json` for the syntax, our own visitor for what it would let pass.
//!
//! Left to itself `serde_json` keeps the last of repeated members, turns large integers into floats and
//! nests to 128.

use crate::planted::{self, Defect};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use super::{Fault, Malformed, Map, Unwritable, Value};
use crate::wire::limits::{MAX_DEPTH, MAX_ITEMS, MAX_MEMBERS, MAX_NAME};

/// Reads an object that fills `bytes` but for white space.
///
/// # Errors
/// Names what is wrong, and where.
pub fn read(bytes: &[u8]) -> Result<Map, Malformed> {
    let text = str::from_utf8(bytes)
        .map_err(|error| Malformed { fault: Fault::Utf8, at: error.valid_up_to() })?;
    let mut notes = Notes::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Seed { notes: &mut notes, depth: 0 }
        .deserialize(&mut reader)
        .map_err(|error| malformed(text, &error, notes.fault))?;
    reader.end().map_err(|error| malformed(text, &error, Some(Fault::Trailing)))?;
    if notes.large
        && let Some(at) = oversized_integer(bytes)
    {
        return Err(Malformed { fault: Fault::NumberRange, at });
    }
    match value {
        Value::Map(map) => Ok(map),
        _ => Err(Malformed { fault: Fault::NotAnObject, at: 0 }),
    }
}

/// Writes an object without white space.
///
/// # Errors
/// None for values that keep their own rules; a float that is not finite has no form.
pub fn write(map: &Map) -> Result<Vec<u8>, Unwritable> {
    serde_json::to_vec(map).map_err(|_| Unwritable::Root)
}

/// Room for a small resource without growing.
const USUAL_LEN: usize = 384;

/// Writes an object with one member without white space.
///
/// # Errors
/// See [`write()`].
pub fn write_single(name: &str, value: &Value) -> Result<Vec<u8>, Unwritable> {
    let mut bytes = Vec::with_capacity(USUAL_LEN);
    let mut output = serde_json::Serializer::new(&mut bytes);
    let mut write = || {
        let mut map = output.serialize_map(Some(1))?;
        map.serialize_entry(name, value)?;
        SerializeMap::end(map)
    };
    write().map_err(|_| Unwritable::Root)?;
    Ok(bytes)
}

/// What the visitors leave for the caller; serde's own error carries text only.
#[derive(Default)]
struct Notes {
    fault: Option<Fault>,
    /// A float of the size of an integer that fits no 64 bits was seen.
    large: bool,
}

impl Notes {
    fn refuse<E: serde::de::Error>(&mut self, fault: Fault) -> E {
        self.fault = Some(fault);
        E::custom(fault)
    }
}

fn malformed(text: &str, error: &serde_json::Error, noted: Option<Fault>) -> Malformed {
    let fault = match error.classify() {
        _ if noted == Some(Fault::Trailing) => Fault::Trailing,
        serde_json::error::Category::Eof => Fault::Truncated,
        serde_json::error::Category::Data => noted.unwrap_or(Fault::Syntax),
        // The only syntax error that is about a value.
        _ if error.to_string().starts_with("number out of range") => Fault::NumberRange,
        _ => Fault::Syntax,
    };
    if fault == Fault::Truncated {
        return Malformed { fault, at: text.len() };
    }
    let before: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    Malformed { fault, at: (before + error.column().saturating_sub(1)).min(text.len()) }
}

/// The place of the first number without fraction and exponent that fits no 64 bits. The bytes are known
/// to be JSON.
fn oversized_integer(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' {
            at += 1;
            while let Some(&inside) = bytes.get(at) {
                match inside {
                    b'"' => break,
                    b'\\' => at += 2,
                    _ => at += 1,
                }
            }
            at += 1;
        } else if byte == b'-' || byte.is_ascii_digit() {
            let rest = bytes.get(at..)?;
            let is_number =
                |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
            let len = rest.iter().take_while(is_number).count();
            let number = str::from_utf8(rest.get(..len)?).ok()?;
            if !number.contains(['.', 'e', 'E'])
                && number != "-0"
                && number.parse::<i64>().is_err()
                && number.parse::<u64>().is_err()
            {
                return Some(at);
            }
            at += len;
        } else {
            at += 1;
        }
    }
    None
}

/// Reads one value at a depth.
struct Seed<'n> {
    notes: &'n mut Notes,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // 2^63: no integer below it becomes a float.
        self.notes.large |= value.abs() >= 9_223_372_036_854_775_808.0;
        Value::float(value).ok_or_else(|| self.notes.refuse(Fault::NotFinite))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.notes.refuse(Fault::Depth));
        }
        let mut items = Vec::new();
        let depth = self.depth + 1;
        while let Some(item) = list.next_element_seed(Seed { notes: self.notes, depth })? {
            if items.len() == MAX_ITEMS {
                return Err(self.notes.refuse(Fault::ListTooLong));
            }
            items.push(item);
            if planted::is(Defect::JsonQuadratic) {
                // Every item is compared with all before it, again and again.
                let same = items.iter().flat_map(|a| items.iter().map(move |b| a == b));
                std::hint::black_box(same.filter(|same| *same).count());
            }
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.notes.refuse(Fault::Depth));
        }
        let mut members = Vec::new();
        let depth = self.depth + 1;
        while let Some(name) = map.next_key::<String>()? {
            if members.len() == MAX_MEMBERS {
                return Err(self.notes.refuse(Fault::TooManyMembers));
            }
            if name.len() > MAX_NAME {
                return Err(self.notes.refuse(Fault::NameTooLong));
            }
            let value = map.next_value_seed(Seed { notes: self.notes, depth })?;
            members.push((name.into(), value));
        }
        match Map::from_members(members) {
            Ok(map) => Ok(Value::Map(map)),
            Err(_) => Err(self.notes.refuse(Fault::Repeated)),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let mut map = output.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => output.serialize_unit(),
            Self::Bool(value) => output.serialize_bool(*value),
            Self::Integer(value) => output.serialize_i64(*value),
            Self::Unsigned(value) => output.serialize_u64(*value),
            Self::Float(value) if value.is_finite() => output.serialize_f64(*value),
            Self::Float(_) => Err(S::Error::custom("not finite")),
            Self::Text(text) => output.serialize_str(text),
            Self::List(items) => output.collect_seq(items),
            Self::Map(map) => map.serialize(output),
        }
    }
}

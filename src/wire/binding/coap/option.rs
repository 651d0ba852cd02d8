//! oneM2M's CoAP options: the parameter that each carries, in both generations of numbers.

use super::super::collection::{Collection, agree, typed};
use super::super::{Refusal, Unsendable};
use super::{text, uint};
use crate::wire::coap;
use crate::wire::limits::MAX_IDENTIFIER;
use crate::wire::primitive::CoapOptions;
use crate::wire::schema::text_of;
use crate::wire::value::{Map, Value};

/// TY of both generations: resource type.
pub const TY: u16 = 267;
/// RVI: release.
pub const RVI: u16 = 271;
/// FR: originator.
pub const FR: u16 = 279;
/// RQI: request identifier.
pub const RQI: u16 = 283;
/// RSC: response status code.
pub const RSC: u16 = 307;

/// How the value of an option is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Text of what type the tables say.
    Text,
    /// Text that is text by the tables too.
    Plain,
    /// An unsigned integer of at most so many bytes.
    Uint(usize),
    /// Several texts joined by a character.
    Joined(char),
}

/// Parameter, number in the current generation, number in the old one, form. TS-0008; the old numbers
/// after FR, RQI, TY and RVI are recalled, not verified. In order of the current number.
const TABLE: [(&str, u16, Option<u16>, Form); 21] = [
    ("ot", 259, Some(259), Form::Text),
    ("nu", 263, Some(263), Form::Joined('&')),
    ("ty", TY, Some(267), Form::Uint(2)),
    ("rvi", RVI, Some(268), Form::Plain),
    ("asri", 275, None, Form::Text),
    ("fr", FR, Some(256), Form::Plain),
    ("rqi", RQI, Some(257), Form::Plain),
    ("rqet", 291, Some(260), Form::Text),
    ("rset", 295, Some(261), Form::Text),
    ("oet", 299, Some(262), Form::Text),
    ("ec", 303, Some(264), Form::Uint(2)),
    ("rsc", RSC, Some(265), Form::Uint(2)),
    ("gid", 311, Some(266), Form::Text),
    ("cnot", 319, None, Form::Uint(4)),
    ("cnst", 323, None, Form::Uint(2)),
    ("vsi", 331, None, Form::Text),
    ("grtm", 335, None, Form::Joined(' ')),
    ("aus", 339, None, Form::Joined(' ')),
    ("omr", 343, None, Form::Joined(' ')),
    ("prpi", 347, None, Form::Text),
    ("msu", 351, None, Form::Text),
];

fn number(row: &(&str, u16, Option<u16>, Form), generation: CoapOptions) -> Option<u16> {
    match generation {
        CoapOptions::Current => Some(row.1),
        CoapOptions::Old => row.2,
    }
}

/// The option belongs to oneM2M in this generation.
#[must_use]
pub fn is_onem2m(option: u16, generation: CoapOptions) -> bool {
    TABLE.iter().any(|row| number(row, generation) == Some(option))
}

/// The number of the option that carries a parameter.
#[must_use]
pub fn number_of(parameter: &str, generation: CoapOptions) -> Option<u16> {
    let row = TABLE.iter().find(|(name, ..)| *name == parameter)?;
    number(row, generation)
}

/// Notes the parameter that an option carries; false if it carries none.
pub(super) fn read(
    collection: &mut Collection,
    option: u16,
    value: &[u8],
    generation: CoapOptions,
) -> Result<bool, Refusal> {
    let row = TABLE.iter().find(|row| number(row, generation) == Some(option));
    let Some(&(name, _, _, form)) = row else { return Ok(false) };
    // RFC 7252 section 5.4.5: none of them may be repeated.
    if collection.has(name) {
        return Err(Refusal::CriticalOption);
    }
    match form {
        Form::Uint(bytes) if value.len() > bytes => return Err(Refusal::OptionValue),
        Form::Uint(_) => {
            let number = coap::read_uint(value).ok_or(Refusal::OptionValue)?;
            collection.put(name, Value::from(u64::from(number)))?;
        }
        Form::Joined(separator) => {
            let parts: Vec<Value> = text(value)?.split(separator).map(Value::from).collect();
            if name == "nu" {
                agree(&mut collection.response_type, "nu", Value::List(parts))?;
            } else {
                collection.put(name, Value::List(parts))?;
            }
        }
        Form::Plain => collection.put(name, Value::from(text(value)?))?,
        Form::Text => {
            let value = typed("m2m:rqp", name, text(value)?).ok_or(Refusal::OptionValue)?;
            collection.put(name, value)?;
        }
    }
    Ok(true)
}

/// Moves the parameters that have an option out of `map`, in order of number.
pub(super) fn write(
    map: &mut Map,
    generation: CoapOptions,
) -> Result<Vec<(u16, Vec<u8>)>, Unsendable> {
    let mut options = Vec::with_capacity(map.len());
    let mut uris = None;
    if let Some(Value::Map(mut response_type)) = map.remove("rt") {
        uris = response_type.remove("nu");
        if !response_type.is_empty() {
            map.insert("rt", Value::Map(response_type));
        }
    }
    for row in &TABLE {
        let Some(option) = number(row, generation) else { continue };
        let (name, _, _, form) = *row;
        let value = if name == "nu" { uris.take() } else { map.remove(name) };
        if let Some(value) = value {
            let bytes =
                bytes(&value, form).ok_or_else(|| Unsendable::Parameter(name.to_owned()))?;
            options.push((option, bytes));
        }
    }
    options.sort_by_key(|(number, _)| *number);
    if uris.is_some() { Err(Unsendable::Parameter("nu".to_owned())) } else { Ok(options) }
}

fn bytes(value: &Value, form: Form) -> Option<Vec<u8>> {
    let text = match form {
        Form::Uint(len) => {
            let bytes = uint(u32::try_from(value.as_u64()?).ok()?);
            return (bytes.len() <= len).then_some(bytes);
        }
        Form::Text | Form::Plain => text_of(value)?,
        Form::Joined(separator) => {
            let parts: Option<Vec<&str>> = value.as_list()?.iter().map(Value::as_text).collect();
            let parts = parts?;
            if parts.iter().any(|part| part.contains(separator)) {
                return None;
            }
            parts.join(separator.encode_utf8(&mut [0; 4]))
        }
    };
    (1..=MAX_IDENTIFIER).contains(&text.len()).then(|| text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{Base, Kind, Schema};

    #[test]
    fn what_is_taken_for_text_is_text() {
        let plain = TABLE.iter().filter(|(.., form)| *form == Form::Plain);
        assert_eq!(plain.clone().count(), 3);
        for (name, ..) in plain {
            let kind = Schema::shipped().kind("m2m:rqp", name);
            assert_eq!(kind, Some(Kind { base: Base::Text, list: false }), "{name}");
        }
    }
}

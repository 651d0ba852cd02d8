//! Whether the attributes that a request brings are what the tables allow.

use super::refusal::{
    MISSING, NAME, NOT_DELETABLE, NOT_WRITABLE, RANGE, Refusal, TOO_LONG, UNKNOWN_ATTRIBUTE, VALUE,
};
use crate::onem2m::limits::{
    MAX_ADDRESSES, MAX_CONTENT, MAX_LABELS, MAX_LIST, MAX_MEMBERS, MAX_POLICIES, MAX_RESOURCE_NAME,
};
use crate::onem2m::tree::{Type, UNIVERSAL, address, time};
use crate::wire::schema::{Attribute, Base, Presence, Schema};
use crate::wire::value::{Map, Value};

/// Checks what a CREATE brings; `rn` is allowed beside what the type carries.
pub(super) fn for_create(kind: &Type, attributes: &Map) -> Result<(), Refusal> {
    for (name, value) in attributes.iter() {
        let Some(rule) = rule(kind, name)? else {
            loose(name, value)?;
            continue;
        };
        if rule.create == Presence::NotPermitted {
            return Err(NOT_WRITABLE);
        }
        // cr asks for the creator to be shown; its value is the CSE's to write.
        if name != "cr" || *value != Value::Null {
            check(rule, value)?;
        }
    }
    let given = |rule: &&Attribute| attributes.get(rule.short).is_none();
    match kind.attributes().filter(|rule| rule.create == Presence::Mandatory).find(given) {
        Some(_) => Err(MISSING),
        None => Ok(()),
    }
}

/// Checks what an UPDATE brings; null takes an attribute away.
pub(super) fn for_update(kind: &Type, attributes: &Map) -> Result<(), Refusal> {
    for (name, value) in attributes.iter() {
        let Some(rule) = rule(kind, name)? else {
            if *value != Value::Null {
                loose(name, value)?;
            }
            continue;
        };
        if rule.update == Presence::NotPermitted {
            return Err(NOT_WRITABLE);
        }
        match value {
            Value::Null if rule.mandatory && name != "et" => return Err(NOT_DELETABLE),
            Value::Null => {}
            value => check(rule, value)?,
        }
    }
    Ok(())
}

/// The rule of an attribute; `None` for one that the type carries without a rule.
fn rule(kind: &Type, name: &str) -> Result<Option<&'static Attribute>, Refusal> {
    if UNIVERSAL.contains(&name) {
        return Err(NOT_WRITABLE);
    }
    match kind.attribute(name) {
        Some(rule) => Ok(Some(rule)),
        None if kind.open => Ok(None),
        None => Err(UNKNOWN_ATTRIBUTE),
    }
}

/// An attribute of a management object that the tables do not know.
fn loose(name: &str, value: &Value) -> Result<(), Refusal> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(UNKNOWN_ATTRIBUTE);
    }
    sized(value)
}

/// Checks a value by its rule.
pub(super) fn check(rule: &Attribute, value: &Value) -> Result<(), Refusal> {
    if !rule.kind.list {
        return one(rule, rule.type_name, value);
    }
    let items = value.as_list().ok_or(VALUE)?;
    if items.is_empty() && rule.type_name == "listNE" || rule.short == "nu" && items.is_empty() {
        return Err(RANGE);
    }
    let limit = match rule.short {
        "lbl" => MAX_LABELS,
        "acpi" | "macp" => MAX_POLICIES,
        "poa" | "nu" => MAX_ADDRESSES,
        "mid" => MAX_MEMBERS,
        _ => MAX_LIST,
    };
    if items.len() > limit {
        return Err(TOO_LONG);
    }
    items.iter().try_for_each(|item| one(rule, rule.of, item))
}

fn one(rule: &Attribute, type_name: &str, value: &Value) -> Result<(), Refusal> {
    match (rule.kind.base, value) {
        (Base::Any, value) => sized(value),
        (Base::Text, Value::Text(text)) => lexical(type_name, text),
        (Base::Bool, Value::Bool(_))
        | (Base::Float, Value::Float(_) | Value::Integer(_) | Value::Unsigned(_))
        | (Base::Moment, Value::Integer(_)) => Ok(()),
        (Base::Integer, Value::Integer(number)) => within(rule, type_name, *number),
        (Base::Moment, Value::Text(text)) => time::parse(text).map(|_| ()).ok_or(RANGE),
        (Base::Object, Value::Map(members)) => object(type_name, members),
        _ => Err(VALUE),
    }
}

/// The values of the enumerations that a CSE acts upon, and the signs of numbers.
fn within(rule: &Attribute, type_name: &str, number: i64) -> Result<(), Refusal> {
    let fits = match (type_name, rule.enumeration) {
        ("positiveInteger", _) => number > 0,
        ("nonNegInteger" | "unsignedInt" | "unsignedLong", _) => number >= 0,
        ("enum", "m2m:notificationContentType") => (1..=5).contains(&number),
        ("enum", "m2m:notificationEventType") => (1..=9).contains(&number),
        ("enum", "m2m:consistencyStrategy") => (1..=3).contains(&number),
        ("enum", _) => (0..=i64::from(u16::MAX)).contains(&number),
        _ => true,
    };
    if fits { Ok(()) } else { Err(RANGE) }
}

/// Text with a syntax of its own.
fn lexical(type_name: &str, text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_CONTENT {
        return Err(TOO_LONG);
    }
    let plain = || !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let fits = match type_name {
        "timestamp" => time::parse(text).is_some(),
        "anyURI" | "ID" | "IDCSR" | "AEID" | "CSEID" | "SPID" | "ncname" => plain(),
        "token" => !text.is_empty() && !text.chars().any(char::is_control),
        // NUL has no place in XML, nor in most programs that will read this.
        _ => !text.contains('\0'),
    };
    if fits { Ok(()) } else { Err(RANGE) }
}

/// A complex type: no members but its own, each of its own type. A type without rows in the tables takes
/// any.
fn object(type_name: &str, members: &Map) -> Result<(), Refusal> {
    let schema = Schema::shipped().attributes();
    let rows = || schema.iter().filter(|row| row.carriers.contains(&type_name));
    if rows().next().is_none() {
        return members.iter().try_for_each(|(_, value)| sized(value));
    }
    for (name, value) in members.iter() {
        let row = rows().find(|row| row.short == name).ok_or(UNKNOWN_ATTRIBUTE)?;
        check(row, value)?;
    }
    match rows().find(|row| row.mandatory && members.get(row.short).is_none()) {
        Some(_) => Err(MISSING),
        None => Ok(()),
    }
}

/// Any value, as long as it is not too long.
fn sized(value: &Value) -> Result<(), Refusal> {
    if size(value) > MAX_CONTENT { Err(TOO_LONG) } else { Ok(()) }
}

/// Bytes of a value: of text its own, of anything else about those of its JSON.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Integer(number) => number.to_string().len(),
        Value::Unsigned(number) => number.to_string().len(),
        Value::Float(_) => 8,
        Value::Text(text) => text.len(),
        Value::List(items) => 2 + items.iter().map(|item| size(item) + 1).sum::<usize>(),
        Value::Map(map) => 2 + map.iter().map(|(name, v)| name.len() + 4 + size(v)).sum::<usize>(),
    }
}

/// Takes the name out of what a CREATE brings.
pub(super) fn take_name(attributes: &mut Map) -> Result<Option<String>, Refusal> {
    match attributes.remove("rn") {
        None => Ok(None),
        Some(Value::Text(name)) if is_name(&name) => Ok(Some(name)),
        Some(_) => Err(NAME),
    }
}

/// Unreserved characters of RFC 3986, no name of a virtual resource, not the sign for the CSEBase, no dot
/// segment, and no `~` or `_` alone, which stand for something else in a path.
pub(super) fn is_name(name: &str) -> bool {
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (1..=MAX_RESOURCE_NAME).contains(&name.len())
        && name.bytes().all(unreserved)
        && !matches!(name, "-" | "." | ".." | "~" | "_")
        && !address::RESERVED.contains(&name)
}

/// Sets an attribute that is not there.
pub(super) fn default(attributes: &mut Map, name: &'static str, value: i64) {
    if attributes.get(name).is_none() {
        attributes.insert(name, Value::Integer(value));
    }
}

//! Query arguments: the parameters without an option or header field of their own, and the members of
//! filter criteria, each as `name=value`; values of a list are joined by `+`. An argument that is neither
//! is a condition on the attribute of that name.

use super::collection::{Collection, agree};
use super::{Refusal, Unsendable};
use crate::wire::limits::{MAX_ENTRIES, MAX_NAME};
use crate::wire::primitive::{FilterCriteria, Request};
use crate::wire::schema::{Schema, text_of};
use crate::wire::value::{Map, Name, Value};

/// Parameters that never ride in a query.
const ELSEWHERE: [&str; 5] = ["op", "to", "ty", "pc", "fc"];
/// The content of a RETRIEVE that asks for some attributes only.
const ATTRIBUTE_LIST: &str = "m2m:atrl";
/// The argument that stands for it.
const ATTRIBUTE_LIST_ARGUMENT: &str = "atrl";

/// Reads one argument: its name, and its parts as they stood between `+`, decoded.
pub(super) fn read(
    collection: &mut Collection,
    name: &str,
    parts: &[String],
) -> Result<(), Refusal> {
    let known = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
    if let Some(member) = known(FilterCriteria::NAMES).filter(|name| !name.ends_with("atr")) {
        let value = value("fc", member, parts)?;
        return add(&mut collection.filter, member, value);
    }
    if name == "rt" {
        let value = value("rt", "rtv", parts)?;
        return agree(&mut collection.response_type, "rtv", value);
    }
    if let Some(parameter) = known(Request::NAMES).filter(|name| !ELSEWHERE.contains(name)) {
        return collection.put(parameter, value("m2m:rqp", parameter, parts)?);
    }
    if name == ATTRIBUTE_LIST_ARGUMENT {
        let names = parts.iter().map(|part| Value::from(part.as_str())).collect();
        return collection.put("pc", Value::Map(Map::of(ATTRIBUTE_LIST, Value::List(names))));
    }
    condition(&mut collection.filter, name, &parts.join("+"))
}

/// The value of a parameter whose text stood in these parts.
fn value(parent: &str, name: &str, parts: &[String]) -> Result<Value, Refusal> {
    let kind = Schema::shipped().kind(parent, name).ok_or(Refusal::Query)?;
    let read = |text: &str| kind.base.value_of(text).filter(|_| !text.is_empty());
    if kind.list {
        let items: Option<Vec<_>> = parts.iter().map(|part| read(part)).collect();
        items.map(Value::List).ok_or(Refusal::Query)
    } else {
        read(&parts.join("+")).ok_or(Refusal::Query)
    }
}

/// A list goes on where its argument is repeated; anything else has to agree.
fn add(map: &mut Map, name: &'static str, value: Value) -> Result<(), Refusal> {
    match (map.get(name), value) {
        (Some(Value::List(found)), Value::List(more)) => {
            if found.len() + more.len() > MAX_ENTRIES {
                return Err(Refusal::Query);
            }
            let joined = found.iter().cloned().chain(more).collect();
            map.insert(name, Value::List(joined));
            Ok(())
        }
        (_, value) => agree(map, name, value),
    }
}

/// A condition on an attribute; its value is of the attribute's type if it can be.
fn condition(filter: &mut Map, name: &str, text: &str) -> Result<(), Refusal> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':');
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_name) {
        return Err(Refusal::Query);
    }
    let mut attribute = Map::of("nm", Value::from(name));
    attribute.insert("val", condition_value(name, text));
    add(filter, "atr", Value::List(vec![Value::Map(attribute)]))
}

fn condition_value(name: &str, text: &str) -> Value {
    let kind = Schema::shipped().kind("", name);
    kind.and_then(|kind| kind.base.value_of(text)).unwrap_or_else(|| Value::from(text))
}

/// One argument to be written: its name, and the parts of its value.
pub(super) type Argument = (String, Vec<String>);

/// Writes what is left of a request's parameters when options or header fields have taken theirs.
pub(super) fn write(rest: Map) -> Result<Vec<Argument>, Unsendable> {
    let mut arguments = Vec::new();
    for (name, value) in rest {
        match (name.as_ref(), value) {
            ("fc", Value::Map(filter)) => write_filter(filter, &mut arguments)?,
            ("rt", Value::Map(response_type)) => {
                for (member, value) in response_type {
                    let name = if member == "rtv" { "rt".into() } else { member };
                    arguments.push(argument(name, &value)?);
                }
            }
            (_, value) => arguments.push(argument(name, &value)?),
        }
    }
    Ok(arguments)
}

/// The argument that stands for the content of a RETRIEVE that lists attributes.
pub(super) fn attribute_list(root: &str, value: &Value) -> Option<Argument> {
    let names = value.as_list().filter(|names| root == ATTRIBUTE_LIST && !names.is_empty())?;
    let names: Option<Vec<_>> =
        names.iter().map(|name| name.as_text().map(str::to_owned)).collect();
    Some((ATTRIBUTE_LIST_ARGUMENT.to_owned(), names?))
}

fn write_filter(filter: Map, arguments: &mut Vec<Argument>) -> Result<(), Unsendable> {
    for (member, value) in filter {
        if member != "atr" {
            arguments.push(argument(member, &value)?);
            continue;
        }
        for attribute in value.as_list().unwrap_or_default() {
            let map = attribute.as_map().ok_or_else(|| unsendable("atr"))?;
            let name = map.get("nm").and_then(Value::as_text).ok_or_else(|| unsendable("atr"))?;
            let text = map.get("val").and_then(text_of).ok_or_else(|| unsendable("atr"))?;
            let mut back = Collection::default();
            let parts = vec![text];
            // Under another argument's name, or as another type, it would be read as something else.
            read(&mut back, name, &parts).map_err(|_| unsendable("atr"))?;
            if back.filter.get("atr") != Some(&Value::List(vec![attribute.clone()])) {
                return Err(unsendable("atr"));
            }
            arguments.push((name.to_owned(), parts));
        }
    }
    Ok(())
}

fn argument(name: Name, value: &Value) -> Result<Argument, Unsendable> {
    let parts = match value {
        Value::List(items) => items.iter().map(text_of).collect::<Option<Vec<_>>>(),
        single => text_of(single).map(|text| vec![text]),
    };
    match parts {
        Some(parts) if !parts.is_empty() && parts.iter().all(|part| !part.is_empty()) => {
            Ok((name.into_owned(), parts))
        }
        _ => Err(Unsendable::Parameter(name.into_owned())),
    }
}

fn unsendable(name: &str) -> Unsendable {
    Unsendable::Parameter(name.to_owned())
}

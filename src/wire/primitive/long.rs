//! Names in full to short names: how tutorials write primitives.

use super::Refusal;
use crate::wire::schema::Schema;
use crate::wire::value::{Map, Value};

/// Names that tutorials have and the tables have not.
const OTHERS: [(&str, &str); 2] = [("originator", "fr"), ("from", "fr")];
/// The operations by name.
const OPERATIONS: [(&str, i64); 5] =
    [("CREATE", 1), ("RETRIEVE", 2), ("UPDATE", 3), ("DELETE", 4), ("NOTIFY", 5)];

/// Translates the parameters of a primitive, what is nested in them included. Names that are not known
/// stay as they are.
///
/// # Errors
/// [`Refusal::Repeated`] if two names become one.
pub(super) fn shorten(map: Map) -> Result<Map, Refusal> {
    members("m2m:rqp", map, true)
}

fn members(parent: &str, map: Map, primitive: bool) -> Result<Map, Refusal> {
    let mut short = Vec::with_capacity(map.len());
    for (name, value) in map {
        let name = translate(&name, primitive).map_or(name, Into::into);
        let value = typed(parent, &name, nested(&name, value)?);
        short.push((name, value));
    }
    Map::from_members(short).map_err(|_| Refusal::Repeated)
}

fn translate(name: &str, primitive: bool) -> Option<&'static str> {
    let schema = Schema::shipped();
    if let Some((prefix, long)) = name.split_once(':') {
        let resource = schema.resource_named(long).filter(|found| found.root.starts_with(prefix));
        return resource.map(|resource| resource.root);
    }
    let other = OTHERS.iter().find(|(long, _)| primitive && *long == name);
    other.map(|(_, short)| *short).or_else(|| schema.short(name))
}

fn nested(name: &str, value: Value) -> Result<Value, Refusal> {
    match value {
        Value::Map(map) => members(name, map, false).map(Value::Map),
        Value::List(items) => {
            let items: Result<_, _> = items.into_iter().map(|item| nested(name, item)).collect();
            items.map(Value::List)
        }
        other => Ok(other),
    }
}

/// Names of operations and resource types become numbers, and one value where a list is due a list.
fn typed(parent: &str, name: &str, value: Value) -> Value {
    let number = |text: &str| match name {
        "op" => OPERATIONS.iter().find(|(word, _)| *word == text).map(|(_, number)| *number),
        "ty" => Schema::shipped().resource_named(text).map(|found| i64::from(found.number)),
        _ => None,
    };
    let value = match value.as_text().and_then(number) {
        Some(number) => Value::Integer(number),
        None => value,
    };
    let list = Schema::shipped().kind(parent, name).is_some_and(|kind| kind.list);
    match value {
        Value::List(_) => value,
        other if list => Value::List(vec![other]),
        other => other,
    }
}

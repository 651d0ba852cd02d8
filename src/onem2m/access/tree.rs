//! The tree of values that policies are read from: the only file that knows which it is.

pub(super) use serde_json::Value;

/// The members of an object.
pub(super) fn members(value: &Value) -> Option<impl Iterator<Item = (&str, &Value)>> {
    value.as_object().map(|object| object.iter().map(|(name, value)| (name.as_str(), value)))
}

/// A member of an object.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.get(name)
}

/// The items of a list.
pub(super) fn items(value: &Value) -> Option<&[Value]> {
    value.as_array().map(Vec::as_slice)
}

/// Text.
pub(super) fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

/// A whole number of at least 0.
pub(super) fn unsigned(value: &Value) -> Option<u64> {
    value.as_u64()
}

/// A number.
pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

/// A truth value.
pub(super) fn flag(value: &Value) -> Option<bool> {
    value.as_bool()
}

//! The content of a primitive (pc): one root member.

use super::{Flaw, Parameter, Unknown};
use crate::wire::value::{Map, Name, Value};

/// A content: the root member's name, such as `m2m:cin`, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The name of the root member.
    pub root: Name,
    /// Its value.
    pub value: Value,
}

impl Content {
    /// A content.
    #[must_use]
    pub fn new(root: impl Into<Name>, value: Value) -> Self {
        Self { root: root.into(), value }
    }

    /// A contentInstance with nothing but its `con`.
    #[must_use]
    pub fn instance(con: &str) -> Self {
        Self::new("m2m:cin", Value::Map(Map::of("con", Value::from(con))))
    }

    /// Reads a content out of an object, which has just one member.
    ///
    /// # Errors
    /// [`Flaw::Range`] if the object has no member or several.
    pub fn from_map(map: Map) -> Result<Self, Flaw> {
        let mut members = map.into_iter();
        match (members.next(), members.next()) {
            (Some((root, value)), None) => Ok(Self { root, value }),
            _ => Err(Flaw::Range),
        }
    }

    /// The object with the one member.
    #[must_use]
    pub fn to_map(&self) -> Map {
        Map::of(self.root.clone(), self.value.clone())
    }

    /// The same, of a content that is not needed any more.
    #[must_use]
    pub fn into_map(self) -> Map {
        Map::of(self.root, self.value)
    }
}

impl Parameter for Content {
    fn read(value: Value, unknown: Unknown) -> Result<Self, Flaw> {
        Self::from_map(Map::read(value, unknown)?)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Map(self.to_map()))
    }
}

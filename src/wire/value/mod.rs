//! A tree of values, the content of primitives (TS-0004 clause 8), and its three serialisations: JSON, CBOR, XML.
//!
//! One tree stands behind all three, so that what is read from one and written in another reads back
//! equal. Reading is strict and bounded (see [`limits`](super::limits)): it takes at most 64 bytes of
//! memory for each byte of input and 1 MiB beside.

pub mod cbor;
pub mod fault;
pub mod json;
pub mod map;
pub mod xml;

pub use fault::{Fault, Malformed, Unwritable};
pub use map::{Map, Name};

/// One value.
///
/// Kept so by all constructors and readers: a number that fits `i64` is an [`Integer`](Self::Integer),
/// and a [`Float`](Self::Float) is finite.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// null: in an UPDATE, the end of an attribute.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer that fits 64 bits with a sign.
    Integer(i64),
    /// An integer above [`i64::MAX`].
    Unsigned(u64),
    /// A finite number with a fraction or an exponent.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Map(Map),
}

impl Value {
    /// A finite number; `None` for infinity and what is not a number.
    #[must_use]
    pub fn float(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self::Float(number))
    }

    /// Its text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Its members, if it is an object.
    #[must_use]
    pub const fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// Its elements, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// Its number, if it is an integer of 0 or more.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Integer(number) => u64::try_from(*number).ok(),
            Self::Unsigned(number) => Some(*number),
            _ => None,
        }
    }

    /// Objects and lists inside each other, itself included.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(map) => 1 + map.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Unsigned(number), Self::Integer)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A serialisation of primitives and contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Serialisation {
    /// JSON with short names (TS-0004 clause 8.4).
    Json,
    /// CBOR (RFC 8949): the same object with text keys (TS-0004 clause 8.5).
    Cbor,
    /// XML (TS-0004 clause 8.3).
    Xml,
}

impl Serialisation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Json, Self::Cbor, Self::Xml];

    /// The word for it in MQTT topics, WebSocket subprotocols and media types.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Cbor => "cbor",
            Self::Xml => "xml",
        }
    }

    /// The serialisation with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// Reads an object.
///
/// # Errors
/// Names what is wrong with the bytes, and where.
pub fn read(bytes: &[u8], serialisation: Serialisation) -> Result<Map, Malformed> {
    if bytes.len() > super::limits::MAX_INPUT {
        return Err(Malformed { fault: Fault::TooLong, at: super::limits::MAX_INPUT });
    }
    match serialisation {
        Serialisation::Json => json::read(bytes),
        Serialisation::Cbor => cbor::read(bytes),
        Serialisation::Xml => xml::read(bytes),
    }
}

/// Writes an object.
///
/// # Errors
/// In XML there are values without a form; what is nested deeper than [`read`] takes has none anywhere.
pub fn write(map: &Map, serialisation: Serialisation) -> Result<Vec<u8>, Unwritable> {
    if map.iter().any(|(_, value)| value.depth() >= super::limits::MAX_DEPTH) {
        return Err(Unwritable::Depth);
    }
    match serialisation {
        Serialisation::Json => json::write(map),
        Serialisation::Cbor => cbor::write(map),
        Serialisation::Xml => xml::write(map),
    }
}

/// Writes an object with one member, which stays where it is.
///
/// # Errors
/// See [`write()`].
pub fn write_single(
    name: &Name,
    value: &Value,
    serialisation: Serialisation,
) -> Result<Vec<u8>, Unwritable> {
    if serialisation != Serialisation::Json {
        return write(&Map::of(name.clone(), value.clone()), serialisation);
    }
    if value.depth() >= super::limits::MAX_DEPTH {
        return Err(Unwritable::Depth);
    }
    json::write_single(name, value)
}

#[cfg(test)]
mod tests;

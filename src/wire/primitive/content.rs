//! The content of a contentInstance in JSON, read strictly.
//!
//! Only `{"m2m:cin":{"con":"..."}}` is taken: one root member, one attribute, each once, nothing after
//! the end. Depth needs no counter, since nothing nested is ever entered that is not named here.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize as _;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::{Body, Format, MAX_BODY};

/// Why a content is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum ContentFault {
    /// Longer than [`MAX_BODY`].
    #[error("the content is longer than the limit")]
    TooLong,
    /// Not JSON, or not only JSON.
    #[error("the content is not JSON")]
    Json,
    /// An object where text is due, text where an object is due, and the like.
    #[error("a value is of the wrong type")]
    WrongType,
    /// The root member is not `m2m:cin`, or there is none.
    #[error("the root member is not m2m:cin")]
    Root,
    /// A member stands there twice.
    #[error("a member is repeated")]
    Repeated,
    /// An attribute that a contentInstance does not have or that this slice does not serve.
    #[error("an attribute is not known")]
    Attribute,
    /// `con` is absent.
    #[error("con is absent")]
    NoContent,
}

/// A contentInstance as its creator gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentInstance<'a> {
    /// con: the content.
    pub content: Cow<'a, str>,
}

impl<'a> ContentInstance<'a> {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// Names the first thing that is wrong.
    pub fn from_json(bytes: &'a [u8]) -> Result<Self, ContentFault> {
        if bytes.len() > MAX_BODY {
            return Err(ContentFault::TooLong);
        }
        let mut fault = ContentFault::Json;
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let content = Root { fault: &mut fault }.deserialize(&mut reader).map_err(|error| {
            match error.classify() {
                serde_json::error::Category::Data if fault == ContentFault::Json => {
                    ContentFault::WrongType
                }
                serde_json::error::Category::Data => fault,
                _ => ContentFault::Json,
            }
        })?;
        reader.end().map_err(|_| ContentFault::Json)?;
        Ok(Self { content })
    }

    /// Writes the JSON form.
    #[must_use]
    pub fn to_json(&self) -> Body<'static> {
        let mut bytes = Vec::with_capacity(self.content.len() + 24);
        bytes.extend_from_slice(br#"{"m2m:cin":{"con":"#);
        // Text into memory: serde_json has no way to fail here.
        let written = self.content.serialize(&mut serde_json::Serializer::new(&mut bytes));
        debug_assert!(written.is_ok(), "text serialises");
        bytes.extend_from_slice(b"}}");
        Body { format: Format::Json, bytes: Cow::Owned(bytes) }
    }
}

/// The object around everything.
struct Root<'f> {
    fault: &'f mut ContentFault,
}

/// The object of attributes.
struct Attributes<'f> {
    fault: &'f mut ContentFault,
}

/// Text, borrowed where it has no escapes.
struct Text;

impl<'a> DeserializeSeed<'a> for Root<'_> {
    type Value = Cow<'a, str>;
    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Root<'_> {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let fault = self.fault;
        let mut content = None;
        while let Some(key) = map.next_key_seed(Text)? {
            if key != "m2m:cin" {
                return Err(refuse(fault, ContentFault::Root));
            }
            if content.is_some() {
                return Err(refuse(fault, ContentFault::Repeated));
            }
            content = Some(map.next_value_seed(Attributes { fault })?);
        }
        content.ok_or_else(|| refuse(fault, ContentFault::Root))
    }
}

impl<'a> DeserializeSeed<'a> for Attributes<'_> {
    type Value = Cow<'a, str>;
    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Attributes<'_> {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of attributes")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let fault = self.fault;
        let mut content = None;
        while let Some(key) = map.next_key_seed(Text)? {
            if key != "con" {
                return Err(refuse(fault, ContentFault::Attribute));
            }
            if content.is_some() {
                return Err(refuse(fault, ContentFault::Repeated));
            }
            content = Some(map.next_value_seed(Text)?);
        }
        content.ok_or_else(|| refuse(fault, ContentFault::NoContent))
    }
}

impl<'a> DeserializeSeed<'a> for Text {
    type Value = Cow<'a, str>;
    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Text {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Leaves the reason where the caller finds it; serde's own error carries text only.
fn refuse<E: serde::de::Error>(fault: &mut ContentFault, reason: ContentFault) -> E {
    *fault = reason;
    E::custom(reason)
}

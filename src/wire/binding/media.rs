//! Media types and CoAP Content-Formats, and what a body of each is.

use super::Refusal;
use crate::wire::primitive::{Profile, REQUEST_ROOT, RESPONSE_ROOT};
use crate::wire::value::{self, Map, Serialisation, Value};

/// What a body of a media type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// application/json and its like: a content.
    Plain,
    /// res: a content.
    Resource,
    /// ntfy: a notification as content.
    Notification,
    /// preq: a whole request.
    Request,
    /// prsp: a whole response.
    Response,
}

/// A media type of oneM2M.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media {
    role: Role,
    /// Its serialisation.
    pub serialisation: Serialisation,
}

/// What a body holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// A content (pc).
    Content(Map),
    /// A whole primitive, without its root member.
    Primitive(Map),
}

/// Media types and Content-Format numbers; the first line of a type is the one that is written. The
/// numbers of CSEs differ: 10001 is `res+json` to some, 10015 to others, and both are read.
const TABLE: [(Role, Serialisation, &str, &[u32]); 15] = [
    (Role::Plain, Serialisation::Json, "application/json", &[50]),
    (Role::Plain, Serialisation::Cbor, "application/cbor", &[60]),
    (Role::Plain, Serialisation::Xml, "application/xml", &[41]),
    (Role::Resource, Serialisation::Json, "application/vnd.onem2m-res+json", &[10_015, 10_001]),
    (Role::Resource, Serialisation::Cbor, "application/vnd.onem2m-res+cbor", &[10_010]),
    (Role::Resource, Serialisation::Xml, "application/vnd.onem2m-res+xml", &[10_014]),
    (Role::Notification, Serialisation::Json, "application/vnd.onem2m-ntfy+json", &[10_003]),
    (Role::Notification, Serialisation::Cbor, "application/vnd.onem2m-ntfy+cbor", &[10_011]),
    (Role::Notification, Serialisation::Xml, "application/vnd.onem2m-ntfy+xml", &[10_002, 10_016]),
    (Role::Request, Serialisation::Json, "application/vnd.onem2m-preq+json", &[10_007]),
    (Role::Request, Serialisation::Cbor, "application/vnd.onem2m-preq+cbor", &[10_012]),
    (Role::Request, Serialisation::Xml, "application/vnd.onem2m-preq+xml", &[10_006]),
    (Role::Response, Serialisation::Json, "application/vnd.onem2m-prsp+json", &[10_009]),
    (Role::Response, Serialisation::Cbor, "application/vnd.onem2m-prsp+cbor", &[10_013]),
    (Role::Response, Serialisation::Xml, "application/vnd.onem2m-prsp+xml", &[10_008]),
];

impl Media {
    /// `application/json` and its like.
    #[must_use]
    pub const fn plain(serialisation: Serialisation) -> Self {
        Self { role: Role::Plain, serialisation }
    }

    /// `application/vnd.onem2m-res+json` and its like.
    #[must_use]
    pub const fn resource(serialisation: Serialisation) -> Self {
        Self { role: Role::Resource, serialisation }
    }

    /// The media type with this Content-Format.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let row = TABLE.iter().find(|(.., numbers)| numbers.contains(&number));
        row.map(|(role, serialisation, ..)| Self { role: *role, serialisation: *serialisation })
    }

    /// The media type of this name, without parameters; letters of either case (RFC 9110 section 8.3.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let row = TABLE.iter().find(|(_, _, known, _)| known.eq_ignore_ascii_case(name));
        row.map(|(role, serialisation, ..)| Self { role: *role, serialisation: *serialisation })
    }

    fn row(self) -> Option<(&'static str, u32)> {
        let same = |role, serialisation| Self { role, serialisation } == self;
        let row = TABLE.iter().find(|(role, serialisation, ..)| same(*role, *serialisation))?;
        Some((row.2, *row.3.first()?))
    }

    /// Its Content-Format.
    #[must_use]
    pub fn number(self) -> u32 {
        self.row().map_or(0, |(_, number)| number)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("", |(name, _)| name)
    }

    /// The body is a whole primitive.
    #[must_use]
    pub const fn is_primitive(self) -> bool {
        matches!(self.role, Role::Request | Role::Response)
    }

    /// Reads a body of this type.
    pub(super) fn read(self, bytes: &[u8], _: &Profile) -> Result<Payload, Refusal> {
        let mut map = value::read(bytes, self.serialisation)?;
        let root = match self.role {
            Role::Request => REQUEST_ROOT,
            Role::Response => RESPONSE_ROOT,
            _ => return Ok(Payload::Content(map)),
        };
        if map.single().is_some_and(|(name, _)| name == root)
            && let Some(Value::Map(inner)) = map.remove(root)
        {
            map = inner;
        }
        Ok(Payload::Primitive(map))
    }
}

//! XML (TS-0004 clause 8.3): `quick-xml` for the events, our own rules for what they may be.
//!
//! The root has a prefix; attributes of resources are elements without one; `rn` of a resource is an XML
//! attribute; lists of simple values are separated by spaces, lists of objects are repeated elements.
//! Text has the type that the [tables](crate::wire::schema) give its name. Where they give none, or the
//! value is of another, `xsi:type` and `xsi:nil` of XML Schema say what it is.

mod reader;
mod writer;

pub use reader::read;
pub use writer::write;

/// Namespaces with a prefix that oneM2M fixes.
const NAMESPACES: [(&str, &str); 2] = [
    ("m2m", "http://www.onem2m.org/xml/protocols"),
    ("hd", "http://www.onem2m.org/xml/protocols/homedomain"),
];
/// The namespace of `type` and `nil`.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of what `type` names.
const SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";

/// XML 1.0 has the character (its section 2.2).
const fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{1_0000}'..)
}

/// A local name as oneM2M has them: letters, digits, `_`, `-` and `.`, not beginning with the last three.
fn is_local_name(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(rest)
}

/// Splits `m2m:cin` into prefix and local name.
fn split(name: &str) -> (Option<&str>, &str) {
    name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local))
}

//! Header fields of oneM2M and the parameters that they carry.

use super::super::collection::{Collection, agree, typed};
use super::super::{Media, Payload, Refusal, Unsendable};
use super::head::Head;
use crate::wire::limits::MAX_PARAMETER;
use crate::wire::primitive::{Content, Profile, ResourceType, Unknown};
use crate::wire::schema::{Schema, text_of};
use crate::wire::value::{Map, Serialisation, Value};

/// What all fields of oneM2M begin with.
const PREFIX: &str = "X-M2M-";

/// Parameter, the rest of its field's name, and what joins several values. GID and those after VSI are
/// recalled, not verified.
const TABLE: [(&str, &str, Option<char>); 20] = [
    ("fr", "Origin", None),
    ("rqi", "RI", None),
    ("rvi", "RVI", None),
    ("ot", "OT", None),
    ("rqet", "RET", None),
    ("rset", "RST", None),
    ("oet", "OET", None),
    ("ec", "EC", None),
    ("nu", "RTU", Some('&')),
    ("rsc", "RSC", None),
    ("gid", "GID", None),
    ("vsi", "VSI", None),
    ("cnst", "CTS", None),
    ("cnot", "CTO", None),
    ("grtm", "GTM", Some(' ')),
    ("aus", "AUS", Some(' ')),
    ("asri", "ASRI", None),
    ("omr", "OMR", Some(' ')),
    ("prpi", "PRPI", None),
    ("msu", "MSU", None),
];

/// Notes what the fields of oneM2M carry.
pub(super) fn read(
    collection: &mut Collection,
    head: &Head<'_>,
    profile: &Profile,
) -> Result<(), Refusal> {
    for (name, value) in &head.fields {
        let prefix = name.get(..PREFIX.len()).filter(|start| start.eq_ignore_ascii_case(PREFIX));
        if prefix.is_none() {
            continue;
        }
        let rest = name.get(PREFIX.len()..).unwrap_or_default();
        let row = TABLE.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(rest));
        // A tab is one to HTTP, but no parameter has it, and no answer could echo it.
        let text = str::from_utf8(value).ok().filter(|text| !text.contains(char::is_control));
        let text = text.ok_or(Refusal::HttpHeader)?;
        match row {
            Some(("nu", _, Some(separator))) => {
                let uris = text.split(*separator).map(Value::from).collect();
                agree(&mut collection.response_type, "nu", Value::List(uris))?;
            }
            Some((parameter, _, Some(separator))) => {
                let parts = text.split(*separator).map(Value::from).collect();
                collection.put(parameter, Value::List(parts))?;
            }
            Some((parameter, ..)) => {
                let value = typed("m2m:rqp", parameter, text).ok_or(Refusal::HttpHeader)?;
                collection.put(parameter, value)?;
            }
            None if profile.unknown == Unknown::Keep => {}
            None => return Err(Refusal::HttpHeader),
        }
    }
    Ok(())
}

/// Moves the parameters that have a field out of `map` and writes the fields.
pub(super) fn write(map: &mut Map, output: &mut String) -> Result<(), Unsendable> {
    let mut uris = None;
    if let Some(Value::Map(mut response_type)) = map.remove("rt") {
        uris = response_type.remove("nu");
        if !response_type.is_empty() {
            map.insert("rt", Value::Map(response_type));
        }
    }
    for (parameter, name, separator) in TABLE {
        let value = if parameter == "nu" { uris.take() } else { map.remove(parameter) };
        let Some(value) = value else { continue };
        let text = match (&value, separator) {
            (Value::List(items), Some(separator)) => joined(items, separator),
            (single, _) => text_of(single),
        };
        // White space at the ends would be lost, a line end would be another field.
        let carried = |text: &String| {
            text.trim() == text
                && (1..=MAX_PARAMETER).contains(&text.len())
                && !text.chars().any(char::is_control)
        };
        let unsendable = || Unsendable::Parameter(parameter.to_owned());
        let text = text.filter(carried).ok_or_else(unsendable)?;
        output.push_str(&format!("{PREFIX}{name}: {text}\r\n"));
    }
    Ok(())
}

fn joined(items: &[Value], separator: char) -> Option<String> {
    let parts: Option<Vec<&str>> = items.iter().map(Value::as_text).collect();
    let parts = parts.filter(|parts| !parts.iter().any(|part| part.contains(separator)))?;
    Some(parts.join(separator.encode_utf8(&mut [0; 4])))
}

/// What Content-Type says: the media type and the resource type.
pub(super) fn content_type(head: &Head<'_>) -> Result<(Option<Media>, Option<Value>), Refusal> {
    let Some(text) = head.single("content-type")? else { return Ok((None, None)) };
    let mut parts = text.split(';').map(str::trim);
    let media = Media::from_name(parts.next().unwrap_or_default()).ok_or(Refusal::ContentFormat)?;
    let mut ty = None;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').ok_or(Refusal::HttpHeader)?;
        if name.eq_ignore_ascii_case("ty") {
            let kind = Schema::shipped().kind("m2m:rqp", "ty").ok_or(Refusal::HttpHeader)?;
            let value = kind.base.value_of(value).ok_or(Refusal::HttpHeader)?;
            if ty.replace(value).is_some() {
                return Err(Refusal::HttpHeader);
            }
        } else if !name.eq_ignore_ascii_case("charset") || !value.eq_ignore_ascii_case("utf-8") {
            return Err(Refusal::ContentFormat);
        }
    }
    Ok((Some(media), ty))
}

/// Reads the body, if there is one.
pub(super) fn body(
    bytes: &[u8],
    media: Option<Media>,
    profile: &Profile,
) -> Result<Option<Payload>, Refusal> {
    if bytes.is_empty() {
        return Ok(None);
    }
    media.ok_or(Refusal::ContentFormat)?.read(bytes, profile).map(Some)
}

/// Writes the end of a head and the body.
pub(super) fn finish(
    mut head: String,
    content: Option<&Content>,
    serialisation: Serialisation,
    ty: Option<ResourceType>,
) -> Result<Vec<u8>, Unsendable> {
    let body = match content {
        Some(content) => crate::wire::value::write(&content.to_map(), serialisation)?,
        None => Vec::new(),
    };
    let media = Media::plain(serialisation).name();
    match ty {
        Some(ty) => head.push_str(&format!("Content-Type: {media};ty={}\r\n", ty.0)),
        None if content.is_some() => head.push_str(&format!("Content-Type: {media}\r\n")),
        None => {}
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    let mut message = head.into_bytes();
    message.extend(body);
    Ok(message)
}

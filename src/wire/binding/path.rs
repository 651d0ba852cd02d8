//! Addresses and the paths that stand for them (TS-0008 and TS-0009 clause 6.2): `cse-in/ae` is CSE-relative,
//! `~/cse-id/res` SP-relative (`/cse-id/res`), `_/sp/cse-id/res` absolute (`//sp/cse-id/res`).

use super::{Refusal, Unsendable};
use crate::wire::limits::{MAX_IDENTIFIER, MAX_TARGET};

/// What an empty path stands for: the receiver itself. Only notifications go there, since the address in a
/// subscription may be a bare `http://host:port`.
pub(super) const RECEIVER: &str = "/";

/// The address that the segments of a path stand for.
pub(super) fn address<'s>(segments: impl Iterator<Item = &'s str>) -> Result<String, Refusal> {
    let mut address = String::new();
    for (index, segment) in segments.enumerate() {
        if !is_segment(segment) {
            return Err(Refusal::Target);
        }
        match (index, segment) {
            (0, "~") => address.push('/'),
            (0, "_") => address.push_str("//"),
            _ => {
                if !(address.is_empty() || address.ends_with('/')) {
                    address.push('/');
                }
                address.push_str(segment);
            }
        }
        if address.len() > MAX_TARGET {
            return Err(Refusal::Target);
        }
    }
    if address.is_empty() || address.ends_with('/') { Err(Refusal::Target) } else { Ok(address) }
}

/// The segments of the path that stands for an address.
pub(super) fn segments(address: &str) -> Result<Vec<&str>, Unsendable> {
    let (lead, rest) = match address {
        RECEIVER => return Ok(Vec::new()),
        _ if address.len() > MAX_TARGET => return Err(Unsendable::Target),
        _ if address.starts_with("//") => (Some("_"), address.get(2..).unwrap_or_default()),
        _ if address.starts_with('/') => (Some("~"), address.get(1..).unwrap_or_default()),
        _ => (None, address),
    };
    let segments: Vec<&str> = lead.into_iter().chain(rest.split('/')).collect();
    let body = segments.get(usize::from(lead.is_some())..).unwrap_or_default();
    let sound = body.iter().all(|segment| is_segment(segment));
    // A first segment that is `~` or `_` itself would be taken for what these stand for.
    let plain = lead.is_some() || !matches!(body.first(), Some(&("~" | "_")));
    if sound && plain { Ok(segments) } else { Err(Unsendable::Target) }
}

/// Text of 1 to [`MAX_IDENTIFIER`] bytes. A slash inside would make two addresses look like one, dots
/// would climb, control characters have no place in an identifier.
fn is_segment(segment: &str) -> bool {
    (1..=MAX_IDENTIFIER).contains(&segment.len())
        && !matches!(segment, "." | "..")
        && !segment.contains('/')
        && !segment.chars().any(char::is_control)
}

/// Decodes `%xx`; anything else stands for itself.
pub(super) fn percent_decode(text: &str) -> Result<String, Refusal> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let (digits, after) = after.split_first_chunk::<2>().ok_or(Refusal::PercentEncoding)?;
            let digits = str::from_utf8(digits).map_err(|_| Refusal::PercentEncoding)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(Refusal::PercentEncoding);
            }
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| Refusal::PercentEncoding)?);
            rest = after;
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_err(|_| Refusal::PercentEncoding)
}

/// Encodes all but the unreserved characters of RFC 3986 section 2.3, and `:` and `@`, which paths and
/// queries may have as they are.
pub(super) fn percent_encode(text: &str, output: &mut String) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'@') {
            output.push(char::from(byte));
        } else {
            output.push('%');
            output.extend(DIGITS.get(usize::from(byte >> 4)));
            output.extend(DIGITS.get(usize::from(byte & 15)));
        }
    }
}

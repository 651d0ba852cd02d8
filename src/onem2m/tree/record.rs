//! A resource as one string of bytes: a small head, then its attributes with their names as numbers.
//!
//! ```text
//! flags 1 | ct 6 | lt 6, if flagged | et 6, if flagged | st 4, cni 4, cbs 8, if flagged
//! name, alias, creator: length and text, each if flagged | attributes: name, value, to the end
//! ```
//!
//! Times are milliseconds since 1970. A container's counters are at a fixed place, so that a new
//! contentInstance changes them where they are.

use super::types::Types;
use crate::wire::limits::MAX_DEPTH;
use crate::wire::value::{Map, Name, Value};

/// Room for a small resource without growing.
const USUAL_LEN: usize = 96;

const MODIFIED: u8 = 1;
const EXPIRES: u8 = 2;
const COUNTS: u8 = 4;
const NAME: u8 = 8;
const ALIAS: u8 = 16;
const CREATOR: u8 = 32;
const POLICIES: u8 = 64;

/// Where lt stands.
const MODIFIED_AT: usize = 7;

/// What a container counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// st
    pub state: u32,
    /// cni
    pub instances: u32,
    /// cbs
    pub bytes: u64,
}

/// A resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// ct, in milliseconds since 1970.
    pub created: u64,
    /// lt, in milliseconds since 1970.
    pub modified: u64,
    /// et, in milliseconds since 1970, if it was asked for.
    pub expires: Option<u64>,
    /// st, cni and cbs of a container.
    pub counts: Option<Counts>,
    /// rn, if it is not the same as ri.
    pub name: Option<String>,
    /// ri, if it is not made from the resource's place: an AE-ID stem, a CSE-ID without its slash.
    pub alias: Option<String>,
    /// Who created it, if that is not the AE above it.
    pub creator: Option<String>,
    /// All other attributes.
    pub attributes: Map,
}

/// The head of a record, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Head<'b> {
    /// ct
    pub created: u64,
    /// lt
    pub modified: u64,
    /// et
    pub expires: Option<u64>,
    /// st, cni and cbs
    pub counts: Option<Counts>,
    /// rn
    pub name: Option<&'b str>,
    /// ri
    pub alias: Option<&'b str>,
    /// Who created it.
    pub creator: Option<&'b str>,
    /// It has the attribute acpi.
    pub policies: bool,
    rest: &'b [u8],
}

impl Record {
    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let modified = self.modified != self.created || self.counts.is_some();
        let mut flags = 0;
        for (flag, set) in [
            (MODIFIED, modified),
            (EXPIRES, self.expires.is_some()),
            (COUNTS, self.counts.is_some()),
            (NAME, self.name.is_some()),
            (ALIAS, self.alias.is_some()),
            (CREATOR, self.creator.is_some()),
            (POLICIES, self.attributes.get("acpi").is_some()),
        ] {
            flags |= if set { flag } else { 0 };
        }
        let mut out = Vec::with_capacity(USUAL_LEN);
        out.push(flags);
        put_time(&mut out, self.created);
        if modified {
            put_time(&mut out, self.modified);
        }
        if let Some(expires) = self.expires {
            put_time(&mut out, expires);
        }
        if let Some(counts) = self.counts {
            out.extend(counts.bytes());
        }
        for text in [&self.name, &self.alias, &self.creator].into_iter().flatten() {
            put_text(&mut out, text);
        }
        for (name, value) in self.attributes.iter() {
            put_name(&mut out, name);
            put_value(&mut out, value);
        }
        out
    }

    /// The resource; `None` for bytes that [`encode`](Self::encode) does not give.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let head = Head::read(bytes)?;
        Some(Self {
            created: head.created,
            modified: head.modified,
            expires: head.expires,
            counts: head.counts,
            name: head.name.map(str::to_owned),
            alias: head.alias.map(str::to_owned),
            creator: head.creator.map(str::to_owned),
            attributes: head.attributes()?,
        })
    }
}

impl<'b> Head<'b> {
    /// Reads it.
    #[must_use]
    pub fn read(bytes: &'b [u8]) -> Option<Self> {
        let mut input = Input(bytes);
        let flags = input.byte()?;
        let created = input.time()?;
        let has = |flag| flags & flag != 0;
        let modified = if has(MODIFIED) { input.time()? } else { created };
        let expires = if has(EXPIRES) { Some(input.time()?) } else { None };
        let counts = if has(COUNTS) { Some(Counts::read(&mut input)?) } else { None };
        let mut text = |flag| if has(flag) { input.text().map(Some) } else { Some(None) };
        let (name, alias, creator) = (text(NAME)?, text(ALIAS)?, text(CREATOR)?);
        let policies = has(POLICIES);
        Some(Self {
            created,
            modified,
            expires,
            counts,
            name,
            alias,
            creator,
            policies,
            rest: input.0,
        })
    }

    /// All attributes.
    #[must_use]
    pub fn attributes(&self) -> Option<Map> {
        let mut members = Vec::with_capacity(8);
        self.members(&mut members)?;
        Map::from_members(members).ok()
    }

    /// Adds all attributes to these members.
    pub fn members(&self, members: &mut Vec<(Name, Value)>) -> Option<()> {
        let mut input = Input(self.rest);
        while !input.0.is_empty() {
            members.push((input.name()?.owned(), input.value(0)?));
        }
        Some(())
    }

    /// One attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Value> {
        let mut input = Input(self.rest);
        while !input.0.is_empty() {
            if input.name()?.text() == name {
                return input.value(0);
            }
            input.skip(0)?;
        }
        None
    }
}

/// Sets lt and the counters of a container where they stand. `None` if it is no container.
pub fn recount(bytes: &mut [u8], modified: u64, counts: Counts) -> Option<()> {
    let flags = *bytes.first()?;
    if flags & COUNTS == 0 || flags & MODIFIED == 0 {
        return None;
    }
    bytes.get_mut(MODIFIED_AT..MODIFIED_AT + 6)?.copy_from_slice(modified.to_be_bytes().get(2..)?);
    let at = MODIFIED_AT + 6 + if flags & EXPIRES == 0 { 0 } else { 6 };
    bytes.get_mut(at..at + 16)?.copy_from_slice(&counts.bytes());
    Some(())
}

impl Counts {
    fn bytes(self) -> [u8; 16] {
        let all = u128::from(self.state) << 96 | u128::from(self.instances) << 64;
        (all | u128::from(self.bytes)).to_be_bytes()
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        let all = u128::from_be_bytes(input.take(16)?.try_into().ok()?);
        Some(Self {
            state: u32::try_from(all >> 96).ok()?,
            instances: u32::try_from(all >> 64 & u128::from(u32::MAX)).ok()?,
            bytes: u64::try_from(all & u128::from(u64::MAX)).ok()?,
        })
    }
}

fn put_time(out: &mut Vec<u8>, time: u64) {
    out.extend(time.min((1 << 48) - 1).to_be_bytes().into_iter().skip(2));
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend(text.as_bytes());
}

/// The place of the name plus one, or 0 and the name.
fn put_name(out: &mut Vec<u8>, name: &str) {
    match Types::shipped().code(name) {
        Some(code) => put_number(out, code + 1),
        None => {
            out.push(0);
            put_text(out, name);
        }
    }
}

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const POSITIVE: u8 = 3;
const NEGATIVE: u8 = 4;
const FLOAT: u8 = 5;
const TEXT: u8 = 6;
const LIST: u8 = 7;
const OBJECT: u8 = 8;
/// From here on: text of `tag - SHORT` bytes.
const SHORT: u8 = 16;
/// Items of a list that room is made for before they are read: a length is a claim, at every depth.
const RESERVED_MAX: usize = 16;

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(flag) => out.push(if *flag { TRUE } else { FALSE }),
        Value::Integer(number) if *number < 0 => {
            out.push(NEGATIVE);
            put_number(out, !number.cast_unsigned());
        }
        Value::Integer(number) => {
            out.push(POSITIVE);
            put_number(out, number.cast_unsigned());
        }
        Value::Unsigned(number) => {
            out.push(POSITIVE);
            put_number(out, *number);
        }
        Value::Float(number) => {
            out.push(FLOAT);
            out.extend(number.to_be_bytes());
        }
        Value::Text(text) => match u8::try_from(text.len() + usize::from(SHORT)) {
            Ok(tag) => {
                out.push(tag);
                out.extend(text.as_bytes());
            }
            Err(_) => {
                out.push(TEXT);
                put_text(out, text);
            }
        },
        Value::List(items) => {
            out.push(LIST);
            put_number(out, items.len() as u64);
            items.iter().for_each(|item| put_value(out, item));
        }
        Value::Map(map) => {
            out.push(OBJECT);
            put_number(out, map.len() as u64);
            for (name, value) in map.iter() {
                put_name(out, name);
                put_value(out, value);
            }
        }
    }
}

/// The name of an attribute in a record.
#[derive(Clone, Copy)]
enum Found<'b> {
    /// It has a number.
    Known(&'static str),
    /// It stands there.
    Other(&'b str),
}

impl<'b> Found<'b> {
    const fn text(self) -> &'b str {
        match self {
            Self::Known(name) => name,
            Self::Other(name) => name,
        }
    }

    fn owned(self) -> Name {
        match self {
            Self::Known(name) => Name::Borrowed(name),
            Self::Other(name) => Name::Owned(name.to_owned()),
        }
    }
}

struct Input<'b>(&'b [u8]);

impl<'b> Input<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn time(&mut self) -> Option<u64> {
        Some(self.take(6)?.iter().fold(0, |time, byte| time << 8 | u64::from(*byte)))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn len(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn text(&mut self) -> Option<&'b str> {
        let len = self.len()?;
        str::from_utf8(self.take(len)?).ok()
    }

    fn name(&mut self) -> Option<Found<'b>> {
        match self.number()? {
            0 => self.text().map(Found::Other),
            code => Types::shipped().name(code - 1).map(Found::Known),
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        Some(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            POSITIVE => Value::from(self.number()?),
            NEGATIVE => Value::Integer(!i64::try_from(self.number()?).ok()?),
            FLOAT => Value::float(f64::from_be_bytes(self.take(8)?.try_into().ok()?))?,
            TEXT => Value::from(self.text()?),
            LIST | OBJECT if depth == MAX_DEPTH => return None,
            LIST => {
                let len = self.len()?;
                let mut items = Vec::with_capacity(len.min(RESERVED_MAX));
                for _ in 0..len {
                    items.push(self.value(depth + 1)?);
                }
                Value::List(items)
            }
            OBJECT => {
                let mut members = Vec::new();
                for _ in 0..self.len()? {
                    members.push((self.name()?.owned(), self.value(depth + 1)?));
                }
                Value::Map(Map::from_members(members).ok()?)
            }
            tag => {
                let len = tag.checked_sub(SHORT)?;
                Value::from(str::from_utf8(self.take(usize::from(len))?).ok()?)
            }
        })
    }

    fn skip(&mut self, depth: usize) -> Option<()> {
        match self.byte()? {
            NULL | FALSE | TRUE => {}
            POSITIVE | NEGATIVE => {
                self.number()?;
            }
            FLOAT => {
                self.take(8)?;
            }
            TEXT => {
                self.text()?;
            }
            LIST | OBJECT if depth == MAX_DEPTH => return None,
            LIST => {
                for _ in 0..self.len()? {
                    self.skip(depth + 1)?;
                }
            }
            OBJECT => {
                for _ in 0..self.len()? {
                    self.name()?;
                    self.skip(depth + 1)?;
                }
            }
            tag => {
                self.take(usize::from(tag.checked_sub(SHORT)?))?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::value;

    fn sample() -> Record {
        let json = br#"{"lbl":["a","b"],"mni":3,"x":-5,"y":1.5,"big":18446744073709551615,
            "enc":{"net":[1,3],"unknown":{"deep":[null,true,false]}},"acpi":["acp1"],"min":-9223372036854775808}"#;
        let attributes = value::read(json, value::Serialisation::Json).unwrap();
        Record {
            created: 1_700_000_000_123,
            modified: 1_700_000_000_124,
            expires: Some(1_800_000_000_000),
            counts: Some(Counts { state: 7, instances: 2, bytes: 1 << 40 }),
            name: Some("data".into()),
            alias: Some("Cae".into()),
            creator: Some("/id-mn/Cx".into()),
            attributes,
        }
    }

    #[test]
    fn records_read_back() {
        let record = sample();
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes), Some(record.clone()));
        let head = Head::read(&bytes).unwrap();
        assert_eq!(head.attribute("min"), Some(Value::Integer(i64::MIN)));
        assert_eq!(head.attribute("acpi"), record.attributes.get("acpi").cloned());
        assert_eq!(head.attribute("con"), None);
        assert!(head.policies);
        let plain = Record { created: 5, modified: 5, ..Record::default() };
        assert_eq!(Record::decode(&plain.encode()), Some(plain.clone()));
        assert_eq!(plain.encode().len(), 7);
    }

    #[test]
    fn counters_change_in_place() {
        let record = sample();
        let mut bytes = record.encode();
        let counts = Counts { state: 8, instances: 3, bytes: 5 };
        recount(&mut bytes, 99, counts).unwrap();
        let expected = Record { modified: 99, counts: Some(counts), ..record };
        assert_eq!(Record::decode(&bytes), Some(expected));
    }

    #[test]
    fn no_bytes_harm() {
        let bytes = sample().encode();
        for len in 0..bytes.len() {
            let _ = Record::decode(&bytes[..len]);
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1 << bit;
                if let Some(record) = Record::decode(&bytes) {
                    assert_eq!(Record::decode(&record.encode()), Some(record));
                }
            }
        }
    }
}

//! Reading XML: events to a tree, with the types of the tables.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{INSTANCE, NAMESPACES, SCHEMA, is_allowed, is_local_name, split};
use crate::wire::limits::{MAX_DEPTH, MAX_ITEMS, MAX_MEMBERS, MAX_NAME};
use crate::wire::schema::{Base, Kind, Schema};
use crate::wire::value::{Fault, Malformed, Map, Value};

/// Reads a document: an object with one member, the root element.
///
/// # Errors
/// Names what is wrong, and where.
pub fn read(bytes: &[u8]) -> Result<Map, Malformed> {
    let text = str::from_utf8(bytes)
        .map_err(|error| Malformed { fault: Fault::Utf8, at: error.valid_up_to() })?;
    if let Some((at, _)) = text.char_indices().find(|(_, character)| !is_allowed(*character)) {
        return Err(Malformed { fault: Fault::Character, at });
    }
    let mut walk = Walk { reader: Reader::from_str(text), scopes: Vec::new(), len: text.len() };
    let mut root = None;
    let mut first = true;
    loop {
        match walk.next()? {
            Event::Decl(declaration) if first => walk.check_declaration(&declaration)?,
            Event::Start(start) if root.is_none() => {
                root = Some(walk.element(&start, false, "", 0)?);
            }
            Event::Empty(start) if root.is_none() => {
                root = Some(walk.element(&start, true, "", 0)?);
            }
            Event::Comment(_) => {}
            Event::Text(text) if text.trim_ascii().is_empty() => {}
            Event::Eof => break,
            _ => {
                let fault = if root.is_some() { Fault::Trailing } else { Fault::Syntax };
                return Err(walk.malformed(fault));
            }
        }
        first = false;
    }
    match root {
        Some((name, value)) if name.contains(':') => Ok(Map::of(name, value)),
        Some(_) => Err(Malformed { fault: Fault::NotAnObject, at: 0 }),
        None => Err(walk.malformed(Fault::Truncated)),
    }
}

struct Walk<'a> {
    reader: Reader<&'a [u8]>,
    /// Declared prefixes and the depth of their elements.
    scopes: Vec<(String, String)>,
    len: usize,
}

/// What an element says about its value beside its content.
#[derive(Default)]
struct Marks {
    name: Option<String>,
    nil: bool,
    base: Option<Base>,
}

impl<'a> Walk<'a> {
    fn malformed(&self, fault: Fault) -> Malformed {
        let at = usize::try_from(self.reader.buffer_position()).unwrap_or(self.len);
        Malformed { fault, at }
    }

    /// The next event; what has no place anywhere is refused here.
    fn next(&mut self) -> Result<Event<'a>, Malformed> {
        match self.reader.read_event() {
            Ok(Event::DocType(_)) => Err(self.malformed(Fault::Doctype)),
            Ok(Event::PI(_)) => Err(self.malformed(Fault::Instruction)),
            Ok(event) => Ok(event),
            Err(_) => Err(self.malformed(Fault::Syntax)),
        }
    }

    fn check_declaration(
        &self,
        declaration: &quick_xml::events::BytesDecl<'_>,
    ) -> Result<(), Malformed> {
        let utf8 = match declaration.encoding() {
            None => true,
            Some(Ok(name)) => name.eq_ignore_ascii_case("utf-8"),
            Some(Err(_)) => false,
        };
        match declaration.version() {
            Ok(version) if &*version == "1.0" && utf8 => Ok(()),
            _ => Err(self.malformed(Fault::Declaration)),
        }
    }

    /// Reads an element whose start was just read: its name and its value.
    fn element(
        &mut self,
        start: &BytesStart<'_>,
        empty: bool,
        parent: &str,
        depth: usize,
    ) -> Result<(String, Value), Malformed> {
        if depth == MAX_DEPTH {
            return Err(self.malformed(Fault::Depth));
        }
        let scope = self.scopes.len();
        self.declare(start)?;
        let name = self.name(start)?;
        let marks = self.marks(start, &name)?;
        let kind = Schema::shipped().kind(parent, &name).unwrap_or(Kind::ANY);
        let value = if empty {
            self.finish(marks, kind, Vec::new(), String::new())?
        } else {
            self.content(&name, marks, kind, depth)?
        };
        self.scopes.truncate(scope);
        Ok((name, value))
    }

    /// Notes the prefixes that an element declares.
    fn declare(&mut self, start: &BytesStart<'_>) -> Result<(), Malformed> {
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| self.malformed(Fault::Syntax))?;
            let key = attribute.key.as_ref();
            if key == "xmlns" {
                return Err(self.malformed(Fault::Namespace));
            }
            let Some(prefix) = key.strip_prefix("xmlns:") else { continue };
            let uri = self.attribute_text(&attribute)?;
            let mut fixed = NAMESPACES.iter();
            // A prefix that oneM2M fixes stands for no other namespace; the reverse is dealt with below.
            let taken = fixed.any(|(known, at)| *known == prefix && *at != uri);
            if taken || uri.is_empty() || !is_local_name(prefix) || self.scopes.len() > MAX_DEPTH {
                return Err(self.malformed(Fault::Namespace));
            }
            self.scopes.push((prefix.to_owned(), uri));
        }
        Ok(())
    }

    fn attribute_text(
        &self,
        attribute: &quick_xml::events::attributes::Attribute<'_>,
    ) -> Result<String, Malformed> {
        let text = attribute
            .normalized_value(XmlVersion::Explicit1_0)
            .map_err(|_| self.malformed(Fault::Entity))?;
        if text.chars().all(is_allowed) {
            Ok(text.into_owned())
        } else {
            Err(self.malformed(Fault::Character))
        }
    }

    fn namespace(&self, prefix: &str) -> Result<&str, Malformed> {
        let found = self.scopes.iter().rev().find(|(known, _)| known == prefix);
        found.map(|(_, uri)| uri.as_str()).ok_or_else(|| self.malformed(Fault::Namespace))
    }

    /// The oneM2M name of an element: its local name, with the usual prefix if it has one at all.
    fn name(&self, start: &BytesStart<'_>) -> Result<String, Malformed> {
        let qualified = start.name();
        let (prefix, local) = split(qualified.as_ref());
        if !is_local_name(local) || qualified.as_ref().len() > MAX_NAME {
            return Err(self.malformed(Fault::Name));
        }
        let Some(prefix) = prefix else { return Ok(local.to_owned()) };
        let uri = self.namespace(prefix)?;
        let usual = NAMESPACES.iter().find(|(_, known)| *known == uri);
        Ok(format!("{}:{local}", usual.map_or(prefix, |(prefix, _)| prefix)))
    }

    fn marks(&self, start: &BytesStart<'_>, name: &str) -> Result<Marks, Malformed> {
        let mut marks = Marks::default();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| self.malformed(Fault::Syntax))?;
            let key = attribute.key.as_ref();
            let (prefix, local) = split(key);
            if prefix == Some("xmlns") {
                continue;
            }
            let text = self.attribute_text(&attribute)?;
            match prefix.map(|prefix| self.namespace(prefix)).transpose()? {
                None if local == "rn" && name.contains(':') => marks.name = Some(text),
                Some(INSTANCE) if local == "nil" => {
                    let nil = Base::Bool.value_of(&text);
                    let Some(Value::Bool(nil)) = nil else {
                        return Err(self.malformed(Fault::Lexical));
                    };
                    marks.nil = nil;
                }
                Some(INSTANCE) if local == "type" => marks.base = Some(self.base(&text)?),
                Some(INSTANCE) if local == "schemaLocation" => {}
                _ => return Err(self.malformed(Fault::XmlAttribute)),
            }
        }
        Ok(marks)
    }

    /// What `xsi:type` names.
    fn base(&self, text: &str) -> Result<Base, Malformed> {
        let (prefix, local) = split(text);
        let schema = prefix.map(|prefix| self.namespace(prefix)).transpose()? == Some(SCHEMA);
        match local {
            "string" if schema => Ok(Base::Text),
            "boolean" if schema => Ok(Base::Bool),
            "integer" | "long" | "int" | "unsignedLong" if schema => Ok(Base::Integer),
            "double" | "float" | "decimal" if schema => Ok(Base::Float),
            _ => Err(self.malformed(Fault::XmlAttribute)),
        }
    }

    /// Reads up to the end of the element.
    fn content(
        &mut self,
        name: &str,
        marks: Marks,
        kind: Kind,
        depth: usize,
    ) -> Result<Value, Malformed> {
        let mut text = String::new();
        let mut children: Vec<(String, Value)> = Vec::new();
        loop {
            match self.next()? {
                Event::Start(start) => {
                    let child = self.element(&start, false, name, depth + 1)?;
                    self.adopt(&mut children, child)?;
                }
                Event::Empty(start) => {
                    let child = self.element(&start, true, name, depth + 1)?;
                    self.adopt(&mut children, child)?;
                }
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::CData(part) => text.push_str(&part.xml10_content()),
                Event::GeneralRef(reference) => text.push(self.character(&reference)?),
                Event::Comment(_) => {}
                Event::End(_) => break,
                Event::Eof => return Err(self.malformed(Fault::Truncated)),
                _ => return Err(self.malformed(Fault::Syntax)),
            }
        }
        if !children.is_empty() && !text.trim_ascii().is_empty() {
            return Err(self.malformed(Fault::Mixed));
        }
        let children = self.gather(name, children)?;
        self.finish(marks, kind, children, text)
    }

    fn character(&self, reference: &BytesRef<'_>) -> Result<char, Malformed> {
        let entity = Err(self.malformed(Fault::Entity));
        let character = match reference.resolve_char_ref() {
            Ok(Some(character)) => character,
            Ok(None) => match &**reference {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "apos" => '\'',
                "quot" => '"',
                _ => return entity,
            },
            Err(_) => return Err(self.malformed(Fault::Character)),
        };
        if is_allowed(character) { Ok(character) } else { Err(self.malformed(Fault::Character)) }
    }

    fn adopt(
        &self,
        children: &mut Vec<(String, Value)>,
        child: (String, Value),
    ) -> Result<(), Malformed> {
        if children.len() == MAX_ITEMS {
            return Err(self.malformed(Fault::ListTooLong));
        }
        children.push(child);
        Ok(())
    }

    /// Makes lists of repeated elements.
    fn gather(
        &self,
        parent: &str,
        children: Vec<(String, Value)>,
    ) -> Result<Vec<(String, Value)>, Malformed> {
        let mut order: Vec<(String, usize)> =
            children.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        order.sort_unstable();
        let mut slots: Vec<Option<Value>> =
            children.into_iter().map(|(_, value)| Some(value)).collect();
        let mut gathered = Vec::new();
        for group in order.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((name, first)) = group.first() else { continue };
            let kind = Schema::shipped().kind(parent, name);
            let repeated = kind.is_some_and(|kind| kind.list && kind.base == Base::Object);
            let values = group.iter().filter_map(|(_, at)| slots.get_mut(*at)?.take());
            let value = if repeated || group.len() > 1 && kind.is_none() {
                Some(Value::List(values.collect()))
            } else if group.len() == 1 {
                values.last()
            } else {
                return Err(self.malformed(Fault::Repeated));
            };
            gathered.extend(value.map(|value| (*first, name.clone(), value)));
        }
        if gathered.len() > MAX_MEMBERS {
            return Err(self.malformed(Fault::TooManyMembers));
        }
        gathered.sort_unstable_by_key(|(at, ..)| *at);
        Ok(gathered.into_iter().map(|(_, name, value)| (name, value)).collect())
    }

    /// The value of an element with these children or this text.
    fn finish(
        &self,
        marks: Marks,
        kind: Kind,
        mut children: Vec<(String, Value)>,
        text: String,
    ) -> Result<Value, Malformed> {
        if marks.nil {
            let empty = children.is_empty() && text.is_empty() && marks.name.is_none();
            return if empty { Ok(Value::Null) } else { Err(self.malformed(Fault::Mixed)) };
        }
        if let Some(name) = marks.name {
            if !text.trim_ascii().is_empty() {
                return Err(self.malformed(Fault::Mixed));
            }
            children.insert(0, ("rn".to_owned(), Value::Text(name)));
        }
        if !children.is_empty() {
            let members = children.into_iter().map(|(name, value)| (name.into(), value));
            return match Map::from_members(members.collect()) {
                Ok(map) if marks.base.is_none() => Ok(Value::Map(map)),
                Ok(_) => Err(self.malformed(Fault::Mixed)),
                Err(_) => Err(self.malformed(Fault::Repeated)),
            };
        }
        leaf(kind, marks.base, &text).map_err(|fault| self.malformed(fault))
    }
}

/// The value of an element with text only.
pub(super) fn leaf(kind: Kind, marked: Option<Base>, text: &str) -> Result<Value, Fault> {
    if let Some(base) = marked {
        return base.value_of(text).ok_or(Fault::Lexical);
    }
    match kind {
        Kind { base: Base::Object, .. } if text.trim_ascii().is_empty() => {
            Ok(Value::Map(Map::new()))
        }
        Kind { base, list: true } => {
            let words = text.split_ascii_whitespace();
            let items: Option<Vec<_>> =
                words.take(MAX_ITEMS + 1).map(|word| base.value_of(word)).collect();
            let items = items.ok_or(Fault::Lexical)?;
            if items.len() > MAX_ITEMS { Err(Fault::ListTooLong) } else { Ok(Value::List(items)) }
        }
        Kind { base, .. } => {
            // White space around what is not text is insignificant (XML Schema, whiteSpace collapse).
            let text =
                if base == Base::Text || base == Base::Any { text } else { text.trim_ascii() };
            base.value_of(text).ok_or(Fault::Lexical)
        }
    }
}

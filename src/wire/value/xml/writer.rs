//! Writing XML: what would not read back equal is marked with `xsi:type`, or refused.

use super::{INSTANCE, NAMESPACES, SCHEMA, is_allowed, is_local_name, reader, split};
use crate::wire::schema::{Base, Kind, Schema, text_of};
use crate::wire::value::{Map, Unwritable, Value};

/// Writes an object with one member as a document.
///
/// # Errors
/// Names the member that XML cannot carry.
pub fn write(map: &Map) -> Result<Vec<u8>, Unwritable> {
    let (name, value) = map.single().ok_or(Unwritable::Root)?;
    if !name.contains(':') {
        return Err(Unwritable::Root);
    }
    let mut writer = Writer::default();
    // One element whatever its value: a document has one root.
    let kind = Schema::shipped().kind("", name).unwrap_or(Kind::ANY);
    writer.element(name, kind, value)?;
    Ok(writer.document(name))
}

#[derive(Default)]
struct Writer {
    text: String,
    /// Which of [`NAMESPACES`] are used, and those of XML Schema.
    used: [bool; NAMESPACES.len()],
    marked: bool,
}

impl Writer {
    /// The document: declarations go into the start of the root, which is written already.
    fn document(self, root: &str) -> Vec<u8> {
        let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root}");
        for ((prefix, uri), used) in NAMESPACES.iter().zip(self.used) {
            if used {
                text.push_str(&format!(" xmlns:{prefix}=\"{uri}\""));
            }
        }
        if self.marked {
            text.push_str(&format!(" xmlns:xsi=\"{INSTANCE}\" xmlns:xs=\"{SCHEMA}\""));
        }
        text.push_str(self.text.strip_prefix(&format!("<{root}")).unwrap_or(&self.text));
        text.into_bytes()
    }

    /// One member of an object: an element, or several.
    fn member(&mut self, parent: &str, name: &str, value: &Value) -> Result<(), Unwritable> {
        let known = Schema::shipped().kind(parent, name);
        let kind = known.unwrap_or(Kind::ANY);
        let objects = kind.list && kind.base == Base::Object;
        match value {
            Value::List(items)
                if objects && !items.is_empty() || known.is_none() && items.len() > 1 =>
            {
                items.iter().try_for_each(|item| self.element(name, kind, item))
            }
            // A lone object would read back as a list of one.
            Value::List(_) if objects => Err(no_form(name)),
            _ if objects => Err(no_form(name)),
            _ => self.element(name, kind, value),
        }
    }

    fn element(&mut self, name: &str, kind: Kind, value: &Value) -> Result<(), Unwritable> {
        self.check_name(name)?;
        self.text.push('<');
        self.text.push_str(name);
        match value {
            Value::Null => {
                self.marked = true;
                self.text.push_str(" xsi:nil=\"true\"/>");
                return Ok(());
            }
            Value::Map(map) => self.object(name, kind, map)?,
            _ => self.leaf(name, kind, value)?,
        }
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
        Ok(())
    }

    /// The rest of the start of an object, and its members.
    fn object(&mut self, name: &str, kind: Kind, map: &Map) -> Result<(), Unwritable> {
        if map.is_empty() && kind.base != Base::Object {
            return Err(no_form(name));
        }
        let resource = name.contains(':');
        let own_name = map.get("rn").filter(|_| resource).and_then(Value::as_text);
        if let Some(text) = own_name {
            self.text.push_str(" rn=\"");
            self.escape("rn", text)?;
            self.text.push('"');
        }
        self.text.push('>');
        for (member, value) in map.iter() {
            if !(member == "rn" && own_name.is_some()) {
                self.member(name, member, value)?;
            }
        }
        Ok(())
    }

    /// The rest of the start of an element with text, and the text.
    fn leaf(&mut self, name: &str, kind: Kind, value: &Value) -> Result<(), Unwritable> {
        let text = match value {
            Value::List(items) => {
                let words: Option<Vec<String>> = items.iter().map(text_of).collect();
                words.ok_or_else(|| no_form(name))?.join(" ")
            }
            _ => text_of(value).ok_or_else(|| no_form(name))?,
        };
        let reads_back = |base| reader::leaf(kind, base, &text).is_ok_and(|read| read == *value);
        if reads_back(None) {
            self.text.push('>');
        } else {
            let (base, mark) = match value {
                Value::Bool(_) => (Base::Bool, "boolean"),
                Value::Integer(_) | Value::Unsigned(_) => (Base::Integer, "integer"),
                Value::Float(_) => (Base::Float, "double"),
                _ => (Base::Text, "string"),
            };
            if !reads_back(Some(base)) {
                return Err(no_form(name));
            }
            self.marked = true;
            self.text.push_str(&format!(" xsi:type=\"xs:{mark}\">"));
        }
        self.escape(name, &text)
    }

    fn check_name(&mut self, name: &str) -> Result<(), Unwritable> {
        let (prefix, local) = split(name);
        if !is_local_name(local) {
            return Err(no_form(name));
        }
        if let Some(prefix) = prefix {
            let at = NAMESPACES.iter().position(|(known, _)| *known == prefix);
            let used = at.and_then(|at| self.used.get_mut(at)).ok_or_else(|| no_form(name))?;
            *used = true;
        }
        Ok(())
    }

    fn escape(&mut self, name: &str, text: &str) -> Result<(), Unwritable> {
        for character in text.chars() {
            match character {
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '&' => self.text.push_str("&amp;"),
                '"' => self.text.push_str("&quot;"),
                // As they are, the reader would fold them (XML 1.0 sections 2.11 and 3.3.3).
                '\t' | '\n' | '\r' => {
                    self.text.push_str(&format!("&#{};", u32::from(character)));
                }
                _ if is_allowed(character) => self.text.push(character),
                _ => return Err(no_form(name)),
            }
        }
        Ok(())
    }
}

fn no_form(name: &str) -> Unwritable {
    Unwritable::NoXmlForm(name.to_owned())
}

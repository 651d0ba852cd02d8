//! The resource types that a CSE hosts: which attributes each carries, what may be its child.
//!
//! `types.tsv` says so, checked when it is read; what an attribute is, and what a request may do with
//! it, are in `wire::schema`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::wire::schema::{Attribute, Resource, Schema};

const TABLE: &str = include_str!("types.tsv");
/// Attributes that the CSE itself writes for every resource.
pub const UNIVERSAL: [&str; 6] = ["rn", "ty", "ri", "pi", "ct", "lt"];

/// Numbers of the types that the code knows by name.
pub mod ty {
    /// `<accessControlPolicy>`
    pub const ACP: u16 = 1;
    /// `<AE>`
    pub const AE: u16 = 2;
    /// `<container>`
    pub const CNT: u16 = 3;
    /// `<contentInstance>`
    pub const CIN: u16 = 4;
    /// `<CSEBase>`
    pub const CB: u16 = 5;
    /// `<group>`
    pub const GRP: u16 = 9;
    /// `<mgmtObj>`
    pub const MGMT: u16 = 13;
    /// `<remoteCSE>`
    pub const CSR: u16 = 16;
    /// `<subscription>`
    pub const SUB: u16 = 23;
}

/// A resource type, for management objects one definition of it.
#[derive(Debug)]
pub struct Type {
    /// Its name in the tables, such as `CNT`.
    pub name: &'static str,
    /// The root member, such as `m2m:cnt`.
    pub root: &'static str,
    /// ty
    pub number: u16,
    /// mgd, of a management object.
    pub definition: Option<u16>,
    /// Any member with a legal name is an attribute too.
    pub open: bool,
    attributes: BTreeMap<&'static str, &'static Attribute>,
    children: Vec<u16>,
}

impl Type {
    /// The rules of an attribute; `None` if the type does not carry it.
    #[must_use]
    pub fn attribute(&self, short: &str) -> Option<&'static Attribute> {
        self.attributes.get(short).copied()
    }

    /// The attributes that it carries beside the [universal](UNIVERSAL) ones.
    pub fn attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        self.attributes.values().copied()
    }

    /// Whether a resource of type `child` may be its child.
    #[must_use]
    pub fn may_have(&self, child: u16) -> bool {
        self.children.contains(&child)
    }

    /// The first part of the identifiers of its resources, such as `cnt`.
    #[must_use]
    pub fn stem(&self) -> &'static str {
        if self.number == ty::MGMT {
            return "mgo";
        }
        self.root.split_once(':').map_or(self.root, |(_, stem)| stem)
    }
}

/// A line of the table that is not of its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the table of types: {what}")]
pub struct Flawed {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// All types, and the names of all attributes in a fixed order.
#[derive(Debug, Default)]
pub struct Types {
    types: Vec<Type>,
    names: Vec<&'static str>,
}

impl Types {
    /// The table that ships. (A test reads it; a flaw would leave it empty.)
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Types> = OnceLock::new();
        SHIPPED.get_or_init(|| Self::read(TABLE, Schema::shipped()).unwrap_or_default())
    }

    /// Reads a table.
    ///
    /// # Errors
    /// Gives the first line that is wrong.
    pub fn read(table: &'static str, schema: &'static Schema) -> Result<Self, Flawed> {
        let lines = || table.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        let mut types = Vec::new();
        for (index, line) in lines() {
            let flawed = |what| Flawed { line: index + 1, what };
            types.push(read_type(line, schema).map_err(flawed)?);
        }
        let mut names: Vec<_> = schema.attributes().iter().map(|row| row.short).collect();
        names.sort_unstable();
        names.dedup();
        Ok(Self { types, names })
    }

    /// The type with this number; of management objects the general one.
    #[must_use]
    pub fn numbered(&self, number: u16) -> Option<&Type> {
        let mut of_number = self.types.iter().filter(|kind| kind.number == number);
        of_number.find(|kind| kind.definition.is_none())
    }

    /// The type whose root member is called so.
    #[must_use]
    pub fn rooted(&self, root: &str) -> Option<&Type> {
        self.types.iter().find(|kind| kind.root == root)
    }

    /// The management object with this definition; the general one if the table does not know it.
    #[must_use]
    pub fn defined(&self, definition: u64) -> Option<&Type> {
        let known = |kind: &&Type| kind.definition.map(u64::from) == Some(definition);
        self.types.iter().find(known).or_else(|| self.numbered(ty::MGMT))
    }

    /// All types.
    pub fn all(&self) -> impl Iterator<Item = &Type> {
        self.types.iter()
    }

    /// The place of an attribute's name among all names.
    #[must_use]
    pub fn code(&self, name: &str) -> Option<u64> {
        self.names.binary_search(&name).ok().map(|at| at as u64)
    }

    /// The name in this place.
    #[must_use]
    pub fn name(&self, code: u64) -> Option<&'static str> {
        self.names.get(usize::try_from(code).ok()?).copied()
    }

    /// All names in order: what stored resources depend on.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }
}

fn read_type(line: &'static str, schema: &'static Schema) -> Result<Type, &'static str> {
    let mut fields = line.split('\t');
    let (Some(name), Some(attributes), Some(children), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err("not three fields");
    };
    let find = |name| schema.resource_named(name).ok_or("the type is not in the schema");
    let &Resource { root, number, definition, .. } = find(name)?;
    let mut kind = Type {
        name,
        root,
        number,
        definition,
        open: false,
        attributes: BTreeMap::new(),
        children: Vec::new(),
    };
    for short in attributes.split(',') {
        if short == "*" {
            kind.open = true;
            continue;
        }
        let row = schema.attribute(name, short);
        // What management objects have in common stands at each of them in the schema.
        let row = row.or_else(|| schema.attribute("FWR", short).filter(|_| number == ty::MGMT));
        let row = row.ok_or("an attribute is not in the schema")?;
        if kind.attributes.insert(short, row).is_some() {
            return Err("an attribute is there twice");
        }
    }
    for child in children.split(',').filter(|child| *child != "-") {
        kind.children.push(find(child)?.number);
    }
    Ok(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_sound() {
        let types = Types::read(TABLE, Schema::shipped()).unwrap();
        let container = types.numbered(ty::CNT).unwrap();
        assert_eq!((container.root, container.stem()), ("m2m:cnt", "cnt"));
        assert!(container.may_have(ty::CIN) && !container.may_have(ty::AE));
        assert!(container.attribute("mni").is_some() && container.attribute("con").is_none());
        assert_eq!(types.defined(1_001).unwrap().root, "m2m:fwr");
        assert_eq!(types.defined(1_025).unwrap().root, "m2m:mgo");
        for name in types.names() {
            assert_eq!(types.name(types.code(name).unwrap()), Some(*name));
        }
    }

    #[test]
    fn flaws_are_found() {
        let flaw = |table| Types::read(table, Schema::shipped()).unwrap_err();
        assert_eq!(flaw("CNT\tlbl"), Flawed { line: 1, what: "not three fields" });
        assert_eq!(flaw("#\nCNT\tzzz\t-").what, "an attribute is not in the schema");
        assert_eq!(flaw("ZZZ\tlbl\t-").what, "the type is not in the schema");
        assert_eq!(flaw("CNT\tlbl,lbl\t-").what, "an attribute is there twice");
    }
}

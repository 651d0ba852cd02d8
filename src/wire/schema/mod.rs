//! The attribute tables of TS-0004: what type an attribute has, what it is called in full, what a request
//! may do with it. `attributes.tsv` and `resources.tsv`, checked when they are read.
//!
//! XML says of no text whether it is a number or a list, so its reader asks here; names in full are
//! translated here; the rules of create and update are for the resource tree.

mod kind;
mod row;

pub use kind::{Base, Kind, text_of};
pub use row::{Annotation, Attribute, Flawed, Presence, Resource};

use std::collections::BTreeMap;
use std::sync::OnceLock;

const ATTRIBUTES: &str = include_str!("attributes.tsv");
const RESOURCES: &str = include_str!("resources.tsv");

/// The tables, and what is looked up in them most.
#[derive(Debug, Default)]
pub struct Schema {
    attributes: Vec<Attribute>,
    resources: Vec<Resource>,
    /// By the short names of parent and member.
    members: BTreeMap<(&'static str, &'static str), Kind>,
    /// By short name alone.
    kinds: BTreeMap<&'static str, Kind>,
    /// From names in full to short names.
    short: BTreeMap<&'static str, &'static str>,
}

impl Schema {
    /// The tables that ship. (A test reads them; a flaw would leave them empty.)
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Schema> = OnceLock::new();
        SHIPPED.get_or_init(|| Self::read(ATTRIBUTES, RESOURCES).unwrap_or_default())
    }

    /// Reads the tables.
    ///
    /// # Errors
    /// Gives the first line that is not of the tables' form.
    pub fn read(attributes: &'static str, resources: &'static str) -> Result<Self, Flawed> {
        let mut schema = Self {
            attributes: row::read(attributes, Attribute::from_fields)?,
            resources: row::read(resources, Resource::from_fields)?,
            ..Self::default()
        };
        schema.index();
        Ok(schema)
    }

    fn index(&mut self) {
        let mut parents: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
        for attribute in &self.attributes {
            let complex = if attribute.of == "-" { attribute.type_name } else { attribute.of };
            parents.entry(complex).or_default().push(attribute.short);
        }
        for attribute in &self.attributes {
            // What a resource carries comes before what a complex type has, see the file.
            self.kinds.entry(attribute.short).or_insert(attribute.kind);
            self.short.entry(attribute.long).or_insert(attribute.short);
            for place in &attribute.carriers {
                for parent in parents.get(place).into_iter().flatten() {
                    self.members.insert((parent, attribute.short), attribute.kind);
                }
                let resource = self.resources.iter().find(|resource| resource.name == *place);
                if let Some(resource) = resource {
                    self.members.insert((resource.root, attribute.short), attribute.kind);
                }
            }
        }
        // A parameter of a primitive is not always that of a resource with the same short name.
        for attribute in &self.attributes {
            if attribute.carriers == ["m2m:requestPrimitive"] {
                for root in ["m2m:rqp", "m2m:rsp"] {
                    self.members.insert((root, attribute.short), attribute.kind);
                }
            }
        }
    }

    /// The type of `member` inside `parent`, both by short name; `None` if the tables do not know it.
    #[must_use]
    pub fn kind(&self, parent: &str, member: &str) -> Option<Kind> {
        self.members.get(&(parent, member)).or_else(|| self.kinds.get(member)).copied()
    }

    /// The short name of an attribute or parameter whose name in full is given.
    #[must_use]
    pub fn short(&self, long: &str) -> Option<&'static str> {
        self.short.get(long).copied()
    }

    /// The resource type whose root member is called so, such as `m2m:cin`.
    #[must_use]
    pub fn resource(&self, root: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.root == root)
    }

    /// The resource type with this name in full, such as `ContentInstance`, or short, such as `CIN`.
    #[must_use]
    pub fn resource_named(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.long == name || resource.name == name)
    }

    /// The rules of an attribute in a resource type such as `CIN`.
    #[must_use]
    pub fn attribute(&self, resource: &str, short: &str) -> Option<&Attribute> {
        let carried = |attribute: &&Attribute, by: &str| {
            attribute.short == short && attribute.carriers.contains(&by)
        };
        let find = |by| self.attributes.iter().find(|attribute| carried(attribute, by));
        find(resource).or_else(|| find("ALL"))
    }

    /// All rows.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// All resource types.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }
}

#[cfg(test)]
mod tests;

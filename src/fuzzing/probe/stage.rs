//! What the requests of a campaign are about: an AE of the probe's own with a resource of each type below it, made
//! anew for every few cases, and the AE of somebody else.

use std::net::SocketAddr;

use super::shot::{Binding, Shot};
use crate::wire::primitive::{Content, Operation, Release, Request, ResourceType, ResultContent};
use crate::wire::schema::{Attribute, Base, Presence, Schema};
use crate::wire::value::{Map, Serialisation, Value};

/// Below what a resource of a type is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    /// The AE.
    Entity,
    /// The resource of this type below the AE.
    Of(u16),
}

/// A resource type that the probe makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    /// Its name in the tables, such as `CNT`.
    pub name: &'static str,
    /// ty
    pub number: u16,
    root: &'static str,
    parent: Parent,
}

const fn kind(name: &'static str, number: u16, root: &'static str, parent: Parent) -> Type {
    Type { name, number, root, parent }
}

/// The types, those that every CSE has first.
pub(super) const TYPES: [Type; 15] = [
    kind("AE", 2, "m2m:ae", Parent::Entity),
    kind("CNT", 3, "m2m:cnt", Parent::Entity),
    kind("CIN", 4, "m2m:cin", Parent::Of(3)),
    kind("ACP", 1, "m2m:acp", Parent::Entity),
    kind("GRP", 9, "m2m:grp", Parent::Entity),
    kind("SUB", 23, "m2m:sub", Parent::Of(3)),
    kind("TS", 29, "m2m:ts", Parent::Entity),
    kind("TSI", 30, "m2m:tsi", Parent::Of(29)),
    kind("FCNT", 28, "m2m:fcnt", Parent::Entity),
    kind("SMD", 24, "m2m:smd", Parent::Entity),
    kind("PCH", 15, "m2m:pch", Parent::Entity),
    kind("LCP", 10, "m2m:lcp", Parent::Entity),
    kind("DAC", 34, "m2m:dac", Parent::Entity),
    kind("CRS", 48, "m2m:crs", Parent::Entity),
    kind("ACTR", 65, "m2m:actr", Parent::Entity),
];
/// How many of them every CSE has.
pub(super) const CORE: usize = 6;

/// Who asks, whom, in what words.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    /// The CSEBase, such as `cse-in`.
    pub(super) base: String,
    /// The AE whose resources these are.
    pub(super) owner: String,
    /// An AE without any right to them.
    pub(super) other: String,
    /// What requests are sent over.
    pub(super) binding: Binding,
    /// Where it is.
    pub(super) at: SocketAddr,
    /// What bodies are written in.
    pub(super) form: Serialisation,
    /// rvi
    pub(super) release: Release,
}

impl Stage {
    /// The address of the AE.
    pub(super) fn entity(&self) -> String {
        format!("{}/{}", self.base, self.owner)
    }

    /// The address of the resource of a type.
    pub(super) fn place(&self, of: Type) -> String {
        match (of.number, of.parent) {
            (2, _) => self.entity(),
            (_, Parent::Of(parent)) => format!("{}/t{parent}/t{}", self.entity(), of.number),
            (number, Parent::Entity) => format!("{}/t{number}", self.entity()),
        }
    }

    /// The address below which it is made.
    pub(super) fn parent(&self, of: Type) -> String {
        match (of.number, of.parent) {
            (2, _) => self.base.clone(),
            (_, Parent::Of(parent)) => format!("{}/t{parent}", self.entity()),
            (_, Parent::Entity) => self.entity(),
        }
    }

    /// A request of the owner.
    pub(super) fn request(&self, operation: Operation, to: &str) -> Request {
        Request {
            operation,
            release: Some(self.release),
            ..Request::retrieve(to, &self.owner, "probe")
        }
    }

    /// A CREATE by the owner with these attributes.
    pub(super) fn create(&self, to: &str, of: Type, attributes: Map) -> Request {
        Request {
            resource_type: Some(ResourceType(of.number)),
            content: Some(Content::new(of.root, Value::Map(attributes))),
            result_content: Some(ResultContent::Attributes),
            ..self.request(Operation::Create, to)
        }
    }

    /// An UPDATE by the owner with these attributes.
    pub(super) fn update(&self, of: Type, attributes: Map) -> Request {
        Request {
            content: Some(Content::new(of.root, Value::Map(attributes))),
            ..self.request(Operation::Update, &self.place(of))
        }
    }

    /// The shot of a request.
    pub(super) fn shot(&self, request: &Request) -> Option<Shot> {
        Shot::of(request, self.at, self.binding, self.form)
    }

    /// The requests that make the resource of a type from nothing: what an earlier stage left goes first.
    pub(super) fn build(&self, of: Type) -> Vec<Shot> {
        let clear = self.request(Operation::Delete, &self.entity());
        let mut requests = vec![clear, self.make(entity())];
        if let Parent::Of(parent) = of.parent {
            requests.extend(
                TYPES.iter().filter(|above| above.number == parent).map(|above| self.make(*above)),
            );
        }
        if of.number != 2 {
            requests.push(self.make(of));
        }
        requests.iter().filter_map(|request| self.shot(request)).collect()
    }

    /// The registration of the other AE.
    pub(super) fn register_other(&self) -> Request {
        let mut attributes = self.example(entity(), false);
        attributes.insert("rn", Value::Text(self.other.clone()));
        let mut request = self.create(&self.base, entity(), attributes);
        request.from = Some(self.other.clone());
        request
    }

    /// The CREATE that makes the resource of a type at its place.
    pub(super) fn make(&self, of: Type) -> Request {
        self.create(&self.parent(of), of, self.example(of, true))
    }

    /// Attributes that a resource of a type may be created with: all that it must have, with its name if it is to
    /// be found again.
    pub(super) fn example(&self, of: Type, named: bool) -> Map {
        let mut attributes = Map::new();
        if named {
            let name = if of.number == 2 { self.owner.clone() } else { format!("t{}", of.number) };
            attributes.insert("rn", Value::Text(name));
        }
        for attribute in attributes_of(of).filter(|found| found.create == Presence::Mandatory) {
            attributes.insert(attribute.short, self.value(of, attribute));
        }
        for (short, value) in self.also(of) {
            attributes.insert(short, value);
        }
        attributes
    }

    /// What a sound resource of a type has beside the attributes that the tables call mandatory.
    fn also(&self, of: Type) -> Vec<(&'static str, Value)> {
        let text = |text: &str| Value::from(text);
        match of.number {
            2 => vec![("rr", Value::Bool(false)), ("srv", Value::List(vec![text("3"), text("4")]))],
            3 => vec![("mni", Value::from(16))],
            4 => vec![("con", text("21.5"))],
            9 => vec![("mt", Value::from(2))],
            28 => vec![
                ("cnd", text("org.onem2m.common.moduleclass.battery")),
                ("lvl", Value::from(50)),
            ],
            30 => vec![("con", text("21.5")), ("dgt", text("20260101T000000"))],
            _ => Vec::new(),
        }
    }

    /// A value that an attribute may have.
    pub(super) fn value(&self, of: Type, attribute: &Attribute) -> Value {
        match (of.number, attribute.short) {
            (_, "api") => Value::from("Nprobe"),
            (1, "pv" | "pvs") => rules(&[&self.owner], 63),
            (9, "mid") => Value::List(vec![Value::Text(self.entity())]),
            (_, "mnm") => Value::from(10),
            (_, "nu") => Value::List(vec![Value::Text(self.owner.clone())]),
            (_, "dsp") => Value::from("cHJvYmU="),
            (_, "acpi" | "daci") => Value::List(Vec::new()),
            (_, "et") => Value::from("20991231T000000"),
            (_, "cr") => Value::Null,
            _ => sample(attribute),
        }
    }
}

/// The AE.
pub(super) const fn entity() -> Type {
    let [entity, ..] = TYPES;
    entity
}

/// The container.
pub(super) const fn container() -> Type {
    let [_, container, ..] = TYPES;
    container
}

/// A set of access-control rules with one rule.
pub(super) fn rules(originators: &[&str], operations: u64) -> Value {
    let list = originators.iter().map(|text| Value::from(*text)).collect();
    let mut rule = Map::of("acor", Value::List(list));
    rule.insert("acop", Value::from(operations));
    Value::Map(Map::of("acr", Value::List(vec![Value::Map(rule)])))
}

/// The attributes of a type that requests may carry.
pub(super) fn attributes_of(of: Type) -> impl Iterator<Item = &'static Attribute> {
    let own = move |attribute: &&Attribute| {
        attribute.carriers.iter().any(|carrier| *carrier == of.name || *carrier == "ALL")
            && attribute.short != "rn"
    };
    Schema::shipped().attributes().iter().filter(own)
}

/// A value of an attribute's type.
fn sample(attribute: &Attribute) -> Value {
    let one = match attribute.kind.base {
        Base::Bool => Value::Bool(true),
        Base::Integer | Base::Float => Value::from(1),
        Base::Moment => Value::from("20991231T000000"),
        Base::Object => Value::Map(Map::new()),
        Base::Text | Base::Any => Value::from(match attribute.type_name {
            "timestamp" => "20991231T000000",
            "duration" => "PT10S",
            "schedule" => "* * * * * * *",
            _ => "probe",
        }),
    };
    if attribute.kind.list { Value::List(vec![one]) } else { one }
}

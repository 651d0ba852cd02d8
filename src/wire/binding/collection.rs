//! Parameters as a binding finds them, one after the other and in several places.

use super::path::RECEIVER;
use super::{Payload, Refusal};
use crate::wire::primitive::{Content, Operation, Profile, Request, Response};
use crate::wire::schema::Schema;
use crate::wire::value::{Map, Value};

/// Parameters found so far, by short name.
#[derive(Debug, Default)]
pub(super) struct Collection {
    map: Map,
    /// Filter criteria, from the query.
    pub(super) filter: Map,
    /// Response type, from query and header.
    pub(super) response_type: Map,
}

impl Collection {
    /// Notes a parameter; a second place has to say the same.
    pub(super) fn put(&mut self, name: &'static str, value: Value) -> Result<(), Refusal> {
        agree(&mut self.map, name, value)
    }

    /// Only a notification may be for the receiver itself.
    pub(super) fn check_receiver(&self, operation: Operation) -> Result<(), Refusal> {
        let receiver = self.map.get("to").and_then(Value::as_text) == Some(RECEIVER);
        if receiver && operation != Operation::Notify { Err(Refusal::Target) } else { Ok(()) }
    }

    /// Something was noted under this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some()
    }

    /// Adds what the body says.
    pub(super) fn body(&mut self, payload: Payload) -> Result<(), Refusal> {
        match payload {
            Payload::Content(map) => {
                let content =
                    Content::from_map(map).map_err(|flaw| Refusal::Primitive(flaw.of("pc")))?;
                self.put("pc", Value::Map(content.into_map()))
            }
            Payload::Primitive(map) => {
                let names = Request::NAMES.iter().chain(Response::NAMES);
                for (name, value) in map {
                    match names.clone().find(|known| **known == name) {
                        Some(known) => self.put(known, value)?,
                        None => drop(self.map.insert(name, value)),
                    }
                }
                Ok(())
            }
        }
    }

    /// All parameters as one object.
    pub(super) fn finish(mut self) -> Result<Map, Refusal> {
        for (name, nested) in [("fc", self.filter), ("rt", self.response_type)] {
            if !nested.is_empty() {
                agree(&mut self.map, name, Value::Map(nested))?;
            }
        }
        Ok(self.map)
    }

    /// The request that was found.
    pub(super) fn request(self, profile: &Profile) -> Result<Request, Refusal> {
        Ok(Request::read(self.finish()?, profile)?)
    }

    /// The response that was found.
    pub(super) fn response(self, profile: &Profile) -> Result<Response, Refusal> {
        Ok(Response::read(self.finish()?, profile)?)
    }
}

/// Sets a member that may be there already only with the same value.
pub(super) fn agree(map: &mut Map, name: &'static str, value: Value) -> Result<(), Refusal> {
    match map.get(name) {
        Some(found) if *found == value => Ok(()),
        Some(_) => Err(Refusal::Disagreement(name)),
        None => {
            map.insert(name, value);
            Ok(())
        }
    }
}

/// The value that `text` is by the tables; a list takes it as its only element.
pub(super) fn typed(parent: &str, name: &str, text: &str) -> Option<Value> {
    let kind = Schema::shipped().kind(parent, name)?;
    let value = kind.base.value_of(text)?;
    Some(if kind.list { Value::List(vec![value]) } else { value })
}

//! Requests of AEs and CSEs that set up what they work with: registration, policy, container, subscription.

use crate::wire::binding::Unsendable;
use crate::wire::binding::coap::{Exchange, write_request};
use crate::wire::coap::{Kind, Token};
use crate::wire::primitive::{
    Content, Operation, Profile, Request, ResourceType, ResultContent, Serialisation,
};
use crate::wire::value::{Map, Value};

/// acop: CREATE.
pub const CREATE: u8 = 1;
/// acop: RETRIEVE.
pub const RETRIEVE: u8 = 2;
/// acop: NOTIFY.
pub const NOTIFY: u8 = 16;
/// acop: everything.
pub const EVERYTHING: u8 = 63;
/// notificationEventType: a child was created.
const CHILD_CREATED: u64 = 3;

/// One rule of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule<'a> {
    /// acor: who may.
    pub originators: &'a [&'a str],
    /// acop: what.
    pub operations: u8,
    /// acod: which types of children may be created; empty: any.
    pub children: &'a [ResourceType],
}

impl<'a> Rule<'a> {
    /// Everything for these.
    #[must_use]
    pub const fn all(originators: &'a [&'a str]) -> Self {
        Self { originators, operations: EVERYTHING, children: &[] }
    }

    fn value(&self) -> Value {
        let mut rule = Map::of("acor", texts(self.originators));
        rule.insert("acop", Value::from(u64::from(self.operations)));
        if !self.children.is_empty() {
            let types = self.children.iter().map(|kind| Value::from(u64::from(kind.0)));
            let details = Map::of("chty", Value::List(types.collect()));
            rule.insert("acod", Value::List(vec![Value::Map(details)]));
        }
        Value::Map(rule)
    }
}

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(*text)).collect())
}

fn named(name: &str) -> Map {
    Map::of("rn", Value::from(name))
}

/// The registration of the AE `stem` at the CSE whose CSEBase is `base` (TS-0001 clause 10.2.2). `listens`: it
/// takes requests (rr).
#[must_use]
pub fn application(stem: &str, base: &str, id: &str, listens: bool) -> Request {
    let mut attributes = named(stem);
    attributes.insert("api", Value::from("Nkeystorm"));
    attributes.insert("rr", Value::Bool(listens));
    attributes.insert("srv", texts(&["4"]));
    let content = Content::new("m2m:ae", Value::Map(attributes));
    Request::create(base, stem, id, ResourceType::AE, content)
}

/// The registration of the CSE `csi` with the CSEBase `own` at the CSE whose CSEBase is `base`, which chooses the
/// name of the resource: a name that is taken would say nothing of who has it.
#[must_use]
pub fn remote_cse(csi: &str, own: &str, base: &str, id: &str) -> Request {
    let mut attributes = Map::of("csi", Value::from(csi));
    attributes.insert("cb", Value::Text(format!("{csi}/{own}")));
    attributes.insert("rr", Value::Bool(true));
    attributes.insert("srv", texts(&["4"]));
    let content = Content::new("m2m:csr", Value::Map(attributes));
    Request::create(base, csi, id, ResourceType::REMOTE_CSE, content)
}

/// A policy `name` below `parent`; its own privileges are those of `owner`.
#[must_use]
pub fn policy(
    parent: &str,
    from: &str,
    id: &str,
    name: &str,
    owner: &str,
    rules: &[Rule<'_>],
) -> Request {
    let rules = rules.iter().map(Rule::value).collect();
    let own = vec![Rule::all(&[owner]).value()];
    let mut attributes = named(name);
    attributes.insert("pv", Value::Map(Map::of("acr", Value::List(rules))));
    attributes.insert("pvs", Value::Map(Map::of("acr", Value::List(own))));
    let content = Content::new("m2m:acp", Value::Map(attributes));
    Request::create(parent, from, id, ResourceType::ACCESS_CONTROL_POLICY, content)
}

/// A container `name` below `parent` that keeps the latest content, under a policy.
#[must_use]
pub fn container(parent: &str, from: &str, id: &str, name: &str, policy: &str) -> Request {
    let mut attributes = named(name);
    attributes.insert("mni", Value::Integer(1));
    attributes.insert("acpi", texts(&[policy]));
    let content = Content::new("m2m:cnt", Value::Map(attributes));
    Request::create(parent, from, id, ResourceType::CONTAINER, content)
}

/// A subscription `name` to the contents of a container; `target` is notified.
#[must_use]
pub fn subscription(parent: &str, from: &str, id: &str, name: &str, target: &str) -> Request {
    let events = Value::List(vec![Value::from(CHILD_CREATED)]);
    let mut attributes = named(name);
    attributes.insert("nu", texts(&[target]));
    attributes.insert("enc", Value::Map(Map::of("net", events)));
    let content = Content::new("m2m:sub", Value::Map(attributes));
    Request::create(parent, from, id, ResourceType::SUBSCRIPTION, content)
}

/// Gives a resource, whose content has the root `root`, a policy. It must be alone in its update.
#[must_use]
pub fn assign(target: &str, root: &str, from: &str, id: &str, policy: &str) -> Request {
    Request {
        operation: Operation::Update,
        result_content: Some(ResultContent::Nothing),
        content: Some(Content::new(root.to_owned(), Value::Map(Map::of("acpi", texts(&[policy]))))),
        ..Request::retrieve(target, from, id)
    }
}

/// A request in a confirmable message, with its message ID as token.
///
/// # Errors
/// Names what does not fit into the message.
pub fn confirmable(request: &Request, mid: u16) -> Result<Vec<u8>, Unsendable> {
    let token = Token::new(&mid.to_be_bytes()).unwrap_or_default();
    let exchange = Exchange { kind: Kind::Confirmable, mid, token };
    let outgoing = write_request(request, Serialisation::Json, &Profile::STRICT)?;
    Ok(outgoing.message(exchange))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::binding::coap::read_request;
    use crate::wire::coap::Message;

    #[test]
    fn what_is_meant_is_what_is_read() {
        let all = [
            application("Ca", "cse", "1", true),
            remote_cse("/a", "a", "cse", "2"),
            policy("cse/a", "Ca", "3", "p", "Ca", &[Rule::all(&["Ca"])]),
            container("cse/a", "Ca", "4", "c", "cse/a/p"),
            subscription("cse/a", "Ca", "5", "s", "cse/b"),
        ];
        for request in all {
            let bytes = confirmable(&request, 7).unwrap();
            let message = Message::parse(&bytes).unwrap();
            assert_eq!(read_request(&message, &Profile::STRICT).unwrap(), request);
        }
    }
}

//! CREATE (TS-0001 clause 10.1.2).

use super::refusal::{
    ABSENT, CHILD, CONTENT, CONTENT_REFUSED, FULL, MEMBER, MEMBER_TYPE, MEMBERS, NAME_TAKEN,
    NOT_ALLOWED, NOT_SUBSCRIBABLE, PAST, POLICY, POLICY_ID, RANGE, REGISTERED, RESULT_CONTENT,
    Refusal, TOO_DEEP, TOO_MANY_SUBSCRIPTIONS, TYPE_UNKNOWN,
};
use super::task::{Answer, Step, Task, Turn};
use super::{Cse, Where, attributes, notify, privilege};
use crate::onem2m::access::{Operation, PolicyReader, Resource, Specialization};
use crate::onem2m::limits::{MAX_RESOURCES, MAX_SUBSCRIPTIONS, MAX_TREE_DEPTH};
use crate::onem2m::tree::address::{self, Place};
use crate::onem2m::tree::{Counts, Entry, Id, Record, Store, Type, Types, time, ty};
use crate::wire::primitive::{Content, ResultContent, Rsc};
use crate::wire::value::{Map, Value};

impl<S: Store> Cse<S> {
    pub(super) fn create(
        &mut self,
        turn: &mut Turn<'_>,
        task: &Task,
        parent: Id,
    ) -> Result<Step, Refusal> {
        let (kind, brought) = read(task)?;
        self.require_create(turn, task, parent, kind, brought)?;
        let result = result_of(task)?;
        let mut attributes = brought.clone();
        let name = attributes::take_name(&mut attributes)?;
        attributes::for_create(kind, &attributes)?;
        if let Some(name) = &name
            && address::child(&self.store, parent, name)?.is_some()
        {
            return Err(if kind.number == ty::AE { REGISTERED } else { NAME_TAKEN });
        }
        let mut record =
            Record { name, created: turn.unix, modified: turn.unix, ..Record::default() };
        record.expires = take_expiry(&mut attributes, turn)?;
        self.check_policies(&attributes)?;
        record.attributes = attributes;
        self.complete(task, parent, kind, &mut record)?;
        if kind.number == ty::SUB && !task.verified {
            let notices = self.verifications(task, parent, &record)?;
            if !notices.is_empty() {
                return Ok(Step::Verify(notices));
            }
        }
        if self.is_full || self.store.count()? >= MAX_RESOURCES {
            return Err(FULL);
        }
        if address::depth(&self.store, parent)? >= MAX_TREE_DEPTH {
            return Err(TOO_DEEP);
        }
        if kind.number == ty::CIN {
            if self.is_content_refused {
                return Err(CONTENT_REFUSED);
            }
            self.make_room(turn, parent, &mut record)?;
        }
        let id = self.insert(parent, kind.number, &record)?;
        self.created(turn, parent, id, kind)?;
        Ok(Step::Done(Answer::new(Rsc::CREATED, self.result(id, result, brought)?)))
    }

    /// Privileges, and whether the parent takes such children.
    fn require_create(
        &mut self,
        turn: &Turn<'_>,
        task: &Task,
        parent: Id,
        kind: &Type,
        brought: &Map,
    ) -> Result<(), Refusal> {
        let registers = parent == self.root && matches!(kind.number, ty::AE | ty::CSR);
        if !registers || !self.may_register(task, kind.number)? {
            let definition = brought.get("mgd").and_then(Value::as_u64);
            let definition = definition.and_then(|number| u32::try_from(number).ok());
            let specialization = definition.map(Specialization::Management);
            let content =
                Resource { resource_type: kind.number, specialization: specialization.as_ref() };
            self.require(turn, task, parent, Operation::Create, Some(content))?;
        }
        if kind.number == ty::SUB {
            self.require(turn, task, parent, Operation::Retrieve, None)?;
        }
        let above = self.store.node(parent)?.ok_or(ABSENT)?.ty;
        let above = Types::shipped().numbered(above).ok_or(ABSENT)?;
        if above.may_have(kind.number) {
            return Ok(());
        }
        Err(if kind.number == ty::SUB { NOT_SUBSCRIBABLE } else { CHILD })
    }

    /// What the type asks for, and what the CSE adds.
    fn complete(
        &mut self,
        task: &Task,
        parent: Id,
        kind: &Type,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        let creator = task.asker.short.clone();
        if record.attributes.get("cr").is_some() {
            match (record.attributes.get("cr"), &creator) {
                (Some(Value::Null), Some(creator)) => {
                    record.attributes.insert("cr", Value::Text(creator.clone()));
                }
                _ => return Err(super::refusal::NOT_WRITABLE),
            }
        }
        match kind.number {
            ty::AE => record.alias = Some(self.ae_id(task, &record.attributes)?),
            ty::CSR => self.check_remote(task, &record.attributes)?,
            ty::ACP => {
                privilege::read(PolicyReader::Strict, &record.attributes).ok_or(POLICY)?;
            }
            ty::GRP => self.check_members(&mut record.attributes)?,
            ty::CNT => record.counts = Some(Counts::default()),
            ty::SUB => {
                notify::check_criteria(&record.attributes)?;
                attributes::default(&mut record.attributes, "nct", 1);
                if self.store.subscriptions(parent)?.len() >= MAX_SUBSCRIPTIONS {
                    return Err(TOO_MANY_SUBSCRIPTIONS);
                }
            }
            _ => {}
        }
        // What an AE makes below itself is known to be its own by where it stands.
        if kind.number != ty::AE && self.home_of(parent)? != creator {
            record.creator = creator;
        }
        Ok(())
    }

    /// The AE that a resource belongs to.
    fn home_of(&self, id: Id) -> Result<Option<String>, Refusal> {
        let mut next = Some(id);
        while let Some(id) = next {
            let node = self.store.node(id)?.ok_or(ABSENT)?;
            if node.ty == ty::AE {
                return Ok(Some(address::identifier(&self.store, id)?));
            }
            next = node.parent;
        }
        Ok(None)
    }

    /// Keeps a new resource.
    pub(super) fn insert(&mut self, parent: Id, kind: u16, record: &Record) -> Result<Id, Refusal> {
        let entry = Entry { parent: Some(parent), ty: kind, body: &record.encode() };
        let id = self.store.insert(entry)?;
        if let Some(expires) = record.expires {
            self.expiries.insert((expires, id));
        }
        if kind == ty::CSR
            && let Some(csi) = record.attributes.get("csi").and_then(Value::as_text)
        {
            self.remotes.insert(csi.to_owned(), id);
        }
        Ok(id)
    }

    /// Each policy that a resource is given is one of this CSE.
    pub(super) fn check_policies(&self, attributes: &Map) -> Result<(), Refusal> {
        for name in ["acpi", "macp"] {
            let items = attributes.get(name).and_then(Value::as_list).unwrap_or_default();
            for item in items.iter().filter_map(Value::as_text) {
                self.find_policy(item)?.ok_or(POLICY_ID)?;
            }
        }
        Ok(())
    }

    /// Checks the members of a group, as far as they are resources of this CSE.
    pub(super) fn check_members(&self, attributes: &mut Map) -> Result<(), Refusal> {
        let wanted = attributes.get("mt").and_then(Value::as_u64).unwrap_or(0);
        let most = attributes.get("mnm").and_then(Value::as_u64).ok_or(RANGE)?;
        let members = attributes.get("mid").and_then(Value::as_list).unwrap_or_default();
        if members.len() as u64 > most {
            return Err(MEMBERS);
        }
        let mut all = std::collections::BTreeSet::new();
        let mut validated = wanted != 0;
        for member in members.iter().filter_map(Value::as_text) {
            if !all.insert(member) {
                return Err(MEMBER);
            }
            match self.locate(member)? {
                Where::There(_) => validated = false,
                Where::Here(path) => {
                    let number = match address::resolve(&self.store, path)?.ok_or(MEMBER)? {
                        Place::Resource(id) => self.store.node(id)?.ok_or(MEMBER)?.ty,
                        Place::Instance(..) => ty::CIN,
                        Place::FanOut(..) => ty::GRP,
                    };
                    if wanted != 0 && u64::from(number) != wanted {
                        return Err(MEMBER_TYPE);
                    }
                }
            }
        }
        let count = members.len() as u64;
        attributes.insert("mt", Value::from(wanted));
        attributes.insert("cnm", Value::from(count));
        attributes.insert("mtv", Value::Bool(validated));
        attributes::default(attributes, "csy", 1);
        Ok(())
    }

    /// The content of the answer to a CREATE or an UPDATE.
    pub(super) fn result(
        &self,
        id: Id,
        result: ResultContent,
        brought: &Map,
    ) -> Result<Option<Content>, Refusal> {
        let address = || address::structured(&self.store, id).map(Value::Text);
        Ok(match result {
            ResultContent::Nothing => None,
            ResultContent::HierarchicalAddress => Some(Content::new("m2m:uri", address()?)),
            ResultContent::HierarchicalAddressAndAttributes => {
                let address = address()?;
                let mut both = Map::of("uri", address);
                let content = self.render(id)?;
                both.insert(content.root, content.value);
                Some(Content::new("m2m:rce", Value::Map(both)))
            }
            ResultContent::ModifiedAttributes => Some(self.render_changed(id, brought)?),
            _ => Some(self.render(id)?),
        })
    }
}

/// The type and the attributes that a CREATE brings.
fn read(task: &Task) -> Result<(&'static Type, &Map), Refusal> {
    let content = task.request.content.as_ref().ok_or(CONTENT)?;
    let number = task.request.resource_type.ok_or(CONTENT)?.0;
    let types = Types::shipped();
    let general = types.numbered(number).ok_or(TYPE_UNKNOWN)?;
    if number == ty::CB {
        return Err(NOT_ALLOWED);
    }
    let attributes = content.value.as_map().ok_or(CONTENT)?;
    let mut kind = general;
    if number == ty::MGMT {
        let definition = attributes.get("mgd").and_then(Value::as_u64).ok_or(CONTENT)?;
        kind = types.defined(definition).ok_or(TYPE_UNKNOWN)?;
    }
    if content.root == kind.root { Ok((kind, attributes)) } else { Err(CONTENT) }
}

/// What the answer to a CREATE is to contain.
fn result_of(task: &Task) -> Result<ResultContent, Refusal> {
    if task.request.filter.is_some() {
        return Err(super::refusal::FILTER);
    }
    match task.request.result_content {
        None => Ok(ResultContent::Attributes),
        Some(
            result @ (ResultContent::Nothing
            | ResultContent::Attributes
            | ResultContent::HierarchicalAddress
            | ResultContent::HierarchicalAddressAndAttributes
            | ResultContent::ModifiedAttributes),
        ) => Ok(result),
        Some(_) => Err(RESULT_CONTENT),
    }
}

/// Takes et out of the attributes. It must lie in the future.
pub(super) fn take_expiry(attributes: &mut Map, turn: &Turn<'_>) -> Result<Option<u64>, Refusal> {
    let Some(value) = attributes.remove("et") else { return Ok(None) };
    if value == Value::Null {
        return Ok(None);
    }
    let expires = value.as_text().and_then(time::parse).ok_or(RANGE)?;
    if expires > turn.unix { Ok(Some(expires)) } else { Err(PAST) }
}

//! Whether the originator may (TS-0001 clauses 9.6.1.3 and 10.2, TS-0003 clause 7.1).
//!
//! | target | policies |
//! |---|---|
//! | a policy, or what has none of its own below one | its `pvs` |
//! | a resource with acpi | `pv` of those; if none of them is there, nobody may |
//! | a contentInstance | those of its container |
//! | any other | those of its parent |
//!
//! Where the way up meets no acpi below the CSEBase, those of the CSEBase apply, and beside them the
//! default: whoever created a resource on that way, its custodian, and the AE or CSE that it belongs to.

use std::sync::Arc;

use super::refusal::{ABSENT, DAMAGED, PRIVILEGE, Refusal};
use super::task::{Asker, Task, Turn};
use super::{Cse, Where};
use crate::onem2m::access::{
    self, AccessControlPolicy, Identity, Location, Lookup, Membership, Operation, PolicyReader,
    Question, Resource,
};
use crate::onem2m::tree::address::{self, Place};
use crate::onem2m::tree::{Head, Id, Node, Store, time, ty};
use crate::planted::{self, Defect};
use crate::wire::value::{Map, Value};

/// What governs a resource.
#[derive(Default)]
struct Governing {
    policies: Vec<Id>,
    /// pvs rather than pv.
    own: bool,
    /// The default grants it.
    owner: bool,
}

/// Which privileges of the policies are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Normal,
    /// pvs: for the policy itself, and for which policies a resource has.
    Own,
}

impl<S: Store> Cse<S> {
    /// Refuses unless the originator may do this to the resource.
    pub(super) fn require(
        &mut self,
        turn: &Turn<'_>,
        task: &Task,
        id: Id,
        operation: Operation,
        content: Option<Resource<'_>>,
    ) -> Result<(), Refusal> {
        if self.may(turn, &task.asker, id, operation, content)? { Ok(()) } else { Err(PRIVILEGE) }
    }

    /// Whether the originator may do this to the resource.
    pub(super) fn may(
        &mut self,
        turn: &Turn<'_>,
        asker: &Asker,
        id: Id,
        operation: Operation,
        content: Option<Resource<'_>>,
    ) -> Result<bool, Refusal> {
        let governing = self.governing(asker, id)?;
        let is_open = planted::is(Defect::DeleteOpen) && operation == Operation::Delete;
        if governing.owner || is_open {
            return Ok(true);
        }
        let set = if governing.own { Set::Own } else { Set::Normal };
        self.permits(turn, asker, id, &governing.policies, set, operation, content)
    }

    /// Whether the originator may change which policies the resource has: U in pvs of those that it has.
    pub(super) fn require_policy_change(
        &mut self,
        turn: &Turn<'_>,
        task: &Task,
        id: Id,
    ) -> Result<(), Refusal> {
        let governing = self.governing(&task.asker, id)?;
        let policies = &governing.policies;
        let granted = governing.owner
            || self.permits(turn, &task.asker, id, policies, Set::Own, Operation::Update, None)?;
        if granted { Ok(()) } else { Err(PRIVILEGE) }
    }

    /// Whether the policies that `addresses` name let the originator do this to the resource.
    pub(super) fn permitted_by(
        &mut self,
        turn: &Turn<'_>,
        asker: &Asker,
        id: Id,
        addresses: &Value,
        operation: Operation,
        content: Option<Resource<'_>>,
    ) -> Result<bool, Refusal> {
        let policies = self.find_policies(addresses)?;
        self.permits(turn, asker, id, &policies, Set::Normal, operation, content)
    }

    fn permits(
        &mut self,
        turn: &Turn<'_>,
        asker: &Asker,
        id: Id,
        policies: &[Id],
        set: Set,
        operation: Operation,
        content: Option<Resource<'_>>,
    ) -> Result<bool, Refusal> {
        let mut rules = Vec::with_capacity(policies.len());
        for policy in policies {
            rules.extend(self.policy(*policy)?);
        }
        let target_type = self.store.node(id)?.ok_or(ABSENT)?.ty;
        let question = Question {
            home: &self.home,
            originator: asker.identity.clone(),
            authenticated: asker.authenticated,
            operation,
            time: time::civil(turn.unix),
            address: asker.address,
            location: Location::default(),
            target_type,
            content,
        };
        let sets = rules.iter().map(|policy| match set {
            Set::Own => &policy.self_privileges,
            Set::Normal => &policy.privileges,
        });
        Ok(access::decide(sets, &question, &Groups(self)).is_permit())
    }

    /// Goes up from a resource to what governs it.
    fn governing(&self, asker: &Asker, id: Id) -> Result<Governing, Refusal> {
        let mut governing = Governing::default();
        let mut next = Some(id);
        while let Some(id) = next {
            let node = self.store.node(id)?.ok_or(ABSENT)?;
            let head = Head::read(&node.body).ok_or(DAMAGED)?;
            if node.ty == ty::ACP {
                return Ok(Governing { policies: vec![id], own: true, owner: false });
            }
            // The default grants it already, and no policy below the CSEBase took its place.
            if governing.owner && node.parent.is_none() {
                return Ok(governing);
            }
            if head.policies && node.ty != ty::CIN {
                let addresses = head.attribute("acpi").ok_or(DAMAGED)?;
                governing.policies = self.find_policies(&addresses)?;
                // Below the CSEBase, a policy takes the place of the default.
                governing.owner &= node.parent.is_none();
                return Ok(governing);
            }
            governing.owner |= owns(asker, &node, &head);
            next = node.parent;
        }
        Ok(governing)
    }

    /// The policies of this CSE among `addresses`.
    fn find_policies(&self, addresses: &Value) -> Result<Vec<Id>, Refusal> {
        let mut found = Vec::new();
        for address in addresses.as_list().unwrap_or_default().iter().filter_map(Value::as_text) {
            found.extend(self.find_policy(address)?);
        }
        Ok(found)
    }

    /// The policy with this address, if it is one of this CSE.
    pub(super) fn find_policy(&self, text: &str) -> Result<Option<Id>, Refusal> {
        let Ok(Where::Here(path)) = self.locate(text) else { return Ok(None) };
        let Some(Place::Resource(id)) = address::resolve(&self.store, path)? else {
            return Ok(None);
        };
        let is_policy = self.store.node(id)?.is_some_and(|node| node.ty == ty::ACP);
        Ok(is_policy.then_some(id))
    }

    /// A policy in the form in which it is decided by. One that cannot be read permits nothing.
    fn policy(&mut self, id: Id) -> Result<Option<Arc<AccessControlPolicy>>, Refusal> {
        if let Some(policy) = self.policies.get(id) {
            return Ok(Some(policy));
        }
        let node = self.store.node(id)?.ok_or(ABSENT)?;
        let attributes =
            Head::read(&node.body).and_then(|head| head.attributes()).ok_or(DAMAGED)?;
        let Some(policy) = read(PolicyReader::Stored, &attributes) else { return Ok(None) };
        let (policy, bytes) = (Arc::new(policy), node.body.len());
        drop(node);
        self.policies.keep(id, &policy, bytes);
        Ok(Some(policy))
    }
}

/// Reads a policy; `None` if it cannot be understood.
pub(super) fn read(reader: PolicyReader, attributes: &Map) -> Option<AccessControlPolicy> {
    let value = serde_json::to_value(attributes).ok()?;
    reader.resource(&value).ok()
}

/// The AE or CSE itself, the creator, the custodian.
fn owns(asker: &Asker, node: &Node<'_>, head: &Head<'_>) -> bool {
    let Some(short) = asker.short.as_deref() else { return false };
    let text = |name| match head.attribute(name) {
        Some(Value::Text(text)) => text == short,
        _ => false,
    };
    let itself = match node.ty {
        ty::AE => head.alias == Some(short),
        ty::CSR => text("csi"),
        _ => false,
    };
    itself || head.creator == Some(short) || text("cstn")
}

/// Groups of this CSE; there are no roles yet.
struct Groups<'c, S: Store>(&'c Cse<S>);

impl<S: Store> Lookup for Groups<'_, S> {
    fn in_group(&self, who: &Identity, group: &str) -> Membership {
        let path = match self.0.locate(group) {
            Ok(Where::Here(path)) => path,
            Ok(Where::There(_)) => return Membership::Unavailable,
            Err(_) => return Membership::NotMember,
        };
        let Ok(Some(Place::Resource(id))) = address::resolve(&self.0.store, path) else {
            return Membership::NotMember;
        };
        let Ok((ty::GRP, record)) = self.0.record(id) else { return Membership::NotMember };
        let members = record.attributes.get("mid").and_then(Value::as_list).unwrap_or_default();
        let is_who = |member: &str| Identity::parse(member, &self.0.home).as_ref() == Some(who);
        Membership::from(members.iter().filter_map(Value::as_text).any(is_who))
    }

    fn has_role(&self, _: &Identity, _: &str) -> bool {
        false
    }
}

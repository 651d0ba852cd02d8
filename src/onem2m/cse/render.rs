//! Resources as contents of answers and notifications.

use super::Cse;
use super::refusal::{ABSENT, DAMAGED, Refusal};
use crate::onem2m::limits::DEFAULT_LIFETIME_MS;
use crate::onem2m::tree::{Head, Id, Node, Store, Type, Types, address, time, ty};
use crate::wire::primitive::{Content, DesiredIdType};
use crate::wire::value::{Map, Name, Value};

/// Room for the attributes of most resources.
const USUAL_ATTRIBUTES: usize = 16;

/// Attributes in the order in which they are written.
type Members = Vec<(Name, Value)>;

impl<S: Store> Cse<S> {
    /// A resource with all its attributes.
    pub(super) fn render(&self, id: Id) -> Result<Content, Refusal> {
        let (root, members) = self.attributes(id)?;
        let all = Map::from_members(members).map_err(|_| DAMAGED)?;
        Ok(Content::new(root, Value::Map(all)))
    }

    /// What the originator did not itself bring.
    pub(super) fn render_changed(&self, id: Id, brought: &Map) -> Result<Content, Refusal> {
        let (root, mut members) = self.attributes(id)?;
        members.retain(|(name, value)| brought.get(name) != Some(value));
        let changed = Map::from_members(members).map_err(|_| DAMAGED)?;
        Ok(Content::new(root, Value::Map(changed)))
    }

    /// The root and all attributes, those first that every resource has; read where they are kept.
    fn attributes(&self, id: Id) -> Result<(&'static str, Members), Refusal> {
        let node = self.store.node(id)?.ok_or(ABSENT)?;
        let head = Head::read(&node.body).ok_or(DAMAGED)?;
        let kind = kind_of(&node, &head)?;
        let parent = match node.parent {
            Some(parent) => address::identifier(&self.store, parent)?,
            None => String::new(),
        };
        let identifier = address::identifier_of(id, &node, &head);
        let expires =
            head.expires.unwrap_or_else(|| head.created.saturating_add(DEFAULT_LIFETIME_MS));
        let mut members = Vec::with_capacity(USUAL_ATTRIBUTES);
        let mut put = |name: &'static str, value| members.push((Name::Borrowed(name), value));
        let created = time::text(head.created);
        let modified =
            if head.modified == head.created { created.clone() } else { time::text(head.modified) };
        put("rn", Value::from(head.name.unwrap_or(&identifier)));
        put("ty", Value::from(u64::from(kind.number)));
        put("pi", Value::Text(parent));
        put("ct", Value::Text(created));
        put("lt", Value::Text(modified));
        match kind.number {
            ty::CB => put("csi", Value::Text(self.config.cse_id.clone())),
            ty::AE => put("aei", Value::Text(identifier.clone())),
            _ => {}
        }
        if kind.number != ty::CB {
            put("et", Value::Text(time::text(expires)));
        }
        put("ri", Value::Text(identifier));
        if let Some(counts) = head.counts {
            put("st", Value::from(u64::from(counts.state)));
            put("cni", Value::from(u64::from(counts.instances)));
            put("cbs", Value::from(counts.bytes));
        }
        head.members(&mut members).ok_or(DAMAGED)?;
        Ok((kind.root, members))
    }

    /// A resource as others refer to it; `outside` for an originator who is not of this CSE.
    pub(super) fn refer(
        &self,
        id: Id,
        kind: Option<DesiredIdType>,
        outside: bool,
    ) -> Result<String, Refusal> {
        let local = match kind {
            Some(DesiredIdType::Unstructured) => address::identifier(&self.store, id)?,
            _ => address::structured(&self.store, id)?,
        };
        Ok(if outside { format!("{}/{local}", self.config.cse_id) } else { local })
    }
}

/// The type of a resource, and of a management object its definition.
fn kind_of(node: &Node<'_>, head: &Head<'_>) -> Result<&'static Type, Refusal> {
    let types = Types::shipped();
    let definition = match node.ty {
        ty::MGMT => head.attribute("mgd").and_then(|value| value.as_u64()),
        _ => None,
    };
    let kind = definition.map_or_else(|| types.numbered(node.ty), |mgd| types.defined(mgd));
    kind.ok_or(DAMAGED)
}

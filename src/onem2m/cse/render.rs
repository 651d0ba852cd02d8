//! Resources as contents of answers and notifications.

use super::Cse;
use super::refusal::{ABSENT, DAMAGED, Refusal};
use crate::onem2m::limits::DEFAULT_LIFETIME_MS;
use crate::onem2m::tree::{Id, Record, Store, Type, address, time, ty};
use crate::wire::primitive::{Content, DesiredIdType};
use crate::wire::value::{Map, Value};

impl<S: Store> Cse<S> {
    /// A resource with all its attributes.
    pub(super) fn render(&self, id: Id) -> Result<Content, Refusal> {
        let (number, record) = self.record(id)?;
        let kind = self.kind(number, &record.attributes)?;
        Ok(Content::new(kind.root, Value::Map(self.attributes(id, kind, record)?)))
    }

    /// What the originator did not itself bring.
    pub(super) fn render_changed(
        &self,
        id: Id,
        record: &Record,
        brought: &Map,
    ) -> Result<Content, Refusal> {
        let number = self.store.node(id)?.ok_or(ABSENT)?.ty;
        let kind = self.kind(number, &record.attributes)?;
        let (_, record) = self.record(id)?;
        let all = self.attributes(id, kind, record)?.into_iter();
        let changed = all.filter(|(name, value)| brought.get(name) != Some(value)).collect();
        let changed = Map::from_members(changed).map_err(|_| DAMAGED)?;
        Ok(Content::new(kind.root, Value::Map(changed)))
    }

    /// All attributes, those first that every resource has.
    fn attributes(&self, id: Id, kind: &Type, record: Record) -> Result<Map, Refusal> {
        let parent = self.store.node(id)?.ok_or(ABSENT)?.parent;
        let parent = match parent {
            Some(parent) => address::identifier(&self.store, parent)?,
            None => String::new(),
        };
        let identifier = address::identifier(&self.store, id)?;
        let expires =
            record.expires.unwrap_or_else(|| record.created.saturating_add(DEFAULT_LIFETIME_MS));
        let mut members = Vec::with_capacity(10 + record.attributes.len());
        let mut put = |name: &str, value| members.push((name.to_owned(), value));
        put("rn", Value::Text(record.name.unwrap_or_else(|| identifier.clone())));
        put("ty", Value::from(u64::from(kind.number)));
        put("pi", Value::Text(parent));
        put("ct", Value::Text(time::text(record.created)));
        put("lt", Value::Text(time::text(record.modified)));
        match kind.number {
            ty::CB => put("csi", Value::Text(self.config.cse_id.clone())),
            ty::AE => put("aei", Value::Text(identifier.clone())),
            _ => {}
        }
        if kind.number != ty::CB {
            put("et", Value::Text(time::text(expires)));
        }
        put("ri", Value::Text(identifier));
        if let Some(counts) = record.counts {
            put("st", Value::from(u64::from(counts.state)));
            put("cni", Value::from(u64::from(counts.instances)));
            put("cbs", Value::from(counts.bytes));
        }
        members.extend(record.attributes);
        Map::from_members(members).map_err(|_| DAMAGED)
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

//! Requests for other CSEs, handed on hop by hop over Mcc (TS-0001 clause 8.2), and NOTIFY to entities here.

use super::pending::{Waiting, patience};
use super::refusal::{BUSY, CONTENT, NOT_ALLOWED, REGISTRATION, REMOTE, Refusal, UNREACHABLE};
use super::task::{Reply, Step, Task, Turn};
use super::{Cse, Destination, Output};
use crate::onem2m::access::Operation;
use crate::onem2m::limits::MAX_ADDRESSES;
use crate::onem2m::tree::{Id, Record, Store, ty};
use crate::wire::primitive::Response;
use crate::wire::value::Value;

impl<S: Store> Cse<S> {
    /// The next hop to a CSE; never back to where the request came from.
    pub(super) fn route(&self, task: &Task, cse: Option<&str>) -> Result<Destination, Refusal> {
        let asker = &task.asker;
        // Only who is registered here may use this CSE as a way to others.
        if asker.hop.is_none() {
            let known = match asker.short.as_deref() {
                Some(short) if short.starts_with('/') => self.remotes.contains_key(short),
                Some(short) => self.store.aliased(short)?.is_some(),
                None => false,
            };
            if !known {
                return Err(REGISTRATION);
            }
        }
        let next = self.next_hop(cse)?.ok_or(UNREACHABLE)?;
        if next.entity.is_some() && next.entity == asker.hop { Err(UNREACHABLE) } else { Ok(next) }
    }

    /// A CSE that is registered here, one that such a CSE has below itself, or our registrar.
    pub(super) fn next_hop(&self, cse: Option<&str>) -> Result<Option<Destination>, Refusal> {
        if let Some(cse) = cse {
            let csi = format!("/{cse}");
            if let Some(id) = self.remotes.get(&csi) {
                return self.destination(*id).map(Some);
            }
            for id in self.remotes.values() {
                let (_, record) = self.record(*id)?;
                let below = record.attributes.get("dcse").and_then(Value::as_list);
                if below.unwrap_or_default().iter().any(|below| below.as_text() == Some(&csi)) {
                    return self.destination(*id).map(Some);
                }
            }
        }
        Ok(self.config.registrar.clone().map(|registrar| Destination {
            entity: Some(registrar),
            addresses: self.config.registrar_addresses.clone(),
        }))
    }

    /// Where the entity behind an `<AE>` or `<remoteCSE>` is reached.
    pub(super) fn destination(&self, id: Id) -> Result<Destination, Refusal> {
        let (number, Record { alias, attributes, .. }) = self.record(id)?;
        let text = |value: &Value| value.as_text().map(str::to_owned);
        let entity = match number {
            ty::AE => alias,
            ty::CSR => attributes.get("csi").and_then(text),
            _ => return Err(NOT_ALLOWED),
        };
        let addresses = attributes.get("poa").and_then(Value::as_list).unwrap_or_default();
        let addresses = addresses.iter().take(MAX_ADDRESSES).filter_map(text).collect();
        Ok(Destination { entity, addresses })
    }

    /// Hands a request on, with its originator in the form that holds everywhere.
    pub(super) fn forward(&mut self, turn: &mut Turn<'_>, task: Task, to: Destination) {
        let mut request = task.request;
        request.from = task.asker.short.as_deref().map(|short| self.outside(short));
        let deadline = patience(&request, turn, self.config.epoch);
        match self.pending.add(deadline, Waiting::Forward(task.reply.clone())) {
            Some(exchange) => turn.out.push(Output::Send { exchange, to, request }),
            None => self.reply(turn, task.reply, BUSY.into()),
        }
    }

    /// The answer to a request that was handed on.
    pub(super) fn forwarded(
        &mut self,
        turn: &mut Turn<'_>,
        reply: Reply,
        response: Option<Response>,
    ) {
        let response = response.unwrap_or_else(|| REMOTE.into());
        self.reply(turn, reply, response);
    }

    /// A notification to an entity that is registered here.
    pub(super) fn deliver(
        &mut self,
        turn: &Turn<'_>,
        task: &Task,
        id: Id,
    ) -> Result<Step, Refusal> {
        let number = self.store.node(id)?.map(|node| node.ty);
        if !matches!(number, Some(ty::AE | ty::CSR)) {
            return Err(NOT_ALLOWED);
        }
        self.require(turn, task, id, Operation::Notify, None)?;
        if task.request.content.is_none() {
            return Err(CONTENT);
        }
        let destination = self.destination(id)?;
        // Nobody listens: rr says that the entity takes no requests.
        let (_, record) = self.record(id)?;
        if record.attributes.get("rr") == Some(&Value::Bool(false))
            && destination.addresses.is_empty()
        {
            return Err(UNREACHABLE);
        }
        Ok(Step::Forward(destination))
    }
}

//! UPDATE (TS-0001 clause 10.1.4).

use super::create::take_expiry;
use super::refusal::{
    CONTENT, FULL, NOT_ALLOWED, POLICY, POLICY_ALONE, RESULT_CONTENT, Refusal, TOO_LONG,
};
use super::task::{Answer, Step, Task, Turn};
use super::{Cse, attributes, notify, privilege};
use crate::onem2m::access::{Operation, PolicyReader};
use crate::onem2m::limits::MAX_MEMBERS;
use crate::onem2m::tree::{Id, Record, Store, ty};
use crate::wire::primitive::{ResultContent, Rsc};
use crate::wire::value::{Map, Value};

impl<S: Store> Cse<S> {
    pub(super) fn update(
        &mut self,
        turn: &mut Turn<'_>,
        task: &Task,
        id: Id,
    ) -> Result<Step, Refusal> {
        let (number, mut record) = self.record(id)?;
        if matches!(number, ty::CIN | ty::CB) {
            return Err(NOT_ALLOWED);
        }
        let kind = self.kind(number, &record.attributes)?;
        let content = task.request.content.as_ref().ok_or(CONTENT)?;
        let brought = content.value.as_map().filter(|map| !map.is_empty()).ok_or(CONTENT)?;
        if brought.get("acpi").is_some() {
            if brought.len() > 1 {
                return Err(POLICY_ALONE);
            }
            self.require_policy_change(turn, task, id)?;
        } else {
            self.require(turn, task, id, Operation::Update, None)?;
        }
        if content.root != kind.root {
            return Err(CONTENT);
        }
        let result = result_of(task)?;
        attributes::for_update(kind, brought)?;
        let mut changes = brought.clone();
        let expires = record.expires;
        if changes.get("et").is_some() {
            record.expires = take_expiry(&mut changes, turn)?;
        }
        self.check_policies(&changes)?;
        merge(&mut record.attributes, changes);
        if record.attributes.len() > MAX_MEMBERS {
            return Err(TOO_LONG);
        }
        if let Some(step) = self.check_update(task, id, number, &mut record)? {
            return Ok(step);
        }
        if self.is_full {
            return Err(FULL);
        }
        record.modified = turn.unix;
        if let Some(counts) = &mut record.counts {
            counts.state = counts.state.wrapping_add(1);
        }
        self.store.replace(id, &record.encode())?;
        self.policies.forget(id);
        if let Some(expires) = expires {
            self.expiries.remove(&(expires, id));
        }
        if let Some(expires) = record.expires {
            self.expiries.insert((expires, id));
        }
        if number == ty::CNT {
            self.settle(turn, id)?;
        }
        self.updated(turn, id, brought)?;
        let content = self.result(id, result, &Map::new())?;
        Ok(Step::Done(Answer::new(Rsc::UPDATED, content)))
    }

    /// What the type asks for. New targets of notifications have to confirm first.
    fn check_update(
        &self,
        task: &Task,
        id: Id,
        number: u16,
        record: &mut Record,
    ) -> Result<Option<Step>, Refusal> {
        match number {
            ty::ACP => {
                privilege::read(PolicyReader::Strict, &record.attributes).ok_or(POLICY)?;
            }
            ty::GRP => self.check_members(&mut record.attributes)?,
            ty::SUB => {
                notify::check_criteria(&record.attributes)?;
                let content = task.request.content.as_ref().and_then(|pc| pc.value.as_map());
                if content.is_some_and(|map| map.get("nu").is_some()) && !task.verified {
                    let notices = self.verifications(task, id, record)?;
                    return Ok((!notices.is_empty()).then_some(Step::Verify(notices)));
                }
            }
            _ => {}
        }
        Ok(None)
    }
}

/// null takes an attribute away.
fn merge(attributes: &mut Map, changes: Map) {
    for (name, value) in changes {
        if value == Value::Null {
            attributes.remove(&name);
        } else {
            attributes.insert(name, value);
        }
    }
}

fn result_of(task: &Task) -> Result<ResultContent, Refusal> {
    if task.request.filter.is_some() {
        return Err(super::refusal::FILTER_LATER);
    }
    match task.request.result_content {
        None => Ok(ResultContent::Attributes),
        Some(
            result @ (ResultContent::Nothing
            | ResultContent::Attributes
            | ResultContent::ModifiedAttributes),
        ) => Ok(result),
        Some(_) => Err(RESULT_CONTENT),
    }
}

//! DELETE, and the end of what has expired (TS-0001 clauses 10.1.5 and 9.6.1.3).

use super::Cse;
use super::refusal::{
    ABSENT, DAMAGED, FILTER_LATER, NO_CONTENT, NOT_ALLOWED, RESULT_CONTENT, Refusal,
};
use super::task::{Answer, Step, Task, Turn};
use crate::onem2m::access::Operation;
use crate::onem2m::tree::{Family, Head, Id, Store, ty};
use crate::wire::primitive::{ResultContent, Rsc};
use crate::wire::value::Value;

/// Expired resources that one call deletes; the next call goes on.
const MAX_SWEPT: usize = 1_000;

impl<S: Store> Cse<S> {
    pub(super) fn delete(
        &mut self,
        turn: &mut Turn<'_>,
        task: &Task,
        id: Id,
    ) -> Result<Step, Refusal> {
        if id == self.root {
            return Err(NOT_ALLOWED);
        }
        self.require(turn, task, id, Operation::Delete, None)?;
        if task.request.content.is_some() {
            return Err(NO_CONTENT);
        }
        if task.request.filter.is_some() {
            return Err(FILTER_LATER);
        }
        let content = match task.request.result_content {
            None | Some(ResultContent::Nothing) => None,
            Some(ResultContent::Attributes) => Some(self.render(id)?),
            Some(_) => return Err(RESULT_CONTENT),
        };
        self.deleted(turn, id)?;
        self.remove_tree(turn, id)?;
        Ok(Step::Done(Answer::new(Rsc::DELETED, content)))
    }

    /// Deletes a resource and all below it, children before parents.
    pub(super) fn remove_tree(&mut self, turn: &Turn<'_>, top: Id) -> Result<(), Refusal> {
        let node = self.store.node(top)?.ok_or(ABSENT)?;
        let (number, parent) = (node.ty, node.parent);
        let head = Head::read(&node.body).ok_or(DAMAGED)?;
        let size = head.attribute("cs").and_then(|size| size.as_u64()).unwrap_or(0);
        drop(node);
        let mut path = vec![top];
        while let Some(&id) = path.last() {
            let others = self.store.first(id, Family::Others)?;
            match others
                .map_or_else(|| self.store.first(id, Family::Instances), |id| Ok(Some(id)))?
            {
                Some(child) => path.push(child),
                None => {
                    self.forget(id)?;
                    self.store.remove(id)?;
                    path.pop();
                }
            }
        }
        match parent {
            Some(container) if number == ty::CIN => self.uncount(turn, container, size),
            _ => Ok(()),
        }
    }

    /// Takes a resource out of the tables beside the store.
    fn forget(&mut self, id: Id) -> Result<(), Refusal> {
        let node = self.store.node(id)?.ok_or(ABSENT)?;
        let head = Head::read(&node.body).ok_or(DAMAGED)?;
        if let Some(expires) = head.expires {
            self.expiries.remove(&(expires, id));
        }
        if let (ty::CSR, Some(Value::Text(csi))) = (node.ty, head.attribute("csi")) {
            self.remotes.remove(&csi);
        }
        self.policies.forget(id);
        Ok(())
    }

    /// Deletes what has expired.
    pub(super) fn sweep(&mut self, turn: &mut Turn<'_>) {
        for _ in 0..MAX_SWEPT {
            let Some(&(expires, id)) = self.expiries.first() else { return };
            if expires > turn.unix {
                return;
            }
            self.expiries.remove(&(expires, id));
            let gone = self.store.begin().map_err(Refusal::from).and_then(|()| {
                self.deleted(turn, id)?;
                self.remove_tree(turn, id)
            });
            // What cannot be deleted now cannot be served either: the store has failed.
            let _ = if gone.is_ok() { self.store.commit() } else { self.store.rollback() };
            self.send_notices(turn);
        }
    }
}

//! Groups: the fan-out of a request to all members (TS-0001 clause 10.2.7).

use super::pending::{Gathering, Waiting};
use super::refusal::{BUSY, GROUP_LOOP, NO_MEMBERS, PRIVILEGE, Refusal};
use super::task::{Reply, ReplyTo, Step, Task, Turn};
use super::{Cse, Output};
use crate::onem2m::access::{self, Resource};
use crate::onem2m::limits::{MAX_FAN_OUT, MAX_FAN_OUT_DEPTH};
use crate::onem2m::tree::{Id, Store};
use crate::wire::primitive::{Content, Operation, Parameter as _, Response, Rsc};
use crate::wire::value::{Map, Value};

impl<S: Store> Cse<S> {
    /// The members that a request to `fopt` goes to.
    pub(super) fn open_group(&self, group: Id, below: &str) -> Result<Step, Refusal> {
        let (_, record) = self.record(group)?;
        let members = record.attributes.get("mid").and_then(Value::as_list).unwrap_or_default();
        let members: Vec<String> =
            members.iter().filter_map(Value::as_text).map(str::to_owned).collect();
        if members.is_empty() {
            return Err(NO_MEMBERS);
        }
        Ok(Step::FanOut { group, members, below: below.to_owned() })
    }

    /// Sends a request to each member and gathers the answers.
    pub(super) fn fan_out(
        &mut self,
        turn: &mut Turn<'_>,
        task: Task,
        group: Id,
        members: Vec<String>,
        below: &str,
    ) {
        let request_id = match self.admit_fan_out(turn, &task, group, members.len()) {
            Ok(request_id) => request_id,
            Err(refusal) => return self.reply(turn, task.reply, refusal.into()),
        };
        turn.fanned += members.len();
        let gathering = self.count();
        let answers = vec![None; members.len()];
        let left = members.len();
        let entry = Gathering { reply: task.reply.clone(), answers, left };
        self.pending.gatherings.insert(gathering, entry);
        for (index, member) in members.iter().enumerate() {
            let mut task = task.clone();
            task.depth += 1;
            task.reply.to = ReplyTo::Member { gathering, index };
            task.request.to = format!("{member}{below}");
            task.request.group_request_id = Some(request_id.clone());
            self.perform(turn, task);
        }
    }

    /// Privileges, by macp or else by the group's own policies, and limits; the identifier of the fan-out.
    fn admit_fan_out(
        &mut self,
        turn: &Turn<'_>,
        task: &Task,
        group: Id,
        members: usize,
    ) -> Result<String, Refusal> {
        let operation = match task.request.operation {
            Operation::Create => access::Operation::Create,
            Operation::Retrieve => access::Operation::Retrieve,
            Operation::Update => access::Operation::Update,
            Operation::Delete => access::Operation::Delete,
            Operation::Notify => access::Operation::Notify,
        };
        let content = task.request.resource_type;
        let content = content.map(|kind| Resource { resource_type: kind.0, specialization: None });
        let (_, record) = self.record(group)?;
        let granted = match record.attributes.get("macp") {
            Some(macp) => {
                let macp = macp.clone();
                self.permitted_by(turn, &task.asker, group, &macp, operation, content)?
            }
            None => self.may(turn, &task.asker, group, operation, content)?,
        };
        if !granted {
            return Err(PRIVILEGE);
        }
        let request_id = match &task.request.group_request_id {
            Some(request_id) => request_id.clone(),
            None => {
                let number = self.count();
                format!("{}/g{number}", self.config.cse_id)
            }
        };
        if !self.pending.pass(group, &request_id) {
            return Err(GROUP_LOOP);
        }
        if task.depth >= MAX_FAN_OUT_DEPTH || turn.fanned + members > MAX_FAN_OUT {
            return Err(BUSY);
        }
        Ok(request_id)
    }

    /// Hands an answer to whoever waits for it.
    pub(super) fn reply(&mut self, turn: &mut Turn<'_>, reply: Reply, mut response: Response) {
        response.request_id = Some(reply.request_id);
        response.release = reply.release;
        match reply.to {
            ReplyTo::Peer(exchange) => {
                turn.out.push(Output::Answer { exchange, response: Box::new(response) });
            }
            ReplyTo::Silent(exchange) => turn.out.push(Output::Silent { exchange }),
            ReplyTo::Member { gathering, index } => self.gather(turn, gathering, index, response),
        }
    }

    /// One member has answered; the last answer makes the group's.
    fn gather(&mut self, turn: &mut Turn<'_>, gathering: u64, index: usize, response: Response) {
        let Some(entry) = self.pending.gatherings.get_mut(&gathering) else { return };
        if let Some(slot) = entry.answers.get_mut(index).filter(|slot| slot.is_none()) {
            *slot = Some(response);
            entry.left -= 1;
        }
        if entry.left > 0 {
            return;
        }
        let Some(entry) = self.pending.gatherings.remove(&gathering) else { return };
        let answers = entry.answers.iter().flatten().filter_map(|response| response.write());
        let list = Map::of("m2m:rsp", Value::List(answers.collect()));
        let content = Some(Content::new("m2m:agr", Value::Map(list)));
        let response = Response { status: Rsc::OK, content, ..Response::default() };
        self.reply(turn, entry.reply, response);
    }

    /// What an answer, or the lack of it, leads to.
    pub(super) fn resume(
        &mut self,
        turn: &mut Turn<'_>,
        waiting: Waiting,
        response: Option<Response>,
    ) {
        match waiting {
            Waiting::Forward(reply) => self.forwarded(turn, reply, response),
            Waiting::Verify(verification) => {
                let confirmed = response.is_some_and(|response| response.status.is_success());
                self.confirm(turn, verification, confirmed);
            }
            Waiting::Notification => {}
        }
    }
}

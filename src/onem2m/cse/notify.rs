//! Subscriptions: which event is told to whom, and how (TS-0001 clauses 9.6.8 and 10.2.12).
//!
//! Served: notificationEventType 1 to 4 with `atr` and `chty`, notificationContentType 1 to 3, `exc`, `su`.
//! Notifications are sent singly whatever `bn` says. Criteria that are not evaluated are refused.

use super::pending::{Verification, Waiting, patience};
use super::refusal::{
    ABSENT, BUSY, DAMAGED, FILTER_LATER, RESULT_CONTENT_LATER, Refusal, SUBSCRIBER, UNREACHABLE,
    VERIFICATION,
};
use super::task::{Notice, Task, Turn};
use super::{Cse, Destination, Output, Where, originator};
use crate::onem2m::limits::MAX_NOTIFICATIONS;
use crate::onem2m::tree::address::{self, Place};
use crate::onem2m::tree::{Family, Id, Record, Store, Type, ty};
use crate::wire::primitive::{Content, Operation, Release, Request};
use crate::wire::value::{Map, Value};

/// Schemes of addresses that a binding of oneM2M has.
const SCHEMES: [&str; 8] = ["http", "https", "coap", "coaps", "mqtt", "mqtts", "ws", "wss"];
/// Events of m2m:notificationEventType.
const UPDATED: u64 = 1;
const DELETED: u64 = 2;
const CHILD_CREATED: u64 = 3;
const CHILD_DELETED: u64 = 4;

/// What happened.
struct Event<'a> {
    net: u64,
    /// The resource that the notification shows.
    shown: Id,
    /// The type of the child that came or went.
    child: Option<u16>,
    /// The attributes that an update brought.
    changes: Option<&'a Map>,
}

/// Refuses criteria that are not evaluated.
pub(super) fn check_criteria(attributes: &Map) -> Result<(), Refusal> {
    if let Some(criteria) = attributes.get("enc").and_then(Value::as_map) {
        if criteria.iter().any(|(name, _)| !matches!(name, "net" | "atr" | "chty")) {
            return Err(FILTER_LATER);
        }
        let events = criteria.get("net").and_then(Value::as_list).unwrap_or_default();
        if events
            .iter()
            .filter_map(Value::as_u64)
            .any(|net| !(UPDATED..=CHILD_DELETED).contains(&net))
        {
            return Err(FILTER_LATER);
        }
    }
    match attributes.get("nct").and_then(Value::as_u64) {
        None | Some(1..=3) => Ok(()),
        Some(_) => Err(RESULT_CONTENT_LATER),
    }
}

/// Whether a subscription is about an event. Without net it is about updates.
fn is_meant(attributes: &Map, event: &Event<'_>) -> bool {
    let criteria = attributes.get("enc").and_then(Value::as_map);
    let list = |name| criteria.and_then(|criteria| criteria.get(name)).and_then(Value::as_list);
    let number = |number: u64| move |value: &Value| value.as_u64() == Some(number);
    let net = list("net").map_or(event.net == UPDATED, |all| all.iter().any(number(event.net)));
    let child = match (list("chty"), event.child) {
        (Some(types), Some(child)) => types.iter().any(number(u64::from(child))),
        _ => true,
    };
    let changed = match (list("atr"), event.changes) {
        (Some(names), Some(changes)) => {
            names.iter().filter_map(Value::as_text).any(|name| changes.get(name).is_some())
        }
        _ => true,
    };
    net && child && changed
}

impl<S: Store> Cse<S> {
    pub(super) fn created(
        &mut self,
        turn: &mut Turn<'_>,
        parent: Id,
        id: Id,
        kind: &Type,
    ) -> Result<(), Refusal> {
        let child = Some(kind.number);
        self.tell(turn, parent, &Event { net: CHILD_CREATED, shown: id, child, changes: None })
    }

    pub(super) fn updated(
        &mut self,
        turn: &mut Turn<'_>,
        id: Id,
        changes: &Map,
    ) -> Result<(), Refusal> {
        self.tell(turn, id, &Event { net: UPDATED, shown: id, child: None, changes: Some(changes) })
    }

    /// To be called while the resource is still there.
    pub(super) fn deleted(&mut self, turn: &mut Turn<'_>, id: Id) -> Result<(), Refusal> {
        let node = self.store.node(id)?.ok_or(ABSENT)?;
        let (child, parent) = (Some(node.ty), node.parent);
        drop(node);
        self.tell(turn, id, &Event { net: DELETED, shown: id, child: None, changes: None })?;
        if child == Some(ty::SUB) {
            self.tell_end(turn, id)?;
        }
        match parent {
            Some(parent) => {
                let event = Event { net: CHILD_DELETED, shown: id, child, changes: None };
                self.tell(turn, parent, &event)
            }
            None => Ok(()),
        }
    }

    /// A subscription ends: su is told.
    fn tell_end(&self, turn: &mut Turn<'_>, id: Id) -> Result<(), Refusal> {
        let (_, record) = self.record(id)?;
        if let Some(to) = record.attributes.get("su").and_then(Value::as_text) {
            let mut notification = Map::of("sud", Value::Bool(true));
            notification.insert("sur", Value::Text(self.refer(id, None, true)?));
            let content = Content::new("m2m:sgn", Value::Map(notification));
            turn.notices.push(Notice { to: to.to_owned(), content });
        }
        Ok(())
    }

    /// Notes whom to tell of an event at `subject`.
    fn tell(&mut self, turn: &mut Turn<'_>, subject: Id, event: &Event<'_>) -> Result<(), Refusal> {
        for subscription in self.store.subscriptions(subject)? {
            if turn.notices.len() >= MAX_NOTIFICATIONS {
                return Ok(());
            }
            // A subscription is not told of its own coming and going.
            if subscription == event.shown {
                continue;
            }
            let (_, record) = self.record(subscription)?;
            if !is_meant(&record.attributes, event) {
                continue;
            }
            let content = self.notification(subscription, &record.attributes, event)?;
            let targets = record.attributes.get("nu").and_then(Value::as_list).unwrap_or_default();
            for to in targets.iter().filter_map(Value::as_text) {
                turn.notices.push(Notice { to: to.to_owned(), content: content.clone() });
            }
            self.use_up(subscription, record)?;
        }
        Ok(())
    }

    /// exc: how many notifications are left.
    fn use_up(&mut self, subscription: Id, mut record: Record) -> Result<(), Refusal> {
        let Some(left) = record.attributes.get("exc").and_then(Value::as_u64) else {
            return Ok(());
        };
        if left <= 1 {
            if let Some(expires) = record.expires {
                self.expiries.remove(&(expires, subscription));
            }
            // A subscription here has no children.
            debug_assert_eq!(self.store.first(subscription, Family::Others), Ok(None));
            return Ok(self.store.remove(subscription)?);
        }
        record.attributes.insert("exc", Value::from(left - 1));
        Ok(self.store.replace(subscription, &record.encode())?)
    }

    fn notification(
        &self,
        subscription: Id,
        attributes: &Map,
        event: &Event<'_>,
    ) -> Result<Content, Refusal> {
        let shown = match (attributes.get("nct").and_then(Value::as_u64), event.changes) {
            (Some(3), _) => Map::of("m2m:uri", Value::Text(self.refer(event.shown, None, true)?)),
            (Some(2), Some(changes)) => {
                let whole = self.render(event.shown)?;
                let Value::Map(all) = whole.value else { return Err(DAMAGED) };
                let changed = all.into_iter().filter(|(name, _)| changes.get(name).is_some());
                let changed = Map::from_members(changed.collect()).map_err(|_| DAMAGED)?;
                Map::of(whole.root, Value::Map(changed))
            }
            _ => self.render(event.shown)?.into_map(),
        };
        let mut inner = Map::of("rep", Value::Map(shown));
        inner.insert("net", Value::from(event.net));
        let mut notification = Map::of("nev", Value::Map(inner));
        notification.insert("sur", Value::Text(self.refer(subscription, None, true)?));
        Ok(Content::new("m2m:sgn", Value::Map(notification)))
    }

    /// The requests by which targets of notifications are asked whether they want any: all but the
    /// originator itself.
    pub(super) fn verifications(
        &self,
        task: &Task,
        at: Id,
        record: &Record,
    ) -> Result<Vec<Notice>, Refusal> {
        let mut notices = Vec::new();
        let mut notification = Map::of("vrq", Value::Bool(true));
        notification.insert("sur", Value::Text(self.refer(at, None, true)?));
        if let Some(creator) = &task.asker.short {
            notification.insert("cr", Value::Text(self.outside(creator)));
        }
        let content = Content::new("m2m:sgn", Value::Map(notification));
        let targets = record.attributes.get("nu").and_then(Value::as_list).unwrap_or_default();
        for to in targets.iter().filter_map(Value::as_text) {
            self.target(to)?;
            let itself = originator::parse(to, &self.home);
            if itself.is_none() || itself != task.asker.identity {
                notices.push(Notice { to: to.to_owned(), content: content.clone() });
            }
        }
        Ok(notices)
    }

    /// Where a target of notifications is: an AE here, an entity of another CSE, a bare address.
    fn target(&self, to: &str) -> Result<Destination, Refusal> {
        if let Some((scheme, rest)) = to.split_once("://") {
            let known = SCHEMES.contains(&scheme) && !rest.is_empty() && !rest.starts_with('/');
            let bare = Destination { entity: None, addresses: vec![to.to_owned()] };
            return if known { Ok(bare) } else { Err(SUBSCRIBER) };
        }
        match self.locate(to).map_err(|_| SUBSCRIBER)? {
            Where::There(cse) => self.next_hop(cse)?.ok_or(UNREACHABLE),
            Where::Here(path) => match address::resolve(&self.store, path)? {
                Some(Place::Resource(id)) => self.destination(id).map_err(|_| SUBSCRIBER),
                _ => Err(SUBSCRIBER),
            },
        }
    }

    /// Asks targets of notifications; the request goes on when all have confirmed.
    pub(super) fn verify(&mut self, turn: &mut Turn<'_>, task: Task, notices: Vec<Notice>) {
        if !self.pending.has_room(notices.len()) {
            return self.reply(turn, task.reply, BUSY.into());
        }
        let number = self.count();
        let deadline = patience(&task.request, turn, self.config.epoch);
        let mut left = 0;
        for notice in notices {
            let Ok(to) = self.target(&notice.to) else { continue };
            let request = Box::new(self.notify_request(notice));
            let Some(exchange) = self.pending.add(deadline, Waiting::Verify(number)) else {
                continue;
            };
            turn.out.push(Output::Send { exchange, to, request });
            left += 1;
        }
        if left == 0 {
            return self.reply(turn, task.reply, VERIFICATION.into());
        }
        let verification = Verification { task, left, failed: false };
        self.pending.verifications.insert(number, verification);
    }

    /// One target has confirmed, or not.
    pub(super) fn confirm(&mut self, turn: &mut Turn<'_>, number: u64, confirmed: bool) {
        let Some(verification) = self.pending.verifications.get_mut(&number) else { return };
        verification.left -= 1;
        verification.failed |= !confirmed;
        if verification.left > 0 {
            return;
        }
        let Some(verification) = self.pending.verifications.remove(&number) else { return };
        let mut task = verification.task;
        if verification.failed {
            return self.reply(turn, task.reply, VERIFICATION.into());
        }
        // The request is carried out anew: what it was checked against may have changed.
        task.verified = true;
        self.perform(turn, task);
    }

    /// Sends the notifications that a request has set off. One that has no way to go is dropped.
    pub(super) fn send_notices(&mut self, turn: &mut Turn<'_>) {
        for notice in std::mem::take(&mut turn.notices) {
            let Ok(to) = self.target(&notice.to) else { continue };
            let request = Box::new(self.notify_request(notice));
            let deadline = patience(&request, turn, self.config.epoch);
            let Some(exchange) = self.pending.add(deadline, Waiting::Notification) else { return };
            turn.out.push(Output::Send { exchange, to, request });
        }
    }

    fn notify_request(&mut self, notice: Notice) -> Request {
        Request {
            operation: Operation::Notify,
            to: notice.to,
            from: Some(self.config.cse_id.clone()),
            request_id: format!("n{}", self.count()),
            release: Some(Release::R4),
            content: Some(notice.content),
            ..Request::default()
        }
    }
}

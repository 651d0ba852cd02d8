//! What a container does with its contentInstances: mni, mbs, mia, la, ol (TS-0001 clauses 9.6.6, 10.2.4).

use super::refusal::{ABSENT, CONTENT, DAMAGED, NO_ROOM, NOT_ALLOWED, Refusal, TOO_LARGE};
use super::task::Turn;
use super::{Cse, attributes};
use crate::onem2m::limits::{MAX_CONTENT, MAX_INSTANCES};
use crate::onem2m::tree::address::End;
use crate::onem2m::tree::{Counts, Family, Head, Id, Record, Store, recount};
use crate::planted::{self, Defect};
use crate::wire::value::Value;

/// How much a container keeps.
#[derive(Clone, Copy)]
struct Bounds {
    /// mni
    instances: u64,
    /// mbs
    bytes: u64,
    /// mia, in milliseconds
    age: Option<u64>,
}

impl Bounds {
    fn of(head: &Head<'_>) -> Self {
        let number = |name| head.attribute(name).and_then(|value| value.as_u64());
        let most = u64::from(MAX_INSTANCES);
        Self {
            instances: number("mni").map_or(most, |mni| {
                mni.min(most) + u64::from(planted::is(Defect::ContainerOneMore))
            }),
            bytes: number("mbs").unwrap_or(u64::MAX),
            age: number("mia").map(|seconds| seconds.saturating_mul(1_000)),
        }
    }
}

impl<S: Store> Cse<S> {
    /// Makes room for a new contentInstance, counts it, and gives it what the container gives.
    pub(super) fn make_room(
        &mut self,
        turn: &Turn<'_>,
        container: Id,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        let content = record.attributes.get("con");
        if content.is_none() && record.attributes.get("conr").is_none() {
            return Err(CONTENT);
        }
        let size = content.map_or(0, attributes::size);
        let (bounds, mut counts) = self.bounds(container)?;
        if bounds.instances == 0 || bounds.age == Some(0) {
            return Err(NO_ROOM);
        }
        if size > MAX_CONTENT || size as u64 > bounds.bytes {
            return Err(TOO_LARGE);
        }
        let keep =
            Bounds { instances: bounds.instances - 1, bytes: bounds.bytes - size as u64, ..bounds };
        self.shrink(turn, container, keep, &mut counts)?;
        counts.instances += 1;
        counts.bytes += size as u64;
        counts.state = counts.state.wrapping_add(1);
        self.recount(turn, container, counts)?;
        record.attributes.insert("cs", Value::from(size as u64));
        record.attributes.insert("st", Value::from(u64::from(counts.state)));
        Ok(())
    }

    /// Drops what the container may no longer keep: its bounds have changed, or time has passed.
    pub(super) fn settle(&mut self, turn: &Turn<'_>, container: Id) -> Result<(), Refusal> {
        let (bounds, mut counts) = self.bounds(container)?;
        let before = counts;
        self.shrink(turn, container, bounds, &mut counts)?;
        if counts == before { Ok(()) } else { self.recount(turn, container, counts) }
    }

    /// la or ol.
    pub(super) fn instance(
        &mut self,
        turn: &Turn<'_>,
        container: Id,
        end: End,
    ) -> Result<Id, Refusal> {
        let node = self.store.node(container)?.ok_or(ABSENT)?;
        let head = Head::read(&node.body).ok_or(DAMAGED)?;
        // disr: the instances are not for retrieval.
        if head.attribute("disr") == Some(Value::Bool(true)) {
            return Err(NOT_ALLOWED);
        }
        let ages = Bounds::of(&head).age.is_some();
        drop(node);
        if ages {
            self.settle(turn, container)?;
        }
        let id = match end {
            End::Latest => self.store.last(container, Family::Instances)?,
            End::Oldest => self.store.first(container, Family::Instances)?,
        };
        id.ok_or(ABSENT)
    }

    /// A contentInstance of this many bytes is gone.
    pub(super) fn uncount(
        &mut self,
        turn: &Turn<'_>,
        container: Id,
        size: u64,
    ) -> Result<(), Refusal> {
        let (_, mut counts) = self.bounds(container)?;
        counts.instances = counts.instances.saturating_sub(1);
        counts.bytes = counts.bytes.saturating_sub(size);
        counts.state = counts.state.wrapping_add(1);
        self.recount(turn, container, counts)
    }

    fn bounds(&self, container: Id) -> Result<(Bounds, Counts), Refusal> {
        let node = self.store.node(container)?.ok_or(ABSENT)?;
        let head = Head::read(&node.body).ok_or(DAMAGED)?;
        Ok((Bounds::of(&head), head.counts.ok_or(DAMAGED)?))
    }

    /// Drops the oldest until the bounds are kept.
    fn shrink(
        &mut self,
        turn: &Turn<'_>,
        container: Id,
        bounds: Bounds,
        counts: &mut Counts,
    ) -> Result<(), Refusal> {
        while let Some(oldest) = self.store.first(container, Family::Instances)? {
            let node = self.store.node(oldest)?.ok_or(ABSENT)?;
            let head = Head::read(&node.body).ok_or(DAMAGED)?;
            let old = |age: u64| head.created.saturating_add(age) <= turn.unix;
            let over = u64::from(counts.instances) > bounds.instances
                || counts.bytes > bounds.bytes
                || bounds.age.is_some_and(old);
            if !over {
                return Ok(());
            }
            let size = head.attribute("cs").and_then(|value| value.as_u64()).unwrap_or(0);
            let expires = head.expires;
            drop(node);
            self.store.remove(oldest)?;
            if let Some(expires) = expires {
                self.expiries.remove(&(expires, oldest));
            }
            counts.instances = counts.instances.saturating_sub(1);
            counts.bytes = counts.bytes.saturating_sub(size);
        }
        Ok(())
    }

    fn recount(&mut self, turn: &Turn<'_>, container: Id, counts: Counts) -> Result<(), Refusal> {
        let mut done = None;
        self.store.patch(container, |bytes| done = recount(bytes, turn.unix, counts))?;
        done.ok_or(DAMAGED)
    }
}

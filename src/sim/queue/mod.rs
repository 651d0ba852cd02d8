//! The total order of events: by time, then by the entity that caused them, then by that entity's own
//! count. Never by the order of insertion, which differs between partitions of the world.

mod heap;
#[cfg(test)]
mod tests;
mod wheel;

use std::cmp::Ordering;

use super::time::Time;
use heap::Heap;
use wheel::Wheel;

/// The position of an event in the total order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// When it happens.
    pub time: Time,
    /// The entity that caused it.
    pub origin: u32,
    /// How many events that entity had caused before.
    pub serial: u64,
}

/// The identity of an entity as a cause of events, with its own counter.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    id: u32,
    serial: u64,
}

impl Origin {
    /// The entity `id`, which has caused nothing yet.
    #[must_use]
    pub const fn new(id: u32) -> Self {
        Self { id, serial: 0 }
    }

    /// The key of this entity's next event.
    pub const fn key(&mut self, time: Time) -> Key {
        let serial = self.serial;
        self.serial += 1;
        Key { time, origin: self.id, serial }
    }
}

/// An event on its way.
#[derive(Debug)]
pub(super) struct Entry<E> {
    pub(super) key: Key,
    pub(super) site: u32,
    pub(super) target: u32,
    pub(super) event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// Reversed: the standard heap yields its greatest, we want the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key)
    }
}

/// How events wait. The order in which they leave is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueKind {
    /// A hierarchical timing wheel: the cost of an event does not grow with those that wait.
    #[default]
    Wheel,
    /// The standard library's heap: the reference.
    Heap,
}

/// Events in order of their keys.
#[derive(Debug)]
pub struct EventQueue<E>(Inner<E>);

#[derive(Debug)]
enum Inner<E> {
    Wheel(Box<Wheel<E>>),
    Heap(Heap<E>),
}

impl<E> EventQueue<E> {
    /// An empty queue. No event that is put into it happens before the last one taken from it.
    #[must_use]
    pub fn new(kind: QueueKind) -> Self {
        Self(match kind {
            QueueKind::Wheel => Inner::Wheel(Box::default()),
            QueueKind::Heap => Inner::Heap(Heap::default()),
        })
    }

    /// When the earliest event happens.
    #[must_use]
    pub fn next_time(&self) -> Option<Time> {
        match &self.0 {
            Inner::Wheel(wheel) => wheel.next_time(),
            Inner::Heap(heap) => heap.next_time(),
        }
    }

    /// How many events wait.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Inner::Wheel(wheel) => wheel.len(),
            Inner::Heap(heap) => heap.len(),
        }
    }

    /// True if none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push(&mut self, entry: Entry<E>) {
        match &mut self.0 {
            Inner::Wheel(wheel) => wheel.push(entry),
            Inner::Heap(heap) => heap.push(entry),
        }
    }

    /// The earliest event, if it happens before `horizon`.
    pub(super) fn pop_before(&mut self, horizon: Time) -> Option<Entry<E>> {
        match &mut self.0 {
            Inner::Wheel(wheel) => wheel.pop_before(horizon),
            Inner::Heap(heap) => heap.pop_before(horizon),
        }
    }
}

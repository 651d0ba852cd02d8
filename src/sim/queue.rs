//! The total order of events: by time, then by the entity that caused them, then by that entity's own
//! count. Never by the order of insertion, which differs between partitions of the world.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::time::Time;

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

/// Events in order of their keys.
#[derive(Debug)]
pub struct EventQueue<E> {
    heap: BinaryHeap<Entry<E>>,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new() }
    }
}

impl<E> EventQueue<E> {
    /// When the earliest event happens.
    #[must_use]
    pub fn next_time(&self) -> Option<Time> {
        self.heap.peek().map(|entry| entry.key.time)
    }

    /// How many events wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// True if none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    pub(super) fn push(&mut self, entry: Entry<E>) {
        self.heap.push(entry);
    }

    /// The earliest event, if it happens before `horizon`.
    pub(super) fn pop_before(&mut self, horizon: Time) -> Option<Entry<E>> {
        if self.next_time()? < horizon { self.heap.pop() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn events_leave_in_the_order_of_their_keys_however_they_came(
            mut keys in prop::collection::vec((0u64..20, 0u32..4, 0u64..1_000), 1..200)
        ) {
            keys.sort_unstable();
            keys.dedup();
            let mut shuffled = keys.clone();
            shuffled.reverse();
            shuffled.rotate_left(keys.len() / 3);
            let mut queue = EventQueue::default();
            for (time, origin, serial) in shuffled {
                let key = Key { time: Time(time), origin, serial };
                queue.push(Entry { key, site: 0, target: 0, event: () });
            }
            let mut left = Vec::new();
            while let Some(entry) = queue.pop_before(Time::NEVER) {
                left.push((entry.key.time.0, entry.key.origin, entry.key.serial));
            }
            prop_assert_eq!(left, keys);
        }
    }
}

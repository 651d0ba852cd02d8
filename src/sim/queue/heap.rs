//! Events in the standard library's heap: short, and the reference that the wheel is compared with.

use std::collections::BinaryHeap;

use super::{Entry, Key};
use crate::sim::time::Time;

/// Events in order of their keys.
#[derive(Debug)]
pub(super) struct Heap<E>(BinaryHeap<Entry<E>>);

impl<E> Default for Heap<E> {
    fn default() -> Self {
        Self(BinaryHeap::new())
    }
}

impl<E> Heap<E> {
    pub(super) fn next_time(&self) -> Option<Time> {
        self.next_key().map(|key| key.time)
    }

    pub(super) fn next_key(&self) -> Option<Key> {
        self.0.peek().map(|entry| entry.key)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, entry: Entry<E>) {
        self.0.push(entry);
    }

    pub(super) fn pop(&mut self) -> Option<Entry<E>> {
        self.0.pop()
    }

    /// The earliest event, if it happens before `horizon`.
    pub(super) fn pop_before(&mut self, horizon: Time) -> Option<Entry<E>> {
        if self.next_time()? < horizon { self.0.pop() } else { None }
    }
}

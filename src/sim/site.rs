//! A site: a part of the world whose entities affect each other at once. Sites affect each other only
//! through events that lie at least the look-ahead in the future, so several threads can run them.

use super::digest::Digest;
use super::queue::{Entry, EventQueue, Key};
use super::time::Time;

/// A part of the world that one thread runs.
pub trait Site: Send {
    /// What happens to its entities.
    type Event: Send;
    /// What a thread writes down while it runs its sites.
    type Recorder: Send;

    /// Lets `event` happen to the entity `target` (an index within the site).
    fn handle(
        &mut self,
        target: u32,
        event: Self::Event,
        context: &mut Context<'_, Self::Event, Self::Recorder>,
    );

    /// How much work the site is, relative to others; spreads sites over threads.
    fn weight(&self) -> u64;
}

/// What a site can reach while it handles an event.
pub struct Context<'a, E, R> {
    /// The present.
    pub now: Time,
    /// The key of the event being handled.
    pub key: Key,
    /// The thread's notes.
    pub recorder: &'a mut R,
    /// The thread's share of the run digest.
    pub digest: &'a mut Digest,
    pub(super) queue: &'a mut EventQueue<E>,
    pub(super) outbox: &'a mut [Vec<Entry<E>>],
    /// Which thread runs each site; empty if there is only one.
    pub(super) owner: &'a [u32],
    pub(super) thread: u32,
    /// Events for sites of other threads must not lie before this.
    pub(super) horizon: Time,
}

impl<E, R> Context<'_, E, R> {
    /// Lets `event` happen to `target` of `site` at the time of `key`.
    ///
    /// # Panics
    /// If `site` belongs to another thread and the event lies within the current window: the world
    /// promised a larger look-ahead than it keeps, and the run would not be deterministic.
    pub fn schedule(&mut self, key: Key, site: u32, target: u32, event: E) {
        let entry = Entry { key, site, target, event };
        let owner = self.owner.get(site as usize).copied().unwrap_or(self.thread);
        if owner == self.thread {
            self.queue.push(entry);
        } else {
            assert!(key.time >= self.horizon, "an event crosses sites within the look-ahead");
            self.outbox[owner as usize].push(entry);
        }
    }
}

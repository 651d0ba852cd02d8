//! What a capture keeps of the traffic of some nodes: datagrams, application data and secrets, in the
//! total order of events, up to a limit.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sim::Key;
use crate::sim::time::{Duration, Time};

/// What an item takes in a file beyond its own bytes, about: block and headers.
const ITEM_OVERHEAD: u64 = 128;

/// What became of a datagram on its hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It arrives twice.
    Twice,
    /// It does not arrive, for this reason.
    Lost(&'static str),
}

/// Where something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A datagram as it left for the next hop.
    Link {
        /// Index of the link type.
        link: usize,
        /// The node that sends it over this link.
        sender: u32,
        /// The node at the other end of the link.
        receiver: u32,
        /// What becomes of it.
        fate: Fate,
    },
    /// Application data as an endpoint gave it to its association, when it leaves.
    Inside,
}

/// Something that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where it was seen.
    pub seen: Seen,
    /// The endpoint that made it.
    pub from: u32,
    /// The endpoint that it is for.
    pub to: u32,
    /// The endpoint that made it is the client of the association.
    pub by_client: bool,
    /// The datagram, or the application data.
    pub bytes: Vec<u8>,
}

/// One thing that a tape keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Something that was sent.
    Frame(Frame),
    /// A secret of the record protection.
    Secret {
        /// Its label in a key log.
        label: String,
        /// The random of the ClientHello, or its first bytes if the whole came before.
        random: Vec<u8>,
        /// The secret.
        secret: Vec<u8>,
    },
    /// A pre-shared key that a handshake begins with.
    Psk {
        /// Whose.
        identity: String,
        /// The key.
        key: Vec<u8>,
    },
}

impl Item {
    /// What it counts towards the limit, in bytes.
    const fn cost(&self) -> u64 {
        let bytes = match self {
            Self::Frame(frame) => frame.bytes.len(),
            Self::Secret { label, random, secret } => {
                label.len() + 2 * (random.len() + secret.len())
            }
            Self::Psk { identity, key } => identity.len() + 2 * key.len(),
        };
        bytes as u64 + ITEM_OVERHEAD
    }
}

/// What the tapes of all threads share, so that together they keep little more than the limit.
#[derive(Debug)]
struct Budget {
    limit: u64,
    lookahead: Duration,
    used: AtomicU64,
    /// What happens from here on lies beyond the limit, in nanoseconds.
    until: AtomicU64,
}

/// What one thread has seen of the chosen nodes.
#[derive(Clone, Debug)]
pub struct Tape {
    chosen: Range<u32>,
    budget: Arc<Budget>,
    event: Key,
    items: Vec<(Key, Item)>,
    left_out: u64,
}

impl Tape {
    /// An empty tape that listens to the nodes with these numbers and keeps about `limit` bytes. Threads
    /// are never further apart in virtual time than `lookahead`.
    #[must_use]
    pub fn new(chosen: Range<u32>, limit: u64, lookahead: Duration) -> Self {
        let (used, until) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
        Self {
            chosen,
            budget: Arc::new(Budget { limit, lookahead, used, until }),
            event: Key { time: Time::ZERO, origin: 0, serial: 0 },
            items: Vec::new(),
            left_out: 0,
        }
    }

    /// It listens to this node.
    #[must_use]
    pub fn hears(&self, node: u32) -> bool {
        self.chosen.contains(&node)
    }

    /// What is written from now on belongs to this event. Events come in the order of their keys.
    pub const fn begin(&mut self, event: Key) {
        self.event = event;
    }

    /// Keeps an item, unless it lies beyond the limit for certain.
    ///
    /// Once the limit is reached at time t, all that counts towards it lies before t + look-ahead: what
    /// comes no sooner cannot be among the first, whichever thread has it. [`Tape::wind_up`] cuts
    /// exactly.
    pub fn write(&mut self, item: Item) {
        let budget = &*self.budget;
        let now = self.event.time;
        if now.0 >= budget.until.load(Ordering::Relaxed) {
            self.leave_out(&item);
            return;
        }
        let cost = item.cost();
        let used = budget.used.fetch_add(cost, Ordering::Relaxed) + cost;
        if used > budget.limit {
            budget.until.fetch_min((now + budget.lookahead).0, Ordering::Relaxed);
        }
        self.items.push((self.event, item));
    }

    /// Adds what another thread has seen.
    pub fn merge(&mut self, other: Self) {
        self.items.extend(other.items);
        self.left_out += other.left_out;
    }

    /// Puts everything in order and keeps the first of it, up to the limit: the same whatever the number
    /// of threads.
    pub fn wind_up(&mut self) {
        // All of one event comes from one thread, and the sort leaves it in its order.
        self.items.sort_by_key(|(event, _)| *event);
        let mut used = 0;
        let kept = self.items.iter().take_while(|(_, item)| {
            used += item.cost();
            used <= self.budget.limit
        });
        let kept = kept.count();
        for (_, item) in self.items.split_off(kept) {
            self.leave_out(&item);
        }
    }

    /// What was kept, with its time.
    pub fn items(&self) -> impl Iterator<Item = (Time, &Item)> {
        self.items.iter().map(|(event, item)| (event.time, item))
    }

    /// Datagrams and application data beyond the limit.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    fn leave_out(&mut self, item: &Item) {
        self.left_out += u64::from(matches!(item, Item::Frame(_)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKAHEAD: Duration = Duration(10);

    fn frame(at: u64, event: u64) -> (Key, Item) {
        let frame =
            Frame { seen: Seen::Inside, from: 0, to: 1, by_client: true, bytes: vec![0; 100] };
        (Key { time: Time(at), origin: 0, serial: event }, Item::Frame(frame))
    }

    fn write(tape: &mut Tape, (event, item): (Key, Item)) {
        tape.begin(event);
        tape.write(item);
    }

    /// Three events in each nanosecond, handled by so many threads in windows of the look-ahead, the last
    /// thread first.
    fn recorded(threads: u64, limit: u64) -> Tape {
        let first = Tape::new(0..1, limit, LOOKAHEAD);
        let mut tapes = vec![first; usize::try_from(threads).unwrap()];
        for window in 0..20 {
            for thread in (0..threads).rev() {
                for event in window * 30..(window + 1) * 30 {
                    if event % threads == thread {
                        write(
                            &mut tapes[usize::try_from(thread).unwrap()],
                            frame(event / 3, event),
                        );
                    }
                }
            }
        }
        let mut tapes = tapes.into_iter();
        let mut all = tapes.next().unwrap();
        tapes.for_each(|tape| all.merge(tape));
        all
    }

    #[test]
    fn what_is_kept_does_not_depend_on_threads_and_little_more_than_the_limit_is_held() {
        let limit = 100 * (100 + ITEM_OVERHEAD) + 7;
        for threads in [1, 2, 3, 7] {
            let mut tape = recorded(threads, limit);
            assert!(tape.items.len() < 100 + 2 * 30, "{} items with {threads}", tape.items.len());
            tape.wind_up();
            let kept: Vec<_> = tape.items.iter().map(|(event, _)| event.serial).collect();
            assert_eq!(kept, (0..100).collect::<Vec<_>>(), "{threads} threads");
            assert_eq!(tape.left_out(), 500);
        }
    }

    #[test]
    fn below_the_limit_nothing_is_left_out() {
        let mut tape = recorded(3, 1 << 20);
        tape.wind_up();
        assert_eq!((tape.items().count(), tape.left_out()), (600, 0));
    }
}

//! A hierarchical timing wheel whose events leave in their total order.
//!
//! Time is cut into ticks. An event waits in a slot that is found from the highest digit (to the base of the
//! slots of a level) in which its tick differs from the present one: the farther, the coarser. When the present
//! reaches a coarse slot, its events are spread over finer ones; when it reaches a slot of one tick, that slot is
//! sorted. So an event is moved a few times, however many others wait, where a heap compares it with more and more.
//!
//! Varghese and Lauck, "Hashed and hierarchical timing wheels" (1987).

use super::heap::Heap;
use super::{Entry, Key};
use crate::sim::time::Time;

/// A tick is 2 to this many nanoseconds, about a microsecond: few events share one.
const TICK_BITS: u32 = 10;
/// A digit of a tick.
const DIGIT_BITS: u32 = 6;
/// Slots of a level, one for each value of a digit.
const SLOTS: usize = 1 << DIGIT_BITS;
/// Levels: enough for the last tick of all.
const LEVELS: usize = (u64::BITS - TICK_BITS).div_ceil(DIGIT_BITS) as usize;
/// Room that an emptied slot may keep, in events.
const KEEP: usize = 64;

/// Events in order of their keys.
#[derive(Debug)]
pub(super) struct Wheel<E> {
    /// The tick that has been reached; everything in slots is later.
    present: u64,
    /// Events of the tick that was reached last, the earliest at the end.
    sorted: Vec<Entry<E>>,
    /// Events that came when their tick had been reached already.
    late: Heap<E>,
    levels: Vec<Level<E>>,
    /// Events in slots.
    waiting: usize,
}

#[derive(Debug)]
struct Level<E> {
    /// A bit for each slot that is not empty.
    occupied: u64,
    slots: [Slot<E>; SLOTS],
}

#[derive(Debug)]
struct Slot<E> {
    entries: Vec<Entry<E>>,
    /// The earliest time of them.
    earliest: Time,
}

impl<E> Default for Wheel<E> {
    fn default() -> Self {
        let slot = |_| Slot { entries: Vec::new(), earliest: Time::NEVER };
        let level = || Level { occupied: 0, slots: std::array::from_fn(slot) };
        Self {
            present: 0,
            sorted: Vec::new(),
            late: Heap::default(),
            levels: (0..LEVELS).map(|_| level()).collect(),
            waiting: 0,
        }
    }
}

const fn tick(time: Time) -> u64 {
    time.0 >> TICK_BITS
}

impl<E> Wheel<E> {
    pub(super) fn next_time(&self) -> Option<Time> {
        let ready = self.next_ready().map(|key| key.time);
        // What is ready lies in a tick that was reached, what waits in later ones.
        ready.or_else(|| {
            let (level, slot) = self.next_slot()?;
            Some(self.levels[level].slots[slot].earliest)
        })
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len() + self.late.len() + self.waiting
    }

    pub(super) fn push(&mut self, entry: Entry<E>) {
        let tick = tick(entry.key.time);
        if tick <= self.present {
            self.late.push(entry);
        } else {
            self.wait(tick, entry);
        }
    }

    /// The earliest event, if it happens before `horizon`.
    pub(super) fn pop_before(&mut self, horizon: Time) -> Option<Entry<E>> {
        while self.sorted.is_empty() && self.late.is_empty() {
            let (level, slot) = self.next_slot()?;
            if self.levels[level].slots[slot].earliest >= horizon {
                return None;
            }
            self.reach(level, slot);
        }
        if self.next_ready()?.time >= horizon {
            return None;
        }
        match (self.sorted.last(), self.late.next_key()) {
            (Some(sorted), Some(late)) if late < sorted.key => self.late.pop(),
            (None, _) => self.late.pop(),
            (Some(_), _) => self.sorted.pop(),
        }
    }

    /// The key of the first event whose tick was reached.
    fn next_ready(&self) -> Option<Key> {
        let sorted = self.sorted.last().map(|entry| entry.key);
        let late = self.late.next_key();
        sorted.into_iter().chain(late).min()
    }

    /// Puts an event of a tick that was not reached into its slot.
    #[expect(clippy::cast_possible_truncation, reason = "a digit is small")]
    fn wait(&mut self, tick: u64, entry: Entry<E>) {
        let digit = (tick ^ self.present).ilog2() / DIGIT_BITS;
        let level = &mut self.levels[digit as usize];
        let index = (tick >> (digit * DIGIT_BITS) & (SLOTS as u64 - 1)) as usize;
        level.occupied |= 1 << index;
        let slot = &mut level.slots[index];
        slot.earliest = slot.earliest.min(entry.key.time);
        slot.entries.push(entry);
        self.waiting += 1;
    }

    /// The level and the place of the earliest slot that is not empty.
    fn next_slot(&self) -> Option<(usize, usize)> {
        if self.waiting == 0 {
            return None;
        }
        // All that waits at a level agrees with the present in the digits above, and is later in its own: finer
        // levels come first, and smaller digits.
        let level = self.levels.iter().position(|level| level.occupied != 0)?;
        Some((level, self.levels[level].occupied.trailing_zeros() as usize))
    }

    /// Moves the present to the beginning of a slot, the earliest that is not empty.
    fn reach(&mut self, level: usize, index: usize) {
        let shift = u32::try_from(level).expect("few levels") * DIGIT_BITS;
        let above = self.present >> shift >> DIGIT_BITS << DIGIT_BITS;
        self.present = (above | index as u64) << shift;
        let Level { occupied, slots } = &mut self.levels[level];
        *occupied &= !(1 << index);
        let slot = &mut slots[index];
        slot.earliest = Time::NEVER;
        if level == 0 {
            // The rooms of slots go round, so that there is nothing to allocate.
            std::mem::swap(&mut self.sorted, &mut slot.entries);
            slot.entries.shrink_to(KEEP);
            self.waiting -= self.sorted.len();
            self.sorted.sort_unstable();
            return;
        }
        let entries = std::mem::take(&mut slot.entries);
        self.waiting -= entries.len();
        for entry in entries {
            self.push(entry);
        }
    }
}

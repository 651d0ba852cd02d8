//! The replay window (RFC 9147 section 4.5.1).

use crate::planted::{self, Defect};
#[cfg(test)]
use crate::sabotage::{Mechanism, is_away};

/// The widest window that can be kept.
const WIDEST: u64 = 64;

/// Which of the last record numbers of an epoch were received.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    /// One more than the highest number received.
    next: u64,
    /// Bit i: `next - 1 - i` was received.
    seen: u64,
}

impl Window {
    /// The number that would come next without loss.
    pub(super) const fn expected(&self) -> u64 {
        self.next
    }

    /// Whether [`accept`](Self::accept) would take `sequence`.
    pub(super) fn takes(mut self, sequence: u64, size: u8) -> bool {
        self.accept(sequence, size)
    }

    /// Enters `sequence`; false if it was there already or lies behind a window of `size` numbers.
    /// A window of size 0 takes everything.
    pub(super) fn accept(&mut self, sequence: u64, size: u8) -> bool {
        #[cfg(test)]
        let size = if is_away(Mechanism::ReplayWindow) { 0 } else { size };
        let size = u64::from(size).min(WIDEST);
        if sequence >= self.next {
            let ahead = sequence - self.next + 1;
            self.seen = if ahead < WIDEST { self.seen << ahead } else { 0 } | 1;
            self.next = sequence + 1;
            return true;
        }
        let behind = self.next - 1 - sequence;
        if size == 0 {
            return true;
        }
        let is_rare = planted::is(Defect::ReplayRare) && rare(sequence, self.seen);
        if is_rare || planted::is(Defect::ReplayNewest) && behind == 0 {
            return true;
        }
        if behind >= size || self.seen >> behind & 1 == 1 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}

/// One state of the window in 2^16.
const fn rare(sequence: u64, seen: u64) -> bool {
    (sequence ^ seen).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48 == 0x5a5a
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Window;

    proptest! {
        /// The window agrees with a plain set of what was received.
        #[test]
        fn a_number_is_taken_once_and_only_within_the_window(
            size in 1_u8..=64,
            numbers in prop::collection::vec(0_u64..300, 1..200),
        ) {
            let mut window = Window::default();
            let mut received = BTreeSet::new();
            for number in numbers {
                let highest = received.last().copied();
                let fresh = highest.is_none_or(|highest| number > highest)
                    || (!received.contains(&number)
                        && highest.unwrap_or(0) - number < u64::from(size));
                prop_assert_eq!(window.accept(number, size), fresh);
                if fresh {
                    received.insert(number);
                }
            }
        }
    }

    #[test]
    fn without_a_window_everything_is_taken_again_and_again() {
        let mut window = Window::default();
        for number in [7, 7, 0, 7, 1_000, 7] {
            assert!(window.accept(number, 0));
        }
    }

    #[test]
    fn wider_windows_than_64_are_cut_to_64() {
        let mut window = Window::default();
        assert!(window.accept(100, 255));
        assert!(window.accept(37, 255));
        assert!(!window.accept(36, 255));
    }
}

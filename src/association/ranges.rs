//! The parts of a message that are still missing: at the receiver, those not yet received; at the
//! sender, those not yet acknowledged.

use std::ops::Range;

/// Disjoint, non-empty ranges in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range<usize>>);

impl Ranges {
    /// The whole of `len` bytes. A message without content still has to come once: it counts as one
    /// byte at 0 that any fragment covers.
    pub(super) fn all(len: usize) -> Self {
        let whole = 0..len.max(1);
        Self(vec![whole])
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.0.iter().cloned()
    }

    /// Takes `part` away; true if anything of it was still there.
    pub(super) fn remove(&mut self, part: Range<usize>) -> bool {
        let part = part.start..part.end.max(part.start + 1);
        let mut left = Vec::with_capacity(self.0.len() + 1);
        for range in &self.0 {
            let before = range.start..range.end.min(part.start);
            let after = range.start.max(part.end)..range.end;
            left.extend([before, after].into_iter().filter(|range| !range.is_empty()));
        }
        let changed = left != self.0;
        self.0 = left;
        changed
    }
}

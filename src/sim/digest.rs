//! The digest of a run: a sum over everything observable, so that it does not depend on which thread
//! saw what.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::time::{Duration, Time};

/// A commutative digest, whole and by slice of time, so that the first difference between two runs can
/// be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    slice: Duration,
    slices: Vec<u128>,
    count: u64,
}

impl Digest {
    /// Empty, with slices of length `slice` (at least 1 ns).
    #[must_use]
    pub fn new(slice: Duration) -> Self {
        Self { slice: slice.max(Duration(1)), slices: Vec::new(), count: 0 }
    }

    /// Adds an observation made at `at`: numbers that place it, and bytes.
    pub fn add(&mut self, at: Time, place: [u64; 4], bytes: &[u8]) {
        let mut hasher = SipHasher13::new();
        hasher.write_u64(at.0);
        for number in place {
            hasher.write_u64(number);
        }
        hasher.write(bytes);
        let index = usize::try_from(at.0 / self.slice.0).unwrap_or(usize::MAX);
        if index >= self.slices.len() {
            self.slices.resize(index + 1, 0);
        }
        self.slices[index] = self.slices[index].wrapping_add(hasher.finish128().as_u128());
        self.count += 1;
    }

    /// Adds the observations of `other`, which must have slices of the same length.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.slice, other.slice);
        if other.slices.len() > self.slices.len() {
            self.slices.resize(other.slices.len(), 0);
        }
        for (mine, theirs) in self.slices.iter_mut().zip(&other.slices) {
            *mine = mine.wrapping_add(*theirs);
        }
        self.count += other.count;
    }

    /// The sum of everything, and how many observations it covers.
    #[must_use]
    pub fn total(&self) -> (u128, u64) {
        (self.slices.iter().fold(0, |sum, slice| sum.wrapping_add(*slice)), self.count)
    }

    /// The length of a slice.
    #[must_use]
    pub const fn slice(&self) -> Duration {
        self.slice
    }

    /// The sum of each slice of time.
    #[must_use]
    pub fn slices(&self) -> &[u128] {
        &self.slices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_but_every_part_does() {
        let with = |observations: &[(u64, u64, &[u8])]| {
            let mut digest = Digest::new(Duration::from_secs(1));
            for (at, who, bytes) in observations {
                digest.add(Time(*at), [*who, 0, 0, 0], bytes);
            }
            digest.total()
        };
        let base = with(&[(1, 1, b"a"), (2, 2, b"b")]);
        assert_eq!(base, with(&[(2, 2, b"b"), (1, 1, b"a")]));
        assert_ne!(base, with(&[(1, 1, b"a"), (3, 2, b"b")]));
        assert_ne!(base, with(&[(1, 1, b"a"), (2, 3, b"b")]));
        assert_ne!(base, with(&[(1, 1, b"a"), (2, 2, b"c")]));
        assert_ne!(base, with(&[(1, 1, b"a")]));
    }
}

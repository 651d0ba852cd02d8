//! Changes of inputs: bits and bytes, words of the target's language, parts of other inputs, lengths, steps.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::{Shape, Target};

/// Numbers that lie at borders.
const BORDERS: [u64; 18] =
    [0, 1, 2, 7, 12, 13, 14, 15, 16, 63, 64, 127, 128, 255, 256, 0x7fff, 0xffff, 0xffff_ffff];
/// Bytes that mean something in many languages.
const SIGNS: &[u8] = b"\0\n\r\t \"'<>&;:,./\\-+*?#%$(){}[]=|`~@!^_0129aAzZ\x7f\x80\xc0\xff";
/// Changes made at once, at most.
const STACKED_MAX: u32 = 6;

/// Makes inputs from inputs; the same ones from the same seed.
#[derive(Clone, Debug)]
pub struct Mutator {
    rng: ChaCha8Rng,
}

impl Mutator {
    /// A mutator with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// A number below `n`; 0 if there is none.
    pub fn below(&mut self, n: usize) -> usize {
        let random = self.rng.next_u64().checked_rem(n as u64).unwrap_or(0);
        usize::try_from(random).unwrap_or(0)
    }

    fn random(&mut self) -> u8 {
        self.rng.next_u32().to_le_bytes()[0]
    }

    /// Changes an input in a few ways; `other` is another input of the same target.
    pub fn change(&mut self, target: &Target, input: &mut Vec<u8>, other: &[u8]) {
        let times = 1 << self.below(STACKED_MAX as usize);
        for _ in 0..times {
            match target.shape {
                Shape::Steps { head, width } if self.below(8) != 0 => {
                    self.change_steps(input, other, head, width);
                }
                shape => self.change_bytes(shape, target.words, input, other),
            }
            // At once: repetitions of repetitions grow beyond any memory.
            input.truncate(target.len_max);
        }
    }

    fn change_bytes(&mut self, shape: Shape, words: &[&str], input: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(input.len());
        match self.below(12) {
            0 => self.each(input, at, |byte, random| byte ^ 1 << (random & 7)),
            1 => self.each(input, at, |_, random| random),
            2 => {
                self.each(input, at, |byte, random| byte.wrapping_add(random % 33).wrapping_sub(16))
            }
            3 => self.border(input, at),
            4 => self.remove(input, at),
            5 => self.repeat(input, at),
            6 => self.splice(input, at, other),
            7 => self.length(input, at),
            8 | 9 if !words.is_empty() => {
                let word = words[self.below(words.len())].as_bytes();
                self.put(input, at, word);
            }
            _ if shape == Shape::Text => {
                let sign = SIGNS[self.below(SIGNS.len())];
                self.put(input, at, &[sign]);
            }
            _ => {
                let random = self.random();
                self.put(input, at, &[random]);
            }
        }
    }

    fn each(&mut self, input: &mut [u8], at: usize, change: impl Fn(u8, u8) -> u8) {
        let random = self.random();
        if let Some(byte) = input.get_mut(at) {
            *byte = change(*byte, random);
        }
    }

    /// A number at a border, in 1, 2, 4 or 8 bytes, over what stands there, or as digits.
    fn border(&mut self, input: &mut Vec<u8>, at: usize) {
        let mut number = BORDERS[self.below(BORDERS.len())];
        if self.below(4) == 0 {
            number = number.wrapping_neg();
        }
        let bytes = number.to_be_bytes();
        match self.below(5) {
            4 => self.put(input, at, number.to_string().as_bytes()),
            width => {
                let bytes = &bytes[8 - (1 << width)..];
                let room = input.len().saturating_sub(at).min(bytes.len());
                if let Some(place) = input.get_mut(at..at + room) {
                    place.copy_from_slice(&bytes[..room]);
                }
            }
        }
    }

    fn remove(&mut self, input: &mut Vec<u8>, at: usize) {
        let len = self.span(input.len() - at.min(input.len()));
        input.drain(at..at + len);
    }

    fn repeat(&mut self, input: &mut Vec<u8>, at: usize) {
        let len = self.span(input.len() - at.min(input.len()));
        let most = if self.below(8) == 0 { 256 } else { 3 };
        let times = 1 + self.below(most);
        let part = input[at..at + len].repeat(times);
        input.splice(at..at, part);
    }

    fn splice(&mut self, input: &mut Vec<u8>, at: usize, other: &[u8]) {
        let from = self.below(other.len());
        let len = self.span(other.len() - from.min(other.len()));
        let part = &other[from..from + len];
        if self.below(2) == 0 {
            input.splice(at..at, part.iter().copied());
        } else {
            let end = (at + len).min(input.len());
            input.splice(at..end, part.iter().copied());
        }
    }

    /// Takes one or two bytes for a length: makes them what really follows, or a little more or less.
    fn length(&mut self, input: &mut [u8], at: usize) {
        let off = [0, 1, usize::MAX, 2][self.below(4)];
        let is_wide = self.below(2) == 1;
        let follows = input.len().saturating_sub(at + if is_wide { 2 } else { 1 });
        let [.., high, low] = follows.wrapping_add(off).to_be_bytes();
        match input.get_mut(at..) {
            Some([first, second, ..]) if is_wide => (*first, *second) = (high, low),
            Some([first, ..]) => *first = low,
            _ => {}
        }
    }

    /// Puts bytes in at a place, or over what stands there.
    fn put(&mut self, input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
        let over =
            if self.below(3) == 0 { bytes.len().min(input.len() - at.min(input.len())) } else { 0 };
        let at = if self.below(16) == 0 { input.len() } else { at };
        let end = (at + over).min(input.len());
        input.splice(at..end, bytes.iter().copied());
    }

    /// Mostly short, seldom long.
    fn span(&mut self, most: usize) -> usize {
        let limit = if self.below(4) == 0 { most } else { most.min(8) };
        if limit == 0 { 0 } else { 1 + self.below(limit) }
    }

    /// Whole steps: put in, left out, doubled, exchanged, taken from elsewhere, or one byte of one of them.
    fn change_steps(&mut self, input: &mut Vec<u8>, other: &[u8], head: usize, width: usize) {
        if input.len() < head {
            input.resize(head, 0);
        }
        let count = (input.len() - head) / width;
        let at = head + self.below(count + 1) * width;
        let end = (at + width).min(input.len());
        match self.below(10) {
            0 => self.each_of_head(input, head),
            1 | 2 => {
                let step: Vec<u8> = (0..width).map(|_| self.random()).collect();
                input.splice(at..at, step);
            }
            3 if at < end => drop(input.drain(at..end)),
            4 if at < end => {
                let step = input[at..end].repeat(1 + self.below(4));
                input.splice(at..at, step);
            }
            5 if at < end => {
                let second = head + self.below(count) * width;
                let (a, b) = (at.min(second), at.max(second));
                if b + width <= input.len() && a + width <= b {
                    let (left, right) = input.split_at_mut(b);
                    left[a..a + width].swap_with_slice(&mut right[..width]);
                }
            }
            6 => {
                let steps = other.len().saturating_sub(head) / width;
                let from = head + self.below(steps) * width;
                let len = (1 + self.below(4)) * width;
                let part = other.get(from..(from + len).min(other.len())).unwrap_or_default();
                input.splice(at..at, part.iter().copied());
            }
            _ if at < end => {
                let place = at + self.below(end - at);
                let kind = self.below(3);
                self.each(input, place, |byte, random| match kind {
                    0 => random,
                    1 => byte.wrapping_add(1),
                    _ => byte ^ 1 << (random & 7),
                });
            }
            _ => {}
        }
    }

    fn each_of_head(&mut self, input: &mut [u8], head: usize) {
        let at = self.below(head);
        self.each(input, at, |_, random| random);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::targets;

    #[test]
    fn any_input_can_be_changed_and_stays_within_its_length() {
        for target in targets() {
            let mut mutator = Mutator::new(3);
            let mut input = Vec::new();
            let mut changed = 0;
            for round in 0..2_000_u32 {
                let before = input.clone();
                let other = round.to_be_bytes();
                mutator.change(target, &mut input, &other[..round as usize % 5]);
                assert!(input.len() <= target.len_max);
                changed += u32::from(before != input);
            }
            assert!(changed > 1_000, "{}", target.name);
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_inputs() {
        let target = &targets()[0];
        let make = |seed| {
            let (mut mutator, mut input) = (Mutator::new(seed), b"something".to_vec());
            (0..50).for_each(|_| mutator.change(target, &mut input, b"else"));
            input
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }
}

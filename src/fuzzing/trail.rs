//! What an input made a target do: the built-in engine's substitute for coverage.

use std::fmt::{self, Debug, Write as _};
use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

/// Marks of one input, at most.
const MARKS_MAX: usize = 2_048;
/// Characters of one description that count.
const CHARS_MAX: usize = 256;

/// What happened, as a list of marks. Inputs that leave a mark for the first time are worth keeping.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    marks: Vec<u64>,
    /// Something was accepted, not only refused.
    accepted: bool,
}

impl Trail {
    /// An empty one; memory is kept.
    pub fn clear(&mut self) {
        self.marks.clear();
        self.accepted = false;
    }

    /// The marks.
    #[must_use]
    pub fn marks(&self) -> &[u64] {
        &self.marks
    }

    /// Something was accepted.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        self.accepted
    }

    /// Something was accepted at this place.
    pub fn accept(&mut self, place: &'static str) {
        self.accepted = true;
        self.said(place, &"accepted");
    }

    /// Somebody said something: its shape counts, without its numbers and quoted texts.
    pub fn said(&mut self, place: &'static str, what: &dyn Debug) {
        let mut shape =
            ShapeOf { hasher: hasher(place), is_quoted: false, is_escape: false, left: CHARS_MAX };
        let _ = write!(shape, "{what:?}");
        self.mark(shape.hasher.finish());
    }

    /// A word out of few: all of it counts.
    pub fn word(&mut self, place: &'static str, word: &str) {
        let mut hasher = hasher(place);
        hasher.write(word.as_bytes());
        self.mark(hasher.finish());
    }

    /// A number: its magnitude counts.
    pub fn size(&mut self, place: &'static str, number: usize) {
        let mut hasher = hasher(place);
        hasher.write_u32(usize::BITS - number.leading_zeros());
        self.mark(hasher.finish());
    }

    fn mark(&mut self, mark: u64) {
        if self.marks.len() < MARKS_MAX {
            self.marks.push(mark);
        }
    }
}

fn hasher(place: &str) -> SipHasher13 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(place.as_bytes());
    hasher
}

/// Hashes a text without digits and without what stands in quotation marks.
struct ShapeOf {
    hasher: SipHasher13,
    is_quoted: bool,
    is_escape: bool,
    left: usize,
}

impl fmt::Write for ShapeOf {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let is_escaped = self.is_escape;
            self.is_escape = byte == b'\\' && !is_escaped;
            if byte == b'"' && !is_escaped {
                self.is_quoted = !self.is_quoted;
            } else if !self.is_quoted && !byte.is_ascii_digit() {
                self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
                self.hasher.write_u8(byte);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(of: impl Fn(&mut Trail)) -> Vec<u64> {
        let mut trail = Trail::default();
        of(&mut trail);
        trail.marks().to_vec()
    }

    #[test]
    fn numbers_and_quoted_texts_do_not_count_but_words_do() {
        let of = |text: (&str, u32, &str)| marks(|trail| trail.said("p", &(text.1, text.2)));
        assert_eq!(of(("", 1, "one")), of(("", 22, "two")));
        assert_ne!(marks(|t| t.said("p", &Some(1))), marks(|t| t.said("p", &None::<u8>)));
        assert_ne!(marks(|t| t.said("p", &1)), marks(|t| t.said("q", &1)));
        assert_eq!(marks(|t| t.size("p", 5)), marks(|t| t.size("p", 7)));
        assert_ne!(marks(|t| t.size("p", 5)), marks(|t| t.size("p", 8)));
    }
}

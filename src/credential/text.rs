//! Text that goes into a derivation: UTF-8 after NFKC normalisation (TS-0003 clause 10.3).

use crate::planted::{self, Defect};
use unicode_normalization::UnicodeNormalization;

use super::HexCase;

/// The longest text that goes into a derivation, in bytes before normalisation. NFKC makes a text at
/// most 18 times as many characters.
pub const TEXT_MAX: usize = 1_024;

/// Why a text cannot go into a derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is nothing in it.
    #[error("an empty text names nobody")]
    Empty,
    /// More than [`TEXT_MAX`] bytes.
    #[error("a text of more than {TEXT_MAX} bytes")]
    TooLong,
}

impl TextError {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "text_empty",
            Self::TooLong => "text_too_long",
        }
    }
}

/// `text` in normalisation form KC, so that two ways of writing one identifier derive one key.
pub fn normalised(text: &str) -> Result<String, TextError> {
    match text.len() {
        0 => Err(TextError::Empty),
        1..=TEXT_MAX => Ok(text.nfkc().collect()),
        _ => Err(TextError::TooLong),
    }
}

/// Bytes as hexBinary, two digits each.
pub(super) fn hex(bytes: &[u8], case: HexCase) -> String {
    let digits: &[u8; 16] = match case {
        HexCase::Upper => b"0123456789ABCDEF",
        HexCase::Lower => b"0123456789abcdef",
    };
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(digits[usize::from(nibble)])).collect()
}

/// hexBinary in this letter case as bytes.
pub(super) fn unhex(text: &str, case: HexCase) -> Option<Vec<u8>> {
    let digit = |c: u8| match (c, case) {
        (b'0'..=b'9', _) => Some(c - b'0'),
        (b'A'..=b'F', _) if planted::is(Defect::HexCaseIgnored) => Some(c - b'A' + 10),
        (b'A'..=b'F', HexCase::Upper) => Some(c - b'A' + 10),
        (b'a'..=b'f', HexCase::Lower) => Some(c - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    pairs.map(byte).collect()
}

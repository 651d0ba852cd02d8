//! Writing a message.

use super::{Code, Kind, Token};

/// Room for a small request without growing.
const USUAL_LEN: usize = 128;

/// Writes one message, option by option in ascending order.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    number: u16,
}

impl Writer {
    /// Begins a message.
    #[must_use]
    pub fn new(kind: Kind, code: Code, mid: u16, token: Token) -> Self {
        let token = token.as_bytes();
        let mut bytes = Vec::with_capacity(USUAL_LEN);
        #[expect(clippy::cast_possible_truncation, reason = "a token has at most 8 bytes")]
        bytes.push(1 << 6 | (kind as u8) << 4 | token.len() as u8);
        bytes.push(code.byte());
        bytes.extend_from_slice(&mid.to_be_bytes());
        bytes.extend_from_slice(token);
        Self { bytes, number: 0 }
    }

    /// An empty message (section 4.1): an acknowledgement, a reset or a ping.
    #[must_use]
    pub fn empty(kind: Kind, mid: u16) -> Vec<u8> {
        Self::new(kind, Code::EMPTY, mid, Token::default()).bytes
    }

    /// Makes room for a payload of so many bytes.
    pub fn reserve(&mut self, payload: usize) {
        self.bytes.reserve(payload + 64);
    }

    /// Adds an option. Numbers may repeat but never fall, and a value has at most
    /// [`super::MAX_OPTION_VALUE`] bytes; both are the caller's to keep.
    pub fn option(&mut self, number: u16, value: &[u8]) -> &mut Self {
        debug_assert!(number >= self.number, "options are written in ascending order");
        debug_assert!(value.len() <= super::MAX_OPTION_VALUE, "an option value has a limit");
        let delta = usize::from(number.saturating_sub(self.number));
        self.number = number;
        self.bytes.push(nibble(delta) << 4 | nibble(value.len()));
        self.extension(delta);
        self.extension(value.len());
        self.bytes.extend_from_slice(value);
        self
    }

    /// Adds an option whose value is an unsigned integer in its shortest form (section 3.2).
    pub fn uint(&mut self, number: u16, value: u32) -> &mut Self {
        let zeros = (value.leading_zeros() / 8) as usize;
        self.option(number, &value.to_be_bytes()[zeros..])
    }

    /// Ends the message; an empty payload leaves out the payload marker.
    #[must_use]
    pub fn finish(mut self, payload: &[u8]) -> Vec<u8> {
        if !payload.is_empty() {
            self.bytes.push(0xff);
            self.bytes.extend_from_slice(payload);
        }
        self.bytes
    }

    #[expect(clippy::cast_possible_truncation, reason = "each range is checked before")]
    fn extension(&mut self, value: usize) {
        match value {
            0..=12 => {}
            13..=268 => self.bytes.push((value - 13) as u8),
            _ => self.bytes.extend_from_slice(&((value - 269) as u16).to_be_bytes()),
        }
    }
}

/// The four bits that announce `value` (section 3.1).
const fn nibble(value: usize) -> u8 {
    match value {
        #[expect(clippy::cast_possible_truncation, reason = "at most 12")]
        0..=12 => value as u8,
        13..=268 => 13,
        _ => 14,
    }
}

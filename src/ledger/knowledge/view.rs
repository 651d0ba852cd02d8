//! Ways to read a stream: as it is, or with an escaping undone, byte by byte and across all borders.

/// The longest escape: two `\uXXXX`, for a character outside the basic plane.
const ESCAPE_MAX: usize = 12;

/// How bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As they are.
    Plain,
    /// `%41` is `A` (RFC 3986 section 2.1).
    Percent,
    /// `\u0041` is `A` (RFC 8259 section 7); characters are UTF-8.
    Json,
    /// The same, but each character up to U+00FF is the byte of that value: how bytes become text
    /// where they are taken for ISO 8859-1.
    JsonLatin1,
}

impl Reading {
    pub(super) const ALL: [Self; 4] = [Self::Plain, Self::Percent, Self::Json, Self::JsonLatin1];
}

/// A stream as somebody reads it.
#[derive(Clone, Debug)]
pub(super) struct View {
    reading: Reading,
    /// The beginning of what may be an escape.
    held: Vec<u8>,
}

/// What the front of a stream is.
enum Front {
    /// The beginning of an escape.
    Incomplete,
    /// No escape: its first byte stands for itself.
    Literal,
    /// An escape, all of it: bytes, and how many.
    Escape([u8; 4], usize),
}

impl View {
    pub(super) const fn new(reading: Reading) -> Self {
        Self { reading, held: Vec::new() }
    }

    /// Reads one more byte; what it means goes to `out`, now or later.
    pub(super) fn read(&mut self, byte: u8, mut out: impl FnMut(u8)) {
        if self.held.is_empty() && !self.may_begin(byte) {
            return out(byte);
        }
        self.held.push(byte);
        while let Some(first) = self.held.first().copied() {
            match self.front() {
                Front::Incomplete if self.held.len() < ESCAPE_MAX => return,
                Front::Escape(bytes, len) => {
                    bytes.into_iter().take(len).for_each(&mut out);
                    self.held.clear();
                }
                Front::Incomplete | Front::Literal => {
                    out(first);
                    self.held.remove(0);
                }
            }
        }
    }

    const fn may_begin(&self, byte: u8) -> bool {
        match self.reading {
            Reading::Plain => false,
            Reading::Percent => byte == b'%',
            Reading::Json => byte == b'\\',
            Reading::JsonLatin1 => matches!(byte, b'\\' | 0xc2 | 0xc3),
        }
    }

    fn front(&self) -> Front {
        match (self.reading, self.held.as_slice()) {
            (Reading::Percent, [b'%', digits @ ..]) => number(digits, 2, byte),
            (Reading::JsonLatin1, [0xc2 | 0xc3]) => Front::Incomplete,
            (Reading::JsonLatin1, [lead @ (0xc2 | 0xc3), next @ 0x80..=0xbf]) => {
                byte(u32::from(lead & 3) << 6 | u32::from(next & 0x3f))
            }
            (Reading::Json | Reading::JsonLatin1, [b'\\', rest @ ..]) => self.json(rest),
            _ => Front::Literal,
        }
    }

    /// What follows a backslash.
    fn json(&self, rest: &[u8]) -> Front {
        let latin1 = self.reading == Reading::JsonLatin1;
        match rest {
            [] => Front::Incomplete,
            [b'u', digits @ ..] => match digits.split_at_checked(4) {
                Some((high, low)) if !latin1 && is_surrogate(high) => surrogates(high, low),
                _ => number(digits, 4, |value| {
                    if latin1 && value < 0x100 { byte(value) } else { character(value) }
                }),
            },
            [b'"' | b'\\' | b'/', ..] => byte(u32::from(rest[0])),
            [b'b', ..] => byte(8),
            [b't', ..] => byte(9),
            [b'n', ..] => byte(10),
            [b'f', ..] => byte(12),
            [b'r', ..] => byte(13),
            _ => Front::Literal,
        }
    }
}

/// `count` hexadecimal digits, read by `then`.
fn number(digits: &[u8], count: usize, then: impl Fn(u32) -> Front) -> Front {
    match hexadecimal(digits) {
        Some(value) if digits.len() == count => then(value),
        Some(_) if digits.len() < count => Front::Incomplete,
        _ => Front::Literal,
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits.iter().try_fold(0u32, |value, byte| Some(value.checked_mul(16)? + digit(*byte)?))
}

fn is_surrogate(digits: &[u8]) -> bool {
    hexadecimal(digits).is_some_and(|value| (0xd800..0xdc00).contains(&value))
}

/// The second half of a character outside the basic plane.
fn surrogates(high: &[u8], rest: &[u8]) -> Front {
    let is_prefix = rest.iter().zip(b"\\u").all(|(is, wanted)| is == wanted);
    let digits = rest.get(2..).unwrap_or_default();
    match (hexadecimal(high), is_prefix) {
        (Some(high), true) => number(digits, 4, |low| {
            if (0xdc00..0xe000).contains(&low) {
                character(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            } else {
                Front::Literal
            }
        }),
        _ => Front::Literal,
    }
}

fn byte(value: u32) -> Front {
    Front::Escape([u8::try_from(value).unwrap_or(b'?'), 0, 0, 0], 1)
}

fn character(value: u32) -> Front {
    let mut bytes = [0; 4];
    match char::from_u32(value) {
        Some(character) => {
            let len = character.encode_utf8(&mut bytes).len();
            Front::Escape(bytes, len)
        }
        None => Front::Literal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reading: Reading, text: &[u8]) -> Vec<u8> {
        let mut view = View::new(reading);
        let mut all = Vec::new();
        text.iter().for_each(|byte| view.read(*byte, |byte| all.push(byte)));
        all
    }

    #[test]
    fn escapes_are_undone_and_other_bytes_left() {
        assert_eq!(read(Reading::Percent, b"a%41%%4a%zz%4%41."), b"aA%J%zz%4A.");
        assert_eq!(read(Reading::Json, br#"\"\\\/\n\u00e9x"#), "\"\\/\n\u{e9}x".as_bytes());
        assert_eq!(read(Reading::Json, br"\ud83d\ude00."), "\u{1f600}.".as_bytes());
        assert_eq!(read(Reading::Json, br"\ud83dx\q."), br"\ud83dx\q.");
        assert_eq!(read(Reading::JsonLatin1, b"\\u00e9\xc3\xa9\xc2\xc2\x80"), b"\xe9\xe9\xc2\x80");
        assert_eq!(read(Reading::Plain, b"%41\\n"), b"%41\\n");
    }

    #[test]
    fn what_may_be_an_escape_is_held_back_for_a_while_only() {
        for reading in Reading::ALL {
            let mut view = View::new(reading);
            for byte in b"\\ud83d\\ud83d\\ud83d%%%%%%%%%\xc2\xc2\xc2\\\\\\\\\\\\u" {
                view.read(*byte, |_| {});
                assert!(view.held.len() < ESCAPE_MAX);
            }
        }
    }
}

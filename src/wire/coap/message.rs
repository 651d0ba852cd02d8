//! Reading a message.

use super::{Code, Kind, MAX_MESSAGE, MAX_OPTION_VALUE, MAX_OPTIONS, MAX_TOKEN, Malformed, Writer};
use crate::planted::{self, Defect};

const HEADER: usize = 4;
const PAYLOAD_MARKER: u8 = 0xff;

/// What pairs a response with its request: 0 to 8 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    len: u8,
    bytes: [u8; MAX_TOKEN],
}

impl Token {
    /// A token of these bytes; `None` if there are more than [`MAX_TOKEN`].
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut token = Self { len: u8::try_from(bytes.len()).ok()?, bytes: [0; MAX_TOKEN] };
        token.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(token)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// A message that was read: a view into its bytes. Whatever [`Message::parse`] returns is well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Confirmable, non-confirmable, acknowledgement or reset.
    pub kind: Kind,
    /// Method or response code.
    pub code: Code,
    /// Message ID.
    pub mid: u16,
    /// Token.
    pub token: Token,
    options: &'a [u8],
    /// Payload; empty if there is none.
    pub payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// A checksum over what follows the message ID: the same in all copies of one message.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        for part in [self.token.as_bytes(), self.options, self.payload] {
            sum.update(part);
        }
        sum.finalize()
    }

    /// Reads one message, which must fill `bytes` exactly.
    ///
    /// # Errors
    /// Names the first rule of RFC 7252 section 3 or 4, or limit of this room, that the bytes break.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_MESSAGE {
            return Err(Malformed::TooLong);
        }
        let Some((&[first, code, mid_high, mid_low], rest)) = bytes.split_first_chunk::<HEADER>()
        else {
            return Err(Malformed::HeaderTruncated);
        };
        if first >> 6 != 1 {
            return Err(Malformed::Version);
        }
        let kind = Kind::from_bits(first >> 4);
        let code = Code::from_byte(code);
        let token_len = usize::from(first & 0x0f);
        if token_len > MAX_TOKEN {
            return Err(Malformed::TokenLength);
        }
        check_code(kind, code)?;
        if code == Code::EMPTY && (token_len > 0 || !rest.is_empty()) {
            return Err(Malformed::EmptyWithContent);
        }
        let (token, rest) = rest.split_at_checked(token_len).ok_or(Malformed::TokenTruncated)?;
        let (options, payload) = split_options(rest)?;
        let token = Token::new(token).ok_or(Malformed::TokenLength)?;
        let mid = u16::from_be_bytes([mid_high, mid_low]);
        Ok(Self { kind, code, mid, token, options, payload })
    }

    /// Its options in order of number.
    #[must_use]
    pub const fn options(&self) -> Options<'a> {
        Options { rest: self.options, number: 0 }
    }

    /// The value of the first option with this number.
    #[must_use]
    pub fn option(&self, number: u16) -> Option<&'a [u8]> {
        self.options().find(|(found, _)| *found == number).map(|(_, value)| value)
    }

    /// Writes the message anew; the bytes equal those that were read.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::new(self.kind, self.code, self.mid, self.token);
        for (number, value) in self.options() {
            writer.option(number, value);
        }
        writer.finish(self.payload)
    }
}

/// Which codes may stand in which type of message (sections 3, 4.2 and 4.3).
fn check_code(kind: Kind, code: Code) -> Result<(), Malformed> {
    match kind {
        _ if matches!(code.class(), 1 | 3 | 6 | 7) => Err(Malformed::ReservedCode),
        Kind::NonConfirmable if code == Code::EMPTY => Err(Malformed::EmptyNonConfirmable),
        Kind::Reset if code != Code::EMPTY => Err(Malformed::ResetWithContent),
        Kind::Acknowledgement if code.is_request() => Err(Malformed::AcknowledgedRequest),
        _ => Ok(()),
    }
}

/// Splits what follows the token into checked options and payload.
fn split_options(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let mut rest = bytes;
    let mut number = 0;
    let mut count = 0;
    loop {
        let options = &bytes[..bytes.len() - rest.len()];
        match rest {
            [] => return Ok((options, rest)),
            [PAYLOAD_MARKER] => return Err(Malformed::EmptyPayload),
            [PAYLOAD_MARKER, payload @ ..] => return Ok((options, payload)),
            _ => {}
        }
        count += 1;
        if count > MAX_OPTIONS && !planted::is(Defect::CoapOptionsUnbounded) {
            return Err(Malformed::TooManyOptions);
        }
        let (_, after) = next_option(rest, &mut number)?;
        rest = after;
    }
}

/// Reads one option: its value and what follows; `number` moves on by the option's delta.
fn next_option<'a>(bytes: &'a [u8], number: &mut u16) -> Result<(&'a [u8], &'a [u8]), Malformed> {
    let (&first, rest) = bytes.split_first().ok_or(Malformed::OptionTruncated)?;
    let (delta, rest) = extended(first >> 4, rest)?;
    let (len, rest) = extended(first & 0x0f, rest)?;
    let delta = u16::try_from(delta).map_err(|_| Malformed::OptionNumber)?;
    *number = number.checked_add(delta).ok_or(Malformed::OptionNumber)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > MAX_OPTION_VALUE {
        return Err(Malformed::OptionTooLong);
    }
    rest.split_at_checked(len).ok_or(Malformed::OptionTruncated)
}

/// A delta or length of four bits with its extension (section 3.1). Each value has one encoding only.
fn extended(nibble: u8, bytes: &[u8]) -> Result<(u32, &[u8]), Malformed> {
    match (nibble, bytes) {
        (0..=12, _) => Ok((u32::from(nibble), bytes)),
        (13, [byte, rest @ ..]) if planted::is(Defect::CoapLengthWrap) => {
            Ok((byte.wrapping_add(13).into(), rest))
        }
        (13, [byte, rest @ ..]) => Ok((u32::from(*byte) + 13, rest)),
        (14, [high, low, rest @ ..]) => {
            Ok((u32::from(u16::from_be_bytes([*high, *low])) + 269, rest))
        }
        (13 | 14, _) => Err(Malformed::OptionTruncated),
        _ => Err(Malformed::ReservedNibble),
    }
}

/// The options of a message, in order: number and value.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    rest: &'a [u8],
    number: u16,
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (value, rest) = next_option(self.rest, &mut self.number).ok()?;
        self.rest = rest;
        Some((self.number, value))
    }
}

//! CoAP messages (RFC 7252 section 3), read strictly and without copying.
//!
//! Not in this room: the message layer (section 4: retransmission, duplicates), block-wise transfer
//! (RFC 7959), CoAP over TCP (RFC 8323).

mod code;
mod malformed;
mod message;
mod writer;

pub use code::{Code, Kind};
pub use malformed::Malformed;
pub use message::{Message, Options, Token};
pub use writer::Writer;

/// Largest message read, in bytes. RFC 7252 section 4.6 lets a sender assume 1,152 when it knows nothing
/// of its peer; answers of real CSEs are somewhat longer.
pub const MAX_MESSAGE: usize = 2_048;
/// Options in one message. The RFC sets no limit.
pub const MAX_OPTIONS: usize = 64;
/// Bytes of one option's value: the longest that RFC 7252 section 5.10 defines (Proxy-Uri).
pub const MAX_OPTION_VALUE: usize = 1_034;
/// Bytes of a token (section 3).
pub const MAX_TOKEN: usize = 8;

/// Option numbers of RFC 7252 section 5.10 that this crate uses.
pub mod option {
    /// Uri-Path: one segment of the target's path, repeatable.
    pub const URI_PATH: u16 = 11;
    /// Content-Format: what the payload is.
    pub const CONTENT_FORMAT: u16 = 12;
    /// Uri-Query: one argument, repeatable.
    pub const URI_QUERY: u16 = 15;
    /// Accept: the content format that the client wants.
    pub const ACCEPT: u16 = 17;
    /// Uri-Host: not more than a name for the server.
    pub const URI_HOST: u16 = 3;
    /// Uri-Port: its port.
    pub const URI_PORT: u16 = 7;

    /// A receiver that does not know the option must refuse the message (section 5.4.1).
    #[must_use]
    pub const fn is_critical(number: u16) -> bool {
        number & 1 == 1
    }
}

/// Reads an unsigned integer option value (section 3.2) of at most four bytes; leading zero bytes are
/// permitted in what is received.
#[must_use]
pub fn read_uint(value: &[u8]) -> Option<u32> {
    if value.len() > 4 {
        return None;
    }
    Some(value.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests;

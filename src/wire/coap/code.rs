//! The type of a message and its code.

use std::fmt;

/// The type of a message (RFC 7252 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// CON: wants an acknowledgement.
    Confirmable = 0,
    /// NON: wants none.
    NonConfirmable = 1,
    /// ACK: acknowledges a CON, and may carry its response.
    Acknowledgement = 2,
    /// RST: the CON or NON could not be processed.
    Reset = 3,
}

impl Kind {
    /// The type in the two low bits of `bits`.
    pub(super) const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Confirmable,
            1 => Self::NonConfirmable,
            2 => Self::Acknowledgement,
            _ => Self::Reset,
        }
    }
}

/// A code `c.dd`: a class of three bits and a detail of five (section 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(u8);

impl Code {
    /// 0.00: the message is empty.
    pub const EMPTY: Self = Self(0);
    /// 0.01 GET
    pub const GET: Self = Self(1);
    /// 0.02 POST
    pub const POST: Self = Self(2);
    /// 0.03 PUT
    pub const PUT: Self = Self(3);
    /// 0.04 DELETE
    pub const DELETE: Self = Self(4);
    /// 2.01 Created
    pub const CREATED: Self = Self::new(2, 1);
    /// 2.02 Deleted
    pub const DELETED: Self = Self::new(2, 2);
    /// 2.03 Valid
    pub const VALID: Self = Self::new(2, 3);
    /// 2.04 Changed
    pub const CHANGED: Self = Self::new(2, 4);
    /// 2.05 Content
    pub const CONTENT: Self = Self::new(2, 5);
    /// 4.00 Bad Request
    pub const BAD_REQUEST: Self = Self::new(4, 0);
    /// 4.02 Bad Option
    pub const BAD_OPTION: Self = Self::new(4, 2);
    /// 4.03 Forbidden
    pub const FORBIDDEN: Self = Self::new(4, 3);
    /// 4.04 Not Found
    pub const NOT_FOUND: Self = Self::new(4, 4);
    /// 4.05 Method Not Allowed
    pub const METHOD_NOT_ALLOWED: Self = Self::new(4, 5);
    /// 4.06 Not Acceptable
    pub const NOT_ACCEPTABLE: Self = Self::new(4, 6);
    /// 4.15 Unsupported Content-Format
    pub const UNSUPPORTED_FORMAT: Self = Self::new(4, 15);
    /// 5.00 Internal Server Error
    pub const INTERNAL_ERROR: Self = Self::new(5, 0);
    /// 5.01 Not Implemented
    pub const NOT_IMPLEMENTED: Self = Self::new(5, 1);
    /// 5.03 Service Unavailable
    pub const UNAVAILABLE: Self = Self::new(5, 3);
    /// 5.04 Gateway Timeout
    pub const GATEWAY_TIMEOUT: Self = Self::new(5, 4);

    /// The code `class.detail`; the class is taken modulo 8, the detail modulo 32.
    #[must_use]
    pub const fn new(class: u8, detail: u8) -> Self {
        Self((class & 7) << 5 | detail & 31)
    }

    /// The code with this byte on the wire.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// 0 request, 2 success, 4 the client's error, 5 the server's error; all others are reserved.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.0 >> 5
    }

    /// The two digits after the point, 0 to 31.
    #[must_use]
    pub const fn detail(self) -> u8 {
        self.0 & 31
    }

    /// A method: class 0, but not the empty message.
    #[must_use]
    pub const fn is_request(self) -> bool {
        self.class() == 0 && self.0 != 0
    }

    /// A response code: class 2, 4 or 5.
    #[must_use]
    pub const fn is_response(self) -> bool {
        matches!(self.class(), 2 | 4 | 5)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.class(), self.detail())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

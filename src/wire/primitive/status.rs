//! Response status codes and their CoAP codes.

use std::fmt;

use crate::wire::coap::Code;

/// A response status code (TS-0004 m2m:responseStatusCode).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rsc(pub u16);

impl Rsc {
    /// OK
    pub const OK: Self = Self(2_000);
    /// CREATED
    pub const CREATED: Self = Self(2_001);
    /// BAD_REQUEST
    pub const BAD_REQUEST: Self = Self(4_000);
    /// RELEASE_VERSION_NOT_SUPPORTED
    pub const RELEASE_VERSION_NOT_SUPPORTED: Self = Self(4_001);
    /// NOT_FOUND
    pub const NOT_FOUND: Self = Self(4_004);
    /// OPERATION_NOT_ALLOWED
    pub const OPERATION_NOT_ALLOWED: Self = Self(4_005);
    /// UNSUPPORTED_MEDIA_TYPE
    pub const UNSUPPORTED_MEDIA_TYPE: Self = Self(4_015);
    /// ORIGINATOR_HAS_NO_PRIVILEGE
    pub const ORIGINATOR_HAS_NO_PRIVILEGE: Self = Self(4_103);
    /// INVALID_CHILD_RESOURCE_TYPE
    pub const INVALID_CHILD_RESOURCE_TYPE: Self = Self(4_108);
    /// NOT_IMPLEMENTED
    pub const NOT_IMPLEMENTED: Self = Self(5_001);
    /// NOT_ACCEPTABLE: among others, a content longer than its container takes.
    pub const NOT_ACCEPTABLE: Self = Self(5_207);

    /// 2000 to 2999: the request was carried out.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self.0, 2_000..=2_999)
    }

    /// The CoAP code that goes with it (TS-0008). Codes without an own entry fall back to the general
    /// code of their thousand.
    #[must_use]
    pub const fn coap(self) -> Code {
        match self.0 {
            1_000 => Code::VALID,
            1_001 | 1_002 | 2_001 => Code::CREATED,
            2_002 => Code::DELETED,
            2_004 => Code::CHANGED,
            2_000..=2_999 => Code::CONTENT,
            4_102 | 5_207 => Code::NOT_ACCEPTABLE,
            4_101 | 4_103 | 4_105 | 4_107 | 4_108 | 4_117 | 4_126..=4_128 => Code::FORBIDDEN,
            5_105 | 5_203 | 5_205 => Code::FORBIDDEN,
            4_004 | 5_103 | 5_107 => Code::NOT_FOUND,
            4_005 => Code::METHOD_NOT_ALLOWED,
            4_008 => Code::GATEWAY_TIMEOUT,
            4_015 => Code::UNSUPPORTED_FORMAT,
            4_001 | 5_001 => Code::NOT_IMPLEMENTED,
            5_220 => Code::UNAVAILABLE,
            5_106 | 4_000..=4_999 | 6_010 | 6_023 | 6_024 => Code::BAD_REQUEST,
            _ => Code::INTERNAL_ERROR,
        }
    }
}

impl fmt::Display for Rsc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Rsc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

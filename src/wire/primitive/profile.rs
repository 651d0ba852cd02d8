//! What differs between implementations, as data.

/// What becomes of a parameter that the model does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The message is refused.
    Refuse,
    /// It is kept in `others`, and written again.
    Keep,
}

/// Which numbers oneM2M's CoAP options have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoapOptions {
    /// Release 3 on.
    Current,
    /// Releases 1 and 2: FR 256 to GID 266.
    Old,
}

/// How one peer speaks. Reading takes bare and wrapped primitives whatever the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// JSON and CBOR primitives are written inside `m2m:rqp` and `m2m:rsp`.
    pub wrapped: bool,
    /// Parameters that are not known.
    pub unknown: Unknown,
    /// Names in full are read too.
    pub long_names: bool,
    /// CoAP option numbers.
    pub coap: CoapOptions,
}

impl Profile {
    /// TS-0004 and its bindings to the letter.
    pub const STRICT: Self = Self {
        wrapped: true,
        unknown: Unknown::Refuse,
        long_names: false,
        coap: CoapOptions::Current,
    };
    /// The ACME CSE: bare primitives.
    pub const ACME: Self = Self { wrapped: false, ..Self::STRICT };
    /// Releases 1 and 2, such as the Mobius CSE: old CoAP options, and parameters of its own.
    pub const OLD: Self = Self { unknown: Unknown::Keep, coap: CoapOptions::Old, ..Self::STRICT };
    /// The notation of tutorials: names in full, bare.
    pub const FULL_NAMES: Self = Self { wrapped: false, long_names: true, ..Self::STRICT };
}

impl Default for Profile {
    fn default() -> Self {
        Self::STRICT
    }
}

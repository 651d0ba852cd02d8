//! Identifiers of keys and credentials (TS-0003 clauses 10.3.4 to 10.6 and 12.3.2.1): strict reading,
//! exact writing. What was read is written back byte for byte, because a psk_identity is compared as
//! bytes.

mod credential_id;
mod key_id;

pub use credential_id::{CredentialId, CredentialType};
pub(in crate::credential) use key_id::parse_relative;
pub use key_id::{Fqdn, KeId, KmId, KpmId, KpsaId, MafKeyId};

/// The longest key identifier: the longest psk_identity that every implementation must take (RFC 4279
/// section 5.3).
pub const KEY_ID_MAX: usize = 128;
/// The longest name of a host (RFC 1035 section 2.3.4); inside a key identifier [`KEY_ID_MAX`] is less.
pub const FQDN_MAX: usize = 253;
/// The longest label of a host name (RFC 1035 section 2.3.4).
pub const LABEL_MAX: usize = 63;
/// The longest value of a Credential-ID that is not a key identifier.
pub const CREDENTIAL_VALUE_MAX: usize = 255;

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum IdentifierError {
    /// More bytes than an identifier of its kind may have.
    #[error("too long")]
    TooLong,
    /// No `@` between relative part and host.
    #[error("no '@' between the relative part and the host")]
    NoAt,
    /// Nothing before the `@`.
    #[error("an empty relative part")]
    EmptyRelative,
    /// The relative part has a character other than a letter, digit, `.`, `_` or `-`.
    #[error("a character that a relative part cannot have")]
    RelativeCharacter,
    /// The relative part is not 32 hexadecimal digits.
    #[error("a relative part that is not 32 hexadecimal digits")]
    NotHex,
    /// The relative part has hexadecimal digits of the other letter case.
    #[error("hexadecimal digits in the wrong letter case")]
    HexCase,
    /// Not the name of a host.
    #[error("not a host name")]
    Fqdn,
    /// A Credential-ID without its two-digit type and `-`.
    #[error("no two-digit type and '-' in front")]
    NoType,
    /// A Credential-ID of a type that the standard does not list.
    #[error("an unknown credential type")]
    UnknownType,
    /// A Credential-ID with nothing behind its type.
    #[error("an empty value")]
    EmptyValue,
    /// A Credential-ID whose value has a space or control character.
    #[error("a character that a credential value cannot have")]
    ValueCharacter,
}

impl IdentifierError {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "identifier_too_long",
            Self::NoAt => "identifier_no_at",
            Self::EmptyRelative => "identifier_empty_relative",
            Self::RelativeCharacter => "identifier_relative_character",
            Self::NotHex => "identifier_not_hex",
            Self::HexCase => "identifier_hex_case",
            Self::Fqdn => "identifier_fqdn",
            Self::NoType => "identifier_no_type",
            Self::UnknownType => "identifier_unknown_type",
            Self::EmptyValue => "identifier_empty_value",
            Self::ValueCharacter => "identifier_value_character",
        }
    }
}

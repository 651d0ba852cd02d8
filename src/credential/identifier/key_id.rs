//! `relative@host`: the identifiers that serve as psk_identity.

use std::fmt;

use super::{FQDN_MAX, IdentifierError, KEY_ID_MAX, LABEL_MAX};
use crate::credential::hierarchy::{RELATIVE_ID_LEN, RelativeId};
use crate::credential::{HexCase, text};

/// The name of a host: labels of letters, digits and inner hyphens with dots between them. Kept as it
/// was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fqdn(String);

impl Fqdn {
    /// Reads a host name (RFC 1123 section 2.1), at most 253 bytes, without a trailing dot.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let is_inner = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        let is_label = |label: &str| {
            (1..=LABEL_MAX).contains(&label.len())
                && label.bytes().all(is_inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() > FQDN_MAX {
            return Err(IdentifierError::TooLong);
        }
        if !text.split('.').all(is_label) {
            return Err(IdentifierError::Fqdn);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fqdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two sides of the only `@`; a host name has none, a relative part neither.
fn split(text: &str) -> Result<(&str, Fqdn), IdentifierError> {
    if text.len() > KEY_ID_MAX {
        return Err(IdentifierError::TooLong);
    }
    let (relative, host) = text.split_once('@').ok_or(IdentifierError::NoAt)?;
    if relative.is_empty() {
        return Err(IdentifierError::EmptyRelative);
    }
    Ok((relative, Fqdn::parse(host)?))
}

macro_rules! hex_ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name {
            /// The exported relative identifier.
            pub relative: RelativeId,
            /// The function that holds the key.
            pub host: Fqdn,
        }

        impl $name {
            /// Reads `hexBinary@host` with hexadecimal digits of this letter case; at most 128 bytes.
            pub fn parse(text: &str, case: HexCase) -> Result<Self, IdentifierError> {
                let (relative, host) = split(text)?;
                Ok(Self { relative: parse_relative(relative, case)?, host })
            }

            /// The text, as it stands in a psk_identity.
            #[must_use]
            pub fn text(&self, case: HexCase) -> String {
                format!("{}@{}", text::hex(&self.relative.0, case), self.host)
            }
        }
    )*};
}

hex_ids! {
    /// KeID: hexBinary(RelativeKeID)`@`MEF-FQDN (clause 10.3.4).
    KeId,
    /// MAF Key Identifier: hexBinary(KcID)`@`MAF-FQDN (clause 10.3.5).
    MafKeyId,
}

/// The 32 digits of a relative identifier.
pub(in crate::credential) fn parse_relative(
    text: &str,
    case: HexCase,
) -> Result<RelativeId, IdentifierError> {
    let is_hex = text.bytes().all(|c| c.is_ascii_hexdigit());
    if text.len() != 2 * RELATIVE_ID_LEN || !is_hex {
        return Err(IdentifierError::NotHex);
    }
    let bytes = text::unhex(text, case).ok_or(IdentifierError::HexCase)?;
    bytes.try_into().map(RelativeId).map_err(|_| IdentifierError::NotHex)
}

macro_rules! named_ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name {
            relative: String,
            host: Fqdn,
        }

        impl $name {
            /// Reads `relative@host`: letters, digits, `.`, `_` and `-` before the `@`; at most 128
            /// bytes.
            pub fn parse(text: &str) -> Result<Self, IdentifierError> {
                let (relative, host) = split(text)?;
                let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
                if !relative.bytes().all(is_allowed) {
                    return Err(IdentifierError::RelativeCharacter);
                }
                Ok(Self { relative: relative.to_owned(), host })
            }

            /// The part before the `@`.
            #[must_use]
            pub fn relative(&self) -> &str {
                &self.relative
            }

            /// The function or issuer that holds the key.
            #[must_use]
            pub const fn host(&self) -> &Fqdn {
                &self.host
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}@{}", self.relative, self.host)
            }
        }
    )*};
}

named_ids! {
    /// KpmID: relative`@`MEF-FQDN. Its form is taken to be that of KmID, which the reference leaves open.
    KpmId,
    /// KmID: relative`@`MAF-FQDN, the relative part without regard to letter case (clause 10.5). Two that
    /// differ only there are different bytes on the wire, but [the same](KmId::is_same) credential.
    KmId,
    /// KpsaID: relative`@`issuer-FQDN (clause 10.4).
    KpsaId,
}

impl KmId {
    /// Whether both name one credential.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.relative.eq_ignore_ascii_case(&other.relative) && self.host == other.host
    }
}

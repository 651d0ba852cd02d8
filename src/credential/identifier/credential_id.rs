//! Credential-ID: a two-digit type, `-`, and the identifier that the type says (TS-0003 clause 10.6).

use std::fmt;

use super::{CREDENTIAL_VALUE_MAX, IdentifierError, KmId, KpmId, KpsaId};

macro_rules! types {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// What a Credential-ID identifies.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum CredentialType {
            $($(#[$doc])* $variant = $code,)*
        }

        impl CredentialType {
            /// Every type, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

types! {
    /// KpmID.
    Kpm = 10,
    /// KmID.
    Km = 11,
    /// KpsaID or KcID, that is a MAF Key Identifier.
    Kpsa = 12,
    /// pairwiseESPrimKeyID.
    Pairwise = 13,
    /// ESData symmetric key, first kind.
    Esdata14 = 14,
    /// ESData symmetric key, second kind.
    Esdata15 = 15,
    /// ESData symmetric key, third kind.
    Esdata16 = 16,
    /// Raw public key.
    RawPublicKey = 30,
    /// Device certificate.
    DeviceCertificate = 31,
    /// CSE-ID certificate.
    CseCertificate = 32,
    /// AE-ID certificate.
    AeCertificate = 33,
    /// Node-ID certificate.
    NodeCertificate = 34,
    /// ESData certificate 41.
    Esdata41 = 41,
    /// ESData certificate 42.
    Esdata42 = 42,
    /// ESData certificate 43.
    Esdata43 = 43,
    /// ESData certificate 44.
    Esdata44 = 44,
    /// ESData certificate 45.
    Esdata45 = 45,
    /// ESData certificate 51.
    Esdata51 = 51,
    /// ESData certificate 52.
    Esdata52 = 52,
    /// ESData certificate 53.
    Esdata53 = 53,
    /// ESData certificate 54.
    Esdata54 = 54,
    /// ESData certificate 55.
    Esdata55 = 55,
}

/// A Credential-ID, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialId {
    kind: CredentialType,
    value: String,
}

impl CredentialId {
    /// The Credential-ID of this type and value; the value has the form that the type asks for.
    pub fn new(kind: CredentialType, value: &str) -> Result<Self, IdentifierError> {
        match kind {
            CredentialType::Kpm => KpmId::parse(value).map(drop)?,
            CredentialType::Km => KmId::parse(value).map(drop)?,
            // A MAF Key Identifier is a special case of the wider form.
            CredentialType::Kpsa => KpsaId::parse(value).map(drop)?,
            _ => check_value(value)?,
        }
        Ok(Self { kind, value: value.to_owned() })
    }

    /// Reads `NN-value`.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let (kind, value) = text.split_once('-').ok_or(IdentifierError::NoType)?;
        let is_type = kind.len() == 2 && kind.bytes().all(|c| c.is_ascii_digit());
        let code = kind.parse().ok().filter(|_| is_type).ok_or(IdentifierError::NoType)?;
        let kind = CredentialType::from_code(code).ok_or(IdentifierError::UnknownType)?;
        if value.is_empty() {
            return Err(IdentifierError::EmptyValue);
        }
        Self::new(kind, value)
    }

    /// What it identifies.
    #[must_use]
    pub const fn kind(&self) -> CredentialType {
        self.kind
    }

    /// The identifier behind the type.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

fn check_value(value: &str) -> Result<(), IdentifierError> {
    match value.len() {
        0 => Err(IdentifierError::EmptyValue),
        1..=CREDENTIAL_VALUE_MAX => {
            let is_out = |c: char| c.is_control() || c.is_whitespace();
            if value.contains(is_out) { Err(IdentifierError::ValueCharacter) } else { Ok(()) }
        }
        _ => Err(IdentifierError::TooLong),
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind as u8, self.value)
    }
}

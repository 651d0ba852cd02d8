//! The random objects of both ends (TS-0003 clause 8.4.3.1), and the identifiers in a header.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Fault;
use crate::credential::hierarchy::RAND_LEN;

/// Bytes of a pairwiseESPrimKeyID.
pub const MAX_KEY_ID: usize = 128;
/// Bytes of an esprimRandID.
pub const MAX_RAND_ID: usize = 64;
/// Entries of a list of algorithms.
const MAX_ALGORITHMS: usize = 16;

/// m2m:esprimKeyGenAlgID of HMAC-SHA256.
pub(super) const HMAC_SHA256: u16 = 1;
/// m2m:esprimProtocolAndAlgID of JWE with A256GCM.
pub(super) const JWE_A256GCM: u16 = 12;

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub struct $name(Box<str>);

        impl $name {
            /// Reads one. `None` if it is not of the form, or too long.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let check: fn(&str) -> bool = $check;
                check(text).then(|| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| de::Error::custom("identifier"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

identifiers! {
    /// pairwiseESPrimKeyID: letters, digits, `.`, `_`, `-` and `@`, 1 to [`MAX_KEY_ID`] of them.
    KeyId, |text| {
        let is_inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'@');
        (1..=MAX_KEY_ID).contains(&text.len()) && text.bytes().all(is_inner)
    };
    /// esprimRandID: an NCName of ASCII characters, 1 to [`MAX_RAND_ID`] of them.
    RandId, |text| {
        let is_inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let is_first = |b: &u8| b.is_ascii_alphabetic() || *b == b'_';
        (1..=MAX_RAND_ID).contains(&text.len())
            && text.bytes().all(is_inner)
            && text.as_bytes().first().is_some_and(is_first)
    };
}

impl RandId {
    /// The identifier of the `number`-th random object that an end issues: unique as long as numbers are.
    #[must_use]
    pub fn new(shared: bool, number: u64) -> Self {
        Self(format!("{}-{number}", if shared { 's' } else { 'u' }).into())
    }
}

/// originatorESPrimRandObject. The value is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginatorRand {
    /// esprimRandID
    #[serde(rename = "esri")]
    pub id: RandId,
    /// esprimRandValue
    #[serde(rename = "esrv", with = "value")]
    pub value: [u8; RAND_LEN],
    /// esprimRandExpiry, in UTC: the first moment at which it is no longer valid.
    #[serde(rename = "esrx", with = "moment")]
    pub expiry: DateTime,
    /// esprimKeyGenAlgID
    #[serde(rename = "esk")]
    pub key_generation: u16,
    /// esprimProtocolAndAlgIDs
    #[serde(rename = "espa")]
    pub algorithms: Vec<u16>,
}

/// receiverESPrimRandObject. The value is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverRand {
    /// esprimRandID
    #[serde(rename = "esri")]
    pub id: RandId,
    /// esprimRandValue
    #[serde(rename = "esrv", with = "value")]
    pub value: [u8; RAND_LEN],
    /// esprimRandExpiry, in UTC: the first moment at which it is no longer valid.
    #[serde(rename = "esrx", with = "moment")]
    pub expiry: DateTime,
    /// esprimKeyGenAlgIDs
    #[serde(rename = "esks")]
    pub key_generations: Vec<u16>,
    /// esprimProtocolAndAlgIDs
    #[serde(rename = "espa")]
    pub algorithms: Vec<u16>,
}

impl OriginatorRand {
    /// With the algorithms that are supported here.
    #[must_use]
    pub fn new(id: RandId, value: [u8; RAND_LEN], expiry: DateTime) -> Self {
        Self { id, value, expiry, key_generation: HMAC_SHA256, algorithms: vec![JWE_A256GCM] }
    }

    /// The checks of steps C.6b.2 and C.6c.1 of clause 8.4.2.
    pub(super) fn check(&self, receiver: &ReceiverRand, now: DateTime) -> Result<(), Fault> {
        if self.expiry <= now || self.expiry > receiver.expiry {
            return Err(Fault::UnknownOriginatorRand);
        }
        let subset = self.algorithms.iter().all(|id| receiver.algorithms.contains(id));
        let agreed = self.key_generation == HMAC_SHA256
            && receiver.key_generations.contains(&self.key_generation)
            && self.algorithms.len() <= MAX_ALGORITHMS
            && self.algorithms.contains(&JWE_A256GCM);
        if subset && agreed { Ok(()) } else { Err(Fault::UnsupportedOption) }
    }
}

impl ReceiverRand {
    /// With the algorithms that are supported here.
    #[must_use]
    pub fn new(id: RandId, value: [u8; RAND_LEN], expiry: DateTime) -> Self {
        let (key_generations, algorithms) = (vec![HMAC_SHA256], vec![JWE_A256GCM]);
        Self { id, value, expiry, key_generations, algorithms }
    }
}

/// `x` and 32 upper-case hexadecimal digits.
mod value {
    use super::{Deserialize, Deserializer, RAND_LEN, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        value: &[u8; RAND_LEN],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("x{:032X}", u128::from_be_bytes(*value)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; RAND_LEN], D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_digit = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
        text.strip_prefix('x')
            .filter(|digits| digits.len() == 2 * RAND_LEN && digits.bytes().all(is_digit))
            .and_then(|digits| u128::from_str_radix(digits, 16).ok())
            .map(u128::to_be_bytes)
            .ok_or_else(|| de::Error::custom("random value"))
    }
}

/// m2m:timestamp without a fraction: `YYYYMMDDTHHMMSS`.
mod moment {
    use super::{Date, DateTime, Deserialize, Deserializer, Serializer, Time, de};

    pub(super) fn serialize<S: Serializer>(
        moment: &DateTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&moment.strftime("%Y%m%dT%H%M%S"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::custom("moment"))
    }

    fn parse(text: &str) -> Option<DateTime> {
        let (date, clock) = text.split_once('T')?;
        let digits =
            |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(date, 8) || !digits(clock, 6) {
            return None;
        }
        let two = |text: &str, at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
        let date = Date::new(date.get(..4)?.parse().ok()?, two(date, 4)?, two(date, 6)?).ok()?;
        let time = Time::new(two(clock, 0)?, two(clock, 2)?, two(clock, 4)?, 0).ok()?;
        Some(date.to_datetime(time))
    }
}

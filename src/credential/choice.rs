//! What TS-0003 leaves open, as switches. The defaults are the readings that keystorm's vectors use.

use serde::{Deserialize, Serialize};

/// Letter case of hexBinary in key identifiers. TS-0003 clauses 10.3.4 and 10.3.5 do not state it, and
/// a psk_identity is compared as bytes, so both ends must choose alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HexCase {
    /// `0..9A..F`: the canonical form of `xs:hexBinary` (XML Schema part 2, section 3.2.15.2).
    #[default]
    Upper,
    /// `0..9a..f`.
    Lower,
}

/// How the 128-bit random objects enter the ESPrim session key (clause 10.3.8.2 only concatenates them).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RandEncoding {
    /// The 16 bytes of each value.
    #[default]
    Raw,
    /// Each value as 32 upper-case hexadecimal digits.
    Hex,
}

/// How a 32-byte session key serves the ESPrim algorithms (clause 10.3.8.2: "used directly").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionKeyFit {
    /// Only an algorithm whose key has 32 bytes may be used: A256GCM.
    #[default]
    ExactOnly,
    /// A shorter key is the leading bytes, so that A128GCM and A192GCM can be used too.
    Leading,
}

/// How a pairwise ESPrim key comes from Kc and "a reserved string" that clause 8.4.2 does not give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairwiseFromKc {
    /// HMAC-SHA-256(Kc, `oneM2M Connection Key to Pairwise ESPrim Key derivation`): a string of ours in
    /// the style of clauses 10.3.2 and 10.3.3.
    #[default]
    Labelled,
    /// Kc itself.
    Direct,
}

/// How a SUID enters the derivation of a usage-constrained key (clause 10.3.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuidEncoding {
    /// The number as decimal text, as it stands in a URI or in JSON: `21`.
    #[default]
    Decimal,
    /// One byte.
    Byte,
    /// Four bytes, most significant first.
    Word,
}

/// The salt of the end-to-end master key, which clause 10.3.6 does not fix. The hash is SHA-256.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum E2eSalt {
    /// As many zero bytes as the hash has: RFC 5869 section 2.2 without a salt.
    #[default]
    Zero,
    /// These bytes.
    Given(Vec<u8>),
}

/// Who chooses the RelativeKeyID of a registered key: clause 10.3.5 takes it from the exported bytes,
/// clause 8.8.2.7 lets the MAF select an unused one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelativeKeyId {
    /// The exporter; the MAF only where the client gave the key itself and nothing was exported.
    #[default]
    Exported,
    /// The MAF in any case.
    ChosenByMaf,
}

/// The context of an exporter call. TS-0003 names none; for DTLS 1.2 (RFC 5705 section 4) no context and
/// an empty one give different keys, for DTLS 1.3 (RFC 8446 section 7.5) the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExporterContext {
    /// No context.
    #[default]
    None,
    /// A context of no bytes.
    Empty,
}

impl ExporterContext {
    /// The context as an exporter of RFC 5705 takes it.
    #[must_use]
    pub const fn bytes(self) -> Option<&'static [u8]> {
        match self {
            Self::None => None,
            Self::Empty => Some(&[]),
        }
    }
}

/// Which derivation gives a Km or Kpsa that a target fetches from a MEF: clause 8.3.2.1 points to 10.3.7,
/// clauses 10.3.2 and 10.3.3 define their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchedKey {
    /// Km by clause 10.3.2 and Kpsa by 10.3.3; every other usage by 10.3.7.
    #[default]
    OwnDerivation,
    /// All of them by clause 10.3.7.
    UsageConstrained,
}

/// All choices together. Both ends of a deployment must hold the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields, default)]
pub struct Choices {
    /// Letter case in key identifiers.
    pub hex_case: HexCase,
    /// Random objects in the ESPrim session key.
    pub rand_encoding: RandEncoding,
    /// Session keys for shorter algorithms.
    pub session_key_fit: SessionKeyFit,
    /// Pairwise ESPrim key from Kc.
    pub pairwise_from_kc: PairwiseFromKc,
    /// SUID in the usage-constrained key.
    pub suid_encoding: SuidEncoding,
    /// Salt of the end-to-end master key.
    pub e2e_salt: E2eSalt,
    /// Origin of the RelativeKeyID.
    pub relative_key_id: RelativeKeyId,
    /// Context of the exporter.
    pub exporter_context: ExporterContext,
    /// Derivation of fetched keys.
    pub fetched_key: FetchedKey,
}

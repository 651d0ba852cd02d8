//! JWE in compact serialisation (RFC 7516 section 7.1) with `dir` and `A256GCM`, read strictly.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Tag};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::{Deserialize, Serialize};

use super::Fault;
use super::rand_object::{KeyId, OriginatorRand, RandId, ReceiverRand};
use crate::credential::SessionKeyFit;
use crate::credential::hierarchy::SessionKey;
#[cfg(test)]
use crate::sabotage::{Mechanism, is_away};

/// Bytes of an inner primitive.
pub const MAX_INNER: usize = 16_384;
/// Bytes of a header in base64url.
const MAX_HEADER: usize = 2_048;
/// Bytes of an ESPrim object: header, IV, ciphertext and tag in base64url, and four dots.
pub const MAX_OBJECT: usize = MAX_HEADER + 16 + MAX_INNER.div_ceil(3) * 4 + 22 + 4;

const IV_LEN: usize = 12;
const TAG_LEN: usize = 16;
const KEY_LEN: usize = 32;
const ALG: &str = "dir";
const ENC: &str = "A256GCM";
/// Bytes of a media type.
const MAX_MEDIA_TYPE: usize = 64;

/// The protected header (TS-0003 table 8.4.3.2-2). Members that are unknown, missing or there twice are
/// refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    alg: String,
    enc: String,
    pub(super) kid: KeyId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cty: Option<String>,
    pub(super) ori: RandId,
    pub(super) rri: RandId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) oro: Option<OriginatorRand>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rro: Option<ReceiverRand>,
}

impl Header {
    pub(super) fn new(kid: KeyId, ori: RandId, rri: RandId) -> Self {
        let (alg, enc) = (ALG.to_owned(), ENC.to_owned());
        Self { alg, enc, kid, cty: None, ori, rri, oro: None, rro: None }
    }
}

/// Who sends: the first four bytes of an IV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Direction {
    Request = 0,
    Response = 1,
}

impl Direction {
    fn iv(self, counter: u64) -> [u8; IV_LEN] {
        let wide = u128::from(self as u32) << 64 | u128::from(counter);
        let [_, _, _, _, iv @ ..] = wide.to_be_bytes();
        iv
    }
}

/// An object that has been taken apart, and not yet been believed.
pub(super) struct Parsed<'a> {
    pub(super) header: Header,
    /// The header as it was sent: the additional authenticated data.
    protected: &'a str,
    iv: [u8; IV_LEN],
    ciphertext: Vec<u8>,
    tag: [u8; TAG_LEN],
}

impl<'a> Parsed<'a> {
    pub(super) fn parse(object: &'a str) -> Result<Self, Fault> {
        let mut parts = object.split('.');
        let mut part = || parts.next().ok_or(Fault::Malformed);
        if object.len() > MAX_OBJECT {
            return Err(Fault::Malformed);
        }
        let (protected, key, iv, ciphertext, tag) = (part()?, part()?, part()?, part()?, part()?);
        let one_too_many = parts.next().is_some();
        if one_too_many || protected.len() > MAX_HEADER || !key.is_empty() {
            return Err(Fault::Malformed);
        }
        let decoded = BASE64URL.decode(protected).map_err(|_| Fault::Malformed)?;
        let header: Header = serde_json::from_slice(&decoded).map_err(|_| Fault::Malformed)?;
        if header.cty.as_ref().is_some_and(|cty| cty.len() > MAX_MEDIA_TYPE) {
            return Err(Fault::Malformed);
        }
        if header.alg != ALG || header.enc != ENC {
            return Err(Fault::UnsupportedOption);
        }
        let ciphertext = BASE64URL.decode(ciphertext).map_err(|_| Fault::Malformed)?;
        if ciphertext.is_empty() || ciphertext.len() > MAX_INNER {
            return Err(Fault::Malformed);
        }
        Ok(Self { header, protected, iv: exact(iv)?, ciphertext, tag: exact(tag)? })
    }

    /// The counter in the IV, if it is one of this direction.
    pub(super) fn counter(&self, direction: Direction) -> Option<u64> {
        let [_, _, _, _, counter @ ..] = self.iv;
        let counter = u64::from_be_bytes(counter);
        (direction.iv(counter) == self.iv).then_some(counter)
    }

    /// The plaintext, if the tag fits.
    pub(super) fn open(self, key: &SessionKey) -> Result<(Header, Vec<u8>), Fault> {
        let mut plaintext = self.ciphertext;
        #[cfg(test)]
        if is_away(Mechanism::PrimitiveEncryption) {
            return Ok((self.header, plaintext));
        }
        let (iv, tag, aad) = (self.iv.into(), Tag::from(self.tag), self.protected.as_bytes());
        cipher(key)?
            .decrypt_inout_detached(&iv, aad, plaintext.as_mut_slice().into(), &tag)
            .map_err(|_| Fault::BadMac)?;
        Ok((self.header, plaintext))
    }
}

/// The object of this header, counter and plaintext. No IV may be used twice with one key.
pub(super) fn seal(
    header: &Header,
    direction: Direction,
    counter: u64,
    key: &SessionKey,
    inner: &[u8],
) -> Result<String, Fault> {
    if inner.is_empty() || inner.len() > MAX_INNER {
        return Err(Fault::TooLong);
    }
    let json = serde_json::to_vec(header).map_err(|_| Fault::TooLong)?;
    let protected = BASE64URL.encode(json);
    if protected.len() > MAX_HEADER {
        return Err(Fault::TooLong);
    }
    let iv = direction.iv(counter);
    let mut ciphertext = inner.to_vec();
    #[cfg(test)]
    if is_away(Mechanism::PrimitiveEncryption) {
        let [iv, inner, tag] = [&iv[..], inner, &[0; TAG_LEN]].map(|part| BASE64URL.encode(part));
        return Ok(format!("{protected}..{iv}.{inner}.{tag}"));
    }
    let tag = cipher(key)?
        .encrypt_inout_detached(&iv.into(), protected.as_bytes(), ciphertext.as_mut_slice().into())
        .map_err(|_| Fault::TooLong)?;
    let [iv, ciphertext, tag] = [&iv[..], &ciphertext, &tag].map(|part| BASE64URL.encode(part));
    Ok(format!("{protected}..{iv}.{ciphertext}.{tag}"))
}

fn cipher(key: &SessionKey) -> Result<Aes256Gcm, Fault> {
    let key =
        key.for_algorithm(KEY_LEN, SessionKeyFit::ExactOnly).ok_or(Fault::UnsupportedOption)?;
    Aes256Gcm::new_from_slice(key).map_err(|_| Fault::UnsupportedOption)
}

/// base64url of exactly `N` bytes.
fn exact<const N: usize>(part: &str) -> Result<[u8; N], Fault> {
    let bytes = BASE64URL.decode(part).map_err(|_| Fault::Malformed)?;
    bytes.try_into().map_err(|_| Fault::Malformed)
}

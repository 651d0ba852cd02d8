//! The key that an underlying network lends to an enrolment: Ks_NAF of the generic bootstrapping
//! architecture (3GPP TS 33.220 annex B.3), which stands in for Kpm where a device has no key of its own
//! with the MEF (TS-0003 clause 8.3.3, GBA RSPF).
//!
//! Ks itself, from the authentication of the network (CK and IK, 256 bits), is taken as given.

use super::KeyBytes;

/// Bytes of the challenge of the network's authentication.
pub const RAND_LEN: usize = 16;

/// FC of Ks_NAF (3GPP TS 33.220 annex B.3).
const FC: u8 = 0x01;

/// Ks_NAF = HMAC-SHA-256(Ks, FC || P0 || L0 || .. || P3 || L3), with P0 = `gba-me`, P1 = RAND, P2 = the
/// private identity of the subscription, P3 = the NAF_Id, and each L two bytes.
///
/// NAF_Id here is the FQDN of the MEF alone, without the identifier of the security protocol that the
/// annex appends: both ends are ours, and the protocol is always the same. Parameters longer than 65,535
/// bytes are cut off there.
#[must_use]
pub fn ks_naf(ks: &KeyBytes, rand: &[u8; RAND_LEN], impi: &str, naf: &str) -> KeyBytes {
    let mut message = vec![FC];
    for parameter in [&b"gba-me"[..], rand, impi.as_bytes(), naf.as_bytes()] {
        let len = u16::try_from(parameter.len()).unwrap_or(u16::MAX);
        message.extend(&parameter[..usize::from(len)]);
        message.extend(len.to_be_bytes());
    }
    ks.hmac(&[&message])
}

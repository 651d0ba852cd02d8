//! The key schedule of TLS 1.2: P_SHA256 and what is derived with it (RFC 5246 sections 5, 6.3, 7.4.9
//! and 8.1, RFC 4279 section 2, RFC 5705).

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::association::hash::{count_hmac, count_hmac_key_of};
use crate::association::{Operations, Secret};
use crate::wire::dtls::VERIFY_DATA_LEN;

/// The label of the extended master secret (RFC 7627 section 4).
pub(super) const EXTENDED_MASTER_SECRET: &[u8] = b"extended master secret";
/// Labels that an exporter must not take, since the handshake uses them (RFC 5705 section 4).
const RESERVED: [&[u8]; 5] = [
    b"client finished",
    b"server finished",
    b"master secret",
    b"key expansion",
    EXTENDED_MASTER_SECRET,
];
/// The longest output of an exporter, as in the profile of DTLS 1.3.
const MAX_EXPORT: usize = 255 * 32;

/// The pseudorandom function under one secret, whose pads are computed once.
pub(super) struct Prf(Hmac<Sha256>);

impl Prf {
    pub(super) fn new(secret: &[u8], operations: &mut Operations) -> Self {
        count_hmac_key_of(secret.len(), operations);
        Self(
            <Hmac<Sha256> as KeyInit>::new_from_slice(secret)
                .expect("HMAC takes keys of any length"),
        )
    }

    fn mac(&self, parts: &[&[u8]], operations: &mut Operations) -> Secret {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        count_hmac(parts.iter().map(|part| part.len()).sum(), operations);
        mac.finalize().into_bytes().into()
    }

    /// Fills `out` with PRF(secret, label, seed), the seed given in parts.
    pub(super) fn fill(
        &self,
        label: &[u8],
        seed: &[&[u8]],
        out: &mut [u8],
        operations: &mut Operations,
    ) {
        let mut parts: Vec<&[u8]> = vec![label];
        parts.extend_from_slice(seed);
        // RFC 5246 section 5: A(1) = HMAC(secret, seed), A(i + 1) = HMAC(secret, A(i)).
        let mut a = Zeroizing::new(self.mac(&parts, operations));
        let blocks = out.len().div_ceil(32);
        for (index, chunk) in out.chunks_mut(32).enumerate() {
            let mut input: Vec<&[u8]> = vec![&*a];
            input.extend_from_slice(&parts);
            let block = Zeroizing::new(self.mac(&input, operations));
            chunk.copy_from_slice(&block[..chunk.len()]);
            if index + 1 < blocks {
                a = Zeroizing::new(self.mac(&[&*a], operations));
            }
        }
    }

    /// The verify data of a Finished over the hash of all messages before it.
    pub(super) fn verify_data(
        &self,
        server: bool,
        hash: &Secret,
        operations: &mut Operations,
    ) -> [u8; VERIFY_DATA_LEN] {
        let mut out = [0; VERIFY_DATA_LEN];
        let label: &[u8] = if server { b"server finished" } else { b"client finished" };
        self.fill(label, &[hash], &mut out, operations);
        out
    }

    /// Exporter (RFC 5705 section 4). `None` if something is too long or the label reserved.
    pub(super) fn export(
        &self,
        label: &[u8],
        randoms: [&[u8; 32]; 2],
        context: Option<&[u8]>,
        out: &mut [u8],
        operations: &mut Operations,
    ) -> Option<()> {
        if RESERVED.contains(&label) || label.len() > 249 || out.len() > MAX_EXPORT {
            return None;
        }
        let length;
        let mut seed: Vec<&[u8]> = vec![randoms[0], randoms[1]];
        if let Some(context) = context {
            length = u16::try_from(context.len()).ok()?.to_be_bytes();
            seed.extend([&length[..], context]);
        }
        self.fill(label, &seed, out, operations);
        Some(())
    }
}

/// PRF(premaster secret, label, seed), cut to 48 bytes: what a [`PskStore`](crate::association::PskStore)
/// answers with. The premaster secret of a PSK of N bytes is N, N zeros, N, PSK (RFC 4279 section 2).
///
/// # Panics
///
/// If the PSK is longer than 65,535 bytes.
#[must_use]
pub fn master_secret_12(
    psk: &[u8],
    label: &[u8],
    seed: &[u8],
    operations: &mut Operations,
) -> [u8; 48] {
    let length = u16::try_from(psk.len()).expect("a PSK is short").to_be_bytes();
    let mut premaster = Zeroizing::new(Vec::with_capacity(2 * (2 + psk.len())));
    premaster.extend_from_slice(&length);
    premaster.resize(2 + psk.len(), 0);
    premaster.extend_from_slice(&length);
    premaster.extend_from_slice(psk);
    let mut out = [0; 48];
    Prf::new(&premaster, operations).fill(label, &[seed], &mut out, operations);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::association::Operation;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
            .collect()
    }

    /// The vector for P_SHA256 that was posted to the TLS working group and is used by most stacks.
    #[test]
    fn the_known_vector_of_p_sha256() {
        let operations = &mut Operations::default();
        let prf = Prf::new(&hex("9bbe436ba940f017b17652849a71db35"), operations);
        let mut out = [0; 100];
        prf.fill(b"test label", &[&hex("a0ba9f936cda311827a6f796ffd5198c")], &mut out, operations);
        let expected = hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a
             6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab
             4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
             87347b66");
        assert_eq!(out[..], expected[..]);
    }

    #[test]
    fn the_premaster_secret_of_a_psk_is_as_rfc_4279_has_it() {
        let operations = &mut Operations::default();
        let premaster = [0, 3, 0, 0, 0, 0, 3, b'k', b'e', b'y'];
        let mut expected = [0; 48];
        Prf::new(&premaster, operations).fill(b"label", &[b"seed"], &mut expected, operations);
        assert_eq!(master_secret_12(b"key", b"label", b"seed", operations), expected);
    }

    #[test]
    fn a_part_of_the_seed_may_stand_in_the_next_part() {
        let operations = &mut Operations::default();
        let prf = Prf::new(b"secret", operations);
        let (mut a, mut b) = ([0; 40], [0; 40]);
        prf.fill(b"label", &[b"one", b"two"], &mut a, operations);
        prf.fill(b"lab", &[b"el", b"onetwo"], &mut b, operations);
        assert_eq!(a, b);
    }

    #[test]
    fn every_block_of_output_costs_two_hmacs() {
        let operations = &mut Operations::default();
        let prf = Prf::new(&[1; 48], operations);
        for (len, hmacs) in [(12, 2), (32, 2), (33, 4), (64, 4), (104, 8)] {
            let before = operations.of(Operation::Hmac);
            prf.fill(b"label", &[b"seed"], &mut vec![0; len], operations);
            assert_eq!(operations.of(Operation::Hmac) - before, hmacs);
        }
    }

    #[test]
    fn an_exporter_takes_no_label_of_the_handshake_and_nothing_too_long() {
        let operations = &mut Operations::default();
        let prf = Prf::new(&[1; 48], operations);
        let mut export = |label: &[u8], context: usize, out: usize| {
            let context = vec![0; context];
            let randoms = [&[1; 32], &[2; 32]];
            prf.export(label, randoms, Some(&context), &mut vec![0; out], operations)
        };
        assert_eq!(export(b"EXPORTER-x", 65_535, 255 * 32), Some(()));
        assert_eq!(export(b"EXPORTER-x", 65_536, 32), None);
        assert_eq!(export(b"EXPORTER-x", 0, 255 * 32 + 1), None);
        assert_eq!(export(&[b'x'; 250], 0, 32), None);
        assert_eq!(export(b"key expansion", 0, 32), None);
    }
}

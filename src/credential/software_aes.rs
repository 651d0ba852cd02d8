//! AES-256 (FIPS 197) as a small controller computes it: byte by byte, with one look-up for each byte.
//!
//! It exists for what it gives away: each look-up is reported, as a probe beside the chip would notice
//! it. Everything that only needs the result takes the `aes` crate, with which a test compares it.

/// Rounds of AES-256.
const ROUNDS: usize = 14;
/// Bytes of a key of AES-256.
const KEY_BYTES: usize = 32;

/// A block of AES.
pub type Block = [u8; 16];

/// The substitution table (FIPS 197 section 5.1.1): inversion in GF(2^8), then an affine map.
pub const SBOX: [u8; 256] = substitution();

const fn substitution() -> [u8; 256] {
    let mut table = [0x63; 256];
    // `p` runs through all powers of the generator 3, `q` through those of its inverse.
    let (mut p, mut q) = (1u8, 1u8);
    loop {
        p ^= double(p);
        q ^= q << 1;
        q ^= q << 2;
        q ^= q << 4;
        if q & 0x80 != 0 {
            q ^= 0x09;
        }
        let affine = q ^ q.rotate_left(1) ^ q.rotate_left(2) ^ q.rotate_left(3) ^ q.rotate_left(4);
        table[p as usize] = affine ^ 0x63;
        if p == 1 {
            return table;
        }
    }
}

/// Twice a byte in GF(2^8).
const fn double(byte: u8) -> u8 {
    (byte << 1) ^ (if byte & 0x80 != 0 { 0x1b } else { 0 })
}

/// What hides the bytes of a computation. The same mask stands on all bytes of the state, which
/// ShiftRows and MixColumns leave in place: the coefficients of a column add up to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// On what goes into the look-ups.
    pub before: u8,
    /// On what comes out of them.
    pub after: u8,
}

/// Moves each row of the state (FIPS 197 section 5.1.2).
#[must_use]
pub fn shift_rows(state: &Block) -> Block {
    std::array::from_fn(|at| state[(at + 4 * (at % 4)) % 16])
}

/// Mixes each column of the state (FIPS 197 section 5.1.3).
#[must_use]
pub fn mix_columns(state: &Block) -> Block {
    let mut mixed = [0; 16];
    for (column, out) in state.chunks_exact(4).zip(mixed.chunks_exact_mut(4)) {
        let all = column.iter().fold(0, |sum, byte| sum ^ byte);
        for (row, byte) in out.iter_mut().enumerate() {
            *byte = column[row] ^ all ^ double(column[row] ^ column[(row + 1) % 4]);
        }
    }
    mixed
}

/// The sum of two blocks.
#[must_use]
pub fn add(a: &Block, b: &Block) -> Block {
    std::array::from_fn(|at| a[at] ^ b[at])
}

/// The round keys (FIPS 197 section 5.2).
fn round_keys(key: &[u8; KEY_BYTES]) -> [Block; ROUNDS + 1] {
    let mut words = [[0u8; 4]; 4 * (ROUNDS + 1)];
    let mut constant = 1;
    for at in 0..words.len() {
        if at < 8 {
            words[at].copy_from_slice(&key[4 * at..4 * at + 4]);
            continue;
        }
        let [a, b, c, d] = words[at - 1];
        let substituted = |word: [u8; 4]| word.map(|byte| SBOX[usize::from(byte)]);
        let mut word = [a, b, c, d];
        if at % 8 == 0 {
            word = substituted([b, c, d, a]);
            word[0] ^= constant;
            constant = double(constant);
        } else if at % 8 == 4 {
            word = substituted(word);
        }
        words[at] = std::array::from_fn(|byte| word[byte] ^ words[at - 8][byte]);
    }
    std::array::from_fn(|round| std::array::from_fn(|at| words[4 * round + at / 4][at % 4]))
}

/// Encrypts one block. `looked_up` gets what each look-up in the substitution table yields, in order:
/// 16 of each round.
pub fn encrypt(
    key: &[u8; KEY_BYTES],
    block: &Block,
    masks: Masks,
    mut looked_up: impl FnMut(u8),
) -> Block {
    let keys = zeroize::Zeroizing::new(round_keys(key));
    let mut table = [0; 256];
    for (at, byte) in SBOX.iter().enumerate() {
        table[at ^ usize::from(masks.before)] = byte ^ masks.after;
    }
    let again = [masks.before ^ masks.after; 16];
    let mut state = add(&add(block, &keys[0]), &[masks.before; 16]);
    for (round, key) in keys.iter().enumerate().skip(1) {
        for byte in &mut state {
            *byte = table[usize::from(*byte)];
            looked_up(*byte);
        }
        state = shift_rows(&state);
        if round < ROUNDS {
            state = add(&mix_columns(&state), &again);
        }
        state = add(&state, key);
    }
    add(&state, &[masks.after; 16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
    use proptest::prelude::*;

    #[test]
    fn the_table_is_that_of_the_standard() {
        assert_eq!(SBOX[..4], [0x63, 0x7c, 0x77, 0x7b]);
        assert_eq!((SBOX[0x53], SBOX[0xff]), (0xed, 0x16));
    }

    proptest! {
        /// The library's AES is the reference; masks change no result.
        #[test]
        fn it_is_aes(key: [u8; 32], block: [u8; 16], before: u8, after: u8) {
            let mut expected = block.into();
            aes::Aes256::new(&key.into()).encrypt_block(&mut expected);
            let mut looks = 0;
            let got = encrypt(&key, &block, Masks { before, after }, |_| looks += 1);
            prop_assert_eq!(&got[..], &expected[..]);
            prop_assert_eq!(looks, 16 * ROUNDS);
        }
    }
}

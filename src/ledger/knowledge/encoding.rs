//! The forms in which the bytes of a secret stand in what somebody sees: as they are, in hexadecimal
//! digits, in base64. What is escaped on top of that is undone by a [`view`](super::view).

/// Digits of RFC 4648 section 4.
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Digits of RFC 4648 section 5.
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Bits that one base64 digit stands for.
const DIGIT_BITS: usize = 6;

/// All forms of `secret`.
///
/// In base64 a secret may begin at any of three places within a group of digits. Only digits that stand
/// for nothing but the secret are looked for, so that at most its first and last four bits are left
/// open: with or without padding, alone or amid other data, the form is the same.
pub(super) fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec(), hex(secret, b"0123456789abcdef")];
    forms.push(hex(secret, b"0123456789ABCDEF"));
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend((0..3).map(|before| base64(secret, before, alphabet)));
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

fn hex(secret: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let digit = |value: u8| digits[usize::from(value & 15)];
    secret.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// The digits that stand for bits of `secret` alone, if `before` bytes stand before it in its group.
fn base64(secret: &[u8], before: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let skipped = (before * 8).next_multiple_of(DIGIT_BITS) - before * 8;
    let digits = (secret.len() * 8).saturating_sub(skipped) / DIGIT_BITS;
    let bit = |index: usize| {
        let byte = secret.get(index / 8).copied().unwrap_or(0);
        usize::from(byte >> (7 - index % 8) & 1)
    };
    let digit = |index: usize| {
        let first = skipped + index * DIGIT_BITS;
        (first..first + DIGIT_BITS).fold(0, |value, index| value << 1 | bit(index))
    };
    (0..digits).map(|index| alphabet[digit(index)]).collect()
}

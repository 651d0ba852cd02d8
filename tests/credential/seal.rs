//! Sealed files: what opens them, and what does not.

use keystorm::association::Operations;
use keystorm::credential::store::{
    Cipher, KeyStore, Readable, SealParameters, SealedFile, StoreError, StoreOperation, Usage, Work,
};
use keystorm::credential::{KeyBytes, Level};
use proptest::prelude::*;

use super::{contains, entry, key, sealed};

fn filled() -> SealedFile {
    let mut file = sealed();
    for (name, byte) in [("a", 0x61), ("b", 0x62)] {
        file.write(entry(name, Level::Kc), key(byte), &mut Work::default()).unwrap();
    }
    file
}

#[test]
fn the_right_passphrase_opens_the_file_at_the_next_start() {
    let mut file = SealedFile::load(&filled().storage_image()).unwrap();
    assert_eq!(file.read(b"a"), Err(StoreError::Locked));
    let work = &mut Work::default();
    file.unlock(b"passphrase", work).unwrap();
    assert_eq!(work.of(StoreOperation::Unlock), 1);
    assert_eq!(file.read(b"a"), Ok(key(0x61)));
    assert_eq!(file.storage_image(), filled().storage_image());
}

#[test]
fn another_passphrase_does_not() {
    let mut file = SealedFile::load(&filled().storage_image()).unwrap();
    assert_eq!(file.unlock(b"Passphrase", &mut Work::default()), Err(StoreError::Seal));
    assert_eq!(file.read(b"a"), Err(StoreError::Locked));
}

#[test]
fn no_byte_of_the_file_can_be_altered() {
    let image = filled().storage_image();
    for at in 0..image.len() {
        let mut altered = image.clone();
        altered[at] ^= 0x04;
        // What says how much work Argon2 is to do is refused before it is done, or does little.
        let refused = SealedFile::load(&altered).and_then(|mut file| {
            if file.storage_image().len() != image.len() {
                return Err(StoreError::Image);
            }
            file.unlock(b"passphrase", &mut Work::default())
        });
        assert!(refused.is_err(), "byte {at}");
    }
}

#[test]
fn a_record_cannot_be_taken_out_or_set_back() {
    let mut old = filled();
    let mut new = filled();
    new.write(entry("a", Level::Kc), key(0x63), &mut Work::default()).unwrap();
    old.lock();
    new.lock();
    let (old, mut mixed) = (old.storage_image(), new.storage_image());
    // The record of "a" of the old file in the new one, under the new root.
    let root = mixed.len() - 32;
    mixed[..root].copy_from_slice(&old[..root]);
    let mut file = SealedFile::load(&mixed).unwrap();
    assert_eq!(file.unlock(b"passphrase", &mut Work::default()), Err(StoreError::Seal));
}

#[test]
fn a_locked_file_does_nothing_and_holds_only_ciphertext() {
    let mut file = filled();
    file.lock();
    let (work, operations) = (&mut Work::default(), &mut Operations::default());
    let usage = Usage::EarlySecret { factor: None };
    assert_eq!(file.compute(b"a", &usage, work, operations), Err(StoreError::Locked));
    assert_eq!(file.write(entry("c", Level::Kc), key(1), work), Err(StoreError::Locked));
    assert_eq!(file.erase(b"a", work), Err(StoreError::Locked));
    assert!(!contains(&file.memory_image_during(b"a"), &[0x61; 32]));
    file.unlock(b"passphrase", work).unwrap();
    assert_eq!(file.read(b"a"), Ok(key(0x61)));
}

#[test]
fn whoever_takes_the_memory_of_an_unlocked_file_finds_the_key_to_it() {
    let file = filled();
    let (stolen, memory) = (file.storage_image(), file.memory_image());
    let tries = memory.windows(32).filter_map(KeyBytes::from_slice);
    let opened = tries.filter_map(|guess| {
        let mut file = SealedFile::load(&stolen).ok()?;
        file.unlock_with(guess).ok()?;
        file.read(b"a").ok()
    });
    assert_eq!(opened.collect::<Vec<_>>(), [key(0x61)]);
}

#[test]
fn both_ciphers_seal() {
    for cipher in [Cipher::Aes128Gcm, Cipher::Aes256Gcm] {
        let parameters = SealParameters { cipher, ..SealParameters::LIGHT };
        let work = &mut Work::default();
        let mut file = SealedFile::create(b"s", [1; 16], parameters, work).unwrap();
        file.write(entry("a", Level::Ke), key(5), work).unwrap();
        let mut again = SealedFile::load(&file.storage_image()).unwrap();
        again.unlock(b"s", work).unwrap();
        assert_eq!(again.read(b"a"), Ok(key(5)));
    }
}

#[test]
fn equal_keys_do_not_look_alike() {
    let mut file = sealed();
    for name in ["a", "b"] {
        file.write(entry(name, Level::Kc), key(7), &mut Work::default()).unwrap();
    }
    let image = file.storage_image();
    let records = &image[..image.len() - 32];
    // Nonce, key and tag stand at the end of a record, behind its 19 bytes of entry.
    let (first, second) = (records.len() - 60 - 19 - 60, records.len() - 60);
    let [a, b] = [first, second].map(|at| &image[at..at + 60]);
    for part in [0..12, 12..44, 44..60] {
        assert_ne!(a[part.clone()], b[part]);
    }
}

#[test]
fn parameters_out_of_bounds_are_refused_before_any_work_is_done() {
    for (memory_kib, passes) in [(0, 1), (7, 1), ((1 << 18) + 1, 1), (8, 0), (8, 17)] {
        let parameters = SealParameters { memory_kib, passes, ..SealParameters::LIGHT };
        let refused = SealedFile::create(b"s", [1; 16], parameters, &mut Work::default());
        assert_eq!(refused.err(), Some(StoreError::Parameters));
    }
}

proptest! {
    #[test]
    fn no_image_panics_a_reader_of_sealed_files(mut bytes: Vec<u8>, with_magic: bool) {
        if with_magic {
            bytes.splice(0..0, *b"KSS1\x01\0\0\0\x40\0\0\0\x01");
        }
        if let Ok(file) = SealedFile::load(&bytes) {
            prop_assert_eq!(file.storage_image(), bytes);
        }
    }
}

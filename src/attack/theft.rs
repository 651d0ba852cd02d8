//! What a thief does with stolen bytes: finds credentials in images of flash and memory, and opens a sealed
//! file with a key that lies about.
//!
//! Nothing here knows what there is to find. An image is any bytes; what comes out are guesses that still
//! have to prove themselves in a handshake.

use std::collections::BTreeMap;

use crate::credential::KeyBytes;
use crate::credential::store::{
    Entry, KeyStore as _, PlainFlash, Readable as _, SealedFile, carve,
};

/// Windows of memory that are tried as the key of a sealed file.
const WINDOWS_MAX: usize = 1 << 16;

/// A credential that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loot {
    /// What is known of it.
    pub entry: Entry,
    /// Its bytes.
    pub key: KeyBytes,
}

/// Everything that can be made of these images: `storage` from flash or disk, `memory` from RAM; either may
/// be empty. Each name once.
#[must_use]
pub fn ransack(storage: &[u8], memory: &[u8]) -> Vec<Loot> {
    let mut found: BTreeMap<String, Loot> = BTreeMap::new();
    let all = from_flash(storage).into_iter().chain(from_sealed(storage, memory));
    for (entry, key) in all.chain(carve(memory)).chain(carve(storage)) {
        let name = entry.name.as_str().to_owned();
        found.entry(name).or_insert(Loot { entry, key });
    }
    found.into_values().collect()
}

fn from_flash(storage: &[u8]) -> Vec<(Entry, KeyBytes)> {
    let Ok(flash) = PlainFlash::load(storage) else { return Vec::new() };
    let read = |entry: Entry| Some((entry.clone(), flash.read(entry.name.as_bytes()).ok()?));
    flash.entries().into_iter().filter_map(read).collect()
}

/// A sealed file opens with its sealing key, and a running host has that in memory.
fn from_sealed(storage: &[u8], memory: &[u8]) -> Vec<(Entry, KeyBytes)> {
    let Ok(mut file) = SealedFile::load(storage) else { return Vec::new() };
    let windows = memory.windows(32).rev().take(WINDOWS_MAX);
    let mut keys = windows.filter_map(KeyBytes::from_slice);
    if !keys.any(|key| file.unlock_with(key).is_ok()) {
        return Vec::new();
    }
    let read = |entry: Entry| Some((entry.clone(), file.read(entry.name.as_bytes()).ok()?));
    file.entries().into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Level;
    use crate::credential::lifetime::Validity;
    use crate::credential::store::{Hsm, HsmProfile, KeyName, SealParameters, Store, Work};

    const KEY: [u8; 32] = *b"a key of thirty-two bytes, no le";

    fn filled(mut store: Store) -> Store {
        let name = KeyName::new("meter-7").unwrap();
        let entry = Entry { name, level: Level::Kpsa, validity: Validity::ALWAYS };
        store.keys_mut().write(entry, KeyBytes::new(KEY), &mut Work::default()).unwrap();
        store
    }

    fn sealed() -> Store {
        let file = SealedFile::create(b"x", [1; 16], SealParameters::LIGHT, &mut Work::default());
        filled(Store::Sealed(Box::new(file.unwrap())))
    }

    /// The key is among what a thief believes to have found: in ciphertext, too, there are bytes where a key
    /// would stand.
    fn is_found(storage: &[u8], memory: &[u8]) -> bool {
        let is_it =
            |loot: &Loot| (loot.entry.name.as_str(), loot.key.expose()) == ("meter-7", &KEY);
        ransack(storage, memory).iter().any(is_it)
    }

    #[test]
    fn flash_gives_its_keys_to_a_thief_of_either_image() {
        let store = filled(Store::default());
        assert!(is_found(&store.keys().storage_image(), &[]));
        let memory = [&[0xee; 100][..], &store.keys().memory_image(), &[0xee; 100]].concat();
        assert!(is_found(&[], &memory));
    }

    #[test]
    fn a_sealed_file_opens_with_what_lies_in_the_memory_of_its_host_and_only_then() {
        let store = sealed();
        let (disk, memory) = (store.keys().storage_image(), store.keys().memory_image());
        assert!(!is_found(&disk, &[]) && !is_found(&disk, &[0xee; 200]));
        let memory = [&memory[..], &[0xee; 100]].concat();
        assert!(is_found(&disk, &memory));
    }

    #[test]
    fn an_element_leaves_nothing_to_find() {
        let store = filled(Store::Hsm(Box::new(Hsm::new(HsmProfile::ATECC608))));
        let keys = store.keys();
        let memory = keys.memory_image_during(b"meter-7");
        assert_eq!(ransack(&keys.storage_image(), &memory), []);
    }

    #[test]
    fn random_bytes_are_no_loot() {
        let noise: Vec<u8> =
            (0..4_096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
        assert_eq!(ransack(&noise, &noise), []);
    }
}

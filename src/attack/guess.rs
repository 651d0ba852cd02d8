//! Offline search for passwords in a stolen table, and for keys in a stolen program: real hashes, real
//! ciphers, and a budget of work.

use std::collections::{BTreeMap, BTreeSet};

use crate::credential::at_rest::{Hashing, PasswordRow, ecb_decrypt};

/// Words that people take for passwords: our own list, the usual suspects first.
const WORDS: &str = include_str!("words.txt");
/// What people put behind a word.
const ENDINGS: [&str; 16] = [
    "", "1", "123", "!", "2", "12", "01", "1!", "99", "2020", "2021", "2022", "2023", "2024",
    "2025", "2026",
];
/// Digits of the longest number that is tried.
const DIGITS_MAX: usize = 6;

/// A password that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whose.
    pub user: String,
    /// What it is.
    pub password: String,
    /// The work that had been spent when it was found, in blocks of 64 bytes hashed.
    pub work: u64,
}

/// What a search ended with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The passwords, in the order in which they were found.
    pub found: Vec<Found>,
    /// All work that was spent.
    pub work: u64,
    /// Hashes that were computed.
    pub guesses: u64,
}

/// Guesses in the order in which they are tried: words as they are, then with endings and capitals, then
/// numbers of up to six digits.
pub fn candidates() -> impl Iterator<Item = String> {
    let words = || WORDS.lines().filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let plain = words().map(ToOwned::to_owned);
    let varied = ENDINGS.iter().flat_map(move |ending| {
        words()
            .flat_map(move |word| [format!("{}{ending}", capital(word)), format!("{word}{ending}")])
    });
    let numbers = (1..=DIGITS_MAX).flat_map(|digits| {
        let end = 10u32.pow(u32::try_from(digits).unwrap_or(0));
        (0..end).map(move |number| format!("{number:0digits$}"))
    });
    plain.chain(varied).chain(numbers)
}

/// Searches for the passwords of a table with a budget of work, in blocks of 64 bytes hashed.
///
/// Rows that were hashed alike and without a salt share every guess; a salt makes each row cost its own.
#[must_use]
pub fn search(rows: &[PasswordRow], budget: u64) -> Search {
    let mut targets: BTreeMap<(u64, Vec<u8>), Target<'_>> = BTreeMap::new();
    for row in rows {
        let key = (kind(row.hashing), row.salt.clone());
        let target = targets.entry(key).or_insert_with(|| Target::of(row));
        target.users.entry(&row.digest).or_default().push(&row.user);
    }
    let mut search = Search::default();
    let mut tried = BTreeSet::new();
    for guess in candidates() {
        // A table of words and endings says some things twice.
        if guess.starts_with(|first: char| first.is_ascii_alphabetic())
            && !tried.insert(guess.clone())
        {
            continue;
        }
        for target in targets.values_mut().filter(|target| !target.users.is_empty()) {
            let cost = target.hashing.work();
            if search.work + cost > budget {
                return search;
            }
            search.work += cost;
            search.guesses += 1;
            target.try_one(&guess, &mut search);
        }
    }
    search
}

/// Rows that one hash is good for.
struct Target<'a> {
    hashing: Hashing,
    salt: &'a [u8],
    users: BTreeMap<&'a [u8], Vec<&'a str>>,
}

impl<'a> Target<'a> {
    fn of(row: &'a PasswordRow) -> Self {
        Self { hashing: row.hashing, salt: &row.salt, users: BTreeMap::new() }
    }

    fn try_one(&mut self, guess: &str, search: &mut Search) {
        let Ok(digest) = self.hashing.digest(guess.as_bytes(), self.salt) else { return };
        let work = search.work;
        for user in self.users.remove(&digest[..]).into_iter().flatten() {
            let found = Found { user: user.to_owned(), password: guess.to_owned(), work };
            search.found.push(found);
        }
    }
}

/// Ways to hash, told apart.
fn kind(hashing: Hashing) -> u64 {
    match hashing {
        Hashing::Md5 => 0,
        Hashing::Sha1 => 1,
        Hashing::Argon2id { memory_kib, passes } => {
            u64::from(memory_kib) << 32 | u64::from(passes) | 1 << 31
        }
    }
}

/// Tries every 16 bytes of a program as the key of its vault: the one under which every record ends in the
/// right padding is it. None if there is no such place, or no record.
#[must_use]
pub fn key_in_program(program: &[u8], records: &[Vec<u8>]) -> Option<[u8; 16]> {
    let last_blocks: Vec<&[u8]> =
        records.iter().filter_map(|record| record.get(record.len().checked_sub(16)?..)).collect();
    if last_blocks.is_empty() {
        return None;
    }
    let mut windows = program.windows(16).filter_map(|window| <[u8; 16]>::try_from(window).ok());
    windows.find(|key| last_blocks.iter().all(|block| ecb_decrypt(key, block).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::KeyBytes;
    use crate::credential::at_rest::{
        AeadVault, EcbVault, PasswordTable, Vault, VaultError, open_record,
    };
    use rand_chacha::ChaCha8Rng;
    use rand_core::{Rng as _, SeedableRng as _};

    const USERS: [(&str, &str); 6] = [
        ("ann", "Summer2024"),
        ("bob", "dragon"),
        ("cem", "dragon"),
        ("dee", "gateway12"),
        ("eve", "4711"),
        ("fay", "Vq8#rT2!zLw0pK"),
    ];
    const BUDGET: u64 = 200_000;

    fn stolen(hashing: Hashing) -> Vec<PasswordRow> {
        let (mut table, mut rng) = (PasswordTable::new(hashing), ChaCha8Rng::seed_from_u64(1));
        for (user, password) in USERS {
            table.set(user, password, &mut rng).unwrap();
            assert!(table.verify(user, password) && !table.verify(user, "password"));
        }
        let rows = PasswordTable::read(&table.storage_image()).unwrap();
        assert_eq!(rows, table.rows());
        rows
    }

    #[test]
    fn bare_hashes_lose_all_but_the_random_password() {
        for hashing in [Hashing::Md5, Hashing::Sha1] {
            let search = search(&stolen(hashing), BUDGET);
            let mut found: Vec<(&str, &str)> =
                search.found.iter().map(|f| (&f.user[..], &f.password[..])).collect();
            found.sort_unstable();
            assert_eq!(found, USERS[..5]);
            assert!(search.work <= BUDGET);
        }
        // Two users of one password fall together.
        let both = search(&stolen(Hashing::Md5), BUDGET);
        assert_eq!(both.found[0].work, both.found[1].work);
    }

    #[test]
    fn a_slow_salted_hash_leaves_the_same_budget_with_the_worst_passwords() {
        let hashing = Hashing::Argon2id { memory_kib: 64, passes: 1 };
        let search = search(&stolen(hashing), BUDGET);
        let found: Vec<&str> = search.found.iter().map(|f| &f.password[..]).collect();
        assert_eq!(search.guesses, BUDGET / 1024);
        assert_eq!(found, ["dragon", "dragon"], "each on its own account");
        assert!(search.found[0].work < search.found[1].work);
    }

    #[test]
    fn hashes_are_those_of_the_standards() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let digest = |hashing: Hashing| hex(hashing.digest(b"abc", b"").unwrap());
        assert_eq!(digest(Hashing::Md5), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digest(Hashing::Sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert!(Hashing::Argon2id { memory_kib: 1, passes: 1 }.digest(b"a", &[0; 16]).is_err());
    }

    fn values() -> impl Iterator<Item = (String, Vec<u8>)> {
        (0..4u8)
            .map(|n| (format!("meter {n}"), format!("address of household {n:03}").into_bytes()))
    }

    #[test]
    fn a_key_in_the_program_opens_the_vault_of_everybody() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut program = vec![0; 4_096];
        rng.fill_bytes(&mut program);
        let mut vault = EcbVault::new(program, 2_711).unwrap();
        for (name, value) in values() {
            vault.put(&name, &value, &mut rng).unwrap();
        }
        let records = vault.storage_image();
        assert_eq!(records[0][..16], records[1][..16], "equal beginnings show");
        let key = key_in_program(vault.program(), &records).unwrap();
        for ((name, value), record) in values().zip(&records) {
            assert_eq!(*ecb_decrypt(&key, record).unwrap(), value);
            assert_eq!(*vault.get(&name).unwrap(), value);
        }
        assert_eq!(key_in_program(&[0; 4_096], &records), None);
        assert_eq!(key_in_program(vault.program(), &[]), None);
    }

    #[test]
    fn after_a_rotation_an_old_key_opens_nothing_on_the_disk() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let old = KeyBytes::new([1; 32]);
        let mut vault = AeadVault::new(old.clone());
        for (name, value) in values() {
            vault.put(&name, &value, &mut rng).unwrap();
        }
        let before = vault.storage_image();
        assert_ne!(before[0][4..20], before[1][4..20]);
        assert_eq!(key_in_program(&[7; 64], &before), None);
        vault.rotate(KeyBytes::new([2; 32]), &mut rng).unwrap();
        let after = vault.storage_image();
        for (n, (name, value)) in values().enumerate() {
            assert_eq!(*vault.get(&name).unwrap(), value);
            assert_eq!(*open_record(&old, &name, &before[n]).unwrap(), value);
            assert_eq!(open_record(&old, &name, &after[n]), None);
        }
        assert_eq!((vault.epoch(), vault.rewritten() > 0), (1, true));
        assert_eq!(vault.get("nobody"), Err(VaultError::Unknown));
    }
}

//! Tables of passwords: what a service keeps to check them.

use md5::{Digest as _, Md5};
use rand_core::Rng;
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

/// Rows of one table.
pub const ROWS_MAX: usize = 1 << 20;
/// The longest password, in bytes.
pub const PASSWORD_MAX: usize = 128;
/// The unit of work of hashing: one block of 64 bytes.
pub const WORK_BLOCK: u64 = 64;
const SALT_LEN: usize = 16;
const NAME_MAX: usize = 64;

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashing {
    /// MD5 without a salt: equal passwords have equal hashes, in every table of the world.
    Md5,
    /// SHA-1 without a salt.
    Sha1,
    /// Argon2id (RFC 9106) with a random salt of 16 bytes, on one lane.
    Argon2id {
        /// Memory in KiB: 8 to 262,144.
        memory_kib: u32,
        /// Passes: 1 to 16.
        passes: u32,
    },
}

/// Why a table does not take or is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Parameters out of their limits.
    #[error("the parameters of the hash are out of bounds")]
    Parameters,
    /// A name or password is empty, too long or has a character that separates columns.
    #[error("a name or password that cannot be kept")]
    Text,
    /// No room.
    #[error("the table is full")]
    Full,
    /// Bytes that are no table.
    #[error("not a table of passwords")]
    Format,
}

impl Hashing {
    /// Whether it is an algorithm that is still recommended (NIST SP 800-63B section 3.1.1.2: salted, and
    /// made to be slow).
    #[must_use]
    pub const fn is_standard(self) -> bool {
        matches!(self, Self::Argon2id { .. })
    }

    /// The work of one hash, in blocks of 64 bytes that go through a compression function: 1 for a short
    /// password; for Argon2id each pass over its memory counts its bytes, which is less than it costs.
    #[must_use]
    pub fn work(self) -> u64 {
        match self {
            Self::Md5 | Self::Sha1 => 1,
            Self::Argon2id { memory_kib, passes } => {
                u64::from(memory_kib) * u64::from(passes) * (1024 / WORK_BLOCK)
            }
        }
    }

    /// The hash of a password.
    ///
    /// # Errors
    /// If parameters are out of bounds.
    pub fn digest(self, password: &[u8], salt: &[u8]) -> Result<Vec<u8>, PasswordError> {
        match self {
            Self::Md5 => Ok(Md5::digest(password).to_vec()),
            Self::Sha1 => Ok(Sha1::digest(password).to_vec()),
            Self::Argon2id { memory_kib, passes } => {
                let is_bounded = (8..=1 << 18).contains(&memory_kib) && (1..=16).contains(&passes);
                let params = argon2::Params::new(memory_kib, passes, 1, Some(32));
                let params = params.ok().filter(|_| is_bounded);
                let argon = argon2::Argon2::new(
                    argon2::Algorithm::Argon2id,
                    argon2::Version::V0x13,
                    params.ok_or(PasswordError::Parameters)?,
                );
                let mut digest = vec![0; 32];
                let hashed = argon.hash_password_into(password, salt, &mut digest);
                hashed.map(|()| digest).map_err(|_| PasswordError::Parameters)
            }
        }
    }

    fn tag(self) -> String {
        match self {
            Self::Md5 => "md5".to_owned(),
            Self::Sha1 => "sha1".to_owned(),
            Self::Argon2id { memory_kib, passes } => format!("argon2id,{memory_kib},{passes}"),
        }
    }

    fn from_tag(tag: &str) -> Option<Self> {
        let parts: Vec<&str> = tag.split(',').collect();
        match parts[..] {
            ["md5"] => Some(Self::Md5),
            ["sha1"] => Some(Self::Sha1),
            ["argon2id", memory, passes] => Some(Self::Argon2id {
                memory_kib: memory.parse().ok()?,
                passes: passes.parse().ok()?,
            }),
            _ => None,
        }
    }

    const fn salt_len(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 => 0,
            Self::Argon2id { .. } => SALT_LEN,
        }
    }
}

/// What a table keeps of one password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRow {
    /// Whose.
    pub user: String,
    /// How it was hashed.
    pub hashing: Hashing,
    /// With this; may be empty.
    pub salt: Vec<u8>,
    /// The hash.
    pub digest: Vec<u8>,
}

/// A table of passwords.
#[derive(Clone, Debug)]
pub struct PasswordTable {
    hashing: Hashing,
    rows: Vec<PasswordRow>,
}

impl PasswordTable {
    /// An empty table.
    #[must_use]
    pub const fn new(hashing: Hashing) -> Self {
        Self { hashing, rows: Vec::new() }
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[PasswordRow] {
        &self.rows
    }

    /// How it hashes.
    #[must_use]
    pub const fn hashing(&self) -> Hashing {
        self.hashing
    }

    /// Whether there is such a user.
    #[must_use]
    pub fn has(&self, user: &str) -> bool {
        self.rows.iter().any(|row| row.user == user)
    }

    /// Sets the password of a user, with a fresh salt if there is one.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn set(
        &mut self,
        user: &str,
        password: &str,
        rng: &mut dyn Rng,
    ) -> Result<(), PasswordError> {
        let is_kept = (1..=NAME_MAX).contains(&user.len())
            && (1..=PASSWORD_MAX).contains(&password.len())
            && !user.contains(['$', '\n']);
        if !is_kept {
            return Err(PasswordError::Text);
        }
        let mut salt = vec![0; self.hashing.salt_len()];
        rng.fill_bytes(&mut salt);
        let digest = self.hashing.digest(password.as_bytes(), &salt)?;
        let row = PasswordRow { user: user.to_owned(), hashing: self.hashing, salt, digest };
        let is_full = self.rows.len() >= ROWS_MAX;
        match self.rows.iter_mut().find(|other| other.user == user) {
            Some(old) => *old = row,
            None if is_full => return Err(PasswordError::Full),
            None => self.rows.push(row),
        }
        Ok(())
    }

    /// Whether this is the password of the user.
    #[must_use]
    pub fn verify(&self, user: &str, password: &str) -> bool {
        let row = self.rows.iter().find(|row| row.user == user);
        row.is_some_and(|row| {
            let digest = row.hashing.digest(password.as_bytes(), &row.salt);
            digest.is_ok_and(|digest| bool::from(digest.ct_eq(&row.digest)))
        })
    }

    /// The table as a file: a line for each user, of name, algorithm, salt and hash.
    #[must_use]
    pub fn storage_image(&self) -> Vec<u8> {
        let line = |row: &PasswordRow| {
            let (salt, digest) = (hex(&row.salt), hex(&row.digest));
            format!("{}${}${salt}${digest}\n", row.user, row.hashing.tag())
        };
        self.rows.iter().map(line).collect::<String>().into_bytes()
    }

    /// The rows of such a file: what a service reads at its start, and a thief at home.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(image: &[u8]) -> Result<Vec<PasswordRow>, PasswordError> {
        let text = str::from_utf8(image).map_err(|_| PasswordError::Format)?;
        let row = |line: &str| {
            let columns: Vec<&str> = line.split('$').collect();
            let [user, tag, salt, digest] = columns[..] else { return None };
            let hashing = Hashing::from_tag(tag)?;
            let (salt, digest) = (unhex(salt)?, unhex(digest)?);
            Some(PasswordRow { user: user.to_owned(), hashing, salt, digest })
        };
        let rows = text.lines().take(ROWS_MAX).map(row);
        rows.collect::<Option<_>>().ok_or(PasswordError::Format)
    }
}

fn hex(bytes: &[u8]) -> String {
    crate::credential::text::hex(bytes, crate::credential::HexCase::Lower)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    crate::credential::text::unhex(text, crate::credential::HexCase::Lower)
}

//! Passwords and sensitive values where they lie for long: tables of hashes, and vaults.
//!
//! Each has its weak forms, which are found in the field, and its strong one. An algorithm that is too
//! weak is named by [`Hashing::is_standard`] and by the type of the vault; nothing here pretends to be
//! strong or weak, the attacks on them are computed.

mod passwords;
mod vault;

pub use passwords::{
    Hashing, PASSWORD_MAX, PasswordError, PasswordRow, PasswordTable, ROWS_MAX, WORK_BLOCK,
};
pub use vault::{AeadVault, EcbVault, RECORDS_MAX, Vault, VaultError, ecb_decrypt, open_record};

//! How keys, software and secrets are looked after.

use super::Checker;
use crate::credential::at_rest::Hashing;
use crate::credential::store::Interface;
use crate::node::{Boot, Commands, CustodySetting};
use crate::scenario::words::{BootWord, CommandsWord, CustodyTable, InterfaceWord, PasswordsWord};

impl Checker<'_> {
    /// The custody of the file, or the defaults.
    pub(super) fn custody(&mut self) -> CustodySetting {
        let absent = CustodyTable::default();
        let file = self.file;
        let words = file.custody.value().unwrap_or(&absent);
        let default = CustodySetting::default();
        CustodySetting {
            commands: match words.commands.value() {
                Some(CommandsWord::Named) => Commands::Named,
                Some(CommandsWord::Signed) => Commands::Signed,
                None => default.commands,
            },
            interface: match words.interface.value() {
                Some(InterfaceWord::Legacy) => Interface::Legacy,
                Some(InterfaceWord::Separated) => Interface::Separated,
                None => default.interface,
            },
            is_paired: words.paired.value().copied().unwrap_or(default.is_paired),
            restore: self.above_zero(&words.restore),
            boot: match words.boot.value() {
                Some(BootWord::Nothing) => Boot::Nothing,
                Some(BootWord::Crc32) => Boot::Crc32,
                Some(BootWord::Signed) => Boot::Signed,
                None => default.boot,
            },
            attestation: self.above_zero(&words.attestation),
            passwords: match words.passwords.value() {
                Some(PasswordsWord::Md5) => Hashing::Md5,
                Some(PasswordsWord::Sha1) => Hashing::Sha1,
                Some(PasswordsWord::Argon2id) => CustodySetting::ARGON2ID,
                None => default.passwords,
            },
        }
    }
}

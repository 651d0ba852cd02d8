//! The table of how keys, software and secrets are looked after.

use crate::scenario::quantity::TimeSpan;
use crate::scenario::table::{choice, table};
use crate::scenario::words::{Flag, OrNone};

table! {
    /// How keys, software and secrets are looked after beside their stores. It matters where an attack is aimed
    /// at them.
    struct CustodyTable {
        /// How management commands are authorised. Default: "signed".
        commands: CommandsWord,
        /// What the HSM of a server answers to its administrators. Default: "separated".
        interface: InterfaceWord,
        /// A device and its secure element are paired: it serves no other host, and its removal raises an
        /// alarm. Default: true.
        paired: Flag,
        /// Servers back up their keys, and are restored this long after a loss; or "none". Default: none.
        restore: OrNone<TimeSpan>,
        /// What a device checks before it runs software. Default: "signed".
        boot: BootWord,
        /// Devices are asked so often what they run, and shut out if it is something else; or "none". Default:
        /// none.
        attestation: OrNone<TimeSpan>,
        /// How servers keep the passwords of their users. Default: "argon2id".
        passwords: PasswordsWord,
    }
}

choice! {
    /// How management commands are authorised.
    enum CommandsWord {
        /// They are believed by the name of their originator.
        Named = "named",
        /// Signed (Ed25519), with a nonce and a role; deletions in bulk need a second administrator.
        Signed = "signed",
    }
}

choice! {
    /// What an HSM answers to its administrators.
    enum InterfaceWord {
        /// Export, and wrapping keys that may do everything.
        Legacy = "legacy",
        /// No export, and wrapping keys of one power.
        Separated = "separated",
    }
}

choice! {
    /// What a device checks before it runs software.
    enum BootWord {
        /// Nothing.
        Nothing = "nothing",
        /// A checksum.
        Crc32 = "crc32",
        /// The vendor's signature over a hash tree, and that the version is not an older one.
        Signed = "signed",
    }
}

choice! {
    /// How passwords are hashed.
    enum PasswordsWord {
        /// MD5 without a salt.
        Md5 = "md5",
        /// SHA-1 without a salt.
        Sha1 = "sha1",
        /// Argon2id with a salt, 64 KiB and one pass.
        Argon2id = "argon2id",
    }
}

//! The tables of attacks on keys, software and secrets in nodes.

use crate::scenario::table::{List, choice, table};
use crate::scenario::words::{Integer, Text};

table! {
    /// Looks for the long-term key of each victim by every way there is, and sets up a clone of it.
    struct BreakInTable {
        /// Whose keys: a fleet.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
        /// The ways that are tried, in order: "management" (a command that reads the slot), "image" (flash and
        /// memory), "power" (a probe beside the chip), "snapshot" (memory in the steps of handshakes, and code in
        /// the device). Default: the first three.
        ways: List<ApproachWord>,
        /// Blocks measured beside each chip. Default: 600.
        traces: Integer<1, 65_536>,
        /// The fleet of one device that is the attacker's own host, behind the same gateway. Default: no clone.
        host: Text,
    }
}

choice! {
    /// A way to a key.
    enum ApproachWord {
        /// A management command that reads the slot.
        Management = "management",
        /// Flash and memory, read out.
        Image = "image",
        /// A probe beside the chip.
        Power = "power",
        /// Memory in the steps of a handshake, and code in the device that asks for the key.
        Snapshot = "snapshot",
    }
}

table! {
    /// Sends each victim a management command in the name of an administrator.
    struct ManagementTable {
        /// Whose keys: a fleet, gateway group or CSE.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
        /// What is commanded.
        @required command: ForgeryWord,
    }
}

choice! {
    /// What a forged command does.
    enum ForgeryWord {
        /// Deletes the key of a device.
        Delete = "delete",
        /// Puts the attacker's key in its place.
        Replace = "replace",
        /// Deletes the keys of all clients of a server.
        Wipe = "wipe",
    }
}

table! {
    /// Takes the keys of a server.
    struct RaidTable {
        /// Whose: a CSE or gateway group.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
    }
}

table! {
    /// Takes the secure element out of each victim.
    struct MoveElementTable {
        /// Whose: a fleet.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
        /// The fleet of one device that is the attacker's own host, behind the same gateway. Default: the element
        /// is only taken away.
        host: Text,
    }
}

table! {
    /// Writes over the chip that the keys of each victim are in, with a programmer at its pins.
    struct ReprogramTable {
        /// Whose: a fleet.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
        /// The fleet of one device that is the attacker's own, behind the same gateway: what is written is a copy of its
        /// chip. Default: the chip is erased.
        from: Text,
    }
}

table! {
    /// Writes software into each victim and restarts it.
    struct PushSoftwareTable {
        /// Whose: a fleet.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
        /// What is written.
        @required image: PayloadWord,
    }
}

choice! {
    /// What is written into a device.
    enum PayloadWord {
        /// The present software with other code in it.
        Patched = "patched",
        /// An older version of the vendor.
        Old = "old",
    }
}

table! {
    /// Steals the passwords of a server's users, as they are kept, and searches them at home.
    struct StealPasswordsTable {
        /// Whose: a CSE or gateway group.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
        /// Work of the search, in blocks of 64 bytes hashed: 1 for MD5 or SHA-1, 1024 for Argon2id with 64 KiB.
        /// Default: 20000.
        budget: Integer<1, 1_000_000_000>,
    }
}

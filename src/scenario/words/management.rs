//! The tables of the management ports of CSEs, and of attacks on them.

use crate::scenario::table::{List, choice, table};
use crate::scenario::words::{Flag, Integer, Text};

table! {
    /// The management port of each CSE: how it is configured, and who looks at that before it starts. It matters where
    /// an attack is aimed at it.
    struct PortTable {
        /// The accounts of its console. Default: "own".
        accounts: AccountsWord,
        /// It has a page for debugging. Default: false.
        debug: Flag,
        /// Its folders show what is in them. Default: false.
        listing: Flag,
        /// The version of its software. Default: "2.5".
        version: VersionWord,
        /// How the CSE is put together. Default: "components".
        architecture: ArchitectureWord,
        /// What becomes of what is found in the configuration at the start. Default: "refuse".
        linter: LinterWord,
    }
}

choice! {
    /// The accounts of a console.
    enum AccountsWord {
        /// Those of its users.
        Own = "own",
        /// Also the one that the product was shipped with.
        Default = "default",
    }
}

choice! {
    /// A version of the software of a port.
    enum VersionWord {
        /// Serves files by encoded paths and believes lengths; its vendor has said so.
        Old = "2.3",
        /// The same by paths that are encoded twice; nobody knows yet.
        Present = "2.4",
        /// Neither.
        New = "2.5",
    }
}

choice! {
    /// How a CSE is put together.
    enum ArchitectureWord {
        /// Parts that hold a handle on their own folder each, and ports for messages.
        Components = "components",
        /// One program with the authority of all its parts.
        Monolith = "monolith",
    }
}

choice! {
    /// What becomes of findings.
    enum LinterWord {
        /// Nobody looks.
        None = "none",
        /// What was found is closed, a wildcard policy included; what cannot be closed keeps the port from starting.
        Close = "close",
        /// The port does not start.
        Refuse = "refuse",
    }
}

table! {
    /// Tries the management port of a server.
    struct ExploreTable {
        /// Whose: a CSE or gateway group.
        @required target: Text,
        /// How many of its members, drawn by the seed. Default: 1.
        members: Integer<1, 10_000_000>,
        /// The ways that are tried, in order: "pages" (for debugging, of folders), "accounts" (that products are shipped
        /// with), "paths" (out of the public folder), "parser" (a length that lies). Default: all.
        ways: List<DoorWord>,
    }
}

choice! {
    /// A way into a management port.
    enum DoorWord {
        /// Pages that answer everybody.
        Pages = "pages",
        /// Accounts with the passwords that they were shipped with.
        Accounts = "accounts",
        /// Paths out of the public folder.
        Paths = "paths",
        /// A message whose length lies.
        Parser = "parser",
    }
}

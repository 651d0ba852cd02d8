//! The parts of a CSE, and the capabilities that each holds.
//!
//! A part opens a file by a handle on a folder, and a handle is all that it can name: where it holds none, there is no
//! path that leads there. Of two other parts the console is served without their files, whichever the architecture: one
//! says whether a password is right, one takes down what was asked for.

use crate::credential::at_rest::PasswordTable;

/// A part of a CSE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Reads what comes in.
    Interface,
    /// Decides who may.
    Access,
    /// Keeps long-term keys.
    Keys,
    /// Keeps the passwords of users.
    Accounts,
    /// Keeps resources.
    Tree,
    /// Keeps what happened.
    Log,
    /// Answers its operator.
    Console,
}

impl Part {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Interface,
        Self::Access,
        Self::Keys,
        Self::Accounts,
        Self::Tree,
        Self::Log,
        Self::Console,
    ];

    /// Its folder.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Access => "access",
            Self::Keys => "keys",
            Self::Accounts => "accounts",
            Self::Tree => "tree",
            Self::Log => "log",
            Self::Console => "console",
        }
    }

    /// The file in which it keeps what it has.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Interface => "readings",
            Self::Access => "policy",
            Self::Keys => "credentials",
            Self::Accounts => "passwords",
            Self::Tree => "resources",
            Self::Log => "requests",
            Self::Console => "settings",
        }
    }

    /// The part whose folder this is.
    #[must_use]
    pub fn of_folder(folder: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|part| part.folder() == folder)
    }
}

/// How a CSE is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Each part is on its own and holds a handle on its own folder.
    Components,
    /// All parts are one program with the authority of all.
    Monolith,
}

impl Architecture {
    /// The name in a scenario.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Components => "components",
            Self::Monolith => "monolith",
        }
    }

    /// The folders that `part` holds handles on.
    #[must_use]
    pub fn handles(self, part: Part) -> &'static [Part] {
        match self {
            Self::Components => {
                let at = Part::ALL.iter().position(|one| *one == part).unwrap_or_default();
                &Part::ALL[at..=at]
            }
            Self::Monolith => Part::ALL,
        }
    }
}

/// What the parts of a CSE keep, beside what the port itself does.
pub struct Inside<'a> {
    /// Its credential store as it lies on disk.
    pub keys: &'a [u8],
    /// The passwords of its users.
    pub accounts: &'a PasswordTable,
    /// Its resources.
    pub tree: &'a [u8],
    /// Its policy.
    pub policy: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_holds_its_own_folder_and_the_monolith_holds_all() {
        for part in Part::ALL {
            assert_eq!(Architecture::Components.handles(*part), [*part]);
            assert_eq!(Architecture::Monolith.handles(*part), Part::ALL);
            assert_eq!(Part::of_folder(part.folder()), Some(*part));
        }
    }
}

//! Commands that manage keys: read, replace, delete. And two ways to authorise them, as two types of
//! command: one is believed by the name of its originator, the other is signed, fresh and bound to a
//! role. What is authorised is then carried out by the store, whose type may still say no.

mod message;
mod named;
mod port;
mod signed;

use serde::{Deserialize, Serialize};

use super::lifetime::Validity;
use super::store::{Entry, KeyName, Store, StoreError, Work};
use super::{KeyBytes, Level};

pub use message::{Answer, MESSAGE_MAX, Message};
pub use named::{NamedAuthority, NamedCommand};
pub use port::{Port, Served};
pub use signed::{
    Administrator, Approval, NONCE_LEN, NONCES_MAX, Nonce, Quorum, SIGNATURE_LEN, SignedAuthority,
    SignedCommand,
};

/// Targets of one command.
pub const TARGETS_MAX: usize = 10_000;
/// The longest name of an originator or administrator.
pub const WHO_MAX: usize = 255;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Hand out a key.
    Read(KeyName),
    /// Put a key in the place of the one with this name.
    Replace {
        /// What it is called, what it is, when it is good.
        entry: Entry,
        /// The new key.
        key: KeyBytes,
    },
    /// Delete these keys, all or none.
    Delete(Vec<KeyName>),
}

/// What an action needs permission for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Read a key.
    Read,
    /// Replace a key.
    Replace,
    /// Delete keys.
    Delete,
}

impl Action {
    /// What it needs permission for.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Read(_) => Verb::Read,
            Self::Replace { .. } => Verb::Replace,
            Self::Delete(_) => Verb::Delete,
        }
    }

    /// The names of the keys that it is about.
    #[must_use]
    pub fn targets(&self) -> &[KeyName] {
        match self {
            Self::Read(name) => std::slice::from_ref(name),
            Self::Replace { entry, .. } => std::slice::from_ref(&entry.name),
            Self::Delete(names) => names,
        }
    }

    /// The action as bytes that no other action has: what a signature covers.
    #[must_use]
    pub fn canonical(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let mut bytes = zeroize::Zeroizing::new(vec![self.verb() as u8]);
        bytes.extend(u32::try_from(self.targets().len()).unwrap_or(u32::MAX).to_be_bytes());
        for name in self.targets() {
            put_text(name.as_str(), &mut bytes);
        }
        if let Self::Replace { entry: Entry { level, validity, .. }, key } = self {
            let Validity { not_before, not_after } = validity;
            bytes.push(*level as u8);
            bytes.extend(not_before.0.to_be_bytes());
            bytes.extend(not_after.0.to_be_bytes());
            bytes.extend(key.expose());
        }
        bytes
    }
}

/// A text with its length in front, so that texts side by side cannot be mistaken for others.
fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(text.as_bytes());
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The key that was read.
    Read(KeyBytes),
    /// A key was replaced.
    Replaced,
    /// So many keys were deleted.
    Deleted(usize),
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why a command was not carried out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
        pub enum Refusal {
            $($(#[$doc])* #[error($name)] $variant,)*
            /// The store said no.
            #[error(transparent)]
            Store(#[from] StoreError),
        }

        impl Refusal {
            /// The name in metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Store(error) => error.name(),
                }
            }
        }
    };
}

refusals! {
    /// No administrator has this name.
    UnknownOriginator = "command_unknown_originator",
    /// The administrator does not hold the role of the command.
    RoleNotHeld = "command_role_not_held",
    /// The role may not do this.
    NotPermitted = "command_not_permitted",
    /// The signature is not the administrator's over this command.
    Signature = "command_signature",
    /// The nonce was never issued, or too long ago.
    NonceUnknown = "command_nonce_unknown",
    /// The nonce has been used: a replay.
    Replayed = "command_replayed",
    /// A deletion in bulk without as many approvals as it needs.
    Quorum = "command_quorum",
    /// No target, or too many, or a name that is too long.
    Bounds = "command_bounds",
    /// The place is of a type from which no key can be read.
    NotReadable = "command_not_readable",
    /// Bytes that are no command.
    Malformed = "command_malformed",
    /// A command that proves nothing, where proof is asked for, or the other way round.
    OtherKind = "command_other_kind",
    /// Only a key of the same level can take the place of a key.
    OtherLevel = "command_other_level",
}

/// What a role may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Permissions {
    /// Read keys.
    pub read: bool,
    /// Replace keys.
    pub replace: bool,
    /// Delete keys.
    pub delete: bool,
}

impl Permissions {
    /// Whether this is among them.
    #[must_use]
    pub const fn allow(self, verb: Verb) -> bool {
        match verb {
            Verb::Read => self.read,
            Verb::Replace => self.replace,
            Verb::Delete => self.delete,
        }
    }
}

/// What an administrator acts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Auditor,
    /// Replaces.
    Operator,
    /// Replaces and deletes.
    Custodian,
}

/// Who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleTable {
    /// What an auditor may do.
    pub auditor: Permissions,
    /// What an operator may do.
    pub operator: Permissions,
    /// What a custodian may do.
    pub custodian: Permissions,
}

impl Default for RoleTable {
    fn default() -> Self {
        let none = Permissions::default();
        Self {
            auditor: Permissions { read: true, ..none },
            operator: Permissions { replace: true, ..none },
            custodian: Permissions { replace: true, delete: true, ..none },
        }
    }
}

impl RoleTable {
    /// What this role may do.
    #[must_use]
    pub const fn of(&self, role: Role) -> Permissions {
        match role {
            Role::Auditor => self.auditor,
            Role::Operator => self.operator,
            Role::Custodian => self.custodian,
        }
    }
}

/// A way to decide whether a command may be carried out.
pub trait Authority {
    /// The commands that it decides on.
    type Command;

    /// The action of the command, if it is authorised.
    fn authorise<'c>(&mut self, command: &'c Self::Command) -> Result<&'c Action, Refusal>;
}

/// Authorises a command and has the store carry it out.
pub fn handle<A: Authority>(
    command: &A::Command,
    authority: &mut A,
    store: &mut Store,
    work: &mut Work,
) -> Result<Done, Refusal> {
    let action = authority.authorise(command)?;
    carry_out(action, store, work)
}

/// Checks what can be said of an action without a store.
fn check_bounds(action: &Action, who: &str) -> Result<(), Refusal> {
    let is_bounded = (1..=TARGETS_MAX).contains(&action.targets().len());
    if is_bounded && who.len() <= WHO_MAX { Ok(()) } else { Err(Refusal::Bounds) }
}

fn carry_out(action: &Action, store: &mut Store, work: &mut Work) -> Result<Done, Refusal> {
    match action {
        Action::Read(name) => {
            let readable = store.readable().ok_or(Refusal::NotReadable)?;
            Ok(Done::Read(readable.read(name.as_bytes())?))
        }
        Action::Replace { entry, key } => {
            check_level(store, entry, entry.level)?;
            store.keys_mut().write(entry.clone(), key.clone(), work)?;
            Ok(Done::Replaced)
        }
        Action::Delete(names) => {
            let is_known = |name: &KeyName| store.keys().attributes(name.as_bytes()).is_some();
            let mut unique = names.clone();
            unique.sort();
            unique.dedup();
            if !unique.iter().all(is_known) {
                return Err(StoreError::Unknown.into());
            }
            for name in &unique {
                store.keys_mut().erase(name.as_bytes(), work)?;
            }
            Ok(Done::Deleted(unique.len()))
        }
    }
}

fn check_level(store: &Store, entry: &Entry, level: Level) -> Result<(), Refusal> {
    let old = store.keys().attributes(entry.name.as_bytes()).ok_or(StoreError::Unknown)?;
    if old.level == level { Ok(()) } else { Err(Refusal::OtherLevel) }
}

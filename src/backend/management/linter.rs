//! The linter that reads a CSE's configuration before it starts (TR-0008 CM25).

use super::{Setting, Version};

/// Accounts that products are shipped with, and that every list of default passwords has.
pub const DEFAULT_ACCOUNTS: [(&str, &str); 5] = [
    ("admin", "admin"),
    ("admin", "password"),
    ("root", "root"),
    ("operator", "operator"),
    ("guest", "guest"),
];

/// What is done about findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linter {
    /// Nobody looks.
    None,
    /// What was found is closed, and the rest starts. What cannot be closed keeps the port from starting.
    Close,
    /// The port does not start.
    Refuse,
}

impl Linter {
    /// The name in a scenario.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Close => "close",
            Self::Refuse => "refuse",
        }
    }
}

/// A misconfiguration (TR-0008 T19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// An account has the password that it was shipped with.
    DefaultAccount,
    /// A page for debugging answers everybody.
    DebugPage,
    /// Folders show what is in them.
    DirectoryListing,
    /// The version has a flaw that its vendor made known.
    KnownFlaw,
    /// A policy lets everybody do everything.
    WildcardPolicy,
    /// Originators are believed by their name.
    ClaimedOriginators,
    /// Messages have no protection.
    NoProtection,
    /// Associations take a key that everybody knows, so the exchange is anonymous.
    AnonymousExchange,
}

impl Finding {
    /// Its name in the ledger, in logs and in warnings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DefaultAccount => "default_account",
            Self::DebugPage => "debug_page",
            Self::DirectoryListing => "directory_listing",
            Self::KnownFlaw => "known_flaw",
            Self::WildcardPolicy => "wildcard_policy",
            Self::ClaimedOriginators => "claimed_originators",
            Self::NoProtection => "no_protection",
            Self::AnonymousExchange => "anonymous_exchange",
        }
    }

    /// The word of a scenario that puts it right.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::DefaultAccount => "management.accounts = \"own\"",
            Self::DebugPage => "management.debug = false",
            Self::DirectoryListing => "management.listing = false",
            Self::KnownFlaw => "management.version = \"2.5\"",
            Self::WildcardPolicy => "security.access = \"closed\"",
            Self::ClaimedOriginators => "security.originators = \"proven\"",
            Self::NoProtection => "security.profile = \"dtls13\"",
            Self::AnonymousExchange => "security.keys = \"provisioned\"",
        }
    }

    /// It can be closed at the start: the rest runs without it.
    #[must_use]
    pub const fn can_close(self) -> bool {
        matches!(
            self,
            Self::DefaultAccount
                | Self::DebugPage
                | Self::DirectoryListing
                | Self::KnownFlaw
                | Self::WildcardPolicy
        )
    }
}

/// How the CSE around the port is configured.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// A policy at the root lets everybody do everything.
    pub has_wildcard_policy: bool,
    /// Originators are believed by their name.
    pub believes_originators: bool,
    /// Messages have no protection.
    pub is_plain: bool,
    /// Associations take a key that everybody knows.
    pub is_anonymous: bool,
}

/// What is wrong with a configuration, in the order of [`Finding`]; `is_password` tells whether a user has a password.
#[must_use]
pub fn lint(
    setting: &Setting,
    around: &Surroundings,
    is_password: &dyn Fn(&str, &str) -> bool,
) -> Vec<Finding> {
    let has_default =
        || DEFAULT_ACCOUNTS.iter().any(|(user, password)| is_password(user, password));
    let all = [
        (Finding::DefaultAccount, has_default()),
        (Finding::DebugPage, setting.has_debug_page),
        (Finding::DirectoryListing, setting.lists_folders),
        (Finding::KnownFlaw, setting.version == Version::Old),
        (Finding::WildcardPolicy, around.has_wildcard_policy),
        (Finding::ClaimedOriginators, around.believes_originators),
        (Finding::NoProtection, around.is_plain),
        (Finding::AnonymousExchange, around.is_anonymous),
    ];
    all.into_iter().filter(|(_, is_found)| *is_found).map(|(finding, _)| finding).collect()
}

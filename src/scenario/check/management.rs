//! The management ports of CSEs, and attacks on them.

use super::Checker;
use super::network::Network;
use crate::association::Profile;
use crate::attack::{Door, Explore, Program, Victims};
use crate::backend::management::{
    Architecture, DEFAULT_ACCOUNTS, Finding, Linter, Setting, Surroundings, Version, lint,
};
use crate::scenario::codes::Code;
use crate::scenario::plan::{KeySharing, Security};
use crate::scenario::source::Place;
use crate::scenario::table::Field;
use crate::scenario::words::{
    AccountsWord, ArchitectureWord, DoorWord, ExploreTable, LinterWord, PortTable, VersionWord,
};

impl Checker<'_> {
    /// The ports of the file, if it has any; what their linter will find is a warning.
    pub(super) fn management(&mut self, security: Option<&Security>) -> Option<Setting> {
        let at = self.file.management.given()?;
        let setting = setting(&at.value);
        let around = security.map(surroundings).unwrap_or_default();
        let has_default = setting.has_default_account;
        let is_default =
            |user: &str, password: &str| has_default && (user, password) == DEFAULT_ACCOUNTS[0];
        for finding in lint(&setting, &around, &is_default) {
            let place = place_of(finding, &at.value).unwrap_or(at.place);
            let message = format!("misconfigured: {}", finding.name());
            self.report
                .add(Code::Misconfigured, place, message)
                .hint(format!("`{}` puts it right", finding.remedy()));
        }
        Some(setting)
    }

    pub(super) fn explore(
        &mut self,
        field: &Field<ExploreTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let at = field.given()?;
        let words = &at.value;
        let victims = self.victims(&words.target, &words.members, network);
        if self.file.management.is_absent() {
            self.report
                .add(Code::MissingField, at.place, "there is no port to explore")
                .hint("add a table `[management]`");
        }
        let door = |word: &DoorWord| match word {
            DoorWord::Pages => Door::Pages,
            DoorWord::Accounts => Door::Accounts,
            DoorWord::Paths => Door::Paths,
            DoorWord::Parser => Door::Parser,
        };
        let all = || vec![Door::Pages, Door::Accounts, Door::Paths, Door::Parser];
        let ways = words.ways.value();
        let doors = ways.map_or_else(all, |list| list.0.iter().map(|at| door(&at.value)).collect());
        Some((Explore { doors }.into(), victims?))
    }
}

fn setting(words: &PortTable) -> Setting {
    let default = Setting::default();
    let flag = |field: &Field<bool>, default| field.value().copied().unwrap_or(default);
    Setting {
        has_default_account: words.accounts.value() == Some(&AccountsWord::Default),
        has_debug_page: flag(&words.debug, default.has_debug_page),
        lists_folders: flag(&words.listing, default.lists_folders),
        version: match words.version.value() {
            Some(VersionWord::Old) => Version::Old,
            Some(VersionWord::Present) => Version::Present,
            Some(VersionWord::New) => Version::New,
            None => default.version,
        },
        architecture: match words.architecture.value() {
            Some(ArchitectureWord::Components) => Architecture::Components,
            Some(ArchitectureWord::Monolith) => Architecture::Monolith,
            None => default.architecture,
        },
        linter: match words.linter.value() {
            Some(LinterWord::None) => Linter::None,
            Some(LinterWord::Close) => Linter::Close,
            Some(LinterWord::Refuse) => Linter::Refuse,
            None => default.linter,
        },
    }
}

/// The word that a finding is about, if it stands in the table of the port.
fn place_of(finding: Finding, words: &PortTable) -> Option<Place> {
    match finding {
        Finding::DefaultAccount => words.accounts.given().map(|at| at.place),
        Finding::DebugPage => words.debug.given().map(|at| at.place),
        Finding::DirectoryListing => words.listing.given().map(|at| at.place),
        Finding::KnownFlaw => words.version.given().map(|at| at.place),
        _ => None,
    }
}

/// What the linter reads of the configuration around the port.
pub(crate) fn surroundings(security: &Security) -> Surroundings {
    Surroundings {
        has_wildcard_policy: security.open_access,
        believes_originators: security.believes_originators,
        is_plain: security.association.profile == Profile::Plain,
        is_anonymous: security.keys == KeySharing::Everybody,
    }
}

//! Applications behind CSEs.

use super::Checker;
use super::network::Network;
use crate::backend::{Coding, Setting, native, page, sql, tenants};
use crate::scenario::codes::Code;
use crate::scenario::plan::{Backend, Registrar};
use crate::scenario::source::{enumerate, quote};
use crate::scenario::table::{Entry, Field};
use crate::scenario::words::{
    BackendTable, CodedTable, CodingWord, EscapingWord, HandlesWord, NativeCheckWord, NativeTable,
    PageCheckWord, PageTable, QueryWord, SlotWord, SqlTable, TenantsTable, TypesWord,
};

/// Applications that one scenario may have.
const BACKENDS_MAX: usize = 32;

impl Checker<'_> {
    /// The applications, in the order of their names.
    pub(super) fn backends(&mut self, network: &Network) -> Vec<Backend> {
        let file = self.file;
        let named = file.backend.value().into_iter().flat_map(|named| &named.0);
        let mut all: Vec<Backend> = Vec::new();
        for (name, entry) in named {
            self.well_formed(name, entry.key);
            let Some(backend) = self.backend(name, entry, network) else { continue };
            let form = backend.setting.form();
            let other = all.iter().find(|one| one.fleet == backend.fleet);
            if let Some(other) = other.filter(|one| one.setting.form() != form) {
                let message =
                    format!("{} expects other contents of this fleet", quote(&other.name));
                self.report.add(Code::OneApplication, entry.key, message);
            }
            if all.len() == BACKENDS_MAX {
                let message = format!("there are more than {BACKENDS_MAX} applications");
                self.report.add(Code::OutOfRange, entry.key, message);
                break;
            }
            all.push(backend);
        }
        all
    }

    fn backend(
        &mut self,
        name: &str,
        entry: &Entry<BackendTable>,
        network: &Network,
    ) -> Option<Backend> {
        let words = &entry.value;
        let setting = self.backend_setting(words, entry);
        let (cse_at, fleet_at) = (words.cse.given()?, words.fleet.given()?);
        let cse = network.cse_index.get(&cse_at.value).copied();
        if cse.is_none() {
            self.dangling("CSE", cse_at, network.cse_index.keys().map(String::as_str));
        }
        let fleet = network.fleet_index.get(&fleet_at.value).copied();
        if fleet.is_none() {
            self.dangling("fleet", fleet_at, network.fleet_index.keys().map(String::as_str));
        }
        let (cse, fleet) = (cse?, fleet?);
        if network.fleets.get(fleet)?.registrar != Registrar::Cse(cse) {
            let message = format!("{} reports to another registrar", quote(&fleet_at.value));
            self.report.add(Code::OneApplication, fleet_at.place, message);
        }
        Some(Backend { name: name.to_owned(), cse, fleet, setting: setting? })
    }

    fn backend_setting(
        &mut self,
        words: &BackendTable,
        entry: &Entry<BackendTable>,
    ) -> Option<Setting> {
        let all = [
            ("sql", words.sql.value().map(sql_setting)),
            ("xpath", words.xpath.value().map(|it| Setting::Xpath { coding: coded(it) })),
            ("ldap", words.ldap.value().map(|it| Setting::Ldap { coding: coded(it) })),
            ("header", words.header.value().map(|it| Setting::Header { coding: coded(it) })),
            ("shell", words.shell.value().map(|it| Setting::Shell { coding: coded(it) })),
            ("page", words.page.value().map(page_setting)),
            ("native", words.native.value().map(native_setting)),
            ("tenants", words.tenants.value().map(tenants_setting)),
        ];
        let given: Vec<_> =
            all.into_iter().filter_map(|(name, setting)| Some((name, setting?))).collect();
        let [(_, setting)] = given.as_slice() else {
            let message = match given.len() {
                0 => "this application does nothing".to_owned(),
                _ => format!("this is several: {}", enumerate(given.iter().map(|(name, _)| *name))),
            };
            self.report.add(Code::OneApplication, entry.key, message);
            return None;
        };
        Some(*setting)
    }
}

fn coding(field: &Field<CodingWord>) -> Coding {
    match field.value() {
        Some(CodingWord::Concatenated) => Coding::Concatenated,
        Some(CodingWord::Escaped) => Coding::Escaped,
        Some(CodingWord::Bound) | None => Coding::Bound,
    }
}

fn coded(words: &CodedTable) -> Coding {
    coding(&words.coding)
}

fn sql_setting(words: &SqlTable) -> Setting {
    let query = match words.query.value() {
        Some(QueryWord::Name) | None => sql::Query::Name,
        Some(QueryWord::Number) => sql::Query::Number,
        Some(QueryWord::Store) => sql::Query::Store,
        Some(QueryWord::Report) => sql::Query::Report,
    };
    Setting::Sql { query, coding: coding(&words.coding) }
}

fn page_setting(words: &PageTable) -> Setting {
    let slot = match words.slot.value() {
        Some(SlotWord::Name) => page::Slot::Name,
        Some(SlotWord::Content) | None => page::Slot::Content,
        Some(SlotWord::Link) => page::Slot::Link,
        Some(SlotWord::Search) => page::Slot::Search,
        Some(SlotWord::Fragment) => page::Slot::Fragment,
    };
    let escaping = match words.escaping.value() {
        Some(EscapingWord::None) => page::Escaping::None,
        Some(EscapingWord::OneTag) => page::Escaping::OneTag,
        Some(EscapingWord::Markup) => page::Escaping::Markup,
        Some(EscapingWord::Contextual) | None => page::Escaping::Contextual,
    };
    let validation = match words.validation.value() {
        Some(PageCheckWord::Whitelist) => page::Validation::Whitelist,
        Some(PageCheckWord::None) | None => page::Validation::None,
    };
    Setting::Page { slot, escaping, validation }
}

fn native_setting(words: &NativeTable) -> Setting {
    let check = match words.check.value() {
        Some(NativeCheckWord::None) => native::Check::None,
        Some(NativeCheckWord::Validating) | None => native::Check::Validating,
    };
    Setting::Native { check }
}

fn tenants_setting(words: &TenantsTable) -> Setting {
    let handles = match words.handles.value() {
        Some(HandlesWord::AllPowerful) => tenants::Handles::AllPowerful,
        Some(HandlesWord::PerRole) | None => tenants::Handles::PerRole,
    };
    let validation = match words.validation.value() {
        Some(TypesWord::None) => tenants::Validation::None,
        Some(TypesWord::Typed) | None => tenants::Validation::Typed,
    };
    Setting::Tenants { handles, validation }
}

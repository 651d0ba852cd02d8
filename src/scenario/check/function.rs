//! MAFs, MEFs, and the devices that need them.

use super::Checker;
use super::class::Role;
use super::keys::StoreWords;
use super::network::{Network, queue};
use crate::scenario::codes::Code;
use crate::scenario::plan::{Enrolment, Function, FunctionKind};
use crate::scenario::source::{Place, quote};
use crate::scenario::table::{Entry, Field};
use crate::scenario::words::{EnrolmentWord, FunctionTable};

impl Checker<'_> {
    /// The MAFs, then the MEFs.
    pub(super) fn functions(&mut self, network: &mut Network) {
        let file = self.file;
        for (kind, field) in [(FunctionKind::Maf, &file.maf), (FunctionKind::Mef, &file.mef)] {
            let named = field.value().into_iter().flat_map(|named| &named.0);
            for (number, (name, entry)) in named.enumerate() {
                if number > 0 {
                    let message = format!("{} is a second group of its kind", quote(name));
                    self.report
                        .add(Code::Enrolment, entry.key, message)
                        .hint("give one group a `count`: clients are shared between its members");
                    continue;
                }
                if let Some(function) = self.function(kind, name, entry, network) {
                    network.function_index.insert(name.clone(), network.functions.len());
                    network.functions.push(function);
                }
            }
        }
    }

    fn function(
        &mut self,
        kind: FunctionKind,
        name: &str,
        entry: &Entry<FunctionTable>,
        network: &mut Network,
    ) -> Option<Function> {
        let words = &entry.value;
        let class = self.class(&words.class, Role::Endpoint);
        let link = self.use_link(&words.link, false, network);
        let store = StoreWords { store: &words.store, hsm: &words.hsm };
        let store = self.keys_of(name, store, true, None, network);
        Some(Function {
            name: name.to_owned(),
            kind,
            count: words.count.value().map_or(1, |count| count.0),
            class: class?,
            link: link?,
            workers: words.workers.value().map_or(1, |workers| workers.0),
            queue: queue(&words.queue),
            store,
        })
    }

    /// How a fleet enrols; the functions that this takes are there.
    pub(super) fn enrolment(&mut self, own: &Field<EnrolmentWord>) -> Enrolment {
        let file = self.file;
        let security = file.security.value();
        let general = security.and_then(|security| security.enrolment.given());
        let Some(at) = own.given().or(general) else { return Enrolment::Provisioned };
        let (enrolment, kind, is_there) = match at.value {
            EnrolmentWord::Provisioned => return Enrolment::Provisioned,
            EnrolmentWord::Maf => (Enrolment::Maf, "maf", !file.maf.is_absent()),
            EnrolmentWord::Mef => (Enrolment::Mef, "mef", !file.mef.is_absent()),
            EnrolmentWord::Network => (Enrolment::Network, "mef", !file.mef.is_absent()),
        };
        if !is_there {
            let message = format!("this enrolment needs a {}", kind.to_uppercase());
            self.report
                .add(Code::Enrolment, at.place, message)
                .hint(format!("add `[{kind}.NAME]` with class and link"));
        }
        if enrolment != Enrolment::Maf && self.second_factor() {
            self.two_factors_from_a_mef(at.place);
        }
        enrolment
    }

    fn two_factors_from_a_mef(&mut self, place: Place) {
        self.report
            .add(Code::Enrolment, place, "a MEF hands out one key, and two factors are asked for")
            .hint("use \"maf\" or \"provisioned\", or leave out the second factor");
    }
}

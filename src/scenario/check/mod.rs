//! From words to the plan: names resolved, defaults filled in, everything impossible refused.

mod attack;
mod backend;
mod class;
mod connection_id;
mod console;
mod custody;
mod custody_attack;
mod event;
mod expect;
mod fault;
mod function;
mod keys;
mod link;
mod management;
mod network;
mod overload;
mod risk;
mod security;
mod spread;

use std::collections::BTreeMap;

pub use expect::expectation;
pub(crate) use management::surroundings;

use super::codes::Code;
use super::diagnostics::Diagnostics;
use super::plan::Plan;
use super::source::{At, Place, enumerate, nearest, quote};
use super::table::Field;
use super::words::{File, ScenarioTable};
use crate::sim::time::Duration;

/// Names that metrics use for whole tiers.
const TIERS: [&str; 5] = ["device", "gateway", "cse", "maf", "mef"];
/// Longest name of a group, class or link, in bytes; identities of devices begin with it.
pub const NAME_LEN_MAX: usize = 32;
/// Longest name of a scenario, in bytes.
pub const SCENARIO_NAME_LEN_MAX: usize = 64;

/// Names of one kind with the order of their first use.
#[derive(Default)]
struct Used {
    order: Vec<String>,
    index: BTreeMap<String, usize>,
}

impl Used {
    fn index(&mut self, name: &str) -> usize {
        *self.index.entry(name.to_owned()).or_insert_with(|| {
            self.order.push(name.to_owned());
            self.order.len() - 1
        })
    }
}

/// What is at hand while a file is checked.
struct Checker<'a> {
    file: &'a File,
    report: &'a mut Diagnostics,
    /// The end of the run; [`Duration::MAX`] if it is not known.
    duration: Duration,
    classes: Used,
    links: Used,
    /// What each used class must be able to do, and where that was asked.
    roles: BTreeMap<usize, (class::Role, Place)>,
}

/// Checks a file; `None` if anything is wrong, which has been reported then.
pub(super) fn check(
    file: &File,
    question: Option<String>,
    default_name: &str,
    report: &mut Diagnostics,
) -> Option<Plan> {
    let scenario = file.scenario.value();
    let given = scenario.and_then(|scenario| scenario.duration.given());
    let duration = given.map_or(Duration::MAX, |at| Duration(at.value.value));
    if let Some(at) = given.filter(|at| at.value.value == 0) {
        report.add(Code::OutOfRange, at.place, "the run must last longer than 0");
    }
    let name = scenario_name(scenario, default_name, report);
    let mut checker = Checker {
        file,
        report,
        duration,
        classes: Used::default(),
        links: Used::default(),
        roles: BTreeMap::new(),
    };
    checker.names();
    let network = checker.network();
    let association = checker.security();
    checker.connection_ids(&network);
    if let Some(security) = &association {
        checker.check_assurance(&network, &security.association);
        checker.check_servers(&network, security);
    }
    let custody = checker.custody();
    let management = checker.management(association.as_ref());
    let events = checker.events(&network);
    let backends = checker.backends(&network);
    let threat = checker.threat();
    let attacks = checker.attacks(&network);
    let countermeasures = checker.countermeasures(threat);
    let classes = checker.finish_classes();
    let links = checker.finish_links(&network);
    let risk = checker.risk(&network);
    let expectations = checker.expectations();
    checker.unused(&network);
    let mut security = association?;
    security.association.mtu = links.iter().map(|link| link.mtu).min()?;
    Some(Plan {
        name,
        question,
        seed: scenario.and_then(|scenario| scenario.seed.value()).map_or(1, |seed| seed.0),
        duration,
        classes,
        links,
        cses: network.cses,
        gateways: network.gateways,
        fleets: network.fleets,
        functions: network.functions,
        backends,
        security,
        custody,
        management,
        events,
        threat,
        attacks,
        is_attacked: scenario.and_then(|it| it.attacks.value()).is_none_or(|on| *on),
        countermeasures,
        expectations,
        hold: checker.hold(),
        recovery: checker.recovery(),
        risk,
    })
}

fn scenario_name(
    scenario: Option<&ScenarioTable>,
    default: &str,
    report: &mut Diagnostics,
) -> String {
    let Some(at) = scenario.and_then(|scenario| scenario.name.given()) else {
        let name: String = default
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .take(SCENARIO_NAME_LEN_MAX)
            .collect();
        return if name.is_empty() { "scenario".to_owned() } else { name };
    };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = at.value.as_str();
    if name.is_empty() || name.len() > SCENARIO_NAME_LEN_MAX || !name.chars().all(fits) {
        report
            .add(Code::BadName, at.place, format!("{} is not a name for a scenario", quote(name)))
            .hint(format!(
                "use lower-case letters, digits and `-`, at most {SCENARIO_NAME_LEN_MAX} of them"
            ));
    }
    name.to_owned()
}

impl<'a> Checker<'a> {
    /// Names of tables: well formed, and each group's name its own.
    fn names(&mut self) {
        let file = self.file;
        let mut groups: BTreeMap<&str, &str> = BTreeMap::new();
        for (kind, name, place) in group_names(file) {
            self.well_formed(name, place);
            let taken = match groups.insert(name, kind) {
                Some(other) => format!("the name {} is taken by a {other}", quote(name)),
                None if TIERS.contains(&name) => {
                    format!("the name {} is taken by the tier of that name", quote(name))
                }
                None => continue,
            };
            self.report
                .add(Code::DuplicateGroup, place, taken)
                .label("taken")
                .hint("CSEs, functions, gateways and fleets share one set of names, because metrics use them");
        }
        let classes = file.class.value().into_iter().flat_map(|named| &named.0);
        let links = file.link.value().into_iter().flat_map(|named| &named.0);
        let places = classes.map(|(name, entry)| (name, entry.key));
        let links = links.map(|(name, entry)| (name, entry.key));
        let places: Vec<_> = places.chain(links).chain(risk::names(file)).collect();
        for (name, place) in places {
            self.well_formed(name, place);
        }
    }

    fn well_formed(&mut self, name: &str, place: Place) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let first = name.chars().next().is_some_and(|c| c.is_ascii_lowercase());
        if first && name.len() <= NAME_LEN_MAX && name.chars().all(fits) {
            return;
        }
        let why =
            if name.len() > NAME_LEN_MAX { "is too long for a name" } else { "is not a name" };
        self.report.add(Code::BadName, place, format!("{} {why}", quote(name))).hint(format!(
            "begin with a lower-case letter, then lower-case letters, digits, `-` and `_`: \
                 at most {NAME_LEN_MAX} in all"
        ));
    }

    /// Reports a word that names nothing.
    fn dangling<'n>(
        &mut self,
        what: &str,
        at: &At<String>,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        self.report
            .add(
                Code::UnknownReference,
                at.place,
                format!("there is no {what} named {}", quote(&at.value)),
            )
            .label("not found")
            .hint_with(|| {
                let known: Vec<&str> = known.into_iter().collect();
                match nearest(&at.value, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => format!("the file has no {what}"),
                    None => format!("there are {}", enumerate(known)),
                }
            });
    }

    /// Warns of what plays no part.
    fn unused(&mut self, network: &network::Network) {
        let file = self.file;
        let idle = |index: usize| !network.fleets.iter().any(|fleet| fleet.via == Some(index));
        let gateways = network.gateway_index.iter().filter(|(_, index)| idle(**index));
        for (name, _) in gateways {
            let Some(entry) = file.gateway.value().and_then(|named| named.0.get(name)) else {
                continue;
            };
            let message = format!("no fleet sits behind the gateways {}", quote(name));
            self.report.add(Code::Unused, entry.key, message);
        }
        let classes = file.class.value().into_iter().flat_map(|named| &named.0);
        let links = file.link.value().into_iter().flat_map(|named| &named.0);
        let classes = classes.filter(|(name, _)| !self.classes.index.contains_key(*name));
        let links = links.filter(|(name, _)| !self.links.index.contains_key(*name));
        let unused: Vec<_> = classes
            .map(|(name, entry)| ("class", name, entry.key))
            .chain(links.map(|(name, entry)| ("link", name, entry.key)))
            .collect();
        for (kind, name, place) in unused {
            let message = format!("the {kind} {} is not used", quote(name));
            self.report.add(Code::Unused, place, message);
        }
    }
}

/// Kind, name and place of every group, in the order of the tiers.
fn group_names(file: &File) -> impl Iterator<Item = (&'static str, &str, Place)> {
    fn of<'a, T>(
        kind: &'static str,
        field: &'a Field<super::table::Named<T>>,
    ) -> impl Iterator<Item = (&'static str, &'a str, Place)> {
        let named = field.value().into_iter().flat_map(|named| &named.0);
        named.map(move |(name, entry)| (kind, name.as_str(), entry.key))
    }
    of("CSE", &file.cse)
        .chain(of("MAF", &file.maf))
        .chain(of("MEF", &file.mef))
        .chain(of("gateway", &file.gateway))
        .chain(of("fleet", &file.fleet))
}

//! CSEs, gateways and fleets, and how they are connected.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
use super::class::Role;
use super::keys::{GroupKeys, StoreWords};
use crate::association::Profile;
use crate::node::Renaming;
use crate::onem2m::end_to_end::OVERHEAD_LEN;
use crate::onem2m::esprim::MAX_KEYS;
use crate::scenario::codes::{Code, Severity};
use crate::scenario::plan::{
    Cse, Enrolment, Fleet, Function, Gateway, Registrar, Schedule, Security, Service, Spread,
    StorePlace, Target, Telemetry,
};
use crate::scenario::preset::names;
use crate::scenario::source::{At, Place, quote};
use crate::scenario::table::{Entry, Field, Named};
use crate::scenario::words::{
    CseTable, FleetTable, GatewayTable, Integer, OrNone, RegistrationWord, ReportsToWord,
    TelemetryTable,
};
use crate::sim::time::Duration;

/// Nodes that one run may have in all.
pub(super) const NODES_MAX: u64 = 10_000_000;

/// The population, and what its links must be able to do.
#[derive(Default)]
pub(super) struct Network {
    pub(super) cses: Vec<Cse>,
    pub(super) gateways: Vec<Gateway>,
    pub(super) fleets: Vec<Fleet>,
    pub(super) functions: Vec<Function>,
    /// Links that lead to the infrastructure.
    pub(super) crossing: BTreeSet<usize>,
    /// Where each link was asked for first.
    pub(super) link_places: BTreeMap<usize, Place>,
    /// Link, bytes and place of each fleet's reports.
    pub(super) reports: Vec<(usize, u32, Place)>,
    /// Where the keys of each group live.
    pub(super) keys: Vec<(String, GroupKeys)>,
    /// Positions of the groups by name.
    pub(super) fleet_index: BTreeMap<String, usize>,
    pub(super) gateway_index: BTreeMap<String, usize>,
    pub(super) cse_index: BTreeMap<String, usize>,
    pub(super) function_index: BTreeMap<String, usize>,
}

impl Network {
    /// The group of this name.
    pub(super) fn named(&self, name: &str) -> Option<Target> {
        let found = |index: &BTreeMap<String, usize>, of: fn(usize) -> Target| {
            index.get(name).map(|number| of(*number))
        };
        found(&self.fleet_index, Target::Fleet)
            .or_else(|| found(&self.gateway_index, Target::Gateway))
            .or_else(|| found(&self.cse_index, Target::Cse))
            .or_else(|| found(&self.function_index, Target::Function))
    }

    /// How many members a group has.
    pub(super) fn count(&self, target: Target) -> u32 {
        match target {
            Target::Fleet(index) => self.fleets[index].count,
            Target::Gateway(index) => self.gateways[index].count,
            Target::Function(index) => self.functions[index].count,
            Target::Cse(_) | Target::Link(_) => 1,
        }
    }
}

/// What a fleet's words `via` and `registrar` mean.
struct Route {
    via: Option<usize>,
    registrar: Registrar,
}

impl<'a> Checker<'a> {
    /// The population; groups with errors are left out.
    pub(super) fn network(&mut self) -> Network {
        let file = self.file;
        let mut network = Network::default();
        for (name, entry) in file.cse.value().into_iter().flat_map(|named| &named.0) {
            if let Some(cse) = self.cse(name, &entry.value, &mut network) {
                network.cse_index.insert(name.clone(), network.cses.len());
                network.cses.push(cse);
            }
        }
        let registrars = self.gateway_registrars();
        for (name, entry) in file.gateway.value().into_iter().flat_map(|named| &named.0) {
            let registers = registrars.contains(name.as_str());
            if let Some(gateway) = self.gateway(name, entry, registers, &mut network) {
                network.gateway_index.insert(name.clone(), network.gateways.len());
                network.gateways.push(gateway);
            }
        }
        for (name, entry) in file.fleet.value().into_iter().flat_map(|named| &named.0) {
            if let Some(fleet) = self.fleet(name, entry, &mut network) {
                network.fleet_index.insert(name.clone(), network.fleets.len());
                network.fleets.push(fleet);
            }
        }
        self.functions(&mut network);
        self.somebody(&network);
        network
    }

    /// Gateway groups that are the registrar of a fleet.
    fn gateway_registrars(&self) -> BTreeSet<&'a str> {
        let fleets = self.file.fleet.value().into_iter().flat_map(|named| named.0.values());
        fleets.filter_map(|entry| entry.value.registrar.value()).map(String::as_str).collect()
    }

    fn somebody(&mut self, network: &Network) {
        let file = self.file;
        let missing = match (nobody(&file.cse), nobody(&file.fleet)) {
            (true, true) => "no CSE and no fleet",
            (true, false) => "no CSE",
            (false, true) => "no fleet",
            (false, false) => "",
        };
        if !missing.is_empty() {
            self.report
                .add(Code::NoPopulation, Place::default(), format!("the scenario has {missing}"))
                .hint(
                    "add `[cse.in]` with a class, and `[fleet.NAME]` with count, class, link and \
                     registrar",
                );
        }
        let gateways = network.gateways.iter().map(|gateway| u64::from(gateway.count));
        let fleets = network.fleets.iter().map(|fleet| u64::from(fleet.count));
        let functions = network.functions.iter().map(|function| u64::from(function.count));
        let nodes =
            gateways.chain(fleets).chain(functions).sum::<u64>() + network.cses.len() as u64;
        if nodes > NODES_MAX {
            let message =
                format!("the scenario has {nodes} nodes; at most {NODES_MAX} can be simulated");
            self.report.add(Code::OutOfRange, Place::default(), message);
        }
    }

    fn cse(&mut self, name: &str, words: &CseTable, network: &mut Network) -> Option<Cse> {
        let store = StoreWords { store: &words.store, hsm: &words.hsm };
        let store = self.keys_of(name, store, true, None, network);
        let class = self.class(&words.class, Role::Endpoint)?;
        Some(Cse {
            name: name.to_owned(),
            class,
            workers: words.workers.value().map_or(1, |workers| workers.0),
            queue: queue(&words.queue),
            triage: self.triage(words),
            console: self.console(&words.console),
            store,
        })
    }

    /// Notes where the keys of a group live, for what is checked of all groups.
    pub(super) fn keys_of(
        &mut self,
        name: &str,
        words: StoreWords<'_>,
        is_server: bool,
        profile: Option<(Profile, Place)>,
        network: &mut Network,
    ) -> StorePlace {
        let keys = GroupKeys { profile, ..self.store_of(words, is_server) };
        network.keys.push((name.to_owned(), keys));
        keys.place
    }

    /// Each server has room for the keys of its clients, and something to bind sessions to.
    pub(super) fn check_servers(&mut self, network: &Network, security: &Security) {
        for (index, cse) in network.cses.iter().enumerate() {
            let at = Registrar::Cse(index);
            let fleets = network.fleets.iter().filter(|fleet| fleet.registrar == at);
            let gateways = network.gateways.iter().filter(|g| g.registers && g.cse == index);
            let clients: u64 = fleets
                .map(|fleet| u64::from(fleet.count))
                .chain(gateways.map(|gateway| u64::from(gateway.count)))
                .sum();
            self.check_slots(network, &cse.name, clients);
        }
        for (index, gateway) in network.gateways.iter().enumerate() {
            let behind =
                |fleet: &&Fleet| (fleet.via, fleet.registrar) == (Some(index), Registrar::Gateway);
            let fleets = network.fleets.iter().filter(behind);
            let clients: u64 = fleets.map(|f| u64::from(f.count.div_ceil(gateway.count))).sum();
            self.check_slots(network, &gateway.name, clients + 1);
        }
        self.check_bound(network, security);
    }

    fn gateway(
        &mut self,
        name: &str,
        entry: &Entry<GatewayTable>,
        registers: bool,
        network: &mut Network,
    ) -> Option<Gateway> {
        let words = &entry.value;
        let role = if registers { Role::Endpoint } else { Role::Forwarder };
        let class = self.class(&words.class, role);
        let link = self.use_link(&words.link, true, network);
        let cse = self.upstream(name, &words.registrar, network);
        let count = words.count.value().map_or(1, |count| count.0);
        let start = self.schedule(&words.start, count);
        let store = StoreWords { store: &words.store, hsm: &words.hsm };
        let store = self.keys_of(name, store, false, None, network);
        Some(Gateway {
            name: name.to_owned(),
            count,
            class: class?,
            workers: words.workers.value().map_or(1, |workers| workers.0),
            queue: queue(&words.queue),
            link: link?,
            cse: cse?,
            registers,
            rate_limit: words
                .rate_limit
                .value()
                .and_then(|limit| limit.0.as_ref())
                .map(|n| n.value),
            start: if registers { start } else { AT_ONCE },
            store,
        })
    }

    /// The CSE that a gateway names as its registrar.
    fn upstream(&mut self, name: &str, field: &Field<String>, network: &Network) -> Option<usize> {
        let at = field.given()?;
        if let Some(index) = network.cse_index.get(&at.value) {
            return Some(*index);
        }
        let file = self.file;
        if names(&file.cse).any(|cse| cse == at.value) {
            return None; // It exists, but is wrong itself.
        }
        if self.report.is_full(Severity::Error) {
            self.not_a_registrar(at, "");
        } else if self.loops(name, &at.value) {
            self.report
                .add(
                    Code::RegistrarLoop,
                    at.place,
                    format!("{} registers with itself in the end", quote(name)),
                )
                .label("closes the loop")
                .hint("name a CSE as the registrar of gateways");
        } else if names(&file.gateway).chain(names(&file.fleet)).any(|group| group == at.value) {
            self.not_a_registrar(at, "gateways register with a CSE only");
        } else {
            self.dangling("CSE", at, names(&file.cse));
        }
        None
    }

    fn not_a_registrar(&mut self, at: &At<String>, hint: &str) {
        let message = format!("{} cannot be the registrar here", quote(&at.value));
        self.report.add(Code::Unreachable, at.place, message).hint(hint);
    }

    /// Do the registrars from `first` on lead back to `start`, or go round for ever?
    fn loops(&self, start: &str, first: &str) -> bool {
        let Some(gateways) = self.file.gateway.value() else { return false };
        let mut seen = BTreeSet::new();
        let mut name = first;
        while let Some(next) = gateways.0.get(name).and_then(|entry| entry.value.registrar.value())
        {
            if name == start || !seen.insert(name) {
                return true;
            }
            name = next;
        }
        name == start
    }

    fn fleet(
        &mut self,
        name: &str,
        entry: &Entry<FleetTable>,
        network: &mut Network,
    ) -> Option<Fleet> {
        let words = &entry.value;
        let class = self.class(&words.class, Role::Device);
        let route = self.route(words, network);
        let straight = route.as_ref().is_some_and(|route| route.via.is_none());
        let link = self.use_link(&words.link, straight, network);
        let count = words.count.value().map(|count| count.0);
        let start = self.schedule(&words.start, count.unwrap_or(1));
        let sealed = words.end_to_end.value() == Some(&true);
        let telemetry =
            words.telemetry.given().and_then(|at| self.telemetry(at, link, sealed, network));
        let profile = words.profile.given().map(|at| (at.value.profile(), at.place));
        let store = StoreWords { store: &words.store, hsm: &words.hsm };
        let store = self.keys_of(name, store, false, profile, network);
        let route = route?;
        Some(Fleet {
            name: name.to_owned(),
            count: count?,
            class: class?,
            link: link?,
            via: route.via,
            registrar: route.registrar,
            profile: profile.map(|(profile, _)| profile),
            connection_id: self.connection_id(words),
            start,
            telemetry,
            visits: self.visits(words, route.registrar, network),
            enrolment: self.enrolment(&words.enrolment),
            service: self.service(words),
            end_to_end: self.end_to_end(words),
            renaming: self.renaming(words),
            store,
            tenant: words.tenant.value().cloned(),
            weight: super::risk::weight(&words.weight),
            battery: super::risk::battery(&words.battery),
        })
    }

    /// How a fleet uses the service layer.
    fn service(&mut self, words: &FleetTable) -> Service {
        let registers = words.registration.value() == Some(&RegistrationWord::Registered);
        let up = words.reports_to.given().filter(|at| at.value == ReportsToWord::HeadEnd);
        let subscribed = words.subscribed_at.given();
        let places = [up.map(|at| at.place), subscribed.map(|at| at.place)];
        for place in places.into_iter().flatten().filter(|_| !registers) {
            self.report
                .add(Code::ServiceLayer, place, "this needs devices that register")
                .hint("set `registration = \"registered\"`");
        }
        if let Some(at) = subscribed.filter(|at| Duration(at.value.value) >= self.duration) {
            self.report.add(Code::AfterTheEnd, at.place, "the run is over by then");
        }
        let subscribed = subscribed.map(|at| Duration(at.value.value));
        Service { registers, reports_up: up.is_some(), subscribed }
    }

    /// How the devices change their names: more slowly than they pause, and with keys that are there from the start.
    fn renaming(&mut self, words: &FleetTable) -> Option<Renaming> {
        let table = words.pseudonyms.given()?;
        let every = table.value.every.given()?;
        let pause = Duration(table.value.pause.value().map_or(0, |pause| pause.value));
        if Duration(every.value.value) <= pause || every.value.value == 0 {
            let message = "names must last longer than the pause between them";
            self.report.add(Code::OutOfRange, every.place, message);
        }
        if self.enrolment(&words.enrolment) != Enrolment::Provisioned {
            let message = "only devices with provisioned keys change their names";
            self.report
                .add(Code::OutOfRange, table.place, message)
                .hint("set `enrolment = \"provisioned\"`");
        }
        let is_on = table.value.on.value() != Some(&false);
        is_on.then_some(Renaming { every: Duration(every.value.value), pause })
    }

    /// Whether reports are protected end to end, to where they go: that must be beyond the registrar.
    fn end_to_end(&mut self, words: &FleetTable) -> bool {
        let Some(at) = words.end_to_end.given().filter(|at| at.value) else { return false };
        if words.reports_to.value() != Some(&ReportsToWord::HeadEnd) {
            self.report
                .add(
                    Code::ServiceLayer,
                    at.place,
                    "this needs reports that go beyond the registrar",
                )
                .hint("set `reports_to = \"head_end\"`");
        }
        if words.count.value().is_some_and(|count| count.0 as usize > MAX_KEYS) {
            let message = format!("a CSE has pairwise keys with at most {MAX_KEYS} devices");
            self.report.add(Code::OutOfRange, at.place, message);
        }
        true
    }

    fn route(&mut self, words: &FleetTable, network: &Network) -> Option<Route> {
        let Ok(via) = self.via(&words.via, network) else { return None };
        let at = words.registrar.given()?;
        if let Some(&gateway) = network.gateway_index.get(&at.value) {
            if via.is_some_and(|via| via != gateway) {
                self.not_a_registrar(
                    at,
                    "the fleet sits behind other gateways: leave out `via`, or name them",
                );
                return None;
            }
            return Some(Route { via: Some(gateway), registrar: Registrar::Gateway });
        }
        if let Some(&cse) = network.cse_index.get(&at.value) {
            if let Some(other) =
                via.map(|via| network.gateways[via].cse).filter(|other| *other != cse)
            {
                let other = quote(&network.cses[other].name);
                self.not_a_registrar(at, &format!("the gateways in `via` forward to {other}"));
                return None;
            }
            return Some(Route { via, registrar: Registrar::Cse(cse) });
        }
        let file = self.file;
        if names(&file.fleet).any(|fleet| fleet == at.value) {
            self.not_a_registrar(at, "a registrar is a CSE or a gateway group");
        } else if !names(&file.cse).chain(names(&file.gateway)).any(|known| known == at.value) {
            self.dangling("CSE or gateway group", at, names(&file.cse).chain(names(&file.gateway)));
        }
        None
    }

    fn via(&mut self, field: &Field<String>, network: &Network) -> Result<Option<usize>, ()> {
        let Some(at) = field.given() else {
            return if field.is_absent() { Ok(None) } else { Err(()) };
        };
        if let Some(index) = network.gateway_index.get(&at.value) {
            return Ok(Some(*index));
        }
        let file = self.file;
        if !names(&file.gateway).any(|gateway| gateway == at.value) {
            self.dangling("gateway group", at, names(&file.gateway));
        }
        Err(())
    }

    pub(super) fn use_link(
        &mut self,
        field: &Field<String>,
        crossing: bool,
        network: &mut Network,
    ) -> Option<usize> {
        let index = self.link(field)?;
        if let Some(at) = field.given() {
            network.link_places.entry(index).or_insert(at.place);
        }
        if crossing {
            network.crossing.insert(index);
        }
        Some(index)
    }

    fn telemetry(
        &mut self,
        at: &At<TelemetryTable>,
        link: Option<usize>,
        is_sealed: bool,
        network: &mut Network,
    ) -> Option<Telemetry> {
        let interval = at.value.interval.given()?;
        if interval.value.value == 0 {
            self.report.add(Code::OutOfRange, interval.place, "the interval must be above 0");
        }
        let size = self.bytes(&at.value.size, 0, 60_000, 0);
        if let (Some(link), Some(place)) = (link, at.value.size.given().map(|at| at.place)) {
            let more = if is_sealed { OVERHEAD_LEN + size / 3 } else { 0 };
            network.reports.push((link, size.saturating_add(more), place));
        }
        let deadline = at.value.deadline.value().map(|deadline| Duration(deadline.value));
        let is_sensitive = at.value.sensitive.value().copied().unwrap_or(false);
        let interval = Duration(interval.value.value);
        Some(Telemetry { interval, size, deadline, is_sensitive })
    }
}

/// True if there is no group of this kind, not even a wrong one.
fn nobody<T>(field: &Field<Named<T>>) -> bool {
    field.is_absent() || field.value().is_some_and(|named| named.0.is_empty())
}

/// All at the start of the run.
const AT_ONCE: Schedule = Schedule { at: Duration::ZERO, spread: Spread::AtOnce };

pub(super) fn queue<const LOW: u32, const HIGH: u32>(
    field: &Field<OrNone<Integer<LOW, HIGH>>>,
) -> Option<u32> {
    field.value().and_then(|queue| queue.0).map(|queue| queue.0)
}

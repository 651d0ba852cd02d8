//! Consoles, terminals, and attacks on the sessions there.

use super::Checker;
use super::network::Network;
use crate::association::Profile;
use crate::attack::{Act, Impersonate, Program, Victims};
use crate::onem2m::session::message::Carriage;
use crate::onem2m::session::{LockOut, Policy, Tokens};
use crate::scenario::codes::Code;
use crate::scenario::plan::{Fleet, Registrar, Security, Visits};
use crate::scenario::source::{At, Place, quote};
use crate::scenario::table::Field;
use crate::scenario::words::{
    ActWord, CarriedWord, ConsoleTable, FleetTable, ImpersonateTable, OrNone, TokensWord,
    VisitsTable,
};
use crate::sim::time::Duration;

/// Terminals of one fleet: each has an account, and its password is hashed when the world is built.
const TERMINALS_MAX: u32 = 4_096;
/// Requests between login and logout, where a file says nothing.
const REQUESTS: u32 = 3;
/// Between two of them, and between two attempts of an attacker, where a file says nothing.
const PAUSE: Duration = Duration::from_secs(1);
/// Attempts of an attacker, where a file says nothing.
const TIMES: u32 = 20;

impl Checker<'_> {
    /// How sessions are looked after at a console, if there is one.
    pub(super) fn console(&mut self, field: &Field<ConsoleTable>) -> Option<Policy> {
        let words = field.value()?;
        let default = Policy::default();
        let flag = |field: &Field<bool>, otherwise| field.value().copied().unwrap_or(otherwise);
        let lock = LockOut::default();
        let lasts = words.locked_for.given();
        if let Some(at) = lasts.filter(|at| at.value.value == 0) {
            self.report.add(Code::OutOfRange, at.place, "this time must be above 0");
        }
        let lasts = lasts.map_or(lock.lasts, |at| Duration(at.value.value));
        let after = or_default(&words.lock_out, Some(lock.after), |after| after.0);
        Some(Policy {
            tokens: match words.tokens.value() {
                Some(TokensWord::Sequential) => Tokens::Sequential,
                Some(TokensWord::Random) | None => default.tokens,
            },
            carriage: match words.carried.value() {
                Some(CarriedWord::Address) => Carriage::Address,
                Some(CarriedWord::Header) | None => default.carriage,
            },
            is_bound: flag(&words.bound, default.is_bound),
            rotates: flag(&words.rotated, default.rotates),
            idle: if words.idle.is_absent() { default.idle } else { self.above_zero(&words.idle) },
            absolute: if words.absolute.is_absent() {
                default.absolute
            } else {
                self.above_zero(&words.absolute)
            },
            revokes: flag(&words.revoked, default.revokes),
            lock_out: after.map(|after| LockOut { after, lasts }),
            alarms: flag(&words.alarms, default.alarms),
        })
    }

    /// How people use the devices of a fleet, if they do.
    pub(super) fn visits(
        &mut self,
        words: &FleetTable,
        registrar: Registrar,
        network: &Network,
    ) -> Option<Visits> {
        let at = words.visits.given()?;
        let has_console = match registrar {
            Registrar::Cse(cse) => network.cses.get(cse).is_some_and(|cse| cse.console.is_some()),
            Registrar::Gateway => false,
        };
        if !has_console {
            self.no_session(at.place, "the registrar of these terminals has no console");
        }
        if !words.telemetry.is_absent() {
            self.no_session(at.place, "a device that people use as a terminal does not report");
        }
        if words.count.value().is_some_and(|count| count.0 > TERMINALS_MAX) {
            let message = format!("a fleet has at most {TERMINALS_MAX} terminals");
            self.report.add(Code::OutOfRange, at.place, message);
        }
        let VisitsTable { interval, requests, pause, typos } = &at.value;
        let pause_at = pause.given();
        for time in interval.given().into_iter().chain(pause_at) {
            if time.value.value == 0 {
                self.report.add(Code::OutOfRange, time.place, "this time must be above 0");
            }
        }
        Some(Visits {
            interval: Duration(interval.value()?.value),
            requests: requests.value().map_or(REQUESTS, |requests| requests.0),
            pause: pause_at.map_or(PAUSE, |at| Duration(at.value.value)),
            typos: typos.value().map_or(0.0, |typos| typos.0),
        })
    }

    /// What sessions are bound to is there.
    pub(super) fn check_bound(&mut self, network: &Network, security: &Security) {
        let file = self.file;
        let fleets = file.fleet.value().into_iter().flat_map(|named| &named.0);
        for (name, entry) in fleets {
            let index = network.fleet_index.get(name);
            let Some((fleet, at)) =
                index.and_then(|index| network.fleets.get(*index)).zip(entry.value.visits.given())
            else {
                continue;
            };
            let Registrar::Cse(cse) = fleet.registrar else { continue };
            let policy = network.cses.get(cse).and_then(|cse| cse.console);
            let profile = fleet.profile.unwrap_or(security.association.profile);
            if profile == Profile::Plain && policy.is_some_and(|policy| policy.is_bound) {
                self.no_session(at.place, "without an association a session is bound to nothing");
            }
        }
    }

    /// An attack on sessions.
    pub(super) fn impersonate(
        &mut self,
        field: &Field<ImpersonateTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let act = match words.act.value()? {
            ActWord::Guess => Act::Guess,
            ActWord::Theft => Act::Theft,
            ActWord::Log => Act::Log,
            ActWord::Fixation => Act::Fixation,
            ActWord::Reuse => Act::Reuse,
            ActWord::Password => Act::Password,
        };
        let target = words.target.given().and_then(|at| self.terminals(at, network));
        let from = words.from.given().and_then(|at| {
            self.victims(&words.from, &Field::Absent, network)?;
            Some((at.place, self.terminals(at, network)?))
        });
        let at = words.act.given().map_or_else(Place::default, |at| at.place);
        match (act.is_at_victim(), words.from.given()) {
            (true, Some(at)) => {
                self.no_session(at.place, "this act takes place at the victim's own terminal");
            }
            (false, None) => self.no_session(at, "this act needs a terminal of the attacker's own"),
            _ => {}
        }
        if let (true, Some(target), Some((place, from))) = (act.is_beside(), target, from) {
            let is_beside = target.via.is_some_and(|via| {
                from.via == Some(via) && network.gateways.get(via).is_some_and(|g| g.count == 1)
            });
            if !is_beside {
                self.no_session(place, "both terminals must be behind the same, single gateway");
            }
        }
        let impersonate = Impersonate {
            act,
            from: words.from.value().cloned(),
            times: words.times.value().map_or(TIMES, |times| times.0),
            every: words.every.value().map_or(PAUSE, |every| Duration(every.value)),
        };
        Some((impersonate.into(), victims?))
    }

    /// The fleet of this name, which must be one of terminals.
    fn terminals<'n>(&mut self, at: &At<String>, network: &'n Network) -> Option<&'n Fleet> {
        let index = network.fleet_index.get(&at.value);
        let fleet = index.and_then(|index| network.fleets.get(*index));
        let terminals = fleet.filter(|fleet| fleet.visits.is_some());
        if terminals.is_none() && self.group_is_known(&at.value) {
            self.no_session(at.place, &format!("nobody logs in at {}", quote(&at.value)));
        }
        terminals
    }

    fn group_is_known(&self, name: &str) -> bool {
        super::group_names(self.file).any(|(_, known, _)| known == name)
    }

    fn no_session(&mut self, place: Place, message: &str) {
        self.report.add(Code::Sessions, place, message.to_owned());
    }
}

/// A value that may be absent, or "none".
fn or_default<T, U>(
    field: &Field<OrNone<T>>,
    default: Option<U>,
    of: impl Fn(&T) -> U,
) -> Option<U> {
    match field.value() {
        Some(given) => given.0.as_ref().map(of),
        None => default,
    }
}

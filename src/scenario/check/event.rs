//! What happens on purpose.

use super::Checker;
use super::network::Network;
use super::spread::SpreadWords;
use crate::scenario::codes::Code;
use crate::scenario::plan::{Action, Event, Rekey, Target};
use crate::scenario::source::{At, enumerate, quote};
use crate::scenario::table::Field;
use crate::scenario::words::{ActionTable, EventTable, RekeyTable, RekeyWord};
use crate::sim::time::{Duration, Time};

impl Checker<'_> {
    /// The events in order of time; those at one time in the order of the file.
    pub(super) fn events(&mut self, network: &Network) -> Vec<Event> {
        let file = self.file;
        let events = file.event.value().into_iter().flat_map(|list| &list.0);
        let mut events: Vec<Event> =
            events.filter_map(|event| self.event(event, network)).collect();
        events.sort_by_key(|event| event.at);
        events
    }

    fn event(&mut self, event: &At<EventTable>, network: &Network) -> Option<Event> {
        let words = &event.value;
        let present = [
            ("rekey", !words.rekey.is_absent()),
            ("restart", !words.restart.is_absent()),
            ("expire", !words.expire.is_absent()),
            ("readdress", !words.readdress.is_absent()),
        ];
        let present: Vec<_> =
            present.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
        if present.len() != 1 {
            let message = match present.as_slice() {
                [] => "this event does nothing".to_owned(),
                several => format!(
                    "this event does several things: {}",
                    enumerate(several.iter().copied())
                ),
            };
            self.report.add(Code::OneAction, event.place, message).hint(
                "give each event exactly one of `rekey`, `restart`, `expire` and `readdress`",
            );
        }
        let rekey = words.rekey.given().map(|at| self.rekey(words, &at.value, network));
        let tables = [
            (Action::Restart, &words.restart),
            (Action::Expire, &words.expire),
            (Action::Readdress, &words.readdress),
        ];
        let others = tables.map(|(action, field)| {
            field.given().map(|at| self.action(words, action, &at.value, network))
        });
        std::iter::once(rekey).chain(others).flatten().next()?
    }

    fn rekey(
        &mut self,
        event: &EventTable,
        words: &RekeyTable,
        network: &Network,
    ) -> Option<Event> {
        let with = words.with.given();
        if let Some(at) = with.filter(|at| at.value == RekeyWord::Resume) {
            self.needs_tickets(at.place);
        }
        let spread =
            SpreadWords { jitter: &words.jitter, slots: &words.slots, poisson: &words.poisson };
        let rekey = with.map_or(Rekey::Full, |at| at.value.how());
        self.finish(event, &words.target, Action::Rekey(rekey), &spread, network)
    }

    fn action(
        &mut self,
        event: &EventTable,
        action: Action,
        words: &ActionTable,
        network: &Network,
    ) -> Option<Event> {
        let spread =
            SpreadWords { jitter: &words.jitter, slots: &words.slots, poisson: &words.poisson };
        self.finish(event, &words.target, action, &spread, network)
    }

    fn finish(
        &mut self,
        event: &EventTable,
        target: &Field<String>,
        action: Action,
        spread: &SpreadWords<'_>,
        network: &Network,
    ) -> Option<Event> {
        let found = self.target(target, action, network);
        let at = event.at.given()?;
        let count = match found {
            Some(Target::Fleet(index)) => network.fleets[index].count,
            Some(Target::Gateway(index)) => network.gateways[index].count,
            Some(Target::Function(index)) => network.functions[index].count,
            Some(Target::Cse(_)) | None => 1,
        };
        let moment = Duration(at.value.value);
        let spread = self.spread(spread, Some(at.place), moment, count);
        Some(Event { at: Time::ZERO + moment, target: found?, action, spread })
    }

    fn target(
        &mut self,
        field: &Field<String>,
        action: Action,
        network: &Network,
    ) -> Option<Target> {
        let at = field.given()?;
        let name = at.value.as_str();
        if let Some(&index) = network.fleet_index.get(name) {
            return Some(Target::Fleet(index));
        }
        if let Some(&index) = network.gateway_index.get(name) {
            if action != Action::Restart && !network.gateways[index].registers {
                self.no_keys(at, "these gateways only forward: aim at the fleets behind them");
            }
            return Some(Target::Gateway(index));
        }
        if let Some(&index) = network.cse_index.get(name) {
            if action != Action::Restart {
                self.no_keys(at, "aim at the fleets and gateways that register with it");
            }
            return Some(Target::Cse(index));
        }
        if let Some(&index) = network.function_index.get(name) {
            if action != Action::Restart {
                self.no_keys(at, "aim at the fleets that enrol with it");
            }
            return Some(Target::Function(index));
        }
        let file = self.file;
        let known: Vec<_> = super::group_names(file).map(|(_, known, _)| known).collect();
        if !known.contains(&name) {
            self.dangling("fleet, gateway group or CSE", at, known);
        }
        None
    }

    fn no_keys(&mut self, at: &At<String>, hint: &str) {
        let message = format!("{} has no association of its own as a client", quote(&at.value));
        self.report.add(Code::NoKeys, at.place, message).hint(hint);
    }
}

//! What happens on purpose.

use super::Checker;
use super::network::Network;
use super::spread::SpreadWords;
use crate::scenario::codes::Code;
use crate::scenario::plan::{Action, Change, Event, Rekey, Spread, Target};
use crate::scenario::quantity::TimeSpan;
use crate::scenario::source::{At, Place, enumerate, quote};
use crate::scenario::table::Field;
use crate::scenario::words::{
    ActionTable, ChangeTable, EventTable, FailTable, RekeyTable, RekeyWord,
};
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
            ("fail", !words.fail.is_absent()),
            ("recover", !words.recover.is_absent()),
            ("change", !words.change.is_absent()),
            ("cut", !words.cut.is_absent()),
            ("disturb", !words.disturb.is_absent()),
            ("clock", !words.clock.is_absent()),
            ("full", !words.full.is_absent()),
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
                "give each event exactly one of `rekey`, `restart`, `expire`, `readdress`, `fail`, `recover`, \
                 `change`, `cut`, `disturb`, `clock` and `full`",
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
        let fail = words
            .fail
            .given()
            .map(|at| self.failure(words, at, |member| Action::Fail { member }, network));
        let recover = words
            .recover
            .given()
            .map(|at| self.failure(words, at, |member| Action::Recover { member }, network));
        let change = words.change.given().map(|at| self.change(words, at, network));
        let faults = self.faults(words, network);
        [rekey, fail, recover, change].into_iter().chain(others).chain(faults).flatten().next()?
    }

    /// A failure, or the end of one.
    fn failure(
        &mut self,
        event: &EventTable,
        words: &At<FailTable>,
        action: impl Fn(Option<u32>) -> Action,
        network: &Network,
    ) -> Option<Event> {
        let table = &words.value;
        let at = event.at.given()?;
        let moment = Duration(at.value.value);
        let member = table.member.given();
        let action = action(member.map(|at| at.value.0));
        let target = match (table.target.given(), table.link.given()) {
            (Some(_), None) => self.target(&table.target, action, network),
            (None, Some(link)) => self.used_link(link),
            _ => {
                let message = "a failure has either a `target` or a `link`";
                self.report.add(Code::Risk, words.place, message);
                None
            }
        };
        if moment > self.duration {
            self.after_the_end(at.place, moment);
        }
        if let (Some(member), Some(target)) = (member, target) {
            self.has_member(target, member.value.0, member.place, network);
        }
        Some(Event { at: Time::ZERO + moment, target: target?, action, spread: Spread::AtOnce })
    }

    /// Another level of protection and reporting of a fleet.
    fn change(
        &mut self,
        event: &EventTable,
        at: &At<ChangeTable>,
        network: &Network,
    ) -> Option<Event> {
        let words = &at.value;
        let time = |field: &Field<TimeSpan>| field.value().map(|time| Duration(time.value));
        let window = words.replay_window.value().and_then(|window| u8::try_from(window.0).ok());
        let change = Change {
            key_exchange: words.key_exchange.value().map(|word| word.exchange()),
            replay_window: window,
            key_lifetime: time(&words.key_lifetime),
            interval: time(&words.interval),
        };
        if change == Change::default() {
            self.report.add(Code::OneAction, at.place, "this changes nothing");
        }
        if let Some(at) = words.interval.given().filter(|at| at.value.value == 0) {
            self.report.add(Code::OutOfRange, at.place, "the interval must be above 0");
        }
        let spread =
            SpreadWords { jitter: &words.jitter, slots: &words.slots, poisson: &words.poisson };
        let event = self.finish(event, &words.target, Action::Change(change), &spread, network)?;
        if !matches!(event.target, Target::Fleet(_)) {
            let message = "only the setting of a fleet changes in the course of a run";
            self.report.add(Code::NoKeys, at.place, message);
        }
        Some(event)
    }

    /// A link type that some group uses.
    pub(super) fn used_link(&mut self, at: &At<String>) -> Option<Target> {
        if let Some(&index) = self.links.index.get(&at.value) {
            return Some(Target::Link(index));
        }
        let known = self.links.order.clone();
        self.dangling("link in use", at, known.iter().map(String::as_str));
        None
    }

    /// Reports a member that a target does not have.
    pub(super) fn has_member(
        &mut self,
        target: Target,
        member: u32,
        place: Place,
        network: &Network,
    ) {
        let count = network.count(target);
        if member >= count {
            let message = format!("there is no member {member}: there are {count}, from 0");
            self.report.add(Code::Risk, place, message);
        }
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
        let count = found.map_or(1, |target| network.count(target));
        let moment = Duration(at.value.value);
        let spread = self.spread(spread, Some(at.place), moment, count);
        Some(Event { at: Time::ZERO + moment, target: found?, action, spread })
    }

    pub(super) fn target(
        &mut self,
        field: &Field<String>,
        action: Action,
        network: &Network,
    ) -> Option<Target> {
        let at = field.given()?;
        let name = at.value.as_str();
        if let Some(found) = network.named(name) {
            let hint = match found {
                Target::Gateway(index) if !network.gateways[index].registers => {
                    Some("these gateways only forward: aim at the fleets behind them")
                }
                Target::Cse(_) => Some("aim at the fleets and gateways that register with it"),
                Target::Function(_) => Some("aim at the fleets that enrol with it"),
                _ => None,
            };
            if let Some(hint) = hint.filter(|_| action.needs_keys()) {
                self.no_keys(at, hint);
            }
            return Some(found);
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

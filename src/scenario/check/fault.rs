//! What is out of order for a time, what must hold all the same, and how soon everybody must be served again.

use super::Checker;
use super::network::Network;
use crate::scenario::codes::Code;
use crate::scenario::plan::{
    Action, Event, Invariant, Noise, Recovery, Registrar, Spread, Target, Trouble,
};
use crate::scenario::quantity::TimeSpan;
use crate::scenario::source::{At, Place};
use crate::scenario::table::Field;
use crate::scenario::words::{EventTable, Integer};
use crate::sim::time::{Duration, Time};

/// Longest jump of a clock: a century.
const JUMP_MAX: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A member, as a file names it.
type Member = Field<Integer<0, 9_999_999>>;

impl Checker<'_> {
    /// The fault that an event is, if it is one; what is not a fault is `None`, and what is wrong, too.
    pub(super) fn faults(
        &mut self,
        event: &EventTable,
        network: &Network,
    ) -> [Option<Option<Event>>; 4] {
        let cut = event.cut.given().map(|at| {
            let words = &at.value;
            let target = self.links_of((&words.target, &words.link), at.place, network);
            self.fault(event, (target, &words.member), Trouble::Cut, &words.lasts, network)
        });
        let disturb = event.disturb.given().map(|at| {
            let words = &at.value;
            let target = self.links_of((&words.target, &words.link), at.place, network);
            let noise = Noise {
                loss: words.loss.value().map_or(0.0, |loss| loss.0),
                duplicate: words.duplicate.value().map_or(0.0, |duplicate| duplicate.0),
                jitter: words.jitter.value().map_or(Duration::ZERO, |time| Duration(time.value)),
            };
            if noise == Noise::default() {
                let message = "this disturbs nothing: give `loss`, `duplicate` or `jitter`";
                self.report.add(Code::OneAction, at.place, message);
            }
            self.fault(event, (target, &words.member), Trouble::Noise(noise), &words.lasts, network)
        });
        let clock = event.clock.given().map(|at| {
            let words = &at.value;
            let target = self.target(&words.target, Action::Restart, network);
            let back = words.back.value().copied().unwrap_or(false);
            let trouble = Trouble::Clock(self.jump(&words.by, back)?);
            self.fault(event, (target, &words.member), trouble, &words.lasts, network)
        });
        let full = event.full.given().map(|at| {
            let words = &at.value;
            let target = self.target(&words.target, Action::Restart, network);
            if let Some(target) = target {
                self.needs_store(target, at.place, network);
            }
            self.fault(event, (target, &words.member), Trouble::Full, &words.lasts, network)
        });
        [cut, disturb, clock, full]
    }

    /// The links of a group, or all of a type.
    fn links_of(
        &mut self,
        (target, link): (&Field<String>, &Field<String>),
        place: Place,
        network: &Network,
    ) -> Option<Target> {
        match (target.given(), link.given()) {
            (Some(_), None) => {
                let found = self.target(target, Action::Restart, network)?;
                if matches!(found, Target::Cse(_)) {
                    let message = "a CSE has no link of its own: name those of its clients";
                    self.report.add(Code::Risk, place, message);
                    return None;
                }
                Some(found)
            }
            (None, Some(link)) => self.used_link(link),
            _ => {
                self.report.add(Code::Risk, place, "name either a `target` or a `link`");
                None
            }
        }
    }

    fn needs_store(&mut self, target: Target, place: Place, network: &Network) {
        let is_cse = match target {
            Target::Cse(_) => true,
            Target::Gateway(index) => network
                .fleets
                .iter()
                .any(|fleet| fleet.via == Some(index) && fleet.registrar == Registrar::Gateway),
            _ => false,
        };
        if !is_cse {
            self.report.add(Code::Risk, place, "only a CSE has a store of resources");
        }
    }

    /// Nanoseconds ahead of true time.
    fn jump(&mut self, by: &Field<TimeSpan>, back: bool) -> Option<i64> {
        let at = by.given()?;
        let by = i64::try_from(at.value.value)
            .ok()
            .filter(|by| (1..=JUMP_MAX.0).contains(&by.unsigned_abs()));
        if by.is_none() {
            let message = "a clock jumps by more than 0 and at most a century";
            self.report.add(Code::OutOfRange, at.place, message);
        }
        by.map(|by| if back { -by } else { by })
    }

    fn fault(
        &mut self,
        event: &EventTable,
        (target, member): (Option<Target>, &Member),
        trouble: Trouble,
        lasts: &Field<TimeSpan>,
        network: &Network,
    ) -> Option<Event> {
        let at = event.at.given()?;
        let (moment, target) = (Duration(at.value.value), target?);
        if moment > self.duration {
            self.after_the_end(at.place, moment);
        }
        if let Some(member) = member.given() {
            self.has_member(target, member.value.0, member.place, network);
        }
        let member = member.value().map(|member| member.0);
        // A clock that nobody sets right stays where it is.
        let lasts = lasts.value().map_or(Duration::MAX, |lasts| Duration(lasts.value));
        let action = Action::Fault { member, trouble, lasts };
        Some(Event { at: Time::ZERO + moment, target, action, spread: Spread::AtOnce })
    }

    /// What must not be violated.
    pub(super) fn hold(&mut self) -> Vec<Invariant> {
        let file = self.file;
        let list = file.scenario.value().and_then(|scenario| scenario.hold.value());
        let all = list.into_iter().flat_map(|list| &list.0);
        let mut all: Vec<Invariant> = all.filter_map(|at| self.invariant(at)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn invariant(&mut self, at: &At<String>) -> Option<Invariant> {
        let (code, metric) = match at.value.split_once('.') {
            Some((code, metric)) => (code, Some(metric.to_owned())),
            None => (at.value.as_str(), None),
        };
        Some(Invariant { property: self.property(code, at.place)?, metric })
    }

    /// How soon everybody must be served again.
    pub(super) fn recovery(&mut self) -> Option<Recovery> {
        let at = self.file.scenario.value()?.recovery.given()?;
        let after = Duration(at.value.after.value()?.value);
        let within = Duration(at.value.within.value()?.value);
        if self.duration < after || self.duration.0 - after.0 < within.0 {
            self.after_the_end(at.place, Duration(after.0.saturating_add(within.0)));
        }
        Some(Recovery { after: Time::ZERO + after, within })
    }
}

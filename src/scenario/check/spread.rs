//! How the members of a group are spread in time.

use super::Checker;
use crate::scenario::codes::Code;
use crate::scenario::plan::{Schedule, Spread};
use crate::scenario::quantity::{Frequency, TimeSpan};
use crate::scenario::source::{At, Place};
use crate::scenario::table::Field;
use crate::scenario::words::{SlotsTable, StartTable};
use crate::sim::time::Duration;

/// The three ways to spread, as they were found.
pub(super) struct SpreadWords<'a> {
    pub(super) jitter: &'a Field<TimeSpan>,
    pub(super) slots: &'a Field<SlotsTable>,
    pub(super) poisson: &'a Field<Frequency>,
}

impl Checker<'_> {
    /// When `count` members start.
    pub(super) fn schedule(&mut self, field: &Field<StartTable>, count: u32) -> Schedule {
        let Some(words) = field.value() else {
            return Schedule { at: Duration::ZERO, spread: Spread::AtOnce };
        };
        let at = Duration(words.at.value().map_or(0, |time| time.value));
        let spread = self.spread(
            &SpreadWords { jitter: &words.jitter, slots: &words.slots, poisson: &words.poisson },
            words.at.given().map(|at| at.place),
            at,
            count,
        );
        Schedule { at, spread }
    }

    /// How `count` members are spread after `start`, whose word stands at `start_place`.
    pub(super) fn spread(
        &mut self,
        words: &SpreadWords<'_>,
        start_place: Option<Place>,
        start: Duration,
        count: u32,
    ) -> Spread {
        if let Some(place) = start_place.filter(|_| start > self.duration) {
            self.after_the_end(place, start);
            return Spread::AtOnce;
        }
        let jitter = words.jitter.given().filter(|at| at.value.value > 0);
        let given = [
            jitter.map(|at| at.place),
            words.slots.given().map(|at| at.place),
            words.poisson.given().map(|at| at.place),
        ];
        let mut given = given.into_iter().flatten();
        if let (Some(_), Some(second)) = (given.next(), given.next()) {
            self.report
                .add(Code::TwoSpreads, second, "members are already spread in another way")
                .hint("keep one of `jitter`, `slots` and `poisson`; a jitter of \"0s\" is none");
            return Spread::AtOnce;
        }
        if let Some(at) = jitter {
            return self.jitter(at, start);
        }
        if let Some(at) = words.slots.given() {
            return self.slots(at, start);
        }
        words.poisson.given().map_or(Spread::AtOnce, |at| self.poisson(at, start, count))
    }

    fn jitter(&mut self, at: &At<TimeSpan>, start: Duration) -> Spread {
        let window = Duration(at.value.value);
        self.ends_in_time(at.place, start, window);
        Spread::Jitter(window)
    }

    fn slots(&mut self, at: &At<SlotsTable>, start: Duration) -> Spread {
        let (Some(window), Some(slot)) = (at.value.window.given(), at.value.slot.given()) else {
            return Spread::AtOnce;
        };
        let (window_time, slot_time) = (Duration(window.value.value), Duration(slot.value.value));
        if slot_time == Duration::ZERO {
            self.report.add(Code::OutOfRange, slot.place, "a slot must last longer than 0");
        } else if slot_time > window_time {
            self.report
                .add(
                    Code::SlotTooLong,
                    slot.place,
                    format!("the slot of {slot_time} is longer than its window of {window_time}"),
                )
                .hint("a slot is one part of the window");
        }
        self.ends_in_time(window.place, start, window_time);
        Spread::Slots { window: window_time, slot: slot_time }
    }

    fn poisson(&mut self, at: &At<Frequency>, start: Duration, count: u32) -> Spread {
        let rate = at.value.value;
        if rate <= 0.0 {
            self.report.add(Code::OutOfRange, at.place, "the rate must be above 0");
            return Spread::AtOnce;
        }
        let needed_s = f64::from(count) / rate;
        let left = self.duration - start;
        if needed_s > left.as_secs_f64() {
            self.report.add(
                Code::StartsTooSlow,
                at.place,
                format!(
                    "{count} members at {rate} per second need about {needed_s:.0} s, \
                     but {left} are left"
                ),
            );
        }
        Spread::Poisson(rate)
    }

    fn ends_in_time(&mut self, place: Place, start: Duration, window: Duration) {
        if start + window > self.duration {
            self.after_the_end(place, start + window);
        }
    }

    pub(super) fn after_the_end(&mut self, place: Place, until: Duration) {
        let end = self.duration;
        self.report
            .add(
                Code::AfterTheEnd,
                place,
                format!("this lasts until {until}, but the run ends at {end}"),
            )
            .label("after the end")
            .hint("raise `scenario.duration`, or plan it earlier");
    }
}

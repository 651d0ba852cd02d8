//! Words about overload: what a server drops, and when a device tries again.

use super::Checker;
use crate::node::{Backoff, Growth, Triage};
use crate::scenario::codes::Code;
use crate::scenario::words::{BackoffWord, CseTable, OrderWord, SecurityTable};
use crate::sim::time::Duration;

impl Checker<'_> {
    /// What a CSE does with handshakes while it is overloaded.
    pub(super) fn triage(&mut self, words: &CseTable) -> Triage {
        let admission =
            words.admission.given().and_then(|at| Some((at.place, at.value.0.as_ref()?.value)));
        if let Some((place, _)) = admission.filter(|(_, rate)| *rate <= 0.0) {
            self.report
                .add(Code::OutOfRange, place, "the rate of admission must be above 0")
                .hint("a server that lets nobody in is one that is down: see the event `fail`");
        }
        Triage {
            finish_first: words.order.value() == Some(&OrderWord::FinishFirst),
            stale_hello: self.above_zero(&words.stale_hello),
            admission: admission.map(|(_, rate)| rate),
        }
    }

    /// How a device tries again after failed handshakes.
    pub(super) fn backoff(&mut self, words: &SecurityTable) -> Backoff {
        let Some(at) = words.backoff.given() else { return Backoff::default() };
        if words.retry.value().is_none_or(|retry| retry.0.is_none()) {
            self.report
                .add(Code::MissingField, at.place, "`backoff` needs `retry`, the wait that grows")
                .hint("add `retry = \"10s\"` to [security]");
        }
        let default = Backoff::default();
        let words = &at.value;
        let growth = match words.kind.value() {
            Some(BackoffWord::Exponential) => Growth::Exponential,
            Some(BackoffWord::Full) => Growth::Full,
            Some(BackoffWord::Equal) => Growth::Equal,
            Some(BackoffWord::Decorrelated) => Growth::Decorrelated,
            Some(BackoffWord::Lwm2m) => Growth::Lwm2m,
            Some(BackoffWord::Fixed) | None => Growth::Fixed,
        };
        Backoff {
            growth,
            cap: words.cap.value().map_or(default.cap, |cap| Duration(cap.value)),
            attempts: words.attempts.value().and_then(|n| n.0).map(|n| n.0),
        }
    }
}

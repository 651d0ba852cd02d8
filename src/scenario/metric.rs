//! The names of metrics: what an expectation may speak of, and in which unit.

use std::collections::BTreeMap;

use crate::association::Operation;
use crate::credential::store::StoreOperation;
use crate::measure::{ByteClass, Tier};

/// The unit of a metric's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    Fraction,
    Seconds,
    Joules,
    Bytes,
}

/// Metrics of one value.
const SINGLE: [(&str, Unit); 33] = [
    ("population.devices", Unit::Count),
    ("population.gateways", Unit::Count),
    ("population.cses", Unit::Count),
    ("population.mafs", Unit::Count),
    ("population.mefs", Unit::Count),
    ("enrolment.completed", Unit::Count),
    ("enrolment.failed", Unit::Count),
    ("enrolment.postponed", Unit::Count),
    ("enrolment.makespan_s", Unit::Seconds),
    ("maf.requests", Unit::Count),
    ("mef.requests", Unit::Count),
    ("association.established", Unit::Count),
    ("association.resumed", Unit::Count),
    ("association.failed", Unit::Count),
    ("association.makespan_s", Unit::Seconds),
    ("rekey.requested", Unit::Count),
    ("rekey.completed", Unit::Count),
    ("rekey.failed", Unit::Count),
    ("rekey.makespan_s", Unit::Seconds),
    ("flights.sent", Unit::Count),
    ("flights.needed", Unit::Count),
    ("flights.duplicate_fraction", Unit::Fraction),
    ("message.sent", Unit::Count),
    ("message.delivered", Unit::Count),
    ("onem2m.registered", Unit::Count),
    ("onem2m.subscribed", Unit::Count),
    ("notification.delivered", Unit::Count),
    ("key.overdue_device_s", Unit::Seconds),
    ("session.logins", Unit::Count),
    ("session.lock_outs", Unit::Count),
    ("session.false_lock_outs", Unit::Count),
    ("recovery.devices", Unit::Count),
    ("recovery.lost", Unit::Count),
];

/// Distributions.
const DISTRIBUTIONS: [(&str, Unit); 7] = [
    ("enrolment.time_s", Unit::Seconds),
    ("association.handshake_s", Unit::Seconds),
    ("rekey.time_s", Unit::Seconds),
    ("message.latency_s", Unit::Seconds),
    ("notification.latency_s", Unit::Seconds),
    ("key.age_s", Unit::Seconds),
    ("recovery.time_s", Unit::Seconds),
];

/// Figures of a distribution.
const FIGURES: [&str; 8] = ["count", "mean", "p50", "p90", "p95", "p99", "p999", "max"];

/// `onem2m.requests.` and these: the operations in the order of their numbers.
pub(crate) const REQUESTS: [&str; 5] = ["create", "retrieve", "update", "delete", "notify"];

/// `load.GROUP.` and these.
const LOADS: [(&str, Unit); 3] = [
    ("utilisation_mean", Unit::Fraction),
    ("utilisation_peak_1s", Unit::Fraction),
    ("queue_max", Unit::Count),
];

/// `service.GROUP.` and these, where a fleet's telemetry has a deadline.
const SERVICES: [(&str, Unit); 3] =
    [("offered", Unit::Count), ("served", Unit::Count), ("availability", Unit::Fraction)];

/// `link.NAME.` and these.
const LINKS: [(&str, Unit); 3] =
    [("bytes", Unit::Bytes), ("datagrams", Unit::Count), ("lost", Unit::Count)];

/// The unit of the metric `name`, if it is one of `known` or a reason within an open family.
pub(super) fn unit(name: &str, known: &BTreeMap<String, Unit>) -> Option<Unit> {
    let reason =
        ["message.rejected.", "association.failed.", "enrolment.failed.", "onem2m.refused."]
            .iter()
            .any(|family| reason_of(name, family));
    if reason { Some(Unit::Count) } else { known.get(name).copied() }
}

/// Is `name` a reason within `family`? Reasons are open: each rejection names its own.
fn reason_of(name: &str, family: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    name.strip_prefix(family).is_some_and(|reason| !reason.is_empty() && reason.chars().all(fits))
}

/// Every metric with a closed name, for these groups and links.
pub(super) fn all(groups: &[&str], links: &[&str]) -> BTreeMap<String, Unit> {
    let mut known: BTreeMap<String, Unit> =
        SINGLE.iter().map(|(name, unit)| ((*name).to_owned(), *unit)).collect();
    let mut distribution = |name: &str, unit| {
        for figure in FIGURES {
            let unit = if figure == "count" { Unit::Count } else { unit };
            known.insert(format!("{name}.{figure}"), unit);
        }
    };
    for (name, unit) in DISTRIBUTIONS {
        distribution(name, unit);
    }
    let tiers = Tier::ALL.map(Tier::name);
    for group in tiers.iter().chain(groups) {
        distribution(&format!("energy.{group}_j"), Unit::Joules);
        distribution(&format!("load.{group}.wait_s"), Unit::Seconds);
    }
    for group in tiers.iter().chain(groups) {
        known.extend(LOADS.iter().map(|(load, unit)| (format!("load.{group}.{load}"), *unit)));
    }
    for group in groups {
        for (figure, unit) in SERVICES {
            known.insert(format!("service.{group}.{figure}"), unit);
        }
        known.insert(format!("hsm.{group}.utilisation_mean"), Unit::Fraction);
        for figure in FIGURES {
            let unit = if figure == "count" { Unit::Count } else { Unit::Seconds };
            known.insert(format!("hsm.{group}.wait_s.{figure}"), unit);
        }
    }
    for link in links {
        known.extend(LINKS.iter().map(|(figure, unit)| (format!("link.{link}.{figure}"), *unit)));
        let classes = ByteClass::ALL.map(|class| format!("link.{link}.{}_bytes", class.name()));
        known.extend(classes.map(|name| (name, Unit::Bytes)));
    }
    let operations = Operation::ALL.map(Operation::name);
    known.extend(operations.map(|name| (format!("crypto.operations.{name}"), Unit::Count)));
    let requests = REQUESTS.map(|name| format!("onem2m.requests.{name}"));
    known.extend(requests.map(|name| (name, Unit::Count)));
    let hsm = StoreOperation::ALL.map(|operation| format!("hsm.operations.{}", operation.name()));
    known.extend(hsm.map(|name| (name, Unit::Count)));
    known
}

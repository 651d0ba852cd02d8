//! From what was measured to the public metrics, and from these to what was expected.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::{Checked, Metric};
use crate::credential::store::StoreOperation;
use crate::measure::{ByteClass, Distribution, Group, GroupRecord, Recorder, Summary, Tier, Track};
use crate::scenario::REQUESTS;
use crate::scenario::plan::{Expectation, Relation};
use crate::sim::time::{Duration, Time};

/// Nanoseconds in a second; nanojoules in a joule.
const NANO: f64 = 1e9;

/// The public metrics of a run that ended at `end`; `registers`: some entities register themselves; `has_console`: a
/// CSE has a console.
pub(super) fn collect(
    recorder: &Recorder,
    end: Time,
    (registers, has_console): (bool, bool),
) -> BTreeMap<String, Metric> {
    let mut metrics = Metrics(BTreeMap::new());
    metrics.population(&recorder.groups);
    metrics.counters(recorder);
    metrics.loads(recorder, end);
    metrics.hsms(recorder, end);
    metrics.enrolment(recorder);
    if registers {
        metrics.service(recorder);
    }
    if has_console {
        metrics.sessions(recorder);
    }
    metrics.availability(recorder);
    metrics.links(recorder);
    metrics.distribution("association.handshake_s", &recorder.handshake);
    metrics.distribution("rekey.time_s", &recorder.rekey);
    metrics.distribution("message.latency_s", &recorder.message);
    metrics.distribution("key.age_s", &recorder.key_age);
    metrics.span("association.makespan_s", recorder.handshake_span);
    metrics.span("rekey.makespan_s", recorder.rekey_span);
    metrics.0
}

/// How soon devices were served again: of all that report, the victims of attackers left out.
pub(super) fn recovery(
    metrics: &mut BTreeMap<String, Metric>,
    within: Duration,
    waiting: &BTreeSet<u32>,
    recovered: &[(u32, Duration)],
) {
    let mut times = Distribution::default();
    let mut in_time = 0;
    for (_, time) in recovered.iter().filter(|(device, _)| waiting.contains(device)) {
        times.record(time.0);
        in_time += u64::from(*time <= within);
    }
    let devices = waiting.len() as u64;
    metrics.insert("recovery.devices".to_owned(), Metric::Count(devices));
    metrics.insert("recovery.lost".to_owned(), Metric::Count(devices.saturating_sub(in_time)));
    metrics.insert("recovery.time_s".to_owned(), Metric::Distribution(times.summary(NANO)));
}

struct Metrics(BTreeMap<String, Metric>);

impl Metrics {
    fn count(&mut self, name: impl Into<String>, count: u64) {
        self.0.insert(name.into(), Metric::Count(count));
    }

    fn number(&mut self, name: impl Into<String>, value: f64) {
        self.0.insert(name.into(), Metric::Number(value.is_finite().then_some(value)));
    }

    fn distribution(&mut self, name: impl Into<String>, distribution: &Distribution) {
        self.0.insert(name.into(), Metric::Distribution(distribution.summary(NANO)));
    }

    fn span(&mut self, name: &str, span: Option<(Time, Time)>) {
        let seconds = span.map_or(0.0, |(from, to)| to.since(from).as_secs_f64());
        self.number(name, seconds);
    }

    fn population(&mut self, groups: &[Group]) {
        for tier in Tier::ALL {
            let members = groups.iter().filter(|group| group.tier == tier);
            let count = members.map(|group| u64::from(group.count)).sum();
            if count > 0 || !matches!(tier, Tier::Maf | Tier::Mef) {
                self.count(format!("population.{}s", tier.name()), count);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn counters(&mut self, recorder: &Recorder) {
        let counters = &recorder.counters;
        self.count("association.established", counters.established);
        self.count("association.resumed", counters.resumed);
        self.count("association.failed", counters.failed.values().sum());
        for (reason, count) in &counters.failed {
            self.count(format!("association.failed.{reason}"), *count);
        }
        self.count("rekey.requested", counters.rekey_requested);
        self.count("rekey.completed", counters.rekey_completed);
        self.count("rekey.failed", counters.rekey_failed);
        self.count("flights.sent", counters.flights_sent);
        self.count("flights.needed", counters.flights_needed);
        let reached = counters.flights_reached.max(1) as f64;
        self.number("flights.duplicate_fraction", counters.flights_duplicate as f64 / reached);
        self.count("message.sent", counters.message_sent);
        self.count("message.delivered", counters.message_delivered);
        for (reason, count) in &counters.rejected {
            self.count(format!("message.rejected.{reason}"), *count);
        }
        for (name, count) in &counters.operations {
            self.count(format!("crypto.operations.{name}"), *count);
        }
        self.number("key.overdue_device_s", counters.overdue_ns as f64 / NANO);
    }

    fn loads(&mut self, recorder: &Recorder, end: Time) {
        let all: Vec<_> = recorder.groups.iter().zip(&recorder.loads).collect();
        for (group, _) in &all {
            let own: Vec<_> = all.iter().filter(|(g, _)| g.name == group.name).copied().collect();
            self.load(&group.name, &own, end);
        }
        for tier in Tier::ALL {
            let of: Vec<_> = all.iter().filter(|(g, _)| g.tier == tier).copied().collect();
            if !of.is_empty() {
                self.load(tier.name(), &of, end);
            }
        }
    }

    /// Load of several groups together: the mean over all servers, the peaks of the busiest node.
    #[expect(clippy::cast_precision_loss, reason = "display precision")]
    fn load(&mut self, name: &str, groups: &[(&Group, &GroupRecord)], end: Time) {
        let busy: u64 = groups.iter().map(|(_, load)| load.busy.sum_before(end)).sum();
        let servers: u64 =
            groups.iter().map(|(g, _)| u64::from(g.count) * u64::from(g.workers)).sum();
        let span = servers as f64 * end.0 as f64;
        let mean = if span > 0.0 { busy as f64 / span } else { 0.0 };
        let peak = |(group, load): &(&Group, &GroupRecord)| {
            peak(&load.peak_1s) as f64 / NANO / f64::from(group.workers)
        };
        let queue = groups.iter().map(|(_, load)| self::peak(&load.queue)).max().unwrap_or(0);
        self.number(format!("load.{name}.utilisation_mean"), mean);
        let highest = groups.iter().map(peak).fold(0.0, f64::max);
        self.number(format!("load.{name}.utilisation_peak_1s"), highest);
        self.count(format!("load.{name}.queue_max"), queue);
        let (mut wait, mut energy) = (Distribution::default(), Distribution::default());
        for (_, load) in groups {
            wait.merge(&load.wait);
            energy.merge(&load.energy);
        }
        self.distribution(format!("load.{name}.wait_s"), &wait);
        self.distribution(format!("energy.{name}_j"), &energy);
    }

    /// How devices came by their keys, where there is a MAF or MEF.
    fn enrolment(&mut self, recorder: &Recorder) {
        let is_function = |group: &Group| matches!(group.tier, Tier::Maf | Tier::Mef);
        if !recorder.groups.iter().any(is_function) {
            return;
        }
        let counters = &recorder.counters;
        self.count("enrolment.completed", recorder.enrolment.count());
        self.count("enrolment.failed", counters.enrolment_failed.values().sum());
        for (reason, count) in &counters.enrolment_failed {
            self.count(format!("enrolment.failed.{reason}"), *count);
        }
        self.count("enrolment.postponed", counters.postponed);
        self.count("maf.requests", counters.maf_requests);
        self.count("mef.requests", counters.mef_requests);
        self.distribution("enrolment.time_s", &recorder.enrolment);
        self.span("enrolment.makespan_s", recorder.enrolment_span);
    }

    /// What the service layer did, where entities register themselves.
    fn service(&mut self, recorder: &Recorder) {
        let counters = &recorder.counters;
        self.count("onem2m.registered", counters.registered);
        self.count("onem2m.subscribed", counters.subscribed);
        for (name, count) in REQUESTS.iter().zip(counters.requests) {
            self.count(format!("onem2m.requests.{name}"), count);
        }
        for (status, count) in &counters.refused {
            self.count(format!("onem2m.refused.{status}"), *count);
        }
        self.count("notification.delivered", counters.notified);
        self.distribution("notification.latency_s", &recorder.notification);
    }

    /// Who logged in, where there is a console.
    fn sessions(&mut self, recorder: &Recorder) {
        let counters = &recorder.counters;
        self.count("session.logins", counters.session_logins);
        self.count("session.lock_outs", counters.lock_outs);
        self.count("session.false_lock_outs", counters.false_lock_outs);
    }

    /// Load of HSMs, where there are any.
    #[expect(clippy::cast_precision_loss, reason = "display precision")]
    fn hsms(&mut self, recorder: &Recorder, end: Time) {
        for (group, hsm) in recorder.groups.iter().zip(&recorder.hsms) {
            if hsm.units == 0 {
                continue;
            }
            let mean = hsm.busy.sum_before(end) as f64 / (hsm.units as f64 * end.0 as f64);
            self.number(format!("hsm.{}.utilisation_mean", group.name), mean);
            self.distribution(format!("hsm.{}.wait_s", group.name), &hsm.wait);
        }
        for operation in StoreOperation::ALL {
            let count: u64 =
                recorder.hsms.iter().map(|hsm| hsm.operations[operation as usize]).sum();
            if count > 0 {
                self.count(format!("hsm.operations.{}", operation.name()), count);
            }
        }
    }

    /// How fleets with a deadline are served.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn availability(&mut self, recorder: &Recorder) {
        for (group, service) in recorder.groups.iter().zip(&recorder.services) {
            if service.offered == 0 {
                continue;
            }
            let name = format!("service.{}", group.name);
            self.count(format!("{name}.offered"), service.offered);
            self.count(format!("{name}.served"), service.served);
            let share = service.served as f64 / service.offered as f64;
            self.number(format!("{name}.availability"), share);
        }
    }

    fn links(&mut self, recorder: &Recorder) {
        for (name, link) in recorder.link_names.iter().zip(&recorder.links) {
            let of = |class: ByteClass| link.bytes[class as usize].values().iter().sum::<u64>();
            self.count(format!("link.{name}.bytes"), ByteClass::ALL.into_iter().map(of).sum());
            for class in ByteClass::ALL {
                self.count(format!("link.{name}.{}_bytes", class.name()), of(class));
            }
            self.count(format!("link.{name}.datagrams"), link.datagrams);
            self.count(format!("link.{name}.lost"), link.lost);
        }
    }
}

fn peak(track: &Track) -> u64 {
    track.values().iter().copied().max().unwrap_or(0)
}

/// The number behind a dotted name: a metric, or a figure of a distribution such as `.p99`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn lookup(metrics: &BTreeMap<String, Metric>, name: &str) -> Option<f64> {
    match metrics.get(name) {
        Some(Metric::Count(count)) => return Some(*count as f64),
        Some(Metric::Number(number)) => return *number,
        Some(Metric::Distribution(_)) => return None,
        None => {}
    }
    let (name, figure) = name.rsplit_once('.')?;
    let Some(Metric::Distribution(summary)) = metrics.get(name) else { return None };
    figure_of(summary, figure)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn figure_of(summary: &Summary, figure: &str) -> Option<f64> {
    match figure {
        "count" => Some(summary.count as f64),
        _ if summary.count == 0 => None,
        "mean" => Some(summary.mean),
        "p50" => Some(summary.p50),
        "p90" => Some(summary.p90),
        "p95" => Some(summary.p95),
        "p99" => Some(summary.p99),
        "p999" => Some(summary.p999),
        "max" => Some(summary.max),
        _ => None,
    }
}

/// Checks what was expected. A metric that has no value holds nothing.
pub(super) fn check(
    expectations: &[Expectation],
    metrics: &BTreeMap<String, Metric>,
) -> Vec<Checked> {
    expectations
        .iter()
        .map(|expectation| {
            let value = value_of(metrics, &expectation.metric);
            let held = value.is_some_and(|value| holds(value, expectation));
            let (metric, expected) = (expectation.metric.clone(), expectation.text.clone());
            Checked { metric, expected, value, held }
        })
        .collect()
}

/// Counts by reason exist only once something was counted: absent, they are 0.
pub(super) fn value_of(metrics: &BTreeMap<String, Metric>, name: &str) -> Option<f64> {
    const BY_REASON: [&str; 6] = [
        "onem2m.refused.",
        "association.failed.",
        "enrolment.failed.",
        "message.rejected.",
        "crypto.operations.",
        "hsm.operations.",
    ];
    let absent = BY_REASON.iter().any(|prefix| name.starts_with(prefix));
    lookup(metrics, name).or_else(|| absent.then_some(0.0))
}

/// Does `value` meet what is expected?
#[must_use]
pub fn holds(value: f64, expectation: &Expectation) -> bool {
    let bound = expectation.bound;
    match expectation.relation {
        Relation::Less => value < bound,
        Relation::AtMost => value <= bound,
        Relation::Equal => (value - bound).abs() <= 1e-9 * bound.abs().max(1.0),
        Relation::AtLeast => value >= bound,
        Relation::Greater => value > bound,
    }
}

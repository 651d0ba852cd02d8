//! The figures of a population's handshakes, live and simulated, side by side.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::measure::{Distribution, Summary};
use crate::run::{Metric, Outcome, Verdict, lookup};

/// What the handshakes of a population took.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Handshakes done.
    pub established: u64,
    /// Handshakes not done, by reason.
    pub failed: BTreeMap<String, u64>,
    /// Time from the first flight to the end, at the client, in seconds.
    pub handshake_s: Summary,
    /// From the first start to the last end.
    pub makespan_s: f64,
    /// Handshakes done per second of that.
    pub handshakes_per_s: f64,
    /// Processor time of both ends together for one handshake; null where it is not known.
    pub cpu_s_per_handshake: Option<f64>,
    /// Bytes of both ends together, headers of lower layers not counted.
    pub bytes: u64,
    /// Their datagrams.
    pub datagrams: u64,
    /// Bytes of one handshake.
    pub bytes_per_handshake: f64,
    /// Datagrams of one handshake.
    pub datagrams_per_handshake: f64,
    /// Flights that a client sent, repetitions included.
    pub flights_per_device: f64,
    /// Flights that were sent again.
    pub repeated: u64,
    /// What was not accepted, by reason.
    pub rejected: BTreeMap<String, u64>,
}

/// A population, live and simulated.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The scenario.
    pub scenario: String,
    /// Devices that took part.
    pub devices: u64,
    /// The window of their starts.
    pub window_s: f64,
    /// One way over the loopback between ends that wait, measured just before.
    pub path_s: f64,
    /// The median handshake, simulated by live.
    pub p50_ratio: f64,
    /// In virtual time, at the prices of this machine.
    pub simulated: Figures,
    /// Over UDP on this machine.
    pub live: Figures,
    /// Reports that the CSE answered.
    pub reports_answered: u64,
    /// Devices that made new keys with the CSE afterwards: by a key update, in DTLS 1.2 by a fresh handshake.
    pub keys_updated: u64,
    /// Associations that the CSE saw closed.
    pub closed: u64,
    /// Whether both moved the same bytes in the same datagrams; null where flights were repeated or
    /// handshakes not done, so that they need not.
    pub same_bytes: Option<bool>,
    /// Whether everything was done, and with the same bytes.
    pub verdict: Verdict,
}

/// What only the live run counts by itself.
pub(super) struct Raw {
    pub(super) devices: u64,
    pub(super) times: Distribution,
    pub(super) makespan_s: f64,
    pub(super) cpu_s: Option<f64>,
    pub(super) bytes: u64,
    pub(super) datagrams: u64,
    pub(super) flights: u64,
    pub(super) repeated: u64,
}

impl Figures {
    /// Figures whose quotients follow from the counts.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn of(raw: &Raw) -> Self {
        let established = raw.times.count();
        let each = |sum: f64| if established == 0 { 0.0 } else { sum / established as f64 };
        Self {
            established,
            failed: BTreeMap::new(),
            handshake_s: raw.times.summary(1e9),
            makespan_s: raw.makespan_s,
            handshakes_per_s: established as f64 / raw.makespan_s.max(1e-9),
            cpu_s_per_handshake: raw.cpu_s.filter(|_| established > 0).map(each),
            bytes: raw.bytes,
            datagrams: raw.datagrams,
            bytes_per_handshake: each(raw.bytes as f64),
            datagrams_per_handshake: each(raw.datagrams as f64),
            flights_per_device: raw.flights as f64 / raw.devices.max(1) as f64,
            repeated: raw.repeated,
            rejected: BTreeMap::new(),
        }
    }

    /// The figures of a simulated run.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a run stay far below 2^53")]
    pub(super) fn simulated(outcome: &Outcome, devices: u64) -> Self {
        let count = |name: &str| match outcome.metrics.get(name) {
            Some(Metric::Count(count)) => *count,
            _ => 0,
        };
        let loads = &outcome.recorder.loads;
        let busy: u64 = loads.iter().map(|load| load.busy.sum_before(outcome.simulated)).sum();
        let flights = count("flights.sent");
        let mut figures = Self::of(&Raw {
            devices,
            times: outcome.recorder.handshake.clone(),
            makespan_s: lookup(&outcome.metrics, "association.makespan_s").unwrap_or(0.0),
            cpu_s: Some(busy as f64 / 1e9),
            bytes: count("link.loopback.bytes"),
            datagrams: count("link.loopback.datagrams"),
            flights,
            repeated: flights - count("flights.needed").min(flights),
        });
        for (name, metric) in &outcome.metrics {
            let Metric::Count(count) = metric else { continue };
            if let Some(reason) = name.strip_prefix("association.failed.") {
                figures.failed.insert(reason.to_owned(), *count);
            } else if let Some(reason) = name.strip_prefix("message.rejected.") {
                figures.rejected.insert(reason.to_owned(), *count);
            }
        }
        figures
    }

    /// All handshakes were done, each flight sent once.
    pub(super) const fn is_plain(&self, devices: u64) -> bool {
        self.established == devices && self.repeated == 0
    }
}

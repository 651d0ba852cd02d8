//! The simulator against theory: `storm-fixed.toml` is simple enough for closed forms.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use keystorm::run::{Metric, execute, lookup};
use keystorm::scenario::{Source, load};
use rayon::prelude::*;

/// Runs `storm-fixed.toml` with overrides.
fn storm(seed: u64, overrides: &[&str]) -> BTreeMap<String, Metric> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/storm-fixed.toml");
    let source = Source::new(path, std::fs::read_to_string(path).unwrap());
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let loaded = load(&source, &overrides, Some(seed))
        .unwrap_or_else(|refused| panic!("{}", refused.render(false)));
    execute(loaded.plan, 1, &|_| true).metrics
}

fn figure(metrics: &BTreeMap<String, Metric>, name: &str) -> f64 {
    lookup(metrics, name).unwrap_or_else(|| panic!("no metric {name}"))
}

/// Whole nanoseconds: times of the simple model are exact.
#[expect(clippy::cast_possible_truncation)]
fn nanos(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}

/// Mean and standard error of `figure` over ten seeds, run in parallel.
fn over_seeds(figure: impl Fn(u64) -> f64 + Sync + Send) -> (f64, f64) {
    let values: Vec<f64> = (1..=10u64).into_par_iter().map(figure).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

fn assert_close(what: &str, (mean, error): (f64, f64), theory: f64) {
    let off = (mean - theory).abs() / error.max(f64::MIN_POSITIVE);
    assert!(off <= 3.0, "{what}: {mean} +- {error}, theory {theory}: {off:.1} standard errors");
}

#[test]
fn one_device_takes_two_passes_each_way_and_the_service_times() {
    let metrics = storm(1, &["fleet.devices.count=1"]);
    assert_eq!(nanos(figure(&metrics, "association.handshake_s.mean")), 173_300_000);
    assert_eq!(nanos(figure(&metrics, "association.handshake_s.max")), 173_300_000);
    for percentile in ["p50", "p90", "p95", "p99", "p999"] {
        let value = figure(&metrics, &format!("association.handshake_s.{percentile}"));
        assert!((value / 0.1733 - 1.0).abs() < 1e-3, "{percentile} = {value}");
    }
    assert_eq!(figure(&metrics, "flights.sent"), 2.0);
}

#[test]
fn all_at_once_the_makespan_is_one_pass_each_way_and_the_work_shared_by_the_servers() {
    let metrics = storm(1, &[]);
    assert_eq!(figure(&metrics, "association.established"), 10_000.0);
    assert_eq!(nanos(figure(&metrics, "association.makespan_s")), 6_310_400_000);
    assert_eq!(figure(&metrics, "flights.duplicate_fraction"), 0.0);
}

#[test]
fn a_timer_counts_from_when_a_flight_leaves_not_from_when_work_for_it_began() {
    // The device works 1.5 s before its Finished leaves; the timer of 1 s must not fire meanwhile.
    let slow = ["fleet.devices.count=1", "class.device.fixed.finished=1.5s"];
    let metrics = storm(1, &[&slow[..], &["security.timer.initial=1s"]].concat());
    assert_eq!(figure(&metrics, "flights.sent"), 2.0);
    // An answer after 1.2 s makes each of the two flights leave twice (table T6: 1 s, d = 1.5).
    let far = ["fleet.devices.count=1", "link.access.latency=600ms"];
    let metrics = storm(1, &[&far[..], &["security.timer.initial=1s"]].concat());
    assert_eq!(figure(&metrics, "flights.sent"), 4.0);
    assert_eq!(figure(&metrics, "flights.duplicate_fraction"), 0.5);
}

#[test]
fn waits_for_the_queue_alone_are_those_of_m_d_1() {
    let service = 0.002;
    for rho in [0.5, 0.7, 0.9] {
        let rate = format!("fleet.devices.start.poisson={}/s", rho / service);
        let measured = over_seeds(|seed| {
            // Devices that never finish leave the queue to the ClientHellos alone.
            let queue_alone = [
                rate.as_str(),
                "fleet.devices.count=5000",
                "cse.in.workers=1",
                "class.cse.fixed.finished=0s",
                "class.device.fixed.finished=1h",
                "class.forwarder.fixed.datagram=0s",
                "security.key_exchange=psk_ke",
                "scenario.duration=10min",
            ];
            figure(&storm(seed, &queue_alone), "load.cse.wait_s.mean")
        });
        assert_close(&format!("rho {rho}"), measured, rho * service / (2.0 * (1.0 - rho)));
    }
}

/// Flights per device, probability of failure and extra delay of table T5: a client timer that doubles
/// from `t0` up to 60 s, `r` retransmissions, loss `p` per direction, two exchanges in a row.
fn t5(t0: f64, r: i32, p: f64) -> (f64, f64, f64) {
    let q = 1.0 - (1.0 - p) * (1.0 - p);
    let given_up = q.powi(r + 1);
    let transmissions = (1.0 - given_up) / (1.0 - q);
    let mut delay = 0.0;
    let mut waited = 0.0;
    for k in 0..=r {
        delay += q.powi(k) * (1.0 - q) / (1.0 - given_up) * waited;
        waited += (t0 * 2f64.powi(k)).min(60.0);
    }
    (transmissions * (2.0 - given_up), 1.0 - (1.0 - given_up).powi(2), 2.0 * delay)
}

#[test]
fn the_closed_form_is_that_of_the_published_table() {
    let (flights, failed, delay) = t5(1.0, 6, 0.05);
    assert!((flights - 2.21607).abs() < 1e-5 && (delay - 0.24221).abs() < 1e-5);
    assert!((failed / 1.675e-7 - 1.0).abs() < 1e-3);
    let (flights, failed, delay) = t5(9.0, 4, 0.2);
    assert!((flights - 3.09671).abs() < 1e-5 && (delay - 15.12435).abs() < 1e-5);
    assert!((failed / 1.206e-2 - 1.0).abs() < 1e-3);
}

#[test]
fn loss_costs_flights_failures_and_time_as_table_t5_says() {
    let devices = 1_500.0;
    for p in [0.05, 0.2] {
        let loss = format!("link.access.loss={p}");
        let run = |seed| {
            let lossy = [
                loss.as_str(),
                "fleet.devices.count=1500",
                "fleet.devices.start.jitter=600s",
                "security.timer.initial=1s",
                "security.timer.retransmissions=6",
                "security.key_exchange=psk_ke",
            ];
            storm(seed, &lossy)
        };
        let runs: Vec<_> = (1..=10u64).into_par_iter().map(|seed| (seed, run(seed))).collect();
        let runs: BTreeMap<_, _> = runs.into_iter().collect();
        let (flights, failed, delay) = t5(1.0, 6, p);
        let sent = over_seeds(|seed| figure(&runs[&seed], "flights.sent") / devices);
        assert_close(&format!("flights at p {p}"), sent, flights);
        let mean = over_seeds(|seed| figure(&runs[&seed], "association.handshake_s.mean") - 0.1733);
        assert_close(&format!("extra delay at p {p}"), mean, delay);
        // Failures are rare: compare their number with a binomial one.
        let count: f64 = runs.values().map(|run| figure(run, "association.failed")).sum();
        let expected = failed * devices * 10.0;
        assert!((count - expected).abs() <= 3.0 * expected.max(0.1).sqrt(), "{count} {expected}");
    }
}

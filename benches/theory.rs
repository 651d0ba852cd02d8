//! The whole of table T5: flights, failures and extra delay of handshakes over a lossy link, simulated and
//! by closed form, for the timers of RFC 9147 (1 s, 6 repetitions) and of RFC 7925 (9 s, 4).

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use keystorm::run::{execute, lookup};
use keystorm::scenario::{Source, load};
use rayon::prelude::*;

const DEVICES: u32 = 2_000;
const SEEDS: u64 = 10;

/// Figures of one run: flights per device, share that failed, mean extra delay in seconds.
fn simulate(seed: u64, t0: &str, retransmissions: i32, p: f64) -> [f64; 3] {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/storm-fixed.toml");
    let text = std::fs::read_to_string(path).expect("the scenario ships");
    let overrides = [
        format!("fleet.devices.count={DEVICES}"),
        "fleet.devices.start.jitter=600s".to_owned(),
        format!("security.timer.initial={t0}"),
        format!("security.timer.retransmissions={retransmissions}"),
        "security.key_exchange=psk_ke".to_owned(),
        format!("link.access.loss={p}"),
    ];
    let loaded = load(&Source::new(path, text), &overrides, Some(seed)).expect("a valid scenario");
    let metrics = execute(loaded.plan, 1, &|_| true).metrics;
    let figure = |name: &str| lookup(&metrics, name).expect("a metric that always exists");
    let devices = f64::from(DEVICES);
    [
        figure("flights.sent") / devices,
        figure("association.failed") / devices,
        figure("association.handshake_s.mean") - 0.1733,
    ]
}

/// The closed form of the same three figures.
fn theory(t0: f64, retransmissions: i32, p: f64) -> [f64; 3] {
    let q = 1.0 - (1.0 - p) * (1.0 - p);
    let given_up = q.powi(retransmissions + 1);
    let transmissions = (1.0 - given_up) / (1.0 - q);
    let (mut delay, mut waited) = (0.0, 0.0);
    for k in 0..=retransmissions {
        delay += q.powi(k) * (1.0 - q) / (1.0 - given_up) * waited;
        waited += (t0 * 2f64.powi(k)).min(60.0);
    }
    [transmissions * (2.0 - given_up), 1.0 - (1.0 - given_up).powi(2), 2.0 * delay]
}

fn main() {
    println!(
        "{SEEDS} seeds of {DEVICES} devices; off = difference in standard errors over the seeds"
    );
    println!("T0 s  R     p   figure              simulated      theory    off");
    for (t0, retransmissions) in [(1u32, 6), (9, 4)] {
        for p in [0.01, 0.05, 0.1, 0.2, 0.3] {
            let timer = format!("{t0}s");
            let runs: Vec<[f64; 3]> = (1..=SEEDS)
                .into_par_iter()
                .map(|seed| simulate(seed, &timer, retransmissions, p))
                .collect();
            let expected = theory(f64::from(t0), retransmissions, p);
            for (i, name) in ["flights per device", "failed", "extra delay s"].iter().enumerate() {
                let n = runs.len() as f64;
                let mean = runs.iter().map(|run| run[i]).sum::<f64>() / n;
                let spread = runs.iter().map(|run| (run[i] - mean).powi(2)).sum::<f64>();
                let mut error = (spread / (n - 1.0) / n).sqrt();
                if i == 1 {
                    // Failures are rare: their error is that of a binomial count.
                    error = (expected[i] / (f64::from(DEVICES) * n)).sqrt();
                }
                let off = (mean - expected[i]).abs() / error.max(f64::MIN_POSITIVE);
                println!(
                    "{t0:>4}  {retransmissions}  {p:>4}   {name:<18} {mean:>10.5}  {:>10.5}  {off:>5.1}",
                    expected[i]
                );
            }
        }
    }
}

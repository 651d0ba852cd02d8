//! Measuring two things against each other on a machine that also does something else.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Pairs of batches of one comparison; odd, so that the median is one of them.
const ROUNDS: usize = 501;
/// One batch takes about this long: many calls, yet mostly no change of task within it.
const BATCH: Duration = Duration::from_millis(4);

/// `cargo test --benches` wants to know only that everything runs.
pub fn is_smoke() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds of one call, over a batch of `n`.
fn batch<T>(n: u32, action: &mut impl FnMut() -> T) -> f64 {
    let start = now();
    for _ in 0..n {
        black_box(action());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(n)
}

/// Calls that fill a batch.
fn calls<T>(action: &mut impl FnMut() -> T) -> u32 {
    let mut n = 1;
    while batch(n, action) * f64::from(n) < BATCH.as_secs_f64() * 1e9 {
        n *= 2;
    }
    n
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Runs batches of `ours` and `other` in turn, beginning with either every second time, and prints
/// the least times, the ratio of the least times, and the median of the ratios of neighbours. The
/// last is the one to quote: whatever slows the machine down slows both neighbours.
pub fn compare<A, B>(name: &str, mut ours: impl FnMut() -> A, mut other: impl FnMut() -> B) {
    if is_smoke() {
        black_box((ours(), other()));
        println!("{name}: runs");
        return;
    }
    let (ours_n, other_n) = (calls(&mut ours), calls(&mut other));
    let (mut ours_ns, mut other_ns) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            ours_ns.push(batch(ours_n, &mut ours));
            other_ns.push(batch(other_n, &mut other));
        } else {
            other_ns.push(batch(other_n, &mut other));
            ours_ns.push(batch(ours_n, &mut ours));
        }
    }
    let ratios = ours_ns.iter().zip(&other_ns).map(|(ours, other)| ours / other).collect();
    let (ours_min, other_min) = (least(&ours_ns), least(&other_ns));
    println!(
        "{name}: ours {:.2} us, other {:.2} us (least of {ROUNDS})",
        us(ours_min),
        us(other_min)
    );
    println!(
        "{name}: ours {:.2} us, other {:.2} us (median)",
        us(median(ours_ns)),
        us(median(other_ns))
    );
    println!("{name}: ratio of the least {:.3}", ours_min / other_min);
    println!("ratio {name} {:.3}", median(ratios));
}

fn us(nanos: f64) -> f64 {
    nanos / 1_000.0
}

//! PT3: the study of back-off by Brooker (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015), whose simulator is
//! public (aws-samples/aws-arch-backoff-simulator). Clients update one row with optimistic concurrency control: they read
//! its version, write, and try again after a back-off if somebody else wrote in between. Every message takes
//! |N(10 ms, 2 ms)|. The model is the study's; the back-off is that of this program's devices.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{ERRORS, Row, at_once};
use crate::node::{Backoff, Failures, Growth};
use crate::sim::time::{Duration, Time};
use crate::sim::{Draws, Seed, StreamKey};

pub(super) const TABLE: &str = "PT3";
const SOURCE: &str = "the study's own simulator, run 1,000 times for each row with Python 3";
/// Repetitions of each case.
const SEEDS: u64 = 400;
const CAP: Duration = Duration::from_secs(2);
const MS: u64 = 1_000_000;

/// What the study's simulator says of so many clients: mean time until all are done in ms and mean number of writes, each
/// with its standard error.
struct Case {
    clients: u32,
    name: &'static str,
    growth: Growth,
    base_ms: u64,
    time: (f64, f64),
    calls: (f64, f64),
}

/// The study counts the first failure as n = 1, so that its v begins at twice its base of 5 ms; only the decorrelated one
/// begins at the base itself.
const CASES: [Case; 8] = [
    case(20, "exponential", Growth::Exponential, 10, (14_308.153, 90.156), (149.681, 0.427)),
    case(20, "decorrelated", Growth::Decorrelated, 5, (824.905, 6.059), (101.064, 0.152)),
    case(20, "equal jitter", Growth::Equal, 10, (1_647.359, 15.165), (108.100, 0.132)),
    case(20, "full jitter", Growth::Full, 10, (1_011.567, 8.903), (100.522, 0.111)),
    case(100, "exponential", Growth::Exponential, 10, (63_398.980, 119.432), (1_854.643, 1.779)),
    case(100, "decorrelated", Growth::Decorrelated, 5, (4_550.988, 20.562), (1_002.513, 0.862)),
    case(100, "equal jitter", Growth::Equal, 10, (6_650.855, 20.912), (812.364, 0.247)),
    case(100, "full jitter", Growth::Full, 10, (4_903.766, 16.826), (795.653, 0.220)),
];

const fn case(
    clients: u32,
    name: &'static str,
    growth: Growth,
    base_ms: u64,
    time: (f64, f64),
    calls: (f64, f64),
) -> Case {
    Case { clients, name, growth, base_ms, time, calls }
}

/// What happens to a client next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Its read reaches the server.
    Read,
    /// The version reaches it.
    Version(u64),
    /// Its write reaches the server.
    Write(u64),
    /// It hears whether the write succeeded.
    Written(bool),
}

/// One run: milliseconds until all clients are done, and writes.
fn run(case: &Case, seed: u64) -> (f64, f64) {
    let streams: StreamKey = Seed(seed).streams(TABLE);
    let mut cursor = 0;
    let mut draws = streams.draws(case.clients, 0, &mut cursor);
    let backoff = Backoff { growth: case.growth, cap: CAP, attempts: None };
    let base = Duration(case.base_ms * MS);
    let mut failures = vec![Failures::default(); case.clients as usize];
    let mut events: BinaryHeap<Reverse<(Time, u32, Step)>> = BinaryHeap::new();
    for client in 0..case.clients {
        events.push(Reverse((Time::ZERO + way(&mut draws), client, Step::Read)));
    }
    let (mut version, mut writes, mut now) = (0, 0u32, Time::ZERO);
    while let Some(Reverse((at, client, step))) = events.pop() {
        now = at;
        let (wait, next) = match step {
            Step::Read => (Duration::ZERO, Step::Version(version)),
            Step::Version(seen) => (Duration::ZERO, Step::Write(seen)),
            Step::Write(seen) => {
                writes += 1;
                let succeeds = seen == version;
                version += u64::from(succeeds);
                (Duration::ZERO, Step::Written(succeeds))
            }
            Step::Written(true) => continue,
            Step::Written(false) => {
                let failures = &mut failures[client as usize];
                let wait = failures.wait(base, &backoff, |bound| draws.below(bound));
                (wait.unwrap_or(Duration::ZERO), Step::Read)
            }
        };
        events.push(Reverse((now + way(&mut draws) + wait, client, next)));
    }
    (now.as_secs_f64() * 1e3, f64::from(writes))
}

/// One way of the network: |N(10 ms, 2 ms)|, the normal deviate by Box and Muller.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some milliseconds")]
fn way(draws: &mut Draws<'_>) -> Duration {
    let radius = (2.0 * draws.exponential()).sqrt();
    let deviate = radius * libm::cos(2.0 * std::f64::consts::PI * draws.unit());
    Duration(((10.0 + 2.0 * deviate).abs() * 1e6) as u64)
}

/// The rows of the study.
pub(super) fn rows(threads: usize) -> Vec<Row> {
    CASES.iter().flat_map(|case| rows_of(case, threads)).collect()
}

fn rows_of(case: &Case, threads: usize) -> [Row; 2] {
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    let mut runs = at_once(&seeds, threads, |seed| Some((*seed, run(case, *seed))));
    runs.sort_by_key(|(seed, _)| *seed);
    let name = format!("{} clients, {}", case.clients, case.name);
    let row = |quantity, unit, (due, error_of_due): (f64, f64), values: Vec<f64>| {
        // What is due is a simulation, too: both errors count.
        let allowed = |error: f64| ERRORS * error.hypot(error_of_due);
        Row::of((TABLE, &name, quantity, unit), &values, (due, SOURCE), allowed, "")
    };
    let times = runs.iter().map(|(_, run)| run.0).collect();
    let calls = runs.iter().map(|(_, run)| run.1).collect();
    [row("time until all are done", "ms", case.time, times), row("writes", "", case.calls, calls)]
}

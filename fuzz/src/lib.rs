//! How a target of the table is run under libFuzzer.

use std::time::Duration;

use keystorm::fuzzing::{Host, Trail, execute, find};

/// libFuzzer and the sanitiser watch time and memory themselves.
struct Silent;

impl Host for Silent {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn processor(&self) -> Option<Duration> {
        None
    }
    fn forget_peak(&self) {}
    fn peak(&self) -> Option<usize> {
        None
    }
}

/// Runs one input, and ends the process if an oracle says no. The line is read by `keystorm fuzz`.
pub fn run(name: &str, input: &[u8]) {
    let target = find(name).expect("the table has a target of this name");
    if let Some(violation) = execute(target, input, &Silent, &mut Trail::default()) {
        let detail = violation.detail.replace('\n', " ");
        let (oracle, place) = (violation.oracle.name(), &violation.place);
        eprintln!("keystorm-finding {oracle}\t{place}\t{detail}");
        std::process::abort();
    }
}

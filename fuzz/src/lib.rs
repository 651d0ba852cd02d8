//! How a target of the table is run under libFuzzer.

pub mod coap_peer;

use keystorm::fuzzing::{Silent, Target, Trail, execute, find};

/// The target with this name, alone: for use at compile time.
///
/// # Panics
/// If the table has none.
#[must_use]
pub const fn target(name: &str) -> Target {
    find(name).expect("the table has a target of this name")
}

/// Runs one input, and ends the process if an oracle says no. The line is read by `keystorm fuzz`.
pub fn run(target: &Target, input: &[u8]) {
    // libFuzzer and the sanitiser watch time and memory themselves.
    if let Some(violation) = execute(target, input, &Silent, &mut Trail::default()) {
        let detail = violation.detail.replace('\n', " ");
        let (oracle, place) = (violation.oracle.name(), &violation.place);
        eprintln!("keystorm-finding {oracle}\t{place}\t{detail}");
        std::process::abort();
    }
}

/// Ends the process if our CoAP and `coap-lite` read a message differently.
pub fn agree(message: &[u8]) {
    if let Err(detail) = coap_peer::compare(message) {
        eprintln!("keystorm-finding differential\tcoap-lite\t{}", detail.replace('\n', " "));
        std::process::abort();
    }
}

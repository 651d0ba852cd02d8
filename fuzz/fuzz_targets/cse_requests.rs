//! Sequences of requests to a CSE in memory, and now and then to one in SQLite beside it.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("cse_requests") },
    input
));

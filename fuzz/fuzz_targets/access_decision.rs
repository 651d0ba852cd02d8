//! Access decisions against a twin by brute force.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("access_decision") },
    input
));

//! Attack traces: two honest clients, their server, and a network that is hostile.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("traces") },
    input
));

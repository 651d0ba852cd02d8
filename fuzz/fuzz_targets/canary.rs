//! Fails on purpose: a campaign that does not find it is broken.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("canary") },
    input
));

//! Scenario files with overrides: loaded, written out, loaded again.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("scenario") },
    input
));

//! Policies and windows of time out of any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("access_rule") },
    input
));

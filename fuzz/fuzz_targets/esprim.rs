//! End-to-end protected primitives between two ends that share a key, and foreign objects.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("esprim") },
    input
));

//! Values and primitives in CBOR.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("cbor") },
    input
));

//! Records of DTLS 1.2.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("dtls12_record") },
    input
));

//! Records of DTLS 1.3, acknowledgements and alerts.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("dtls13_record") },
    input
));

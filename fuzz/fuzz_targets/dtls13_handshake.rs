//! Handshake messages of DTLS 1.3, each read, written and read again.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("dtls13_handshake") },
    input
));

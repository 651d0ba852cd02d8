//! Both ends of DTLS 1.2 with somebody between them.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("association12") },
    input
));

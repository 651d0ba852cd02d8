//! Both ends of DTLS 1.3 with somebody between them who knows the keys.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("association13") },
    input
));

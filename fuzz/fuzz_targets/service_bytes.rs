//! CoAP messages of any bytes to a service layer.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("service_bytes") },
    input
));

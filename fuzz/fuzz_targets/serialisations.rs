//! A request means the same in JSON, CBOR and XML.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("serialisations") },
    input
));

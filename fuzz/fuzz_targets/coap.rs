//! CoAP messages and the primitives in their options.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run("coap", input));

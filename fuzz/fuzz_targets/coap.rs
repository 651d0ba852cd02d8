//! CoAP messages and the primitives in their options; the messages against `coap-lite`, too.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    keystorm_fuzz::run(const { &keystorm_fuzz::target("coap") }, input);
    keystorm_fuzz::agree(input.get(1..).unwrap_or_default());
});

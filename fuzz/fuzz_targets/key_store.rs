//! Operations of administrators and hosts on a secure element: no key comes out.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("key_store") },
    input
));

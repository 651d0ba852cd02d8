//! Values bound into SQL, XPath, a shell and a page stay values.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run(
    const { &keystorm_fuzz::target("sinks") },
    input
));

//! Fuzzing: generators of hostile input and the oracles that judge what comes of it.

pub mod probe;
pub mod trace;

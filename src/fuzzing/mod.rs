//! Fuzzing of this project's own code.

pub mod trace;

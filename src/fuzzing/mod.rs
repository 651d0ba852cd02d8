//! Fuzzing of this project's own code: a table of targets, oracles that say what must never happen, and a
//! small engine that needs nothing but a stable compiler.
//!
//! A [`Target`] takes any bytes. What it does with them it writes into a [`Trail`], from which engines learn
//! which inputs are worth keeping, and it answers with a [`Violation`] where something was false that must
//! always be true. The crate in `fuzz/` gives the same targets to libFuzzer.

pub mod campaign;
mod engine;
mod guard;
mod mutator;
pub mod probe;
mod table;
mod tape;
mod target;
mod targets;
pub mod trace;
mod trail;

pub use engine::{Budget, Engine, Event, Figures};
pub use guard::{Host, Silent, execute, watch_panics};
pub use mutator::Mutator;
pub use table::{find, targets};
pub use target::{Family, Oracle, Shape, Target, Violation};
pub use trail::Trail;

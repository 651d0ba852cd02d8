//! The clockwork: time, randomness, order, and the sites that the engine moves. Knows nothing of M2M.

mod barrier;
mod digest;
mod engine;
mod queue;
mod rng;
mod site;
pub mod time;
mod together;

pub use digest::Digest;
pub use engine::{Engine, Pulse, Report, Stop};
pub use queue::{EventQueue, Key, Origin, QueueKind};
pub use rng::{Draws, Seed, StreamKey};
pub use site::{Context, Site};

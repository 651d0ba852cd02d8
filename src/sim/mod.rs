//! The clockwork: time, randomness, order, and the sites that the engine moves. Knows nothing of M2M.

pub mod time;

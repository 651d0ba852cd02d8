//! Bytes to typed messages and back: pure, stateless, bounded.

pub mod dtls;

//! Bytes to typed messages and back: pure, stateless, without panic on any bytes, every limit named.

pub mod coap;
pub mod dtls;
pub mod primitive;

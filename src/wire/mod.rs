//! Bytes to typed messages and back: pure, without state, without panic on any bytes, every limit named.

pub mod binding;
pub mod coap;
pub mod dtls;
pub mod limits;
pub mod primitive;
pub mod schema;
pub mod value;

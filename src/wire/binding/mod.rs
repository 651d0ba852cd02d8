//! The bindings of primitives: CoAP (TS-0008), HTTP (TS-0009), MQTT (TS-0010), WebSocket (TS-0020).
//!
//! A binding lays parameters into places of its own (options, header fields, a query, a topic) beside the
//! body. Reading collects them under their short names and reads the primitive out of the collection, so
//! that one set of rules holds whatever the binding. Two places that say different things of one
//! parameter are refused by name, never weighed.

pub mod coap;
pub mod http;
pub mod mqtt;
pub mod websocket;

mod collection;
mod media;
mod path;
mod query;
mod refusal;

pub use media::{Media, Payload};
pub use refusal::{Refusal, Unsendable};

#[cfg(test)]
mod tests;

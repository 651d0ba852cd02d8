//! The security association, sans-IO: DTLS 1.3 (RFC 9147) with external pre-shared keys.
//!
//! Time, randomness and the pre-shared keys are arguments ([`Env`]); what the association wants done
//! comes back as [`Output`]s. Noise on the network is never an error: it is dropped and named
//! ([`Rejection`]). The same code runs in the simulator, in the fuzzer and over real UDP.

mod config;
mod env;
mod operations;

pub use config::{Config, KeyExchange, ServerSecrets, Timers};
pub use env::{
    Accept, Env, Failure, Kind, Offer, Output, PskStore, Received, Rejection, Secret, Ticket,
};
pub use operations::{Operation, Operations};

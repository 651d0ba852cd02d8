//! The security association, sans-IO: DTLS 1.3 (RFC 9147) with external pre-shared keys.
//!
//! Time, randomness and the pre-shared keys are arguments ([`Env`]); what the association wants done
//! comes back as [`Output`]s. Noise on the network is never an error: it is dropped and named
//! ([`Rejection`]). The same code runs in the simulator, in the fuzzer and over real UDP.

mod channel;
mod client;
mod config;
mod cookie;
mod env;
mod flight;
mod hash;
mod incoming;
mod machine;
mod operations;
mod packer;
mod peek;
mod protection;
mod ranges;
mod receive;
mod rejection;
mod schedule;
mod server;
mod ticket;
mod timer;
mod turn;
mod update;
mod window;

pub use config::{Config, KeyExchange, ServerSecrets, Timers};
pub use env::{Accept, Env, Failure, Kind, Offer, Output, PskStore, Received, Secret, Ticket};
pub use machine::{Association, ConnectError, SendError};
pub use operations::{Operation, Operations};
pub use peek::{Peek, peek};
pub use rejection::Rejection;
pub use schedule::early_secret;

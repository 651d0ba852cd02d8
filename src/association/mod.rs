//! The security association, sans-IO: DTLS 1.3 (RFC 9147) or DTLS 1.2 (RFC 6347) with external
//! pre-shared keys.
//!
//! Time, randomness and the pre-shared keys are arguments ([`Env`]); what the association wants done
//! comes back as [`Output`]s. Noise on the network is never an error: it is dropped and named
//! ([`Rejection`]). The same code runs in the simulator, in the fuzzer and over real UDP.
//!
//! # Profile of DTLS 1.3
//!
//! `TLS_AES_128_GCM_SHA256`, PSK with or without X25519, no certificates, no early data; connection IDs by
//! option. Where RFC 9147 leaves a choice, or this profile takes a liberty:
//!
//! * What is wrong in plaintext or does not authenticate is dropped in silence, also where RFC 8446 has
//!   an alert for it (an invalid binder or cookie, for example): anyone could have sent it, and an
//!   unprotected alert would be believed by nobody. What is wrong under keys ends the association with
//!   an alert.
//! * A client believes a ServerHello only when a record opens under its keys; until then another one
//!   replaces it, and the ClientHello is repeated. So altered plaintext delays a handshake, but does not
//!   end it. A forged HelloRetryRequest does: its cookie cannot be checked.
//! * A server sends nothing in epoch 3 before the client's Finished (RFC 9147 section 5.8.1 would let
//!   it), so that a client takes whatever comes in epoch 3 for the acknowledgement of its Finished.
//! * Every later handshake record is acknowledged at once. During the handshake only a client sends
//!   partial ACKs, and only under keys; unprotected ACKs are ignored.
//! * The keys of one past epoch are kept until the next key update, not for a fixed time.
//! * close_notify ends both directions.
//! * An end has one connection ID for as long as the association lasts. It takes a new one of its peer
//!   (NewConnectionId, `cid_immediate`) and keeps no spare ones; it never sends RequestConnectionId, and
//!   answers one with an empty list, as RFC 9147 section 9 allows.
//! * Every record under keys carries the peer's connection ID. RFC 9147 section 4 advises to leave it out
//!   behind the first record of a datagram, but wolfSSL drops records without it; what comes without is
//!   taken there.
//! * A changed address is the caller's business: [`Association::newest`] tells whether a datagram may
//!   move it (RFC 9146 section 6). Whether the peer can be reached there is not tested.
//!
//! The profile of DTLS 1.2, chosen by [`Profile`], has the same interface and its own folder, `dtls12`,
//! which says where it differs.
//!
//! # Files
//!
//! `end` is the interface; `plain` is no protection at all; `machine` is the state; `receive` takes datagrams apart; `client`, `server` and
//! `update` handle the messages. Below them: `flight`, `packer` and `timer` send and repeat; `incoming`
//! puts messages together; `connection_ids` names associations; `channel`, `protection` and `window` are the record layer; `schedule` and
//! `hash` the key schedule.

mod channel;
mod client;
mod config;
mod connection_ids;
mod cookie;
mod dtls12;
mod end;
mod env;
mod flight;
mod hash;
mod incoming;
mod key_log;
mod machine;
mod operations;
mod packer;
mod peek;
mod plain;
mod protection;
mod ranges;
mod receive;
pub mod recorded;
mod rejection;
mod schedule;
mod server;
mod stolen;
mod ticket;
mod timer;
mod turn;
mod update;
mod window;

#[cfg(test)]
mod misbehaviour;

pub use crate::wire::dtls::ConnectionId;
pub use config::{Config, KeyExchange, Profile, ServerSecrets, Suite12, Timers};
pub use connection_ids::{Newest, peek_connection_id};
pub use dtls12::master_secret_12;
pub use end::{Association, ConnectError, SendError};
pub use env::{Accept, Env, Failure, Kind, Offer, Output, PskStore, Received, Secret, Ticket};
pub use key_log::{KeyLog, SecretLabel};
pub use operations::{Operation, Operations};
pub use peek::{Peek, peek};
pub use rejection::Rejection;
pub use schedule::early_secret;
pub use stolen::{OpenedRecord, StolenKeys};

//! The profile of DTLS 1.2 (RFC 6347): plain PSK (RFC 4279 section 2), extended master secret (RFC
//! 7627), one suite, no session resumption, no renegotiation.
//!
//! It follows the same rules as the profile of DTLS 1.3. Where RFC 6347 leaves a choice, or this
//! profile takes a liberty:
//!
//! * What is wrong in plaintext or does not authenticate is dropped in silence; what is wrong under keys
//!   ends the association with an alert. Unprotected alerts are ignored.
//! * Plaintext counts only once a record opens under the keys that follow from it. Until then a server
//!   takes another ClientKeyExchange in place of the first, and a client another server flight, once it
//!   had to repeat its own. So altered plaintext delays a handshake, but does not end it. Two exceptions:
//!   an altered ClientHello, which a server cannot tell from a true one, makes the Finished fail to open;
//!   and a forged HelloVerifyRequest ends a handshake with a server that wants no cookie. One that wants
//!   a cookie answers a bad one with another HelloVerifyRequest, and the client goes on.
//! * The extended master secret is required, and renegotiation refused; a server answers the signal of
//!   RFC 5746, a client does not send it (7 bytes less, and nothing to be renegotiated).
//! * Application data that overtakes the server's last flight is dropped: its sender is not yet proved.
//! * The server's last flight is repeated as often as the client's Finished comes again under keys; its
//!   12 bytes are all that is kept for it (RFC 6347 section 4.2.4).
//! * close_notify is answered by close_notify (RFC 5246 section 7.2.1) and ends both directions.
//! * Connection IDs by option (RFC 9146). Own records have no padding; that of a peer is taken off. Records
//!   without the ID that was negotiated are dropped, as are those with another one.
//! * New keys come from a new association: RFC 6347 has no other way.
//!
//! # Files
//!
//! `machine` is the state; `receive` takes datagrams apart; `client` and `server` handle the messages;
//! `flight` sends and repeats; `channel` is the record layer; `prf` the key schedule.

mod channel;
mod client;
mod cookie;
mod flight;
mod machine;
mod prf;
mod receive;
mod server;

#[cfg(test)]
mod misbehaviour;

pub(super) use machine::Dtls12;
pub use prf::master_secret_12;

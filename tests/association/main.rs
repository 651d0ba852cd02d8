//! The security association as its users see it: every behaviour, over a network that loses,
//! repeats, reorders and alters.

mod accept;
mod chaos;
mod close;
mod connection_ids;
mod cookie;
mod dtls12;
mod duplicates;
mod export;
mod fragments;
mod handshake;
mod key_log;
mod loss;
mod pair;
mod recorded;
mod refusals;
mod replay;
mod sizes;
mod tampering;
mod tickets;
mod timers;
mod updates;

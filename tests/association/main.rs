//! The security association as its users see it: every behaviour, over a network that loses,
//! repeats, reorders and alters.

mod handshake;
mod pair;
mod sizes;

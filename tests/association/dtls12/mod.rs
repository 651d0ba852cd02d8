//! The profile of DTLS 1.2: the same prose as for DTLS 1.3, where the same holds.

use keystorm::association::{Config, Profile, Suite12};

mod accept;
mod chaos;
mod close;
mod cookie;
mod downgrade;
mod export;
mod fragments;
mod handshake;
mod loss;
mod refusals;
mod replay;
mod sizes;
mod tampering;
mod timers;

pub(super) const SUITES: [Suite12; 2] = [Suite12::PskAes128Ccm8, Suite12::PskAes128Gcm];

/// DTLS 1.2 with this suite; the server can make cookies.
pub(super) fn with(suite: Suite12) -> Config {
    Config { profile: Profile::Dtls12 { suite }, ..crate::pair::config() }
}

/// DTLS 1.2 with the suite that TS-0003 mandates.
pub(super) fn config() -> Config {
    with(Suite12::PskAes128Ccm8)
}

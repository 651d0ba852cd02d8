//! The policy of an association: data, chosen by a scenario or a program, never read from the clock
//! or the environment.

use std::fmt;

use crate::sim::time::Duration;

/// Which PSK key exchange mode is used (RFC 8446 section 4.2.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyExchange {
    /// `psk_ke`: no forward secrecy.
    Psk,
    /// `psk_dhe_ke` with X25519.
    PskDhe,
}

/// The cipher suites of the DTLS 1.2 profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite12 {
    /// `TLS_PSK_WITH_AES_128_CCM_8` (RFC 6655 section 4), which TS-0003 clause 10.2 mandates.
    PskAes128Ccm8,
    /// `TLS_PSK_WITH_AES_128_GCM_SHA256` (RFC 5487 section 2).
    PskAes128Gcm,
}

/// Which protocol an association speaks. An end speaks only one; it neither offers nor accepts the
/// other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// DTLS 1.3 (RFC 9147) with `TLS_AES_128_GCM_SHA256`.
    #[default]
    Dtls13,
    /// DTLS 1.2 (RFC 6347) with plain PSK (RFC 4279 section 2) and extended master secret (RFC 7627).
    Dtls12 {
        /// The suite that a client offers and a server accepts.
        suite: Suite12,
    },
    /// None: application data goes as it is, and whoever sends from an address is taken for its owner.
    Plain,
}

/// Retransmission policy (RFC 9147 section 5.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// First timeout of a flight: RFC 9147 says 1 s, the IoT profile (RFC 7925) 9 s. `None`: nothing
    /// is ever retransmitted by timer.
    pub initial: Option<Duration>,
    /// The timeout doubles up to this value (60 s).
    pub max: Duration,
    /// Retransmissions of a flight before the association fails; with `carry_over`, of all flights of a
    /// handshake in a row that needed any. The RFC sets no number.
    pub retransmissions: u8,
    /// A backed-off timeout is kept for the next flight (RFC 9147 section 5.8.2) instead of starting
    /// again at `initial`.
    pub carry_over: bool,
    /// A duplicate of the server's flight makes a client send its Finished again at once
    /// (section 5.8.1). A server always answers a repeated ClientHello and a repeated Finished.
    pub resend_on_duplicate: bool,
    /// The server, too, repeats its handshake flight by timer (section 5.8.1). What follows the
    /// handshake, key updates and tickets, both ends repeat in any case.
    pub server: bool,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            initial: Some(Duration::from_secs(1)),
            max: Duration::from_secs(60),
            retransmissions: 6,
            carry_over: true,
            resend_on_duplicate: true,
            server: true,
        }
    }
}

/// Secrets that a server keeps outside any association.
#[derive(Clone)]
pub struct ServerSecrets {
    /// Authenticates HelloRetryRequest cookies (RFC 9147 section 5.1).
    pub cookie: [u8; 32],
    /// Protects session tickets (the STEK), AES-128-GCM.
    pub ticket: [u8; 16],
}

impl fmt::Debug for ServerSecrets {
    /// Secrets stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSecrets").finish_non_exhaustive()
    }
}

/// Everything that two ends may set differently.
#[derive(Clone, Debug)]
pub struct Config {
    /// The protocol.
    pub profile: Profile,
    /// The key exchange that a client of DTLS 1.3 offers and a server accepts.
    pub key_exchange: KeyExchange,
    /// A server answers a first ClientHello with HelloRetryRequest or HelloVerifyRequest and a cookie, keeping no state.
    /// ClientHellos must then fit one datagram, and [`server`](Self::server) must be there.
    pub cookie: bool,
    /// Records that may arrive out of order, in record numbers: 64 by RFC 9147 section 4.5.1; 0 takes
    /// every authentic record again and again (no replay protection). More than 64 count as 64.
    pub replay_window: u8,
    /// Session tickets that a server of DTLS 1.3 hands out after each full handshake.
    pub tickets: u8,
    /// Life of a ticket, at most 7 days (RFC 8446 section 4.6.1).
    pub ticket_lifetime: Duration,
    /// Retransmission policy.
    pub timers: Timers,
    /// Largest datagram that is sent, in bytes, UDP and IP headers not counted. Less than 64 counts
    /// as 64.
    pub mtu: u16,
    /// Record headers carry a 16-bit sequence number (one byte more than the 8-bit default).
    pub long_sequence: bool,
    /// Record headers carry an explicit length even for the last record of a datagram.
    pub explicit_length: bool,
    /// Records protected with one traffic key before a key update becomes due (RFC 9147 section 4.5.3).
    /// In DTLS 1.2, which has none, nothing happens there.
    pub record_limit: u64,
    /// Connection IDs are offered and accepted (RFC 9146, RFC 9147 section 9), and those that this end
    /// wants to receive have so many bytes, at most 20: each association draws its own at random, or is
    /// given one ([`Association::accept_as`](super::Association::accept_as)). 0: it wants none, but sends
    /// those of its peer. `None`: neither.
    pub connection_id: Option<u8>,
    /// Only servers that ask for cookies or hand out tickets need these.
    pub server: Option<ServerSecrets>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: Profile::Dtls13,
            key_exchange: KeyExchange::PskDhe,
            cookie: false,
            replay_window: 64,
            tickets: 0,
            ticket_lifetime: Duration::from_secs(7 * 24 * 3600),
            timers: Timers::default(),
            mtu: 1_200,
            long_sequence: false,
            explicit_length: false,
            record_limit: 1 << 23,
            connection_id: None,
            server: None,
        }
    }
}

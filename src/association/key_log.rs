//! The secrets of an association, for whoever is to read its records along: what an analyser takes as a
//! key log.

use std::fmt;

use super::Env;
use super::protection::APPLICATION;

/// What a secret is, as a line of a key log (draft-ietf-tls-keylogfile) names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretLabel {
    /// DTLS 1.3: what a client sends in epoch 2.
    ClientHandshake,
    /// DTLS 1.3: what a server sends in epoch 2.
    ServerHandshake,
    /// DTLS 1.3: application data of a client after so many key updates.
    ClientTraffic(u16),
    /// DTLS 1.3: application data of a server after so many key updates.
    ServerTraffic(u16),
    /// DTLS 1.2: the master secret.
    Master12,
}

impl SecretLabel {
    /// Of what one end sends in an application epoch.
    pub(super) const fn traffic(server: bool, epoch: u16) -> Self {
        let updates = epoch.saturating_sub(APPLICATION.get());
        if server { Self::ServerTraffic(updates) } else { Self::ClientTraffic(updates) }
    }
}

impl fmt::Display for SecretLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientHandshake => f.write_str("CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
            Self::ServerHandshake => f.write_str("SERVER_HANDSHAKE_TRAFFIC_SECRET"),
            Self::ClientTraffic(updates) => write!(f, "CLIENT_TRAFFIC_SECRET_{updates}"),
            Self::ServerTraffic(updates) => write!(f, "SERVER_TRAFFIC_SECRET_{updates}"),
            Self::Master12 => f.write_str("CLIENT_RANDOM"),
        }
    }
}

/// Is told the secrets of associations, at both ends as soon as they derive them.
///
/// A handshake that somebody interferes with may bring secrets that never come into use.
pub trait KeyLog {
    /// A secret of the handshake that began with the ClientHello of this random: all 32 bytes of it for
    /// the secrets of the handshake and for [`SecretLabel::Master12`]; only the first 8, which is what an
    /// idle association keeps of it, for the secrets of DTLS 1.3 that follow.
    fn disclose(&mut self, label: SecretLabel, random: &[u8], secret: &[u8]);
}

impl Env<'_> {
    pub(super) fn disclose(&mut self, label: SecretLabel, random: &[u8], secret: &[u8]) {
        if let Some(log) = &mut self.key_log {
            log.disclose(label, random, secret);
        }
    }
}

//! A device class: what its processor costs in time and energy.

use crate::association::{Operation, Operations, Received};
use crate::sim::Draws;
use crate::sim::time::Duration;

/// A kind of machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Its name in the scenario.
    pub name: String,
    /// How work becomes time.
    pub cost: Cost,
    /// Power drawn while the processor works, in watts; 0 for machines on the mains that nobody meters.
    pub active_w: f64,
}

/// How work becomes time.
#[derive(Clone, Debug, PartialEq)]
pub enum Cost {
    /// A service time by kind of event, whatever the real code did.
    Fixed(FixedTimes),
    /// The operations that the real code reports, each at its price.
    Operations(Prices),
}

/// Service times by kind of event. What is not named costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FixedTimes {
    /// A new ClientHello at a server.
    pub hello: Duration,
    /// At a server, a new Finished of a client; at a client, the server's flight, before its own
    /// Finished leaves.
    pub finished: Duration,
    /// A duplicate of either, answered from the cached reply.
    pub duplicate: Duration,
    /// A datagram that is only forwarded.
    pub datagram: Duration,
    /// A key update, at either side.
    pub key_update: Duration,
    /// An application request or response.
    pub message: Duration,
    /// How single service times vary about these means.
    pub variation: Variation,
}

/// How service times vary about their mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variation {
    /// Not at all.
    #[default]
    None,
    /// Exponential: the squared coefficient of variation is 1.
    Exponential,
    /// A mixture of two exponentials with balanced means: the squared coefficient of variation is 4.
    Hyperexponential,
}

impl Variation {
    /// A service time with this mean.
    fn draw(self, mean: Duration, draws: &mut Draws<'_>) -> Duration {
        /// Share of the short ones for a squared coefficient of variation of 4: (1 + sqrt(3/5)) / 2.
        const SHORT: f64 = 0.887_298_334_620_741_7;
        let factor = match self {
            Self::None => return mean,
            Self::Exponential => 1.0,
            Self::Hyperexponential if draws.unit() < SHORT => 0.5 / SHORT,
            Self::Hyperexponential => 0.5 / (1.0 - SHORT),
        };
        #[expect(clippy::cast_precision_loss, reason = "service times are far below 2^53 ns")]
        whole_nanos(mean.0 as f64 * factor * draws.exponential())
    }
}

/// Prices of operations, in nanoseconds each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// One SHA-256 compression of 64 bytes.
    pub sha256_block_ns: f64,
    /// Fixed part of a sealing or opening by AES-GCM.
    pub aead_ns: f64,
    /// Each byte under AES-GCM.
    pub aead_byte_ns: f64,
    /// Fixed part of a sealing or opening by AES-CCM.
    pub ccm_ns: f64,
    /// Each byte under AES-CCM.
    pub ccm_byte_ns: f64,
    /// One AES block with its share of the key schedule.
    pub aes_block_ns: f64,
    /// One X25519 scalar multiplication.
    pub x25519_ns: f64,
    /// One handshake message, ACK or alert read or written: parsing and state, no cryptography.
    pub message_ns: f64,
    /// One record or forwarded datagram through the network stack.
    pub datagram_ns: f64,
    /// One oneM2M request handled by a CSE, or built or read by a device.
    pub request_ns: f64,
}

impl Class {
    /// Time for an event that turned out to be `received` and took `operations` and `requests` oneM2M
    /// requests.
    #[must_use]
    pub fn event_cost(
        &self,
        received: Received,
        operations: &Operations,
        requests: u64,
    ) -> Duration {
        match &self.cost {
            Cost::Fixed(times) => times.of(received),
            Cost::Operations(prices) => prices.of(operations, requests),
        }
    }

    /// A single service time where the mean is `mean`.
    pub(super) fn varied(&self, mean: Duration, draws: &mut Draws<'_>) -> Duration {
        match &self.cost {
            Cost::Fixed(times) => times.variation.draw(mean, draws),
            Cost::Operations(_) => mean,
        }
    }

    /// Time to forward one datagram.
    #[must_use]
    pub fn forward_cost(&self) -> Duration {
        match &self.cost {
            Cost::Fixed(times) => times.datagram,
            Cost::Operations(prices) => whole_nanos(prices.datagram_ns),
        }
    }

    /// Time for work that no datagram caused: the first flight, a retransmission, a request.
    #[must_use]
    pub fn own_cost(&self, operations: &Operations, requests: u64) -> Duration {
        match &self.cost {
            Cost::Fixed(times) => times.message.times(requests),
            Cost::Operations(prices) => prices.of(operations, requests),
        }
    }
}

impl FixedTimes {
    const fn of(&self, received: Received) -> Duration {
        match received {
            Received::ClientHello => self.hello,
            Received::ServerFlight | Received::Finished => self.finished,
            Received::Duplicate => self.duplicate,
            Received::KeyUpdate => self.key_update,
            Received::Data => self.message,
            _ => Duration::ZERO,
        }
    }
}

impl Prices {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn of(&self, operations: &Operations, requests: u64) -> Duration {
        let n = |operation| operations.of(operation) as f64;
        let nanos = n(Operation::Sha256Block) * self.sha256_block_ns
            + (n(Operation::Seal) + n(Operation::Open)) * self.aead_ns
            + n(Operation::AeadByte) * self.aead_byte_ns
            + (n(Operation::CcmSeal) + n(Operation::CcmOpen)) * self.ccm_ns
            + n(Operation::CcmByte) * self.ccm_byte_ns
            + (n(Operation::AesBlock) + n(Operation::AesKey)) * self.aes_block_ns
            + n(Operation::X25519) * self.x25519_ns
            + n(Operation::Message) * self.message_ns
            + n(Operation::Record) * self.datagram_ns
            + requests as f64 * self.request_ns;
        whole_nanos(nanos)
    }
}

/// Rounds to whole nanoseconds, never below zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float to integer casts saturate"
)]
fn whole_nanos(nanos: f64) -> Duration {
    Duration((nanos + 0.5) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_times_vary_as_they_say_about_their_mean() {
        let (streams, mut cursor) = (crate::sim::Seed(1).streams("test"), 0);
        let mut draws = streams.draws(0, 0, &mut cursor);
        let mut moments = |variation: Variation| {
            let times: Vec<f64> = (0..200_000)
                .map(|_| variation.draw(Duration(1_000_000), &mut draws).0 as f64 / 1e6)
                .collect();
            let n = times.len() as f64;
            let mean = times.iter().sum::<f64>() / n;
            let square = times.iter().map(|time| time * time).sum::<f64>() / n;
            (mean, square / (mean * mean) - 1.0)
        };
        assert_eq!(moments(Variation::None), (1.0, 0.0));
        for (variation, due) in [(Variation::Exponential, 1.0), (Variation::Hyperexponential, 4.0)]
        {
            let (mean, scv) = moments(variation);
            assert!((mean - 1.0).abs() < 0.02, "{variation:?}: mean {mean}");
            assert!((scv / due - 1.0).abs() < 0.05, "{variation:?}: {scv} instead of {due}");
        }
    }

    #[test]
    fn ccm_and_gcm_have_prices_of_their_own() {
        let (gcm, ccm) = ((10.0, 1.0), (200.0, 30.0));
        let prices = Prices {
            aead_ns: gcm.0,
            aead_byte_ns: gcm.1,
            ccm_ns: ccm.0,
            ccm_byte_ns: ccm.1,
            ..Prices::default()
        };
        let cost = |operation, n| {
            let mut operations = Operations::default();
            operations.count(operation, n);
            prices.of(&operations, 0).0
        };
        let of = |operations: [Operation; 3]| operations.map(|operation| cost(operation, 2));
        assert_eq!(of([Operation::Seal, Operation::Open, Operation::AeadByte]), [20, 20, 2]);
        assert_eq!(
            of([Operation::CcmSeal, Operation::CcmOpen, Operation::CcmByte]),
            [400, 400, 60]
        );
    }
}

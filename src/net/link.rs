//! A link type and the state of one of its transmitters.

use rand_core::Rng;

use super::verdict::{DropReason, Verdict};
use crate::sim::time::{Duration, Time};

/// The properties that all links of one name share. Every link joins one child (a device or a gateway)
/// to its parent; "up" is towards the infrastructure.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkType {
    /// Its name in the scenario.
    pub name: String,
    /// One-way propagation and access delay.
    pub latency: Duration,
    /// Uniform extra delay in `[0, jitter)` per datagram; may reorder.
    pub jitter: Duration,
    /// Probability, per datagram and direction, of being lost: 0 to below 1.
    pub loss: f64,
    /// Probability of being delivered twice: 0 to below 1.
    pub duplicate: f64,
    /// Bits per second towards the infrastructure; `None` is no limit.
    pub rate_up: Option<u64>,
    /// Bits per second towards the device; `None` is no limit.
    pub rate_down: Option<u64>,
    /// Largest datagram in bytes, headers not counted.
    pub mtu: u16,
    /// Bytes of UDP, IP and link headers added to each datagram on the air.
    pub header: u16,
    /// A transmitter holds at most this many bytes that wait for their turn; only a limited rate queues.
    pub queue: u32,
    /// What the child's radio spends.
    pub medium: Medium,
}

/// Energy that the child's end of a link spends per byte on the air, headers included.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Medium {
    /// Microjoules per byte sent.
    pub tx_uj_per_byte: f64,
    /// Microjoules per byte received.
    pub rx_uj_per_byte: f64,
}

/// One direction of one link: when its sender is free again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Transmitter {
    busy_until: Time,
}

impl Medium {
    /// Microjoules for `sent` and `received` bytes.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "bytes of one node stay far below 2^53")]
    pub fn energy_uj(&self, sent: u64, received: u64) -> f64 {
        sent as f64 * self.tx_uj_per_byte + received as f64 * self.rx_uj_per_byte
    }
}

impl Transmitter {
    /// Sends `len` bytes (headers not counted) at `now` at `rate` bits per second.
    ///
    /// `draw` is asked for randomness only where the link type has any, so that a perfect link draws
    /// nothing.
    pub fn send(
        &mut self,
        link: &LinkType,
        rate: Option<u64>,
        now: Time,
        len: usize,
        draw: &mut dyn Rng,
    ) -> Verdict {
        if len > usize::from(link.mtu) {
            return Verdict::Drop(DropReason::TooLong);
        }
        let Some(sent) = self.serialise(link, rate, now, len) else {
            return Verdict::Drop(DropReason::QueueFull);
        };
        if chance(link.loss, draw) {
            return Verdict::Drop(DropReason::Loss);
        }
        let first = sent + link.latency + spread(link.jitter, draw);
        if chance(link.duplicate, draw) {
            return Verdict::Duplicate(first, sent + link.latency + spread(link.jitter, draw));
        }
        Verdict::Pass(first)
    }

    /// Queues behind what is already being sent; `None` when the queue is full, else the time from
    /// `now` until the last bit has left.
    fn serialise(
        &mut self,
        link: &LinkType,
        rate: Option<u64>,
        now: Time,
        len: usize,
    ) -> Option<Duration> {
        let Some(rate) = rate else { return Some(Duration::ZERO) };
        let waiting = self.busy_until.since(now);
        let queued_bytes = u128::from(waiting.0) * u128::from(rate) / 8_000_000_000;
        if queued_bytes > u128::from(link.queue) {
            return None;
        }
        let bits = (len as u64 + u64::from(link.header)) * 8;
        let serialisation = Duration(bits.saturating_mul(1_000_000_000) / rate.max(1));
        self.busy_until = now.max(self.busy_until) + serialisation;
        Some(self.busy_until.since(now))
    }
}

/// True with probability `p`; draws only when `p` is above 0.
fn chance(p: f64, draw: &mut dyn Rng) -> bool {
    p > 0.0 && unit(draw) < p
}

/// Uniform in `[0, span)`; draws only when `span` is above 0.
fn spread(span: Duration, draw: &mut dyn Rng) -> Duration {
    if span == Duration::ZERO {
        return Duration::ZERO;
    }
    let wide = u128::from(draw.next_u64()) * u128::from(span.0);
    Duration(u64::try_from(wide >> 64).unwrap_or(u64::MAX))
}

/// Uniform in `[0, 1)` with 53 bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
fn unit(draw: &mut dyn Rng) -> f64 {
    (draw.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

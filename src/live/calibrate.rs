//! What this machine needs for each operation, measured on the code that does it: the prices of a class
//! in which the simulator predicts this machine.
//!
//! Cryptography is timed alone. What a handshake in memory takes beyond its cryptography is the price
//! of its messages; a datagram costs half of a sending and a receiving over the loopback. The check is a
//! handshake with another key exchange over real sockets, which none of the prices was taken from. The way
//! between two ends that wait is measured last, at these prices (see `path`).

use std::hint::black_box;

use aes::Aes128;
use aes::cipher::BlockCipherEncrypt as _;
use aes_gcm::Aes128Gcm;
use aes_gcm::aead::consts::{U8, U12, U16};
use aes_gcm::aead::{AeadInOut, KeyInit, KeySizeUser};
use ccm::Ccm;
use serde::Serialize;
use x25519_dalek::{PublicKey, StaticSecret};

use super::pair::{Pair, Way};
use super::{Clock, LiveError, Path};
use crate::association::{KeyExchange, Operation, Operations, early_secret};
use crate::node::{Class, Cost, Prices};
use crate::onem2m::{Service, device};
use crate::sim::time::{Duration, Time};
use crate::wire::coap::Token;

type Aes128Ccm8 = Ccm<Aes128, U8, U12>;

/// Length of a batch of calls: shorter than the turns that the system gives to threads, so that most batches
/// are not interrupted where others work on this machine. The lower quartile of the batches counts.
const BATCH: Duration = Duration::from_millis(1);
/// Batches of each measurement, at least.
const BATCHES_MIN: u64 = 16;
/// Calls between two looks at the clock, which costs as much as a short call.
const STRIDE: u64 = 4;
/// Payloads whose difference gives the price of a byte.
const PAYLOADS: [usize; 2] = [32, 1_056];
/// Round trips of the exchange whose mean latency a table gives: those of a psk_ke handshake with its ACK.
pub const ROUND_TRIPS: usize = 2;

/// The prices of this machine, and how well they predict.
#[derive(Clone, Debug, Serialize)]
pub struct Calibration {
    #[serde(skip)]
    prices: Prices,
    #[serde(skip)]
    path: Path,
    /// A full psk_dhe_ke handshake over UDP, both ends, by the prices.
    pub predicted_s: f64,
    /// The same, measured.
    pub measured_s: f64,
}

impl Calibration {
    /// The prices.
    #[must_use]
    pub const fn prices(&self) -> &Prices {
        &self.prices
    }

    /// The way over the loopback between two ends that wait, beyond their work.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// A class of these prices.
    #[must_use]
    pub fn class(&self, name: &str) -> Class {
        class(name, self.prices)
    }

    /// The prices by their words in a scenario, in nanoseconds.
    #[must_use]
    pub const fn words(&self) -> [(&'static str, f64); 10] {
        let prices = &self.prices;
        [
            ("sha256_block", prices.sha256_block_ns),
            ("aead", prices.aead_ns),
            ("aead_byte", prices.aead_byte_ns),
            ("ccm", prices.ccm_ns),
            ("ccm_byte", prices.ccm_byte_ns),
            ("aes_block", prices.aes_block_ns),
            ("x25519", prices.x25519_ns),
            ("message", prices.message_ns),
            ("datagram", prices.datagram_ns),
            ("request", prices.request_ns),
        ]
    }

    /// The class and the loopback as tables of a scenario.
    #[must_use]
    pub fn table(&self, name: &str) -> String {
        let mut text = format!("[class.{name}]\nactive_power = \"0W\" # not measured\n");
        for (word, nanos) in self.words() {
            text.push_str(&format!("{word} = \"{}ns\"\n", rounded(nanos)));
        }
        text.push_str(&format!(
            "\n[link.loopback] # between ends that wait for each other\nlatency = \"{}\"\nheader = \"0B\"\n",
            self.path.one_way(ROUND_TRIPS)
        ));
        text
    }
}

/// Three significant digits, as the quantities of a scenario are written.
fn rounded(nanos: f64) -> f64 {
    let digits: f64 = format!("{nanos:.2e}").parse().unwrap_or(nanos);
    if digits < 1e-3 { 0.0 } else { digits }
}

fn class(name: &str, prices: Prices) -> Class {
    Class { name: name.to_owned(), cost: Cost::Operations(prices), active_w: 0.0 }
}

/// Measures every price for `each`, twelve times together, and the loopback for about a second.
///
/// # Errors
/// The system refuses sockets or randomness.
pub fn calibrate(each: Duration) -> Result<Calibration, LiveError> {
    let mut prices = Prices {
        sha256_block_ns: sha256(each),
        aes_block_ns: aes(each),
        x25519_ns: x25519(each),
        request_ns: requests(each),
        datagram_ns: datagrams(each)?,
        ..Prices::default()
    };
    (prices.aead_ns, prices.aead_byte_ns) = sealing::<Aes128Gcm>(&prices, each);
    (prices.ccm_ns, prices.ccm_byte_ns) = sealing::<Aes128Ccm8>(&prices, each);
    prices.message_ns = message(&prices, each)?;
    let mut pair = Pair::new(KeyExchange::PskDhe, Way::sockets()?)?;
    let measured = time(each, || pair.handshake());
    let class = class("host", prices);
    let predicted = class.own_cost(&pair.operations(), 0).as_secs_f64();
    let path = Path::measure(&class)?;
    Ok(Calibration { prices, path, predicted_s: predicted, measured_s: measured / 1e9 })
}

/// Nanoseconds of one call: the lower quartile over batches that take `budget` together.
#[expect(clippy::cast_precision_loss, reason = "times of loops stay far below 2^53")]
fn time<T>(budget: Duration, mut call: impl FnMut() -> T) -> f64 {
    let clock = Clock::start();
    let mut batch = || {
        let (start, mut calls) = (clock.now(), 0_u64);
        loop {
            for _ in 0..STRIDE {
                black_box(call());
            }
            calls += STRIDE;
            let elapsed = clock.now().since(start);
            if elapsed >= BATCH {
                return elapsed.0 as f64 / calls as f64;
            }
        }
    };
    let count = (budget.0 / BATCH.0).max(BATCHES_MIN);
    let mut batches: Vec<f64> = (0..count).map(|_| batch()).collect();
    batches.sort_by(f64::total_cmp);
    batches[batches.len() / 4]
}

/// One compression, in the short HMACs that a key schedule consists of.
#[expect(clippy::cast_precision_loss, reason = "a handful of blocks")]
fn sha256(budget: Duration) -> f64 {
    let mut operations = Operations::default();
    let _ = early_secret(&[7; 32], &mut operations);
    let blocks = operations.of(Operation::Sha256Block) as f64;
    let mut work = Operations::default();
    time(budget, || early_secret(black_box(&[7; 32]), &mut work)) / blocks
}

/// A key schedule and one block, which have one price.
fn aes(budget: Duration) -> f64 {
    let mut block = [1; 16].into();
    let mut eight = || {
        for _ in 0..8 {
            Aes128::new(black_box(&[7; 16].into())).encrypt_block(&mut block);
        }
    };
    time(budget, &mut eight) / 16.0
}

/// The fixed part of a sealing, without its key schedule, which has its own price; and the price of a byte.
#[expect(clippy::cast_precision_loss, reason = "two lengths")]
fn sealing<C>(prices: &Prices, budget: Duration) -> (f64, f64)
where
    C: AeadInOut<NonceSize = U12> + KeyInit + KeySizeUser<KeySize = U16>,
{
    let [short, long] = PAYLOADS.map(|len| {
        let mut text = vec![1; len];
        time(budget, || {
            let cipher = C::new(black_box(&[7; 16].into()));
            cipher.encrypt_inout_detached(&[3; 12].into(), &[], text.as_mut_slice().into())
        })
    });
    let byte = ((long - short) / (PAYLOADS[1] - PAYLOADS[0]) as f64).max(0.0);
    ((short - PAYLOADS[0] as f64 * byte - prices.aes_block_ns).max(0.0), byte)
}

/// Each end makes a public key, which has a table to help, and an agreement, which has none: the mean.
fn x25519(budget: Duration) -> f64 {
    let (secret, public) = (StaticSecret::from([7; 32]), PublicKey::from([9; 32]));
    let agreement = time(budget, || secret.diffie_hellman(black_box(&public)));
    (time(budget, || PublicKey::from(black_box(&secret))) + agreement) / 2.0
}

/// A request is built, handled, and its answer read: three times the price.
fn requests(budget: Duration) -> f64 {
    let (cse, originator) = ("cse-in-0", "Cmeters-0");
    let Ok(mut service) = Service::new(cse) else { return 0.0 };
    // One that is not there is refused, which is handled as well.
    let _ = service.provision(originator);
    let content = device::reading(64, 0);
    let target = device::target(cse, originator);
    let mut mid = 0_u16;
    let once = || {
        mid = mid.wrapping_add(1);
        let report = device::Report {
            originator,
            target: &target,
            mid,
            token: Token::new(&mid.to_be_bytes())?,
            request_id: "0",
            content: &content,
        };
        let request = device::report(&report).ok()?;
        let answer = service.handle_coap(Time::ZERO, originator, &request).ok()?;
        device::answer(&answer).ok()
    };
    time(budget, once) / 3.0
}

/// Half of a sending and a receiving.
fn datagrams(budget: Duration) -> Result<f64, LiveError> {
    let Way::Sockets(from, to) = Way::sockets()? else { return Ok(0.0) };
    let mut buffer = [0; 2_048];
    let once = || from.send(&[0; 128]).and_then(|_| to.recv(&mut buffer));
    Ok(time(budget, once) / 2.0)
}

/// What a psk_ke handshake in memory takes beyond its cryptography, by its messages.
#[expect(clippy::cast_precision_loss, reason = "a handful of messages")]
fn message(prices: &Prices, budget: Duration) -> Result<f64, LiveError> {
    let mut pair = Pair::new(KeyExchange::Psk, Way::Memory)?;
    let measured = time(budget, || pair.handshake());
    let operations = pair.operations();
    let crypto = Prices { datagram_ns: 0.0, message_ns: 0.0, ..*prices };
    let crypto = class("host", crypto).own_cost(&operations, 0);
    let messages = operations.of(Operation::Message).max(1) as f64;
    Ok((measured - crypto.0 as f64).max(0.0) / messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_written_with_three_digits() {
        assert_eq!([rounded(12_345.6), rounded(0.123_45), rounded(1e-9)], [12_300.0, 0.123, 0.0]);
    }
}

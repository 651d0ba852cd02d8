//! Side channels: what a probe beside a chip records while the chip computes with a key.
//!
//! A device proves on the spot that it holds a key: a service tool hands it a block, and it answers with
//! the AES-256 of the block under that key. In the software of a flash or file store every look-up of
//! that computation draws a current that depends on how many bits of the byte are set. An HSM computes
//! the same behind first-order masks, drawn afresh for each block, and does it only so many times.
//!
//! The model of the current is the usual one (Brier, Clavier and Olivier, CHES 2004): Hamming weight of
//! the byte and noise. Here the noise is the number of ones among 64 random bits: all in integers, with a
//! standard deviation of 4, so that one look-up of plain software correlates with its current by 1/3.

use rand_core::Rng;

use crate::credential::KeyBytes;
use crate::credential::software_aes::{Block, Masks, encrypt};

/// Look-ups that a probe records of each block: those of the first two rounds.
pub const SAMPLES: usize = 32;
/// Traces that a probe keeps.
pub const TRACES_MAX: usize = 1 << 16;

/// What a probe recorded of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The block that the chip was given.
    pub block: Block,
    /// The current at each look-up, in units of one bit: 0 to 72.
    pub samples: [u8; SAMPLES],
}

/// A probe beside a chip, and all that it recorded.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    traces: Vec<Trace>,
}

impl Probe {
    /// What was recorded.
    #[must_use]
    pub fn traces(&self) -> &[Trace] {
        &self.traces
    }
}

/// How a chip hides what it computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hiding {
    /// Not at all: the software of any library that looks bytes up in a table.
    Nothing,
    /// Two random masks for each block.
    FirstOrder,
}

/// The AES-256 of `block` under `key`, computed by a chip whose noise and masks come from `chip`.
pub(super) fn prove(
    key: &KeyBytes,
    block: &Block,
    hiding: Hiding,
    chip: &mut dyn Rng,
    probe: Option<&mut Probe>,
) -> Block {
    let masks = match hiding {
        Hiding::Nothing => Masks::default(),
        Hiding::FirstOrder => {
            let [before, after, ..] = chip.next_u32().to_le_bytes();
            Masks { before, after }
        }
    };
    let mut samples = [0; SAMPLES];
    let mut at = 0;
    let answer = encrypt(key.expose(), block, masks, |byte| {
        if let Some(sample) = samples.get_mut(at) {
            let ones = byte.count_ones() + chip.next_u64().count_ones();
            *sample = u8::try_from(ones).unwrap_or(u8::MAX);
        }
        at += 1;
    });
    if let Some(probe) = probe.filter(|probe| probe.traces.len() < TRACES_MAX) {
        probe.traces.push(Trace { block: *block, samples });
    }
    answer
}

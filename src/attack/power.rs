//! Correlation power analysis of AES-256 (Brier, Clavier and Olivier, CHES 2004): from what a probe
//! recorded of many blocks to the key.
//!
//! For each byte of the first round key, every value is a hypothesis: it predicts how many bits each
//! look-up had set, and the right one predicts the recorded currents best. With the first round key known,
//! the state that enters the second round is known too, and the second half of the key falls alike. What
//! comes out is then tried on a block whose answer is known; nobody has to take it for the key.

use crate::credential::software_aes::{Block, Masks, SBOX, add, encrypt, mix_columns, shift_rows};
use crate::credential::store::{TRACES_MAX, Trace};

/// Samples of one round.
const ROUND: usize = 16;

/// What the analysis ended with.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// The most likely key.
    pub key: [u8; 32],
    /// The smallest correlation, over the bytes of the key, by which a byte was chosen.
    pub correlation_min: f64,
}

/// The key that explains the traces best; none without traces.
#[must_use]
pub fn analyse(traces: &[Trace]) -> Option<Analysis> {
    let blocks: Vec<Block> = traces.iter().map(|trace| trace.block).collect();
    let (first, weakest_first) = round_key(traces, &blocks, 0)?;
    let second_round = |block: &Block| {
        let looked_up = add(block, &first).map(|byte| SBOX[usize::from(byte)]);
        mix_columns(&shift_rows(&looked_up))
    };
    let states: Vec<Block> = blocks.iter().map(second_round).collect();
    let (second, weakest_second) = round_key(traces, &states, ROUND)?;
    let mut key = [0; 32];
    key[..16].copy_from_slice(&first);
    key[16..].copy_from_slice(&second);
    Some(Analysis { key, correlation_min: weakest_first.min(weakest_second) })
}

/// The key that explains the traces best, if it answers `block` as the device did.
#[must_use]
pub fn recover(traces: &[Trace], block: &Block, answer: &Block) -> Option<[u8; 32]> {
    let found = analyse(traces)?;
    let is_right = encrypt(&found.key, block, Masks::default(), |_| ()) == *answer;
    is_right.then_some(found.key)
}

/// The round key that is added to `states`, whose look-ups stand in the samples from `from` on, and the
/// smallest correlation by which a byte of it was chosen.
fn round_key(traces: &[Trace], states: &[Block], from: usize) -> Option<(Block, f64)> {
    if traces.is_empty() {
        return None;
    }
    let mut key = [0; 16];
    let mut weakest = f64::INFINITY;
    for (position, byte) in key.iter_mut().enumerate() {
        let predictions = Predictions::of(states, position);
        let best = (from..from + ROUND)
            .flat_map(|sample| predictions.correlations(traces, sample))
            .max_by(|a, b| a.1.total_cmp(&b.1))?;
        *byte = best.0;
        weakest = weakest.min(best.1);
    }
    Some((key, weakest))
}

/// How many bits are set in each entry of the substitution table.
const WEIGHTS: [i32; 256] = {
    let mut weights = [0; 256];
    let mut at = 0;
    while at < 256 {
        weights[at] = SBOX[at].count_ones().cast_signed();
        at += 1;
    }
    weights
};

/// What each value of one byte of the key predicts. Traces with equal bytes of the state predict alike, so
/// that sums over 256 classes do for all traces.
struct Predictions {
    /// The byte of the state in each trace.
    classes: Vec<u8>,
    /// By value of the key byte: the sum of the predictions, and their variance times the square of the
    /// number of traces.
    moments: Vec<(i64, i64)>,
}

impl Predictions {
    fn of(states: &[Block], position: usize) -> Self {
        let classes: Vec<u8> = states.iter().map(|state| state[position]).collect();
        let mut counts = [0i64; 256];
        classes.iter().for_each(|class| counts[usize::from(*class)] += 1);
        let n: i64 = counts.iter().sum();
        let moments = (0..256usize).map(|guess| {
            let weight = |class: usize| i64::from(WEIGHTS[class ^ guess]);
            let each = || counts.iter().enumerate();
            let sum: i64 = each().map(|(class, count)| count * weight(class)).sum();
            let squares: i64 = each().map(|(class, count)| count * weight(class).pow(2)).sum();
            (sum, n * squares - sum * sum)
        });
        let moments = moments.collect();
        Self { classes, moments }
    }

    /// Each value of the key byte with the correlation of what it predicts with one sample.
    fn correlations(&self, traces: &[Trace], sample: usize) -> impl Iterator<Item = (u8, f64)> {
        let mut sums = [0i32; 256];
        let (mut n, mut sum, mut squares) = (0i64, 0i64, 0i64);
        for (trace, class) in traces.iter().zip(&self.classes).take(TRACES_MAX) {
            let current = trace.samples[sample];
            sums[usize::from(*class)] += i32::from(current);
            n += 1;
            sum += i64::from(current);
            squares += i64::from(current).pow(2);
        }
        let spread = n * squares - sum * sum;
        (0..=u8::MAX).zip(&self.moments).map(move |(guess, (predicted, variance))| {
            let each = sums.iter().enumerate();
            let products: i32 =
                each.map(|(class, of)| of * WEIGHTS[class ^ usize::from(guess)]).sum();
            let covariance = n * i64::from(products) - sum * predicted;
            (guess, ratio(covariance, *variance, spread))
        })
    }
}

/// Pearson's coefficient from sums that are whole numbers.
#[expect(clippy::cast_precision_loss, reason = "an estimate; 53 bits are plenty")]
fn ratio(covariance: i64, variance: i64, spread: i64) -> f64 {
    let scale = (variance as f64).sqrt() * (spread as f64).sqrt();
    if scale > 0.0 { covariance as f64 / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::lifetime::Validity;
    use crate::credential::store::{
        Entry, Hsm, HsmProfile, KeyName, PlainFlash, Probe, SAMPLES, Store, StoreError, Work,
    };
    use crate::credential::{KeyBytes, Level};
    use rand_chacha::ChaCha8Rng;
    use rand_core::{Rng as _, SeedableRng as _};

    /// Measures `store` up to `budget` times, as somebody with the device on the bench does.
    fn measure(store: &mut Store, budget: usize, seed: u64) -> (Probe, Block, Block) {
        let mut chip = ChaCha8Rng::seed_from_u64(seed);
        let mut bench = ChaCha8Rng::seed_from_u64(seed + 1_000);
        let (mut probe, mut last) = (Probe::default(), ([0; 16], [0; 16]));
        for _ in 0..budget {
            let mut block = [0; 16];
            bench.fill_bytes(&mut block);
            let keys = store.keys_mut();
            match keys.prove(b"k", &block, &mut chip, Some(&mut probe), &mut Work::default()) {
                Ok(answer) => last = (block, answer),
                Err(error) => {
                    assert_eq!(error, StoreError::Tampered);
                    break;
                }
            }
        }
        (probe, last.0, last.1)
    }

    fn with_key(mut store: Store, key: [u8; 32]) -> Store {
        let name = KeyName::new("k").unwrap();
        let entry = Entry { name, level: Level::Kpsa, validity: Validity::ALWAYS };
        store.keys_mut().write(entry, KeyBytes::new(key), &mut Work::default()).unwrap();
        store
    }

    fn random_key(seed: u64) -> [u8; 32] {
        let mut key = [0; 32];
        ChaCha8Rng::seed_from_u64(!seed).fill_bytes(&mut key);
        key
    }

    #[test]
    fn software_loses_its_key_to_four_hundred_traces_and_not_to_twenty() {
        for seed in 0..30 {
            let key = random_key(seed);
            let mut store = with_key(Store::Plain(PlainFlash::new()), key);
            let (probe, block, answer) = measure(&mut store, 400, seed);
            assert_eq!(recover(probe.traces(), &block, &answer), Some(key), "seed {seed}");
            assert_eq!(recover(&probe.traces()[..20], &block, &answer), None, "seed {seed}");
        }
    }

    #[test]
    fn a_masked_element_keeps_its_key_and_stops_to_answer() {
        let hsm = || Store::Hsm(Box::new(Hsm::new(HsmProfile::ATECC608)));
        for seed in 0..5 {
            let (probe, block, answer) = measure(&mut with_key(hsm(), random_key(seed)), 800, seed);
            assert_eq!(probe.traces().len(), 500, "the element stops");
            assert_eq!(recover(probe.traces(), &block, &answer), None);
        }
    }

    /// It is the masks that help, not only the limit.
    #[test]
    fn masks_hold_against_far_more_traces_than_software_stands() {
        let patient = HsmProfile { proofs_max: u32::MAX, ..HsmProfile::ATECC608 };
        let mut store = with_key(Store::Hsm(Box::new(Hsm::new(patient))), random_key(1));
        let (probe, block, answer) = measure(&mut store, 20_000, 1);
        assert_eq!(recover(probe.traces(), &block, &answer), None);
        assert!(analyse(probe.traces()).unwrap().correlation_min < 0.05);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(analyse(&[]), None);
        let still = Trace { block: [0; 16], samples: [0; SAMPLES] };
        assert_eq!(analyse(&[still]).map(|found| found.correlation_min), Some(0.0));
    }
}

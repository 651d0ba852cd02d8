//! One seed, named streams: each entity draws from its own ChaCha8 stream, so that adding an entity
//! never shifts another's draws.

use std::convert::Infallible;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng, TryRng};
use sha2::{Digest as _, Sha256};

/// The seed of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

/// The key of a family of streams: a seed and a name, hashed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StreamKey([u8; 32]);

impl Seed {
    /// The streams of the group called `name`, whatever other groups there are.
    #[must_use]
    pub fn streams(self, name: &str) -> StreamKey {
        let hash = Sha256::new()
            .chain_update(b"keystorm stream 1")
            .chain_update(self.0.to_le_bytes())
            .chain_update(name.as_bytes());
        StreamKey(hash.finalize().into())
    }
}

impl StreamKey {
    /// Draws of `member` for `purpose`, continued at `cursor`.
    pub const fn draws<'a>(&'a self, member: u32, purpose: u8, cursor: &'a mut u64) -> Draws<'a> {
        Draws { key: self, stream: ((member as u64) << 8) | purpose as u64, cursor, rng: None }
    }
}

/// A stream that is built when first drawn from and remembers where it stopped: an entity stores only
/// the cursor, in 32-bit words drawn so far.
pub struct Draws<'a> {
    key: &'a StreamKey,
    stream: u64,
    cursor: &'a mut u64,
    rng: Option<ChaCha8Rng>,
}

impl Draws<'_> {
    /// Uniform in `[0, bound)`; 0 for a bound of 0. The bias is below 2^-64 times the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(bound - 1)
    }

    /// Uniform between 0 and 1, neither of which it is.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    pub fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Exponential with mean 1, by inversion; the same on every platform.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    fn with<T>(&mut self, draw: impl FnOnce(&mut ChaCha8Rng) -> T) -> T {
        let rng = self.rng.get_or_insert_with(|| {
            let mut rng = ChaCha8Rng::from_seed(self.key.0);
            rng.set_stream(self.stream);
            rng.set_word_pos(u128::from(*self.cursor));
            rng
        });
        draw(rng)
    }
}

impl TryRng for Draws<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.with(Rng::next_u32))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.with(Rng::next_u64))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.with(|rng| rng.fill_bytes(bytes));
        Ok(())
    }
}

impl Drop for Draws<'_> {
    fn drop(&mut self) {
        if let Some(rng) = &self.rng {
            *self.cursor = u64::try_from(rng.get_word_pos()).unwrap_or(u64::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_continues_where_it_stopped() {
        let key = Seed(7).streams("meters");
        let mut cursor = 0;
        let mut whole = [0; 64];
        key.draws(3, 1, &mut cursor).fill_bytes(&mut whole);
        let mut cursor = 0;
        let mut parts = [0; 64];
        for chunk in parts.chunks_mut(16) {
            key.draws(3, 1, &mut cursor).fill_bytes(chunk);
        }
        assert_eq!(whole, parts);
    }

    #[test]
    fn members_purposes_names_and_seeds_have_streams_of_their_own() {
        let draw = |seed, name: &str, member, purpose| {
            Seed(seed).streams(name).draws(member, purpose, &mut 0).next_u64()
        };
        let all = [
            draw(1, "a", 0, 0),
            draw(2, "a", 0, 0),
            draw(1, "b", 0, 0),
            draw(1, "a", 1, 0),
            draw(1, "a", 0, 1),
        ];
        let mut distinct = all.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn a_stream_that_is_not_used_costs_no_draws() {
        let mut cursor = 5;
        drop(Seed(1).streams("a").draws(0, 0, &mut cursor));
        assert_eq!(cursor, 5);
    }

    #[test]
    fn exponential_draws_have_mean_one() {
        let key = Seed(3).streams("a");
        let mut cursor = 0;
        let mut draws = key.draws(0, 0, &mut cursor);
        let n = 100_000;
        let mean = (0..n).map(|_| draws.exponential()).sum::<f64>() / f64::from(n);
        assert!((mean - 1.0).abs() < 3.0 / f64::from(n).sqrt(), "mean {mean}");
    }
}

//! Where the randomness of live associations comes from.

use rand::rngs::SysRng;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng, TryRng as _};

use super::LiveError;
use crate::sim::Seed;

/// A source of independent generators.
#[derive(Clone, Copy, Debug)]
pub enum Randomness {
    /// Seeded by the operating system: for every real use.
    System,
    /// Seeded by a number: repeatable, so without any security.
    Seeded(u64),
}

impl Randomness {
    /// The generator of `member` for `purpose`.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn generator(self, purpose: &str, member: u32) -> Result<ChaCha20Rng, LiveError> {
        let mut seed = [0; 32];
        match self {
            Self::System => SysRng
                .try_fill_bytes(&mut seed)
                .map_err(std::io::Error::other)
                .map_err(LiveError::system("get randomness"))?,
            Self::Seeded(number) => {
                let streams = Seed(number).streams(&format!("live {purpose}"));
                streams.draws(member, 0, &mut 0).fill_bytes(&mut seed);
            }
        }
        Ok(ChaCha20Rng::from_seed(seed))
    }
}

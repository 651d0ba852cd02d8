//! Key stores by sequences of operations: no secure element ever exhibits a key.

use std::sync::LazyLock;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

use super::{Oracle, Tape, Trail, Verdict, check};
use crate::association::Operations;
use crate::credential::hierarchy::Level;
use crate::credential::lifetime::Validity;
use crate::credential::store::{
    Entry, Hsm, HsmProfile, Interface, KeyName, KeyStore, Powers, TokenRequest, Usage, Work,
    unwrap_key,
};
use crate::credential::{KEY_LEN, KeyBytes};
use crate::sim::time::Time;

/// Bytes of a step.
pub(in crate::fuzzing) const STEP: usize = 4;
/// Steps of one input.
const STEPS_MAX: usize = 64;
/// Names of keys and of wrapping keys.
const NAMES: usize = 6;
/// Bytes of a key that must not be found anywhere: shorter runs occur by chance.
const WINDOW: usize = 8;
/// A key that somebody outside knows.
const FOREIGN: [u8; KEY_LEN] = [0x66; KEY_LEN];
/// Answers that are kept to be handed in again.
const KEPT_MAX: usize = 8;

const LEVELS: [Level; 6] = [Level::Kpm, Level::Ke, Level::Km, Level::Kpsa, Level::Kc, Level::Usage];

/// The key under a number: no byte of it is like another's.
fn key(n: usize) -> KeyBytes {
    let mut bytes = [0; KEY_LEN];
    for (at, byte) in (0_u8..).zip(&mut bytes) {
        *byte = at.wrapping_mul(37) ^ n.to_le_bytes()[0].wrapping_mul(91) ^ 0x5c;
    }
    KeyBytes::new(bytes)
}

fn name(n: usize) -> Option<KeyName> {
    KeyName::new(&format!("k{}", n % NAMES)).ok()
}

fn entry(n: usize, level: Level) -> Option<Entry> {
    let validity = Validity { not_before: Time::ZERO, not_after: Time(u64::MAX) };
    Some(Entry { name: name(n)?, level, validity })
}

/// Puts a key of each level in.
pub(super) fn fill(store: &mut dyn KeyStore) {
    for (n, level) in LEVELS.into_iter().enumerate() {
        if let Some(entry) = entry(n, level) {
            let _ = store.write(entry, key(n), &mut Work::default());
        }
    }
}

struct World {
    hsm: Hsm,
    rng: ChaCha8Rng,
    /// Answers of the token.
    kept: Vec<Vec<u8>>,
}

pub(in crate::fuzzing) fn run(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let profile = if tape.flag() { HsmProfile::ATECC608 } else { HsmProfile::CLOUDHSM_HSM1 };
    let mut hsm = Hsm::new(profile).administered(Interface::Separated, key(200));
    fill(&mut hsm);
    let mut world = World { hsm, rng: ChaCha8Rng::seed_from_u64(1), kept: Vec::new() };
    for _ in 0..STEPS_MAX {
        if tape.is_empty() {
            break;
        }
        let step = [tape.byte(), tape.byte(), tape.byte(), tape.byte()];
        let answer = world.step(step, trail);
        secret("answer", &answer)?;
        if !answer.is_empty() && world.kept.len() < KEPT_MAX {
            world.kept.push(answer);
        }
    }
    world.look(trail)
}

impl World {
    fn step(&mut self, [what, a, b, c]: [u8; STEP], trail: &mut Trail) -> Vec<u8> {
        let work = &mut Work::default();
        let [first, second] = [a, b].map(usize::from);
        let powers = Powers { wrap: c & 1 == 1, decrypt: c & 2 == 2 };
        let (Some(one), Some(two)) = (name(first), name(second)) else { return Vec::new() };
        let request = match what % 14 {
            0 => TokenRequest::Export(one),
            1 => TokenRequest::Generate(one, powers),
            2 => TokenRequest::Import(one, powers, KeyBytes::new(FOREIGN)),
            3 => TokenRequest::Grant(one, powers),
            4 => TokenRequest::Wrap { credential: one, under: two },
            5 => {
                let data = self.kept.get(usize::from(c) % KEPT_MAX).cloned().unwrap_or_default();
                TokenRequest::Decrypt { under: one, data }
            }
            6 => TokenRequest::Backup,
            7 => {
                let backup = self.kept.get(second % KEPT_MAX).cloned().unwrap_or_default();
                trail.said("restored", &self.hsm.restore(&backup, work));
                return Vec::new();
            }
            8 => {
                let raw = [a, b, c, 2, b'k', b'0', a ^ c];
                return self.ask(&raw, trail);
            }
            9 => return self.compute(first, b, c, trail),
            10 => {
                let level = LEVELS[second % LEVELS.len()];
                let written = entry(first, level)
                    .map(|entry| self.hsm.write(entry, key(first % NAMES), work));
                trail.said("written", &written);
                return Vec::new();
            }
            11 => {
                trail.said("erased", &self.hsm.erase(one.as_bytes(), work));
                return Vec::new();
            }
            12 => {
                let block = [a ^ b; 16];
                let proof = self.hsm.prove(one.as_bytes(), &block, &mut self.rng, None, work);
                trail.said("proof", &proof.as_ref().err());
                return proof.map(|block| block.to_vec()).unwrap_or_default();
            }
            _ => {
                self.hsm.power_cycle();
                return Vec::new();
            }
        };
        let encoded = request.encode();
        self.ask(&encoded, trail)
    }

    fn ask(&mut self, request: &[u8], trail: &mut Trail) -> Vec<u8> {
        let answer = self.hsm.administer(request, &mut self.rng, &mut Work::default());
        trail.said("token", &answer.as_ref().map(|bytes| bytes.is_empty()));
        answer.map(|bytes| bytes.to_vec()).unwrap_or_default()
    }

    fn compute(&self, n: usize, b: u8, c: u8, trail: &mut Trail) -> Vec<u8> {
        let text = [b, c];
        let usage = match b % 4 {
            0 => Usage::EarlySecret { factor: None },
            1 => Usage::MasterSecret12 { label: b"master secret", seed: &text, factor: None },
            2 => Usage::Factor { identity: &text },
            _ => Usage::Mac { message: &text },
        };
        let Some(name) = name(n) else { return Vec::new() };
        let level = self.hsm.attributes(name.as_bytes()).map(|it| it.level);
        let (work, operations) = (&mut Work::default(), &mut Operations::default());
        let result = self.hsm.compute(name.as_bytes(), &usage, work, operations);
        trail.said("computed", &(level, b % 4, result.as_ref().err()));
        result.map(|bytes| bytes.to_vec()).unwrap_or_default()
    }

    /// Nothing that a thief of the host can read holds a key.
    fn look(&self, trail: &mut Trail) -> Verdict {
        trail.size("keys", self.hsm.entries().len());
        secret("storage", &self.hsm.storage_image())?;
        secret("memory", &self.hsm.memory_image())?;
        for entry in self.hsm.entries() {
            secret("memory during use", &self.hsm.memory_image_during(entry.name.as_bytes()))?;
        }
        Ok(())
    }
}

/// All parts of all keys as numbers in ascending order, each with the number of its key.
static PARTS: LazyLock<Vec<(u64, usize)>> = LazyLock::new(|| {
    let mut parts = Vec::new();
    for n in 0..NAMES {
        parts.extend(key(n).expose().chunks_exact(WINDOW).map(|part| (number(part), n)));
    }
    parts.sort_unstable();
    parts
});

fn number(window: &[u8]) -> u64 {
    window.try_into().map_or(0, u64::from_le_bytes)
}

/// No key, nor a part of one, is in these bytes.
fn secret(place: &'static str, bytes: &[u8]) -> Verdict {
    if bytes.len() < WINDOW {
        return Ok(());
    }
    let shows = bytes.windows(WINDOW).find_map(|window| {
        let found = PARTS.binary_search_by_key(&number(window), |(part, _)| *part);
        found.ok().map(|at| PARTS[at].1)
    });
    let opened = unwrap_key(bytes, &KeyBytes::new(FOREIGN));
    check(opened.is_none(), Oracle::Secrecy, "under a key from outside", || format!("{opened:?}"))?;
    check(shows.is_none(), Oracle::Secrecy, place, || format!("key {shows:?} is to be seen"))
}

pub(in crate::fuzzing) fn seeds() -> Vec<Vec<u8>> {
    let with = |steps: &[[u8; STEP]]| {
        let mut bytes = vec![0];
        bytes.extend(steps.iter().flatten());
        bytes
    };
    vec![
        with(&[[0, 0, 0, 0]]),
        with(&[[1, 5, 0, 1], [4, 3, 5, 0], [5, 5, 0, 0]]),
        with(&[[1, 5, 0, 3], [2, 4, 0, 1], [2, 4, 0, 2], [3, 4, 0, 1]]),
        with(&[[6, 0, 0, 0], [7, 0, 0, 0], [9, 3, 0, 1], [9, 3, 1, 1], [9, 5, 3, 1]]),
        with(&[[10, 3, 3, 0], [11, 3, 0, 0], [12, 3, 0, 0], [13, 0, 0, 0], [9, 3, 0, 0]]),
    ]
}

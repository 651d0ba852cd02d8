//! The canary: fails on purpose, a few bytes deep.

use super::{Oracle, Trail, Verdict, check};

/// What must be found: each byte leaves a mark of its own.
const SONG: &[u8] = b"song";

pub(in crate::fuzzing) fn seeds() -> Vec<Vec<u8>> {
    vec![b"silence".to_vec()]
}

pub(in crate::fuzzing) fn run(input: &[u8], trail: &mut Trail) -> Verdict {
    let right = input.iter().zip(SONG).take_while(|(a, b)| a == b).count();
    trail.size("right", 1 << right);
    check(right < SONG.len(), Oracle::Canary, "song", || "the canary sang, as it must".to_owned())
}

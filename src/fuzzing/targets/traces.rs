//! Attack traces out of any bytes: whatever the network does, what honest ends claim agrees.

use super::{Oracle, Trail, Verdict, Violation};
use crate::fuzzing::trace::{STEP_BYTES, Setting, Trace};

/// Bytes of a step.
pub(in crate::fuzzing) const STEP: usize = STEP_BYTES;

/// The place of a violation is its property.
pub(in crate::fuzzing) fn run(input: &[u8], trail: &mut Trail) -> Verdict {
    let outcome = Trace::of_bytes(input).follow(trail);
    let Some(first) = outcome.violations.first() else { return Ok(()) };
    let property = first.split(':').next().unwrap_or_default();
    Err(Violation::new(Oracle::Agreement, property, first))
}

/// Each setting with and without a cookie: as it is, and changed once.
pub(in crate::fuzzing) fn seeds() -> Vec<Vec<u8>> {
    const WHOLE: u8 = 31 << 3;
    let settings = (0..).take(2 * Setting::ALL.len());
    let seeds = settings.flat_map(|setting: u8| {
        let honest = vec![WHOLE | setting];
        let changed = [&honest[..], &[setting; STEP]].concat();
        [honest, changed]
    });
    seeds.collect()
}

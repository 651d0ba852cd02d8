//! Requests at the same time: the same resource is made several times, and made while it is deleted.

use super::engine::Engine;
use super::exchange::{Heard, exchange};
use super::finding::{Finding, Signature};
use super::oracle::Oracle;
use super::shot::Shot;
use super::stage::{Stage, container, entity};
use crate::wire::primitive::Operation;
use crate::wire::value::{Map, Value};

/// Requests at the same time.
const AT_ONCE: usize = 4;

/// Makes one container several times at once; a finding if more than one succeeds, or if it is not there after one
/// did.
pub(super) fn race(engine: &mut Engine<'_>, stage: &Stage) -> Option<Finding> {
    let of = container();
    let name = || Map::of("rn", Value::from("race"));
    let make = stage.shot(&stage.create(&stage.entity(), of, name()))?;
    let look =
        stage.shot(&stage.request(Operation::Retrieve, &format!("{}/race", stage.entity())))?;
    let setup = stage.build(entity());
    for shot in &setup {
        engine.send(shot, stage.at);
    }
    let shots: Vec<Shot> = (0..AT_ONCE).map(|_| engine.numbered(&make)).collect();
    let heard = together(engine, stage, &shots);
    for one in &heard {
        engine.note(one);
    }
    let made =
        heard.iter().filter_map(Heard::answer).filter(|answer| answer.rsc == Some(2_001)).count();
    let there = engine.send(&look, stage.at).answer().is_some_and(|answer| answer.is_success());
    let reason = match made {
        0 | 1 if there == (made == 1) => return None,
        0 => "no CREATE succeeded, but the resource is there".to_owned(),
        1 => "a CREATE succeeded, but the resource is not there".to_owned(),
        n => format!("{n} CREATEs of one resource name succeeded"),
    };
    let spoken = heard.iter().flat_map(|one| {
        one.spoken.iter().map(|(when, ours, bytes)| (stage.at, *when, *ours, bytes.clone()))
    });
    Some(Finding {
        signature: Signature {
            oracle: Oracle::Race,
            operation: "create",
            of: of.name,
            class: "race",
            about: "same_name".to_owned(),
        },
        reason,
        count: 0,
        binding: stage.binding,
        repeated: true,
        shots: setup.into_iter().chain(shots).map(|shot| (stage.at, shot)).collect(),
        together: AT_ONCE,
        spoken: spoken.collect(),
    })
}

fn together(engine: &Engine<'_>, stage: &Stage, shots: &[Shot]) -> Vec<Heard> {
    let (clock, patience, first) = (engine.clock(), engine.setting.patience, engine.sent());
    std::thread::scope(|scope| {
        let threads: Vec<_> = shots
            .iter()
            .enumerate()
            .map(|(number, shot)| {
                let number = first.wrapping_sub(u64::try_from(number).unwrap_or(0));
                scope.spawn(move || exchange(clock, stage.at, shot, number, patience))
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

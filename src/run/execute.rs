//! Runs a plan once.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::build::World;
use super::capture::Selection;
use super::invade::Attacker;
use super::judge::{Evidence, Remains};
use super::metrics;
use super::outcome::{DigestTrail, Metric, Outcome, Verdict};
use super::process::{peak_rss_bytes, stopwatch};
use crate::ledger::Facts;
use crate::measure::{Flows, Recorder, Tape};
use crate::node::{Layout, NodeSite};
use crate::scenario::Plan;
use crate::sim::time::{Duration, Time};
use crate::sim::{Digest, Pulse, Report, Stop};

/// Slices of time of which a digest is kept separately.
const DIGEST_SLICES: u64 = 256;
/// What a capture holds at most, in bytes of its file, about; the rest is left out, and counted.
pub const CAPTURE_BYTES_MAX: u64 = 64 << 20;

/// Runs `plan` on at most `threads` threads.
///
/// `observer` hears from time to time how far the run is and stops it by returning false; what has been
/// measured until then is the outcome, marked as interrupted.
#[must_use]
pub fn execute(plan: Plan, threads: usize, observer: &(dyn Fn(Pulse) -> bool + Sync)) -> Outcome {
    execute_captured(plan, threads, None, observer)
}

/// The same, while a capture listens to some nodes; that changes nothing else in the outcome.
#[must_use]
pub fn execute_captured(
    plan: Plan,
    threads: usize,
    capture: Option<&Selection>,
    observer: &(dyn Fn(Pulse) -> bool + Sync),
) -> Outcome {
    let world = World::build(&plan);
    run(world, plan, threads, &Listening { capture, flows: None }, observer).0
}

/// Runs `plan` on one thread while a flow log is kept; that changes nothing else in the outcome.
pub(super) fn execute_observed(
    plan: Plan,
    flows: Option<&Flows>,
    observer: &(dyn Fn(Pulse) -> bool + Sync),
) -> Outcome {
    let world = World::build(&plan);
    run(world, plan, 1, &Listening { capture: None, flows }, observer).0
}

/// Who listens to a run: what they write down enters no figure.
#[derive(Default)]
pub(super) struct Listening<'a> {
    /// A capture of these nodes.
    pub(super) capture: Option<&'a Selection>,
    /// An empty flow log.
    pub(super) flows: Option<&'a Flows>,
}

/// Runs a world; its sites are handed back as they are at the end.
pub(super) fn run(
    world: World,
    plan: Plan,
    threads: usize,
    listening: &Listening<'_>,
    observer: &(dyn Fn(Pulse) -> bool + Sync),
) -> (Outcome, Vec<NodeSite>) {
    let watch = stopwatch();
    let World { engine, groups, hsm_units, layout, attackers } = world;
    let slice = Duration(plan.duration.0.div_ceil(DIGEST_SLICES).max(1));
    let digest = Digest::new(slice);
    let until = Time::ZERO + plan.duration;
    let tape = listening
        .capture
        .map(|Selection(nodes)| Tape::new(nodes.clone(), CAPTURE_BYTES_MAX, engine.lookahead()));
    let recorder = || {
        let tape = tape.clone().map(Box::new);
        let flows = listening.flows.cloned().map(Box::new);
        Recorder { tape, flows, ..World::recorder(&groups, &hsm_units, &plan) }
    };
    let report = engine.run(until, threads, &digest, recorder, observer);
    let stop = report.stop;
    let (events, end, digest) = (report.events, report.end, report.digest.clone());
    let (recorder, mut sites) = close(report);
    let evidence =
        plan.keeps_facts().then(|| Evidence::of(&plan, &layout, &attackers, remains(&mut sites)));
    let mut metrics = metrics::collect(&recorder, end, (plan.registers(), plan.has_console()));
    if let Some(recovery) = plan.recovery {
        let waiting = waiting(&layout, &attackers);
        metrics::recovery(&mut metrics, recovery.within, &waiting, &recorder.recovered);
    }
    let expectations = metrics::check(&plan.expectations, &metrics);
    let verdict = match stop {
        Stop::Interrupted => Verdict::Interrupted,
        Stop::Finished if evidence.as_ref().is_some_and(Evidence::is_lost) => Verdict::Failed,
        Stop::Finished if expectations.iter().all(|checked| checked.held) => Verdict::Held,
        Stop::Finished => Verdict::Failed,
    };
    let outcome = Outcome {
        digest: final_digest(&digest, &metrics),
        trail: DigestTrail {
            slice_ns: digest.slice().0,
            slices: digest.slices().iter().map(|slice| format!("{slice:032x}")).collect(),
        },
        verdict,
        simulated: end,
        events,
        wall_s: watch().as_secs_f64(),
        peak_rss_bytes: peak_rss_bytes(),
        metrics,
        recorder,
        expectations,
        evidence,
        plan,
    };
    (outcome, sites)
}

/// The devices that report and are nobody's victims.
fn waiting(layout: &Layout, attackers: &[Attacker]) -> BTreeSet<u32> {
    let tell = layout.groups.iter().filter(|group| group.telemetry.at(Time::ZERO).1.is_some());
    let mut all: BTreeSet<u32> =
        tell.flat_map(|group| group.first.0..group.first.0 + group.count).collect();
    for victim in attackers.iter().flat_map(|attacker| &attacker.victims) {
        all.remove(&victim.0);
    }
    all
}

/// Merges what all threads wrote down.
fn close(report: Report<NodeSite>) -> (Recorder, Vec<NodeSite>) {
    let mut recorders = report.recorders.into_iter();
    let mut recorder = recorders.next().expect("a run has at least one thread");
    for other in recorders {
        recorder.merge(other);
    }
    let mut sites = report.sites;
    for site in &mut sites {
        site.close(report.end, &mut recorder);
    }
    recorder.align();
    if let Some(tape) = &mut recorder.tape {
        tape.wind_up();
    }
    (recorder, sites)
}

/// The facts of all sites in one order, and the steps of all attackers.
fn remains(sites: &mut [NodeSite]) -> Remains {
    let (mut ledgers, mut steps, mut steps_left_out) = (Vec::new(), Vec::new(), 0);
    for site in sites {
        let (ledger, of_site, left_out) = site.take_chronicle().into_parts();
        ledgers.push(ledger);
        steps.extend(of_site);
        steps_left_out += left_out;
    }
    // Sites come in their order, and a sort that is stable keeps each site's own.
    steps.sort_by_key(|step| step.at);
    Remains { facts: Facts::merge(ledgers), steps, steps_left_out }
}

/// One figure over every delivered datagram and the final metrics.
fn final_digest(digest: &Digest, metrics: &BTreeMap<String, Metric>) -> String {
    let (sum, count) = digest.total();
    let metrics = serde_json::to_vec(metrics).expect("metrics are plain numbers");
    let hash = Sha256::new()
        .chain_update(sum.to_le_bytes())
        .chain_update(count.to_le_bytes())
        .chain_update(metrics)
        .finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

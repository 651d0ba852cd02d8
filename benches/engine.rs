//! The engine: events per second of messages that entities pass at random (PHOLD), on one thread, against
//! the same arithmetic over the standard library's heap alone; and the same on two threads.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use keystorm::sim::time::{Duration, Time};
use keystorm::sim::{Context, Digest, Engine, Origin, Site};

/// Every message takes at least this long.
const LOOKAHEAD: u64 = 100_000;
/// Mean further delay.
const MEAN: u64 = 1_000_000;
/// Messages on their way, and entities.
const ENTITIES: u32 = 65_536;
const SITES: u32 = 64;
const PER_SITE: u32 = ENTITIES / SITES;
/// Virtual time of one round: about 2 million events.
const ROUND: Time = Time(33_000_000);
const ROUNDS: usize = 5;

/// SplitMix64: the entities' randomness costs next to nothing, so that the engine is what is measured.
const fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Where a message goes next, and when.
const fn step(state: &mut u64) -> (u32, u64) {
    *state = mix(*state);
    let to = ((*state >> 32) % ENTITIES as u64) as u32;
    (to, LOOKAHEAD + (*state & 0xffff_ffff) * (2 * MEAN) / (1 << 32))
}

struct Phold {
    site: u32,
    entities: Vec<(Origin, u64)>,
}

impl Site for Phold {
    type Event = ();
    type Recorder = ();

    fn handle(&mut self, target: u32, (): (), context: &mut Context<'_, (), ()>) {
        let (origin, state) = &mut self.entities[target as usize];
        let (to, delay) = step(state);
        let key = origin.key(context.now + Duration(delay));
        context.schedule(key, to / PER_SITE, to % PER_SITE, ());
    }

    fn weight(&self) -> u64 {
        u64::from(self.site % 2 + 1)
    }
}

fn ours(threads: usize) -> f64 {
    let sites = (0..SITES)
        .map(|site| {
            let id = |i| site * PER_SITE + i;
            let entities = (0..PER_SITE).map(|i| (Origin::new(id(i)), u64::from(id(i)))).collect();
            Phold { site, entities }
        })
        .collect();
    let mut engine = Engine::new(sites, Duration(LOOKAHEAD));
    let mut script = Origin::new(u32::MAX);
    for entity in 0..ENTITIES {
        let at = Time(mix(u64::from(entity)) % MEAN);
        engine.schedule(script.key(at), entity / PER_SITE, entity % PER_SITE, ());
    }
    let digest = Digest::new(Duration::MAX);
    let start = now();
    let report = engine.run(ROUND, threads, &digest, || (), &|_| true);
    report.events as f64 / start.elapsed().as_secs_f64()
}

/// The floor: the same messages in the same order over a bare heap.
fn heap() -> f64 {
    let mut entities: Vec<(u64, u64)> = (0..ENTITIES).map(|i| (u64::from(i), 0)).collect();
    let mut queue: BinaryHeap<Reverse<(u64, u32, u64, u32)>> = (0..ENTITIES)
        .map(|i| Reverse((mix(u64::from(i)) % MEAN, u32::MAX, u64::from(i), i)))
        .collect();
    let start = now();
    let mut events = 0u64;
    while let Some(Reverse((time, _, _, target))) = queue.pop() {
        if time > ROUND.0 {
            break;
        }
        events += 1;
        let (state, serial) = &mut entities[target as usize];
        let (to, delay) = step(state);
        *serial += 1;
        queue.push(Reverse((time + delay, target, *serial, to)));
    }
    events as f64 / start.elapsed().as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let (mut one, mut two, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(heap());
        one.push(ours(1));
        two.push(ours(2));
    }
    let (one, two, floor) = (median(&mut one), median(&mut two), median(&mut floor));
    println!("PHOLD, {ENTITIES} entities, median of {ROUNDS} interleaved rounds, million events/s");
    println!("engine, 1 thread   {:6.2}", one / 1e6);
    println!("engine, 2 threads  {:6.2}", two / 1e6);
    println!("bare std heap      {:6.2}", floor / 1e6);
    // Ratios are of time per event: ours divided by the other.
    println!("ratio engine_to_heap {:.3}", floor / one);
    println!("ratio engine_2_threads_to_1 {:.3}", one / two);
}

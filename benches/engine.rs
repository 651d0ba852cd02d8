//! The engine: events per second of messages that entities pass at random (PHOLD), with its wheel on one and on two
//! threads and with its heap, against the same arithmetic over the standard library's heap alone.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use keystorm::sim::time::{Duration, Time};
use keystorm::sim::{Context, Digest, Engine, Origin, QueueKind, Site};

/// Every message takes at least this long.
const LOOKAHEAD: u64 = 100_000;
/// Mean further delay.
const MEAN: u64 = 1_000_000;
/// Messages on their way, and entities.
const POPULATIONS: [u32; 3] = [1_024, 65_536, 1_048_576];
const SITES: u32 = 64;
/// Events of one round, about.
const EVENTS: u64 = 2_000_000;
const ROUNDS: usize = 5;

/// Virtual time of one round.
const fn round(entities: u32) -> Time {
    Time(EVENTS * (LOOKAHEAD + MEAN) / entities as u64)
}

/// SplitMix64: the entities' randomness costs next to nothing, so that the engine is what is measured.
const fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Where a message goes next, and when.
const fn step(state: &mut u64, entities: u32) -> (u32, u64) {
    *state = mix(*state);
    let to = ((*state >> 32) % entities as u64) as u32;
    (to, LOOKAHEAD + (*state & 0xffff_ffff) * (2 * MEAN) / (1 << 32))
}

struct Phold {
    site: u32,
    per_site: u32,
    entities: Vec<(Origin, u64)>,
}

impl Site for Phold {
    type Event = ();
    type Recorder = ();

    fn handle(&mut self, target: u32, (): (), context: &mut Context<'_, (), ()>) {
        let (origin, state) = &mut self.entities[target as usize];
        let (to, delay) = step(state, self.per_site * SITES);
        let key = origin.key(context.now + Duration(delay));
        context.schedule(key, to / self.per_site, to % self.per_site, ());
    }

    fn weight(&self) -> u64 {
        u64::from(self.site % 2 + 1)
    }
}

fn ours(count: u32, threads: usize, queue: QueueKind) -> f64 {
    let per_site = count / SITES;
    let sites = (0..SITES)
        .map(|site| {
            let id = |i| site * per_site + i;
            let entities = (0..per_site).map(|i| (Origin::new(id(i)), u64::from(id(i)))).collect();
            Phold { site, per_site, entities }
        })
        .collect();
    let mut engine = Engine::new(sites, Duration(LOOKAHEAD)).with_queue(queue);
    let mut script = Origin::new(u32::MAX);
    for entity in 0..count {
        let at = Time(mix(u64::from(entity)) % MEAN);
        engine.schedule(script.key(at), entity / per_site, entity % per_site, ());
    }
    let digest = Digest::new(Duration::MAX);
    let start = now();
    let report = engine.run(round(count), threads, &digest, || (), &|_| true);
    report.events as f64 / start.elapsed().as_secs_f64()
}

/// The floor: the same messages in the same order over a bare heap.
fn heap(count: u32) -> f64 {
    let mut entities: Vec<(u64, u64)> = (0..count).map(|i| (u64::from(i), 0)).collect();
    let mut queue: BinaryHeap<Reverse<(u64, u32, u64, u32)>> = (0..count)
        .map(|i| Reverse((mix(u64::from(i)) % MEAN, u32::MAX, u64::from(i), i)))
        .collect();
    let start = now();
    let mut events = 0u64;
    while let Some(Reverse((time, _, _, target))) = queue.pop() {
        if time > round(count).0 {
            break;
        }
        events += 1;
        let (state, serial) = &mut entities[target as usize];
        let (to, delay) = step(state, count);
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

/// Events per second with that many entities.
type Way = fn(u32) -> f64;

fn main() {
    let ways: [(&str, Way); 4] = [
        ("wheel", |count| ours(count, 1, QueueKind::Wheel)),
        ("heap", |count| ours(count, 1, QueueKind::Heap)),
        ("wheel_2_threads", |count| ours(count, 2, QueueKind::Wheel)),
        ("bare_std_heap", heap),
    ];
    for count in POPULATIONS {
        let mut rates = ways.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for ((_, way), rates) in ways.iter().zip(&mut rates) {
                rates.push(way(count));
            }
        }
        let medians = rates.each_mut().map(|rates| median(rates));
        println!(
            "PHOLD, {count} entities, median of {ROUNDS} interleaved rounds, million events/s"
        );
        for ((name, _), rate) in ways.iter().zip(medians) {
            println!("{name:<16} {:6.2}", rate / 1e6);
        }
        let [wheel, heap, two, bare] = medians;
        // Ratios are of time per event: ours divided by the other.
        println!("ratio wheel_to_bare_heap_{count} {:.3}", bare / wheel);
        println!("ratio wheel_to_heap_{count} {:.3}", heap / wheel);
        println!("ratio wheel_2_threads_to_1_{count} {:.3}", wheel / two);
    }
}

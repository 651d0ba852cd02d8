//! The engine: one digest for every number of threads and every partition, and no event out of order.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use keystorm::sim::time::{Duration, Time};
use keystorm::sim::{Context, Digest, Engine, Origin, QueueKind, Seed, Site, Stop, StreamKey};

const LOOKAHEAD: Duration = Duration::from_millis(5);

/// Entities that pass messages at random, most of them to other sites, some at equal times on purpose.
struct Crowd {
    site: u32,
    sites: u32,
    per_site: u32,
    streams: StreamKey,
    members: Vec<(Origin, u64, u64)>,
    last: Time,
    fails: bool,
    /// By turns of two seconds, hardly anything happens.
    spells: bool,
}

impl Crowd {
    fn new(site: u32, sites: u32, entities: u32) -> Self {
        let per_site = entities / sites;
        let members = (0..per_site).map(|i| (Origin::new(site * per_site + i), 0, 0)).collect();
        let streams = Seed(9).streams("crowd");
        Self {
            site,
            sites,
            per_site,
            streams,
            members,
            last: Time::ZERO,
            fails: false,
            spells: false,
        }
    }
}

impl Site for Crowd {
    type Event = u64;
    type Recorder = u64;

    fn handle(&mut self, target: u32, event: u64, context: &mut Context<'_, u64, u64>) {
        assert!(context.now >= self.last, "events out of order");
        assert!(!(self.fails && context.now > Time(50_000_000)), "told to fail");
        self.last = context.now;
        *context.recorder += 1;
        let (origin, cursor, sum) = &mut self.members[target as usize];
        let id = self.site * self.per_site + target;
        *sum = sum.wrapping_mul(31).wrapping_add(event);
        context.digest.add(context.now, [u64::from(id), *sum, 0, 0], &event.to_le_bytes());
        let mut draws = self.streams.draws(id, 0, cursor);
        let to = u32::try_from(draws.below(u64::from(self.sites * self.per_site))).unwrap();
        let delay = Duration::from_millis(draws.below(3) * 5);
        let site = to / self.per_site;
        let idle = self.spells && context.now.0 / 2_000_000_000 % 2 == 1;
        let delay = if idle { delay + Duration::from_secs(1) } else { delay };
        let delay = if site == self.site { delay } else { delay + LOOKAHEAD };
        let key = origin.key(context.now + delay);
        context.schedule(key, site, to % self.per_site, event + 1);
    }

    fn weight(&self) -> u64 {
        u64::from(self.per_site)
    }
}

fn run(sites: u32, threads: usize) -> ((u128, u64), u64, Time) {
    run_with(sites, threads, QueueKind::default())
}

fn run_with(sites: u32, threads: usize, queue: QueueKind) -> ((u128, u64), u64, Time) {
    let crowd = (0..sites).map(|site| Crowd::new(site, sites, 42)).collect();
    let mut engine = Engine::new(crowd, LOOKAHEAD).with_queue(queue);
    for entity in 0..42 {
        let mut origin = Origin::new(1_000 + entity);
        let per_site = 42 / sites;
        engine.schedule(origin.key(Time::ZERO), entity / per_site, entity % per_site, 0);
    }
    let digest = Digest::new(Duration::from_millis(100));
    let report = engine.run(Time(1_000_000_000), threads, &digest, || 0, &|_| true);
    assert_eq!(report.stop, Stop::Finished);
    assert_eq!(report.recorders.iter().sum::<u64>(), report.events);
    (report.digest.total(), report.events, report.end)
}

#[test]
fn partitions_and_threads_do_not_change_what_happens() {
    // One site may pass messages without delay, so partitions differ in what they may do; threads must
    // not, for any of them.
    for sites in [1, 2, 3, 7] {
        let alone = run(sites, 1);
        assert!(alone.1 > 2_000, "too little happened: {}", alone.1);
        assert_eq!(alone, run_with(sites, 1, QueueKind::Heap), "{sites} sites, by the heap");
        for threads in [2, 3] {
            assert_eq!(alone, run(sites, threads), "{sites} sites on {threads} threads");
            let heap = run_with(sites, threads, QueueKind::Heap);
            assert_eq!(alone, heap, "{sites} sites on {threads} threads, by the heap");
        }
    }
}

/// Spells with much to do and spells with little: threads work together and one for all, by turns.
#[test]
fn spells_with_much_and_with_little_to_do_are_run_alike_by_all_threads() {
    let run = |threads: usize, queue: QueueKind| {
        let crowd = (0..7).map(|site| Crowd { spells: true, ..Crowd::new(site, 7, 840) }).collect();
        let mut engine = Engine::new(crowd, LOOKAHEAD).with_queue(queue);
        for entity in 0..840 {
            let mut origin = Origin::new(10_000 + entity);
            engine.schedule(origin.key(Time::ZERO), entity / 120, entity % 120, 0);
        }
        let digest = Digest::new(Duration::from_millis(100));
        let report = engine.run(Time(8_000_000_000), threads, &digest, || 0, &|_| true);
        (report.digest.total(), report.events, report.end)
    };
    let alone = run(1, QueueKind::Heap);
    assert!(alone.1 > 100_000, "too little happened: {}", alone.1);
    for threads in [1, 2, 3] {
        assert_eq!(alone, run(threads, QueueKind::Wheel), "{threads} threads");
    }
}

#[test]
fn an_observer_can_stop_a_run() {
    for threads in [1, 2] {
        let crowd = (0..2).map(|site| Crowd::new(site, 2, 42)).collect();
        let mut engine = Engine::new(crowd, LOOKAHEAD);
        engine.schedule(Origin::new(99).key(Time::ZERO), 0, 0, 0);
        let digest = Digest::new(Duration::from_secs(1));
        let report =
            engine.run(Time::NEVER, threads, &digest, || 0, &|pulse| pulse.now.0 < 1_000_000_000);
        assert_eq!(report.stop, Stop::Interrupted);
        assert!(report.end >= Time(1_000_000_000));
    }
}

#[test]
#[should_panic(expected = "told to fail")]
fn a_panic_on_one_thread_ends_the_run_instead_of_hanging_it() {
    let mut crowd: Vec<_> = (0..2).map(|site| Crowd::new(site, 2, 42)).collect();
    crowd[1].fails = true;
    let mut engine = Engine::new(crowd, LOOKAHEAD);
    engine.schedule(Origin::new(99).key(Time::ZERO), 0, 0, 0);
    let digest = Digest::new(Duration::from_secs(1));
    let _ = engine.run(Time::NEVER, 2, &digest, || 0, &|_| true);
}

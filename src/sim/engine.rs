//! Runs sites on one thread, in the order of their events' keys, or on several (see `together`).
//!
//! Only this file and that one move time. Since every event has a place in the total order that no partition changes,
//! each site sees the same events in the same order either way.

use std::any::Any;

use super::digest::Digest;
use super::queue::{Entry, EventQueue, Key, QueueKind};
use super::site::{Context, Site};
use super::time::{Duration, Time};
use super::together::run_together;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// Virtual time.
    pub now: Time,
    /// Events handled by the reporting thread.
    pub events: u64,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing was left to do, or the end of the planned duration was reached.
    Finished,
    /// The observer asked to stop.
    Interrupted,
}

/// A finished run.
pub struct Report<S: Site> {
    /// The sites, in their original order.
    pub sites: Vec<S>,
    /// One recorder for each thread.
    pub recorders: Vec<S::Recorder>,
    /// The digest of everything observed.
    pub digest: Digest,
    /// Events handled.
    pub events: u64,
    /// The time of the last event handled.
    pub end: Time,
    /// Why it ended.
    pub stop: Stop,
}

/// Sites and their first events, ready to run.
pub struct Engine<S: Site> {
    sites: Vec<S>,
    first: Vec<Entry<S::Event>>,
    lookahead: Duration,
    queue: QueueKind,
}

/// How often an observer hears from a single thread, in events.
const PULSE_EVENTS: u64 = 4_096;

impl<S: Site> Engine<S> {
    /// An engine for `sites`, none of which affects another sooner than `lookahead`.
    #[must_use]
    pub const fn new(sites: Vec<S>, lookahead: Duration) -> Self {
        Self { sites, first: Vec::new(), lookahead, queue: QueueKind::Wheel }
    }

    /// The same with events that wait in another way; what happens is the same.
    #[must_use]
    pub const fn with_queue(mut self, queue: QueueKind) -> Self {
        self.queue = queue;
        self
    }

    /// What the engine was told: no site affects another sooner.
    #[must_use]
    pub const fn lookahead(&self) -> Duration {
        self.lookahead
    }

    /// An event that is known before the run starts.
    pub fn schedule(&mut self, key: Key, site: u32, target: u32, event: S::Event) {
        self.first.push(Entry { key, site, target, event });
    }

    /// Runs until nothing is left to do or `until` has passed, on at most `threads` threads.
    ///
    /// `observer` hears from time to time how far the run is; it stops the run by returning false.
    pub fn run(
        self,
        until: Time,
        threads: usize,
        digest: &Digest,
        recorder: impl Fn() -> S::Recorder,
        observer: &(dyn Fn(Pulse) -> bool + Sync),
    ) -> Report<S> {
        let threads = if self.lookahead == Duration::ZERO { 1 } else { threads };
        let threads = threads.clamp(1, self.sites.len().max(1));
        let owner = spread(&self.sites, threads);
        let mut workers: Vec<_> = (0..threads)
            .map(|thread| {
                let queue = EventQueue::new(self.queue);
                Worker::new(thread, threads, queue, recorder(), digest.clone())
            })
            .collect();
        let site_count = self.sites.len();
        for worker in &mut workers {
            worker.sites.resize_with(site_count, || None);
        }
        for (index, site) in self.sites.into_iter().enumerate() {
            workers[owner[index] as usize].sites[index] = Some(site);
        }
        for entry in self.first {
            workers[owner[entry.site as usize] as usize].queue.push(entry);
        }
        let limit = Time(until.0.saturating_add(1));
        let stop = if threads == 1 {
            workers[0].run_alone(limit, observer)
        } else {
            run_together(&mut workers, &owner, limit, self.lookahead, observer)
        };
        gather(workers, site_count, stop)
    }
}

/// One thread: its sites (others' places are empty), its queue, its notes.
pub(super) struct Worker<S: Site> {
    pub(super) thread: u32,
    sites: Vec<Option<S>>,
    pub(super) queue: EventQueue<S::Event>,
    /// Events for each thread's sites.
    pub(super) outbox: Vec<Vec<Entry<S::Event>>>,
    recorder: S::Recorder,
    digest: Digest,
    pub(super) events: u64,
    end: Time,
    pub(super) panic: Option<Box<dyn Any + Send>>,
}

impl<S: Site> Worker<S> {
    fn new(
        thread: usize,
        threads: usize,
        queue: EventQueue<S::Event>,
        recorder: S::Recorder,
        digest: Digest,
    ) -> Self {
        Self {
            thread: u32::try_from(thread).expect("few threads"),
            sites: Vec::new(),
            queue,
            outbox: (0..threads).map(|_| Vec::new()).collect(),
            recorder,
            digest,
            events: 0,
            end: Time::ZERO,
            panic: None,
        }
    }

    fn run_alone(&mut self, limit: Time, observer: &(dyn Fn(Pulse) -> bool + Sync)) -> Stop {
        loop {
            let handled = self.run_window(limit, Time::ZERO, &[], PULSE_EVENTS);
            if handled < PULSE_EVENTS {
                return Stop::Finished;
            }
            if !observer(self.pulse()) {
                return Stop::Interrupted;
            }
        }
    }

    /// Handles at most `most` events before `limit`; what crosses to other threads must lie at or after
    /// `horizon`. Returns how many were handled.
    pub(super) fn run_window(
        &mut self,
        limit: Time,
        horizon: Time,
        owner: &[u32],
        most: u64,
    ) -> u64 {
        let mut handled = 0;
        while handled < most {
            let Some(entry) = self.queue.pop_before(limit) else { break };
            let site = self.sites[entry.site as usize].as_mut().expect("events go to the owner");
            self.end = entry.key.time;
            let mut context = Context {
                now: entry.key.time,
                key: entry.key,
                recorder: &mut self.recorder,
                digest: &mut self.digest,
                queue: &mut self.queue,
                outbox: &mut self.outbox,
                owner,
                thread: self.thread,
                horizon,
            };
            site.handle(entry.target, entry.event, &mut context);
            handled += 1;
        }
        self.events += handled;
        handled
    }

    pub(super) const fn pulse(&self) -> Pulse {
        Pulse { now: self.end, events: self.events }
    }
}

/// Which thread runs each site: heaviest first, each to the thread with the least so far.
fn spread<S: Site>(sites: &[S], threads: usize) -> Vec<u32> {
    let mut order: Vec<usize> = (0..sites.len()).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(sites[*index].weight()), *index));
    let mut load = vec![0u64; threads];
    let mut owner = vec![0; sites.len()];
    for index in order {
        let lightest = (0..threads).min_by_key(|thread| (load[*thread], *thread)).unwrap_or(0);
        load[lightest] += sites[index].weight();
        owner[index] = u32::try_from(lightest).expect("few threads");
    }
    owner
}

fn gather<S: Site>(workers: Vec<Worker<S>>, site_count: usize, stop: Stop) -> Report<S> {
    let mut sites: Vec<Option<S>> = (0..site_count).map(|_| None).collect();
    let mut recorders = Vec::new();
    let mut digest: Option<Digest> = None;
    let (mut events, mut end) = (0, Time::ZERO);
    for worker in workers {
        for (place, site) in sites.iter_mut().zip(worker.sites) {
            if site.is_some() {
                *place = site;
            }
        }
        recorders.push(worker.recorder);
        events += worker.events;
        end = end.max(worker.end);
        match &mut digest {
            Some(sum) => sum.merge(&worker.digest),
            None => digest = Some(worker.digest),
        }
    }
    let sites = sites.into_iter().flatten().collect();
    let digest = digest.expect("there is at least one worker");
    Report { sites, recorders, digest, events, end, stop }
}

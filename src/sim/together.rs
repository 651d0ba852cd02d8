//! Several threads, in windows of the look-ahead.
//!
//! Each thread owns some sites and a queue. All agree on the earliest event anywhere, handle what lies less than the
//! look-ahead after it, exchange what crosses, and agree again. Where windows hold few events, to meet costs more than
//! the work: then one thread does the work of all, window by window, until there is more to do.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::barrier::Barrier;
use super::engine::{Pulse, Stop, Worker};
use super::queue::Entry;
use super::site::Site;
use super::time::{Duration, Time};

/// Windows between two looks at how full they are.
const LOOK_WINDOWS: u64 = 64;
/// With fewer events than this for each thread and window, one thread does it all.
const SPARSE: u64 = 6;
/// With more than this, all work again: well above, so that they do not go to and fro.
const DENSE: u64 = 12;

/// What threads share while they run windows.
struct Meeting<'a, S: Site> {
    barrier: Barrier,
    /// Each thread holds its own, unless one works for all.
    workers: Vec<Mutex<&'a mut Worker<S>>>,
    /// The earliest event of each thread, in nanoseconds.
    next: Vec<AtomicU64>,
    /// Events that each thread has handled.
    handled: Vec<AtomicU64>,
    /// Events on their way to each thread.
    mailboxes: Vec<Mutex<Vec<Entry<S::Event>>>>,
    /// All threads stop at their next meeting.
    interrupted: AtomicBool,
    /// A thread could not finish its window.
    failed: AtomicBool,
    owner: &'a [u32],
    limit: Time,
    lookahead: Duration,
    observer: &'a (dyn Fn(Pulse) -> bool + Sync),
}

/// Why threads no longer work together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parting {
    /// Nothing is left to do, or the run is to stop.
    End,
    /// There is little to do.
    Sparse,
}

/// Runs all workers until nothing is left before `limit`; each on a thread of its own.
pub(super) fn run_together<S: Site>(
    workers: &mut [Worker<S>],
    owner: &[u32],
    limit: Time,
    lookahead: Duration,
    observer: &(dyn Fn(Pulse) -> bool + Sync),
) -> Stop {
    let count = workers.len();
    let meeting = Meeting {
        barrier: Barrier::new(count),
        next: (0..count).map(|_| AtomicU64::new(0)).collect(),
        handled: (0..count).map(|_| AtomicU64::new(0)).collect(),
        mailboxes: (0..count).map(|_| Mutex::new(Vec::new())).collect(),
        workers: workers.iter_mut().map(Mutex::new).collect(),
        interrupted: AtomicBool::new(false),
        failed: AtomicBool::new(false),
        owner,
        limit,
        lookahead,
        observer,
    };
    std::thread::scope(|scope| {
        for me in 0..count {
            let meeting = &meeting;
            scope.spawn(move || meeting.attend(me));
        }
    });
    let interrupted = meeting.interrupted.into_inner();
    for worker in workers {
        if let Some(panic) = worker.panic.take() {
            resume_unwind(panic);
        }
    }
    if interrupted { Stop::Interrupted } else { Stop::Finished }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Site> Meeting<'_, S> {
    /// One thread's part.
    fn attend(&self, me: usize) {
        while self.work_together(me, &mut lock(&self.workers[me])) == Parting::Sparse {
            // Now nobody holds a worker.
            self.barrier.wait();
            if me == 0 {
                self.work_alone();
            }
            self.barrier.wait();
        }
    }

    /// Agrees on a window, runs it, exchanges, again.
    fn work_together(&self, me: usize, worker: &mut Worker<S>) -> Parting {
        let mut before = self.sum_of_handled();
        loop {
            for _ in 0..LOOK_WINDOWS {
                let next = worker.queue.next_time().unwrap_or(Time::NEVER);
                self.next[me].store(next.0, Ordering::Release);
                // Only this thread writes it, and only here, where no other reads it: all come to the same end.
                if me == 0 {
                    self.observe(worker);
                }
                self.barrier.wait();
                let earliest = self.next.iter().map(|next| next.load(Ordering::Acquire)).min();
                let earliest = Time(earliest.unwrap_or(u64::MAX));
                if self.is_over(earliest) {
                    return Parting::End;
                }
                self.run_window(worker, earliest);
                for (thread, events) in worker.outbox.iter_mut().enumerate() {
                    if !events.is_empty() {
                        lock(&self.mailboxes[thread]).append(events);
                    }
                }
                self.handled[me].store(worker.events, Ordering::Release);
                self.barrier.wait();
                for entry in lock(&self.mailboxes[me]).drain(..) {
                    worker.queue.push(entry);
                }
            }
            let now = self.sum_of_handled();
            if now - before < self.events_of(SPARSE) {
                return Parting::Sparse;
            }
            before = now;
        }
    }

    /// The windows of all workers, one after the other, until there is more to do.
    fn work_alone(&self) {
        let mut workers: Vec<_> = self.workers.iter().map(lock).collect();
        let mut before: u64 = workers.iter().map(|worker| worker.events).sum();
        loop {
            for _ in 0..LOOK_WINDOWS {
                self.observe(&workers[0]);
                let earliest = workers.iter().filter_map(|worker| worker.queue.next_time()).min();
                let earliest = earliest.unwrap_or(Time::NEVER);
                if self.is_over(earliest) {
                    return;
                }
                for worker in &mut workers {
                    self.run_window(worker, earliest);
                }
                for from in 0..workers.len() {
                    for to in 0..workers.len() {
                        let mut events = std::mem::take(&mut workers[from].outbox[to]);
                        for entry in events.drain(..) {
                            workers[to].queue.push(entry);
                        }
                        workers[from].outbox[to] = events;
                    }
                }
            }
            let now = workers.iter().map(|worker| worker.events).sum();
            if now - before > self.events_of(DENSE) {
                for (handled, worker) in self.handled.iter().zip(&workers) {
                    handled.store(worker.events, Ordering::Release);
                }
                return;
            }
            before = now;
        }
    }

    /// That many events for each thread and window, over the windows between two looks.
    const fn events_of(&self, each: u64) -> u64 {
        each * LOOK_WINDOWS * self.workers.len() as u64
    }

    fn sum_of_handled(&self) -> u64 {
        self.handled.iter().map(|handled| handled.load(Ordering::Acquire)).sum()
    }

    /// Asks whether to go on.
    fn observe(&self, worker: &Worker<S>) {
        if self.failed.load(Ordering::Acquire) || !(self.observer)(worker.pulse()) {
            self.interrupted.store(true, Ordering::Release);
        }
    }

    fn is_over(&self, earliest: Time) -> bool {
        earliest >= self.limit || self.interrupted.load(Ordering::Acquire)
    }

    /// What one worker has in the window that begins at `earliest`.
    fn run_window(&self, worker: &mut Worker<S>, earliest: Time) {
        let horizon = earliest + self.lookahead;
        let window = AssertUnwindSafe(|| {
            worker.run_window(horizon.min(self.limit), horizon, self.owner, u64::MAX);
        });
        if let Err(panic) = catch_unwind(window) {
            // The others wait at the barrier: meet them there instead of leaving them.
            worker.panic = Some(panic);
            self.failed.store(true, Ordering::Release);
        }
    }
}

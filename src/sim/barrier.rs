//! Where threads wait for each other between two windows.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Looks before a thread goes to sleep, about ten microseconds: most windows end at about the same time, and to
/// wake a thread takes longer than that. Where there are fewer processors than threads nobody looks in vain for long.
const SPINS: u32 = 500;

/// A barrier that spins first, then sleeps.
#[derive(Debug)]
pub(super) struct Barrier {
    threads: usize,
    arrived: AtomicUsize,
    /// How often all have met.
    meetings: AtomicU32,
    sleepers: Mutex<()>,
    wake: Condvar,
}

impl Barrier {
    /// For that many threads.
    pub(super) const fn new(threads: usize) -> Self {
        Self {
            threads,
            arrived: AtomicUsize::new(0),
            meetings: AtomicU32::new(0),
            sleepers: Mutex::new(()),
            wake: Condvar::new(),
        }
    }

    /// Waits until all threads have come; what each wrote before, all can read after.
    pub(super) fn wait(&self) {
        let meeting = self.meetings.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.arrived.store(0, Ordering::Relaxed);
            // Under the lock, so that nobody goes to sleep between its last look and this.
            let lock = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
            self.meetings.store(meeting.wrapping_add(1), Ordering::Release);
            drop(lock);
            self.wake.notify_all();
            return;
        }
        for _ in 0..SPINS {
            if self.meetings.load(Ordering::Acquire) != meeting {
                return;
            }
            spin_loop();
        }
        let mut lock = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        while self.meetings.load(Ordering::Acquire) == meeting {
            lock = self.wake.wait(lock).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_on_before_all_have_come() {
        const THREADS: usize = 4;
        const MEETINGS: usize = 2_000;
        let barrier = Barrier::new(THREADS);
        let came: Vec<_> = (0..MEETINGS).map(|_| AtomicUsize::new(0)).collect();
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for came in &came {
                        came.fetch_add(1, Ordering::Relaxed);
                        barrier.wait();
                        assert_eq!(came.load(Ordering::Relaxed), THREADS);
                        barrier.wait();
                    }
                });
            }
        });
    }
}

//! What the engine asks of the machine.

#![allow(clippy::disallowed_methods, reason = "the command line may read clocks")]

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use keystorm::fuzzing::{Host, Target};

/// Counts memory.
#[cfg(feature = "meter")]
#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// This machine.
pub(super) struct Machine {
    began: Instant,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self { began: Instant::now() }
    }
}

impl Host for Machine {
    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Linux tells nanoseconds; elsewhere nothing is known.
    fn processor(&self) -> Option<Duration> {
        let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    }

    fn forget_peak(&self) {
        #[cfg(feature = "meter")]
        {
            MEMORY.reset_peak_usage();
            BEFORE.set(MEMORY.current_usage());
        }
    }

    /// Only the feature `meter` counts memory, since counting costs every allocation a little.
    fn peak(&self) -> Option<usize> {
        #[cfg(feature = "meter")]
        return Some(MEMORY.peak_usage().saturating_sub(BEFORE.get()));
        #[cfg(not(feature = "meter"))]
        None
    }
}

#[cfg(feature = "meter")]
thread_local! {
    static BEFORE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Stack of unoptimised builds, which need several times as much.
const UNOPTIMISED: usize = if cfg!(debug_assertions) { 8 } else { 1 };

/// Does something on a thread with no more stack than the target may use.
pub(super) fn on_small_stack<T: Send + 'static>(
    target: &Target,
    act: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    let stack = target.stack * UNOPTIMISED;
    let thread = thread::Builder::new().stack_size(stack).spawn(act);
    let result = thread.context("cannot start a thread")?.join();
    result.map_err(|_| anyhow::anyhow!("the engine itself panicked on {}", target.name))
}

/// Seconds of user and system time of a process on Linux, from its ticks of 10 ms.
pub(super) fn processor(id: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10).as_secs_f64())
}

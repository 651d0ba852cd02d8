//! Real time, as the time that associations are given.

use tokio::time::Instant;

use crate::sim::time::{Duration, Time};

/// Farther in the future than any wait.
const FAR: Duration = Duration::from_secs(3_600);

/// Counts from its start, so that its times look like those of a run.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock at zero.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn now(&self) -> Time {
        Time(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// The moment for the timers of tokio; at most an hour from now.
    pub(super) fn instant(&self, time: Time) -> Instant {
        let time = time.min(self.now() + FAR);
        self.0 + std::time::Duration::from_nanos(time.0)
    }
}

/// Processor time of all threads that this process has now, where the platform tells (Linux).
pub(super) fn cpu_time() -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        // A thread may end between the listing and the reading.
        let Ok(task) = task else { continue };
        let Ok(stat) = std::fs::read_to_string(task.path().join("schedstat")) else { continue };
        let nanos = stat.split_whitespace().next()?.parse().ok()?;
        sum += Duration(nanos);
    }
    (sum > Duration::ZERO).then_some(sum)
}

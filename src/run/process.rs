//! Facts about this process, none of which enters a digest.

use std::time::{Duration, Instant};

/// Starts to measure real time.
#[expect(
    clippy::disallowed_methods,
    reason = "real time is reported beside the results, never in them"
)]
pub(super) fn stopwatch() -> impl Fn() -> Duration {
    let start = Instant::now();
    move || start.elapsed()
}

/// Peak memory of this process in bytes, where the platform tells (Linux).
pub(super) fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

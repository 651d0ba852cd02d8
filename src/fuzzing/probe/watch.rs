//! The target's process as the system shows it: memory and processor time from `/proc`.

use std::path::PathBuf;

/// Bytes of a page: what Linux has on the machines that this is for.
const PAGE: u64 = 4_096;
/// Units of processor time in a second (USER_HZ).
const TICKS: f64 = 100.0;

/// A process that is watched.
#[derive(Clone, Debug)]
pub struct Watch {
    folder: PathBuf,
}

/// What a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Memory that is resident, bytes.
    pub memory: u64,
    /// Processor time since its start, seconds.
    pub cpu: f64,
}

impl Watch {
    /// The process with this identifier; `None` if there is none, or no `/proc`.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let watch = Self { folder: PathBuf::from(format!("/proc/{pid}")) };
        watch.usage().map(|_| watch)
    }

    /// What it has used so far; `None` if it is gone, or only its record is left.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        let read = |name: &str| std::fs::read_to_string(self.folder.join(name)).ok();
        let (pages, stat) = (read("statm")?, read("stat")?);
        let memory = pages.split_whitespace().nth(1)?.parse::<u64>().ok()? * PAGE;
        // The name in parentheses may hold anything.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        if fields.next()? == "Z" {
            return None;
        }
        let mut ticks = fields.skip(10).map(str::parse::<f64>);
        let cpu = (ticks.next()?.ok()? + ticks.next()?.ok()?) / TICKS;
        Some(Usage { memory, cpu })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen_and_one_that_is_gone_is_not() {
        let own = Watch::of(std::process::id()).unwrap().usage().unwrap();
        assert!(own.memory > 100_000, "{own:?}");
        assert!(Watch::of(u32::MAX).is_none());
    }
}

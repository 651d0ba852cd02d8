//! Whether a run fits into the memory of this machine.

use keystorm::report::bytes;
use keystorm::run::Estimate;
use keystorm::scenario::Plan;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// Refuses runs of this plan, so many at once, that need more memory than is free by the estimate of `keystorm check`.
///
/// # Errors
/// With both figures.
pub(super) fn fits(plan: &Plan, at_once: usize) -> anyhow::Result<()> {
    let needed = Estimate::of(plan).memory_bytes * at_once.max(1) as f64;
    judge(needed, free())
}

fn judge(needed: f64, free: Option<u64>) -> anyhow::Result<()> {
    let Some(free) = free else { return Ok(()) };
    anyhow::ensure!(
        needed <= free as f64,
        "this needs about {} of memory, and {} are free: take fewer devices or fewer --threads, or \
         run it all the same with --any-memory",
        bytes(needed),
        bytes(free as f64)
    );
    Ok(())
}

/// Bytes that this process may still take: of the machine, or of the group that it is confined to. None if nobody tells.
fn free() -> Option<u64> {
    let what = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(what).ok()?;
    let confined = system.cgroup_limits().map(|limits| limits.free_memory);
    let machine = Some(system.available_memory()).filter(|bytes| *bytes > 0);
    [machine, confined.filter(|bytes| *bytes > 0)].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_both_figures() {
        assert!(judge(1e9, Some(1_000_000_000)).is_ok() && judge(1e15, None).is_ok());
        let refused = judge(3.5e9, Some(2_000_000_000)).err().map(|error| error.to_string());
        let refused = refused.unwrap_or_default();
        assert!(
            refused.starts_with("this needs about 3.5 GB of memory, and 2 GB are free"),
            "{refused}"
        );
    }

    #[test]
    fn the_machine_says_how_much_is_free() {
        assert!(free().is_none_or(|bytes| bytes > 1 << 20));
    }
}

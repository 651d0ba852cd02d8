//! Several runs at the same time, each on a thread of its own.

use rayon::iter::{ParallelBridge as _, ParallelIterator as _};

/// Does `work` for each item on `threads` threads, the first items first. Answers what came of it, in no order, without
/// the items that yield nothing. Where the system gives no threads the calling one does it all.
pub(super) fn at_once<T: Sync, A: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> Option<A> + Send + Sync,
) -> Vec<A> {
    let threads = threads.clamp(1, items.len().max(1));
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(|| items.iter().par_bridge().filter_map(&work).collect()),
        Err(_) => items.iter().filter_map(work).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::at_once;

    #[test]
    fn each_item_is_worked_on_once() {
        let items: Vec<u32> = (0..100).collect();
        for threads in [0, 1, 2, 1000] {
            let mut odd = at_once(&items, threads, |item| (item % 2 == 1).then_some(*item));
            odd.sort_unstable();
            assert_eq!(odd, (0..50).map(|n| 2 * n + 1).collect::<Vec<_>>());
        }
        assert!(at_once(&[], 2, |item: &u32| Some(*item)).is_empty());
    }
}

//! How long a device waits before it tries again after a failed handshake, by the number of failures in a row.
//!
//! Names and formulas of the exponential ones are those of the AWS study (Brooker, Exponential Backoff And Jitter, 2015);
//! the sequence is that of LwM2M (resources 17 to 20 of the Server object, OMA LwM2M Core 1.1 section 6.2.1).

use crate::sim::time::Duration;

/// How the wait grows from failure to failure; `base` is the scenario's `retry`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Growth {
    /// Always U(base, 2 base).
    #[default]
    Fixed,
    /// v = min(cap, base 2^n) after n failures before this one.
    Exponential,
    /// U(0, v).
    Full,
    /// v/2 + U(0, v/2).
    Equal,
    /// min(cap, U(base, 3 x the wait before)).
    Decorrelated,
    /// base 2^n without jitter, five times; then a wait of `cap`, and from the beginning.
    Lwm2m,
}

/// How a device tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// How the wait grows.
    pub growth: Growth,
    /// The longest wait; of [`Growth::Lwm2m`] the delay between sequences.
    pub cap: Duration,
    /// Failures in a row after which it gives up; `None`: never.
    pub attempts: Option<u32>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { growth: Growth::Fixed, cap: Duration::from_secs(600), attempts: None }
    }
}

/// What a device remembers of its failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    count: u32,
    before: Duration,
}

/// Retries of one LwM2M sequence (the default of resource 17).
const SEQUENCE: u32 = 5;

impl Failures {
    /// The wait after one more failure; `None`: it gives up. `below` draws uniformly below its argument.
    pub fn wait(
        &mut self,
        base: Duration,
        backoff: &Backoff,
        mut below: impl FnMut(u64) -> u64,
    ) -> Option<Duration> {
        if backoff.attempts.is_some_and(|attempts| self.count >= attempts) {
            return None;
        }
        let doubled = |n: u32| base.0.saturating_mul(1u64.checked_shl(n).unwrap_or(u64::MAX));
        let v = doubled(self.count).min(backoff.cap.0);
        let wait = match backoff.growth {
            Growth::Fixed => base.0.saturating_add(below(base.0)),
            Growth::Exponential => v,
            Growth::Full => below(v),
            Growth::Equal => v / 2 + below(v / 2),
            Growth::Decorrelated => {
                let before = self.before.0.max(base.0);
                let more = before.saturating_mul(3).saturating_sub(base.0);
                base.0.saturating_add(below(more)).min(backoff.cap.0)
            }
            Growth::Lwm2m => match self.count % (SEQUENCE + 1) {
                SEQUENCE => backoff.cap.0,
                n => doubled(n),
            },
        };
        self.count = self.count.saturating_add(1);
        self.before = Duration(wait);
        Some(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_secs(2);

    /// Waits in seconds, each draw the largest possible.
    fn waits(growth: Growth, cap: u64, attempts: Option<u32>) -> Vec<u64> {
        let backoff = Backoff { growth, cap: Duration::from_secs(cap), attempts };
        let mut failures = Failures::default();
        // A draw is below its bound, and bounds follow from draws.
        let seconds = |wait: Duration| (wait.0 + 500_000_000) / 1_000_000_000;
        (0..8)
            .map_while(|_| failures.wait(BASE, &backoff, |n| n.saturating_sub(1)))
            .map(seconds)
            .collect()
    }

    #[test]
    fn waits_grow_as_the_formulas_say() {
        assert_eq!(waits(Growth::Fixed, 60, None), [4; 8]);
        assert_eq!(waits(Growth::Exponential, 60, None), [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(waits(Growth::Full, 60, None), [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(waits(Growth::Equal, 60, None), [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(waits(Growth::Decorrelated, 60, None)[..4], [6, 18, 54, 60]);
        assert_eq!(waits(Growth::Lwm2m, 3_600, None), [2, 4, 8, 16, 32, 3_600, 2, 4]);
        assert_eq!(waits(Growth::Full, 60, Some(3)).len(), 3);
        let least = |growth| {
            let backoff = Backoff { growth, ..Backoff::default() };
            Failures::default().wait(BASE, &backoff, |_| 0)
        };
        assert_eq!(least(Growth::Full), Some(Duration::ZERO));
        assert_eq!(least(Growth::Equal), Some(Duration::from_secs(1)));
        assert_eq!(least(Growth::Decorrelated), Some(BASE));
    }

    #[test]
    fn extremes_do_not_overflow() {
        for growth in [Growth::Fixed, Growth::Full, Growth::Decorrelated, Growth::Lwm2m] {
            let backoff = Backoff { growth, cap: Duration::MAX, attempts: None };
            let mut failures = Failures { count: u32::MAX, before: Duration::MAX };
            assert!(failures.wait(Duration::MAX, &backoff, |n| n).is_some());
        }
    }
}

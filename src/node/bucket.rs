//! A token bucket: so many datagrams a second, and at once no more than a second's worth.

use crate::sim::time::Time;

/// What one sender may still send.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bucket {
    /// Tokens taken and not yet made up for.
    taken: f64,
    last: Time,
}

impl Bucket {
    /// Takes a token at `now`, of `rate` a second; false if there is none.
    pub(super) fn take(&mut self, rate: f64, now: Time) -> bool {
        let made_up = now.since(self.last).as_secs_f64() * rate;
        self.taken = (self.taken - made_up).max(0.0);
        self.last = now;
        // A slow sender may always send one.
        let has_room = self.taken + 1.0 <= rate.max(1.0);
        self.taken += f64::from(u8::from(has_room));
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::time::Duration;

    #[test]
    fn a_burst_of_a_second_passes_and_then_the_rate() {
        let mut bucket = Bucket::default();
        let start = Time::ZERO + Duration::from_secs(10);
        let at_once = (0..50).filter(|_| bucket.take(5.0, start)).count();
        assert_eq!(at_once, 5);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..50).filter(|_| bucket.take(5.0, later)).count(), 5);
        let mut slow = Bucket::default();
        assert!(slow.take(0.1, start) && !slow.take(0.1, later));
        assert!(slow.take(0.1, start + Duration::from_secs(10)));
    }
}

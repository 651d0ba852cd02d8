//! Policies in the form in which they are decided by, each kept from its first use until it changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::onem2m::access::AccessControlPolicy;
use crate::onem2m::limits::MAX_CACHED_POLICY_BYTES;
use crate::onem2m::tree::Id;

/// The policies that are kept. What does not fit costs time, nothing else.
#[derive(Debug, Default)]
pub(super) struct Policies {
    kept: BTreeMap<Id, Kept>,
    /// All that are kept, in no order.
    places: Vec<Id>,
    bytes: usize,
    /// Wanders over the places, to find who has to go.
    hand: u64,
}

#[derive(Debug)]
struct Kept {
    policy: Arc<AccessControlPolicy>,
    /// Bytes of the resource that it was read from.
    bytes: usize,
    place: usize,
}

impl Policies {
    /// The policy, if it is kept.
    pub(super) fn get(&self, id: Id) -> Option<Arc<AccessControlPolicy>> {
        self.kept.get(&id).map(|kept| Arc::clone(&kept.policy))
    }

    /// Keeps a policy that was read from so many bytes. When there is no room others go, one by one and not
    /// in the order in which they came: who asks for a few more than there is room for, one after the other,
    /// still meets most of them again.
    pub(super) fn keep(&mut self, id: Id, policy: &Arc<AccessControlPolicy>, bytes: usize) {
        self.forget(id);
        if bytes > MAX_CACHED_POLICY_BYTES {
            return;
        }
        while self.bytes > MAX_CACHED_POLICY_BYTES - bytes {
            let Some(victim) = self.victim() else { return };
            self.forget(victim);
        }
        self.bytes += bytes;
        let policy = Arc::clone(policy);
        self.kept.insert(id, Kept { policy, bytes, place: self.places.len() });
        self.places.push(id);
    }

    /// The policy has changed or is gone.
    pub(super) fn forget(&mut self, id: Id) {
        let Some(Kept { bytes, place, .. }) = self.kept.remove(&id) else { return };
        self.bytes -= bytes;
        self.places.swap_remove(place);
        // The last one stands there now.
        let moved = self.places.get(place).and_then(|moved| self.kept.get_mut(moved));
        if let Some(moved) = moved {
            moved.place = place;
        }
    }

    /// One of those that are kept.
    fn victim(&mut self) -> Option<Id> {
        // Any odd constant with mixed bits does; the high half of the sum is what wanders.
        self.hand = self.hand.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let at = (self.hand >> 32).checked_rem(self.places.len() as u64)?;
        self.places.get(usize::try_from(at).ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each of these takes.
    const EACH: usize = MAX_CACHED_POLICY_BYTES / 100;

    fn hits_of(policies: u64, rounds: u64) -> u64 {
        let mut cache = Policies::default();
        let policy = Arc::new(AccessControlPolicy::default());
        let mut hits = 0;
        for id in (0..rounds).flat_map(|_| 0..policies).map(Id) {
            match cache.get(id) {
                Some(_) => hits += 1,
                None => cache.keep(id, &policy, EACH),
            }
            assert!(cache.bytes <= MAX_CACHED_POLICY_BYTES);
            assert_eq!(cache.bytes, cache.kept.len() * EACH);
        }
        hits
    }

    #[test]
    fn what_fits_stays_and_more_than_fits_does_not_empty_it() {
        assert_eq!(hits_of(100, 10), 900);
        // A tenth more than there is room for: at most 900 of 1,100 could be met again.
        let hits = hits_of(110, 10);
        assert!(hits > 500, "{hits}");
        assert!(hits_of(200, 10) > 100);
    }

    #[test]
    fn what_has_changed_is_forgotten() {
        let mut cache = Policies::default();
        let policy = Arc::new(AccessControlPolicy::default());
        cache.keep(Id(7), &policy, 10);
        cache.keep(Id(7), &policy, 20);
        assert_eq!(cache.bytes, 20);
        cache.forget(Id(7));
        assert!(cache.get(Id(7)).is_none() && cache.bytes == 0);
        cache.keep(Id(7), &policy, MAX_CACHED_POLICY_BYTES + 1);
        assert!(cache.get(Id(7)).is_none());
    }
}

//! Flow log: which groups' datagrams pass which nodes and links, as an observer of a part of the traffic sees it.

use std::collections::BTreeMap;

use crate::sim::time::Time;

/// Where a datagram was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// At a node, by its number: a gateway, a CSE or a function that it passed or reached.
    Node(u32),
    /// On a link type, by its index.
    Link(u32),
}

/// Datagrams between two groups at one spot; the groups by their indices, the smaller one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// Where.
    pub spot: Spot,
    /// Between whom.
    pub groups: (u32, u32),
}

/// A flow log: everything, and what its observer saw of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flows {
    /// From when until when the observer looks.
    from: Time,
    until: Time,
    /// It sees one datagram in so many, chosen by a hash of its time and ends; at least 1.
    one_in: u64,
    all: BTreeMap<Flow, u64>,
    seen: BTreeMap<Flow, u64>,
}

impl Flows {
    /// An empty log of an observer who looks from `from` to before `until`, at one datagram in `one_in`
    /// (0 counts as 1).
    #[must_use]
    pub const fn new(from: Time, until: Time, one_in: u64) -> Self {
        let one_in = if one_in == 0 { 1 } else { one_in };
        Self { from, until, one_in, all: BTreeMap::new(), seen: BTreeMap::new() }
    }

    /// A datagram between two nodes, `ends`, of two `groups` is at `spot`.
    pub fn note(&mut self, now: Time, spot: Spot, ends: (u32, u32), groups: (u32, u32)) {
        let groups = (groups.0.min(groups.1), groups.0.max(groups.1));
        let flow = Flow { spot, groups };
        *self.all.entry(flow).or_default() += 1;
        let looks = self.from <= now && now < self.until;
        let ends = u64::from(ends.0) << 32 | u64::from(ends.1);
        if looks && mixed(now.0 ^ mixed(ends)).is_multiple_of(self.one_in) {
            *self.seen.entry(flow).or_default() += 1;
        }
    }

    /// All flows with their datagrams: the ground truth.
    #[must_use]
    pub const fn all(&self) -> &BTreeMap<Flow, u64> {
        &self.all
    }

    /// What the observer saw.
    #[must_use]
    pub const fn seen(&self) -> &BTreeMap<Flow, u64> {
        &self.seen
    }

    /// Adds the log of another thread.
    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.all, &other.all), (&mut self.seen, &other.seen)] {
            for (flow, count) in theirs {
                *mine.entry(*flow).or_default() += count;
            }
        }
    }
}

/// The finaliser of `SplitMix64`: a choice that does not depend on which thread makes it.
const fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_observer_sees_its_window_and_about_its_share() {
        let mut flows = Flows::new(Time(1_000), Time(11_000), 10);
        for at in 0..20_000 {
            flows.note(Time(at), Spot::Link(0), (3, 7), (2, 1));
        }
        let flow = Flow { spot: Spot::Link(0), groups: (1, 2) };
        assert_eq!(flows.all()[&flow], 20_000);
        assert!((900..1_100).contains(&flows.seen()[&flow]), "{}", flows.seen()[&flow]);
        let mut early = Flows::new(Time(1_000), Time(11_000), 1);
        early.note(Time(999), Spot::Node(0), (3, 7), (1, 2));
        early.note(Time(11_000), Spot::Node(0), (3, 7), (1, 2));
        assert!(early.seen().is_empty() && early.all().len() == 1);
    }
}

//! Faults: what is out of order, where, and from when to when. Whether it is now follows from the plan alone, so
//! that a fault outlives the restart of a node.

use super::layout::{Layout, NodeId};
use crate::net::LinkType;
use crate::sim::time::{Duration, Time};

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// Whom it concerns.
    pub whom: Whom,
    /// From when on.
    pub from: Time,
    /// Until before.
    pub until: Time,
    /// What is out of order.
    pub trouble: Trouble,
}

/// Whom a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Every use of the link type with this index.
    Link(usize),
    /// The members of the group with this index, or one of them: their links to their parents, their clocks, their
    /// stores.
    Group(u32, Option<u32>),
}

/// What is out of order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// Links carry nothing.
    Cut,
    /// Links are worse than they should be.
    Noise(Noise),
    /// Clocks are ahead of true time by so many nanoseconds, or behind it.
    Clock(i64),
    /// Stores take nothing new.
    Full,
}

/// How a link is worse; where it is worse by itself that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Noise {
    /// Probability of loss: 0 to below 1.
    pub loss: f64,
    /// Probability of being delivered twice: 0 to below 1.
    pub duplicate: f64,
    /// Uniform extra delay.
    pub jitter: Duration,
}

impl Layout {
    /// The link of this type between `child` and its parent carries nothing at `now`.
    #[must_use]
    pub(super) fn is_cut(&self, link: usize, child: NodeId, now: Time) -> bool {
        self.troubles_of_link(link, child, now).any(|trouble| trouble == Trouble::Cut)
    }

    /// What the link of this type between `child` and its parent is at `now`, if that is not what it should be.
    #[must_use]
    pub(super) fn disturbed(&self, link: usize, child: NodeId, now: Time) -> Option<LinkType> {
        let mut disturbed = None;
        for trouble in self.troubles_of_link(link, child, now) {
            let Trouble::Noise(noise) = trouble else { continue };
            let worse = disturbed.get_or_insert_with(|| self.links[link].clone());
            worse.loss = worse.loss.max(noise.loss);
            worse.duplicate = worse.duplicate.max(noise.duplicate);
            worse.jitter = worse.jitter.max(noise.jitter);
        }
        disturbed
    }

    /// What the clock of `node` says at `now`.
    #[must_use]
    pub(super) fn clock(&self, node: NodeId, now: Time) -> Time {
        let jumps = self.troubles_of(node, now).filter_map(|trouble| match trouble {
            Trouble::Clock(ahead) => Some(ahead),
            _ => None,
        });
        Time(now.0.saturating_add_signed(jumps.sum()))
    }

    /// The store of `node` takes nothing new at `now`.
    #[must_use]
    pub(super) fn is_full(&self, node: NodeId, now: Time) -> bool {
        self.troubles_of(node, now).any(|trouble| trouble == Trouble::Full)
    }

    fn troubles(&self, now: Time) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(move |fault| (fault.from..fault.until).contains(&now))
    }

    fn troubles_of_link(
        &self,
        link: usize,
        child: NodeId,
        now: Time,
    ) -> impl Iterator<Item = Trouble> {
        let all = self.troubles(now);
        let here = move |fault: &&Fault| match fault.whom {
            Whom::Link(index) => index == link,
            Whom::Group(..) => self.concerns(fault, child),
        };
        all.filter(here).map(|fault| fault.trouble)
    }

    fn troubles_of(&self, node: NodeId, now: Time) -> impl Iterator<Item = Trouble> {
        let here = move |fault: &&Fault| self.concerns(fault, node);
        self.troubles(now).filter(here).map(|fault| fault.trouble)
    }

    fn concerns(&self, fault: &Fault, node: NodeId) -> bool {
        let place = self.place(node);
        let Whom::Group(group, member) = fault.whom else { return false };
        place.group == group && member.is_none_or(|only| only == place.member)
    }
}

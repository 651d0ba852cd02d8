//! The linking game (property U1): what an observer is shown, and the referee who asks which messages are of one device.

use std::collections::BTreeMap;

use super::event::Packet;
use super::intruder::Hands;
use crate::ledger::{ActorId, Challenge, ContentDigest, Gid};
use crate::sim::time::{Duration, Time};

/// What tells one client's end from another for somebody who sees datagrams behind an address that many share (NAT):
/// its port, which is a new one after a change of address. It says nothing else of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port(ContentDigest);

impl Packet {
    /// The port of the sender, as it is seen behind a shared address.
    #[must_use]
    pub fn port(&self) -> Port {
        Port(ContentDigest::of(&[&self.from.0.to_be_bytes(), &self.address.to_be_bytes()]))
    }
}

/// A message that a datagram brought. Whose it is only the referee sees.
#[derive(Clone, Copy)]
pub struct Subject {
    gid: Gid,
    actor: ActorId,
}

/// The latest message of each node that no datagram has brought yet.
#[derive(Debug, Default)]
pub(super) struct Authored(BTreeMap<ActorId, Gid>);

impl Authored {
    pub(super) fn note(&mut self, actor: ActorId, gid: Gid) {
        self.0.insert(actor, gid);
    }
}

impl Hands<'_> {
    /// The message that this datagram brings, for the game; none if its sender has nothing new to say.
    pub fn subject(&mut self, packet: &Packet) -> Option<Subject> {
        let actor = ActorId(packet.from.0);
        let gid = self.chronicle().authored.0.remove(&actor)?;
        Some(Subject { gid, actor })
    }

    /// The referee asks about two messages, at least `apart` from each other: as often about two of one sender as
    /// about two of several. Their places in `seen`; none if there are no such two.
    pub fn challenge(&mut self, seen: &[(Time, Subject)], apart: Duration) -> Option<[usize; 2]> {
        let is_same = self.rng.below(2) == 1;
        let first = pick(self.rng.below(seen.len() as u64))?;
        let (at, subject) = seen.get(first)?;
        let fits = |(_, (other_at, other)): &(usize, &(Time, Subject))| {
            let gap = other_at.since(*at).max(at.since(*other_at));
            gap >= apart && (other.actor == subject.actor) == is_same
        };
        let others: Vec<usize> = seen.iter().enumerate().filter(fits).map(|(n, _)| n).collect();
        let second = pick(self.rng.below(others.len() as u64))?;
        Some([first, *others.get(second)?])
    }

    /// It says whether one sender meant both messages.
    pub fn guess(&mut self, pair: [Subject; 2], linked: bool) {
        let [first, second] = pair.map(|subject| subject.gid);
        let (now, who) = (self.now, self.who());
        if let Some(mut facts) = self.chronicle().attacker(now, who) {
            facts.guess(Challenge::new(first, second), linked);
        }
    }
}

fn pick(drawn: u64) -> Option<usize> {
    usize::try_from(drawn).ok()
}

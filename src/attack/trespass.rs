//! Trespass: a device that the attacker holds writes where it has no business, under its own name or another's.

use super::Field;
use super::program::time;
use crate::node::{Deed, Hands, Intruder, NodeId, Placement};
use crate::sim::time::Duration;

/// Has each victim, which the attacker holds, report to somebody else's container over its own association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trespass {
    /// The group whose first member's container it is.
    pub of: String,
    /// It names the owner as the originator of its requests.
    pub is_disguised: bool,
    /// How often.
    pub times: u32,
    /// The time between two.
    pub every: Duration,
}

impl Trespass {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("of".to_owned(), self.of.as_str().into());
        table.insert("disguised".to_owned(), self.is_disguised.into());
        table.insert("times".to_owned(), self.times.into());
        table.insert("every".to_owned(), time(self.every));
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let Some(owner) = field.first_of(&self.of) else { return Vec::new() };
        field.at_each_victim(|held| Trespasser { plan: self.clone(), held, owner, done: 0 })
    }
}

struct Trespasser {
    plan: Trespass,
    held: NodeId,
    owner: NodeId,
    done: u32,
}

impl Intruder for Trespasser {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        hands.corrupt(self.held);
        self.wake(hands);
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if self.done == self.plan.times {
            return;
        }
        self.done += 1;
        if hands.trespass(self.held, self.owner, self.plan.is_disguised) {
            let owner = hands.layout.identity(self.owner);
            let name = if self.plan.is_disguised { "its owner's" } else { "its own" };
            let what = format!("writes to the container of {owner} under {name} name");
            let registrar = hands.layout.place(self.held).registrar;
            hands.step(Deed::Injected, what, Some((self.held, registrar)));
        }
        hands.wake_at(hands.now + self.plan.every);
    }
}

//! Theft of a table of passwords, and the search in it at home.

use super::guess::search;
use super::{Field, Program};
use crate::credential::at_rest::PasswordTable;
use crate::node::{Deed, Hands, Intruder, NodeId, Placement};

/// Steals the table of each victim, a server, and searches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StealPasswords {
    /// Work of the search, in blocks of 64 bytes hashed.
    pub budget: u32,
}

impl StealPasswords {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("budget".to_owned(), self.budget.into());
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let budget = self.budget;
        let program = |victim| Thief { budget, victim };
        field.in_each_victim(program)
    }
}

impl From<StealPasswords> for Program {
    fn from(steal: StealPasswords) -> Self {
        Self::StealPasswords(steal)
    }
}

struct Thief {
    budget: u32,
    victim: NodeId,
}

impl Intruder for Thief {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        let Some(table) = hands.steal_passwords(self.victim) else { return };
        let Ok(rows) = PasswordTable::read(&table) else { return };
        let search = search(&rows, self.budget.into());
        let (found, guesses) = (search.found.len(), search.guesses);
        let what = format!("finds {found} of {} passwords in {guesses} guesses", rows.len());
        hands.step(Deed::Stole, what, None);
        for found in search.found {
            hands.exhibit(self.victim, found.password.as_bytes());
        }
    }
}

//! Forged management: commands in the name of an administrator.

use rand_core::Rng as _;

use super::break_in::MANAGER;
use super::{Field, Program};
use crate::credential::command::{Action, Administrator, Answer, Message, NamedCommand, Role};
use crate::credential::lifetime::Validity;
use crate::credential::store::{Entry, KeyName};
use crate::credential::{KeyBytes, Level};
use crate::node::{Deed, Hands, Intruder, NodeId, Placement, key_name};

/// What the forged command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// Deletes the key of a device.
    Delete,
    /// Puts the attacker's key in its place.
    Replace,
    /// Deletes all keys of the clients of a server at once.
    Wipe,
}

impl Forgery {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Delete, Self::Replace, Self::Wipe];

    /// Its word in a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::Wipe => "wipe",
        }
    }
}

/// Sends each victim a command as its administrator would, believed or signed as well as it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Management {
    /// What is commanded.
    pub forgery: Forgery,
}

impl Management {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("command".to_owned(), self.forgery.word().into());
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let forgery = self.forgery;
        let program = |victim| Forger { forgery, victim };
        field.in_each_victim(program)
    }
}

impl From<Management> for Program {
    fn from(management: Management) -> Self {
        Self::Management(management)
    }
}

struct Forger {
    forgery: Forgery,
    victim: NodeId,
}

impl Intruder for Forger {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        let mut own = [0; 32];
        hands.rng.fill_bytes(&mut own);
        let own = KeyBytes::new(own);
        let Some(action) = self.action(&own, hands) else { return };
        let command = NamedCommand { originator: MANAGER.to_owned(), action: action.clone() };
        if self.send(&Message::Named(command), hands) {
            return;
        }
        // Where proof is asked for, a signature by a key of its own is the best that it has.
        let nonce = hands.manage(self.victim, &Message::Nonce.encode());
        if let Some(Ok(Answer::Nonce(nonce))) = nonce.map(|bytes| Answer::decode(&bytes)) {
            let forger = Administrator::new(MANAGER, &own);
            let mut command = forger.command(Role::Custodian, nonce, action);
            command.approvals = vec![Administrator::new("deputy", &own).approve(&command)];
            self.send(&Message::Signed(command), hands);
        }
    }
}

impl Forger {
    /// Whether the command is obeyed.
    fn send(&self, message: &Message, hands: &mut Hands<'_>) -> bool {
        let answer = hands.manage(self.victim, &message.encode());
        let answer = answer.and_then(|bytes| Answer::decode(&bytes).ok());
        let is_done = matches!(answer, Some(Answer::Done(_)));
        let end = if is_done { "is obeyed" } else { "is refused" };
        let what = format!("commands {} as {MANAGER}, and {end}", self.forgery.word());
        hands.step(Deed::Commanded, what, None);
        is_done
    }

    fn action(&self, own: &KeyBytes, hands: &Hands<'_>) -> Option<Action> {
        let layout = hands.layout;
        match self.forgery {
            Forgery::Delete => Some(Action::Delete(vec![key_name(layout, self.victim)?])),
            Forgery::Replace => {
                let (name, validity) = (key_name(layout, self.victim)?, Validity::ALWAYS);
                let entry = Entry { name, level: Level::Kpsa, validity };
                Some(Action::Replace { entry, key: own.clone() })
            }
            Forgery::Wipe => {
                let nodes = (0..).map(NodeId).take(layout.places.len());
                let is_client = |node: &NodeId| {
                    layout.place(*node).registrar == self.victim && *node != self.victim
                };
                let names: Vec<KeyName> =
                    nodes.filter(is_client).filter_map(|node| key_name(layout, node)).collect();
                Some(Action::Delete(names))
            }
        }
    }
}

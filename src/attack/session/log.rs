//! Reads the console's log of addresses, as everybody may who has an account, and presents what it finds there.

use std::collections::BTreeSet;

use super::{Pace, Terminal, own_token, reply};
use crate::node::{Deed, Hands, Intruder, NodeId};
use crate::onem2m::session::message::{Ask, Reply, tokens_in};

pub(super) struct Reader {
    terminal: Terminal,
    pace: Pace,
    own: Option<String>,
    /// Found, and not yet presented.
    found: Vec<String>,
    known: BTreeSet<String>,
}

impl Reader {
    pub(super) const fn new(terminal: Terminal, pace: Pace) -> Self {
        Self { terminal, pace, own: None, found: Vec::new(), known: BTreeSet::new() }
    }
}

impl Intruder for Reader {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        self.terminal.take(hands);
    }

    fn overheard(&mut self, node: NodeId, bytes: &[u8], hands: &mut Hands<'_>) {
        if let Some(own) = own_token(bytes) {
            self.known.insert(own.clone());
            self.own = Some(own);
        }
        if let Some((true, _, Reply::Log(log))) = reply(bytes) {
            hands.observe_message(node, bytes);
            let new = tokens_in(&log).filter(|token| self.known.insert((*token).to_owned()));
            self.found.extend(new.map(str::to_owned));
        }
        hands.wake_at(hands.now);
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        for token in std::mem::take(&mut self.found) {
            self.terminal.step(Deed::Stole, "finds a token in the log", hands);
            self.terminal.write(&token, hands);
        }
        let Some(own) = self.own.clone() else { return };
        if self.pace.beat(hands) {
            let _ = self.terminal.call(Ask::Log, Some(&own), hands);
        }
    }
}

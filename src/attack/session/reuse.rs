//! Reuse: somebody saw the token of a terminal, comes to that terminal when its user has logged out, and goes on.

use super::{Pace, Terminal};
use crate::node::{Hands, Intruder, token_in};

pub(super) struct Successor {
    terminal: Terminal,
    pace: Pace,
    seen: Option<String>,
}

impl Successor {
    pub(super) const fn new(terminal: Terminal, pace: Pace) -> Self {
        Self { terminal, pace, seen: None }
    }
}

impl Intruder for Successor {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        self.wake(hands);
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if !self.pace.beat(hands) {
            return;
        }
        let Some(file) = hands.jar(self.terminal.victim) else { return };
        if let Some(token) = str::from_utf8(&file).ok().and_then(token_in) {
            self.seen = Some(token.to_owned());
        } else if let Some(token) = self.seen.take() {
            self.terminal.write(&token, hands);
        }
    }
}

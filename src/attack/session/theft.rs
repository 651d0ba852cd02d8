//! Copies the file in which the victim's terminal keeps its token, and presents the token from another terminal.

use super::{Pace, Terminal};
use crate::node::{Deed, Hands, Intruder, token_in};

pub(super) struct Thief {
    terminal: Terminal,
    pace: Pace,
    last: Option<String>,
}

impl Thief {
    pub(super) const fn new(terminal: Terminal, pace: Pace) -> Self {
        Self { terminal, pace, last: None }
    }
}

impl Intruder for Thief {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        self.terminal.take(hands);
        self.wake(hands);
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if !self.pace.beat(hands) {
            return;
        }
        let Some(file) = hands.jar(self.terminal.victim) else { return };
        let token = str::from_utf8(&file).ok().and_then(token_in);
        let Some(token) = token.filter(|token| self.last.as_deref() != Some(token)) else { return };
        let victim = self.terminal.victim;
        hands.step(Deed::Stole, "copies the file with the token", Some((victim, victim)));
        self.terminal.write(token, hands);
        self.last = Some(token.to_owned());
    }
}

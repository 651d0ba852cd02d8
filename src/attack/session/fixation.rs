//! Fixation: the attacker gets a token of a session in which nobody is logged in, puts it into the victim's terminal,
//! and waits until the victim has logged in with it.

use super::{Pace, Terminal, reply};
use crate::node::{Deed, Hands, Intruder, NodeId, jar_with};
use crate::onem2m::session::message::{Ask, Reply};

pub(super) struct Fixer {
    terminal: Terminal,
    pace: Pace,
    token: Option<String>,
    is_planted: bool,
}

impl Fixer {
    pub(super) const fn new(terminal: Terminal, pace: Pace) -> Self {
        Self { terminal, pace, token: None, is_planted: false }
    }
}

impl Intruder for Fixer {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        self.terminal.take(hands);
        self.wake(hands);
    }

    fn overheard(&mut self, _: NodeId, bytes: &[u8], _: &mut Hands<'_>) {
        if let (None, Some((true, _, Reply::Token(token)))) = (&self.token, reply(bytes)) {
            self.token = Some(token);
        }
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if !self.pace.beat(hands) {
            return;
        }
        let Some(token) = self.token.clone() else {
            let _ = self.terminal.call(Ask::Visit, None, hands);
            return;
        };
        if self.is_planted {
            return self.terminal.write(&token, hands);
        }
        let victim = self.terminal.victim;
        self.is_planted = hands.toss(victim, &jar_with(&token));
        if self.is_planted {
            hands.step(
                Deed::Altered,
                "plants its own token in the terminal",
                Some((victim, victim)),
            );
        }
    }
}

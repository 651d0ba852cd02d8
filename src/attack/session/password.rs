//! Guesses the victim's password at the console, by a list of words that people take.

use std::collections::BTreeMap;

use super::{Pace, Terminal, reply};
use crate::attack::guess::candidates;
use crate::node::{Deed, Hands, Intruder, NodeId};
use crate::onem2m::session::message::{Ask, Reply};

pub(super) struct Guesser {
    terminal: Terminal,
    pace: Pace,
    /// The list, the next last.
    words: Vec<String>,
    /// What was tried, by the message that it was tried with.
    tried: BTreeMap<u16, String>,
    token: Option<String>,
}

impl Guesser {
    pub(super) fn new(terminal: Terminal, pace: Pace) -> Self {
        let wanted = usize::try_from(pace.left).unwrap_or(usize::MAX);
        let mut words: Vec<String> = candidates().take(wanted).collect();
        words.reverse();
        Self { terminal, pace, words, tried: BTreeMap::new(), token: None }
    }
}

impl Intruder for Guesser {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        self.terminal.take(hands);
        self.wake(hands);
    }

    fn overheard(&mut self, _: NodeId, bytes: &[u8], hands: &mut Hands<'_>) {
        let Some((true, mid, reply)) = reply(bytes) else { return };
        let word = self.tried.remove(&mid);
        if let (Some(word), Reply::Token(token)) = (word, reply) {
            let what = format!("is let in after {} guesses", mid - super::FIRST_MESSAGE + 1);
            self.terminal.step(Deed::Stole, what, hands);
            hands.exhibit(self.terminal.victim, word.as_bytes());
            self.token = Some(token);
            self.words.clear();
            hands.wake_at(hands.now);
        }
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if let Some(token) = self.token.take() {
            return self.terminal.write(&token, hands);
        }
        if self.words.is_empty() || !self.pace.beat(hands) {
            return;
        }
        let Some(password) = self.words.pop() else { return };
        let account = hands.layout.originator(self.terminal.victim);
        let ask = Ask::Login { account, password: password.clone() };
        if let Some(mid) = self.terminal.call(ask, None, hands) {
            if mid == super::FIRST_MESSAGE {
                self.terminal.step(Deed::Injected, "begins to guess a password", hands);
            }
            self.tried.insert(mid, password);
        }
    }
}

//! The port at which a place of keys takes management commands, one of two kinds.

use rand_core::Rng;

use super::{Answer, Done, Message, NamedAuthority, Refusal, SignedAuthority, Verb, handle};
use crate::credential::store::{KeyName, Store, Work};

/// Who decides on commands.
#[derive(Debug)]
pub enum Port {
    /// Commands are believed by the name of their originator.
    Named(NamedAuthority),
    /// Commands prove themselves.
    Signed(Box<SignedAuthority>),
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// What is sent back.
    pub answer: Answer,
    /// What the message asked for, of which keys; none if it was understood as no command.
    pub asked: Option<(Verb, Vec<KeyName>)>,
    /// Why nothing was done.
    pub refusal: Option<Refusal>,
}

impl Port {
    /// Takes in a message: any bytes whatever. Nonces come from `rng`.
    pub fn serve(
        &mut self,
        bytes: &[u8],
        store: &mut Store,
        rng: &mut dyn Rng,
        work: &mut Work,
    ) -> Served {
        let message = Message::decode(bytes);
        let asked = match &message {
            Ok(Message::Named(command)) => Some(&command.action),
            Ok(Message::Signed(command)) => Some(&command.action),
            _ => None,
        };
        let asked = asked.map(|action| (action.verb(), action.targets().to_vec()));
        let result = message.and_then(|message| self.decide(&message, store, rng, work));
        let refusal = result.as_ref().err().copied();
        Served { answer: result.unwrap_or(Answer::Refused), asked, refusal }
    }

    fn decide(
        &mut self,
        message: &Message,
        store: &mut Store,
        rng: &mut dyn Rng,
        work: &mut Work,
    ) -> Result<Answer, Refusal> {
        let done: Done = match (self, message) {
            (Self::Signed(authority), Message::Nonce) => {
                return Ok(Answer::Nonce(authority.issue(rng)));
            }
            (Self::Named(authority), Message::Named(command)) => {
                handle(command, authority, store, work)?
            }
            (Self::Signed(authority), Message::Signed(command)) => {
                handle(command, &mut **authority, store, work)?
            }
            _ => return Err(Refusal::OtherKind),
        };
        Ok(Answer::Done(done))
    }
}

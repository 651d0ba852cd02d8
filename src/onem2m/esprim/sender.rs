//! The originator's end.

use jiff::civil::DateTime;

use super::Fault;
use super::jwe::{self, Direction, Header, Parsed};
use super::rand_object::{KeyId, OriginatorRand, ReceiverRand};
use super::window::{MAX_SEALINGS, MAX_WINDOW, Snapshot};
use crate::credential::Choices;
use crate::credential::hierarchy::{PairwiseKey, SessionKey};

/// A session with one receiver, at the originator.
#[derive(Debug)]
pub struct Sender {
    header: Header,
    key: SessionKey,
    originator: OriginatorRand,
    next: u64,
    /// Responses that were accepted.
    answered: Snapshot,
}

/// A response that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The inner response primitive in its serialisation. Its rqi tells which request it answers.
    pub inner: Vec<u8>,
    /// rro: the random object that the receiver wants to be used from now on.
    pub refresh: Option<ReceiverRand>,
}

impl Sender {
    /// Establishes a session (TS-0003 clause 8.4.2 step B.2): the session key comes from the pairwise
    /// key and both random values.
    ///
    /// `originator` must be fresh: its value from a random generator, never used before.
    ///
    /// # Errors
    /// If a random object has expired, the own one outlives the receiver's, or no common algorithm is
    /// left.
    pub fn establish(
        key_id: KeyId,
        pairwise: &PairwiseKey,
        receiver: &ReceiverRand,
        originator: OriginatorRand,
        now: DateTime,
        choices: &Choices,
    ) -> Result<Self, Fault> {
        if receiver.expiry <= now {
            return Err(Fault::UnknownReceiverRand);
        }
        originator.check(receiver, now)?;
        let key = session_key(pairwise, receiver, &originator, choices)?;
        let mut header = Header::new(key_id, originator.id.clone(), receiver.id.clone());
        header.oro = Some(originator.clone());
        let answered = Snapshot::new(originator.expiry);
        Ok(Self { header, key, originator, next: 0, answered })
    }

    /// Seals the serialisation of an inner request primitive. Until a response has come the object holds
    /// the originator's random object too.
    ///
    /// # Errors
    /// [`Fault::TooLong`] for an inner primitive that is empty or longer than
    /// [`MAX_INNER`](super::MAX_INNER), [`Fault::Exhausted`] when the session is used up or expired.
    pub fn seal(&mut self, inner: &[u8], now: DateTime) -> Result<String, Fault> {
        if self.next >= MAX_SEALINGS || self.originator.expiry <= now {
            return Err(Fault::Exhausted);
        }
        let object = jwe::seal(&self.header, Direction::Request, self.next, &self.key, inner)?;
        self.next += 1;
        Ok(object)
    }

    /// Sends the random object again with what follows: for a receiver that answered 4113.
    pub fn introduce(&mut self) {
        self.header.oro = Some(self.originator.clone());
    }

    /// Opens a response, once.
    ///
    /// # Errors
    /// Names why it is none of this session. It changes nothing then.
    pub fn open(&mut self, object: &str, now: DateTime) -> Result<Answer, Fault> {
        let parsed = Parsed::parse(object)?;
        let header = &parsed.header;
        if header.oro.is_some() {
            return Err(Fault::Malformed);
        }
        if header.kid != self.header.kid {
            return Err(Fault::UnknownKeyId);
        }
        if header.rri != self.header.rri {
            return Err(Fault::UnknownReceiverRand);
        }
        if header.ori != self.header.ori || self.originator.expiry <= now {
            return Err(Fault::UnknownOriginatorRand);
        }
        let counter = parsed.counter(Direction::Response).ok_or(Fault::NoCounter)?;
        let answered = self.answered.after(counter, MAX_WINDOW).ok_or(Fault::Replayed)?;
        let (header, inner) = parsed.open(&self.key)?;
        self.answered = answered;
        self.header.oro = None;
        Ok(Answer { inner, refresh: header.rro })
    }
}

/// TS-0003 clause 10.3.8.2.
pub(super) fn session_key(
    pairwise: &PairwiseKey,
    receiver: &ReceiverRand,
    originator: &OriginatorRand,
    choices: &Choices,
) -> Result<SessionKey, Fault> {
    let key = pairwise.session(receiver.value, originator.value, choices);
    key.map_err(|_| Fault::UnsupportedOption)
}

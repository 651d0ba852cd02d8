//! The receiver's end: sessions of many originators.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::Fault;
use super::jwe::{self, Direction, Header, Parsed};
use super::rand_object::{KeyId, OriginatorRand, RandId, ReceiverRand};
use super::sender::session_key;
use super::window::{MAX_SEALINGS, MAX_WINDOW, Snapshot, WindowStore};
use crate::credential::Choices;
use crate::credential::hierarchy::{PairwiseKey, SessionKey};

/// Pairwise keys of one receiver.
pub const MAX_KEYS: usize = 65_536;
/// Random objects of one receiver that have not expired.
pub const MAX_RANDS: usize = 65_536;
/// Sessions of one pairwise key that have not expired.
pub const MAX_SESSIONS_PER_KEY: usize = 16;

/// A pairwise key, and whose it is.
#[derive(Clone, Debug)]
pub struct Pairwise {
    /// The key.
    pub key: PairwiseKey,
    /// The identity that From of inner primitives must be.
    pub identity: Box<str>,
    /// pairwiseESPrimKeyLifetime, in UTC: the first moment at which it is no longer valid.
    pub expiry: DateTime,
}

/// What names a session. Ordered by key first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId {
    /// kid
    pub key: KeyId,
    /// rri
    pub receiver: RandId,
    /// ori
    pub originator: RandId,
}

/// A session, or what a restart left of it.
#[derive(Clone, Debug)]
struct Session {
    /// `None` after a restart, until the originator shows it again.
    originator: Option<OriginatorRand>,
    window: Snapshot,
}

/// All sessions at one receiver.
#[derive(Debug)]
pub struct Receiver<S> {
    keys: BTreeMap<KeyId, Pairwise>,
    rands: BTreeMap<RandId, ReceiverRand>,
    sessions: BTreeMap<KeyId, BTreeMap<SessionId, Session>>,
    window: u8,
    choices: Choices,
    store: S,
}

/// A request that was opened, authenticated, and not seen before.
#[derive(Debug)]
pub struct Opened {
    /// The inner request primitive in its serialisation.
    pub inner: Vec<u8>,
    /// The identity of the pairwise key, which From is equal to.
    pub originator: Box<str>,
    /// What its one response is sealed with.
    pub exchange: Exchange,
}

/// The right to seal one response. It is consumed by it, so that no counter is used twice.
#[derive(Debug)]
pub struct Exchange {
    header: Header,
    key: SessionKey,
    counter: u64,
}

impl<S: WindowStore> Receiver<S> {
    /// A receiver without keys. `window` is the number of objects that may overtake each other, at most
    /// [`MAX_WINDOW`]; 0 is no protection from replays.
    pub fn new(window: u8, choices: Choices, store: S) -> Self {
        let (keys, rands, sessions) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { keys, rands, sessions, window: window.min(MAX_WINDOW), choices, store }
    }

    /// Keeps a pairwise key, in place of one of the same identifier. False if there are [`MAX_KEYS`].
    pub fn add_key(&mut self, id: KeyId, pairwise: Pairwise) -> bool {
        let room = self.keys.len() < MAX_KEYS || self.keys.contains_key(&id);
        if room {
            self.keys.insert(id, pairwise);
        }
        room
    }

    /// Keeps a random object that was issued, and forgets those that have expired. False if there are
    /// [`MAX_RANDS`] or one of the same identifier is still valid.
    pub fn issue(&mut self, rand: ReceiverRand, now: DateTime) -> bool {
        self.rands.retain(|_, rand| rand.expiry > now);
        let room = self.rands.len() < MAX_RANDS && !self.rands.contains_key(&rand.id);
        if room {
            self.rands.insert(rand.id.clone(), rand);
        }
        room
    }

    /// Puts back a window that was saved before a restart. Do so for all of them, before anything is
    /// opened.
    pub fn restore(&mut self, session: SessionId, window: Snapshot) {
        let sessions = self.sessions.entry(session.key.clone()).or_default();
        sessions.insert(session, Session { originator: None, window });
    }

    /// A restart of an end that keeps its windows: the random objects of originators are forgotten.
    pub fn restart(&mut self) {
        let all = self.sessions.values_mut().flat_map(BTreeMap::values_mut);
        all.for_each(|session| session.originator = None);
    }

    /// Opens a request. `from` reads From out of the inner primitive.
    ///
    /// Nothing of an object is kept, nor saved, before its tag is found to fit.
    ///
    /// # Errors
    /// Names why it is refused; [`Fault::status`] is the answer. A request whose From is somebody else's
    /// is refused too, and its counter is spent.
    pub fn open(
        &mut self,
        object: &str,
        now: DateTime,
        from: impl FnOnce(&[u8]) -> Option<String>,
    ) -> Result<Opened, Fault> {
        let parsed = Parsed::parse(object)?;
        let header = &parsed.header;
        if header.rro.is_some() {
            return Err(Fault::Malformed);
        }
        let pairwise = self.keys.get(&header.kid).filter(|pairwise| pairwise.expiry > now);
        let pairwise = pairwise.ok_or(Fault::UnknownKeyId)?;
        let receiver = self.rands.get(&header.rri).filter(|rand| rand.expiry > now);
        let receiver = receiver.ok_or(Fault::UnknownReceiverRand)?;
        let id = session_id(header);
        let originator = self.originator(&id, header)?;
        originator.check(receiver, now)?;
        let window = self.window_after(&id, &parsed, originator.expiry)?;
        let key = session_key(&pairwise.key, receiver, originator, &self.choices)?;
        let (originator, identity) = (originator.clone(), pairwise.identity.clone());
        let (header, inner) = parsed.open(&key)?;
        let counter = self.accept(id, originator, window, now)?;
        match from(&inner) {
            Some(from) if *from == *identity => {
                let header = Header::new(header.kid, header.ori, header.rri);
                let exchange = Exchange { header, key, counter };
                Ok(Opened { inner, originator: identity, exchange })
            }
            Some(_) => Err(Fault::Impersonation),
            None => Err(Fault::NoFrom),
        }
    }

    /// Seals the response to a request, with its session key (clause 8.4.2 step C.8). `refresh` is a
    /// random object, issued before, for the originator to use from now on.
    ///
    /// # Errors
    /// [`Fault::TooLong`] for an inner primitive that is empty or longer than
    /// [`MAX_INNER`](super::MAX_INNER), [`Fault::Exhausted`] when the session is used up.
    pub fn seal(
        &self,
        exchange: Exchange,
        inner: &[u8],
        refresh: Option<ReceiverRand>,
    ) -> Result<String, Fault> {
        let Exchange { mut header, key, counter } = exchange;
        header.rro = refresh;
        if counter >= MAX_SEALINGS {
            return Err(Fault::Exhausted);
        }
        jwe::seal(&header, Direction::Response, counter, &key, inner)
    }

    /// The random object of the originator of this session: the one that is known, or that it shows now.
    fn originator<'a>(
        &'a self,
        id: &SessionId,
        header: &'a Header,
    ) -> Result<&'a OriginatorRand, Fault> {
        let shown = header.oro.as_ref().filter(|shown| shown.id == header.ori);
        let known = self.session(id).and_then(|session| session.originator.as_ref());
        match (known, shown) {
            (Some(known), Some(shown)) if known != shown => Err(Fault::UnknownOriginatorRand),
            (Some(rand), _) | (None, Some(rand)) => Ok(rand),
            (None, None) => Err(Fault::UnknownOriginatorRand),
        }
    }

    /// The window as it will be, with one more response given away.
    fn window_after(
        &self,
        id: &SessionId,
        parsed: &Parsed<'_>,
        expiry: DateTime,
    ) -> Result<Snapshot, Fault> {
        let now = self.session(id).map_or_else(|| Snapshot::new(expiry), |session| session.window);
        let after = if self.window == 0 {
            now
        } else {
            let counter = parsed.counter(Direction::Request).ok_or(Fault::NoCounter)?;
            now.after(counter, self.window).ok_or(Fault::Replayed)?
        };
        // After a restart the originator shows its random object again: the later expiry counts.
        Ok(Snapshot { answers: after.answers + 1, expiry: after.expiry.max(expiry), ..after })
    }

    fn session(&self, id: &SessionId) -> Option<&Session> {
        self.sessions.get(&id.key)?.get(id)
    }

    /// Saves the window, then keeps the session. The result is the counter of the response.
    fn accept(
        &mut self,
        id: SessionId,
        originator: OriginatorRand,
        window: Snapshot,
        now: DateTime,
    ) -> Result<u64, Fault> {
        let sessions = self.sessions.entry(id.key.clone()).or_default();
        if !sessions.contains_key(&id) {
            sessions.retain(|_, kept| kept.window.expiry > now);
            if sessions.len() >= MAX_SESSIONS_PER_KEY {
                return Err(Fault::TooManySessions);
            }
        }
        self.store.save(&id, window).map_err(|_| Fault::Unsaved)?;
        sessions.insert(id, Session { originator: Some(originator), window });
        Ok(window.answers - 1)
    }
}

fn session_id(header: &Header) -> SessionId {
    let (key, receiver, originator) = (&header.kid, &header.rri, &header.ori);
    SessionId { key: key.clone(), receiver: receiver.clone(), originator: originator.clone() }
}

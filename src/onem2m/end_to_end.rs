//! Requests protected from their originator to the CSE that carries them out (ESPrim, TS-0003 clause 8.4): a NOTIFY
//! to that CSE's base brings the sealed inner primitive in a securityInfo, and its answer brings the sealed answer.
//! CSEs between the two hand the outer primitives on, and can neither read nor change the inner ones.
//!
//! What an originator must know of the CSE, its shared random object, is provisioned with the pairwise key; the
//! exchange by e2eSecInfo (clause 8.4.2 step A) is left out. Sessions begin when the originator starts.

use jiff::civil::{DateTime, date};

use super::esprim::{
    Exchange, Fault, KeyId, OriginatorRand, Pairwise, RandId, Receiver, ReceiverRand, Sender,
    SessionId, Snapshot, Unsaved, WindowStore,
};
use super::tree::time::{Epoch, civil};
use crate::association::{Operation as Work, Operations};
use crate::credential::Choices;
use crate::credential::hierarchy::{PairwiseKey, RAND_LEN};
use crate::sim::time::Time;
use crate::wire::primitive::{
    Content, Operation, Profile, Release, Request, Response, Rsc, Serialisation, read_request,
    read_response, write_request, write_response,
};
use crate::wire::value::{Map, Value};

/// The root of a securityInfo (TS-0004 clause 7.5.2).
const ROOT: &str = "m2m:seci";
/// securityInfoType "ESPrim Object" (TS-0004 table 6.3.4.2.35-1).
const ESPRIM_OBJECT: u64 = 5;
/// securityInfoType.
const TYPE: &str = "sit";
/// esprimObject.
const OBJECT: &str = "epo";
/// The lifetime of pairwise keys and shared random objects: longer than any run. What shorter ones cost is not
/// looked at here.
const EXPIRY: DateTime = date(9_999, 12, 31).at(0, 0, 0, 0);
/// The lifetime of an originator's random object, in milliseconds: one day.
const SESSION_MS: u64 = 86_400_000;
/// Objects that may overtake each other.
const WINDOW: u8 = 64;
/// What protection adds to a primitive at the most, in bytes: the outer primitive's parameters, the header with the
/// originator's random object, IV and tag in base64url. The inner primitive grows by a third besides.
pub const OVERHEAD_LEN: u32 = 560;

/// The esprimObject that a primitive carries, if it does.
#[must_use]
pub fn object(content: Option<&Content>) -> Option<&str> {
    let content = content.filter(|content| content.root == ROOT)?;
    content.value.as_map()?.get(OBJECT)?.as_text()
}

fn carry(object: &str) -> Content {
    let mut info = Map::of(TYPE, Value::from(ESPRIM_OBJECT));
    info.insert(OBJECT, Value::from(object));
    Content::new(ROOT, Value::Map(info))
}

/// The shared random object of a CSE; the value is no secret.
#[must_use]
pub fn shared_rand(value: [u8; RAND_LEN]) -> ReceiverRand {
    ReceiverRand::new(RandId::new(true, 1), value, EXPIRY)
}

fn calendar(now: Time) -> DateTime {
    civil(Epoch::default().at(now)).unwrap_or(DateTime::MAX)
}

/// AES-256-GCM over `len` bytes of plaintext; `is_new`: and the derivation of the session key before.
fn book(operations: &mut Operations, seal: Work, len: usize, is_new: bool) {
    operations.count(seal, 1);
    operations.count(Work::AeadByte, len as u64);
    if is_new {
        operations.count(Work::Hmac, 1);
        // Two prepared keys, the text of the derivation in two blocks, and the outer hash.
        operations.count(Work::Sha256Block, 5);
    }
}

/// What an originator and a CSE share.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The name of the pairwise key.
    pub id: KeyId,
    /// The pairwise key.
    pub key: PairwiseKey,
    /// The CSE's shared random object.
    pub receiver: ReceiverRand,
}

/// The originator's end.
#[derive(Debug)]
pub struct Originator {
    credential: Credential,
    /// The address of the CSE's base.
    to: String,
    sender: Option<Sender>,
    /// Sessions so far: the numbers of its random objects.
    sessions: u64,
}

impl Originator {
    /// An originator that has not spoken yet.
    #[must_use]
    pub const fn new(credential: Credential, to: String) -> Self {
        Self { credential, to, sender: None, sessions: 0 }
    }

    /// The outer request for `inner`, in the name of `from` towards its registrar. `fresh` gives the random value of
    /// a new session.
    ///
    /// # Errors
    /// Why it cannot be sealed.
    pub fn seal(
        &mut self,
        inner: &Request,
        from: &str,
        now: Time,
        fresh: impl FnOnce() -> [u8; RAND_LEN],
        operations: &mut Operations,
    ) -> Result<Request, Fault> {
        let is_new = self.sender.is_none();
        let moment = calendar(now);
        let mut sender = match self.sender.take() {
            Some(sender) => sender,
            None => self.establish(fresh(), now)?,
        };
        let bytes = write_request(inner, Serialisation::Json, &Profile::STRICT)
            .map_err(|_| Fault::Malformed)?;
        book(operations, Work::Seal, bytes.len(), is_new);
        let object = sender.seal(&bytes, moment);
        self.sender = Some(sender);
        let request_id = &inner.request_id;
        Ok(Request {
            operation: Operation::Notify,
            content: Some(carry(&object?)),
            ..Request::retrieve(&self.to, from, request_id)
        })
    }

    fn establish(&mut self, value: [u8; RAND_LEN], now: Time) -> Result<Sender, Fault> {
        self.sessions += 1;
        let end = Epoch::default().at(now).saturating_add(SESSION_MS) / 1_000 * 1_000;
        let expiry = civil(end).unwrap_or(EXPIRY).min(EXPIRY);
        let own = OriginatorRand::new(RandId::new(false, self.sessions), value, expiry);
        let Credential { id, key, receiver } = &self.credential;
        Sender::establish(id.clone(), key, receiver, own, calendar(now), &Choices::default())
    }

    /// The answer to the inner request. An outer answer that says that something is wrong comes back as it is.
    ///
    /// # Errors
    /// Why what came is no answer of the CSE's.
    pub fn open(
        &mut self,
        outer: Response,
        now: Time,
        operations: &mut Operations,
    ) -> Result<Response, Fault> {
        let Some(sender) = &mut self.sender else { return Err(Fault::Malformed) };
        let Some(object) = object(outer.content.as_ref()) else {
            if outer.status == Fault::UnknownOriginatorRand.status() {
                sender.introduce();
            } else if outer.status == Fault::TooManySessions.status() {
                self.sender = None;
            }
            return if outer.status.is_success() { Err(Fault::Malformed) } else { Ok(outer) };
        };
        book(operations, Work::Open, object.len(), false);
        let answer = sender.open(object, calendar(now))?;
        read_response(&answer.inner, Serialisation::Json, &Profile::STRICT)
            .map_err(|_| Fault::Malformed)
    }

    /// Volatile state is lost: the next request begins a new session.
    pub fn restart(&mut self) {
        self.sender = None;
    }

    /// The bytes of its key as they lie in memory.
    pub fn memory_image(&self, out: &mut Vec<u8>) {
        out.extend(self.credential.key.bytes().expose());
    }
}

/// Windows are kept by the receiver itself, which puts them back after a restart.
#[derive(Debug)]
struct Kept;

impl WindowStore for Kept {
    fn save(&mut self, _: &SessionId, _: Snapshot) -> Result<(), Unsaved> {
        Ok(())
    }
}

/// The CSE's end.
#[derive(Debug)]
pub struct Recipient {
    receiver: Receiver<Kept>,
    keys: Vec<PairwiseKey>,
}

impl Recipient {
    /// An end with this shared random object, and no keys.
    #[must_use]
    pub fn new(shared: ReceiverRand) -> Self {
        let mut receiver = Receiver::new(WINDOW, Choices::default(), Kept);
        receiver.issue(shared, calendar(Time::ZERO));
        Self { receiver, keys: Vec::new() }
    }

    /// Keeps a pairwise key with the originator whose From is `identity`. False if there is no room.
    pub fn add(&mut self, id: KeyId, key: PairwiseKey, identity: &str) -> bool {
        self.keys.push(key.clone());
        self.receiver.add_key(id, Pairwise { key, identity: identity.into(), expiry: EXPIRY })
    }

    /// Opens what a request carries: the inner request, and the right to answer it.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn open(
        &mut self,
        object: &str,
        now: Time,
        operations: &mut Operations,
    ) -> Result<(Request, Exchange), Fault> {
        let read = |inner: &[u8]| read_request(inner, Serialisation::Json, &Profile::STRICT).ok();
        book(operations, Work::Open, object.len(), true);
        let opened = self.receiver.open(object, calendar(now), |inner| read(inner)?.from)?;
        let inner = read(&opened.inner).ok_or(Fault::Malformed)?;
        Ok((inner, opened.exchange))
    }

    /// The outer answer that brings this inner one, sealed.
    #[must_use]
    pub fn answer(
        &self,
        exchange: Exchange,
        inner: &Response,
        operations: &mut Operations,
    ) -> Response {
        let sealed = write_response(inner, Serialisation::Json, &Profile::STRICT)
            .map_err(|_| Fault::Malformed)
            .and_then(|bytes| {
                book(operations, Work::Seal, bytes.len(), false);
                self.receiver.seal(exchange, &bytes, None)
            });
        let outer =
            Response { status: Rsc::OK, ..outer_of(inner.request_id.as_ref(), inner.release) };
        match sealed {
            Ok(object) => Response { content: Some(carry(&object)), ..outer },
            Err(fault) => Response { status: fault.status(), ..outer },
        }
    }

    /// Volatile state is lost: originators must show their random objects again. Windows were kept.
    pub fn restart(&mut self) {
        self.receiver.restart();
    }

    /// The bytes of its keys as they lie in memory.
    pub fn memory_image(&self, out: &mut Vec<u8>) {
        self.keys.iter().for_each(|key| out.extend(key.bytes().expose()));
    }
}

/// The outer answer to a request whose inner one could not be opened.
#[must_use]
pub fn refusal(fault: Fault, outer: &Request) -> Response {
    Response { status: fault.status(), ..outer_of(Some(&outer.request_id), outer.release) }
}

/// What the outer answer says of its request: the identifier is that of the inner one, too.
fn outer_of(request_id: Option<&String>, release: Option<Release>) -> Response {
    Response { request_id: request_id.cloned(), release, ..Response::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::KeyBytes;
    use crate::wire::primitive::ResourceType;

    const FROM: &str = "/cse-gateway-0/Cmeter-0";
    const SECRET: &str = "a reading that is nobody else's";

    fn credential() -> Credential {
        Credential {
            id: KeyId::parse("meter-0@in").unwrap(),
            key: PairwiseKey::new(KeyBytes::new([7; 32])),
            receiver: shared_rand([1; 16]),
        }
    }

    fn ends() -> (Originator, Recipient) {
        let known = credential();
        let mut recipient = Recipient::new(known.receiver.clone());
        assert!(recipient.add(known.id.clone(), known.key.clone(), FROM));
        (Originator::new(known, "/cse-in-0/cse-in-0".to_owned()), recipient)
    }

    fn inner(number: &str) -> Request {
        let content = Content::instance(SECRET);
        Request::create("cse/data", FROM, number, ResourceType::CONTENT_INSTANCE, content)
    }

    fn sealed(originator: &mut Originator, number: &str) -> Request {
        let inner = inner(number);
        originator
            .seal(&inner, "Cmeter-0", Time::ZERO, || [9; 16], &mut Operations::default())
            .unwrap()
    }

    fn open(recipient: &mut Recipient, outer: &Request) -> Result<(Request, Exchange), Fault> {
        let object = object(outer.content.as_ref()).unwrap();
        recipient.open(object, Time::ZERO, &mut Operations::default())
    }

    #[test]
    fn the_inner_request_goes_through_and_its_answer_comes_back() {
        let (mut originator, mut recipient) = ends();
        let outer = sealed(&mut originator, "1");
        assert!(!format!("{outer:?}").contains(SECRET));
        let (request, exchange) = open(&mut recipient, &outer).unwrap();
        assert_eq!(request, inner("1"));
        let done = Response { status: Rsc::CREATED, ..Response::default() };
        let mut operations = Operations::default();
        let outer = recipient.answer(exchange, &done, &mut operations);
        let came = originator.open(outer, Time::ZERO, &mut operations).unwrap();
        assert_eq!(came.status, Rsc::CREATED);
        assert_eq!((operations.of(Work::Seal), operations.of(Work::Open)), (1, 1));
    }

    #[test]
    fn a_request_is_opened_once_and_the_window_outlives_a_restart() {
        let (mut originator, mut recipient) = ends();
        let outer = sealed(&mut originator, "1");
        open(&mut recipient, &outer).unwrap();
        assert_eq!(open(&mut recipient, &outer).unwrap_err(), Fault::Replayed);
        recipient.restart();
        assert_eq!(open(&mut recipient, &outer).unwrap_err(), Fault::Replayed);
    }

    #[test]
    fn after_a_restart_of_the_cse_the_originator_shows_its_random_object_again() {
        let (mut originator, mut recipient) = ends();
        let mut operations = Operations::default();
        let (_, exchange) = open(&mut recipient, &sealed(&mut originator, "1")).unwrap();
        let answer = recipient.answer(exchange, &Response::default(), &mut operations);
        originator.open(answer, Time::ZERO, &mut operations).unwrap();
        recipient.restart();
        let outer = sealed(&mut originator, "2");
        let fault = open(&mut recipient, &outer).unwrap_err();
        assert_eq!(fault, Fault::UnknownOriginatorRand);
        let told = originator.open(refusal(fault, &outer), Time::ZERO, &mut operations).unwrap();
        assert_eq!(told.status, fault.status());
        open(&mut recipient, &sealed(&mut originator, "3")).unwrap();
    }

    #[test]
    fn whoever_has_no_key_reads_and_answers_nothing() {
        let (mut originator, mut recipient) = ends();
        let mut outer = sealed(&mut originator, "1");
        let text = object(outer.content.as_ref()).unwrap().to_owned();
        let last = text.chars().last().unwrap();
        let forged =
            format!("{}{}", &text[..text.len() - 4], "AAAA".replace('A', &last.to_string()));
        outer.content = Some(carry(&forged));
        assert!(matches!(
            open(&mut recipient, &outer).unwrap_err(),
            Fault::BadMac | Fault::Malformed
        ));
        let made_up = Response { status: Rsc::CREATED, ..Response::default() };
        let taken = originator.open(made_up, Time::ZERO, &mut Operations::default());
        assert_eq!(taken.unwrap_err(), Fault::Malformed);
    }
}

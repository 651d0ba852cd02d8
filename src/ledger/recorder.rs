//! Who may write which fact: one handle for the hooks of nodes, one for the engine, one for attackers.
//!
//! A ledger that is off gives no handle at all, so that a run without attackers pays for one comparison
//! where a hook stands and computes no digest:
//!
//! ```
//! # use keystorm::ledger::{ActorId, ContentDigest, Ledger, Writer};
//! # use keystorm::sim::time::Time;
//! let (mut ledger, mut writer) = (Ledger::off(), Writer::new(0));
//! if let Some(mut facts) = ledger.node(&mut writer, Time::ZERO) {
//!     facts.exec(ActorId(1), ContentDigest::of(&[b"a large image"]));
//! }
//! ```

use std::collections::BTreeMap;

use super::fact::{
    About, Agreement, Author, Bound, Bytes, CostKind, Create, Effect, Fact, Level, Message, Record,
    Request, SecretClass, Sink, Stamp,
};
use super::id::{ActorId, ContentDigest, Gid, SecretId, SourceId};
use crate::sim::time::Time;

/// Facts that one site may write; later ones are counted, not kept, and the run proves nothing.
pub const FACTS_MAX: u64 = 1 << 24;
/// Bytes that one attacker may keep of what it saw in one site; of later ones only digests are kept,
/// and secrecy is not proven.
pub const OBSERVED_BYTES_MAX: usize = 64 << 20;

/// A site as a writer of facts, with its own counts. The site keeps it, not the thread that runs it.
#[derive(Clone, Debug)]
pub struct Writer {
    origin: u32,
    facts: u64,
    secrets: u32,
    messages: u32,
}

impl Writer {
    /// The writer of the site `origin`, which has written nothing yet. No two may have one number.
    #[must_use]
    pub const fn new(origin: u32) -> Self {
        Self { origin, facts: 0, secrets: 0, messages: 0 }
    }
}

/// The facts that one thread writes down while it runs its sites; or nothing, if the ledger is off.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Option<Box<Log>>);

/// The facts themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) records: Vec<Record>,
    /// What each attacker saw in each site, in the order of the site.
    pub(super) observed: BTreeMap<(ActorId, u32), Vec<u8>>,
    /// Facts for which there was no room.
    pub(super) dropped: u64,
}

impl Ledger {
    /// A ledger that keeps nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// A ledger that keeps facts.
    #[must_use]
    pub fn on() -> Self {
        Self(Some(Box::default()))
    }

    /// It keeps facts.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The handle for hooks in nodes, stores, associations and services.
    #[inline]
    pub fn node<'a>(&'a mut self, writer: &'a mut Writer, now: Time) -> Option<NodeFacts<'a>> {
        Some(NodeFacts(Pen { log: self.0.as_deref_mut()?, writer, now }))
    }

    /// The handle for the engine and the steps of the scenario.
    #[inline]
    pub fn engine<'a>(&'a mut self, writer: &'a mut Writer, now: Time) -> Option<EngineFacts<'a>> {
        Some(EngineFacts(Pen { log: self.0.as_deref_mut()?, writer, now }))
    }

    /// The handle of one attacker.
    #[inline]
    pub fn attacker<'a>(
        &'a mut self,
        writer: &'a mut Writer,
        now: Time,
        attacker: ActorId,
    ) -> Option<AttackerFacts<'a>> {
        Some(AttackerFacts { pen: Pen { log: self.0.as_deref_mut()?, writer, now }, attacker })
    }

    pub(super) fn into_log(self) -> Option<Log> {
        self.0.map(|log| *log)
    }
}

/// What writes one fact after the other at one moment.
#[derive(Debug)]
struct Pen<'a> {
    log: &'a mut Log,
    writer: &'a mut Writer,
    now: Time,
}

impl Pen<'_> {
    fn write(&mut self, fact: Fact) {
        let Writer { origin, facts, .. } = *self.writer;
        self.writer.facts += 1;
        if facts >= FACTS_MAX {
            self.log.dropped += 1;
            return;
        }
        let stamp = Stamp { at: self.now, origin, count: facts };
        self.log.records.push(Record { stamp, fact });
    }

    fn create(&mut self, class: SecretClass, holders: &[ActorId], bytes: &[u8]) -> SecretId {
        let secret = SecretId { origin: self.writer.origin, count: self.writer.secrets };
        self.writer.secrets += 1;
        let mut holders: Box<[ActorId]> = holders.into();
        holders.sort_unstable();
        let create = Create { secret, class, holders, bytes: Bytes(bytes.into()) };
        self.write(Fact::Create(Box::new(create)));
        secret
    }

    fn refuse(&mut self, mechanism: &'static str, about: About, reason: &'static str) {
        self.write(Fact::Refuse { mechanism, about, reason });
    }
}

/// What the hooks of nodes, credential stores, associations and services may write.
#[derive(Debug)]
pub struct NodeFacts<'a>(Pen<'a>);

impl NodeFacts<'_> {
    /// A secret came into being that only `holders` may know.
    pub fn create(&mut self, class: SecretClass, holders: &[ActorId], bytes: &[u8]) -> SecretId {
        self.0.create(class, holders, bytes)
    }

    /// `actor` means to send a message to `recipient`, on behalf of itself or of another.
    pub fn author(
        &mut self,
        actor: ActorId,
        on_behalf_of: ActorId,
        recipient: ActorId,
        content: ContentDigest,
        is_sensitive: bool,
    ) -> Gid {
        let gid = Gid { origin: self.0.writer.origin, count: self.0.writer.messages };
        self.0.writer.messages += 1;
        let author = Author { gid, actor, on_behalf_of, recipient, content, is_sensitive };
        self.0.write(Fact::Author(Box::new(author)));
        gid
    }

    /// An end knows the parameters of a run that is not finished.
    pub fn running(&mut self, end: Agreement) {
        self.0.write(Fact::Running(Box::new(end)));
    }

    /// An end has finished a run.
    pub fn commit(&mut self, end: Agreement) {
        self.0.write(Fact::Commit(Box::new(end)));
    }

    /// A message passed all checks of `receiver`.
    pub fn accept(&mut self, message: Message, receiver: ActorId, claimed: Option<ActorId>) {
        self.0.write(Fact::Accept { message, receiver, claimed });
    }

    /// A request was executed: state was changed, or read.
    pub fn effect(&mut self, effect: Effect) {
        self.0.write(Fact::Effect(Box::new(effect)));
    }

    /// A node starts to run an image.
    pub fn exec(&mut self, node: ActorId, image: ContentDigest) {
        self.0.write(Fact::Exec { node, image });
    }

    /// A detector of `detector` speaks.
    pub fn alarm(&mut self, detector: ActorId, name: &'static str, about: About) {
        self.0.write(Fact::Alarm { detector, name, about });
    }

    /// A mechanism blocked something.
    pub fn refuse(&mut self, mechanism: &'static str, about: About, reason: &'static str) {
        self.0.refuse(mechanism, about, reason);
    }

    /// Something was spent.
    pub fn cost(&mut self, actor: ActorId, kind: CostKind, amount: u64) {
        self.0.write(Fact::Cost { actor, kind, amount });
    }

    /// An untrusted value went through an interpreter of `node`.
    pub fn interpret(&mut self, node: ActorId, sink: Sink, level: Level) {
        self.0.write(Fact::Interpret { node, sink, level });
    }

    /// Handling bytes exceeded a bound at `node`.
    pub fn exceed(&mut self, node: ActorId, bound: Bound) {
        self.0.write(Fact::Exceed { node, bound });
    }
}

/// What the engine and the steps of a scenario may write.
#[derive(Debug)]
pub struct EngineFacts<'a>(Pen<'a>);

impl EngineFacts<'_> {
    /// A secret was provisioned that only `holders` may know.
    pub fn create(&mut self, class: SecretClass, holders: &[ActorId], bytes: &[u8]) -> SecretId {
        self.0.create(class, holders, bytes)
    }

    /// The scenario hands a secret to an attacker.
    pub fn reveal(&mut self, to: ActorId, secret: SecretId) {
        self.0.write(Fact::Reveal { to, secret });
    }

    /// The scenario hands a node to an attacker.
    pub fn corrupt(&mut self, actor: ActorId, by: ActorId) {
        self.0.write(Fact::Corrupt { actor, by });
    }

    /// A request was answered in time.
    pub fn served(&mut self, request: Request) {
        self.0.write(Fact::Served(request));
    }

    /// The deadline of a request passed.
    pub fn deadline(&mut self, request: Request) {
        self.0.write(Fact::Deadline(request));
    }

    /// Something was spent.
    pub fn cost(&mut self, actor: ActorId, kind: CostKind, amount: u64) {
        self.0.write(Fact::Cost { actor, kind, amount });
    }

    /// A mechanism of the network, such as a rate limit, blocked something.
    pub fn refuse(&mut self, mechanism: &'static str, about: About, reason: &'static str) {
        self.0.refuse(mechanism, about, reason);
    }
}

/// Two messages about which an observer is asked whether one actor sent both. The observer cannot look
/// inside.
#[derive(Clone, Copy, Debug)]
pub struct Challenge([Gid; 2]);

impl Challenge {
    /// The question about these two.
    #[must_use]
    pub const fn new(first: Gid, second: Gid) -> Self {
        Self([first, second])
    }
}

/// What an attacker may write: what it saw, what it believes to have found, and its guesses. All in its
/// own name, and nothing about what happened.
///
/// ```compile_fail
/// # use keystorm::ledger::{About, ActorId, Ledger, Writer};
/// # use keystorm::sim::time::Time;
/// let (mut ledger, mut writer) = (Ledger::on(), Writer::new(0));
/// let mut mallory = ledger.attacker(&mut writer, Time::ZERO, ActorId(9)).unwrap();
/// mallory.refuse("luck", About::Actor(ActorId(1)), "none"); // no such method
/// ```
#[derive(Debug)]
pub struct AttackerFacts<'a> {
    pen: Pen<'a>,
    attacker: ActorId,
}

impl AttackerFacts<'_> {
    /// It sees `bytes` at `source`, after what it saw there before.
    pub fn observe(&mut self, source: SourceId, bytes: &[u8]) {
        let key = (self.attacker, self.pen.writer.origin);
        let kept = self.pen.log.observed.entry(key).or_default();
        let is_room = bytes.len() <= OBSERVED_BYTES_MAX - kept.len();
        let offset = is_room.then_some(kept.len() as u64);
        if is_room {
            kept.extend_from_slice(bytes);
        }
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let digest = ContentDigest::of(&[bytes]);
        let attacker = self.attacker;
        self.pen.write(Fact::Observe { attacker, source, digest, offset, len });
    }

    /// It hands in `bytes` as the value of a secret of `about`.
    pub fn exhibit(&mut self, about: ActorId, bytes: &[u8]) {
        let bytes = Bytes(bytes.into());
        self.pen.write(Fact::Exhibit { attacker: self.attacker, about, bytes });
    }

    /// It says whether one actor sent both messages of a challenge.
    pub fn guess(&mut self, challenge: Challenge, linked: bool) {
        let Challenge(pair) = challenge;
        self.pen.write(Fact::Guess { attacker: self.attacker, pair, linked });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_is_off_gives_no_handle() {
        let (mut ledger, mut writer) = (Ledger::off(), Writer::new(0));
        assert!(ledger.node(&mut writer, Time::ZERO).is_none());
        assert!(ledger.engine(&mut writer, Time::ZERO).is_none());
        assert!(ledger.attacker(&mut writer, Time::ZERO, ActorId(1)).is_none());
        assert_eq!(writer.facts, 0);
        assert_eq!(size_of::<Ledger>(), size_of::<usize>());
    }

    #[test]
    fn there_is_an_end_to_what_is_kept_of_observations() {
        let (mut ledger, mut writer) = (Ledger::on(), Writer::new(0));
        let big = vec![0; OBSERVED_BYTES_MAX - 1];
        for bytes in [&big[..], b"ab", b"c"] {
            let mut mallory = ledger.attacker(&mut writer, Time::ZERO, ActorId(1)).unwrap();
            mallory.observe(SourceId(0), bytes);
        }
        let log = ledger.into_log().unwrap();
        let offsets: Vec<_> = log
            .records
            .iter()
            .map(|record| match record.fact {
                Fact::Observe { offset, .. } => offset,
                _ => None,
            })
            .collect();
        assert_eq!(offsets, [Some(0), None, Some(OBSERVED_BYTES_MAX as u64 - 1)]);
    }
}

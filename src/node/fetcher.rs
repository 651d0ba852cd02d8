//! A server that does not know a key: it postpones the handshake, asks the function that the identity names,
//! and goes on when the answer is there (TS-0003 clauses 8.2.2.3 and 8.3.2.1).
//!
//! What is kept meanwhile is the datagram that named the unknown identity: the ClientHello of DTLS 1.3, the
//! ClientKeyExchange with its flight of DTLS 1.2. It is handled again, as a job of its own, once the key has
//! come; what the client repeats until then is a duplicate. So no handshake waits in a half-made state, and
//! what waits is bounded.

use std::collections::BTreeMap;

use super::caller::{Caller, Refused, Reply, Tag};
use super::event::Packet;
use super::function::Kind;
use super::layout::{Layout, NodeId};
use super::work::Work;
use crate::credential::identifier::MafKeyId;
use crate::credential::lifetime::Validity;
use crate::credential::maf::{KeyRetrieved, MafRefusal, read};
use crate::credential::mef::{Fetched, MefRefusal};
use crate::credential::store::{Entry, KeyName};
use crate::credential::transport::Call;
use crate::credential::{HexCase, KeyBytes, Level, Suid};
use crate::sim::time::{Duration, Time};

/// Datagrams that wait for keys, at one server.
pub(super) const PARKED_MAX: usize = 16_384;
/// Keys of others that are kept before expired ones are looked for.
const LEARNED_MIN: usize = 1_024;

/// The server's side of key retrieval.
pub(super) struct Fetcher {
    /// By the function's number.
    callers: BTreeMap<u32, Caller>,
    /// By the identity whose key is missing.
    parked: BTreeMap<Tag, Vec<Packet>>,
    parked_len: usize,
    /// Whose keys were retrieved, by identity.
    learned: BTreeMap<Tag, Learned>,
    /// Expired keys are looked for when there are so many.
    sweep_at: usize,
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

/// Whose a retrieved key is.
struct Learned {
    entity: Box<str>,
    expires: Time,
}

/// A key as a function handed it out.
struct Retrieved {
    entity: String,
    level: Level,
    key: KeyBytes,
    validity: Validity,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self {
            callers: BTreeMap::new(),
            parked: BTreeMap::new(),
            parked_len: 0,
            learned: BTreeMap::new(),
            sweep_at: LEARNED_MIN,
            wake: Time::NEVER,
        }
    }
}

impl Fetcher {
    /// The entity whose key was retrieved under this identity.
    pub(super) fn entity(&self, identity: &[u8]) -> Option<&str> {
        self.learned.get(identity).map(|learned| &*learned.entity)
    }

    /// Whether `node` is a function that this server asks.
    pub(super) fn talks_to(&self, node: NodeId) -> bool {
        self.callers.values().any(|caller| caller.function() == node)
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.callers.values().filter_map(Caller::next_timeout).min()
    }

    pub(super) fn postpone(&mut self, by: Duration, now: Time) {
        self.callers.values_mut().for_each(|caller| caller.postpone(by, now));
    }

    /// Keeps a datagram that names an unknown identity, and asks for the key. False if the identity names no
    /// function: then it is unknown.
    pub(super) fn park(&mut self, identity: &[u8], packet: Packet, work: &mut Work<'_>) -> bool {
        let Some((function, call)) = question(identity, work) else { return false };
        let waiting = self.parked.get(identity);
        if waiting.is_some_and(|all| all.iter().any(|other| other.from == packet.from)) {
            let counters = &mut work.recorder.counters;
            counters.flights_reached += 1;
            counters.flights_duplicate += 1;
            return true;
        }
        if self.parked_len >= PARKED_MAX {
            work.reject("parked_limit");
            return true;
        }
        self.parked_len += 1;
        work.recorder.counters.postponed += 1;
        let waiting = self.parked.entry(identity.into()).or_default();
        waiting.push(packet);
        if waiting.len() > 1 {
            return true;
        }
        let layout = work.layout;
        let node = layout.functions[function as usize].node;
        let own = layout.identity_at(work.node, function);
        let caller = self.callers.entry(function).or_insert_with(|| Caller::new(node, own.into()));
        let replies = caller.call(identity.into(), call, work);
        self.replied(replies, work);
        true
    }

    /// A datagram of a function.
    pub(super) fn receive(&mut self, from: NodeId, bytes: &[u8], work: &mut Work<'_>) {
        let caller = self.callers.values_mut().find(|caller| caller.function() == from);
        let Some((replies, _)) = caller.map(|caller| caller.receive(bytes, work)) else { return };
        self.replied(replies, work);
    }

    pub(super) fn timeout(&mut self, work: &mut Work<'_>) {
        let mut replies = Vec::new();
        for caller in self.callers.values_mut() {
            replies.extend(caller.timeout(work).0);
        }
        self.replied(replies, work);
    }

    fn replied(&mut self, replies: Vec<Reply>, work: &mut Work<'_>) {
        for Reply { tag, outcome } in replies {
            let packets = self.parked.remove(&tag).unwrap_or_default();
            self.parked_len -= packets.len();
            let outcome = outcome.map_err(|refused| refusal(&refused));
            let is_maf = work.layout.function_of(work.node).is_some();
            let fetched = if is_maf { Level::Km } else { Level::Kpsa };
            let kept = outcome.and_then(|bytes| self.keep(&tag, retrieved(&bytes, fetched)?, work));
            match kept {
                Ok(()) => work.again.extend(packets),
                Err(reason) => packets.iter().for_each(|_| work.reject(reason)),
            }
        }
    }

    /// Puts a key into the store.
    fn keep(
        &mut self,
        tag: &Tag,
        retrieved: Retrieved,
        work: &mut Work<'_>,
    ) -> Result<(), &'static str> {
        let Retrieved { entity, level, key, validity } = retrieved;
        self.sweep(work);
        let name = str::from_utf8(tag).map_err(|_| "store_name")?;
        let name = KeyName::new(name).map_err(|error| error.name())?;
        work.write(Entry { name, level, validity }, key).map_err(|error| error.name())?;
        let learned = Learned { entity: entity.into(), expires: validity.not_after };
        self.learned.insert(tag.clone(), learned);
        Ok(())
    }

    /// Forgets expired keys, once in a while.
    fn sweep(&mut self, work: &mut Work<'_>) {
        if self.learned.len() < self.sweep_at {
            return;
        }
        self.forget(work, |learned, now| learned.expires <= now);
        self.sweep_at = (2 * self.learned.len()).max(LEARNED_MIN);
    }

    fn forget(&mut self, work: &mut Work<'_>, is_over: impl Fn(&Learned, Time) -> bool) {
        let now = work.clock();
        self.learned.retain(|identity, learned| {
            let keep = !is_over(learned, now);
            if !keep {
                work.erase(identity);
            }
            keep
        });
    }

    /// The keys of the entities for which `is_meant` holds are no longer valid.
    pub(super) fn expire(&mut self, is_meant: impl Fn(&str) -> bool, mut erase: impl FnMut(&[u8])) {
        self.learned.retain(|identity, learned| {
            let keep = !is_meant(&learned.entity);
            if !keep {
                erase(identity);
            }
            keep
        });
    }

    /// Associations and what waits are lost; keys are in flash.
    pub(super) fn restart(&mut self) {
        self.callers.clear();
        self.parked.clear();
        self.parked_len = 0;
        self.wake = Time::NEVER;
    }
}

/// Which function is to be asked what, if an identity is of the form that one hands out.
fn question(identity: &[u8], work: &Work<'_>) -> Option<(u32, Call)> {
    let text = str::from_utf8(identity).ok()?;
    let MafKeyId { relative, host } = MafKeyId::parse(text, HexCase::Upper).ok()?;
    let layout: &Layout = work.layout;
    let number = layout.function_named(host.as_str())?;
    let function = &layout.functions[number as usize];
    let asker = layout.function_of(work.node).map(|asker| asker.kind);
    let call = match (function.kind, asker) {
        (Kind::Maf, None) => Call::RetrieveKey(relative),
        (Kind::Mef, None) => Call::Fetch(path(text, Suid::RspfSaef)),
        (Kind::Mef, Some(Kind::Maf)) => Call::Fetch(path(text, Suid::RspfMaf)),
        _ => return None,
    };
    Some((number, call))
}

fn path(identity: &str, suid: Suid) -> String {
    format!("/fetchCredentials/{identity}/{}", suid.code())
}

/// Reads what came: a Kc of a MAF, or a credential of a MEF, whose level is `fetched`.
fn retrieved(bytes: &[u8], fetched: Level) -> Result<Retrieved, &'static str> {
    if let Ok(answer) = read::<KeyRetrieved>(bytes) {
        let validity = Validity { not_before: Time::ZERO, not_after: Time(answer.expiration_time) };
        let key = answer.key_value.0;
        return Ok(Retrieved { entity: answer.source_id, level: Level::Kc, key, validity });
    }
    let answer = Fetched::from_message(bytes).map_err(|error| error.name())?;
    Ok(Retrieved {
        entity: answer.enrolee,
        level: fetched,
        key: answer.credential,
        validity: answer.lifetime,
    })
}

/// The name of a refusal, if it is one that a function has.
pub(super) fn refusal(refused: &Refused) -> &'static str {
    let Refused::Answer(text) = refused else { return "function_unreachable" };
    let maf = MafRefusal::ALL.iter().map(|refusal| refusal.name());
    let mef = MefRefusal::ALL.iter().map(|refusal| refusal.name());
    maf.chain(mef).find(|name| name == text).unwrap_or("refused_by_function")
}

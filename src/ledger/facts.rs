//! All facts of a run in their total order, merged from what the threads wrote.

use std::collections::BTreeMap;

use super::fact::{Author, Create, Effect, Fact, Message, Record};
use super::id::{ActorId, ContentDigest, Gid, SecretId, SourceId};
use super::recorder::Ledger;
use crate::sim::time::Time;

/// All facts of a run, in order. Everything that is computed from a run starts here.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    records: Vec<Record>,
    /// What each attacker saw, in the order of the run.
    observed: BTreeMap<ActorId, Vec<u8>>,
    /// Where each message was authored.
    authors: BTreeMap<Gid, usize>,
    /// Where each secret was created.
    secrets: BTreeMap<SecretId, usize>,
    /// When each node stopped to be honest, and by whom.
    corrupted: BTreeMap<ActorId, Vec<(Time, ActorId)>>,
    dropped: u64,
}

/// Bytes that an attacker saw at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation<'a> {
    /// When.
    pub at: Time,
    /// Where.
    pub source: SourceId,
    /// What.
    pub bytes: &'a [u8],
}

impl Facts {
    /// The facts of all threads in one order, whichever thread wrote which. Messages that hooks knew by
    /// their content only are given to their authors.
    #[must_use]
    pub fn merge(ledgers: impl IntoIterator<Item = Ledger>) -> Self {
        let mut facts = Self::default();
        let mut arenas = BTreeMap::new();
        for log in ledgers.into_iter().filter_map(Ledger::into_log) {
            facts.records.extend(log.records);
            facts.dropped += log.dropped;
            arenas.extend(log.observed);
        }
        facts.records.sort_unstable_by_key(|record| record.stamp);
        debug_assert!(
            facts.records.windows(2).all(|pair| pair[0].stamp < pair[1].stamp),
            "two sites write under one number"
        );
        facts.gather_observed(&arenas);
        facts.resolve_messages();
        facts.index();
        facts
    }

    /// Puts what each attacker saw in one place, in the order of the run.
    fn gather_observed(&mut self, arenas: &BTreeMap<(ActorId, u32), Vec<u8>>) {
        for Record { stamp, fact } in &mut self.records {
            let Fact::Observe { attacker, offset, len, .. } = fact else { continue };
            let arena = arenas.get(&(*attacker, stamp.origin));
            let bytes = arena.zip(*offset).and_then(|(arena, offset)| slice(arena, offset, *len));
            let all = self.observed.entry(*attacker).or_default();
            *offset = bytes.is_some().then_some(all.len() as u64);
            all.extend_from_slice(bytes.unwrap_or_default());
        }
    }

    /// Gives each message that is known by its content to its author. Messages of equal content are
    /// given out in the order in which they were authored, separately for what each receiver accepted
    /// and what each host did; the last is given out again when there are no more, as its replay.
    fn resolve_messages(&mut self) {
        let mut authored: BTreeMap<ContentDigest, Vec<(Gid, ActorId)>> = BTreeMap::new();
        let mut used: BTreeMap<(bool, ActorId, ContentDigest), usize> = BTreeMap::new();
        let mut actors: BTreeMap<Gid, ActorId> = BTreeMap::new();
        for Record { fact, .. } in &mut self.records {
            let (is_effect, place, message) = match fact {
                Fact::Author(author) => {
                    authored.entry(author.content).or_default().push((author.gid, author.actor));
                    actors.insert(author.gid, author.actor);
                    continue;
                }
                Fact::Accept { message, receiver, .. } => (false, *receiver, message),
                Fact::Effect(effect) => {
                    let host = effect.resource.host;
                    let Some(message) = &mut effect.cause else { continue };
                    (true, host, message)
                }
                _ => continue,
            };
            if message.gid.is_none()
                && let Some(candidates) = authored.get(&message.content)
            {
                let next = used.entry((is_effect, place, message.content)).or_default();
                let candidate = candidates.get(*next).or_else(|| candidates.last());
                *next += 1;
                message.gid = candidate.map(|(gid, _)| *gid);
            }
            if let Fact::Effect(effect) = fact
                && let Some(Message { gid: Some(gid), .. }) = effect.cause
            {
                effect.actor = effect.actor.or_else(|| actors.get(&gid).copied());
            }
        }
    }

    fn index(&mut self) {
        for (index, Record { stamp, fact }) in self.records.iter().enumerate() {
            match fact {
                Fact::Author(author) => {
                    self.authors.insert(author.gid, index);
                }
                Fact::Create(create) => {
                    self.secrets.insert(create.secret, index);
                }
                Fact::Corrupt { actor, by } => {
                    self.corrupted.entry(*actor).or_default().push((stamp.at, *by));
                }
                _ => {}
            }
        }
    }

    /// The facts in order; an index into them is what a violation cites.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The facts in order, with time and index.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Time, &Fact)> {
        self.records
            .iter()
            .enumerate()
            .map(|(index, record)| (index, record.stamp.at, &record.fact))
    }

    /// Nothing was left out for want of room.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.dropped == 0
    }

    /// Who authored a message, where and when.
    #[must_use]
    pub fn author(&self, gid: Gid) -> Option<(usize, Time, &Author)> {
        let index = *self.authors.get(&gid)?;
        let record = self.records.get(index)?;
        let Fact::Author(author) = &record.fact else { return None };
        Some((index, record.stamp.at, author))
    }

    /// The creation of a secret, where and when.
    #[must_use]
    pub fn secret(&self, secret: SecretId) -> Option<(usize, Time, &Create)> {
        let index = *self.secrets.get(&secret)?;
        let record = self.records.get(index)?;
        let Fact::Create(create) = &record.fact else { return None };
        Some((index, record.stamp.at, create))
    }

    /// All secrets, by their names.
    pub fn secrets(&self) -> impl Iterator<Item = (usize, Time, &Create)> {
        self.secrets.keys().filter_map(|secret| self.secret(*secret))
    }

    /// All effects, in order.
    pub fn effects(&self) -> impl Iterator<Item = (usize, Time, &Effect)> {
        self.iter().filter_map(|(index, at, fact)| match fact {
            Fact::Effect(effect) => Some((index, at, effect.as_ref())),
            _ => None,
        })
    }

    /// Is `actor` honest at `at`: has nobody corrupted it up to then?
    #[must_use]
    pub fn is_honest(&self, actor: ActorId, at: Time) -> bool {
        let corruptions = self.corrupted.get(&actor);
        corruptions.is_none_or(|all| all.iter().all(|(when, _)| *when > at))
    }

    /// Has `by` taken `actor` over, at any time?
    #[must_use]
    pub fn is_taken_by(&self, actor: ActorId, by: ActorId) -> bool {
        let corruptions = self.corrupted.get(&actor);
        corruptions.is_some_and(|all| all.iter().any(|(_, who)| *who == by))
    }

    /// Everybody who saw, exhibited or was handed something.
    #[must_use]
    pub fn attackers(&self) -> Vec<ActorId> {
        let mut all: Vec<ActorId> = self
            .iter()
            .filter_map(|(_, _, fact)| match fact {
                Fact::Observe { attacker, .. } | Fact::Exhibit { attacker, .. } => Some(*attacker),
                Fact::Reveal { to, .. } => Some(*to),
                Fact::Corrupt { by, .. } => Some(*by),
                _ => None,
            })
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What `attacker` saw, in order; none in place of what was not kept.
    pub fn observations(&self, attacker: ActorId) -> impl Iterator<Item = Option<Observation<'_>>> {
        let all = self.observed.get(&attacker).map_or(&[][..], Vec::as_slice);
        self.iter().filter_map(move |(_, at, fact)| match fact {
            Fact::Observe { attacker: who, source, offset, len, .. } if *who == attacker => {
                let bytes = offset.and_then(|offset| slice(all, offset, *len));
                Some(bytes.map(|bytes| Observation { at, source: *source, bytes }))
            }
            _ => None,
        })
    }
}

fn slice(all: &[u8], offset: u64, len: u32) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    all.get(start..start.checked_add(len as usize)?)
}

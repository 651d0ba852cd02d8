//! Secrecy: of keys (S1), of data (S2), of the past after a key is lost (S3).

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, PropertyId, share};
use crate::ledger::fact::{Create, Fact, SecretClass};
use crate::ledger::facts::Facts;
use crate::ledger::id::{ActorId, AssociationId, SecretId};
use crate::ledger::knowledge::{Exposure, How, Knowledge, Learned};
use crate::sim::time::Time;

/// Key secrecy.
#[must_use]
pub fn s1(facts: &Facts, knowledge: &Knowledge) -> Finding {
    let mut finding = Finding::new(PropertyId::S1, knowledge.is_complete());
    let lost = losses(facts, knowledge, SecretClass::is_key, &mut finding);
    let keys = facts.secrets().filter(|(_, _, create)| create.class.is_key()).count();
    finding.count("keys_lost", lost.len());
    let holders = lost.keys().filter_map(|secret| facts.secret(*secret));
    let exposed: BTreeSet<ActorId> =
        holders.flat_map(|(_, _, create)| create.holders.iter().copied()).collect();
    finding.count("holders_exposed", exposed.len());
    finding.count("keys_created", keys);
    finding
}

/// Data secrecy. Fields are booked under the source where they were seen first.
#[must_use]
pub fn s2(facts: &Facts, knowledge: &Knowledge) -> Finding {
    let mut finding = Finding::new(PropertyId::S2, knowledge.is_complete());
    let leaked = losses(facts, knowledge, |class| !class.is_key(), &mut finding);
    let fields = facts.secrets().filter(|(_, _, create)| !create.class.is_key()).count() as u64;
    let mut by_source: BTreeMap<_, u64> = BTreeMap::new();
    for how in leaked.values() {
        if let How::Seen(source) | How::Opened(source, _) = how {
            *by_source.entry(*source).or_default() += 1;
        }
    }
    finding.count("leaked_fields", leaked.len());
    finding.count("authored_fields", fields);
    if let Some(share) = share(leaked.len() as u64, fields) {
        finding.measure("leaked_share", share);
    }
    for (source, count) in by_source {
        finding.count(format!("source_{}.leaked_fields", source.0), count);
    }
    finding
}

/// Forward secrecy, and at most `bytes_max` opened by each key that was revealed, or that an attacker came by.
#[must_use]
pub fn s3(facts: &Facts, knowledge: &Knowledge, bytes_max: u64) -> Finding {
    let mut finding = Finding::new(PropertyId::S3, knowledge.is_complete());
    let past = Past::of(facts);
    let (mut bytes, mut records, mut seconds) = (0, 0, 0.0f64);
    for (index, at, to, secret) in compromised(facts, knowledge) {
        let Some((_, _, create)) = facts.secret(secret) else { continue };
        if create.class == SecretClass::LongTermKey {
            past.opened_by((index, at, to), create, facts, knowledge, &mut finding);
        }
        let opens = |exposure: &&Exposure| exposure.attacker == to && exposure.root == secret;
        let opened: Vec<&Exposure> = knowledge.exposures().iter().filter(opens).collect();
        let sum: u64 = opened.iter().map(|exposure| exposure.len).sum();
        if sum > bytes_max {
            let what = format!("{secret} opened {sum} B for {to}, more than {bytes_max} B");
            finding.violate(at, &[index], what);
        }
        let times = || opened.iter().map(|exposure| exposure.at);
        let span = times().max().zip(times().min()).map(|(last, first)| last.since(first));
        bytes = sum.max(bytes);
        records = opened.len().max(records);
        seconds = span.map_or(seconds, |span| span.as_secs_f64().max(seconds));
    }
    finding.count("opened_max_bytes", bytes);
    finding.count("opened_max_records", records);
    finding.measure("opened_max_s", seconds);
    finding
}

/// Keys that somebody has who should not: those that the scenario revealed, and those that an attacker handed in or
/// saw. With the fact that shows it, since when, and who has it.
fn compromised(facts: &Facts, knowledge: &Knowledge) -> Vec<(usize, Time, ActorId, SecretId)> {
    let revealed = facts.iter().filter_map(|(index, at, fact)| match fact {
        Fact::Reveal { to, secret } => Some((index, at, *to, *secret)),
        _ => None,
    });
    let stolen = knowledge.iter().filter_map(|(attacker, secret, learned)| {
        let (index, _, create) = facts.secret(secret)?;
        let is_own_find = matches!(learned.how, How::Exhibited | How::Seen(_));
        let counts = create.class.is_key() && is_own_find && !may_know(facts, create, attacker);
        // What was agreed before it was stolen stands before this fact.
        let until = facts.iter().take_while(|(_, at, _)| *at <= learned.at).last();
        let shown = until.map_or(index, |(last, ..)| last);
        counts.then_some((shown, learned.at, attacker, secret))
    });
    revealed.chain(stolen).collect()
}

/// Who knows secrets of a kind and should not: by secret, how it was lost first.
fn losses(
    facts: &Facts,
    knowledge: &Knowledge,
    is_of_kind: impl Fn(SecretClass) -> bool,
    finding: &mut Finding,
) -> BTreeMap<SecretId, How> {
    let mut lost: Vec<(Learned, ActorId, usize, &Create)> = knowledge
        .iter()
        .filter_map(|(attacker, secret, learned)| {
            let (index, _, create) = facts.secret(secret)?;
            let excepted = learned.how == How::Revealed || may_know(facts, create, attacker);
            (is_of_kind(create.class) && !excepted).then_some((learned, attacker, index, create))
        })
        .collect();
    lost.sort_by_key(|(learned, attacker, index, _)| (learned.at, *attacker, *index));
    if let Some((first, ..)) = lost.first() {
        finding.measure("first_loss_s", first.at.as_secs_f64());
    }
    let mut first = BTreeMap::new();
    for (learned, attacker, index, create) in lost {
        let what = format!("{attacker} knows {} ({:?})", create.secret, learned.how);
        finding.violate(learned.at, &[index], what);
        first.entry(create.secret).or_insert(learned.how);
    }
    first
}

/// A holder may know a secret, and so may who was given a holder by the scenario.
fn may_know(facts: &Facts, create: &Create, attacker: ActorId) -> bool {
    let mut holders = create.holders.iter();
    holders.any(|holder| *holder == attacker || facts.is_taken_by(*holder, attacker))
}

/// What was agreed, and under which keys.
struct Past<'a> {
    commits: BTreeMap<ActorId, Vec<(usize, ActorId, AssociationId)>>,
    keys: BTreeMap<AssociationId, Vec<(usize, &'a Create)>>,
}

impl<'a> Past<'a> {
    fn of(facts: &'a Facts) -> Self {
        let mut past = Self { commits: BTreeMap::new(), keys: BTreeMap::new() };
        for (index, _, fact) in facts.iter() {
            match fact {
                Fact::Commit(commit) => {
                    let Some(peer) = commit.peer else { continue };
                    let of_actor = past.commits.entry(commit.actor).or_default();
                    of_actor.push((index, peer, commit.association));
                }
                Fact::Create(create) => {
                    if let SecretClass::SessionKey(association) = create.class {
                        past.keys.entry(association).or_default().push((index, create));
                    }
                }
                _ => {}
            }
        }
        past
    }

    /// Keys of associations between holders of a long-term key, made before it was revealed and known
    /// only since.
    fn opened_by(
        &self,
        (reveal, at, to): (usize, Time, ActorId),
        long_term: &Create,
        facts: &Facts,
        knowledge: &Knowledge,
        finding: &mut Finding,
    ) {
        let mut told = BTreeSet::new();
        let commits = long_term.holders.iter().filter_map(|actor| self.commits.get(actor));
        for (commit, peer, association) in commits.flatten() {
            if *commit > reveal || !long_term.holders.contains(peer) {
                continue;
            }
            for (index, key) in self.keys.get(association).map_or(&[][..], Vec::as_slice) {
                let Some(learned) = knowledge.learned(to, key.secret) else { continue };
                // What lay open itself did not fall with another key.
                let excepted =
                    matches!(learned.how, How::Revealed | How::Seen(_)) || may_know(facts, key, to);
                if learned.at >= at && !excepted && told.insert(key.secret) {
                    let what =
                        format!("{} of {association} fell with the long-term key", key.secret);
                    finding.violate(learned.at, &[reveal, *commit, *index], what);
                }
            }
        }
    }
}

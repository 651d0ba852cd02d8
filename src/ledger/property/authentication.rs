//! Authentication: agreement of both ends (A1 to A4), recentness (A5), resistance to impersonation after
//! the loss of one's own key (A6), credentials (K1). The levels of agreement are Lowe's (1997).

use std::collections::BTreeMap;

use super::{Finding, Permits, PropertyId, float};
use crate::ledger::fact::{Agreement, Fact, Role, SecretClass};
use crate::ledger::facts::Facts;
use crate::ledger::id::{ActorId, ContentDigest, Gid, ResourceId, ResourceKind};
use crate::ledger::knowledge::Knowledge;
use crate::sim::time::{Duration, Time};

/// Aliveness.
#[must_use]
pub fn a1(facts: &Facts) -> Finding {
    each_commit(facts, PropertyId::A1, |judged| {
        judged.act.is_none().then_some("the peer has done nothing so far")
    })
}

/// Weak agreement.
#[must_use]
pub fn a2(facts: &Facts) -> Finding {
    each_commit(facts, PropertyId::A2, |judged| {
        judged.run.is_none().then_some("the peer has no run with this end")
    })
}

/// Non-injective agreement.
#[must_use]
pub fn a3(facts: &Facts) -> Finding {
    each_commit(facts, PropertyId::A3, |judged| judged.disagreement())
}

/// Injective agreement of associations; at most one effect of each message.
#[must_use]
pub fn a4(facts: &Facts) -> Finding {
    let mut finding = each_commit(facts, PropertyId::A4, |judged| {
        let reused = || judged.reused.then_some("the run of the peer has answered before");
        judged.disagreement().or_else(reused)
    });
    let mut first: BTreeMap<Gid, usize> = BTreeMap::new();
    let mut duplicated = 0u64;
    for (index, at, effect) in facts.effects() {
        let Some(gid) = effect.cause.and_then(|cause| cause.gid) else { continue };
        if let Some(before) = first.get(&gid) {
            duplicated += 1;
            let what = format!("{gid} takes effect again, on {}", effect.resource);
            finding.violate(at, &[*before, index], what);
        } else {
            first.insert(gid, index);
        }
    }
    finding.count("duplicated_effects", duplicated);
    finding
}

/// Recentness: messages are accepted at most `age_max` after they were authored.
#[must_use]
pub fn a5(facts: &Facts, age_max: Duration) -> Finding {
    let mut finding = Finding::new(PropertyId::A5, facts.is_complete());
    let mut ages = Vec::new();
    for (index, at, fact) in facts.iter() {
        let Fact::Accept { message, .. } = fact else { continue };
        let Some((authored, then, _)) = message.gid.and_then(|gid| facts.author(gid)) else {
            continue;
        };
        let age = at.since(then);
        ages.push(age);
        if age > age_max {
            finding.violate(at, &[authored, index], format!("accepted at the age of {age}"));
        }
    }
    for judged in judge(facts) {
        let Some(run) = judged.agreed.or(judged.run) else { continue };
        let Some(record) = facts.records().get(run) else { continue };
        if record.stamp.at < judged.commit.since {
            let what = "the run of the peer is older than one's own";
            finding.violate(judged.at, &[run, judged.index], what);
        }
    }
    ages.sort_unstable();
    if let Some(max) = ages.last() {
        let sum: f64 = ages.iter().map(|age| age.as_secs_f64()).sum();
        finding.measure("age_mean_s", sum / float(ages.len() as u64));
        finding.measure("age_p50_s", quantile(&ages, 50).as_secs_f64());
        finding.measure("age_p99_s", quantile(&ages, 99).as_secs_f64());
        finding.measure("age_max_s", max.as_secs_f64());
    }
    finding
}

/// Resistance to key compromise impersonation: A3 of an end once somebody else knows a long-term key of
/// that end.
#[must_use]
pub fn a6(facts: &Facts, knowledge: &Knowledge) -> Finding {
    let mut compromised: BTreeMap<ActorId, Time> = BTreeMap::new();
    for (attacker, secret, learned) in knowledge.iter() {
        let Some((_, _, create)) = facts.secret(secret) else { continue };
        if create.class != SecretClass::LongTermKey || create.holders.contains(&attacker) {
            continue;
        }
        for holder in &create.holders {
            let since = compromised.entry(*holder).or_insert(learned.at);
            *since = learned.at.min(*since);
        }
    }
    let mut finding = each_commit(facts, PropertyId::A6, |judged| {
        let since = compromised.get(&judged.commit.actor)?;
        (*since <= judged.at).then(|| judged.disagreement()).flatten()
    });
    finding.is_complete &= knowledge.is_complete();
    finding.count("ends_compromised", compromised.len());
    finding
}

/// What was provisioned: the digest of the value in each slot.
pub type Provisioned = BTreeMap<ResourceId, ContentDigest>;

/// Credentials: holders can authenticate, slots hold what was provisioned (or what somebody permitted put
/// there since), and who finished under an identity is who it was given to.
#[must_use]
pub fn k1(facts: &Facts, provisioned: &Provisioned, policy: &dyn Permits) -> Finding {
    let mut finding = Finding::new(PropertyId::K1, facts.is_complete());
    let mut rightful = provisioned.clone();
    let (mut refused, mut wrong, mut borrowed) = (0u64, 0u64, 0u64);
    let runs = Runs::of(facts);
    for (index, at, fact) in facts.iter() {
        match fact {
            Fact::Deadline(request)
                if request.is_authentication && facts.is_honest(request.actor, at) =>
            {
                refused += 1;
                finding.violate(at, &[index], format!("{} cannot authenticate", request.actor));
            }
            Fact::Effect(effect)
                if effect.resource.kind == ResourceKind::Slot && effect.changes_state() =>
            {
                let slot = effect.resource;
                if effect.actor.is_some_and(|actor| policy.permits(actor, effect, at)) {
                    rightful.insert(slot, effect.after);
                } else if rightful.get(&slot) != Some(&effect.after) {
                    wrong += 1;
                    finding.violate(at, &[index], format!("{slot} has another content"));
                }
            }
            Fact::Commit(commit) if facts.is_honest(commit.actor, at) => {
                let Some(peer) = commit.peer.filter(|peer| facts.is_honest(*peer, at)) else {
                    continue;
                };
                let makers = runs.by_parameters.get(&commit.parameters);
                let others = makers.map_or(&[][..], Vec::as_slice).iter();
                let mut others = others.filter(|(_, actor)| *actor != commit.actor);
                if others.clone().any(|(_, actor)| *actor == peer) {
                    continue;
                }
                borrowed += 1;
                let other = others.next();
                let who = other.map_or_else(|| "somebody".to_owned(), |(_, who)| who.to_string());
                let shown: Vec<usize> =
                    other.map(|(run, _)| *run).into_iter().chain([index]).collect();
                finding.violate(at, &shown, format!("{who} finished as {peer}"));
            }
            _ => {}
        }
    }
    finding.count("holders_refused", refused);
    finding.count("slots_wrong", wrong);
    finding.count("identities_borrowed", borrowed);
    finding
}

/// A finished association of two honest ends, and what there is on the other side.
struct Judged<'a> {
    index: usize,
    at: Time,
    commit: &'a Agreement,
    /// The first act of the peer, if earlier.
    act: Option<usize>,
    /// The first run of the peer with this end, if earlier.
    run: Option<usize>,
    /// The run of the peer that agrees in everything.
    agreed: Option<usize>,
    /// Every such run answers for an earlier association of this end.
    reused: bool,
}

impl Judged<'_> {
    const fn disagreement(&self) -> Option<&'static str> {
        match (self.run, self.agreed) {
            (None, _) => Some("the peer has no run with this end"),
            (_, None) => Some("the run of the peer has another role or other parameters"),
            _ => None,
        }
    }
}

/// All runs, by what one looks for.
#[derive(Default)]
struct Runs {
    first_act: BTreeMap<ActorId, usize>,
    first_run: BTreeMap<(ActorId, Option<ActorId>), usize>,
    agreeing: BTreeMap<(ActorId, Option<ActorId>, Role, ContentDigest), Vec<usize>>,
    by_parameters: BTreeMap<ContentDigest, Vec<(usize, ActorId)>>,
}

impl Runs {
    fn of(facts: &Facts) -> Self {
        let mut runs = Self::default();
        for (index, _, fact) in facts.iter() {
            let actor = match fact {
                Fact::Running(end) => {
                    let of_pair = (end.actor, end.peer);
                    runs.first_run.entry(of_pair).or_insert(index);
                    let terms = (end.actor, end.peer, end.role, end.parameters);
                    runs.agreeing.entry(terms).or_default().push(index);
                    let makers = runs.by_parameters.entry(end.parameters).or_default();
                    makers.push((index, end.actor));
                    end.actor
                }
                Fact::Commit(end) => end.actor,
                Fact::Author(author) => author.actor,
                _ => continue,
            };
            runs.first_act.entry(actor).or_insert(index);
        }
        runs
    }
}

/// Every association that an honest end finished with a peer that is honest or does not exist.
fn judge(facts: &Facts) -> Vec<Judged<'_>> {
    let runs = Runs::of(facts);
    let mut used: BTreeMap<(ActorId, Option<ActorId>, Role, ContentDigest), usize> =
        BTreeMap::new();
    let mut all = Vec::new();
    for (index, at, fact) in facts.iter() {
        let Fact::Commit(commit) = fact else { continue };
        let is_honest = |actor| facts.is_honest(actor, at);
        if !is_honest(commit.actor) || !commit.peer.is_none_or(is_honest) {
            continue;
        }
        let mut judged =
            Judged { index, at, commit, act: None, run: None, agreed: None, reused: false };
        if let Some(peer) = commit.peer {
            let earlier = |run: Option<&usize>| run.copied().filter(|run| *run < index);
            judged.act = earlier(runs.first_act.get(&peer));
            judged.run = earlier(runs.first_run.get(&(peer, Some(commit.actor))));
            let terms = (peer, Some(commit.actor), commit.role.other(), commit.parameters);
            let candidates = runs.agreeing.get(&terms).map_or(&[][..], Vec::as_slice);
            let next = used.entry(terms).or_default();
            judged.agreed = earlier(candidates.get(*next));
            if judged.agreed.is_some() {
                *next += 1;
            } else {
                judged.agreed = earlier(candidates.first());
                judged.reused = judged.agreed.is_some();
            }
        }
        all.push(judged);
    }
    all
}

fn each_commit(
    facts: &Facts,
    property: PropertyId,
    fault: impl Fn(&Judged<'_>) -> Option<&'static str>,
) -> Finding {
    let mut finding = Finding::new(property, facts.is_complete());
    let all = judge(facts);
    for judged in &all {
        let Some(fault) = fault(judged) else { continue };
        let Agreement { actor, peer, association, .. } = judged.commit;
        let peer = peer.map_or_else(|| "nobody".to_owned(), |peer| peer.to_string());
        let what = format!("{actor} finished {association} with {peer}: {fault}");
        let shown: Vec<usize> =
            judged.agreed.or(judged.run).into_iter().chain([judged.index]).collect();
        finding.violate(judged.at, &shown, what);
    }
    finding.count("commits_violating", finding.count);
    finding.count("commits", all.len());
    finding
}

/// The value at index ceil(q * n) - 1 of the sorted `values`, of which there is at least one.
fn quantile(values: &[Duration], percent: usize) -> Duration {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or_default()
}

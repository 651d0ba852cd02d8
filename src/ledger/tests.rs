//! For each property a run in which it holds and runs in which it does not; merging.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fact::*;
use super::id::*;
use super::property::*;
use super::recorder::{AttackerFacts, Challenge, EngineFacts, NodeFacts};
use super::{Facts, Knowledge, Ledger, Writer};
use crate::sim::time::{Duration, Time};

const METER: ActorId = ActorId(1);
const CSE: ActorId = ActorId(2);
const APP: ActorId = ActorId(3);
const MALLORY: ActorId = ActorId(9);
const AIR: SourceId = SourceId(0);
const KEY: &[u8; 32] = b"a long-term key, known to two...";
const RUN: AssociationId = AssociationId(77);
const CONTAINER: ResourceId = ResourceId { host: CSE, kind: ResourceKind::Data, index: 5 };

/// A run that a test writes by hand.
pub(super) struct Story {
    ledger: Ledger,
    writer: Writer,
    pub(super) now: Time,
}

impl Story {
    pub(super) fn new() -> Self {
        Self { ledger: Ledger::on(), writer: Writer::new(0), now: Time::ZERO }
    }

    /// The next facts happen a second later.
    fn tick(&mut self) {
        self.now += Duration::from_secs(1);
    }

    pub(super) fn node<T>(&mut self, write: impl FnOnce(&mut NodeFacts<'_>) -> T) -> T {
        self.tick();
        write(&mut self.ledger.node(&mut self.writer, self.now).unwrap())
    }

    pub(super) fn engine<T>(&mut self, write: impl FnOnce(&mut EngineFacts<'_>) -> T) -> T {
        self.tick();
        write(&mut self.ledger.engine(&mut self.writer, self.now).unwrap())
    }

    pub(super) fn mallory<T>(&mut self, write: impl FnOnce(&mut AttackerFacts<'_>) -> T) -> T {
        self.tick();
        write(&mut self.ledger.attacker(&mut self.writer, self.now, MALLORY).unwrap())
    }

    pub(super) fn facts(self) -> Facts {
        Facts::merge([self.ledger])
    }

    fn key(&mut self) -> SecretId {
        self.engine(|facts| facts.create(SecretClass::LongTermKey, &[METER, CSE], KEY))
    }

    fn author(&mut self, actor: ActorId, text: &[u8]) -> (Gid, Message) {
        let content = ContentDigest::of(&[text]);
        let gid = self.node(|facts| facts.author(actor, actor, CSE, content, false));
        (gid, Message::of(content))
    }

    /// The CSE does what a message asks for.
    fn effect(&mut self, message: Option<Message>, actor: Option<ActorId>, change: Option<u8>) {
        let state = |text: u8| ContentDigest::of(&[&[text]]);
        let (before, after) = (state(0), state(change.unwrap_or(0)));
        let operation = if change.is_some() { Operation::Update } else { Operation::Retrieve };
        self.node(|facts| {
            facts.effect(Effect {
                resource: CONTAINER,
                operation,
                before,
                after,
                cause: message,
                actor,
                claimed: Some(METER),
            });
        });
    }

    fn end(&self, role: Role, actor: ActorId, peer: ActorId, parameters: &[u8]) -> Agreement {
        let parameters = ContentDigest::of(&[parameters]);
        let since = Time(0);
        Agreement { role, actor, peer: Some(peer), association: RUN, parameters, since }
    }

    fn running(&mut self, role: Role, actor: ActorId, peer: ActorId, parameters: &[u8]) {
        let end = self.end(role, actor, peer, parameters);
        self.node(|facts| facts.running(end));
    }

    fn commit(&mut self, role: Role, actor: ActorId, peer: ActorId, parameters: &[u8]) {
        let end = self.end(role, actor, peer, parameters);
        self.node(|facts| facts.commit(end));
    }

    /// Both ends finish and agree.
    fn handshake(&mut self) {
        self.running(Role::Client, METER, CSE, b"terms");
        self.running(Role::Server, CSE, METER, b"terms");
        self.commit(Role::Client, METER, CSE, b"terms");
        self.commit(Role::Server, CSE, METER, b"terms");
    }

    fn requests(&mut self, class: u16, served: u64, missed: u64) {
        for number in 0..served + missed {
            let request = Request {
                request: RequestId(self.now.0 + number),
                actor: METER,
                class: ClassId(class),
                is_authentication: false,
            };
            self.engine(|facts| {
                if number < served { facts.served(request) } else { facts.deadline(request) }
            });
        }
    }
}

fn told(story: impl FnOnce(&mut Story)) -> Facts {
    let mut new = Story::new();
    story(&mut new);
    new.facts()
}

fn knowledge(facts: &Facts) -> Knowledge {
    Knowledge::of(facts, &())
}

#[track_caller]
fn holds(finding: &Finding) {
    assert!(finding.holds() && finding.is_complete, "{finding:?}");
}

#[track_caller]
fn fails(finding: &Finding, count: u64) {
    assert_eq!(finding.count, count, "{finding:?}");
    assert_eq!(finding.violations.len() as u64, count);
    assert!(finding.violations.iter().all(|violation| !violation.what.is_empty()));
}

#[test]
fn s1_keys_that_others_know_are_lost() {
    let quiet = |story: &mut Story| {
        story.key();
        story.mallory(|facts| facts.observe(AIR, b"ciphertext"));
        story.mallory(|facts| facts.exhibit(METER, b"a guess that is not the key ....."));
    };
    let facts = told(quiet);
    holds(&s1(&facts, &knowledge(&facts)));
    let facts = told(|story| {
        quiet(story);
        story.mallory(|facts| facts.exhibit(METER, KEY));
    });
    let finding = s1(&facts, &knowledge(&facts));
    fails(&finding, 1);
    assert_eq!(
        (finding.metric("keys_lost"), finding.metric("first_loss_s")),
        (Some(1.0), Some(4.0))
    );
    // What the scenario hands over is no loss, neither as a key nor with its holder.
    let facts = told(|story| {
        let key = story.key();
        story.engine(|facts| facts.reveal(MALLORY, key));
        story.mallory(|facts| facts.exhibit(METER, KEY));
    });
    holds(&s1(&facts, &knowledge(&facts)));
    let facts = told(|story| {
        story.key();
        story.engine(|facts| facts.corrupt(CSE, MALLORY));
        story.mallory(|facts| facts.exhibit(CSE, KEY));
    });
    holds(&s1(&facts, &knowledge(&facts)));
}

#[test]
fn s2_fields_may_be_known_by_author_recipient_and_readers_only() {
    const FIELD: &[u8; 24] = b"reading=0000423.5;0f3a1c";
    let run = |seen: &'static [u8]| {
        told(|story| {
            let (gid, _) = story.author(METER, b"report");
            story.node(|facts| facts.create(SecretClass::Field(gid), &[METER, APP], FIELD));
            story.engine(|facts| facts.corrupt(CSE, MALLORY));
            story.mallory(|facts| facts.observe(AIR, seen));
        })
    };
    let facts = run(b"sealed");
    holds(&s2(&facts, &knowledge(&facts)));
    // The node in the middle may pass it on; it may not read it.
    let facts = run(b"{\"con\":\"reading=0000423.5;0f3a1c\"}");
    let finding = s2(&facts, &knowledge(&facts));
    fails(&finding, 1);
    assert_eq!(finding.metric("leaked_share"), Some(1.0));
    assert_eq!(finding.metric("source_0.leaked_fields"), Some(1.0));
    holds(&s1(&facts, &knowledge(&facts)));
}

#[test]
fn s3_a_key_revealed_later_opens_nothing_of_the_past() {
    const TRAFFIC: &[u8; 16] = b"traffic key 0001";
    #[derive(Clone, Copy, Debug)]
    enum Found {
        No,
        /// By computing it from the long-term key.
        Computed,
        /// Somewhere in the open: it did not fall with another key.
        LyingOpen,
    }
    let run = |made_before: bool, found: Found| {
        told(|story| {
            let key = story.key();
            let make = |story: &mut Story| {
                story.handshake();
                let class = SecretClass::SessionKey(RUN);
                story.node(|facts| facts.create(class, &[METER, CSE], TRAFFIC));
            };
            if made_before {
                make(story);
            }
            story.engine(|facts| facts.reveal(MALLORY, key));
            if !made_before {
                make(story);
            }
            match found {
                Found::No => {}
                Found::Computed => story.mallory(|facts| facts.exhibit(METER, TRAFFIC)),
                Found::LyingOpen => story.mallory(|facts| facts.observe(AIR, TRAFFIC)),
            }
        })
    };
    for (made_before, found, violations) in [
        (true, Found::No, 0),
        (true, Found::Computed, 1),
        (true, Found::LyingOpen, 0),
        (false, Found::Computed, 0),
    ] {
        let facts = run(made_before, found);
        let finding = s3(&facts, &knowledge(&facts), 0);
        assert_eq!(finding.count, violations, "{made_before} {found:?}");
    }
}

#[test]
fn a1_to_a4_hold_for_two_ends_that_agree() {
    let facts = told(|story| {
        story.handshake();
        let (_, message) = story.author(METER, b"report 1");
        story.effect(Some(message), None, Some(1));
        let (_, message) = story.author(METER, b"report 2");
        story.effect(Some(message), None, Some(2));
    });
    for finding in [a1(&facts), a2(&facts), a3(&facts), a4(&facts)] {
        holds(&finding);
        assert_eq!(finding.metric("commits"), Some(2.0));
    }
}

/// How many violations A1, A2, A3 and A4 find.
fn agreement(story: impl FnOnce(&mut Story)) -> [u64; 4] {
    let facts = told(story);
    [a1(&facts), a2(&facts), a3(&facts), a4(&facts)].map(|finding| finding.count)
}

#[test]
fn a1_to_a4_fail_each_in_its_turn() {
    let commit = |story: &mut Story| story.commit(Role::Server, CSE, METER, b"terms");
    assert_eq!(agreement(commit), [1, 1, 1, 1]);
    // Alive, but in no run with this end: an unknown key share.
    let other = |story: &mut Story| {
        story.running(Role::Client, METER, APP, b"terms");
        commit(story);
    };
    assert_eq!(agreement(other), [0, 1, 1, 1]);
    // In a run with this end, on other terms: a downgrade.
    let downgraded = |story: &mut Story| {
        story.running(Role::Client, METER, CSE, b"better terms");
        commit(story);
    };
    assert_eq!(agreement(downgraded), [0, 0, 1, 1]);
    // In the same role: a reflection.
    let reflected = |story: &mut Story| {
        story.running(Role::Server, METER, CSE, b"terms");
        commit(story);
    };
    assert_eq!(agreement(reflected), [0, 0, 1, 1]);
    // One run for two associations: a replayed handshake.
    let replayed = |story: &mut Story| {
        story.running(Role::Client, METER, CSE, b"terms");
        commit(story);
        commit(story);
    };
    assert_eq!(agreement(replayed), [0, 0, 0, 1]);
    // Only what comes before counts, and only between honest ends.
    let late = |story: &mut Story| {
        commit(story);
        story.running(Role::Client, METER, CSE, b"terms");
    };
    assert_eq!(agreement(late), [1, 1, 1, 1]);
    let corrupt = |story: &mut Story| {
        story.engine(|facts| facts.corrupt(METER, MALLORY));
        commit(story);
    };
    assert_eq!(agreement(corrupt), [0, 0, 0, 0]);
    // An identity that was given to nobody.
    let nobody = |story: &mut Story| {
        let end = Agreement { peer: None, ..story.end(Role::Server, CSE, METER, b"terms") };
        story.node(|facts| facts.commit(end));
    };
    assert_eq!(agreement(nobody), [1, 1, 1, 1]);
}

#[test]
fn a4_a_message_takes_effect_once() {
    let facts = told(|story| {
        let (_, message) = story.author(METER, b"report");
        story.effect(Some(message), None, Some(1));
        story.effect(Some(message), None, Some(2));
    });
    let finding = a4(&facts);
    fails(&finding, 1);
    assert_eq!(finding.metric("duplicated_effects"), Some(1.0));
    assert_eq!(finding.violations[0].facts, [1, 2]);
    // The same words, twice meant, may have two effects.
    let facts = told(|story| {
        for change in [1, 2] {
            let (_, message) = story.author(METER, b"report");
            story.effect(Some(message), None, Some(change));
        }
    });
    holds(&a4(&facts));
}

#[test]
fn a5_what_is_accepted_is_recent() {
    let run = |wait: u64| {
        told(|story| {
            let (_, message) = story.author(METER, b"report");
            story.now += Duration::from_secs(wait);
            story.node(|facts| facts.accept(message, CSE, Some(METER)));
        })
    };
    let policy = Duration::from_secs(10);
    let facts = run(9);
    let finding = a5(&facts, policy);
    holds(&finding);
    assert_eq!(finding.metric("age_max_s"), Some(10.0));
    fails(&a5(&run(10), policy), 1);
    // A run of the peer that is older than one's own.
    let facts = told(|story| {
        story.running(Role::Client, METER, CSE, b"terms");
        let since = story.now + Duration(1);
        let end = Agreement { since, ..story.end(Role::Server, CSE, METER, b"terms") };
        story.node(|facts| facts.commit(end));
    });
    fails(&a5(&facts, policy), 1);
    let facts = told(Story::handshake);
    holds(&a5(&facts, policy));
}

#[test]
fn a6_agreement_survives_the_loss_of_ones_own_key() {
    let run = |revealed: bool, agreed: bool| {
        told(|story| {
            let class = SecretClass::LongTermKey;
            let key =
                story.engine(|facts| facts.create(class, &[CSE], b"a private key of the CSE"));
            if revealed {
                story.engine(|facts| facts.reveal(MALLORY, key));
            }
            if agreed {
                story.running(Role::Client, METER, CSE, b"terms");
            }
            story.commit(Role::Server, CSE, METER, b"terms");
        })
    };
    for (revealed, agreed, violations) in [(true, true, 0), (true, false, 1), (false, false, 0)] {
        let facts = run(revealed, agreed);
        let finding = a6(&facts, &knowledge(&facts));
        assert_eq!(finding.count, violations, "{revealed} {agreed}");
    }
}

#[test]
fn k1_credentials_serve_their_holders_and_nobody_else() {
    let slot = ResourceId { host: METER, kind: ResourceKind::Slot, index: 0 };
    let digest = |text: &[u8]| ContentDigest::of(&[text]);
    let provisioned = Provisioned::from([(slot, digest(b"key"))]);
    let admin = APP;
    let policy = |actor: ActorId, _: &Effect, _: Time| actor == admin;
    let write = |before: &'static [u8], after: &'static [u8], actor: Option<ActorId>| Effect {
        resource: slot,
        operation: Operation::Update,
        before: digest(before),
        after: digest(after),
        cause: None,
        actor,
        claimed: Some(admin),
    };
    let facts = told(|story| {
        story.handshake();
        story.node(|facts| facts.effect(write(b"key", b"new key", Some(admin))));
        // Put back what is rightful by now.
        story.node(|facts| facts.effect(write(b"x", b"new key", None)));
    });
    holds(&k1(&facts, &provisioned, &policy));
    let facts = told(|story| {
        story.node(|facts| facts.effect(write(b"key", b"other", Some(MALLORY))));
        let request = Request {
            request: RequestId(1),
            actor: METER,
            class: ClassId(0),
            is_authentication: true,
        };
        story.engine(|facts| facts.deadline(request));
        // The security element speaks for the meter from Mallory's device.
        story.running(Role::Client, MALLORY, CSE, b"terms");
        story.commit(Role::Server, CSE, METER, b"terms");
    });
    let finding = k1(&facts, &provisioned, &policy);
    fails(&finding, 3);
    for name in ["holders_refused", "slots_wrong", "identities_borrowed"] {
        assert_eq!(finding.metric(name), Some(1.0), "{name}");
    }
    assert_eq!(finding.violations[2].what, "actor 9 finished as actor 1");
}

/// Only the meter may change, and the application may read.
fn policy(actor: ActorId, effect: &Effect, _: Time) -> bool {
    actor == METER || actor == APP && effect.operation == Operation::Retrieve
}

#[test]
fn i1_each_change_was_meant_by_somebody_who_may() {
    let facts = told(|story| {
        let (_, message) = story.author(METER, b"report");
        story.effect(Some(message), None, Some(1));
        // The CSE removes what has expired.
        story.effect(None, Some(CSE), Some(2));
    });
    holds(&i1(&facts, &policy));
    let facts = told(|story| {
        let (_, message) = story.author(APP, b"report");
        story.effect(Some(message), None, Some(1));
        story.effect(Some(Message::of(ContentDigest::of(&[b"forged"]))), None, Some(2));
        story.effect(None, Some(MALLORY), Some(3));
        let (gid, _) = story.author(METER, b"1 kWh");
        let altered = Message { gid: Some(gid), content: ContentDigest::of(&[b"9 kWh"]) };
        story.effect(Some(altered), None, Some(4));
        // Readings are not changes.
        story.effect(None, Some(MALLORY), None);
    });
    let finding = i1(&facts, &policy);
    fails(&finding, 4);
    assert_eq!(finding.metric("changes"), Some(4.0));
}

#[test]
fn z1_the_policy_permits_who_truly_acts() {
    let facts = told(|story| {
        let (_, message) = story.author(METER, b"report");
        story.effect(Some(message), None, Some(1));
        let (_, message) = story.author(APP, b"read");
        story.effect(Some(message), None, None);
    });
    holds(&z1(&facts, &policy));
    let facts = told(|story| {
        // Mallory in the name of the meter.
        let (_, message) = story.author(MALLORY, b"report");
        story.effect(Some(message), None, Some(1));
        story.effect(Some(Message::of(ContentDigest::of(&[b"forged"]))), None, None);
    });
    let finding = z1(&facts, &policy);
    fails(&finding, 2);
    assert_eq!(finding.metric("changes_bad"), Some(1.0));
    assert_eq!(finding.metric("readings_bad"), Some(1.0));
    assert_eq!(
        finding.violations[0].what,
        "actor 9 as actor 1 did Update to resource 5 of actor 2 and may not"
    );
}

#[test]
fn e1_nodes_run_what_they_may_and_nothing_older() {
    let image = |version: u8| ContentDigest::of(&[&[version]]);
    let images = move |_: ActorId, digest: ContentDigest| {
        (1..4).find(|version| image(*version) == digest).map(u64::from)
    };
    let run = |versions: &[u8]| {
        told(|story| {
            for version in versions {
                story.node(|facts| facts.exec(METER, image(*version)));
            }
            story.effect(None, Some(METER), Some(1));
            story.node(|facts| facts.alarm(CSE, "attestation", About::Actor(APP)));
            story.node(|facts| facts.alarm(CSE, "attestation", About::Actor(METER)));
            story.effect(None, Some(METER), Some(2));
        })
    };
    holds(&e1(&run(&[1, 2, 2, 3]), &images));
    for versions in [[1, 9], [2, 1]] {
        let finding = e1(&run(&versions), &images);
        fails(&finding, 1);
        assert_eq!(finding.metric("detection_max_s"), Some(3.0));
        assert_eq!(finding.metric("damage_changes"), Some(1.0));
        assert_eq!(finding.metric("executions_undetected"), Some(0.0));
    }
}

#[test]
fn x1_x2_x3_values_stay_in_their_slots_and_parsers_in_their_bounds() {
    let facts = told(|story| {
        story.node(|facts| facts.interpret(CSE, Sink::Sql, Level::Equal));
        story.node(|facts| facts.interpret(CSE, Sink::Dom, Level::Equal));
    });
    [x1(&facts), x2(&facts), x3(&facts)].iter().for_each(holds);
    let facts = told(|story| {
        story.node(|facts| facts.interpret(CSE, Sink::Sql, Level::Syntax));
        story.node(|facts| facts.interpret(CSE, Sink::Sql, Level::Goal));
        story.node(|facts| facts.interpret(CSE, Sink::Dom, Level::Structure));
        story.node(|facts| facts.exceed(CSE, Bound::Outside));
    });
    fails(&x1(&facts), 2);
    assert_eq!(x1(&facts).metric("sql.level_max"), Some(4.0));
    fails(&x2(&facts), 1);
    assert_eq!(x2(&facts).metric("outside"), Some(1.0));
    fails(&x3(&facts), 1);
    assert_eq!(x3(&facts).metric("level_max"), Some(2.0));
}

#[test]
fn v1_enough_requests_are_served_in_time() {
    let services = [Service { class: ClassId(0), share_min: 0.9 }];
    let window = Duration::from_secs(5);
    let facts = told(|story| story.requests(0, 9, 1));
    holds(&v1(&facts, &services, window));
    let facts = told(|story| {
        story.requests(0, 8, 2);
        // Another class does not make up for it.
        story.requests(1, 100, 0);
    });
    let finding = v1(&facts, &services, window);
    fails(&finding, 1);
    assert_eq!(finding.metric("class_0.served_share"), Some(0.8));
    assert_eq!(finding.metric("class_0.below_s"), Some(10.0));
    // An answer after the deadline does not count.
    let request = Request {
        request: RequestId(1),
        actor: METER,
        class: ClassId(0),
        is_authentication: false,
    };
    let facts = told(|story| {
        story.engine(|facts| facts.deadline(request));
        story.engine(|facts| facts.served(request));
    });
    fails(&v1(&facts, &services, window), 1);
}

#[test]
fn d1_a_breach_stays_within_its_radius() {
    let run = |taken: bool, missed: u64| {
        told(|story| {
            story.requests(0, 10, 0);
            story.now = Time::ZERO + Duration::from_secs(100);
            if taken {
                story.engine(|facts| facts.corrupt(METER, MALLORY));
            }
            story.effect(None, Some(METER), None);
            story.effect(Some(Message::of(ContentDigest::of(&[b"forged"]))), None, Some(1));
            story.requests(0, 10 - missed, missed);
        })
    };
    let breach = |services_max, assets_max| Breach {
        at: Time::ZERO + Duration::from_secs(100),
        by: MALLORY,
        share_min: 0.9,
        services_max,
        assets_max,
    };
    let facts = run(true, 2);
    let finding = d1(&facts, &breach(1, 1));
    holds(&finding);
    assert_eq!(finding.metric("services_lost"), Some(1.0));
    assert_eq!(finding.metric("assets_reached"), Some(1.0));
    fails(&d1(&facts, &breach(0, 0)), 2);
    fails(&d1(&run(false, 1), &breach(0, 0)), 1);
}

#[test]
fn b1_batteries_last_and_messages_are_cheap() {
    // 1 J for 10 messages in 1 h: a battery of 8,766 J lasts a year.
    let facts = told(|story| {
        story.requests(0, 10, 5);
        for _ in 0..2 {
            story.node(|facts| facts.cost(METER, CostKind::Nanojoules, 500_000_000));
        }
        story.node(|facts| facts.cost(METER, CostKind::Bytes, 500));
        story.node(|facts| facts.cost(CSE, CostKind::Nanojoules, u64::MAX));
    });
    let budget = |years: f64, message: f64| Budget {
        batteries_nj: BTreeMap::from([(METER, 8_766_000_000_000)]),
        lasted: Duration::from_secs(3_600),
        years_min: Some(years),
        message_max_j: Some(message),
    };
    let finding = b1(&facts, &budget(0.99, 0.11));
    holds(&finding);
    assert!((finding.metric("battery_min_years").unwrap() - 1.0).abs() < 1e-9);
    assert!((finding.metric("message_max_j").unwrap() - 0.1).abs() < 1e-9);
    fails(&b1(&facts, &budget(1.01, 0.09)), 2);
}

#[test]
fn u1_an_observer_gains_little_over_guessing() {
    let run = |answer: &dyn Fn(usize, bool) -> bool| {
        told(|story| {
            let gids: Vec<Gid> = (0..40u8)
                .map(|n| story.author(if n % 4 < 2 { METER } else { APP }, &[n]).0)
                .collect();
            for n in 0..39 {
                let truth = n % 2 == 0;
                let challenge = Challenge::new(gids[n], gids[n + 1]);
                story.mallory(|facts| facts.guess(challenge, answer(n, truth)));
            }
        })
    };
    let facts = run(&|n, _| n % 4 < 2);
    let finding = u1(&facts, 0.1);
    holds(&finding);
    // One that always says the same gains nothing, though the game is not balanced.
    assert_eq!(u1(&run(&|_, _| true), 0.1).metric("advantage"), Some(0.0));
    for answer in [|_, truth| truth, |_, truth: bool| !truth] {
        let finding = u1(&run(&answer), 0.1);
        fails(&finding, 1);
        assert_eq!(finding.metric("advantage"), Some(1.0));
        assert!(finding.metric("advantage_low").unwrap() > 0.5);
    }
    assert_eq!(u1(&Facts::default(), 0.0).metric("advantage"), None);
}

#[test]
fn violations_beyond_a_limit_are_counted() {
    let facts = told(|story| {
        for _ in 0..VIOLATIONS_MAX + 5 {
            story.node(|facts| facts.exceed(CSE, Bound::Panic));
        }
    });
    let finding = x2(&facts);
    assert_eq!(finding.count, VIOLATIONS_MAX as u64 + 5);
    assert_eq!(finding.violations.len(), VIOLATIONS_MAX);
}

/// What three sites write, each in its own order: site, kind of fact, time since its last.
fn write(events: &[(u32, u8, u64)], thread_of: impl Fn(u32) -> usize) -> Facts {
    let mut ledgers = vec![Ledger::on(), Ledger::on(), Ledger::on()];
    let mut sites: Vec<(Writer, Time)> =
        (0..3).map(|site| (Writer::new(site), Time::ZERO)).collect();
    for (site, kind, wait) in events {
        let (writer, now) = &mut sites[*site as usize];
        *now += Duration(*wait);
        let ledger = &mut ledgers[thread_of(*site)];
        let content = ContentDigest::of(&[&[kind % 3]]);
        match kind % 6 {
            0 | 1 => {
                let mut facts = ledger.node(writer, *now).unwrap();
                facts.author(ActorId(*site), ActorId(*site), CSE, content, false);
            }
            2 => {
                let mut facts = ledger.node(writer, *now).unwrap();
                facts.accept(Message::of(content), ActorId(*site), None);
            }
            3 => {
                let mut facts = ledger.engine(writer, *now).unwrap();
                facts.create(SecretClass::LongTermKey, &[METER], &[*kind; 16]);
            }
            _ => {
                let mut facts = ledger.attacker(writer, *now, MALLORY).unwrap();
                facts.observe(SourceId(*site), &[*kind; 7]);
            }
        }
    }
    Facts::merge(ledgers)
}

proptest! {
    #[test]
    fn which_thread_wrote_a_fact_does_not_show(
        events in prop::collection::vec((0u32..3, any::<u8>(), 0u64..3), 0..60),
        threads in prop::collection::vec(0usize..3, 3),
    ) {
        let alone = write(&events, |_| 0);
        let spread = write(&events, |site| threads[site as usize]);
        prop_assert_eq!(alone.records(), spread.records());
        let seen = |facts: &Facts| -> Vec<Vec<u8>> {
            facts.observations(MALLORY).map(|seen| seen.unwrap().bytes.to_vec()).collect()
        };
        prop_assert_eq!(seen(&alone), seen(&spread));
        let knows = |facts: &Facts| knowledge(facts).iter().collect::<Vec<_>>();
        prop_assert_eq!(knows(&alone), knows(&spread));
    }
}

//! Vectors, replays, restarts, tampering, and what must be refused.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jiff::civil::{DateTime, date};
use proptest::prelude::*;

use super::*;
use crate::credential::hierarchy::PairwiseKey;
use crate::credential::{Choices, KeyBytes};

/// Python's `cryptography` 48.0.0 (AESGCM) and `hmac` made these, once:
/// pairwise = 22 * 32, receiver's value = aa * 16, originator's = bb * 16,
/// CEK = HMAC-SHA256(pairwise, aa.. bb.. "oneM2M HMAC-SHA256 sessionESPrimKey derivation algorithm")
///     = 3e15dda6432fa58eabd15957484ae89f1a01cf8b44ef1d7075a7b2bf927e7179,
/// AAD = the header in base64url, IV = 12 zero bytes; for the response 00000001 and 8 zero bytes.
const REQUEST: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoia2V5MUBtYWYuZXhhbXBsZSIsIm9yaSI6InUtMSIsInJyaSI6InMtNyIsIm9ybyI6eyJlc3JpIjoidS0xIiwiZXNydiI6InhCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQiIsImVzcngiOiIyMDI2MTIwMVQwMDAwMDAiLCJlc2siOjEsImVzcGEiOlsxMl19fQ..AAAAAAAAAAAAAAAA.UUINYIiNtKTaMxN-yBWmFLg1DyEf3c_uFZZqiSo_lk655gBTeoay0WJofmCmkqWBTpPzg35EJ240LIgTkcBYYGLi.zzTMvyDdSD5Pi-pPpiYoSg";
const RESPONSE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoia2V5MUBtYWYuZXhhbXBsZSIsIm9yaSI6InUtMSIsInJyaSI6InMtNyJ9..AAAAAQAAAAAAAAAA.QjhgLgd1SLkJX_SY5K4daaR3nqDWjA.1EnyXzbW8AWM2o9Wfyt7SA";
/// The same request from somebody else: other order of members, `cty`, IV 0102..0c.
const FOREIGN: &str = "eyJycmkiOiJzLTciLCJvcmkiOiJ1LTEiLCJraWQiOiJrZXkxQG1hZi5leGFtcGxlIiwiY3R5IjoiYXBwbGljYXRpb24vanNvbiIsImVuYyI6IkEyNTZHQ00iLCJhbGciOiJkaXIiLCJvcm8iOnsiZXNwYSI6WzEyXSwiZXNrIjoxLCJlc3J4IjoiMjAyNjEyMDFUMDAwMDAwIiwiZXNydiI6InhCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQiIsImVzcmkiOiJ1LTEifX0..AQIDBAUGBwgJCgsM.pIAe-28ZTqTF5LpfqsxKPpvMrmqkIdjYsTwoeTDRYx2MOUTCvSNBsqnqvnGVxRFl0RqNArF44KSRZlH17eRkpmb_.eP_8KqfW_gRD9W5736tWpQ";
const INNER: &[u8] = br#"{"op":2,"to":"/id-in/cse-in","fr":"/id-mn/C1","rqi":"1","rvi":"4"}"#;
const ANSWER: &[u8] = br#"{"rsc":2000,"rqi":"1"}"#;

/// A store whose contents outlive the receiver.
#[derive(Clone, Debug, Default)]
struct Flash {
    saved: std::rc::Rc<std::cell::RefCell<BTreeMap<SessionId, Snapshot>>>,
    broken: std::rc::Rc<std::cell::Cell<bool>>,
}

impl WindowStore for Flash {
    fn save(&mut self, session: &SessionId, snapshot: Snapshot) -> Result<(), Unsaved> {
        if self.broken.get() {
            return Err(Unsaved);
        }
        self.saved.borrow_mut().insert(session.clone(), snapshot);
        Ok(())
    }
}

const NOW: DateTime = date(2026, 11, 23).at(12, 0, 0, 0);
const LATER: DateTime = date(2026, 12, 1).at(0, 0, 0, 0);

fn key_id(text: &str) -> KeyId {
    KeyId::parse(text).unwrap()
}

fn pairwise() -> PairwiseKey {
    PairwiseKey::new(KeyBytes::new([0x22; 32]))
}

fn receiver_rand() -> ReceiverRand {
    ReceiverRand::new(RandId::new(true, 7), [0xaa; 16], LATER)
}

fn originator_rand(number: u64) -> OriginatorRand {
    OriginatorRand::new(RandId::new(false, number), [0xbb; 16], LATER)
}

fn sender_with(originator: OriginatorRand) -> Sender {
    let (id, receiver) = (key_id("key1@maf.example"), receiver_rand());
    Sender::establish(id, &pairwise(), &receiver, originator, NOW, &Choices::default()).unwrap()
}

fn sender() -> Sender {
    sender_with(originator_rand(1))
}

fn receiver(window: u8, flash: &Flash) -> Receiver<Flash> {
    let mut receiver = Receiver::new(window, Choices::default(), flash.clone());
    let pairwise = Pairwise { key: pairwise(), identity: "/id-mn/C1".into(), expiry: LATER };
    assert!(receiver.add_key(key_id("key1@maf.example"), pairwise));
    assert!(receiver.issue(receiver_rand(), NOW));
    receiver
}

/// Reads `fr` as a receiver would.
fn from(inner: &[u8]) -> Option<String> {
    let inner: serde_json::Value = serde_json::from_slice(inner).ok()?;
    inner["fr"].as_str().map(str::to_owned)
}

fn open(receiver: &mut Receiver<Flash>, object: &str) -> Result<Opened, Fault> {
    receiver.open(object, NOW, from)
}

fn fault<T>(result: Result<T, Fault>) -> Fault {
    result.err().unwrap()
}

/// An object with this header over arbitrary other parts.
fn with_header(header: &str) -> String {
    format!("{}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA", BASE64URL.encode(header))
}

#[test]
fn the_independent_vector() {
    let mut sender = sender();
    assert_eq!(sender.seal(INNER, NOW).unwrap(), REQUEST);
    let mut receiver = receiver(32, &Flash::default());
    let opened = open(&mut receiver, REQUEST).unwrap();
    assert_eq!((&opened.inner[..], &*opened.originator), (INNER, "/id-mn/C1"));
    assert_eq!(receiver.seal(opened.exchange, ANSWER, None).unwrap(), RESPONSE);
    let answer = sender.open(RESPONSE, NOW).unwrap();
    assert_eq!(answer, Answer { inner: ANSWER.to_vec(), refresh: None });
    // Once the receiver has answered, its random object need not be sent again.
    assert!(sender.seal(INNER, NOW).unwrap().len() < REQUEST.len());
}

#[test]
fn another_implementation_is_understood_but_replayable() {
    let protected = &mut receiver(32, &Flash::default());
    assert_eq!(fault(open(protected, FOREIGN)), Fault::NoCounter);
    let specified = &mut receiver(0, &Flash::default());
    let answers: BTreeSet<String> = (0..3)
        .map(|_| {
            let opened = open(specified, FOREIGN).unwrap();
            assert_eq!(opened.inner, INNER);
            specified.seal(opened.exchange, ANSWER, None).unwrap()
        })
        .collect();
    // Replays are carried out, yet no IV serves twice.
    assert_eq!(answers.len(), 3);
}

#[test]
fn no_byte_can_be_changed() {
    let flash = Flash::default();
    let mut receiver = receiver(32, &flash);
    for at in 0..REQUEST.len() {
        for flip in [1, 2, 4, 8, 16, 32, 64] {
            let mut bytes = REQUEST.as_bytes().to_vec();
            bytes[at] ^= flip;
            let object = String::from_utf8(bytes).unwrap();
            assert!(open(&mut receiver, &object).is_err(), "byte {at}: {object}");
        }
        assert!(open(&mut receiver, &REQUEST[..at]).is_err());
    }
    assert!(flash.saved.borrow().is_empty());
    assert!(open(&mut receiver, REQUEST).is_ok());
}

#[test]
fn a_replay_is_refused_and_reordering_within_the_window_is_not() {
    let mut sender = sender();
    let objects: Vec<String> = (0..40).map(|_| sender.seal(INNER, NOW).unwrap()).collect();
    let mut receiver = receiver(8, &Flash::default());
    for at in [5, 3, 4, 0, 12, 9, 39, 32] {
        assert!(open(&mut receiver, &objects[at]).is_ok(), "{at}");
        assert_eq!(fault(open(&mut receiver, &objects[at])), Fault::Replayed);
    }
    // Behind the window, although never seen.
    assert_eq!(fault(open(&mut receiver, &objects[31])), Fault::Replayed);
}

#[test]
fn a_restart_does_not_reopen_the_window() {
    let flash = Flash::default();
    let mut sender = sender();
    let objects: Vec<String> = (0..3).map(|_| sender.seal(INNER, NOW).unwrap()).collect();
    let mut before = receiver(8, &flash);
    let first = open(&mut before, &objects[0]).unwrap();
    let first = before.seal(first.exchange, ANSWER, None).unwrap();
    open(&mut before, &objects[1]).unwrap();
    drop(before);

    let mut after = receiver(8, &flash);
    for (session, snapshot) in flash.saved.borrow().iter() {
        after.restore(session.clone(), *snapshot);
    }
    assert_eq!(fault(open(&mut after, &objects[0])), Fault::Replayed);
    assert_eq!(fault(open(&mut after, &objects[1])), Fault::Replayed);
    let third = open(&mut after, &objects[2]).unwrap();
    let third = after.seal(third.exchange, ANSWER, None).unwrap();
    // The counter of responses goes on too: the second was never sent, the third has its own.
    assert!(third.contains(".AAAAAQAAAAAAAAAC.") && first.contains(".AAAAAQAAAAAAAAAA."));
    assert!(sender.open(&third, NOW).is_ok() && sender.open(&first, NOW).is_ok());
    // And if the store had not been asked, the restart would have reopened it.
    assert!(open(&mut receiver(8, &flash), &objects[0]).is_ok());
}

#[test]
fn after_a_restart_the_originator_shows_its_random_object_again() {
    let flash = Flash::default();
    let (mut sender, mut before) = (sender(), receiver(8, &flash));
    let object = sender.seal(INNER, NOW).unwrap();
    let opened = open(&mut before, &object).unwrap();
    sender.open(&before.seal(opened.exchange, ANSWER, None).unwrap(), NOW).unwrap();
    let mut after = receiver(8, &flash);
    for (session, snapshot) in flash.saved.borrow().iter() {
        after.restore(session.clone(), *snapshot);
    }
    let object = sender.seal(INNER, NOW).unwrap();
    assert_eq!(fault(open(&mut after, &object)), Fault::UnknownOriginatorRand);
    sender.introduce();
    let object = sender.seal(INNER, NOW).unwrap();
    assert!(open(&mut after, &object).is_ok());
}

#[test]
fn what_cannot_be_saved_is_not_accepted() {
    let flash = Flash::default();
    let mut receiver = receiver(8, &flash);
    flash.broken.set(true);
    assert_eq!(fault(open(&mut receiver, REQUEST)), Fault::Unsaved);
    flash.broken.set(false);
    assert!(open(&mut receiver, REQUEST).is_ok());
}

#[test]
fn an_object_reflected_to_its_sender_is_refused() {
    let (mut sender, mut receiver) = (sender(), receiver(8, &Flash::default()));
    let object = sender.seal(INNER, NOW).unwrap();
    assert_eq!(fault(sender.open(&object, NOW)), Fault::Malformed);
    let opened = open(&mut receiver, &object).unwrap();
    let answer = receiver.seal(opened.exchange, ANSWER, None).unwrap();
    assert!(sender.open(&answer, NOW).is_ok());
    assert_eq!(fault(sender.open(&answer, NOW)), Fault::Replayed);
    let object = sender.seal(INNER, NOW).unwrap();
    assert_eq!(fault(sender.open(&object, NOW)), Fault::NoCounter);
    assert_eq!(fault(open(&mut receiver, &answer)), Fault::NoCounter);
}

#[test]
fn from_must_be_the_holder_of_the_key_and_the_counter_is_spent() {
    let mut receiver = receiver(8, &Flash::default());
    let mut sender = sender();
    let object = sender.seal(br#"{"fr":"/id-mn/C2"}"#, NOW).unwrap();
    assert_eq!(fault(open(&mut receiver, &object)), Fault::Impersonation);
    assert_eq!(fault(open(&mut receiver, &object)), Fault::Replayed);
    let object = sender.seal(b"{}", NOW).unwrap();
    assert_eq!(fault(open(&mut receiver, &object)), Fault::NoFrom);
}

#[test]
fn each_error_case_of_table_7_6_2_1() {
    let mut sender = sender();
    let object = sender.seal(INNER, NOW).unwrap();
    let mut bare = Receiver::new(8, Choices::default(), Flash::default());
    assert_eq!(fault(open(&mut bare, "x")).status().0, 4_000);
    assert_eq!(fault(open(&mut bare, &object)).status().0, 4_112);
    let expired = Pairwise { key: pairwise(), identity: "/id-mn/C1".into(), expiry: NOW };
    bare.add_key(key_id("key1@maf.example"), expired);
    assert_eq!(fault(open(&mut bare, &object)).status().0, 4_112);
    let good = Pairwise { key: pairwise(), identity: "/id-mn/C1".into(), expiry: LATER };
    bare.add_key(key_id("key1@maf.example"), good);
    assert_eq!(fault(open(&mut bare, &object)).status().0, 4_114);
    let weak = with_header(r#"{"alg":"dir","enc":"A128GCM","kid":"k","ori":"u-1","rri":"s-7"}"#);
    assert_eq!(fault(open(&mut bare, &weak)).status().0, 4_111);
    assert!(bare.issue(receiver_rand(), NOW));
    let silent = with_header(
        r#"{"alg":"dir","enc":"A256GCM","kid":"key1@maf.example","ori":"u-1","rri":"s-7"}"#,
    );
    assert_eq!(fault(open(&mut bare, &silent)).status().0, 4_113);
    let mut forged = object.clone();
    forged.replace_range(object.len() - 22..object.len() - 21, "A");
    assert_eq!(fault(open(&mut bare, &forged)).status().0, 4_115);
    let other = sender.seal(br#"{"fr":"CAdmin"}"#, NOW).unwrap();
    assert_eq!(fault(open(&mut bare, &other)).status().0, 4_116);
    assert!(open(&mut bare, &object).is_ok());
    assert_eq!(fault(open(&mut bare, &object)).status().0, 5_210);
    assert_eq!(fault(sender.seal(&vec![0; MAX_INNER + 1], NOW)).status().0, 5_211);
    assert_eq!(fault(sender.seal(b"", NOW)).status().0, 5_211);
    assert_eq!(fault(sender.seal(INNER, LATER)), Fault::Exhausted);
    assert!(sender.seal(&vec![0; MAX_INNER], NOW).unwrap().len() <= MAX_OBJECT);
}

#[test]
fn random_objects_are_checked_as_clause_8_4_2_says() {
    let establish = |change: fn(&mut OriginatorRand, &mut ReceiverRand)| {
        let (mut originator, mut receiver) = (originator_rand(1), receiver_rand());
        change(&mut originator, &mut receiver);
        let id = key_id("key1@maf.example");
        fault(Sender::establish(id, &pairwise(), &receiver, originator, NOW, &Choices::default()))
    };
    assert_eq!(establish(|o, _| o.expiry = NOW), Fault::UnknownOriginatorRand);
    assert_eq!(
        establish(|o, _| o.expiry = date(2026, 12, 2).at(0, 0, 0, 0)),
        Fault::UnknownOriginatorRand
    );
    assert_eq!(establish(|_, r| r.expiry = NOW), Fault::UnknownReceiverRand);
    assert_eq!(establish(|o, _| o.key_generation = 2), Fault::UnsupportedOption);
    assert_eq!(establish(|_, r| r.key_generations.clear()), Fault::UnsupportedOption);
    assert_eq!(establish(|o, _| o.algorithms.push(10)), Fault::UnsupportedOption);
    assert_eq!(establish(|o, _| o.algorithms.clear()), Fault::UnsupportedOption);
    assert_eq!(establish(|_, r| r.algorithms = vec![10, 11]), Fault::UnsupportedOption);
}

#[test]
fn a_forged_random_object_takes_no_place() {
    let mut receiver = receiver(8, &Flash::default());
    let mut attacker = {
        let key = PairwiseKey::new(KeyBytes::new([0x33; 32]));
        let rand = OriginatorRand { value: [0xcc; 16], ..originator_rand(1) };
        let (id, choices) = (key_id("key1@maf.example"), Choices::default());
        Sender::establish(id, &key, &receiver_rand(), rand, NOW, &choices).unwrap()
    };
    let forged = attacker.seal(INNER, NOW).unwrap();
    assert_eq!(fault(open(&mut receiver, &forged)), Fault::BadMac);
    assert!(open(&mut receiver, REQUEST).is_ok());
    assert_eq!(fault(open(&mut receiver, &forged)), Fault::UnknownOriginatorRand);
}

#[test]
fn sessions_of_one_key_are_bounded_and_expired_ones_make_room() {
    let mut receiver = receiver(8, &Flash::default());
    let early = date(2026, 11, 24).at(0, 0, 0, 0);
    for number in 0..MAX_SESSIONS_PER_KEY as u64 {
        let rand = OriginatorRand { expiry: early, ..originator_rand(number) };
        let object = sender_with(rand).seal(INNER, NOW).unwrap();
        assert!(open(&mut receiver, &object).is_ok());
    }
    let object = sender_with(originator_rand(99)).seal(INNER, NOW).unwrap();
    assert_eq!(fault(open(&mut receiver, &object)), Fault::TooManySessions);
    assert!(receiver.open(&object, early, from).is_ok());
}

#[test]
fn the_receiver_refreshes_its_random_object_in_band() {
    let (mut sender, mut receiver) = (sender(), receiver(8, &Flash::default()));
    let opened = open(&mut receiver, &sender.seal(INNER, NOW).unwrap()).unwrap();
    let next = ReceiverRand::new(RandId::new(false, 8), [0xdd; 16], LATER);
    assert!(receiver.issue(next.clone(), NOW));
    assert!(!receiver.issue(next.clone(), NOW));
    let answer = receiver.seal(opened.exchange, ANSWER, Some(next.clone())).unwrap();
    assert_eq!(sender.open(&answer, NOW).unwrap().refresh, Some(next));
}

#[test]
fn headers_are_read_strictly() {
    let good = r#"{"alg":"dir","enc":"A256GCM","kid":"k","ori":"u-1","rri":"s-7"}"#;
    let mut receiver = receiver(8, &Flash::default());
    let mut say = |header: &str| fault(open(&mut receiver, &with_header(header)));
    assert_eq!(say(good), Fault::UnknownKeyId);
    let long = format!(r#""kid":"{}""#, "k".repeat(129));
    let changes = [
        (r#""alg":"dir","#, r#""alg":"dir","alg":"dir","#, Fault::Malformed),
        (r#""alg":"dir","#, r#""alg":"dir","zip":"DEF","#, Fault::Malformed),
        (r#""alg":"dir","#, r#""alg":"dir","crit":[],"#, Fault::Malformed),
        (r#""alg":"dir","#, "", Fault::Malformed),
        (r#""dir""#, "null", Fault::Malformed),
        (r#""dir""#, r#""none""#, Fault::UnsupportedOption),
        (r#""dir""#, r#""DIR""#, Fault::UnsupportedOption),
        (r#""kid":"k""#, r#""kid":"""#, Fault::Malformed),
        (r#""kid":"k""#, r#""kid":"k k""#, Fault::Malformed),
        (r#""kid":"k""#, &long, Fault::Malformed),
        (r#""u-1""#, r#""1""#, Fault::Malformed),
        ("}", "} x", Fault::Malformed),
        (
            "}",
            r#","oro":{"esri":"u-1","esrv":"x0","esrx":"20261201T000000","esk":1,"espa":[]}}"#,
            Fault::Malformed,
        ),
        (
            "}",
            r#","oro":{"esri":"u-1","esrv":"xBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB","esrx":"20261301T000000","esk":1,"espa":[]}}"#,
            Fault::Malformed,
        ),
        (
            "}",
            r#","oro":{"esri":"u-1","esrv":"xBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB","esrx":3600000,"esk":1,"espa":[]}}"#,
            Fault::Malformed,
        ),
        (
            "}",
            r#","rro":{"esri":"u-1","esrv":"xBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB","esrx":"20261201T000000","esks":[1],"espa":[]}}"#,
            Fault::Malformed,
        ),
    ];
    for (old, new, expected) in changes {
        let header = good.replacen(old, new, 1);
        assert_ne!(header, good);
        assert_eq!(say(&header), expected, "{header}");
    }
    let whole = with_header(good);
    let parts: Vec<&str> = whole.split('.').collect();
    let wrong = [
        format!("{whole}."),
        format!("{whole}="),
        format!(" {whole}"),
        parts[..4].join("."),
        format!("{}.AAAA.{}.{}.{}", parts[0], parts[2], parts[3], parts[4]),
        format!("{}..{}.{}.{}", parts[0], "AAAA", parts[3], parts[4]),
        format!("{}..{}.{}.{}", parts[0], parts[2], "", parts[4]),
        format!("{}..{}.{}.{}", parts[0], parts[2], parts[3], "AAAA"),
        format!("{}..{}.{}.{}", parts[0], parts[2], "A+/A", parts[4]),
        format!("{}..{}.{}.{}", parts[0], parts[2], "AB", parts[4]),
        "A".repeat(MAX_OBJECT + 1),
        String::new(),
    ];
    for object in wrong {
        assert_eq!(fault(open(&mut receiver, &object)), Fault::Malformed, "{object:.200}");
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_without_harm(text in "[A-Za-z0-9_.-]{0,300}") {
        let mut receiver = receiver(8, &Flash::default());
        prop_assert!(open(&mut receiver, &text).is_err());
        prop_assert!(sender().open(&text, NOW).is_err());
    }

    /// The window agrees with a plain set of what was accepted.
    #[test]
    fn a_counter_is_accepted_once_and_only_within_the_window(
        size in 1_u8..=MAX_WINDOW,
        counters in prop::collection::vec(0_u64..300, 1..200),
    ) {
        let mut window = Snapshot::new(LATER);
        let mut accepted = BTreeSet::new();
        for counter in counters {
            let highest = accepted.last().copied();
            let fresh = highest.is_none_or(|highest| counter > highest)
                || (!accepted.contains(&counter)
                    && highest.unwrap_or(0) - counter < u64::from(size));
            let after = window.after(counter, size);
            prop_assert_eq!(after.is_some(), fresh);
            if let Some(after) = after {
                window = after;
                accepted.insert(counter);
            }
        }
    }
}

//! What attackers know: by hand, by sight, by opening, and in which order.

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Nonce};

use super::*;
use crate::ledger::tests::Story;

const METER: ActorId = ActorId(1);
const CSE: ActorId = ActorId(2);
const MALLORY: ActorId = ActorId(9);
const AIR: SourceId = SourceId(3);
const MEMORY: SourceId = SourceId(4);

/// A toy protocol over a real cipher: an observation is sealed under a key of 16 bytes, or it is not.
struct Sealed;

fn seal(key: &[u8; 16], text: &[u8]) -> Vec<u8> {
    let cipher = Aes128Gcm::new_from_slice(key).unwrap();
    cipher.encrypt(&Nonce::default(), text).unwrap()
}

impl Opener for Sealed {
    fn open(&self, key: Key<'_>, seen: &[Observation<'_>], found: &mut dyn FnMut(Opened)) {
        let Ok(cipher) = Aes128Gcm::new_from_slice(key.bytes) else { return };
        for (index, observation) in seen.iter().enumerate() {
            if let Ok(bytes) = cipher.decrypt(&Nonce::default(), observation.bytes) {
                found(Opened { index, is_key: false, bytes });
            }
        }
    }
}

const FIRST: &[u8; 16] = b"the first key...";
const SECOND: &[u8; 16] = b"the second key..";
const THIRD: &[u8; 16] = b"the third key...";

/// Three keys of the meter.
fn keys(story: &mut Story) -> [SecretId; 3] {
    [FIRST, SECOND, THIRD]
        .map(|key| story.engine(|facts| facts.create(SecretClass::LongTermKey, &[METER], key)))
}

#[test]
fn what_is_in_the_open_is_known_from_its_last_byte_on() {
    let mut story = Story::new();
    let [first, second, third] = keys(&mut story);
    story.mallory(|facts| facts.observe(AIR, b"....the fir"));
    // What is seen elsewhere in between does not disturb.
    story.mallory(|facts| facts.observe(MEMORY, b"noise dGhlIHNlY29uZCBrZXku"));
    story.mallory(|facts| facts.observe(AIR, b"st key... and more"));
    let cut = story.now;
    story.mallory(|facts| facts.observe(MEMORY, b"Lg=="));
    let knowledge = Knowledge::of(&story.facts(), &());
    assert!(knowledge.is_complete());
    let learned = knowledge.learned(MALLORY, first).unwrap();
    assert_eq!(learned, Learned { at: cut, how: How::Seen(AIR) });
    assert!(!knowledge.knows(MALLORY, first, Time(cut.0 - 1)));
    assert!(knowledge.knows(MALLORY, second, Time::NEVER));
    assert!(!knowledge.knows(MALLORY, third, Time::NEVER));
    assert_eq!(knowledge.learned(CSE, first), None);
}

#[test]
fn a_key_opens_what_was_seen_and_what_was_in_it_opens_more() {
    let mut story = Story::new();
    let [first, second, third] = keys(&mut story);
    story.mallory(|facts| facts.observe(AIR, &seal(SECOND, b"the third key... in the end")));
    let sealed = story.now;
    story
        .mallory(|facts| facts.observe(AIR, &seal(FIRST, b"key=746865207365636f6e64206b65792e2e")));
    story.mallory(|facts| facts.observe(AIR, &seal(THIRD, b"nothing of interest")));
    story.engine(|facts| facts.reveal(MALLORY, first));
    let revealed = story.now;
    let facts = story.facts();
    let knowledge = Knowledge::of(&facts, &Sealed);
    let how = |secret| knowledge.learned(MALLORY, secret).unwrap();
    assert_eq!(how(first), Learned { at: revealed, how: How::Revealed });
    assert_eq!(how(second), Learned { at: revealed, how: How::Opened(AIR, first) });
    assert_eq!(how(third), Learned { at: revealed, how: How::Opened(AIR, second) });
    // All of it goes back to the key that was revealed.
    let exposures = knowledge.exposures();
    assert_eq!(exposures.len(), 3);
    assert!(exposures.iter().all(|exposure| exposure.root == first));
    let second_opened = exposures.iter().find(|exposure| exposure.key == second).unwrap();
    assert_eq!((second_opened.at, second_opened.len), (sealed, 27));
    // Who cannot open does not know.
    let knowledge = Knowledge::of(&facts, &());
    assert_eq!(knowledge.iter().count(), 1);
    assert!(knowledge.exposures().is_empty());
}

#[test]
fn what_is_handed_in_counts_if_it_is_exact_and_about_its_holder() {
    let mut story = Story::new();
    let [first, second, _] = keys(&mut story);
    let pin = story.engine(|facts| facts.create(SecretClass::Password, &[METER], b"4711"));
    story.mallory(|facts| facts.exhibit(METER, FIRST));
    story.mallory(|facts| facts.exhibit(CSE, SECOND));
    story.mallory(|facts| facts.exhibit(METER, &SECOND[..15]));
    // A short secret is not known from having stood somewhere.
    story.mallory(|facts| facts.observe(AIR, b"4711"));
    let facts = story.facts();
    let knowledge = Knowledge::of(&facts, &());
    assert_eq!(knowledge.learned(MALLORY, first).map(|learned| learned.how), Some(How::Exhibited));
    assert_eq!(knowledge.learned(MALLORY, second), None);
    assert_eq!(knowledge.learned(MALLORY, pin), None);
}

#[test]
fn counting_through_short_secrets_leads_nowhere() {
    for (tries, is_known) in [(SHORT_EXHIBITS_MAX, true), (SHORT_EXHIBITS_MAX + 1, false)] {
        let mut story = Story::new();
        let pin = story.engine(|facts| facts.create(SecretClass::Password, &[METER], b"4711"));
        for wrong in 1..tries {
            // The same try again is no further try.
            for _ in 0..2 {
                story.mallory(|facts| facts.exhibit(METER, format!("{wrong:04}").as_bytes()));
            }
        }
        story.mallory(|facts| facts.exhibit(METER, b"4711"));
        let knowledge = Knowledge::of(&story.facts(), &());
        assert_eq!(knowledge.knows(MALLORY, pin, Time::NEVER), is_known, "{tries}");
    }
}

#[test]
fn nobody_knows_what_does_not_exist_yet() {
    let mut story = Story::new();
    story.mallory(|facts| facts.observe(AIR, FIRST));
    let [first, ..] = keys(&mut story);
    let facts = story.facts();
    let (_, created, _) = facts.secret(first).unwrap();
    let knowledge = Knowledge::of(&facts, &());
    assert_eq!(knowledge.learned(MALLORY, first).map(|learned| learned.at), Some(created));
}

#[test]
fn observations_without_room_leave_knowledge_incomplete() {
    let mut story = Story::new();
    keys(&mut story);
    story.mallory(|facts| facts.observe(AIR, &vec![0; super::super::OBSERVED_BYTES_MAX]));
    story.mallory(|facts| facts.observe(AIR, FIRST));
    let knowledge = Knowledge::of(&story.facts(), &());
    assert!(!knowledge.is_complete());
    assert_eq!(knowledge.iter().count(), 0);
}

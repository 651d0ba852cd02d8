//! End-to-end protected primitives: both ends, and somebody between them who alters, repeats and reflects.

use jiff::civil::{DateTime, date};

use super::{Oracle, Tape, Trail, Verdict, check, text};
use crate::credential::hierarchy::PairwiseKey;
use crate::credential::{Choices, KeyBytes};
use crate::onem2m::esprim::{
    KeyId, OriginatorRand, Pairwise, RandId, Receiver, ReceiverRand, Sender, SessionId, Snapshot,
    Unsaved, WindowStore,
};

/// Bytes of a step.
pub(in crate::fuzzing) const STEP: usize = 4;
const STEPS_MAX: usize = 48;
const OBJECTS_MAX: usize = 16;
const WINDOW: u8 = 32;
const NOW: DateTime = date(2026, 11, 23).at(12, 0, 0, 0);
const LATER: DateTime = date(2026, 12, 1).at(0, 0, 0, 0);
const WHO: &str = "/id-mn/C1";

/// Flash that always works.
struct Flash;

impl WindowStore for Flash {
    fn save(&mut self, _: &SessionId, _: Snapshot) -> Result<(), Unsaved> {
        Ok(())
    }
}

fn pairwise() -> PairwiseKey {
    PairwiseKey::new(KeyBytes::new([0x22; 32]))
}

fn receiver_rand() -> ReceiverRand {
    ReceiverRand::new(RandId::new(true, 7), [0xaa; 16], LATER)
}

fn ends() -> Option<(Sender, Receiver<Flash>)> {
    let id = KeyId::parse("key1@maf.example")?;
    let originator = OriginatorRand::new(RandId::new(false, 1), [0xbb; 16], LATER);
    let choices = Choices::default();
    let sender =
        Sender::establish(id.clone(), &pairwise(), &receiver_rand(), originator, NOW, &choices);
    let mut receiver = Receiver::new(WINDOW, choices, Flash);
    receiver.add_key(id, Pairwise { key: pairwise(), identity: WHO.into(), expiry: LATER });
    receiver.issue(receiver_rand(), NOW);
    Some((sender.ok()?, receiver))
}

/// From is what stands before the first blank.
fn from(inner: &[u8]) -> Option<String> {
    text(inner).split_once(' ').map(|(from, _)| from.to_owned())
}

struct World {
    sender: Sender,
    receiver: Receiver<Flash>,
    /// What was sealed, with its inner primitive, and whether it was opened.
    objects: Vec<(String, Vec<u8>, bool)>,
    /// Responses on their way.
    answers: Vec<(String, Vec<u8>, bool)>,
}

/// Any text as an object, or, if the first byte is odd, a sequence of steps.
pub(in crate::fuzzing) fn run(input: &[u8], trail: &mut Trail) -> Verdict {
    let Some((sender, receiver)) = ends() else { return Ok(()) };
    let mut world = World { sender, receiver, objects: Vec::new(), answers: Vec::new() };
    let mut tape = Tape::new(input);
    if !tape.flag() {
        return world.foreign(text(tape.rest()), trail);
    }
    for _ in 0..STEPS_MAX {
        if tape.is_empty() {
            break;
        }
        world.step([tape.byte(), tape.byte(), tape.byte(), tape.byte()], trail)?;
    }
    Ok(())
}

impl World {
    /// An object that nobody sealed.
    fn foreign(&mut self, object: &str, trail: &mut Trail) -> Verdict {
        let opened = self.receiver.open(object, NOW, from);
        trail.said("foreign", &opened.as_ref().err());
        let answered = self.sender.open(object, NOW);
        trail.said("foreign answer", &answered.as_ref().err());
        check(opened.is_err() && answered.is_err(), Oracle::Authenticity, "foreign object", || {
            format!("{object} was opened")
        })
    }

    fn step(&mut self, [what, a, b, c]: [u8; STEP], trail: &mut Trail) -> Verdict {
        match what % 6 {
            0 if self.objects.len() < OBJECTS_MAX => {
                let who = if a == 0xff { "/id-mn/C2" } else { WHO };
                let inner = format!("{who} {b} {}", self.objects.len()).into_bytes();
                if let Ok(object) = self.sender.seal(&inner, NOW) {
                    self.objects.push((object, inner, a == 0xff));
                }
                Ok(())
            }
            1 => self.request(usize::from(a), None, trail),
            2 => self.request(usize::from(a), Some([b, c]), trail),
            3 => self.answer(usize::from(a), None, trail),
            4 => self.answer(usize::from(a), Some([b, c]), trail),
            5 => {
                // Reflected to the end that it comes from.
                let Some((object, ..)) = self.objects.first() else { return Ok(()) };
                let reflected = self.sender.open(object, NOW);
                check(reflected.is_err(), Oracle::Authenticity, "reflected", || object.clone())
            }
            _ => Ok(()),
        }
    }

    fn request(&mut self, at: usize, change: Option<[u8; 2]>, trail: &mut Trail) -> Verdict {
        let Some(at) = at.checked_rem(self.objects.len()) else { return Ok(()) };
        let (object, inner, is_spent) = &mut self.objects[at];
        let shown = change.map_or_else(|| object.clone(), |change| altered(object, change));
        let is_same = shown == *object;
        let opened = self.receiver.open(&shown, NOW, from);
        trail.said("opened", &opened.as_ref().err());
        let Ok(opened) = opened else { return Ok(()) };
        trail.accept("opened");
        check(
            is_same && !*is_spent && opened.inner == *inner,
            Oracle::Authenticity,
            "opened",
            || format!("same: {is_same}, opened or another's before: {is_spent}: {shown}"),
        )?;
        *is_spent = true;
        let answer = [b"answer ", &inner[..]].concat();
        if let Ok(sealed) = self.receiver.seal(opened.exchange, &answer, None) {
            self.answers.push((sealed, answer, false));
        }
        Ok(())
    }

    fn answer(&mut self, at: usize, change: Option<[u8; 2]>, trail: &mut Trail) -> Verdict {
        let Some(at) = at.checked_rem(self.answers.len()) else { return Ok(()) };
        let (object, inner, is_spent) = &mut self.answers[at];
        let shown = change.map_or_else(|| object.clone(), |change| altered(object, change));
        let is_same = shown == *object;
        let opened = self.sender.open(&shown, NOW);
        trail.said("answered", &opened.as_ref().err());
        let Ok(opened) = opened else { return Ok(()) };
        trail.accept("answered");
        check(
            is_same && !*is_spent && opened.inner == *inner,
            Oracle::Authenticity,
            "answer",
            || format!("same: {is_same}, opened before: {is_spent}: {shown}"),
        )?;
        *is_spent = true;
        Ok(())
    }
}

/// One character more, less, or another one.
fn altered(object: &str, [at, how]: [u8; 2]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = object.as_bytes().to_vec();
    // From either end: the last characters are where encodings are ambiguous.
    let place =
        if at & 0x80 == 0 { usize::from(at) * 7 } else { bytes.len() - 1 - usize::from(at & 0x7f) };
    let place = place.min(bytes.len() - 1);
    let letter = ALPHABET[usize::from(how & 63)];
    match how >> 6 {
        0 | 1 => bytes[place] = letter,
        2 => bytes.insert(place, letter),
        _ => drop(bytes.remove(place)),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(in crate::fuzzing) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        vec![1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0],
        vec![1, 0, 0, 1, 0, 0, 0, 2, 0, 1, 1, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0],
        vec![1, 0, 0, 1, 0, 2, 0, 0x80, 3, 4, 0, 3, 3, 0, 0xff, 0, 0, 1, 1, 0, 0],
    ];
    if let Some((mut sender, _)) = ends() {
        let foreign = sender.seal(b"x y", NOW).unwrap_or_default();
        seeds.push([b"\0", foreign.replace("A", "B").as_bytes()].concat());
    }
    seeds
}

//! Our CoAP against `coap-lite`: seeds and their mutations are read alike.

#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "../fuzz/src/coap_peer.rs"]
#[allow(unreachable_pub, reason = "a room of the fuzz crate")]
mod coap_peer;

use coap_peer::{STRICTER, compare};
use keystorm::fuzzing::{Mutator, find};
use keystorm::wire::coap::{MAX_MESSAGE, MAX_OPTION_VALUE, MAX_OPTIONS, Malformed, Message};

/// Mutations of a committed test.
const MUTATIONS: usize = 50_000;

/// What both read of these, in messages.
fn both_read(messages: impl IntoIterator<Item = Vec<u8>>) -> usize {
    let read = |bytes: Vec<u8>| compare(&bytes).unwrap_or_else(|how| panic!("{bytes:02x?}: {how}"));
    messages.into_iter().map(read).filter(|both| *both).count()
}

/// Seeds of the fuzz target without the byte that names a profile.
fn seeds() -> Vec<Vec<u8>> {
    (find("coap").unwrap().seeds)().into_iter().map(|seed| seed[1..].to_vec()).collect()
}

#[test]
fn seeds_are_read_alike_and_mostly_by_both() {
    let seeds = seeds();
    let count = seeds.len();
    assert!(both_read(seeds) * 4 > count * 3);
}

#[test]
fn mutations_are_read_alike() {
    let target = find("coap").unwrap();
    let mut mutator = Mutator::new(1);
    let mut pool = seeds();
    let mut both = 0;
    for _ in 0..MUTATIONS {
        let (at, other) = (mutator.below(pool.len()), mutator.below(pool.len()));
        let (mut input, other) = (pool[at].clone(), pool[other].clone());
        mutator.change(&target, &mut input, &other);
        let read = both_read([input.clone()]);
        both += read;
        // Messages that both read are what further mutations begin with.
        if read == 1 && pool.len() < 4_096 {
            pool.push(input);
        }
    }
    assert!((MUTATIONS / 10..MUTATIONS * 9 / 10).contains(&both), "{both} of {MUTATIONS}");
}

/// A message that breaks one rule only.
fn breach(reason: Malformed) -> Vec<u8> {
    let get = [0x40, 1, 0, 1];
    let with = |more: &[u8]| [&get[..], more].concat();
    match reason {
        Malformed::TooLong => with(&[&[0xff], &[7; MAX_MESSAGE][..]].concat()),
        Malformed::Version => vec![0x80, 1, 0, 1],
        Malformed::ReservedCode => vec![0x40, 0x20, 0, 1],
        Malformed::EmptyWithContent => vec![0x41, 0, 0, 1, 9],
        Malformed::EmptyNonConfirmable => vec![0x50, 0, 0, 1],
        Malformed::ResetWithContent => vec![0x70, 1, 0, 1],
        Malformed::AcknowledgedRequest => vec![0x60, 1, 0, 1],
        Malformed::OptionTooLong => {
            let len = u16::try_from(MAX_OPTION_VALUE + 1 - 269).unwrap().to_be_bytes();
            with(&[&[0xbe], &len[..], &[b'x'; MAX_OPTION_VALUE + 1]].concat())
        }
        Malformed::TooManyOptions => with(&[0x10; MAX_OPTIONS + 1]),
        _ => with(&[0xff]),
    }
}

#[test]
fn each_exemption_is_one_that_the_other_parser_needs() {
    for reason in STRICTER {
        let bytes = breach(reason);
        assert_eq!(Message::parse(&bytes), Err(reason), "{bytes:02x?}");
        assert!(coap_lite::Packet::from_bytes(&bytes).is_ok(), "{reason:?} needs no exemption");
    }
}

//! Our associations against the bare cryptography that they cannot do without.
//!
//! `cargo bench --bench handshake`. Each comparison closes with `ratio NAME VALUE`: our time divided
//! by the floor's, the median over batches that ran in turn.

#![allow(unreachable_pub, clippy::print_stdout, reason = "a bench prints its results")]

mod support;

use keystorm::association::KeyExchange;
use support::floor::{Direction, Floor};
use support::measure::compare;
use support::pair::{End, World};

/// Bytes of the record that the tables of costs are about.
const RECORD: usize = 64;
/// What DTLS 1.3 adds to it: two bytes of header, the type, the tag (RFC 9147 section 4).
const OVERHEAD: usize = 2 + 1 + 16;
/// Key updates of one association before a fresh one is made: epochs are a limited supply.
const UPDATES: u32 = 10_000;

fn main() {
    handshake("handshake_psk_ke", KeyExchange::Psk, &Floor::psk_ke());
    handshake("handshake_psk_dhe_ke", KeyExchange::PskDhe, &Floor::psk_dhe_ke());
    record();
    key_update();
}

/// A full handshake, both ends.
fn handshake(name: &str, key_exchange: KeyExchange, floor: &Floor) {
    let mut world = World::new(key_exchange);
    drop(world.handshake());
    assert_eq!(world.bytes, floor.datagram_bytes(), "the floor is that of another handshake");
    compare(name, || world.handshake(), || floor.handshake());
}

/// A record of application data each way.
fn record() {
    let mut world = World::new(KeyExchange::Psk);
    let mut pair = world.handshake();
    let floor = Direction::new();
    let data = [0x2f; RECORD];
    let ours = || {
        world.record(&mut pair, End::Server, &data);
        world.record(&mut pair, End::Client, &data);
    };
    let other = || {
        floor.record::<{ RECORD + OVERHEAD }>();
        floor.record::<{ RECORD + OVERHEAD }>();
    };
    compare("records_64_bytes", ours, other);
}

/// A key update of one direction with its acknowledgement.
fn key_update() {
    let mut world = World::new(KeyExchange::Psk);
    let mut pair = world.handshake();
    let mut updates = 0;
    let ours = || {
        updates += 1;
        if updates % UPDATES == 0 {
            pair = world.handshake();
        }
        world.key_update(&mut pair);
    };
    let mut floor = Direction::new();
    compare("key_update", ours, || floor.key_update());
}

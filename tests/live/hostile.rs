//! What strangers may try with a server, in either version: each attempt is refused under a name and counted,
//! and the association of somebody else goes on.

use std::net::SocketAddr;

use keystorm::association::{Config, Profile, Suite12};
use keystorm::live::{Application, Client, HALF_OPEN_MAX, Keys, Psk, Randomness, Server};
use keystorm::sim::time::Time;

use super::{KEY, keys, rejected};

const FRIEND: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);
const STRANGER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 2);
const NOW: Time = Time::ZERO;

const PROFILES: [Profile; 3] = [
    Profile::Dtls13,
    Profile::Dtls12 { suite: Suite12::PskAes128Ccm8 },
    Profile::Dtls12 { suite: Suite12::PskAes128Gcm },
];

fn config(profile: Profile) -> Config {
    Config { profile, ..Config::default() }
}

fn server(profile: Profile) -> Server {
    let rng = Randomness::Seeded(1).generator("server", 0).unwrap();
    Server::new(config(profile), keys("me", KEY), Application::Echo, rng)
}

fn client(profile: Profile, number: u32, identity: &str, hex: &str) -> Client {
    let rng = Randomness::Seeded(1).generator("client", number).unwrap();
    let keys = Keys::one(identity, Psk::from_hex(hex).unwrap());
    Client::connect(config(profile), identity, keys, rng, NOW).unwrap()
}

fn only(mut datagrams: Vec<Vec<u8>>) -> Vec<u8> {
    assert_eq!(datagrams.len(), 1);
    datagrams.remove(0)
}

/// A server, and somebody who has an association with it.
struct Room {
    server: Server,
    friend: Client,
}

impl Room {
    fn new(profile: Profile) -> Self {
        let mut room = Self { server: server(profile), friend: client(profile, 0, "me", KEY) };
        shuttle(&mut room.server, &mut room.friend, FRIEND);
        assert!(room.friend.is_established());
        room
    }

    fn hears(&mut self, from: SocketAddr, datagram: &[u8]) -> Vec<(SocketAddr, Vec<u8>)> {
        self.server.receive(NOW, from, datagram);
        self.server.take_datagrams()
    }

    /// The friend's association goes on, and nothing else is kept.
    #[track_caller]
    fn is_undisturbed(&mut self) {
        self.friend.send(NOW, b"still there?").unwrap();
        shuttle(&mut self.server, &mut self.friend, FRIEND);
        assert_eq!(self.friend.take_data().as_deref(), Some(&b"still there?"[..]));
        assert!(self.friend.rejected().is_empty(), "{:?}", self.friend.rejected());
    }

    #[track_caller]
    fn has_refused(&self, reason: &str, times: u64) {
        assert_eq!(rejected(&self.server, reason), times, "{:?}", self.server.counts());
        assert_eq!(self.server.counts().rejected.values().sum::<u64>(), times);
    }
}

/// Datagrams go to and fro until nobody has more to say.
fn shuttle(server: &mut Server, client: &mut Client, at: SocketAddr) {
    loop {
        let datagrams = client.take_datagrams();
        if datagrams.is_empty() {
            return;
        }
        for datagram in datagrams {
            server.receive(NOW, at, &datagram);
        }
        for (to, datagram) in server.take_datagrams() {
            assert_eq!(to, at);
            client.receive(NOW, &datagram);
        }
    }
}

#[test]
fn a_wrong_key_and_an_unknown_identity() {
    for profile in PROFILES {
        // DTLS 1.2 has no binder: only the Finished shows the key (RFC 4279 section 2).
        let wrong_key = if profile == Profile::Dtls13 { "bad_binder" } else { "bad_record" };
        for (identity, key, reason) in
            [("me", "00", wrong_key), ("nobody", KEY, "unknown_identity")]
        {
            let mut room = Room::new(profile);
            let mut stranger = client(profile, 1, identity, key);
            shuttle(&mut room.server, &mut stranger, STRANGER);
            room.has_refused(reason, 1);
            assert!(!stranger.is_established());
            assert_eq!(room.server.counts().established, 1);
            room.is_undisturbed();
        }
    }
}

#[test]
fn a_hello_of_the_other_version() {
    for (ours, theirs) in [(PROFILES[0], PROFILES[1]), (PROFILES[1], PROFILES[0])] {
        for from in [STRANGER, FRIEND] {
            let mut room = Room::new(ours);
            let hello = only(client(theirs, 1, "me", KEY).take_datagrams());
            assert!(room.hears(from, &hello).is_empty());
            room.has_refused("wrong_version", 1);
            assert_eq!((room.server.peers(), room.server.half_open()), (1, 0));
            room.is_undisturbed();
        }
    }
}

#[test]
fn another_suite_of_the_same_version() {
    let mut room = Room::new(PROFILES[1]);
    let hello = only(client(PROFILES[2], 1, "me", KEY).take_datagrams());
    assert!(room.hears(STRANGER, &hello).is_empty());
    room.has_refused("wrong_suite", 1);
    room.is_undisturbed();
}

#[test]
fn every_beginning_of_a_record() {
    for profile in PROFILES {
        let mut room = Room::new(profile);
        room.friend.send(NOW, b"cut").unwrap();
        let record = only(room.friend.take_datagrams());
        for len in 0..record.len() {
            assert!(room.hears(FRIEND, &record[..len]).is_empty(), "{profile:?} {len}");
        }
        let cut = room.server.counts().rejected.values().sum::<u64>();
        assert_eq!(cut, record.len() as u64, "{:?}", room.server.counts());
        // Its number is not used up.
        assert_eq!(room.hears(FRIEND, &record).len(), 1);
        room.hears(FRIEND, &record);
        assert_eq!(rejected(&room.server, "replayed"), 1);
    }
}

#[test]
fn every_beginning_of_a_hello_from_a_stranger() {
    for profile in PROFILES {
        let mut room = Room::new(profile);
        let hello = only(client(profile, 1, "me", KEY).take_datagrams());
        for len in 0..hello.len() {
            assert!(room.hears(STRANGER, &hello[..len]).is_empty(), "{profile:?} {len}");
        }
        let cut = room.server.counts().rejected.values().sum::<u64>();
        assert_eq!(cut, hello.len() as u64, "{:?}", room.server.counts());
        assert_eq!(room.server.peers(), 1);
        room.is_undisturbed();
    }
}

#[test]
fn records_of_another_association() {
    for profile in PROFILES {
        let (mut room, mut other) = (Room::new(profile), Room::new(profile));
        // The same seed makes the same keys: another friend.
        let mut stranger = client(profile, 9, "me", KEY);
        shuttle(&mut other.server, &mut stranger, STRANGER);
        stranger.send(NOW, b"foreign").unwrap();
        let record = only(stranger.take_datagrams());
        assert!(room.hears(FRIEND, &record).is_empty());
        room.has_refused("bad_record", 1);
        assert!(room.hears(STRANGER, &record).is_empty());
        assert_eq!(rejected(&room.server, "no_association"), 1);
        room.is_undisturbed();
    }
}

#[test]
fn a_second_hello_in_mid_handshake_begins_again_and_the_first_handshake_is_over() {
    for profile in PROFILES {
        let mut room = Room::new(profile);
        let (mut first, mut second) =
            (client(profile, 1, "me", KEY), client(profile, 2, "me", KEY));
        for (_, answer) in room.hears(STRANGER, &only(first.take_datagrams())) {
            first.receive(NOW, &answer);
        }
        let finished = first.take_datagrams();
        let answers = room.hears(STRANGER, &only(second.take_datagrams()));
        assert_eq!(room.server.counts().failed.get("replaced"), Some(&1));
        assert!(finished.iter().all(|datagram| room.hears(STRANGER, datagram).is_empty()));
        assert!(room.server.counts().rejected.values().sum::<u64>() > 0);
        for (_, answer) in answers {
            second.receive(NOW, &answer);
        }
        shuttle(&mut room.server, &mut second, STRANGER);
        assert!(second.is_established(), "{profile:?}");
        assert_eq!((room.server.half_open(), room.server.counts().established), (0, 2));
        room.is_undisturbed();
    }
}

#[test]
fn a_second_hello_without_the_key_does_not_end_a_handshake_of_dtls_1_3() {
    let mut room = Room::new(Profile::Dtls13);
    let mut first = client(Profile::Dtls13, 1, "me", KEY);
    for (_, answer) in room.hears(STRANGER, &only(first.take_datagrams())) {
        first.receive(NOW, &answer);
    }
    let forged = only(client(Profile::Dtls13, 2, "me", "00").take_datagrams());
    assert!(room.hears(STRANGER, &forged).is_empty());
    room.has_refused("bad_binder", 1);
    shuttle(&mut room.server, &mut first, STRANGER);
    assert!(first.is_established());
    room.is_undisturbed();
}

#[test]
fn ten_thousand_half_open_handshakes_are_counted_exactly_and_go_in_the_end() {
    for profile in PROFILES {
        let mut room = Room::new(profile);
        let hello = only(client(profile, 1, "me", KEY).take_datagrams());
        for number in 0..10_000_u32 {
            let address = std::net::Ipv4Addr::from(0x7f01_0000 + number);
            room.hears(SocketAddr::from((address, 5684)), &hello);
        }
        assert_eq!(room.server.half_open(), HALF_OPEN_MAX);
        assert_eq!(room.server.peers(), HALF_OPEN_MAX + 1);
        room.has_refused("half_open_limit", 10_000 - HALF_OPEN_MAX as u64);
        room.is_undisturbed();
        while let Some(due) = room.server.next_timeout() {
            room.server.timeout(due);
            room.server.take_datagrams();
        }
        assert_eq!((room.server.half_open(), room.server.peers()), (0, 1), "{profile:?}");
        let failed = room.server.counts().failed.get("unanswered");
        assert_eq!(failed, Some(&(HALF_OPEN_MAX as u64)));
        room.is_undisturbed();
    }
}

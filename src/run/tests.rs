//! Worlds in which something is wrong from the start, and what nodes have in flash and memory at the end.

use super::Outcome;
use super::build::World;
use super::execute::{Listening, run};
use super::metrics::lookup;
use crate::association::{Association, Config, Env, Offer, Operations, Output};
use crate::credential::lifetime::Validity;
use crate::credential::store::{Entry, HandshakeKeys, KeyName, Store, Work};
use crate::credential::{KeyBytes, Level};
use crate::measure::ByteClass;
use crate::node::{Event, Layout, NodeId, NodeSite, Packet};
use crate::scenario::{Plan, Source, load};
use crate::sim::time::{Duration, Time};
use crate::sim::{Origin, Seed};

fn plan(fleet: &str, security: &str) -> Plan {
    let text = format!(
        "[scenario]\nduration = \"3min\"\n[link.access]\nlatency = \"20ms\"\n\
         [class.node]\npreset = \"m4_64mhz_asm\"\n[class.server]\npreset = \"x86_core\"\n\
         [cse.in]\nclass = \"server\"\n[maf.auth]\nclass = \"server\"\nlink = \"access\"\n\
         [fleet.meters]\ncount = 5\nclass = \"node\"\nlink = \"access\"\nregistrar = \"in\"\n{fleet}\n\
         telemetry = {{ interval = \"20s\", size = \"16B\" }}\n[security]\n{security}\n"
    );
    let loaded = load(&Source::new("world.toml", text), &[], None);
    loaded.unwrap_or_else(|refused| panic!("{}", refused.render(false))).plan
}

fn play(plan: Plan, prepare: impl FnOnce(&Layout, &mut [NodeSite])) -> (Outcome, Vec<NodeSite>) {
    let world = World::build_with(&plan, prepare);
    run(world, plan, 1, &Listening::default(), &|_| true)
}

/// Puts a datagram onto the way from `meters-1` to the CSE.
fn forge(world: &mut World, at: Time, bytes: Vec<u8>) {
    let (from, to, class) = (NodeId(2), NodeId(0), ByteClass::Handshake);
    let packet = Packet { from, to, address: 0, class, bytes };
    let key = Origin::new(u32::MAX - 1).key(at);
    world.engine.schedule(key, 0, 0, Event::Arrive(packet));
}

/// A ClientHello under the identity of `meters-1`, by someone who does not have its key.
fn foreign_hello(config: &Config) -> Vec<u8> {
    let mut store = Store::default();
    let name = KeyName::new("meters-1").unwrap();
    let entry = Entry { name, level: Level::Kpsa, validity: Validity::ALWAYS };
    store.keys_mut().write(entry, KeyBytes::new([9; 32]), &mut Work::default()).unwrap();
    let keys = HandshakeKeys::new(store.keys(), Time::ZERO);
    let streams = Seed(9).streams("somebody else");
    let mut cursor = 0;
    let mut rng = streams.draws(0, 0, &mut cursor);
    let (mut operations, mut out) = (Operations::default(), Vec::new());
    let mut env = Env {
        now: Time::ZERO,
        rng: &mut rng,
        keys: &keys,
        operations: &mut operations,
        out: &mut out,
        key_log: None,
    };
    Association::connect(config, Offer::Psk(b"meters-1"), &mut env).unwrap();
    match out.swap_remove(0) {
        Output::Datagram { bytes, .. } => bytes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_strange_client_hello_disturbs_nothing_that_is_established() {
    for profile in ["dtls13", "dtls12_ccm8"] {
        let plan = plan("start.at = \"1s\"", &format!("profile = \"{profile}\""));
        let hello = foreign_hello(&plan.security.association);
        let mut world = World::build(&plan);
        // With the association in use, and in DTLS 1.3, where a ClientHello is proven, amid the handshake.
        for millis in [1_030, 60_000, 60_001, 90_000] {
            if profile == "dtls13" || millis > 2_000 {
                forge(&mut world, Time::ZERO + Duration::from_millis(millis), hello.clone());
            }
        }
        let (outcome, _) = run(world, plan, 1, &Listening::default(), &|_| true);
        assert_eq!(figure(&outcome, "association.established"), 5.0, "{profile}");
        assert_eq!(figure(&outcome, "association.failed"), 0.0, "{profile}");
        assert_eq!(figure(&outcome, "message.rejected.unanswered"), 0.0, "{profile}");
        let delivered = figure(&outcome, "message.delivered");
        assert!(delivered >= figure(&outcome, "message.sent") - 5.0, "{profile}: {delivered}");
        if profile == "dtls13" {
            assert_eq!(figure(&outcome, "message.rejected.bad_binder"), 4.0);
        }
    }
}

fn figure(outcome: &Outcome, name: &str) -> f64 {
    lookup(&outcome.metrics, name).unwrap_or(0.0)
}

/// Gives `node` another key under `name`, or one with another life.
fn put(
    layout: &Layout,
    sites: &mut [NodeSite],
    node: &str,
    (name, level, validity): (&str, Level, Validity),
    key: u8,
) {
    let place = layout.place(layout.named(node).unwrap());
    let keyring = sites[place.site as usize].keyring_mut(place.local).unwrap();
    let entry = Entry { name: KeyName::new(name).unwrap(), level, validity };
    keyring.provision(entry, KeyBytes::new([key; 32])).unwrap();
}

#[test]
fn a_wrong_key_makes_no_association_and_harms_nobody_else() {
    let (outcome, _) = play(plan("", ""), |layout, sites| {
        let entry = ("meters-3", Level::Kpsa, Validity::ALWAYS);
        put(layout, sites, "meters-3", entry, 7);
    });
    assert_eq!(figure(&outcome, "association.established"), 4.0);
    assert_eq!(figure(&outcome, "association.failed.unanswered"), 1.0);
    assert!(figure(&outcome, "message.rejected.bad_binder") >= 1.0);
}

#[test]
fn a_wrong_km_is_refused_by_the_maf() {
    let (outcome, _) = play(plan("", "enrolment = \"maf\""), |layout, sites| {
        let entry = ("meters-3@maf-0.example", Level::Km, Validity::ALWAYS);
        put(layout, sites, "meters-3", entry, 7);
    });
    assert_eq!(figure(&outcome, "enrolment.completed"), 4.0);
    assert_eq!(figure(&outcome, "enrolment.failed.function_unreachable"), 1.0);
}

#[test]
fn a_key_that_expired_at_the_server_is_refused_by_name() {
    let expired = Validity { not_before: Time::ZERO, not_after: Time(1) };
    for (server, name, level, security) in [
        ("in-0", "meters-3", Level::Kpsa, ""),
        ("in-0", "meters-3", Level::Kpsa, "profile = \"dtls12_ccm8\""),
        ("auth-0", "meters-3@maf-0.example", Level::Km, "enrolment = \"maf\""),
    ] {
        let (outcome, _) = play(plan("start.at = \"1s\"", security), |layout, sites| {
            put(layout, sites, server, (name, level, expired), 7);
        });
        assert!(figure(&outcome, "message.rejected.key_expired") >= 1.0, "{server} {security}");
        assert_eq!(figure(&outcome, "message.rejected.unknown_identity"), 0.0);
        let others = if security.contains("maf") { 9.0 } else { 4.0 };
        assert_eq!(figure(&outcome, "association.established"), others, "{server} {security}");
    }
}

#[test]
fn an_expired_kc_is_refused_by_the_cse_and_its_device_goes_back_to_the_maf() {
    // The device has a Kc that the CSE knows to be over; after three failures it asks for another.
    let security = "enrolment = \"maf\"\nretry = \"1s\"\n[security.timer]\nretransmissions = 1";
    let name = "000102030405060708090A0B0C0D0E0F@maf-0.example";
    let (outcome, _) = play(plan("", security), |layout, sites| {
        let over = Validity { not_before: Time::ZERO, not_after: Time(1) };
        put(layout, sites, "in-0", (name, Level::Kc, over), 7);
        put(layout, sites, "meters-3", (name, Level::Kc, Validity::ALWAYS), 7);
        let place = layout.place(layout.named("meters-3").unwrap());
        sites[place.site as usize].use_key(place.local, name);
    });
    assert_eq!(figure(&outcome, "message.rejected.key_expired"), 3.0 * 2.0);
    assert_eq!(figure(&outcome, "association.failed.unanswered"), 3.0);
    assert_eq!(figure(&outcome, "enrolment.completed"), 5.0);
    assert_eq!(figure(&outcome, "association.established"), 11.0);
}

#[test]
fn an_identity_that_nobody_issued_is_refused_by_maf_and_cse() {
    let security = "enrolment = \"maf\"";
    for (host, reason) in
        [("maf-0.example", "maf_unknown_key"), ("maf-9.example", "unknown_identity")]
    {
        let name = format!("000102030405060708090A0B0C0D0E0F@{host}");
        let (outcome, _) = play(plan("", security), |layout, sites| {
            put(layout, sites, "meters-3", (&name, Level::Kc, Validity::ALWAYS), 7);
            let place = layout.place(layout.named("meters-3").unwrap());
            sites[place.site as usize].use_key(place.local, &name);
        });
        assert!(figure(&outcome, &format!("message.rejected.{reason}")) >= 1.0, "{reason}");
        assert_eq!(figure(&outcome, "enrolment.completed"), 4.0);
    }
}

#[test]
fn who_speaks_under_another_name_is_refused_by_its_registrar() {
    let both = Validity::ALWAYS;
    let (outcome, _) =
        play(plan("registration = \"registered\"", "enrolment = \"maf\""), |layout, sites| {
            // `meters-3` got hold of a key of `meters-0`, and still says that it is itself.
            for node in ["in-0", "meters-3"] {
                put(layout, sites, node, ("meters-0", Level::Kpsa, both), 7);
            }
            let place = layout.place(layout.named("meters-3").unwrap());
            sites[place.site as usize].use_key(place.local, "meters-0");
        });
    assert_eq!(figure(&outcome, "onem2m.registered"), 4.0);
    assert!(figure(&outcome, "onem2m.refused.4103") > 5.0);
    // Nothing of it reaches a container: it never gets as far as a report.
    assert_eq!(outcome.recorder.counters.refused.len(), 1);
    assert!(figure(&outcome, "message.delivered") > 4.0 * 7.0);
    assert!(figure(&outcome, "message.sent") <= 4.0 * 9.0);
}

fn contains(image: &[u8], bytes: &[u8]) -> bool {
    image.windows(bytes.len()).any(|window| window == bytes)
}

/// Whether two images have 16 bytes in common that are no text and not all alike.
fn share_a_key(a: &[u8], b: &[u8]) -> bool {
    let is_key =
        |w: &&[u8]| w.iter().collect::<std::collections::BTreeSet<_>>().len() > 10 && !w.is_ascii();
    a.windows(16).filter(is_key).any(|window| contains(b, window))
}

#[test]
fn keys_are_found_where_they_lie_open_and_nowhere_else() {
    for (store, in_flash, in_memory) in
        [("flash", true, true), ("sealed", false, false), ("hsm", false, false)]
    {
        let mut key = Vec::new();
        let mut layout = None;
        let plan = plan(&format!("store = \"{store}\""), "");
        let (outcome, sites) = play(plan, |map, sites| {
            // The server's plain flash has the same key: from there we know it.
            let place = map.place(map.named("in-0").unwrap());
            let flash = sites[place.site as usize].storage_image(place.local).unwrap();
            let at = flash.windows(8).position(|window| window == b"meters-3").unwrap() + 8;
            key = flash[at..at + 32].to_vec();
            layout = Some(map.places.clone());
        });
        assert_eq!(figure(&outcome, "association.established"), 5.0, "{store}");
        let places = layout.unwrap();
        let of = |index: usize| {
            let place = places[index];
            let site = &sites[place.site as usize];
            (site.storage_image(place.local).unwrap(), site.memory_image(place.local).unwrap())
        };
        let (server, device) = (of(0), of(4));
        assert_eq!(contains(&device.0, &key), in_flash, "{store}: flash");
        assert_eq!(contains(&device.1, &key), in_memory, "{store}: memory between two uses");
        // Both ends have the traffic keys of their association in memory, wherever the PSK lies.
        assert!(share_a_key(&device.1, &server.1), "{store}: traffic keys");
        // And with what is in memory, a sealed file opens.
        assert_eq!(opens(&device.0, &device.1, &key), store == "sealed", "{store}");
    }
}

/// Whether a sealed file opens with 32 bytes that lie in memory, and yields the key.
fn opens(storage: &[u8], memory: &[u8], key: &[u8]) -> bool {
    use crate::credential::store::{Readable, SealedFile};
    memory.windows(32).any(|window| {
        let Ok(mut file) = SealedFile::load(storage) else { return false };
        let window = KeyBytes::from_slice(window).unwrap();
        file.unlock_with(window).is_ok()
            && file.read(b"meters-3").is_ok_and(|found| found.expose() == key)
    })
}

//! Long-term keys in simulated nodes: where they live, what that costs, and what an assurance level sets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use keystorm::run::{Outcome, execute, lookup};
use keystorm::scenario::{Source, load};

/// Forty devices at one CSE, each with a report now and then.
fn scenario(fleet: &str, cse: &str, security: &str) -> Source {
    let text = format!(
        "[scenario]\nduration = \"4min\"\n\
         [link.access]\nlatency = \"20ms\"\n\
         [class.node]\npreset = \"m4_64mhz_asm\"\n[class.server]\npreset = \"x86_core\"\nmessage = \"1ms\"\n\
         [cse.in]\nclass = \"server\"\nworkers = 2\n{cse}\n\
         [fleet.meters]\ncount = 40\nclass = \"node\"\nlink = \"access\"\nregistrar = \"in\"\n\
         start.jitter = \"10s\"\ntelemetry = {{ interval = \"30s\", size = \"16B\" }}\n{fleet}\n\
         [security]\n{security}\n"
    );
    Source::new("keys.toml", text)
}

fn run(fleet: &str, cse: &str, security: &str) -> Outcome {
    let loaded = load(&scenario(fleet, cse, security), &[], None)
        .unwrap_or_else(|refused| panic!("{}", refused.render(false)));
    execute(loaded.plan, 1, &|_| true)
}

fn refused(fleet: &str, cse: &str, security: &str) -> String {
    match load(&scenario(fleet, cse, security), &[], None) {
        Ok(_) => panic!("accepted"),
        Err(report) => report.render(false),
    }
}

fn figure(outcome: &Outcome, name: &str) -> f64 {
    lookup(&outcome.metrics, name).unwrap_or_else(|| panic!("no metric {name}"))
}

const ELEMENT: &str = "store = \"hsm\"\nhsm = \"atecc608\"";

#[test]
fn every_place_makes_associations_with_every_place() {
    for fleet in ["store = \"flash\"", "store = \"sealed\"", ELEMENT] {
        for cse in ["store = \"flash\"", "store = \"sealed\"", "store = \"hsm\""] {
            let outcome = run(fleet, cse, "");
            assert_eq!(figure(&outcome, "association.established"), 40.0, "{fleet} {cse}");
            assert_eq!(outcome.recorder.counters.rejected, [].into(), "{fleet} {cse}");
        }
    }
}

#[test]
fn a_secure_element_adds_its_time_to_each_handshake_and_its_own_figures() {
    let plain = run("", "", "");
    let element = run(ELEMENT, "", "");
    let (before, after) = (
        figure(&plain, "association.handshake_s.p50"),
        figure(&element, "association.handshake_s.p50"),
    );
    // One derivation of an ATECC608 takes 99 ms, and a client does one for each handshake.
    assert!((after - before - 0.099).abs() < 0.004, "{before} {after}");
    assert_eq!(figure(&element, "hsm.operations.kdf"), 40.0);
    let busy = 0.099 / (element.simulated.0 as f64 / 1e9);
    assert!((figure(&element, "hsm.meters.utilisation_mean") - busy).abs() < 1e-9);
    assert_eq!(figure(&element, "hsm.meters.wait_s.max"), 0.0);
    assert!(lookup(&plain.metrics, "hsm.meters.utilisation_mean").is_none());
}

#[test]
fn the_hsm_of_a_server_is_one_queue_for_all_its_workers() {
    let at_once = "start.at = \"1s\"";
    let fleet = format!("{at_once}\n");
    let text = scenario("", "store = \"hsm\"\nhsm = \"cloudhsm_hsm1\"", "");
    let text = Source::new("keys.toml", text.text.replace("start.jitter = \"10s\"", &fleet));
    let outcome = execute(load(&text, &[], None).unwrap().plan, 1, &|_| true);
    assert_eq!(figure(&outcome, "association.established"), 40.0);
    // Two workers share one unit of 4 ms: while one is served, the other waits.
    let wait = figure(&outcome, "hsm.in.wait_s.max");
    assert!((0.003..=0.004).contains(&wait), "{wait}");
    assert!(figure(&outcome, "load.in.wait_s.max") > 0.07, "jobs wait for workers that wait");
}

#[test]
fn two_factors_cost_an_element_three_derivations() {
    let outcome = run(ELEMENT, "", "second_factor = true");
    assert_eq!(figure(&outcome, "association.established"), 40.0);
    assert_eq!(figure(&outcome, "hsm.operations.kdf"), 120.0);
    let one = figure(&run(ELEMENT, "", ""), "association.handshake_s.p50");
    let two = figure(&outcome, "association.handshake_s.p50");
    assert!((two - one - 0.198).abs() < 0.005, "{one} {two}");
}

#[test]
fn a_level_of_assurance_sets_what_the_file_leaves_open() {
    let three = run("", "", "assurance = \"LOA3\"");
    assert_eq!(figure(&three, "association.established"), 40.0);
    assert!(three.plan.security.second_factor);
    assert_eq!(three.plan.fleets[0].store.kind().name(), "sealed_file");
    let four = run("", "", "assurance = \"LOA4\"");
    assert_eq!(figure(&four, "hsm.operations.kdf"), 40.0 * 6.0);
    assert_eq!(four.plan.cses[0].store.kind().name(), "server_hsm");
    assert_eq!(four.plan.fleets[0].store.kind().name(), "device_hsm");
}

#[test]
fn what_falls_short_of_the_level_is_refused_where_it_stands() {
    for (fleet, cse, security, line) in [
        ("store = \"flash\"", "", "assurance = \"LOA3\"", "store = \"flash\""),
        ("", "store = \"sealed\"", "assurance = \"LOA4\"", "store = \"sealed\""),
        ("", "", "assurance = \"LOA2\"\nstore = \"flash\"", "store = \"flash\""),
        ("", "", "assurance = \"LOA3\"\nkey_exchange = \"psk_ke\"", "key_exchange = \"psk_ke\""),
        ("", "", "assurance = \"LOA3\"\nprofile = \"dtls12_gcm\"", "profile = \"dtls12_gcm\""),
        ("profile = \"dtls12_gcm\"", "", "assurance = \"LOA3\"", "profile = \"dtls12_gcm\""),
        ("", "", "assurance = \"LOA2\"\nreplay_window = 0", "replay_window = 0"),
        ("", "", "assurance = \"LOA3\"\nsecond_factor = false", "second_factor = false"),
        ("hsm = \"atecc608\"", "", "", "hsm = \"atecc608\""),
        ("", "store = \"hsm\"\nhsm = \"atecc608\"", "", "store = \"hsm\""),
    ] {
        let report = refused(fleet, cse, security);
        assert!(report.contains("KS0310"), "{report}");
        assert!(report.contains(line) && report.contains("help"), "{report}");
    }
}

#[test]
fn what_is_resolved_gives_the_same_plan() {
    let loaded = load(&scenario(ELEMENT, "", "assurance = \"LOA3\""), &[], None).unwrap();
    let again = load(&Source::new("keys.toml", loaded.resolved.clone()), &[], None);
    let again = again.unwrap_or_else(|refused| panic!("{}", refused.render(false)));
    assert_eq!(again.resolved, loaded.resolved);
}

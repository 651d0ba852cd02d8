//! Enrolment in the simulation: keys from a MAF, from a MEF, from a network, over real associations.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use keystorm::run::{Outcome, execute, lookup};
use keystorm::scenario::{Source, load};

/// Thirty devices at one CSE that come by their keys in this way.
fn scenario(security: &str, more: &str) -> Source {
    let text = format!(
        "[scenario]\nduration = \"10min\"\n\
         [link.access]\nlatency = \"20ms\"\n[link.core]\nlatency = \"1ms\"\n\
         [class.node]\npreset = \"m4_64mhz_asm\"\n[class.server]\npreset = \"x86_core\"\nmessage = \"1ms\"\n\
         [cse.in]\nclass = \"server\"\nworkers = 2\n\
         [maf.auth]\nclass = \"server\"\nlink = \"core\"\n\
         [mef.factory]\nclass = \"server\"\nlink = \"core\"\n\
         [fleet.meters]\ncount = 30\nclass = \"node\"\nlink = \"access\"\nregistrar = \"in\"\n\
         start.jitter = \"10s\"\ntelemetry = {{ interval = \"30s\", size = \"16B\" }}\n\
         [security]\n{security}\n{more}\n"
    );
    Source::new("enrolment.toml", text)
}

fn run_source(source: &Source, threads: usize) -> Outcome {
    let loaded =
        load(source, &[], None).unwrap_or_else(|refused| panic!("{}", refused.render(false)));
    execute(loaded.plan, threads, &|_| true)
}

fn run(security: &str, more: &str) -> Outcome {
    run_source(&scenario(security, more), 1)
}

fn figure(outcome: &Outcome, name: &str) -> f64 {
    lookup(&outcome.metrics, name).unwrap_or_else(|| panic!("no metric {name}"))
}

/// A count by reason, which is absent where nothing was counted.
fn count(outcome: &Outcome, name: &str) -> f64 {
    lookup(&outcome.metrics, name).unwrap_or(0.0)
}

/// What was not accepted, but for the answer to a close_notify, which DTLS 1.2 asks for (RFC 5246 section
/// 7.2.1) and nobody waits for.
fn noise(outcome: &Outcome) -> Vec<(&'static str, u64)> {
    let rejected = outcome.recorder.counters.rejected.iter().map(|(name, n)| (*name, *n));
    rejected.filter(|(name, _)| *name != "association_closed").collect()
}

const PROFILES: [&str; 3] = [
    "profile = \"dtls13\"",
    "profile = \"dtls13\"\ncookie = true\nkey_exchange = \"psk_ke\"",
    "profile = \"dtls12_ccm8\"",
];

#[test]
fn a_maf_hands_out_the_keys_of_associations() {
    for profile in PROFILES {
        let outcome = run(&format!("enrolment = \"maf\"\n{profile}"), "");
        assert_eq!(noise(&outcome), [], "{profile}");
        assert_eq!(figure(&outcome, "enrolment.completed"), 30.0, "{profile}");
        assert_eq!(figure(&outcome, "enrolment.failed"), 0.0, "{profile}");
        // Each device registers itself and its key, and the CSE asks for each key.
        assert_eq!(figure(&outcome, "maf.requests"), 90.0, "{profile}");
        assert_eq!(figure(&outcome, "enrolment.postponed"), 30.0, "{profile}");
        // Two of each device, and that of the CSE with the MAF.
        assert_eq!(figure(&outcome, "association.established"), 61.0, "{profile}");
        let sent = figure(&outcome, "message.sent");
        assert!(figure(&outcome, "message.delivered") > sent - 30.0, "{profile}");
    }
}

#[test]
fn a_mef_hands_out_the_credential_for_the_maf() {
    for (enrolment, profile) in
        [("mef", PROFILES[0]), ("mef", PROFILES[2]), ("network", PROFILES[0])]
    {
        let outcome = run(&format!("enrolment = \"{enrolment}\"\n{profile}"), "");
        assert_eq!(noise(&outcome), [], "{enrolment} {profile}");
        assert_eq!(figure(&outcome, "enrolment.completed"), 30.0);
        // Each device says what it enrols for, and the MAF asks for each credential.
        assert_eq!(figure(&outcome, "mef.requests"), 60.0);
        assert_eq!(figure(&outcome, "maf.requests"), 90.0);
        assert_eq!(figure(&outcome, "enrolment.postponed"), 60.0);
        assert_eq!(figure(&outcome, "association.established"), 92.0);
    }
}

#[test]
fn without_a_maf_the_cse_asks_the_mef() {
    let source = scenario("enrolment = \"mef\"", "");
    let maf = "[maf.auth]\nclass = \"server\"\nlink = \"core\"\n";
    let outcome = run_source(&Source::new("enrolment.toml", source.text.replace(maf, "")), 1);
    assert_eq!(outcome.recorder.counters.rejected, [].into());
    assert_eq!(figure(&outcome, "enrolment.completed"), 30.0);
    assert_eq!(figure(&outcome, "mef.requests"), 60.0);
    assert_eq!(figure(&outcome, "association.established"), 61.0);
}

#[test]
fn several_mafs_share_the_devices() {
    let source = scenario("enrolment = \"maf\"", "");
    let two = source.text.replace("[maf.auth]\n", "[maf.auth]\ncount = 3\n");
    let outcome = run_source(&Source::new("enrolment.toml", two), 1);
    assert_eq!(figure(&outcome, "enrolment.completed"), 30.0);
    assert_eq!(figure(&outcome, "association.established"), 63.0);
    assert_eq!(figure(&outcome, "population.mafs"), 3.0);
}

#[test]
fn gateways_that_are_registrars_ask_for_keys_too() {
    let source = scenario("enrolment = \"maf\"", "[link.back]\nlatency = \"5ms\"\n");
    let gateway =
        "[gateway.mn]\ncount = 4\nclass = \"server\"\nlink = \"back\"\nregistrar = \"in\"\n";
    let text = source.text.replace("registrar = \"in\"\nstart", "registrar = \"mn\"\nstart");
    let outcome = run_source(&Source::new("enrolment.toml", format!("{text}{gateway}")), 1);
    assert_eq!(outcome.recorder.counters.rejected, [].into());
    assert_eq!(figure(&outcome, "enrolment.completed"), 30.0);
    // Two of each device, and each gateway one with the CSE and one with the MAF.
    assert_eq!(figure(&outcome, "association.established"), 68.0);
}

#[test]
fn an_expired_key_is_refused_by_name_and_replaced() {
    let events = "[[event]]\nat = \"4min\"\nrekey = { target = \"meters\", with = \"full\" }\n";
    let outcome = run("enrolment = \"maf\"\nkc_lifetime = \"2min\"", events);
    // The device knows when its key ends, and asks for another before it tries.
    assert_eq!(figure(&outcome, "enrolment.completed"), 60.0);
    assert_eq!(figure(&outcome, "rekey.completed"), 30.0);
    assert_eq!(figure(&outcome, "maf.requests"), 90.0 + 60.0);
    assert_eq!(figure(&outcome, "association.failed"), 0.0);
}

#[test]
fn keys_are_renewed_early_at_a_drawn_share_of_their_life() {
    let renewal = "[security.renewal]\nwith = \"full\"\nfrom = 0.5\nto = 0.8\n";
    let outcome = run("enrolment = \"maf\"\nkc_lifetime = \"3min\"", renewal);
    // Each 90 s to 144 s in 600 s, after the first: four to six of each device.
    let completed = figure(&outcome, "enrolment.completed");
    assert!((30.0 * 5.0..=30.0 * 7.0).contains(&completed), "{completed}");
    assert_eq!(figure(&outcome, "rekey.completed"), completed - 30.0);
    assert_eq!(count(&outcome, "message.rejected.key_expired"), 0.0);
}

#[test]
fn an_expiry_takes_the_keys_of_both_ends() {
    let events = "[[event]]\nat = \"4min\"\nexpire = { target = \"meters\" }\n";
    let outcome = run("enrolment = \"maf\"", events);
    assert_eq!(figure(&outcome, "enrolment.completed"), 60.0);
    assert_eq!(figure(&outcome, "enrolment.postponed"), 60.0);
    assert_eq!(figure(&outcome, "rekey.completed"), 30.0);
}

#[test]
fn a_restart_needs_no_new_key() {
    let events = "[[event]]\nat = \"4min\"\nrestart = { target = \"meters\" }\n\
                  [[event]]\nat = \"6min\"\nrestart = { target = \"in\" }\n";
    let outcome = run("enrolment = \"maf\"", events);
    assert_eq!(figure(&outcome, "enrolment.completed"), 30.0);
    assert_eq!(figure(&outcome, "enrolment.postponed"), 30.0, "keys are in flash");
    assert_eq!(figure(&outcome, "rekey.completed"), 30.0);
}

#[test]
fn devices_try_again_when_the_maf_is_back() {
    // The queue of the MAF takes one job at a time: most of what comes at once is lost.
    let source =
        scenario("enrolment = \"maf\"\nretry = \"20s\"\n[security.timer]\nretransmissions = 1", "");
    let text = source
        .text
        .replace("start.jitter = \"10s\"\n", "")
        .replace("[maf.auth]\n", "[maf.auth]\nqueue = 1\n");
    let text = text.replace(
        "[link.core]\nlatency = \"1ms\"\n",
        "[link.core]\nlatency = \"1ms\"\nloss = 0.4\n",
    );
    let outcome = run_source(&Source::new("enrolment.toml", text), 1);
    assert!(figure(&outcome, "enrolment.failed") > 0.0);
    assert!(count(&outcome, "enrolment.failed.function_unreachable") > 0.0);
    assert!(figure(&outcome, "enrolment.completed") >= 30.0);
    assert!(figure(&outcome, "message.delivered") > 30.0);
}

#[test]
fn threads_do_not_change_the_digest_of_an_enrolment() {
    let security = "enrolment = \"mef\"\nretry = \"10s\"\nkc_lifetime = \"3min\"\nstore = \"hsm\"\n\
                    [security.renewal]\nwith = \"full\"\nfrom = 0.4\nto = 0.9\n";
    let source = scenario(security, "");
    let source = Source::new("e.toml", source.text.replace("count = 30", "count = 600"));
    let (one, two) = (run_source(&source, 1), run_source(&source, 2));
    assert_eq!(one.digest, two.digest);
    assert_eq!(one.metrics, two.metrics);
    assert!(figure(&one, "enrolment.completed") > 600.0);
}

#[test]
fn half_open_handshakes_are_limited_by_name() {
    let at_once = |more: &str| {
        let source = scenario(&format!("retry = \"10s\"\n{more}"), "");
        let text = source.text.replace("start.jitter = \"10s\"\n", "");
        run_source(&Source::new("e.toml", text.replace("count = 30", "count = 300")), 1)
    };
    assert_eq!(count(&at_once(""), "message.rejected.half_open_limit"), 0.0);
    let limited = at_once("half_open = 20");
    assert!(count(&limited, "message.rejected.half_open_limit") >= 280.0);
    let first = figure(&limited, "association.handshake_s.count");
    assert!(first >= 300.0, "{first}: who was refused came again");
}

#[test]
fn an_enrolment_without_its_function_is_refused() {
    let source = scenario("enrolment = \"maf\"", "");
    for (kind, word) in [("maf.auth", "maf"), ("mef.factory", "mef"), ("mef.factory", "network")] {
        let table = format!("[{kind}]\nclass = \"server\"\nlink = \"core\"\n");
        let text = source.text.replace(&table, "");
        let text = text.replace("enrolment = \"maf\"", &format!("enrolment = \"{word}\""));
        let report = load(&Source::new("e.toml", text), &[], None).err().unwrap().render(false);
        assert!(report.contains("KS0311") && report.contains("help"), "{report}");
    }
    let two = scenario("enrolment = \"mef\"\nsecond_factor = true", "");
    assert!(load(&two, &[], None).err().unwrap().render(false).contains("KS0311"));
    let more = "[maf.other]\nclass = \"server\"\nlink = \"core\"\n";
    let report = load(&scenario("", more), &[], None).err().unwrap().render(false);
    assert!(report.contains("KS0311"), "{report}");
}

#[test]
fn two_factors_go_with_a_maf() {
    let outcome = run("enrolment = \"maf\"\nsecond_factor = true", "");
    assert_eq!(outcome.recorder.counters.rejected, [].into());
    assert_eq!(figure(&outcome, "enrolment.completed"), 30.0);
    assert_eq!(figure(&outcome, "association.established"), 61.0);
}

#[test]
fn what_is_resolved_gives_the_same_plan() {
    let loaded = load(&scenario("enrolment = \"mef\"\nhalf_open = 9", ""), &[], None).unwrap();
    let again = load(&Source::new("enrolment.toml", loaded.resolved.clone()), &[], None);
    let again = again.unwrap_or_else(|refused| panic!("{}", refused.render(false)));
    assert_eq!(again.resolved, loaded.resolved);
}

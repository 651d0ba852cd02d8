//! Whole runs: the same digest however they are run, and an honest account of what happened.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use keystorm::run::{Outcome, Verdict, execute, lookup};
use keystorm::scenario::{Source, load};

/// Runs a shipped scenario with overrides.
fn run(scenario: &str, threads: usize, seed: u64, overrides: &[&str]) -> Outcome {
    let path = format!("{}/scenarios/{scenario}.toml", env!("CARGO_MANIFEST_DIR"));
    let source = Source::new(path.clone(), std::fs::read_to_string(path).unwrap());
    run_text(&source, threads, seed, overrides)
}

fn run_text(source: &Source, threads: usize, seed: u64, overrides: &[&str]) -> Outcome {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let loaded = load(source, &overrides, Some(seed))
        .unwrap_or_else(|refused| panic!("{}", refused.render(false)));
    execute(loaded.plan, threads, &|_| true)
}

fn figure(outcome: &Outcome, name: &str) -> f64 {
    lookup(&outcome.metrics, name).unwrap_or_else(|| panic!("no metric {name}"))
}

/// The digest of `quickstart.toml` with seed 1. It is the same in every build profile, on every machine
/// and for every number of threads; a change here changes what every recorded digest means and belongs
/// into the changelog.
const QUICKSTART_DIGEST: &str = "7bed0a570b6ee7813c019a9d01795337386fc8fa2c6209266f0274777b0513df";

#[test]
fn the_digest_of_quickstart_is_pinned() {
    assert_eq!(run("quickstart", 1, 1, &[]).digest, QUICKSTART_DIGEST);
}

#[test]
fn threads_do_not_change_the_digest_and_seeds_do() {
    let small = ["fleet.meters.count=300", "gateway.concentrators.count=7"];
    let alone = run("mass-rekey", 1, 1, &small);
    for threads in [2, 3] {
        let together = run("mass-rekey", threads, 1, &small);
        assert_eq!(alone.digest, together.digest, "{threads} threads");
        assert_eq!(alone.metrics, together.metrics);
        assert_eq!(alone.trail, together.trail);
    }
    let other = run("mass-rekey", 1, 2, &small);
    assert_ne!(alone.digest, other.digest);
    assert_eq!(alone.trail.parts_from(&alone.trail), None);
    assert!(other.trail.parts_from(&alone.trail).is_some());
}

#[test]
fn a_fleet_more_does_not_shift_what_others_draw() {
    let first_handshakes = |more: &str| {
        let path = format!("{}/scenarios/storm-fixed.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap() + more;
        let source = Source::new("storm-fixed.toml", text);
        // Two devices behind gateways of their own, and a CSE that is never busy.
        let quiet = [
            "fleet.devices.count=2",
            "fleet.devices.start.jitter=60s",
            "class.cse.fixed.hello=0s",
            "class.cse.fixed.finished=0s",
        ];
        run_text(&source, 1, 1, &quiet).recorder.rekeyed.values().to_vec()
    };
    let another = "\n[fleet.others]\ncount = 5\nclass = \"device\"\nlink = \"access\"\n\
                   via = \"forwarder\"\nregistrar = \"in\"\nstart.at = \"10min\"\n";
    assert_eq!(first_handshakes(""), first_handshakes(another));
}

#[test]
fn an_interrupted_run_says_so_and_keeps_what_it_has() {
    let path = format!("{}/scenarios/storm-fixed.toml", env!("CARGO_MANIFEST_DIR"));
    let source = Source::new(path.clone(), std::fs::read_to_string(path).unwrap());
    let overrides = ["fleet.devices.count=2000".to_owned()];
    let plan = load(&source, &overrides, None).unwrap().plan;
    let outcome = execute(plan, 1, &|pulse| pulse.events < 8_000);
    assert_eq!(outcome.verdict, Verdict::Interrupted);
    assert!(outcome.events >= 8_000 && outcome.events < 32_000, "{}", outcome.events);
}

#[test]
fn every_kind_of_rekey_reaches_every_device() {
    for (with, resumed, x25519_per_handshake) in
        [("key_update", 0.0, 4.0), ("resume", 40.0, 4.0), ("full", 0.0, 4.0)]
    {
        let text = small_fleet(&format!(
            "[[event]]\nat = \"60s\"\nrekey = {{ target = \"meters\", with = \"{with}\" }}\n"
        ));
        let outcome = run_text(&text, 1, 1, &[]);
        assert_eq!(figure(&outcome, "rekey.requested"), 40.0, "{with}");
        assert_eq!(figure(&outcome, "rekey.completed"), 40.0, "{with}");
        assert_eq!(figure(&outcome, "association.resumed"), resumed, "{with}");
        let handshakes = figure(&outcome, "association.established");
        assert_eq!(handshakes, if with == "key_update" { 40.0 } else { 80.0 }, "{with}");
        let multiplications = figure(&outcome, "crypto.operations.x25519");
        assert_eq!(multiplications, handshakes * x25519_per_handshake, "{with}");
        assert_eq!(outcome.recorder.counters.rejected, [].into(), "{with}");
    }
}

#[test]
fn a_restart_or_an_expiry_costs_every_device_a_full_handshake() {
    for what in ["restart", "expire"] {
        let text = small_fleet(&format!(
            "[[event]]\nat = \"60s\"\n{what} = {{ target = \"meters\", jitter = \"10s\" }}\n"
        ));
        let outcome = run_text(&text, 1, 1, &[]);
        assert_eq!(figure(&outcome, "association.established"), 80.0, "{what}");
        assert_eq!(figure(&outcome, "association.resumed"), 0.0, "{what}");
        assert_eq!(figure(&outcome, "rekey.completed"), 40.0, "{what}");
        assert!(figure(&outcome, "rekey.makespan_s") < 12.0, "{what}");
    }
}

#[test]
fn a_cse_that_forgot_its_clients_gets_them_back_when_their_reports_stay_unanswered() {
    let text = small_fleet("[[event]]\nat = \"60s\"\nrestart = { target = \"in\" }\n");
    let outcome = run_text(&text, 1, 1, &[]);
    // RFC 7252 section 4.8.2: a request is given up after at most 93 s; every device reports each 20 s.
    assert!(figure(&outcome, "message.rejected.unanswered") >= 40.0);
    assert_eq!(figure(&outcome, "association.established"), 80.0);
    assert!(figure(&outcome, "message.delivered") > 0.9 * figure(&outcome, "message.sent"));
}

#[test]
fn a_rekey_that_fails_is_tried_again_until_it_succeeds() {
    // Three datagrams in ten are lost and a flight is repeated once only: most attempts fail.
    let text = small_fleet(
        "retry = \"5s\"\n[security.timer]\nretransmissions = 1\nserver = false\n\
         [[event]]\nat = \"150s\"\nrekey = { target = \"meters\", with = \"full\" }\n",
    );
    let outcome = run_text(&text, 1, 1, &["link.access.loss=0.3", "scenario.duration=20min"]);
    assert!(figure(&outcome, "association.failed") > 40.0);
    assert_eq!(figure(&outcome, "rekey.completed"), 40.0);
    assert_eq!(figure(&outcome, "rekey.failed"), 0.0);
}

#[test]
fn keys_are_renewed_at_a_drawn_share_of_their_life_or_when_used_up() {
    let by = |rule: &str| {
        let security = format!("key_lifetime = \"60s\"\n[security.renewal]\n{rule}\n");
        run_text(&small_fleet(&security), 1, 1, &[])
    };
    let timed = by("with = \"key_update\"\nfrom = 0.5\nto = 0.9");
    // A renewal each 30 s to 54 s in 300 s: six to nine of each device.
    let renewals = figure(&timed, "rekey.completed");
    assert!((40.0 * 5.0..=40.0 * 9.0).contains(&renewals), "{renewals}");
    assert_eq!(figure(&timed, "key.overdue_device_s"), 0.0);
    assert!(figure(&timed, "key.age_s.max") < 60.0);
    // Every third request, of fifteen.
    let counted = by("with = \"full\"\nrecords = 3");
    let requests = figure(&counted, "message.sent");
    let renewals = figure(&counted, "rekey.completed");
    assert!((renewals - requests / 3.0).abs() <= 40.0, "{renewals} for {requests}");
    let never = run_text(&small_fleet("key_lifetime = \"60s\"\n"), 1, 1, &[]);
    assert!(figure(&never, "key.overdue_device_s") > 40.0 * 200.0);
}

#[test]
fn beyond_the_hard_limit_nothing_is_sent() {
    let text = small_fleet("key_lifetime = \"60s\"\nkey_hard_limit = \"90s\"\n");
    let outcome = run_text(&text, 1, 1, &[]);
    assert!(figure(&outcome, "message.rejected.key_hard_limit") > 0.0);
    assert!(figure(&outcome, "key.age_s.max") <= 90.0);
    // Each device started within 5 s and reports each 20 s.
    assert!(figure(&outcome, "message.sent") <= 40.0 * 5.0);
}

#[test]
fn what_was_sent_is_delivered_or_accounted_for() {
    let outcome = run_text(&small_fleet(""), 1, 1, &["link.access.loss=0.1"]);
    let (sent, delivered) =
        (figure(&outcome, "message.sent"), figure(&outcome, "message.delivered"));
    assert!(sent > 500.0, "{sent}");
    // At the end each device may wait for one answer.
    assert!(sent - delivered <= 40.0, "{sent} {delivered}");
    let lost = figure(&outcome, "link.access.lost");
    let datagrams = figure(&outcome, "link.access.datagrams");
    assert!((lost / datagrams - 0.1).abs() < 0.02, "{lost} of {datagrams}");
}

#[test]
fn a_link_spends_the_time_of_its_bits() {
    // 674 bytes of handshake each way of one device; at 8 kbit/s a byte takes a millisecond.
    let slow = ["fleet.devices.count=1", "link.access.rate=8kbps"];
    let outcome = run("storm-fixed", 1, 1, &slow);
    let bytes = figure(&outcome, "link.access.bytes");
    let seconds = figure(&outcome, "association.handshake_s.mean");
    assert!((seconds - (0.1733 + bytes / 1_000.0)).abs() < 1e-9, "{seconds} s for {bytes} bytes");
}

#[test]
fn every_shipped_scenario_runs_at_a_small_scale() {
    let folder = format!("{}/scenarios", env!("CARGO_MANIFEST_DIR"));
    let mut ran = 0;
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let source = Source::new(path.display().to_string(), text);
        let mut plan = load(&source, &[], None)
            .unwrap_or_else(|refused| panic!("{}", refused.render(false)))
            .plan;
        plan.fleets.iter_mut().for_each(|fleet| fleet.count = fleet.count.min(60));
        plan.gateways.iter_mut().for_each(|gateway| gateway.count = gateway.count.min(3));
        let outcome = execute(plan, 2, &|_| true);
        let devices = figure(&outcome, "population.devices");
        assert!(figure(&outcome, "association.established") >= devices, "{}", path.display());
        assert_eq!(figure(&outcome, "association.failed"), 0.0, "{}", path.display());
        ran += 1;
    }
    assert!(ran >= 5);
}

#[test]
fn a_new_address_costs_a_handshake_only_without_connection_ids() {
    let rejected = |outcome: &Outcome, reason: &str| {
        lookup(&outcome.metrics, &format!("message.rejected.{reason}")).unwrap_or_default()
    };
    for profile in ["dtls12_ccm8", "dtls12_gcm", "dtls13"] {
        let profile = format!("security.profile={profile}");
        let small = [
            "fleet.with_cid.count=40",
            "fleet.without.count=40",
            "link.radio_cid.loss=0",
            "link.radio_plain.loss=0",
            profile.as_str(),
        ];
        let outcome = run("nat-rebinding", 1, 1, &small);
        assert_eq!(figure(&outcome, "association.established"), 120.0, "{profile}");
        assert_eq!(figure(&outcome, "link.radio_cid.rekey_bytes"), 0.0);
        assert!(figure(&outcome, "link.radio_plain.rekey_bytes") > 40.0 * 300.0);
        // Each device without an ID repeats its report in vain: the first time and four times more.
        assert_eq!(rejected(&outcome, "no_association"), 200.0);
        assert_eq!(rejected(&outcome, "unanswered"), 40.0);
        for reason in ["connection_id", "unknown_connection_id", "missing_connection_id"] {
            assert_eq!(rejected(&outcome, reason), 0.0);
        }
        let sent = figure(&outcome, "message.sent");
        assert_eq!(sent - figure(&outcome, "message.delivered"), 40.0, "those that were given up");
        let together = run("nat-rebinding", 3, 1, &small);
        assert_eq!(outcome.digest, together.digest);
    }
}

#[test]
fn an_address_is_in_the_digest_once_it_changed() {
    let small = ["fleet.with_cid.count=10", "fleet.without.count=10"];
    let plain = run("nat-rebinding", 1, 1, &small);
    let later = [&small[..], &["event.0.at=45min"]].concat();
    assert_ne!(plain.digest, run("nat-rebinding", 1, 1, &later).digest);
}

#[test]
fn lost_repeated_and_late_datagrams_move_no_address_back() {
    // Reports every 10 s over a bad link, while addresses change three times.
    let text = small_fleet(
        "connection_id = 2\n[[event]]\nat = \"1min\"\nreaddress = { target = \"meters\" }\n\
         [[event]]\nat = \"2min\"\nreaddress = { target = \"meters\", jitter = \"20s\" }\n\
         [[event]]\nat = \"3min\"\nreaddress = { target = \"meters\" }\n",
    );
    let bad = [
        "link.access.loss=0.1",
        "link.access.duplicate=0.3",
        "link.access.jitter=8s",
        "fleet.meters.telemetry.interval=10s",
    ];
    let outcome = run_text(&text, 1, 1, &bad);
    // One each, and one for each report that the link lost five times.
    let given_up = figure(&outcome, "message.rejected.unanswered");
    assert_eq!(figure(&outcome, "association.established"), 40.0 + given_up);
    assert!(given_up < 5.0, "{given_up}");
    assert!(figure(&outcome, "message.delivered") > 800.0);
    assert_eq!(lookup(&outcome.metrics, "message.rejected.no_association"), None);
    // Answers to what came before an address changed: with the rule of RFC 9146 section 6 left out, a late
    // report moves the address back, and there are 12 more.
    assert_eq!(figure(&outcome, "message.rejected.old_address"), 228.0);
}

/// Forty meters behind two gateways, straight to the CSE, that report every 20 s for 5 min.
fn small_fleet(more: &str) -> Source {
    let text = format!(
        r#"#:schema ./schema.json
# Question: what does a small fleet do?
[scenario]
name = "small"
duration = "5min"
[class.any.fixed]
message = "1ms"
hello = "1ms"
[link.access]
latency = "20ms"
[link.backhaul]
latency = "10ms"
[cse.in]
class = "any"
[gateway.gates]
count = 2
class = "any"
link = "backhaul"
registrar = "in"
[fleet.meters]
count = 40
class = "any"
link = "access"
via = "gates"
registrar = "in"
start.jitter = "5s"
telemetry = {{ interval = "20s", size = "32B" }}
[security]
tickets = 1
{more}"#
    );
    Source::new("small.toml", text)
}

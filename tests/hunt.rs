//! Hunts: nothing breaks while every countermeasure is on; with one off it is found and made small; the same for any
//! number of threads; a hunt that was stopped goes on. And the faults that hunts draw do what they say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test program")]

mod program;

use keystorm::run::hunt::{BASE, BASE_PATH, Finding, Hunt, Note};
use keystorm::run::{Outcome, Verdict, execute, lookup};
use keystorm::scenario::{Source, load};
use program::{Place, code, json, stderr};

/// A committed test takes fewer seeds than a night does.
const SEEDS: u64 = 60;

fn hunt(overrides: &[&str]) -> Hunt {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Hunt::new(&Source::new(BASE_PATH, BASE), &overrides).unwrap_or_else(|_| panic!("it loads"))
}

fn notes(hunt: &Hunt, seeds: u64, threads: usize) -> Vec<Note> {
    hunt.run(1..=seeds, threads, &|_| None, &|| true, &|_| true)
        .unwrap_or_else(|_| panic!("it runs"))
}

#[test]
fn with_all_countermeasures_nothing_breaks() {
    let hunt = hunt(&[]);
    for note in notes(&hunt, SEEDS, 2) {
        assert!(note.digest.is_some(), "seed {}: the draw is no scenario", note.seed);
        assert_eq!(note.broken, [], "seed {}", note.seed);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let hunt = hunt(&[]);
    assert_eq!(notes(&hunt, 8, 1), notes(&hunt, 8, 3));
}

/// What is found of this property by this attack or any other means, as small as it gets.
fn found(overrides: &[&str], what_holds: &str, means: Option<&str>) -> Finding {
    let hunt = hunt(overrides);
    let notes = notes(&hunt, SEEDS, 2);
    let findings = hunt.findings(&notes, &|_| true);
    let is_meant = |finding: &&Finding| {
        let by = |wanted: &str| finding.mechanisms.iter().any(|word| word == wanted);
        finding.what_holds == what_holds && means.is_none_or(by)
    };
    let all: Vec<_> = findings.iter().map(Finding::name).collect();
    findings.iter().find(is_meant).unwrap_or_else(|| panic!("only {all:?}")).clone()
}

/// The small scenario shows the same again, with at most 5 nodes.
fn is_small_and_true(finding: &Finding) {
    assert!(finding.nodes <= 5, "{} nodes: {}", finding.nodes, finding.scenario);
    let outcome = run(&finding.scenario);
    assert_eq!(outcome.digest, finding.digest);
    assert_eq!(outcome.verdict, Verdict::Failed);
    let evidence = outcome.evidence.unwrap();
    assert!(evidence.broken.iter().any(|broken| broken.to_string() == finding.what_holds));
}

#[test]
fn without_a_replay_window_and_memory_repetitions_are_found() {
    is_small_and_true(&found(&["countermeasure.CM10.on=false"], "A4", None));
}

#[test]
fn with_a_key_that_everybody_knows_the_man_in_the_middle_is_found() {
    is_small_and_true(&found(&["security.keys=well_known"], "A3", Some("relay")));
}

#[test]
fn without_signed_commands_the_false_administrator_is_found() {
    is_small_and_true(&found(&["custody.commands=named"], "K1.slots_wrong", Some("management")));
}

fn run(text: &str) -> Outcome {
    let loaded = load(&Source::new("test", text), &[], None);
    let loaded = loaded.unwrap_or_else(|faults| panic!("{}", faults.render(false)));
    execute(loaded.plan, 1, &|_| true)
}

/// Two devices that report every 10 s for two minutes, and an event.
fn small(more: &str) -> Outcome {
    run(&format!(
        "[scenario]\nduration = \"2min\"\nrecovery = {{ after = \"80s\", within = \"40s\" }}\n\
         [link.access]\nlatency = \"10ms\"\n\
         [cse.in]\nclass = \"x86_core\"\n\
         [fleet.meters]\ncount = 2\nclass = \"m4_64mhz_asm\"\nlink = \"access\"\nregistrar = \"in\"\n\
         telemetry = {{ interval = \"10s\", size = \"32B\" }}\n[security]\nretry = \"1s\"\n{more}"
    ))
}

fn figure(outcome: &Outcome, metric: &str) -> f64 {
    lookup(&outcome.metrics, metric).unwrap_or(0.0)
}

#[test]
fn a_cut_loses_what_is_sent_and_the_nodes_live_on() {
    let event =
        "[[event]]\nat = \"20s\"\ncut = { target = \"meters\", member = 1, lasts = \"30s\" }\n";
    let outcome = small(event);
    assert!(figure(&outcome, "link.access.lost") >= 3.0, "reports and repetitions in 30 s");
    // Nobody made a second association, since nobody lost anything but datagrams.
    assert_eq!(figure(&outcome, "association.established"), 2.0);
    assert_eq!(figure(&outcome, "recovery.lost"), 0.0);
    assert_eq!(figure(&small(""), "link.access.lost"), 0.0);
}

#[test]
fn who_is_cut_off_to_the_end_has_not_recovered() {
    let event =
        "[[event]]\nat = \"20s\"\ncut = { target = \"meters\", member = 1, lasts = \"10min\" }\n";
    let outcome = small(event);
    assert_eq!(figure(&outcome, "recovery.devices"), 2.0);
    assert_eq!(figure(&outcome, "recovery.lost"), 1.0);
}

#[test]
fn a_disturbed_link_loses_and_doubles_while_it_lasts() {
    let event = "[[event]]\nat = \"20s\"\ndisturb = { link = \"access\", lasts = \"1min\", loss = 0.5, \
                 duplicate = 0.5 }\n";
    let outcome = small(event);
    assert!(figure(&outcome, "link.access.lost") >= 3.0);
    assert!(figure(&outcome, "message.rejected.replayed") >= 1.0, "doubled records");
    assert_eq!(figure(&outcome, "recovery.lost"), 0.0);
}

#[test]
fn a_full_store_refuses_reports_while_it_lasts() {
    let event = "[[event]]\nat = \"20s\"\nfull = { target = \"in\", lasts = \"30s\" }\n";
    let outcome = small(event);
    let refused = figure(&outcome, "message.rejected.refused_by_cse");
    assert!((4.0..=8.0).contains(&refused), "{refused} reports of two devices in 30 s");
    assert_eq!(figure(&outcome, "recovery.lost"), 0.0);
}

/// Two devices with keys of a MAF over DTLS 1.2, cut off for half a minute from `at` on.
fn cut_while_enrolling(at: u64) -> Outcome {
    small(&format!(
        "profile = \"dtls12_ccm8\"\ntimer = {{ retransmissions = 2 }}\nenrolment = \"maf\"\n\
         [maf.auth]\nclass = \"x86_core\"\nlink = \"access\"\n\
         [[event]]\nat = \"{at}ms\"\ncut = {{ target = \"meters\", lasts = \"30s\" }}\n"
    ))
}

/// Where the server has finished and the client has not, the client comes with its next key, and the server must ask the
/// MAF for it although it has an association with that client.
#[test]
fn a_cut_at_any_moment_of_an_enrolment_is_overcome() {
    for at in (1..=300).step_by(5) {
        let outcome = cut_while_enrolling(at);
        assert_eq!(figure(&outcome, "recovery.lost"), 0.0, "cut after {at} ms");
    }
}

/// Seeds of `hunt` that showed how devices were waited for too long.
#[test]
fn hunts_that_once_found_something_find_it_no_more() {
    let hunt = hunt(&[]);
    for seed in [838, 1_023, 1_643] {
        assert_eq!(hunt.note(seed, &|| true).unwrap().broken, [], "seed {seed}");
    }
}

/// A device with a key of a MAF that lives for an hour, and a new handshake in the middle.
fn enrolled(event: &str) -> Outcome {
    small(&format!(
        "kc_lifetime = \"1h\"\nenrolment = \"maf\"\n[maf.auth]\nclass = \"x86_core\"\nlink = \"access\"\n\
         [[event]]\nat = \"50s\"\nrekey = {{ target = \"meters\", with = \"full\" }}\n{event}"
    ))
}

#[test]
fn when_a_clock_jumps_keys_are_over_for_whoever_has_it() {
    let calm = enrolled("");
    assert_eq!(figure(&calm, "enrolment.completed"), 2.0);
    let event = "[[event]]\nat = \"40s\"\nclock = { target = \"meters\", by = \"2h\" }\n";
    let outcome = enrolled(event);
    // The hour is over by their clocks, and so is that of every new key: they go on asking the MAF, each
    // of the two at most once a second of the 80 s that are left, and at least once in three.
    let asked = figure(&outcome, "enrolment.completed");
    assert!((2.0 * 80.0 / 3.0..=2.0 * 80.0).contains(&asked), "{asked}");
    assert_eq!(figure(&outcome, "recovery.lost"), 0.0);
}

#[test]
fn a_device_whose_clock_makes_new_keys_old_tries_again_when_it_is_right() {
    let events = "[[event]]\nat = \"40s\"\nclock = { target = \"meters\", by = \"2h\", lasts = \"30s\" }\n\
                  [[event]]\nat = \"55s\"\nexpire = { target = \"meters\" }\n";
    let outcome = enrolled(events);
    assert!(figure(&outcome, "enrolment.completed") > 4.0, "keys that are over by their clocks");
    assert_eq!(figure(&outcome, "recovery.lost"), 0.0);
}

#[test]
fn faults_are_written_out_and_read_back() {
    let events = "[[event]]\nat = \"1s\"\ncut = { link = \"access\", lasts = \"1s\" }\n\
                  [[event]]\nat = \"2s\"\ndisturb = { target = \"meters\", lasts = \"1s\", loss = 0.25, jitter = \"5ms\" }\n\
                  [[event]]\nat = \"3s\"\nclock = { target = \"in\", by = \"5s\", back = true }\n\
                  [[event]]\nat = \"4s\"\nfull = { target = \"in\", lasts = \"1s\" }\n";
    let text = format!(
        "[scenario]\nduration = \"2min\"\nhold = [\"A4\", \"K1.slots_wrong\"]\n\
         recovery = {{ after = \"80s\", within = \"40s\" }}\n[link.access]\nlatency = \"10ms\"\n\
         [cse.in]\nclass = \"x86_core\"\n[fleet.meters]\ncount = 2\nclass = \"m4_64mhz_asm\"\nlink = \"access\"\n\
         registrar = \"in\"\n{events}"
    );
    let first =
        load(&Source::new("first", &*text), &[], None).map_err(|faults| faults.render(false));
    let first = first.unwrap();
    let second = load(&Source::new("second", &*first.resolved), &[], None);
    let second = second.map_err(|faults| faults.render(false)).unwrap();
    assert_eq!(first.plan.events, second.plan.events);
    assert_eq!(first.plan.hold, second.plan.hold);
    assert_eq!(first.plan.recovery, second.plan.recovery);
    assert_eq!(first.plan.events.len(), 4);
}

#[test]
fn faults_that_cannot_be_are_refused_with_a_reason() {
    let base = "[scenario]\nduration = \"1min\"\n[link.access]\nlatency = \"10ms\"\n[cse.in]\nclass = \"x86_core\"\n\
                [fleet.meters]\ncount = 2\nclass = \"m4_64mhz_asm\"\nlink = \"access\"\nregistrar = \"in\"\n\
                [[event]]\nat = \"1s\"\n";
    for (event, why) in [
        ("cut = { target = \"in\", lasts = \"1s\" }", "no link of its own"),
        ("cut = { lasts = \"1s\" }", "either a `target` or a `link`"),
        ("cut = { target = \"meters\", member = 2, lasts = \"1s\" }", "no member 2"),
        ("disturb = { link = \"access\", lasts = \"1s\" }", "disturbs nothing"),
        ("full = { target = \"meters\", lasts = \"1s\" }", "only a CSE"),
        ("clock = { target = \"in\", by = \"0s\" }", "more than 0"),
    ] {
        let source = Source::new("wrong", format!("{base}{event}\n"));
        let refused = load(&source, &[], None).err().unwrap_or_else(|| panic!("{event}"));
        assert!(refused.render(false).contains(why), "{event}: {}", refused.render(false));
    }
}

#[test]
fn the_command_finds_writes_goes_on_and_repeats() {
    let place = Place::new("hunt");
    let out = place.0.join("out");
    let off = ["hunt", "--set", "custody.commands=named", "--format", "json"];
    let off = [&off[..], &["--runs", "20", "--out", "out", "--quiet"]].concat();
    let first = place.keystorm(&off);
    assert_eq!(code(&first), 1, "{}", stderr(&first));
    let lines = || place.read("out/journal.jsonl").lines().count();
    assert_eq!(lines(), 20);
    // What is in the journal is not run again, and a line cut short harms nothing.
    let journal = std::fs::read(out.join("journal.jsonl")).unwrap();
    std::fs::write(out.join("journal.jsonl"), &journal[..journal.len() - 9]).unwrap();
    let again = place.keystorm(&off);
    assert_eq!(first.stdout, again.stdout);
    assert_eq!(lines(), 21, "nineteen, the torn one and the same seed again");
    assert!(json(&again)["findings"][0]["nodes"].as_u64().unwrap() <= 5);
    let file = std::fs::read_dir(out.join("findings")).unwrap().next().unwrap().unwrap().path();
    let file = file.display().to_string();
    assert_eq!(code(&place.keystorm(&["run", &file, "--out", "again"])), 1);
}

#[test]
fn a_base_that_says_nothing_of_what_must_hold_is_refused() {
    let place = Place::new("hunt-nothing");
    let refused = place.keystorm(&["hunt", "--set", "scenario.hold=[]", "--set", "nonsense"]);
    assert_eq!(code(&refused), 2);
}

//! Attacks on keys, software and secrets in nodes, one way at a time: each way is one, and each mechanism closes
//! its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test program")]

use keystorm::ledger::Fact;
use keystorm::ledger::Verdict::{self, Detected, Invalid, Prevented, Succeeded};
use keystorm::run::{Outcome, execute};
use keystorm::scenario::{Source, load};

/// Runs a shipped scenario of a threat with one piece of its text replaced.
fn run(name: &str, (from, to): (&str, &str), overrides: &[&str]) -> Outcome {
    let path = format!("{}/scenarios/threats/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let loaded = load(&Source::new(path, text.replacen(from, to, 1)), &overrides, None);
    let loaded = loaded.unwrap_or_else(|refused| panic!("{}", refused.render(false)));
    execute(loaded.plan, 1, &|_| true)
}

fn verdict(outcome: &Outcome) -> Verdict {
    outcome.evidence.as_ref().unwrap().attacks[0].judgement.verdict
}

const T1: &str = "t01-device-key-discovered";
const BREAK_IN: &str = "break_in = { target = \"meters\", host = \"workshop\" }";

fn break_in(way: &str, more: &str, overrides: &[&str]) -> Outcome {
    let words = format!(
        "break_in = {{ target = \"meters\", host = \"workshop\", ways = [\"{way}\"]{more} }}"
    );
    run(T1, (BREAK_IN, &words), overrides)
}

#[test]
fn each_way_to_a_key_in_flash_is_one_of_its_own() {
    for way in ["management", "image", "power", "snapshot"] {
        let off = break_in(way, "", &["countermeasure.CM1.on=false"]);
        assert_eq!(verdict(&off), Succeeded, "{way}");
    }
    // A few traces are not enough, and nothing has stopped the attack: that proves nothing.
    let few = break_in("power", ", traces = 20", &["countermeasure.CM1.on=false"]);
    assert_eq!(verdict(&few), Invalid);
}

#[test]
fn an_element_closes_each_way() {
    for way in ["management", "power"] {
        assert_eq!(verdict(&break_in(way, "", &[])), Prevented, "{way}");
    }
    // Nothing is there to be refused: the image is free of keys.
    assert_eq!(verdict(&break_in("image", "", &[])), Invalid);
}

/// The true actor of an association is not the one that was given its identity.
#[test]
fn a_clone_is_taken_for_the_meter_and_a_wrong_key_is_not() {
    let clones = |outcome: &Outcome| {
        let findings = &outcome.evidence.as_ref().unwrap().findings;
        let borrowed = |finding: &keystorm::ledger::Finding| finding.metric("identities_borrowed");
        findings.values().find_map(borrowed)
    };
    let off = ["countermeasure.CM1.on=false"];
    assert_eq!(clones(&break_in("image", "", &off)), Some(1.0));
    assert_eq!(clones(&break_in("power", ", traces = 20", &off)), Some(0.0));
}

/// A copy of the thief's chip makes the meter prove itself as the thief's device from its next start on.
#[test]
fn a_chip_that_is_written_over_speaks_for_its_writer() {
    let borrowed = |from: (&str, &str), overrides: &[&str]| {
        let outcome = run("t03-chip-written", from, overrides);
        let findings = &outcome.evidence.as_ref().unwrap().findings;
        findings.values().find_map(|finding| finding.metric("identities_borrowed"))
    };
    let (as_is, off) = (
        "reprogram = { target = \"meters\", from = \"workshop\" }",
        ["countermeasure.CM1.on=false"],
    );
    assert!(borrowed((as_is, as_is), &off) > Some(0.0));
    assert_eq!(borrowed((as_is, as_is), &[]), Some(0.0));
    // Of an erased chip nobody is the owner.
    assert_eq!(borrowed((as_is, "reprogram = { target = \"meters\" }"), &off), Some(0.0));
}

const T10: &str = "t10-unauthorised-software";
const OLD: (&str, &str) = ("image = \"patched\"", "image = \"old\"");

#[test]
fn an_old_version_is_refused_by_its_number_and_found_out_by_attestation() {
    let none = ["countermeasure.CM12.on=false", "countermeasure.CM13.on=false"];
    assert_eq!(verdict(&run(T10, OLD, &none)), Succeeded);
    assert_eq!(verdict(&run(T10, OLD, &none[..1])), Detected);
    assert_eq!(verdict(&run(T10, OLD, &none[1..])), Prevented);
}

#[test]
fn a_checksum_stops_nobody() {
    let unchecked = ["countermeasure.CM12.on=false", "countermeasure.CM13.on=false"];
    let same = ("image = \"patched\"", "image = \"patched\"");
    assert_eq!(verdict(&run(T10, same, &unchecked)), Succeeded);
    let nothing = ["custody.boot=nothing", "custody.attestation=none"];
    assert_eq!(verdict(&run(T10, same, &nothing)), Succeeded);
}

/// What is shut out says nothing any more.
#[test]
fn a_meter_that_runs_other_software_is_shut_out() {
    let same = ("image = \"patched\"", "image = \"patched\"");
    let heard = |overrides: &[&str]| {
        let outcome = run(T10, same, overrides);
        let evidence = outcome.evidence.unwrap();
        let victim = evidence.attacks[0].victims[0];
        let late = |at: keystorm::sim::time::Time| at.as_secs_f64() > 21.0;
        let accepted = evidence.facts.iter().filter(|(_, at, fact)| match fact {
            Fact::Accept { claimed, .. } => late(*at) && *claimed == Some(victim),
            _ => false,
        });
        accepted.count()
    };
    assert_eq!(heard(&["countermeasure.CM12.on=false"]), 0);
    let logged = ["countermeasure.CM12.on=false", "countermeasure.CM13.on=false"];
    assert!(heard(&logged) > 0);
}

#[test]
fn sha1_without_a_salt_is_no_better_than_md5() {
    let same = ("budget = 25000", "budget = 25000");
    let lost = |hashing: &str| verdict(&run("t20-passwords-stolen", same, &[hashing]));
    assert_eq!(lost("custody.passwords=sha1"), Succeeded);
    assert_eq!(lost("custody.passwords=md5"), Succeeded);
    assert_ne!(lost("custody.passwords=argon2id"), Succeeded);
}

#[test]
fn a_pulled_element_is_noticed_by_a_meter_that_is_paired_with_it() {
    let words = (
        "move_element = { target = \"meters\", host = \"workshop\" }",
        "move_element = { target = \"meters\" }\n[[event]]\nat = \"30s\"\nrekey = { target = \"meters\", with = \"full\" }",
    );
    let ends = |overrides: &[&str]| verdict(&run("t15-element-moved", words, overrides));
    assert_eq!(ends(&["countermeasure.CM5.on=false"]), Succeeded);
    assert_eq!(ends(&[]), Detected);
}

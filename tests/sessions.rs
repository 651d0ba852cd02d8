//! Sessions at a console: each mechanism closes its own act alone, none is in the way of people who do nothing wrong,
//! and each acts on real associations.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test program")]

use keystorm::ledger::Verdict::{Prevented, Succeeded};
use keystorm::ledger::{Fact, PropertyId};
use keystorm::run::{Metric, Outcome, execute};
use keystorm::scenario::{Source, load};

/// Everything off.
const OFF: [&str; 9] = [
    "cse.in.console.tokens=sequential",
    "cse.in.console.carried=address",
    "cse.in.console.bound=false",
    "cse.in.console.rotated=false",
    "cse.in.console.idle=none",
    "cse.in.console.absolute=none",
    "cse.in.console.revoked=false",
    "cse.in.console.lock_out=none",
    "cse.in.console.alarms=false",
];

/// Each act with the one mechanism that is there to stop it.
const ALONE: [(&str, &str); 6] = [
    ("t18-guessed-token", "cse.in.console.tokens=random"),
    ("t18-stolen-token", "cse.in.console.bound=true"),
    ("t18-token-in-log", "cse.in.console.bound=true"),
    ("t18-fixed-token", "cse.in.console.rotated=true"),
    ("t18-after-logout", "cse.in.console.revoked=true"),
    ("t18-guessed-password", "cse.in.console.lock_out=5"),
];

fn text(name: &str) -> (String, String) {
    let path = format!("{}/scenarios/threats/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

fn run_text((path, text): (String, String), overrides: &[&str], threads: usize) -> Outcome {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let loaded = load(&Source::new(path, text), &overrides, None);
    let loaded = loaded.unwrap_or_else(|refused| panic!("{}", refused.render(false)));
    execute(loaded.plan, threads, &|_| true)
}

fn run(name: &str, overrides: &[&str]) -> Outcome {
    run_text(text(name), overrides, 1)
}

fn count(outcome: &Outcome, metric: &str) -> u64 {
    match outcome.metrics.get(metric) {
        Some(Metric::Count(count)) => *count,
        None => 0,
        Some(other) => panic!("{metric} is {other:?}"),
    }
}

fn is_violated(outcome: &Outcome) -> bool {
    !outcome.evidence.as_ref().unwrap().findings[&PropertyId::Z1].holds()
}

fn alarms(outcome: &Outcome) -> Vec<&'static str> {
    let facts = &outcome.evidence.as_ref().unwrap().facts;
    let of = |fact: &Fact| match fact {
        Fact::Alarm { name, .. } => Some(*name),
        _ => None,
    };
    facts.iter().filter_map(|(_, _, fact)| of(fact)).collect()
}

#[test]
fn each_mechanism_closes_its_own_act_alone() {
    for (name, mechanism) in ALONE {
        assert!(is_violated(&run(name, &OFF)), "{name} with nothing against it");
        let key = mechanism.split('=').next().unwrap();
        let mut overrides: Vec<&str> =
            OFF.into_iter().filter(|word| !word.starts_with(&format!("{key}="))).collect();
        overrides.push(mechanism);
        assert!(!is_violated(&run(name, &overrides)), "{name} with {mechanism} alone");
    }
}

#[test]
fn a_stranger_is_locked_out_and_nobody_else_notices() {
    let attacked = run("t18-guessed-password", &[]);
    let peace = run("t18-guessed-password", &["scenario.attacks=false"]);
    assert_eq!(count(&attacked, "session.lock_outs"), 1);
    assert_eq!(count(&attacked, "session.false_lock_outs"), 0);
    assert_eq!(alarms(&attacked), ["lock_out"]);
    assert_eq!(count(&attacked, "session.logins"), count(&peace, "session.logins"));
    assert_eq!(count(&peace, "session.lock_outs"), 0);
    assert!(alarms(&peace).is_empty());
    // Who mistypes nearly always locks the own account: the figure is not 0 by construction.
    let clumsy = ["scenario.attacks=false", "fleet.desks.visits.typos=0.95"];
    let clumsy = run("t18-guessed-password", &clumsy);
    assert!(count(&clumsy, "session.false_lock_outs") > 0);
    assert_eq!(count(&clumsy, "session.false_lock_outs"), count(&clumsy, "session.lock_outs"));
}

#[test]
fn detectors_name_what_they_saw() {
    let stolen = alarms(&run("t18-stolen-token", &[]));
    assert!(!stolen.is_empty() && stolen.iter().all(|name| *name == "concurrent_use"));
    assert_eq!(alarms(&run("t18-guessed-token", &[])), ["token_guessing"]);
    assert!(alarms(&run("t18-stolen-token", &OFF)).is_empty());
}

/// A new association is another one: its user logs in again, and that is all.
#[test]
fn who_makes_a_new_association_logs_in_again() {
    let (path, text) = text("t18-after-logout");
    let rekey = "\n[[event]]\nat = \"60s\"\nrekey = { target = \"desks\", with = \"full\" }\n";
    let quiet = ["scenario.attacks=false"];
    let before = run_text((path.clone(), text.clone()), &quiet, 1);
    let after = run_text((path.clone(), text.clone() + rekey), &quiet, 1);
    assert_eq!(count(&before, "message.rejected.session_binding"), 0);
    assert!(count(&after, "message.rejected.session_binding") > 0);
    assert!(count(&after, "session.logins") > count(&before, "session.logins"));
    assert!(alarms(&after).is_empty() && !is_violated(&after));
    // A key update is no new association (RFC 8446 section 7.5: exporters do not change with it).
    let update = rekey.replace("full", "key_update");
    let updated = run_text((path, text + &update), &quiet, 1);
    assert_eq!(count(&updated, "message.rejected.session_binding"), 0);
}

/// Terminals and console lose what they had in memory, and people come again.
#[test]
fn visits_go_on_after_a_restart_of_either_end() {
    let (path, text) = text("t18-after-logout");
    // A terminal gives up an association that is gone after a minute or two (RFC 7252 section 4.8).
    let quiet = ["scenario.attacks=false", "scenario.duration=10min"];
    let calm = run_text((path.clone(), text.clone()), &quiet, 1);
    for target in ["desks", "in"] {
        let restart = format!("\n[[event]]\nat = \"40s\"\nrestart = {{ target = \"{target}\" }}\n");
        let outcome = run_text((path.clone(), text.clone() + &restart), &quiet, 1);
        let [all, most] = [&calm, &outcome].map(|outcome| count(outcome, "message.delivered"));
        assert!(most * 4 > all * 3, "{target}: {most} of {all}");
        assert!(alarms(&outcome).is_empty() && !is_violated(&outcome), "{target}");
    }
}

#[test]
fn sessions_are_bound_to_associations_of_either_version() {
    for profile in ["dtls13", "dtls12_gcm"] {
        let profile = format!("security.profile={profile}");
        let outcome = run("t18-stolen-token", &[&profile]);
        let judged = &outcome.evidence.as_ref().unwrap().attacks[0];
        assert_eq!(judged.judgement.verdict, Prevented, "{profile}");
        let off = run("t18-stolen-token", &[&profile, "countermeasure.CM24.on=false"]);
        assert_eq!(off.evidence.as_ref().unwrap().attacks[0].judgement.verdict, Succeeded);
    }
}

#[test]
fn threads_change_nothing() {
    for name in ["t18-stolen-token", "t18-guessed-password"] {
        let [one, two] = [1, 2].map(|threads| run_text(text(name), &[], threads).digest);
        assert_eq!(one, two, "{name}");
    }
}

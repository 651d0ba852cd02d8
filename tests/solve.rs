//! Searches: the answer against closed forms, what has no answer, what cannot be asked.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::process::Output;

use program::{code, json, keystorm, stderr, stdout};

fn solve(words: &[&str]) -> Output {
    // One worker and 2.5 ms a handshake.
    let all =
        ["solve", "scenarios/storm-fixed.toml", "--set", "cse.in.workers=1", "--progress", "none"];
    keystorm(&[&all[..], words].concat())
}

/// Seconds of an answer such as `2.1s` or `900ms`.
fn seconds(answer: &serde_json::Value) -> f64 {
    let text = answer.as_str().unwrap();
    match text.strip_suffix("ms") {
        Some(millis) => millis.parse::<f64>().unwrap() / 1e3,
        None => text.strip_suffix('s').unwrap().parse().unwrap(),
    }
}

const JITTER: &str = "fleet.devices.start.jitter=100ms..60s";
const PEAK: &str = "load.cse.utilisation_peak_1s < 0.7";

#[test]
fn the_smallest_window_is_that_of_the_fluid_limit() {
    let words =
        ["--set", "fleet.devices.count=500", "--find", JITTER, "--until", PEAK, "--seeds", "1..3"];
    let found = solve(&[&words[..], &["--format", "json"]].concat());
    assert_eq!(code(&found), 0, "{}", stderr(&found));
    let found = json(&found);
    // The busiest second is the first. ClientHellos come from 30 ms on and Finisheds from 140 ms on, spread evenly over W:
    // (0.97 x 500 x 2 ms + 0.86 x 500 x 0.5 ms) / W < 0.7 from W = 1.69 s on.
    let answer = seconds(&found["answer"]);
    assert!((1.64..1.85).contains(&answer), "{found}");
    assert_eq!((&found["met"], &found["monotone"]), (&true.into(), &true.into()), "{found}");
    assert_eq!(found["high"], found["answer"]);
    let low = seconds(&found["low"]);
    assert!(low < answer && low > answer * 0.96, "{found}");
    assert_eq!(
        (&found["confidence"]["seeds"], &found["confidence"]["met"]),
        (&3.into(), &3.into())
    );
    let share = found["confidence"]["share_at_least"].as_f64().unwrap();
    assert!((0.43..0.45).contains(&share), "Wilson for 3 of 3: {share}");
    // The same question, the same answer.
    let text = stdout(&solve(&words));
    assert!(
        text.starts_with(&format!("{} is the smallest", found["answer"].as_str().unwrap())),
        "{text}"
    );
}

#[test]
fn the_largest_fleet_is_that_of_the_fluid_limit() {
    let found = solve(&[
        "--set",
        "fleet.devices.start.jitter=2s",
        "--find",
        "fleet.devices.count=50..2000",
        "--largest",
        "--until",
        PEAK,
        "--seeds",
        "1..2",
        "--format",
        "json",
    ]);
    let found = json(&found);
    // 2 s x 70 % / 2.5 ms = 560.
    let answer: u32 = found["answer"].as_str().unwrap().parse().unwrap();
    assert!((430..=565).contains(&answer), "{found}");
    assert_eq!(found["low"], found["answer"]);
}

#[test]
fn what_has_no_answer_says_the_best_and_exits_with_1() {
    let words = [
        "--set",
        "fleet.devices.count=500",
        "--find",
        "fleet.devices.start.jitter=1s..1200ms",
        "--until",
        PEAK,
        "--seeds",
        "1..2",
    ];
    let none = solve(&words);
    assert_eq!(code(&none), 1, "{}", stderr(&none));
    let said = stdout(&none);
    assert!(
        said.starts_with("No value of fleet.devices.start.jitter in 1s..1.2s meets load.cse"),
        "{said}"
    );
    assert!(said.contains("; the best load.cse.utilisation_peak_1s was "), "{said}");
    let none = json(&solve(&[&words[..], &["--format", "json"]].concat()));
    assert_eq!((&none["answer"], &none["met"]), (&serde_json::Value::Null, &false.into()));
    assert_eq!((&none["low"], &none["high"]), (&"1s".into(), &"1.2s".into()));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    for (words, hint) in [
        (
            &["--find", JITTER, "--until", "association.handshake_s.p98 < 1s"][..],
            "did you mean `association.handshake_s.p9",
        ),
        (
            &["--find", JITTER, "--until", "association.handshake_s.p99 < 1MB"],
            "is not a unit of time",
        ),
        (
            &["--find", JITTER, "--until", "association.handshake_s.p99"],
            "the comparison is missing",
        ),
        (&["--find", JITTER], "nothing must hold"),
        (
            &["--find", "fleet.device.start.jitter=1s..2s", "--until", PEAK],
            "did you mean `devices`?",
        ),
        (&["--find", "fleet.devices.start.jitter=2s..1s", "--until", PEAK], "does not lie below"),
        (&["--find", "fleet.devices.start.jitter=1..2", "--until", PEAK], "needs a unit"),
        (&["--find", "fleet.devices.start.jitter", "--until", PEAK], "KEY=LO..HI"),
    ] {
        let refused = solve(words);
        assert_eq!(code(&refused), 2, "{words:?}: {}", stdout(&refused));
        assert!(stderr(&refused).contains(hint), "{words:?}: {}", stderr(&refused));
    }
}

//! Strategies against overload: each does by its mechanism what it is for, seen against the same storm without it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use keystorm::run::{Outcome, execute, lookup};
use keystorm::scenario::{Source, load};

const STORM: &str = include_str!("../scenarios/storm-fixed.toml");

/// The simple storm of 400 devices at one worker, which needs a second for them all.
fn storm(more: &str, overrides: &[&str]) -> Outcome {
    let source = Source::new("storm.toml", format!("{STORM}\n{more}"));
    let small = ["fleet.devices.count=400", "cse.in.workers=1"];
    let overrides: Vec<String> =
        small.iter().chain(overrides).map(|text| (*text).to_owned()).collect();
    let loaded = load(&source, &overrides, None).unwrap_or_else(|refused| panic!("{refused}"));
    execute(loaded.plan, 1, &|_| true)
}

fn figure(outcome: &Outcome, name: &str) -> f64 {
    lookup(&outcome.metrics, name).unwrap_or_default()
}

#[test]
fn finishing_first_lowers_the_median_for_one_round_trip_of_makespan() {
    let (fifo, first) = (storm("", &[]), storm("", &["cse.in.order=finish_first"]));
    let median = |outcome| figure(outcome, "association.handshake_s.p50");
    assert!(median(&first) < 0.8 * median(&fifo), "{} {}", median(&first), median(&fifo));
    // The last device begins last and then has the server to itself: at most one handshake without a queue more.
    let makespan = |outcome| figure(outcome, "association.makespan_s");
    let more = makespan(&first) - makespan(&fifo);
    assert!((0.0..0.1733).contains(&more), "{more} s");
    assert_eq!(figure(&first, "association.established"), 400.0);
}

const AGAIN: [&str; 4] = [
    "security.timer.initial=1s",
    "security.timer.retransmissions=1",
    "security.retry=2s",
    "security.backoff.kind=full",
];

#[test]
fn admission_bounds_the_load_and_everybody_comes_in_at_last() {
    let open = storm("", &AGAIN);
    let gated = storm("", &[&AGAIN[..], &["cse.in.admission=50/s"]].concat());
    let peak = |outcome| figure(outcome, "load.in.utilisation_peak_1s");
    // A burst of 50 and 50 a second: at most 100 handshakes of 2.5 ms, and their repeated flights.
    assert!(peak(&open) > 0.9 && peak(&gated) < 0.4, "{} {}", peak(&open), peak(&gated));
    assert!(figure(&gated, "message.rejected.admission") > 100.0);
    assert_eq!(figure(&open, "message.rejected.admission"), 0.0);
    assert_eq!(figure(&gated, "association.established"), 400.0);
}

#[test]
fn hellos_that_waited_too_long_are_dropped_unread() {
    let words = [&AGAIN[..], &["cse.in.stale_hello=300ms"]].concat();
    let dropped = storm("", &words);
    // 400 hellos of 2 ms: those behind the first 150 have waited longer.
    let stale = figure(&dropped, "message.rejected.stale_hello");
    assert!((200.0..2_000.0).contains(&stale), "{stale}");
    assert_eq!(figure(&dropped, "association.established"), 400.0);
    assert_eq!(figure(&storm("", &AGAIN), "message.rejected.stale_hello"), 0.0);
}

#[test]
fn without_jitter_those_that_failed_together_come_back_together() {
    let outage = "[[event]]\nat = \"1ms\"\nfail = { target = \"in\" }\n\n[[event]]\nat = \"40s\"\nrecover = { target = \"in\" }";
    let queue = |kind: &str| {
        let kind = format!("security.backoff.kind={kind}");
        let words = [&AGAIN[..3], &[kind.as_str()]].concat();
        let outcome = storm(outage, &words);
        assert_eq!(figure(&outcome, "association.established"), 400.0, "{kind}");
        figure(&outcome, "load.in.queue_max")
    };
    let clustered = queue("exponential");
    for kind in ["full", "equal", "decorrelated"] {
        let spread = queue(kind);
        assert!(
            clustered > 300.0 && spread < clustered / 3.0,
            "{kind}: {spread} against {clustered}"
        );
    }
}

#[test]
fn attempts_end_and_words_that_make_no_sense_are_refused() {
    let outage = "[[event]]\nat = \"1ms\"\nfail = { target = \"in\" }";
    let words = [&AGAIN[..], &["security.backoff.attempts=3"]].concat();
    let outcome = storm(outage, &words);
    // The first handshake and three more.
    assert_eq!(figure(&outcome, "association.failed"), 400.0 * 4.0);
    for (overrides, said) in [
        (&["security.backoff.kind=full"][..], "needs `retry`"),
        (&["security.retry=2s", "security.backoff.kind=ful"], "did you mean `full`?"),
        (&["security.retry=2s", "security.backoff.cap=1min"], "`kind` is missing"),
        (&["cse.in.admission=0/s"], "must be above 0"),
        (&["cse.in.order=lifo"], "cannot be `lifo`"),
    ] {
        let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
        let refused = load(&Source::new("storm.toml", STORM), &overrides, None).err().unwrap();
        let refused = refused.render(false);
        assert!(refused.contains(said), "{overrides:?}: {refused}");
    }
}

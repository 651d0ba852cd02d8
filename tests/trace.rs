//! Attack traces: honest ones end as they should, those of a bounded campaign violate nothing, a trace runs again exactly
//! from its file, and the oracle sees what a server without a replay window lets happen.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test program")]

use keystorm::fuzzing::trace::{Learnt, Setting, Step, Trace, What, Who, campaign};

/// Traces of a campaign in a committed test.
const RUNS: u64 = 2_000;

#[test]
fn honest_traces_end_with_four_finished_ends_and_two_messages() {
    for setting in Setting::ALL {
        for cookie in [false, true] {
            let outcome = Trace::honest(setting, cookie).run();
            assert!(outcome.violations.is_empty(), "{setting:?}, cookie {cookie}");
            assert_eq!((outcome.finished, outcome.taken), (4, 2), "{setting:?}, cookie {cookie}");
        }
    }
}

/// Alice's first message comes twice.
fn replayed(setting: Setting, replay_window: u8) -> Trace {
    let mut trace = Trace { replay_window, ..Trace::honest(setting, false) };
    let message = Learnt { from: Who::Alice, what: What::Data, number: 0 };
    let again = Step::Deliver { message, to: Who::Server, address: Who::Alice, change: None };
    trace.steps.push(again);
    trace
}

#[test]
fn a_replay_is_seen_where_nothing_stops_it_and_only_there() {
    for setting in Setting::ALL {
        assert!(replayed(setting, 64).run().violations.is_empty(), "{setting:?}");
        let outcome = replayed(setting, 0).run();
        assert!(outcome.violations.iter().any(|what| what.starts_with("A4")), "{outcome:?}");
    }
}

#[test]
fn a_trace_is_a_file_that_runs_again_exactly() {
    let trace = replayed(Setting::Dtls13, 0);
    let file = serde_json::to_string_pretty(&trace).unwrap();
    let again: Trace = serde_json::from_str(&file).unwrap();
    assert_eq!(trace, again);
    assert_eq!(trace.run(), again.run());
}

#[test]
fn a_bounded_campaign_violates_nothing() {
    let found = campaign(1, RUNS);
    assert!(found.is_empty(), "{:?}", found.first());
}

#[test]
fn any_bytes_are_a_trace() {
    for seed in 0..64u8 {
        let bytes: Vec<u8> = (0..=255).map(|byte: u8| byte.wrapping_mul(31) ^ seed).collect();
        assert_eq!(Trace::of_bytes(&bytes).run().violations, Vec::<String>::new());
    }
    assert_eq!(Trace::of_bytes(&[]).run().violations, Vec::<String>::new());
}

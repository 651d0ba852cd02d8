//! Charts whose words stand apart, whatever a story says; and the same story as text.

use proptest::prelude::*;

use super::chart::draw;
use super::*;
use crate::report::drawing::collision;
use crate::sim::time::Duration;

fn lane(name: &str, kind: LaneKind) -> Lane {
    Lane { name: name.to_owned(), kind }
}

fn message(from: usize, to: usize, label: &str, detail: &str, act: Act, outcome: Outcome) -> What {
    let (label, detail) = (label.to_owned(), detail.to_owned());
    What::Message { from, to, label, detail, act, outcome }
}

fn note(lane: usize, text: &str, kind: NoteKind) -> What {
    What::Note { lane, text: text.to_owned(), kind }
}

/// Replay of a meter's report, with the window (CM10) or without.
fn replay(is_defended: bool) -> Story {
    let report = "CREATE contentInstance, request 0007, 41.7 kWh";
    let again = if is_defended {
        Outcome::Refused("replay_window: duplicate of request 0007".to_owned())
    } else {
        Outcome::Accepted
    };
    let mut what = vec![
        (0, message(0, 2, "report of 41.7 kWh", report, Act::Sent, Outcome::Accepted)),
        (3, note(1, "copies the 118 bytes that pass on the link", NoteKind::Theft)),
        (9, note(2, "energy/report-7 is created", NoteKind::Effect)),
        (12, message(2, 0, "2001 CREATED", "", Act::Sent, Outcome::Delivered)),
        (2_003, message(1, 2, "report of 41.7 kWh", "the same 118 bytes", Act::Replayed, again)),
    ];
    let (answer, verdict) = if is_defended {
        what.push((
            2_004,
            note(2, "replay_window: duplicate, an alarm is raised", NoteKind::Alarm),
        ));
        what.push((2_010, note(3, "bills 41.7 kWh once", NoteKind::Effect)));
        (
            "The gateway refused the second copy of the report; one message, one effect.",
            Verdict::Prevented,
        )
    } else {
        what.push((
            2_007,
            note(2, "energy/report-8 is created from the same message", NoteKind::Effect),
        ));
        let twice = "notification, 83.4 kWh in all";
        what.push((2_040, message(2, 3, "two reports", twice, Act::Sent, Outcome::Accepted)));
        what.push((
            2_044,
            note(3, "A4: one message, two effects; 83.4 kWh are billed", NoteKind::Violation),
        ));
        (
            "One report of meter-3 had two effects: the gateway took the attacker's copy for a new one.",
            Verdict::Succeeded,
        )
    };
    let start = Duration::from_secs(30);
    Story {
        title: format!(
            "T9 replay of service-layer messages, CM10 {}, seed 7",
            if is_defended { "on" } else { "off" }
        ),
        answer: answer.to_owned(),
        verdict: Some(verdict),
        lanes: vec![
            lane("meter-3", LaneKind::Victim),
            lane("attacker on the radio link", LaneKind::Attacker),
            lane("gateway-1", LaneKind::Honest),
            lane("head-end", LaneKind::Infrastructure),
        ],
        moments: what
            .into_iter()
            .map(|(ms, what)| Moment { at: Time::ZERO + start + Duration::from_millis(ms), what })
            .collect(),
        left_out: 12,
    }
}

/// All kinds of ends in one story, with names as long as they may be.
fn everything() -> Story {
    let outcomes = || {
        let why = "transcript check: Finished does not match what both ends have seen";
        [Outcome::Delivered, Outcome::Accepted, Outcome::Refused(why.to_owned()), Outcome::Dropped]
    };
    let ways = [(0, 1), (1, 0), (0, 4), (3, 1), (2, 2), (4, 4)];
    let acts = [Act::Sent, Act::Altered, Act::Replayed, Act::Injected];
    let mut moments = Vec::new();
    for (i, ((from, to), outcome)) in
        ways.into_iter().zip(outcomes().into_iter().cycle()).enumerate()
    {
        let act = acts[i % 4];
        let what = message(from, to, "ClientHello with a suite less", "124 bytes", act, outcome);
        moments.push(Moment { at: Time(1_000_000 * i as u64), what });
    }
    for (i, kind) in
        [NoteKind::Alarm, NoteKind::Effect, NoteKind::Theft, NoteKind::Step, NoteKind::Refusal]
            .into_iter()
            .enumerate()
    {
        let text = "a rather long account of what happened in this lane at this moment of the run";
        moments.push(Moment { at: Time(9_000_000_000), what: note(i, text, kind) });
    }
    let kinds = [
        LaneKind::Honest,
        LaneKind::Attacker,
        LaneKind::Victim,
        LaneKind::Infrastructure,
        LaneKind::Honest,
    ];
    let lanes = kinds.map(|kind| lane("a-name-of-a-node-that-is-long-0123456789", kind)).to_vec();
    Story { title: "everything".to_owned(), lanes, moments, ..Story::default() }
}

fn is_well_formed(svg: &str) -> bool {
    let mut reader = quick_xml::Reader::from_str(svg);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

#[test]
fn words_stand_apart() {
    for story in [replay(false), replay(true), everything(), Story::default()] {
        let (canvas, size) = draw(&story);
        assert_eq!(collision(&canvas, size), None, "{}", story.title);
        assert!(is_well_formed(&svg(&story)), "{}", story.title);
    }
}

#[test]
fn a_chart_says_who_refused_what_and_why() {
    let chart = svg(&replay(true));
    for said in
        ["PREVENTED: ", "meter-3", "replayed: ", "replay_window", "2 s", "from 30 s", "12 further"]
    {
        assert!(chart.contains(said), "{said}");
    }
    assert!(!svg(&replay(false)).contains("refused:"));
}

#[test]
fn hostile_words_stay_words() {
    let mut story = replay(true);
    let bad = "</text><script>alert(1)</script>&\"'\u{1b}[31m\u{202e}";
    story.title = bad.to_owned();
    story.answer = bad.to_owned();
    story.lanes[0].name = bad.to_owned();
    story.moments[0].what = message(0, 2, bad, bad, Act::Altered, Outcome::Refused(bad.to_owned()));
    let chart = svg(&story);
    assert!(is_well_formed(&chart) && !chart.contains("<script") && !chart.contains('\u{1b}'));
    let (canvas, size) = draw(&story);
    assert_eq!(collision(&canvas, size), None);
    let text = text(&story);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
}

#[test]
fn what_is_left_out_is_counted_and_said() {
    let mut story = replay(false);
    let one = story.moments[0].clone();
    story.moments = vec![one; MOMENTS_MAX + 5];
    story.moments.push(Moment { at: Time(1), what: note(99, "in no lane", NoteKind::Step) });
    story.left_out = 3;
    assert_eq!((story.shown().count(), story.hidden()), (MOMENTS_MAX, 9));
    assert!(svg(&story).contains("40 shown; 9 further moments are left out."));
    assert!(text(&story).contains("9 further moments are left out."));
    story.lanes = vec![lane("n", LaneKind::Honest); LANES_MAX + 3];
    story.moments = vec![Moment { at: Time(1), what: note(LANES_MAX, "hidden", NoteKind::Step) }];
    assert_eq!((story.shown().count(), story.hidden()), (0, 4));
    assert!(svg(&story).contains("There is no moment to show."));
}

#[test]
fn the_text_has_a_line_for_each_moment() {
    let text = text(&replay(true));
    assert!(text.starts_with("PREVENTED: The gateway refused"), "{text}");
    assert!(
        text.contains("2 s  attacker on the radio link -> gateway-1  replayed: report"),
        "{text}"
    );
    assert!(text.contains("refused: replay_window: duplicate of request 0007\n"), "{text}");
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,80}", "[a-z]{60,120}", "\\PC{0,60}", "(W|m|@|é|…){0,60}"]
}

fn any_what() -> impl Strategy<Value = What> {
    let act =
        prop_oneof![Just(Act::Sent), Just(Act::Altered), Just(Act::Replayed), Just(Act::Injected)];
    let outcome = prop_oneof![
        Just(Outcome::Delivered),
        Just(Outcome::Accepted),
        words().prop_map(Outcome::Refused),
        Just(Outcome::Dropped)
    ];
    let kind = prop_oneof![Just(NoteKind::Alarm), Just(NoteKind::Effect), Just(NoteKind::Theft)];
    prop_oneof![
        (0..9_usize, 0..9_usize, words(), words(), act, outcome).prop_map(
            |(from, to, label, detail, act, outcome)| What::Message {
                from,
                to,
                label,
                detail,
                act,
                outcome
            }
        ),
        (0..9_usize, words(), kind).prop_map(|(lane, text, kind)| What::Note { lane, text, kind }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn words_stand_apart_in_any_story(
        title in words(),
        answer in words(),
        names in prop::collection::vec(words(), 0..10),
        what in prop::collection::vec((any::<u64>(), any_what()), 0..50),
        left_out: u64,
    ) {
        let kinds = [LaneKind::Honest, LaneKind::Attacker, LaneKind::Victim, LaneKind::Infrastructure];
        let story = Story {
            title,
            answer,
            verdict: Some(Verdict::Detected),
            lanes: names.iter().zip(kinds.into_iter().cycle()).map(|(n, k)| lane(n, k)).collect(),
            moments: what.into_iter().map(|(at, what)| Moment { at: Time(at), what }).collect(),
            left_out,
        };
        let (canvas, size) = draw(&story);
        prop_assert_eq!(collision(&canvas, size), None);
        prop_assert!(is_well_formed(&svg(&story)));
        prop_assert!(text(&story).lines().count() <= MOMENTS_MAX + 8);
    }
}

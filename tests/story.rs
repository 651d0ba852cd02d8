//! The story of every threat of the catalogue, with its countermeasures off and on: it comes from the ledger, names
//! who did what, and fits in a chart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test program")]

use keystorm::ledger::Verdict;
use keystorm::report::sequence::{
    Act, LANES_MAX, LaneKind, MOMENTS_MAX, NoteKind, Outcome, Story, What, svg, tell, text,
};
use keystorm::run::matrix::{FILES, Set, ThreatFile, Trial};
use keystorm::scenario::{Source, load};

fn story(file: &ThreatFile, is_defended: bool) -> Story {
    let plan = load(&Source::new(file.path, file.text), &[], None);
    let plan = plan.unwrap_or_else(|faults| panic!("{}", faults.render(false))).plan;
    let all: Set = plan.countermeasures.iter().map(|one| one.number).collect();
    let on = if is_defended { all.clone() } else { Set::new() };
    let trial = Trial { file: *file, on, is_attacked: true, seed: 1 };
    tell(&trial.outcome(&all, &|| true).unwrap()).expect("somebody attacks")
}

#[test]
fn every_threat_has_a_story_that_fits_in_a_chart() {
    for file in FILES {
        for is_defended in [false, true] {
            let name = format!("{} {is_defended}", file.path);
            let story = story(file, is_defended);
            assert!(!story.answer.is_empty() && story.verdict.is_some(), "{name}");
            if !is_defended {
                assert_eq!(story.verdict, Some(Verdict::Succeeded), "{name}: {}", story.answer);
            }
            assert!((2..=LANES_MAX).contains(&story.lanes.len()), "{name}: {:?}", story.lanes);
            assert!((2..=MOMENTS_MAX).contains(&story.moments.len()), "{name}: {}", text(&story));
            let attackers = story.lanes.iter().filter(|lane| lane.kind == LaneKind::Attacker);
            assert_eq!(attackers.count(), 1, "{name}");
            assert!(story.moments.is_sorted_by_key(|moment| moment.at), "{name}: {}", text(&story));
            assert!(svg(&story).ends_with("</svg>\n"), "{name}");
            // Numbers of actors and resources are for the ledger, names for people.
            let said = text(&story);
            assert!(!said.contains("actor ") && !said.contains("resource "), "{name}: {said}");
        }
    }
}

#[test]
fn the_story_of_a_replay_has_its_two_effects_or_the_refusal() {
    let file = FILES.iter().find(|file| file.threat == 9).unwrap();
    let open = story(file, false);
    let copies = open.moments.iter().filter(|moment| {
        matches!(&moment.what, What::Message { act: Act::Replayed, outcome: Outcome::Accepted, .. })
    });
    assert_eq!(copies.count(), 1, "{}", text(&open));
    let effects = open
        .moments
        .iter()
        .filter(|moment| matches!(&moment.what, What::Note { kind: NoteKind::Effect, .. }));
    assert_eq!(effects.count(), 2, "{}", text(&open));
    let last = open.moments.last().unwrap();
    assert!(matches!(&last.what, What::Note { kind: NoteKind::Violation, .. }), "{}", text(&open));
    let closed = story(file, true);
    let refused = closed.moments.iter().filter_map(|moment| match &moment.what {
        What::Message { outcome: Outcome::Refused(why), act, .. } => Some((why.as_str(), *act)),
        _ => None,
    });
    assert_eq!(refused.collect::<Vec<_>>(), [("CM10 (replayed)", Act::Replayed)]);
}

//! Every verdict from facts; every way in which four cells say something or nothing.

use super::*;
use crate::ledger::tests::Story;
use crate::ledger::{ActorId, Bound, property};

const METER: ActorId = ActorId(1);
const OTHER: ActorId = ActorId(2);

/// Whether the property is violated, refused, alarmed; the bound on the loss, if any.
fn verdict(violated: bool, refused: bool, alarmed: bool, bound: Option<f64>) -> Judgement {
    let mut story = Story::new();
    // Before the attack, and about something else: neither counts.
    story.node(|facts| facts.refuse("replay_window", About::Actor(METER), "duplicate"));
    let start = story.now + Duration(1);
    story.node(|facts| facts.refuse("replay_window", About::Actor(OTHER), "duplicate"));
    story.node(|facts| facts.alarm(OTHER, "counter", About::Actor(OTHER)));
    if violated {
        story.node(|facts| facts.exceed(METER, Bound::Panic));
    }
    if refused {
        story.node(|facts| facts.refuse("replay_window", About::Actor(METER), "duplicate"));
    }
    if alarmed {
        story.node(|facts| facts.alarm(OTHER, "counter", About::Actor(METER)));
    }
    let facts = story.facts();
    let question = Question {
        counts: &|_| true,
        first_step: Some(start),
        concerns: &|about| *about == About::Actor(METER),
        alarm_deadline: Duration::from_secs(10),
        loss: bound.map(|bound| ("panic", bound)),
    };
    judge(&facts, &property::x2(&facts), &question)
}

#[test]
fn each_verdict_has_its_facts_and_the_first_that_fits_is_told() {
    use Verdict::{Detected, Invalid, Mitigated, Prevented, Succeeded};
    for (violated, refused, alarmed, bound, expected) in [
        (false, true, false, None, Prevented),
        (false, true, true, None, Prevented),
        (false, false, true, None, Detected),
        (false, false, false, None, Invalid),
        (true, false, false, None, Succeeded),
        (true, true, false, None, Succeeded),
        (true, false, true, None, Detected),
        (true, false, true, Some(1.0), Mitigated),
        (true, true, false, Some(0.5), Succeeded),
    ] {
        let judgement = verdict(violated, refused, alarmed, bound);
        assert_eq!(judgement.verdict, expected, "{violated} {refused} {alarmed} {bound:?}");
        assert_eq!(judgement.is_violated, violated);
        assert_eq!(judgement.alarm_latency.is_some(), alarmed);
        assert_eq!(judgement.refusal_latency.is_some(), refused);
    }
    assert_eq!(verdict(true, false, true, Some(1.0)).loss, Some(1.0));
}

#[test]
fn late_alarms_and_attacks_that_never_began_do_not_count() {
    let mut story = Story::new();
    let start = story.now;
    story.now += Duration::from_secs(99);
    story.node(|facts| facts.alarm(OTHER, "counter", About::Actor(METER)));
    let facts = story.facts();
    let mut question = Question {
        counts: &|_| true,
        first_step: Some(start),
        concerns: &|_| true,
        alarm_deadline: Duration::from_secs(99),
        loss: None,
    };
    let finding = property::x2(&facts);
    assert_eq!(judge(&facts, &finding, &question).verdict, Verdict::Invalid);
    question.alarm_deadline = Duration::from_secs(100);
    assert_eq!(judge(&facts, &finding, &question).verdict, Verdict::Detected);
    question.first_step = None;
    assert_eq!(judge(&facts, &finding, &question).verdict, Verdict::Vacuous);
}

#[test]
fn what_was_not_looked_at_is_not_prevented() {
    let mut story = Story::new();
    story.node(|facts| facts.refuse("replay_window", About::Actor(METER), "duplicate"));
    let facts = story.facts();
    let question = Question {
        counts: &|_| true,
        first_step: Some(Time::ZERO),
        concerns: &|_| true,
        alarm_deadline: Duration::MAX,
        loss: None,
    };
    let mut finding = property::x2(&facts);
    assert_eq!(judge(&facts, &finding, &question).verdict, Verdict::Prevented);
    finding.is_complete = false;
    assert_eq!(judge(&facts, &finding, &question).verdict, Verdict::Invalid);
}

fn told(verdict: Verdict) -> Judgement {
    let is_violated = matches!(verdict, Verdict::Succeeded | Verdict::Mitigated);
    Judgement { verdict, is_violated, alarm_latency: None, refusal_latency: None, loss: None }
}

/// Thirty seeds: the attack succeeds, the defence prevents, and costs as many bytes as the seed.
fn experiment() -> Experiment {
    let costs = |bytes: f64| Costs::from([("sent_bytes".to_owned(), bytes)]);
    let mut experiment = Experiment::default();
    for seed in 1..=30u32 {
        let key = u64::from(seed);
        experiment.exposed.insert(key, told(Verdict::Succeeded));
        experiment.defended.insert(key, told(Verdict::Prevented));
        experiment.plain.insert(key, Quiet { alarms: 0, costs: costs(1_000.0) });
        let on = costs(1_000.0 + f64::from(seed));
        experiment.equipped.insert(key, Quiet { alarms: 0, costs: on });
    }
    experiment
}

#[test]
fn four_cells_give_verdict_share_false_alarms_and_cost() {
    let mut experiment = experiment();
    experiment.equipped.get_mut(&3).unwrap().alarms = 2;
    experiment.defended.insert(4, told(Verdict::Vacuous));
    experiment.defended.insert(5, told(Verdict::Succeeded));
    let outcome = experiment.outcome().unwrap();
    assert_eq!(outcome.verdict, Verdict::Prevented);
    assert_eq!(outcome.shares[&Verdict::Prevented], Proportion { count: 28, of: 29 });
    assert_eq!(outcome.shares[&Verdict::Succeeded], Proportion { count: 1, of: 29 });
    assert_eq!((outcome.vacuous, outcome.is_small), (1, false));
    assert_eq!(outcome.false_alarms, Proportion { count: 1, of: 30 });
    assert_eq!(outcome.false_alarms_off, Proportion { count: 0, of: 30 });
    let cost = outcome.costs["sent_bytes"];
    assert_eq!((cost.mean, cost.worst), (15.5, (30, 30.0)));
}

#[test]
fn of_equally_frequent_verdicts_the_worse_is_told() {
    let mut experiment = experiment();
    (1..=15).for_each(|seed| {
        experiment.defended.insert(seed, told(Verdict::Succeeded));
    });
    assert_eq!(experiment.outcome().unwrap().verdict, Verdict::Succeeded);
}

#[test]
fn cells_that_say_nothing_are_refused() {
    assert_eq!(Experiment::default().outcome(), Err(Fault::Empty));
    let mut cells = experiment();
    cells.plain.remove(&7);
    assert_eq!(cells.outcome(), Err(Fault::Seeds));
    let mut cells = experiment();
    cells.exposed.insert(9, told(Verdict::Prevented));
    let fault = Fault::NotASuccess { seed: 9, verdict: Verdict::Prevented };
    assert_eq!(cells.outcome(), Err(fault));
    let mut cells = experiment();
    cells.defended.insert(2, told(Verdict::Invalid));
    assert_eq!(cells.outcome(), Err(Fault::Unexplained { seed: 2 }));
    let mut cells = experiment();
    (1..=3).for_each(|seed| {
        cells.exposed.insert(seed, told(Verdict::Vacuous));
    });
    assert_eq!(cells.outcome().unwrap().vacuous, 3);
    cells.exposed.insert(4, told(Verdict::Vacuous));
    assert_eq!(cells.outcome(), Err(Fault::Vacuous { count: 4, of: 30 }));
}

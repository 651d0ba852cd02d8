//! `keystorm solve`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, ensure};
use keystorm::report::{of_metric, percent};
use keystorm::run::metric_holds;
use keystorm::run::solve::{Found, Search, Trial, solve as search};
use keystorm::scenario::find::{Range, range};
use keystorm::scenario::plan::Expectation;
use keystorm::scenario::{Plan, Source, expectation, load as load_scenario};
use serde_json::{Map, Value, json};

use super::args::{Format, ScenarioArguments, SolveArguments};
use super::exit::Exit;
use super::progress::{self, Steps};
use super::run::threads;
use super::{load, output};

/// What was asked.
struct Question {
    range: Range,
    /// The rungs of the range in the order in which they are wanted.
    ladder: Vec<usize>,
    wanted: Vec<Expectation>,
    seeds: Vec<u64>,
    largest: bool,
}

pub(super) fn solve(arguments: &SolveArguments, format: Format) -> anyhow::Result<Exit> {
    let words = ScenarioArguments { seed: None, overrides: arguments.overrides.clone() };
    let Some(loaded) = load::scenario(&arguments.scenario, &words, format)? else {
        return Ok(Exit::Usage);
    };
    let name = arguments.scenario.display().to_string();
    let source = Source::new(name.clone(), load::text(&arguments.scenario)?);
    let range = match range(&source, &arguments.overrides, &arguments.find) {
        Ok(range) => range,
        Err(refused) => {
            load::refuse(&refused, &name, format)?;
            return Ok(Exit::Usage);
        }
    };
    let Some(wanted) = wanted(arguments, &loaded.plan, format)? else {
        return Ok(Exit::Usage);
    };
    let mut ladder: Vec<usize> = (0..range.values.len()).collect();
    if arguments.largest {
        ladder.reverse();
    }
    let (first, last) = arguments.seeds;
    let seeds = (first..=last).collect();
    let question = Question { range, ladder, wanted, seeds, largest: arguments.largest };
    progress::listen_saying("stopping (once more to stop at once)")?;
    let found = run(arguments, &source, &question, loaded.plan)?;
    match format {
        Format::Json => output::json(&object(&question, &found))?,
        Format::Text => output::result(&text(&question, &found))?,
    }
    Ok(match (found.interrupted, found.answer) {
        (true, _) => Exit::Interrupted,
        (false, Some(_)) => Exit::Held,
        (false, None) => Exit::Failed,
    })
}

/// What must hold; `None` after saying what is wrong.
fn wanted(
    arguments: &SolveArguments,
    plan: &Plan,
    format: Format,
) -> anyhow::Result<Option<Vec<Expectation>>> {
    let mut wanted = Vec::new();
    for text in &arguments.until {
        match expectation(text, plan) {
            Ok(expectation) => wanted.push(expectation),
            Err(refused) => {
                load::refuse(&refused, "--until", format)?;
                return Ok(None);
            }
        }
    }
    if wanted.is_empty() {
        wanted.clone_from(&plan.expectations);
    }
    ensure!(
        !wanted.is_empty(),
        "nothing must hold: the file has no [expect]\n  hint: say what, such as --until 'rekey.time_s.p99 < 30s'"
    );
    Ok(Some(wanted))
}

fn run(
    arguments: &SolveArguments,
    source: &Source,
    question: &Question,
    plan: Plan,
) -> anyhow::Result<Found> {
    let Question { range, ladder, wanted, seeds, .. } = question;
    // A value inside a range whose ends load may still be refused; that is said before anything runs on.
    let mut plans: BTreeMap<usize, Plan> = BTreeMap::new();
    let plan_of = |rung: usize| -> Result<Plan, String> {
        let mut overrides = arguments.overrides.clone();
        overrides.push(range.set(rung));
        load_scenario(source, &overrides, None)
            .map(|loaded| loaded.plan)
            .map_err(|refused| refused.render(load::color()))
    };
    for rung in ladder {
        let plan = plan_of(*rung).map_err(anyhow::Error::msg);
        plans.insert(*rung, plan.with_context(|| range.set(*rung))?);
    }
    let steps = Steps::new(&arguments.pace, None);
    let done = AtomicU64::new(0);
    let texts: Vec<String> = ladder.iter().map(|rung| range.text(*rung)).collect();
    let told = |trial: &Trial| {
        let met = if trial.meets() { "meets" } else { "does not meet" };
        let done = done.fetch_add(trial.seen.len() as u64, Ordering::Relaxed);
        steps.tell(done, &format!("{} {met}", texts[trial.rung]));
    };
    let found = search(&Search {
        ladder: &texts,
        plan: &|rung| plans.get(&ladder[rung]).unwrap_or(&plan).clone(),
        wanted,
        seeds,
        threads: threads(&arguments.pace),
        goes_on: &|| !progress::is_stopped(),
        told: &told,
    });
    steps.finish();
    Ok(found)
}

impl Question {
    fn value(&self, rung: usize) -> String {
        self.ladder.get(rung).map_or_else(String::new, |at| self.range.text(*at))
    }

    fn until(&self) -> String {
        let words = self.wanted.iter().map(|each| format!("{} {}", each.metric, each.text));
        words.collect::<Vec<_>>().join(" and ")
    }

    fn ends(&self) -> String {
        format!("{}..{}", self.range.text(0), self.range.text(self.range.values.len() - 1))
    }

    /// What the answer rests on.
    fn confidence(&self, trial: &Trial) -> String {
        let (met, of) = (trial.met, trial.seen.len());
        let share = percent(trial.confidence());
        format!(
            "{met} of {of} seeds meet; with 95 % confidence at least {share} of all seeds do (Wilson)"
        )
    }

    /// What a search that found nothing came nearest to: the first thing missed, at the value where it is least so.
    fn best(&self, found: &Found) -> Option<String> {
        let missed = |trial: &Trial| {
            self.wanted.iter().enumerate().find_map(|(at, wanted)| {
                let values = trial.seen.values().filter_map(|values| values[at]);
                let worst = values.filter(|value| !metric_holds(*value, wanted));
                let worst = worst.max_by(|a, b| far(*a, wanted).total_cmp(&far(*b, wanted)))?;
                Some((at, worst))
            })
        };
        let nearest = found.trials.values().filter_map(|trial| Some((trial.rung, missed(trial)?)));
        let (rung, (at, value)) = nearest.min_by(|a, b| {
            let key = |(_, (at, value)): &(usize, (usize, f64))| far(*value, &self.wanted[*at]);
            // Whatever comes later in the list of wishes was reached.
            b.1.0.cmp(&a.1.0).then(key(a).total_cmp(&key(b)))
        })?;
        let metric = &self.wanted[at].metric;
        let (value, at) = (of_metric(metric, value), self.value(rung));
        Some(format!("the best {metric} was {value} at {at}"))
    }
}

/// How far a value is from its bound.
fn far(value: f64, wanted: &Expectation) -> f64 {
    (value - wanted.bound).abs()
}

fn text(question: &Question, found: &Found) -> String {
    let (key, until) = (&question.range.key, question.until());
    let which = if question.largest { "largest" } else { "smallest" };
    let mut text = match found.answer {
        Some(answer) => {
            let value = question.value(answer);
            let mut text = format!(
                "{value} is the {which} {key} in {} that meets {until}.\n",
                question.ends()
            );
            if let Some(trial) = found.trials.get(&answer) {
                text.push_str(&format!("confidence  {}\n", question.confidence(trial)));
            }
            let before = match found.before() {
                Some(before) => format!("{} does not meet", question.value(before)),
                None => "the range ends there".to_owned(),
            };
            text.push_str(&format!("resolution  {}; {before}\n", question.range.resolution()));
            text
        }
        None if found.interrupted => format!("Interrupted: no answer for {key} yet.\n"),
        None => {
            let best = question.best(found).map_or_else(String::new, |best| format!("; {best}"));
            format!("No value of {key} in {} meets {until}{best}.\n", question.ends())
        }
    };
    if let Some((better, worse)) = found.reversal() {
        text.push_str(&format!(
            "note        not monotone: {} meets and {} does not, so that other values may meet, too\n",
            question.value(better),
            question.value(worse)
        ));
    }
    text.push_str(&format!("runs        {}\n\n", found.runs));
    text.push_str("value       seeds met  figures, from the least to the greatest\n");
    let mut trials: Vec<&Trial> = found.trials.values().collect();
    if question.largest {
        trials.reverse();
    }
    for trial in trials {
        let figures = question.wanted.iter().enumerate().map(|(at, wanted)| {
            let figure = span(trial, at).map_or_else(
                || "none".to_owned(),
                |(low, high)| {
                    let (low, high) =
                        (of_metric(&wanted.metric, low), of_metric(&wanted.metric, high));
                    if low == high { low } else { format!("{low} to {high}") }
                },
            );
            format!("{} {figure}", wanted.metric)
        });
        let figures = figures.collect::<Vec<_>>().join(", ");
        let met = format!("{} of {}", trial.met, trial.seen.len());
        text.push_str(&format!("{:<10}  {met:<9}  {figures}\n", question.value(trial.rung)));
    }
    text
}

/// Least and greatest of a figure over the seeds.
fn span(trial: &Trial, at: usize) -> Option<(f64, f64)> {
    let values: Vec<f64> = trial.seen.values().filter_map(|values| values[at]).collect();
    let low = values.iter().copied().reduce(f64::min)?;
    Some((low, values.into_iter().reduce(f64::max)?))
}

fn object(question: &Question, found: &Found) -> Value {
    let ends = (question.range.text(0), question.range.text(question.range.values.len() - 1));
    let answer = found.answer.map(|rung| question.value(rung));
    // Between which values the answer lies: the last that does not meet, and the first that does.
    let near = found.before().map(|rung| question.value(rung));
    let (low, high) = match (&answer, question.largest) {
        (None, _) => ends,
        (Some(answer), false) => (near.unwrap_or_else(|| answer.clone()), answer.clone()),
        (Some(answer), true) => (answer.clone(), near.unwrap_or_else(|| answer.clone())),
    };
    let trial = found.answer.and_then(|rung| found.trials.get(&rung));
    let tried: Vec<Value> = found
        .trials
        .values()
        .map(|trial| {
            let metrics: Map<String, Value> = question
                .wanted
                .iter()
                .enumerate()
                .map(|(at, wanted)| (wanted.metric.clone(), json!(span(trial, at).map(|(a, b)| [a, b]))))
                .collect();
            let (seeds, met) = (trial.seen.len(), trial.met);
            json!({ "value": question.value(trial.rung), "seeds": seeds, "met": met, "metrics": metrics })
        })
        .collect();
    let best = if answer.is_none() { question.best(found) } else { None };
    json!({
        "key": question.range.key,
        "answer": answer,
        "met": answer.is_some(),
        "low": low,
        "high": high,
        "runs": found.runs,
        "until": question.wanted.iter().map(|each| format!("{} {}", each.metric, each.text)).collect::<Vec<_>>(),
        "largest": question.largest,
        "resolution": question.range.resolution(),
        "confidence": trial.map(|trial| json!({
            "rule": "every seed meets",
            "seeds": trial.seen.len(),
            "met": trial.met,
            "level": 0.95,
            "share_at_least": trial.confidence(),
        })),
        "monotone": found.reversal().is_none(),
        "best": best,
        "interrupted": found.interrupted,
        "tried": tried,
    })
}

//! `keystorm hunt`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration as RealDuration, Instant};

use anyhow::Context as _;
use keystorm::fuzzing::trace::campaign;
use keystorm::report::hunt::{Hunted, Journal, text, write};
use keystorm::run::hunt::{BASE, BASE_PATH, Hunt, Note, Refused};
use keystorm::scenario::Source;

use super::args::{Format, HuntArguments};
use super::build::build;
use super::exit::Exit;
use super::progress::{self, Steps};
use super::run::{hinted, threads};
use super::{load, output};

/// Where results go unless told otherwise: below it, the scenario's name.
const RESULTS: &str = "results/hunt";
/// Most traces that become files.
const TRACES_MAX: usize = 100;
/// How long a hunt lasts where nobody says.
const BUDGET: RealDuration = RealDuration::from_secs(60);

pub(super) fn hunt(arguments: &HuntArguments, format: Format) -> anyhow::Result<Exit> {
    if let Some(runs) = arguments.traces {
        return traces(arguments, runs, format);
    }
    let source = source(arguments.scenario.as_deref())?;
    let Some(hunt) = prepare(&source, arguments, format)? else { return Ok(Exit::Usage) };
    let plan = hunt.plan();
    let folder = arguments.out.clone().unwrap_or_else(|| PathBuf::from(RESULTS).join(&plan.name));
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot write results to {}", folder.display()))?;
    if arguments.force {
        super::matrix::forget(&folder)?;
    }
    let journal = Journal::open(&folder, &build(), &source.text, &arguments.overrides);
    let journal = journal.map_err(hinted)?;
    progress::listen()?;
    let notes = seeds(arguments, &hunt, &journal)?;
    let hunted = judge(arguments, &hunt, source.name, &notes);
    write(&folder, &hunted).map_err(hinted)?;
    match format {
        Format::Json => output::json(&hunted)?,
        Format::Text => output::result(&text(&hunted, &folder))?,
    }
    if hunted.is_partial {
        output::talk("the same command goes on where this one stopped");
        return Ok(Exit::Interrupted);
    }
    Ok(if hunted.findings.is_empty() && hunted.broken_runs == 0 {
        Exit::Held
    } else {
        Exit::Failed
    })
}

/// Attack traces on the association; those that violate something become files.
fn traces(arguments: &HuntArguments, runs: u64, format: Format) -> anyhow::Result<Exit> {
    let seed = arguments.seeds.map_or(1, |(first, _)| first);
    let found = campaign(seed, runs);
    let folder = arguments.out.clone().unwrap_or_else(|| PathBuf::from(RESULTS).join("traces"));
    let mut told = Vec::new();
    for (number, (trace, outcome)) in found.iter().take(TRACES_MAX).enumerate() {
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot write results to {}", folder.display()))?;
        let path = folder.join(format!("trace-{seed}-{number}.json"));
        fs::write(&path, serde_json::to_vec_pretty(trace)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        told.push((path, outcome.violations.join("; ")));
    }
    if format == Format::Json {
        let files =
            told.iter().map(|(path, what)| serde_json::json!({ "file": path, "what": what }));
        let files: Vec<_> = files.collect();
        output::json(
            &serde_json::json!({ "runs": runs, "violating": found.len(), "traces": files }),
        )?;
    } else {
        let mut text = match found.len() {
            0 => format!("Nothing broke in {runs} traces: A1, A2, A3, A4, I1 held.\n"),
            n => format!("{n} of {runs} traces broke what must hold.\n"),
        };
        for (path, what) in &told {
            text.push_str(&format!("{what}\n  repeat   keystorm replay {}\n", path.display()));
        }
        output::result(&text)?;
    }
    Ok(if found.is_empty() { Exit::Held } else { Exit::Failed })
}

/// The base that was named, or the one that ships.
fn source(path: Option<&Path>) -> anyhow::Result<Source> {
    Ok(match path {
        Some(path) => Source::new(path.display().to_string(), load::text(path)?),
        None => Source::new(BASE_PATH, BASE),
    })
}

/// `None`: the base is refused, and everything that is wrong was said.
fn prepare(
    source: &Source,
    arguments: &HuntArguments,
    format: Format,
) -> anyhow::Result<Option<Hunt>> {
    match Hunt::new(source, &arguments.overrides) {
        Ok(hunt) => Ok(Some(hunt)),
        Err(Refused::Scenario(faults)) => {
            output::talk(&faults.render(load::color()));
            if format == Format::Json {
                output::json(&serde_json::json!({ "errors": faults.records() }))?;
            }
            Ok(None)
        }
        Err(Refused::Nothing) => anyhow::bail!(
            "{} says nothing of what must hold\n  hint: name properties in `scenario.hold`, such as hold = [\"A4\"], \
             or metrics in `[expect]`",
            source.name
        ),
        Err(Refused::Threads(why)) => anyhow::bail!("no threads to run on: {why}"),
    }
}

/// Runs the seeds that are asked for and not known, as long as there is time.
#[expect(clippy::disallowed_methods, reason = "a budget is real time")]
fn seeds(arguments: &HuntArguments, hunt: &Hunt, journal: &Journal) -> anyhow::Result<Vec<Note>> {
    let pace = &arguments.pace;
    let (first, last) = match (arguments.seeds, arguments.runs) {
        (Some(seeds), _) => seeds,
        (None, Some(runs)) => (1, runs),
        (None, None) => (1, u64::MAX),
    };
    let is_bounded = last < u64::MAX;
    let budget = arguments.budget.or_else(|| (!is_bounded).then_some(BUDGET));
    if !journal.is_empty() && !pace.quiet {
        output::talk(&format!("{} seeds are in the journal already", journal.len()));
    }
    let started = Instant::now();
    let steps = Steps::new(pace, is_bounded.then(|| last - first + 1));
    let done = AtomicU64::new(0);
    let failed = Mutex::new(None);
    let goes_on =
        || !progress::is_stopped() && budget.is_none_or(|budget| started.elapsed() < budget);
    let notes =
        hunt.run(first..=last, threads(pace), &|seed| journal.known(seed), &goes_on, &|note| {
            if let Err(error) = journal.add(note) {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return false;
            }
            steps.tell(done.fetch_add(1, Ordering::Relaxed) + 1, &format!("seed {}", note.seed));
            true
        });
    steps.finish();
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(hinted(error));
    }
    match notes {
        Ok(notes) => Ok(notes),
        Err(Refused::Threads(why)) => anyhow::bail!("no threads to run on: {why}"),
        Err(_) => anyhow::bail!("the scenario is refused"),
    }
}

/// Makes findings of what was broken.
fn judge(arguments: &HuntArguments, hunt: &Hunt, scenario: String, notes: &[Note]) -> Hunted {
    let plan = hunt.plan();
    let expected = plan.expectations.iter().map(|one| format!("{} {}", one.metric, one.text));
    let holds = plan.hold.iter().map(ToString::to_string).chain(expected).collect();
    let mut hunted = Hunted::of(scenario, arguments.overrides.clone(), holds, notes);
    for note in notes.iter().filter(|note| note.digest.is_some()) {
        for word in hunt.case(note.seed).words() {
            *hunted.drawn.entry(word).or_default() += 1;
        }
    }
    let steps = Steps::new(&arguments.pace, None);
    hunted.findings = hunt.findings(notes, &|runs| {
        steps.tell(runs, "making findings small");
        !progress::is_stopped()
    });
    steps.finish();
    hunted.is_partial = progress::is_stopped();
    hunted
}

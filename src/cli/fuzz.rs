//! `keystorm fuzz`.

mod campaign;
mod host;
mod libfuzzer;
mod slice;
mod worker;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use keystorm::fuzzing::{Host as _, Target, Trail, execute, targets, watch_panics};
use serde_json::json;

use super::args::{Format, FuzzArguments, FuzzEngine, FuzzRunArguments, FuzzVerb};
use super::exit::Exit;
use super::output;
use host::Machine;
use slice::Slice;

pub(super) fn fuzz(arguments: FuzzArguments, format: Format) -> anyhow::Result<Exit> {
    match arguments.verb {
        FuzzVerb::List(verb) => list(verb.measure, verb.engine, format),
        FuzzVerb::Run(verb) => run(&verb, format),
        FuzzVerb::Night(verb) => campaign::night(&verb, format),
        FuzzVerb::Triage(verb) => campaign::triage(&verb),
        FuzzVerb::Report(verb) => campaign::report(&verb.results, format),
        FuzzVerb::Worker(verb) => worker::worker(&verb),
        #[cfg(feature = "planted")]
        FuzzVerb::Recall(verb) => campaign::recall(&verb),
    }
}

/// The target with this name, or which there are.
fn target(name: &str) -> anyhow::Result<&'static Target> {
    targets().iter().find(|target| target.name == name).with_context(|| {
        let names: Vec<&str> = targets().iter().map(|target| target.name).collect();
        format!("no target is called {name:?}; there are {}", names.join(", "))
    })
}

/// How long `--measure` runs each target: the first seconds of libFuzzer go to what is new to it.
const MEASURED: Duration = Duration::from_secs(10);

fn list(measure: bool, engine: FuzzEngine, format: Format) -> anyhow::Result<Exit> {
    let mut entries = Vec::new();
    let mut text = String::new();
    for target in targets() {
        let (goal, family) = (target.family.goal(), target.family.name());
        let speed = if measure && !target.is_canary { Some(speed(target, engine)?) } else { None };
        entries.push(json!({
            "name": target.name, "family": family, "about": target.about,
            "goal_per_s": goal, "executions_per_s": speed,
        }));
        let speed = speed.map_or_else(String::new, |it| format!("{it:>9.0}/s of {goal:>6}/s  "));
        text.push_str(&format!("{:17} {family:11} {speed}{}\n", target.name, target.about));
    }
    match format {
        Format::Json => output::json(&entries)?,
        Format::Text => output::result(&text)?,
    }
    Ok(Exit::Held)
}

fn speed(target: &Target, engine: FuzzEngine) -> anyhow::Result<f64> {
    let folder = tempfile_folder("measure")?;
    let slice =
        Slice { target, seed: 1, time: MEASURED, corpus: folder.join("corpus"), planted: None };
    let outcome = match engine {
        FuzzEngine::Builtin => slice.run(&folder, &mut |_| {})?,
        FuzzEngine::Libfuzzer => libfuzzer::run(&slice, &mut |_| {})?,
    };
    let _ = fs::remove_dir_all(&folder);
    let spent = outcome.figures.processor_s.unwrap_or(outcome.figures.wall_s);
    Ok(outcome.figures.executions as f64 / spent.max(0.001))
}

/// A folder of this process alone.
fn tempfile_folder(name: &str) -> anyhow::Result<std::path::PathBuf> {
    let folder = std::env::temp_dir().join(format!("keystorm-fuzz-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

fn run(arguments: &FuzzRunArguments, format: Format) -> anyhow::Result<Exit> {
    let target = target(&arguments.target)?;
    if let Some(input) = &arguments.input {
        return once(target, input);
    }
    let folder = tempfile_folder("run")?;
    let slice = Slice {
        target,
        seed: arguments.seed,
        time: arguments.time,
        corpus: arguments.corpus.join(target.name),
        planted: None,
    };
    let result = campaign::one(&slice, arguments.engine, &arguments.out, format, &folder);
    let _ = fs::remove_dir_all(&folder);
    result
}

/// Runs one input, with the same limits as in a campaign.
fn once(target: &'static Target, path: &Path) -> anyhow::Result<Exit> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let input = bytes.get(..target.len_max).unwrap_or(&bytes).to_vec();
    let found = host::on_small_stack(target, move || {
        watch_panics();
        let machine = Machine::new();
        machine.forget_peak();
        execute(target, &input, &machine, &mut Trail::default())
    })?;
    match found {
        Some(violation) => {
            output::result(&format!("{}: {violation}", target.name))?;
            Ok(Exit::Failed)
        }
        None => {
            output::result(&format!("{}: {} holds", target.name, path.display()))?;
            Ok(Exit::Held)
        }
    }
}

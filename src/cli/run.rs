//! `keystorm run`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use keystorm::report::{
    Context, Folder, Summary, cut_note, first_failure, shell_word, summary, text,
};
use keystorm::run::{Outcome, Selection, Verdict, execute_captured};
use keystorm::scenario::Loaded;
use rayon::prelude::*;

use super::args::{Format, PaceArguments, RunArguments};
use super::exit::Exit;
use super::progress::{self, Progress};
use super::{load, memory, output};

/// Where results go unless told otherwise.
const RESULTS: &str = "results";
/// The file that keeps the digest by slices of virtual time.
pub(super) const TRAIL_FILE: &str = "digest.json";

pub(super) fn run(mut arguments: RunArguments, format: Format) -> anyhow::Result<Exit> {
    let seeds = arguments.seeds;
    if let Some((first, _)) = seeds {
        arguments.words.seed = Some(first);
    }
    let Some(loaded) = load::treated(&arguments.scenario, &arguments.words, format)? else {
        return Ok(Exit::Usage);
    };
    let capture = arguments.capture.as_deref();
    let capture = capture.map(|node| Selection::find(&loaded.plan, node)).transpose()?;
    let capture = capture.as_ref();
    progress::listen()?;
    let threads = threads(&arguments.pace);
    if !arguments.any_memory {
        let worlds = seeds.map_or(1, |(first, last)| (last - first).saturating_add(1));
        memory::fits(&loaded.plan, threads.min(usize::try_from(worlds).unwrap_or(usize::MAX)))?;
    }
    match seeds {
        None => one(&arguments, loaded, threads, capture, format),
        Some((first, last)) => many(&arguments, first..=last, threads, capture, format),
    }
}

/// Threads that may be used: as asked for, else all cores.
pub(super) fn threads(pace: &PaceArguments) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    pace.threads.map_or_else(cores, usize::from)
}

fn one(
    arguments: &RunArguments,
    loaded: Loaded,
    threads: usize,
    capture: Option<&Selection>,
    format: Format,
) -> anyhow::Result<Exit> {
    let place = Place::claim(arguments.out.as_deref(), &loaded.plan.name, arguments.force)?;
    let plan = &loaded.plan;
    if !arguments.pace.quiet {
        let version = env!("CARGO_PKG_VERSION");
        let (name, seed) = (&plan.name, plan.seed);
        output::talk(&format!("keystorm {version}, scenario {name}, seed {seed}"));
    }
    let progress = Progress::new(&arguments.pace, plan.duration);
    let outcome = execute_captured(loaded.plan, threads, capture, &|pulse| progress.pulse(pulse));
    progress.finish();
    let figures = summary(&outcome);
    let folder = place.write(&outcome, &loaded.resolved, threads)?;
    match format {
        Format::Text => output::result(&text(&figures, Some(&folder)))?,
        Format::Json => output::json(&figures)?,
    }
    say_failure(&figures, &folder);
    Ok(exit(outcome.verdict))
}

/// Runs every seed, one thread each, and writes each as soon as it is done.
fn many(
    arguments: &RunArguments,
    seeds: std::ops::RangeInclusive<u64>,
    threads: usize,
    capture: Option<&Selection>,
    format: Format,
) -> anyhow::Result<Exit> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let seeds: Vec<u64> = seeds.collect();
    let runs = pool.install(|| {
        seeds
            .par_iter()
            .map(|seed| seeded(arguments, *seed, capture))
            .collect::<Result<Vec<_>, _>>()
    })?;
    let done: Vec<Summary> = runs.into_iter().flatten().collect();
    let worst = done.iter().map(|run| exit(run.verdict)).max_by_key(|exit| *exit as u8);
    let stopped = progress::is_stopped();
    match format {
        Format::Json => output::json(&serde_json::json!({ "runs": done }))?,
        Format::Text => output::result(&table(&done, seeds.len()))?,
    }
    Ok(if stopped { Exit::Interrupted } else { worst.unwrap_or(Exit::Interrupted) })
}

/// One of several runs; `None` if it was not begun any more.
fn seeded(
    arguments: &RunArguments,
    seed: u64,
    capture: Option<&Selection>,
) -> anyhow::Result<Option<Summary>> {
    if progress::is_stopped() {
        return Ok(None);
    }
    let words = super::args::ScenarioArguments {
        seed: Some(seed),
        overrides: arguments.words.overrides.clone(),
    };
    let Some(loaded) = load::treated(&arguments.scenario, &words, Format::Text)? else {
        anyhow::bail!("{} changed while it was run", arguments.scenario.display());
    };
    let out = arguments.out.as_ref().map(|out| out.join(format!("seed-{seed}")));
    let place = Place::claim(out.as_deref(), &loaded.plan.name, arguments.force)?;
    let outcome = execute_captured(loaded.plan, 1, capture, &|_| !progress::is_stopped());
    let folder = place.write(&outcome, &loaded.resolved, 1)?;
    let figures = summary(&outcome);
    say_failure(&figures, &folder);
    if !arguments.pace.quiet {
        output::talk(&format!("seed {seed}: {:?}, digest {}", figures.verdict, figures.digest8()));
    }
    Ok(Some(figures))
}

/// The first thing that did not hold, in one line, with the command that shows it again.
fn say_failure(figures: &Summary, folder: &Path) {
    if let Some(failure) = first_failure(figures).filter(|_| figures.verdict == Verdict::Failed) {
        let folder = shell_word(&folder.display().to_string());
        output::talk(&format!("failed: {failure}; again: keystorm replay {folder}"));
    }
}

/// Several runs side by side.
fn table(runs: &[Summary], asked: usize) -> String {
    let held = runs.iter().filter(|run| run.verdict == Verdict::Held).count();
    let mut text = format!("Held in {held} of {} runs ({asked} asked for).\n\n", runs.len());
    let is_attacked = runs.iter().any(|run| !run.attacks.is_empty());
    let head = if is_attacked { "  attacks" } else { "" };
    text.push_str(&format!("seed        verdict      digest    handshake p99  re-key p99{head}\n"));
    for run in runs {
        let p99 = |name: &str| {
            run.distribution(name)
                .filter(|distribution| distribution.count > 0)
                .map_or_else(|| "-".to_owned(), |d| keystorm::report::time(d.p99))
        };
        let attacks = run.attacks.iter().map(|attack| format!("  {}", attack.verdict));
        let attacks: Vec<String> = attacks.collect();
        text.push_str(&format!(
            "{:<10}  {:<11}  {}  {:>13}  {:>10}{}\n",
            run.seed,
            format!("{:?}", run.verdict).to_lowercase(),
            run.digest8(),
            p99("association.handshake_s"),
            p99("rekey.time_s"),
            attacks.concat(),
        ));
    }
    text
}

pub(super) const fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Held => Exit::Held,
        Verdict::Failed => Exit::Failed,
        Verdict::Interrupted => Exit::Interrupted,
    }
}

/// Where results will be written; claimed before the run, so that a long run is not for nothing.
pub(super) enum Place {
    /// Exactly here.
    Exact(Folder),
    /// In the scenario's own folder, under a name that is known at the end.
    Named { root: PathBuf, started: String },
}

impl Place {
    pub(super) fn claim(out: Option<&Path>, scenario: &str, force: bool) -> anyhow::Result<Self> {
        if let Some(out) = out {
            return Folder::create(out, force).map(Self::Exact).map_err(hinted);
        }
        let root = PathBuf::from(RESULTS);
        let folder = root.join(scenario);
        fs::create_dir_all(&folder)
            .and_then(|()| probe_writable(&folder))
            .with_context(|| format!("cannot write results to {}", folder.display()))
            .context("hint: choose another place with --out DIR")?;
        let started = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        Ok(Self::Named { root, started })
    }

    /// The folder, when what it belongs to was started, and whether this chose its name.
    pub(super) fn open(
        self,
        scenario: &str,
        digest8: &str,
    ) -> anyhow::Result<(Folder, String, bool)> {
        match self {
            Self::Exact(folder) => {
                let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
                Ok((folder, now, false))
            }
            Self::Named { root, started } => {
                let path = Folder::default_path(&root, scenario, &started, digest8);
                // The same run within the same second is the same result.
                Ok((Folder::create(&path, true).map_err(hinted)?, started, true))
            }
        }
    }

    fn write(self, outcome: &Outcome, resolved: &str, threads: usize) -> anyhow::Result<PathBuf> {
        let digest8 = outcome.digest.get(..8).unwrap_or_default();
        let (mut folder, started, named) = self.open(&outcome.plan.name, digest8)?;
        let context = run_context(started, resolved.to_owned(), threads);
        folder.add(TRAIL_FILE, &serde_json::to_vec(&outcome.trail)?).map_err(hinted)?;
        folder.write(outcome, &context).map_err(hinted)?;
        if let Some(note) = cut_note(outcome) {
            output::talk(&format!("note: {}/capture.pcapng is {note}", folder.path().display()));
        }
        if named {
            folder.name_latest().map_err(hinted)?;
        }
        Ok(folder.path().to_owned())
    }
}

/// What a results folder says beyond its figures.
pub(super) fn run_context(started_utc: String, scenario: String, threads: usize) -> Context {
    Context {
        command_line: std::env::args().collect(),
        started_utc,
        threads,
        host: host(),
        commit: option_env!("KEYSTORM_COMMIT").map(str::to_owned),
        toolchain: option_env!("KEYSTORM_TOOLCHAIN").map(str::to_owned),
        resolved_scenario: scenario,
    }
}

pub(super) fn hinted(error: keystorm::report::FolderError) -> anyhow::Error {
    match error.hint() {
        Some(hint) => anyhow::anyhow!("{error}\n  hint: {hint}"),
        None => anyhow::anyhow!(error),
    }
}

fn probe_writable(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    fs::write(&probe, b"")?;
    fs::remove_file(&probe)
}

/// Facts about this machine, for the manifest.
fn host() -> BTreeMap<String, String> {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    [
        ("os", std::env::consts::OS.to_owned()),
        ("arch", std::env::consts::ARCH.to_owned()),
        ("cpus", cpus.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

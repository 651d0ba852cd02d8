//! Campaigns: `keystorm fuzz night`, `triage` and `report`.

#![allow(clippy::disallowed_methods, reason = "the command line may read clocks")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use keystorm::fuzzing::campaign::{Campaign, Finding, Progress, read, text, write};
use keystorm::fuzzing::targets;
use serde_json::json;

use crate::cli::args::{Format, FuzzEngine, FuzzNightArguments, FuzzTriageArguments};
use crate::cli::exit::Exit;
use crate::cli::{output, progress};

use super::libfuzzer;
use super::slice::{Outcome, Slice};

/// Longest slice; short campaigns have shorter ones, so that each target has some turns.
const SLICE_MAX: Duration = Duration::from_secs(120);
const SLICE_MIN: Duration = Duration::from_secs(1);
/// Turns of each target in a short campaign.
const TURNS: u32 = 3;
/// Fingerprints that are known, a line each.
const BASELINE: &str = "fuzz/baseline.txt";

/// A campaign that several threads work at.
struct Shared {
    campaign: Campaign,
    busy: Vec<&'static str>,
    turns: u64,
}

struct Night<'a> {
    folder: &'a Path,
    corpus: &'a Path,
    engine: FuzzEngine,
    slice: Duration,
    seed: u64,
    shared: Mutex<Shared>,
}

pub(super) fn night(arguments: &FuzzNightArguments, format: Format) -> anyhow::Result<Exit> {
    let budget = arguments.budget.or_else(|| {
        let hours = arguments.hours? * f64::from(arguments.jobs);
        Some(Duration::from_secs_f64(hours * 3_600.0))
    });
    let budget = budget.unwrap_or(Duration::from_secs(8 * 3_600));
    let folder =
        arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("results/fuzz/{}", today())));
    fs::create_dir_all(&folder).with_context(|| format!("cannot write to {}", folder.display()))?;
    let known = baseline(Path::new(BASELINE));
    let mut campaign = match read(&folder)? {
        Some(campaign) if !arguments.force && campaign.is_complete => anyhow::bail!(
            "{} holds a finished campaign; --force begins anew, --out names another folder",
            folder.display()
        ),
        Some(campaign) if !arguments.force => campaign,
        _ => begin(arguments.engine, arguments.seed),
    };
    campaign.budget_s = budget.as_secs_f64();
    campaign.is_complete = false;
    progress::listen()?;
    let count = u32::try_from(targets().len()).unwrap_or(1);
    let night = Night {
        folder: &folder,
        corpus: &arguments.corpus,
        engine: arguments.engine,
        slice: (budget / (count * TURNS)).clamp(SLICE_MIN, SLICE_MAX),
        seed: arguments.seed,
        shared: Mutex::new(Shared { campaign, busy: Vec::new(), turns: 0 }),
    };
    let results: Vec<anyhow::Result<()>> = thread::scope(|scope| {
        let work = || night.work(&known);
        let threads: Vec<_> = (0..arguments.jobs).map(|_| scope.spawn(work)).collect();
        let fallen = || anyhow::anyhow!("a thread of the campaign fell over");
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(fallen()))).collect()
    });
    let mut campaign = night.shared.into_inner().unwrap_or_else(PoisonError::into_inner).campaign;
    let is_stopped = progress::is_stopped();
    campaign.is_complete = !is_stopped && results.iter().all(Result::is_ok);
    write(&folder, &campaign).with_context(|| format!("cannot write to {}", folder.display()))?;
    say(&campaign, &folder, format)?;
    results.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
    Ok(if is_stopped { Exit::Interrupted } else { verdict(&campaign) })
}

fn verdict(campaign: &Campaign) -> Exit {
    if campaign.is_deaf() {
        output::talk("the canary was not found: this campaign proves nothing");
    }
    if campaign.is_deaf() || campaign.news().next().is_some() { Exit::Failed } else { Exit::Held }
}

fn begin(engine: FuzzEngine, seed: u64) -> Campaign {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    let processors = thread::available_parallelism().map_or(0, usize::from);
    Campaign {
        keystorm: env!("CARGO_PKG_VERSION").to_owned(),
        engine: engine.name().to_owned(),
        started: jiff::Timestamp::try_from(SystemTime::now())
            .map(|it| it.to_string())
            .unwrap_or_default(),
        machine: format!(
            "{} {}, {processors} processors, load {load}",
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
        seed,
        ..Campaign::default()
    }
}

fn today() -> String {
    jiff::Timestamp::try_from(SystemTime::now())
        .map(|now| now.strftime("%Y-%m-%d").to_string())
        .unwrap_or_else(|_| "undated".to_owned())
}

/// The fingerprints in a file; one that is not there holds none.
fn baseline(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let words = text.lines().filter_map(|line| line.split_whitespace().next());
    words.filter(|word| !word.starts_with('#')).map(str::to_owned).collect()
}

impl Night<'_> {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of the threads: slice after slice until the budget is used up.
    fn work(&self, known: &[String]) -> anyhow::Result<()> {
        let names: Vec<&'static str> = targets().iter().map(|target| target.name).collect();
        loop {
            let (name, before, seed) = {
                let mut shared = self.lock();
                let spent =
                    shared.campaign.spent_s() + shared.busy.len() as f64 * self.slice.as_secs_f64();
                if spent >= shared.campaign.budget_s || progress::is_stopped() {
                    return Ok(());
                }
                let Some(name) = shared.campaign.next(&names, &shared.busy) else { return Ok(()) };
                shared.busy.push(name);
                shared.turns += 1;
                let before = shared.campaign.targets.get(name).cloned().unwrap_or_default();
                // The seed differs from slice to slice and from night to night that goes on.
                (
                    name,
                    before.clone(),
                    self.seed.wrapping_mul(1_000_003).wrapping_add(before.slices),
                )
            };
            let result = self.turn(name, &before, seed);
            let mut shared = self.lock();
            shared.busy.retain(|busy| *busy != name);
            for mut finding in result?.findings {
                finding.is_known = known.contains(&finding.id);
                finding.after_s += before.processor_s;
                let text = format!(
                    "{} {}: {}: {}",
                    finding.id, finding.target, finding.oracle, finding.place
                );
                if shared.campaign.keep(finding) {
                    output::talk(&format!("found {text}"));
                }
            }
            write(self.folder, &shared.campaign)
                .with_context(|| format!("cannot write to {}", self.folder.display()))?;
        }
    }

    fn turn(&self, name: &'static str, before: &Progress, seed: u64) -> anyhow::Result<Outcome> {
        let target = super::target(name)?;
        let (time, corpus) = (self.slice, self.corpus.join(name));
        let slice = Slice { target, seed, time, corpus, planted: None };
        let mut tell = |figures: &keystorm::fuzzing::Figures| {
            self.lock().campaign.targets.entry(name.to_owned()).or_default().add(before, figures);
        };
        let outcome = match self.engine {
            FuzzEngine::Builtin => slice.run(self.folder, &mut tell)?,
            FuzzEngine::Libfuzzer => libfuzzer::run(&slice, &mut tell)?,
        };
        let mut shared = self.lock();
        let progress = shared.campaign.targets.entry(name.to_owned()).or_default();
        progress.slices = before.slices + 1;
        progress.deaths += u64::from(outcome.has_died);
        // A slice that died before it told anything has still used time.
        progress.processor_s = progress.processor_s.max(before.processor_s + 0.1);
        Ok(outcome)
    }
}

/// `keystorm fuzz run`: one target, one slice, and the same files.
pub(super) fn one(
    slice: &Slice<'_>,
    engine: FuzzEngine,
    out: &Path,
    format: Format,
    scratch: &Path,
) -> anyhow::Result<Exit> {
    progress::listen()?;
    let mut campaign = begin(engine, slice.seed);
    campaign.budget_s = slice.time.as_secs_f64();
    let mut done = Progress::default();
    let before = Progress::default();
    let mut tell = |figures: &keystorm::fuzzing::Figures| done.add(&before, figures);
    let outcome = match engine {
        FuzzEngine::Builtin => slice.run(scratch, &mut tell)?,
        FuzzEngine::Libfuzzer => libfuzzer::run(slice, &mut tell)?,
    };
    done.deaths = u64::from(outcome.has_died);
    let known = baseline(Path::new(BASELINE));
    for mut finding in outcome.findings {
        finding.is_known = known.contains(&finding.id);
        campaign.keep(finding);
    }
    campaign.targets.insert(slice.target.name.to_owned(), done);
    campaign.is_complete = !progress::is_stopped();
    let folder = out.join(slice.target.name);
    write(&folder, &campaign).with_context(|| format!("cannot write to {}", folder.display()))?;
    say(&campaign, &folder, format)?;
    Ok(match () {
        () if progress::is_stopped() => Exit::Interrupted,
        () if campaign.findings.iter().any(|finding| !finding.is_known) => Exit::Failed,
        () => Exit::Held,
    })
}

fn say(campaign: &Campaign, folder: &Path, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => output::json(campaign),
        Format::Text => {
            let place = folder.display();
            output::result(&format!(
                "{}\nresults  {place}\npage     {place}/report.html\n",
                text(campaign, &place.to_string())
            ))
        }
    }
}

/// Writes everything of a campaign anew from its state.
pub(super) fn report(folder: &Path, format: Format) -> anyhow::Result<Exit> {
    let campaign = read(folder)?.with_context(|| format!("no campaign in {}", folder.display()))?;
    write(folder, &campaign).with_context(|| format!("cannot write to {}", folder.display()))?;
    say(&campaign, folder, format)?;
    Ok(verdict(&campaign))
}

/// Runs the input of each finding with this program: what is mended, what is not.
pub(super) fn triage(arguments: &FuzzTriageArguments) -> anyhow::Result<Exit> {
    let folder = &arguments.results;
    let campaign = read(folder)?.with_context(|| format!("no campaign in {}", folder.display()))?;
    let mut open = Vec::new();
    let mut lines = String::new();
    for finding in campaign.findings.iter().filter(|finding| !finding.is_canary()) {
        let fails = still_fails(finding, folder)?;
        let word = if fails { "open" } else { "mended" };
        lines.push_str(&format!(
            "{word:7} {} {}: {}: {}\n",
            finding.id, finding.target, finding.oracle, finding.place
        ));
        if let Some(regressions) = &arguments.regressions {
            regress(finding, regressions)?;
        }
        if fails {
            open.push(json!(finding.id));
        }
    }
    output::result(&format!("{lines}{} of {} open\n", open.len(), campaign.findings.len()))?;
    Ok(if open.is_empty() { Exit::Held } else { Exit::Failed })
}

/// In a process of its own: it may die of it.
fn still_fails(finding: &Finding, folder: &Path) -> anyhow::Result<bool> {
    let input = folder.join("findings").join(format!("{}.bin", finding.id));
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = std::process::Command::new(program);
    command.args(["fuzz", "run", &finding.target, "--input"]).arg(input);
    Ok(!command.output().context("cannot start this program")?.status.success())
}

/// The input, and what is to be written about it.
fn regress(finding: &Finding, folder: &Path) -> anyhow::Result<()> {
    let folder = folder.join(&finding.target);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join(format!("{}.bin", finding.id)), finding.bytes())?;
    let note = folder.join(format!("{}.toml", finding.id));
    if !note.exists() {
        let (oracle, place) = (&finding.oracle, json!(finding.place));
        let text = format!(
            "date = \"{}\"\noracle = \"{oracle}\"\nplace = {place}\ncause = \"\"\nfix = \"\"\n",
            today()
        );
        fs::write(note, text)?;
    }
    Ok(())
}

#[cfg(feature = "planted")]
mod planted;
#[cfg(feature = "planted")]
pub(super) use planted::recall;

//! `keystorm sweep`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use keystorm::report::percent;
use keystorm::report::sweep::{Request, Scheduler, Sweep, collect, job_script, json, text, write};
use keystorm::run::sweep::{Effort, GRID_SEED, Item, Note, RUNS_MAX, Table, items, run, shard};
use keystorm::scenario::sweep::{Grid, grid};
use keystorm::scenario::{Source, load as load_scenario};

use super::args::{ExportScheduler, Format, SweepArguments};
use super::build::build;
use super::exit::Exit;
use super::progress::{self, Steps};
use super::run::{exit, hinted, threads};
use super::{load, output};

/// Jobs of an exported array, unless told otherwise.
const JOBS_MAX: usize = 1_000;

pub(super) fn sweep(arguments: &SweepArguments, format: Format) -> anyhow::Result<Exit> {
    if !arguments.collect.is_empty() {
        return gather(arguments, format);
    }
    let Some(request) = request(arguments)? else {
        return Ok(Exit::Usage);
    };
    let Some((grid, items)) = plan(&request, format)? else {
        return Ok(Exit::Usage);
    };
    let name = &grid.points[0].plan.name;
    let out = arguments.out.clone().unwrap_or_else(|| default_folder(name));
    if let Some(scheduler) = arguments.export {
        return export(arguments, scheduler, name, &out, items.len());
    }
    let own = match arguments.shard {
        Some((index, of)) => shard(items, index, of),
        None => items,
    };
    if arguments.force {
        Sweep::forget(&out).map_err(hinted)?;
    }
    let folder = Sweep::open(&out, &request, arguments.shard).map_err(hinted)?;
    progress::listen_saying(
        "stopping: the same command goes on from here (once more to stop at once)",
    )?;
    let (notes, effort) = campaign(arguments, &folder, &grid, &own)?;
    let table = Table::of(&grid, &own, request.seeds, &notes);
    finish(&out, &table, &effort, arguments.pace.quiet, format)
}

/// What is asked; `None` after saying what is wrong.
fn request(arguments: &SweepArguments) -> anyhow::Result<Option<Request>> {
    let path = arguments.scenario.as_deref().context("a scenario is needed")?;
    let text = load::text(path)?;
    let seeds = match arguments.seeds {
        Some(seeds) => seeds,
        None => {
            let source = Source::new(path.display().to_string(), text.clone());
            // What is wrong with the file is said when its grid is made.
            let seed =
                load_scenario(&source, &arguments.overrides, None).map_or(1, |it| it.plan.seed);
            (seed, seed)
        }
    };
    let words = (arguments.overrides.clone(), arguments.vary.clone());
    let name = path.display().to_string();
    Ok(Some(Request::new(build(), (name, text), words, seeds)))
}

/// The grid and its runs; `None` after saying what is wrong.
fn plan(request: &Request, format: Format) -> anyhow::Result<Option<(Grid, Vec<Item>)>> {
    let source = Source::new(request.name.clone(), request.text.clone());
    let grid = match grid(&source, &request.overrides, &request.vary, Some(GRID_SEED)) {
        Ok(grid) => grid,
        Err(refused) => {
            load::refuse(&refused, &request.name, format)?;
            return Ok(None);
        }
    };
    if !grid.warnings.is_empty() {
        output::talk(&grid.warnings.render(load::color()));
    }
    let (first, last) = request.seeds;
    let seeds = usize::try_from(last - first).map_or(usize::MAX, |n| n.saturating_add(1));
    let runs = grid.points.len().saturating_mul(seeds);
    ensure!(
        runs <= RUNS_MAX,
        "{} points with {seeds} seeds are {runs} runs; at most {RUNS_MAX} can be swept\n  hint: fewer values or seeds",
        grid.points.len()
    );
    let items = items(&grid, request.seeds, &request.build);
    Ok(Some((grid, items)))
}

fn default_folder(name: &str) -> PathBuf {
    PathBuf::from("results").join(format!("{name}-sweep"))
}

/// Runs what is not known yet; answers all notes of `items`.
fn campaign(
    arguments: &SweepArguments,
    folder: &Sweep,
    grid: &Grid,
    items: &[Item],
) -> anyhow::Result<(Vec<Note>, Effort)> {
    let (known, left): (Vec<&Item>, Vec<&Item>) =
        items.iter().partition(|item| folder.known(&item.address).is_some());
    let pace = &arguments.pace;
    if !known.is_empty() && !pace.quiet {
        let path = folder.path().display();
        output::talk(&format!(
            "{} of {} runs are in {path} and are not run again",
            known.len(),
            items.len()
        ));
    }
    let mut notes: Vec<Note> =
        known.iter().filter_map(|item| folder.known(&item.address)).cloned().collect();
    let left: Vec<Item> = left.into_iter().cloned().collect();
    let steps = Steps::new(pace, Some(left.len() as u64));
    let done = AtomicU64::new(0);
    let failed = Mutex::new(None);
    let keep = |item: &Item, note: &Note| {
        if let Err(error) = folder.add(note) {
            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            return false;
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        steps.tell(done, &grid.points[item.point].values.join(" "));
        true
    };
    let (new, effort) = run(grid, &left, threads(pace), &|| !progress::is_stopped(), &keep);
    steps.finish();
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(hinted(error));
    }
    notes.extend(new);
    Ok((notes, effort))
}

/// Writes the results and says them.
fn finish(
    out: &Path,
    table: &Table,
    effort: &Effort,
    quiet: bool,
    format: Format,
) -> anyhow::Result<Exit> {
    write(out, table, effort).map_err(hinted)?;
    if effort.runs > 0 && !quiet {
        output::talk(&format!(
            "{} runs in {:.1} s; {} threads were busy for {}",
            effort.runs,
            effort.elapsed_s,
            effort.threads,
            percent(effort.busy())
        ));
    }
    match format {
        Format::Json => output::json(&json(table, effort))?,
        Format::Text => output::result(&format!("{}\nresults  {}\n", text(table), out.display()))?,
    }
    Ok(exit(table.verdict()))
}

/// Gathers the runs of shards.
fn gather(arguments: &SweepArguments, format: Format) -> anyhow::Result<Exit> {
    let out = arguments.out.as_deref().context("--collect needs --out")?;
    let (request, notes) = collect(&arguments.collect).map_err(hinted)?;
    let ours = build();
    if request.build != ours {
        output::talk(&format!(
            "note: the runs were made by keystorm {}; this is {ours}",
            request.build
        ));
    }
    let Some((grid, items)) = plan(&request, format)? else {
        return Ok(Exit::Usage);
    };
    let folder = Sweep::open(out, &request, None).map_err(hinted)?;
    for note in notes.iter().filter(|note| folder.known(&note.address).is_none()) {
        folder.add(note).map_err(hinted)?;
    }
    let table = Table::of(&grid, &items, request.seeds, &notes);
    if table.done() < table.asked {
        let (done, asked) = (table.done(), table.asked);
        output::talk(&format!(
            "{} of {asked} runs are missing: run the shards again",
            asked - done
        ));
    }
    finish(out, &table, &Effort::default(), arguments.pace.quiet, format)
}

/// Prints a job array.
fn export(
    arguments: &SweepArguments,
    scheduler: ExportScheduler,
    name: &str,
    out: &Path,
    runs: usize,
) -> anyhow::Result<Exit> {
    let scheduler = match scheduler {
        ExportScheduler::Slurm => Scheduler::Slurm,
        ExportScheduler::Hyperqueue => Scheduler::HyperQueue,
    };
    let jobs = arguments.jobs.map_or(JOBS_MAX, usize::from).min(runs);
    let path = arguments.scenario.as_deref().unwrap_or_else(|| Path::new(""));
    let mut words = vec!["sweep".to_owned(), path.display().to_string()];
    for (flag, values) in [("--set", &arguments.overrides), ("--vary", &arguments.vary)] {
        words.extend(values.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
    }
    if let Some((first, last)) = arguments.seeds {
        words.extend(["--seeds".to_owned(), format!("{first}..{last}")]);
    }
    output::result(&job_script(scheduler, name, &words, &out.display().to_string(), jobs))?;
    Ok(Exit::Held)
}

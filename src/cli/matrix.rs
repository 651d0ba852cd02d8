//! `keystorm matrix`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use keystorm::attack::catalogue::Threat;
use keystorm::report::matrix::{self, JOURNAL, Journal, Matrix, PICTURE, headline};
use keystorm::report::sequence::{Story, tell};
use keystorm::run::matrix::{FILES, Row, Set, ThreatFile, Trial, run, trials};

use super::args::{Format, MatrixArguments};
use super::build::build;
use super::exit::Exit;
use super::output;
use super::progress::{self, Steps};
use super::run::{hinted, threads};

/// Where results go unless told otherwise.
const RESULTS: &str = "results/matrix";
/// The seed whose stories are told.
const STORY_SEED: u64 = 1;

pub(super) fn matrix(arguments: &MatrixArguments, format: Format) -> anyhow::Result<Exit> {
    let files = files(&arguments.threats)?;
    let folder = arguments.out.clone().unwrap_or_else(|| PathBuf::from(RESULTS));
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot write results to {}", folder.display()))?;
    if arguments.force {
        forget(&folder)?;
    }
    let journal = Journal::open(&folder, &build()).map_err(hinted)?;
    progress::listen()?;
    let rows = campaign(arguments, &files, &journal)?;
    let table = Matrix::of(&rows, arguments.seeds);
    let table = if arguments.threats.is_empty() { table.with_all_threats() } else { table };
    let stories = if progress::is_stopped() { Vec::new() } else { stories(&rows)? };
    matrix::write(&folder, &table, &stories).map_err(hinted)?;
    if arguments.png {
        png(&folder, &stories)?;
    }
    match format {
        Format::Json => output::json(&matrix::entries(&table))?,
        Format::Text => {
            let place = folder.display();
            let text = matrix::text(&table);
            output::result(&format!("{text}\nresults  {place}\npage     {place}/matrix.html\n"))?;
        }
    }
    if table.is_partial {
        output::talk(&format!(
            "{}: the same command goes on where this one stopped",
            headline(&table)
        ));
        return Ok(Exit::Interrupted);
    }
    let stands = !table.has_fault() && table.shortfalls().is_empty();
    Ok(if stands { Exit::Held } else { Exit::Failed })
}

/// The scenarios of the threats that were asked for; of all, if none were.
fn files(codes: &[String]) -> anyhow::Result<Vec<ThreatFile>> {
    let mut files: Vec<ThreatFile> = Vec::new();
    for code in codes {
        let threat = Threat::from_code(code)
            .with_context(|| format!("there is no threat {code:?}\n  hint: they are T1 to T22"))?;
        let own = FILES.iter().filter(|file| file.threat == threat.number);
        let before = files.len();
        files.extend(own);
        anyhow::ensure!(files.len() > before, "no scenario shows {}", threat.code());
    }
    if files.is_empty() {
        files.extend(FILES);
    }
    files.sort_by_key(|file| (file.threat, file.path));
    files.dedup();
    Ok(files)
}

/// Runs what is not known yet.
fn campaign(
    arguments: &MatrixArguments,
    files: &[ThreatFile],
    journal: &Journal,
) -> anyhow::Result<Vec<Row>> {
    let (seeds, pace) = (arguments.seeds, &arguments.pace);
    let known = journal.len();
    if known > 0 && !pace.quiet {
        output::talk(&format!("{known} runs are in {JOURNAL} already and are not run again"));
    }
    let all = trials(files, seeds).map_err(anyhow::Error::new)?;
    let steps = Steps::new(pace, Some(all));
    let done = AtomicU64::new(0);
    let failed = Mutex::new(None);
    let rows = run(files, seeds, threads(pace), &|trial| journal.known(trial), &|note| {
        let file = files.iter().find(|file| file.path == note.scenario);
        if let Some(Err(error)) = file.map(|file| journal.add(file, note)) {
            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            return false;
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        steps.tell(done, &format!("T{}", note.threat));
        !progress::is_stopped()
    });
    steps.finish();
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(hinted(error));
    }
    rows.map_err(anyhow::Error::new)
}

/// The story of each threat with all its countermeasures off, and with all of them on.
fn stories(rows: &[Row]) -> anyhow::Result<Vec<(u8, String, Story)>> {
    let mut stories = Vec::new();
    for row in rows {
        for (on, word) in [(Set::new(), "off"), (row.countermeasures.clone(), "on")] {
            let trial = Trial { file: row.file, on, is_attacked: true, seed: STORY_SEED };
            let outcome = trial.outcome(&row.countermeasures, &|| true)?;
            let stem = Path::new(row.file.path).file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("{stem}-{word}");
            stories.extend(tell(&outcome).map(|story| (row.file.threat, name, story)));
        }
    }
    Ok(stories)
}

/// Removes the journal, so that everything runs again.
pub(super) fn forget(folder: &Path) -> anyhow::Result<()> {
    let journal = folder.join(JOURNAL);
    match fs::remove_file(&journal) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", journal.display()))
        }
        _ => Ok(()),
    }
}

/// Draws the pictures as PNG, too, with a program of the system.
fn png(folder: &Path, stories: &[(u8, String, Story)]) -> anyhow::Result<()> {
    let stories = stories.iter().map(|(_, name, _)| format!("stories/{name}.svg"));
    for picture in std::iter::once(PICTURE.to_owned()).chain(stories) {
        let from = folder.join(&picture);
        let status = Command::new("rsvg-convert")
            .args(["--zoom", "2", "--output"])
            .arg(from.with_extension("png"))
            .arg(&from)
            .status()
            .context("--png needs the program rsvg-convert (Debian package librsvg2-bin)")?;
        anyhow::ensure!(status.success(), "rsvg-convert could not draw {}", from.display());
    }
    Ok(())
}

//! The folder of a sweep: `sweep.json` says what was asked, `journal*.jsonl` hold the runs, one line each, written
//! when the run is done. A sweep that was killed goes on where it was.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{csv, json, text};
use crate::report::error::FolderError;
use crate::report::folder::{json as json_bytes, put};
use crate::report::lines::{self, Lines};
use crate::report::{page, plots};
use crate::run::sweep::{Effort, Note, Table};

/// The name of the file that says what was asked.
const REQUEST: &str = "sweep.json";
/// Bytes of it that are read at most: a scenario has 1 MiB.
const REQUEST_MAX: u64 = 8 << 20;
/// Bytes of one journal that are read at most.
const JOURNAL_MAX: u64 = 1 << 30;
/// Journals of one folder that are read at most: each shard writes its own.
const JOURNALS_MAX: usize = 10_000;
/// What is made from the runs.
const MADE: [&str; 7] = [
    "summary.txt",
    "summary.json",
    "points.csv",
    "plots/sweep.svg",
    "plots/frontier.svg",
    "plots/pareto.svg",
    "report.html",
];
/// The version of these files.
const SCHEMA: u32 = 1;

/// What was asked: enough to make the grid again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The version of this file.
    pub schema: u32,
    /// The program that runs the points: version and digest.
    pub build: String,
    /// The scenario's file, for messages.
    pub name: String,
    /// The scenario.
    pub text: String,
    /// As `--set` takes them.
    pub overrides: Vec<String>,
    /// As `--vary` takes them; none: the grid of the file.
    pub vary: Vec<String>,
    /// First and last seed.
    pub seeds: (u64, u64),
}

/// The folder of a sweep, with the runs that are known.
#[derive(Debug)]
pub struct Sweep {
    path: PathBuf,
    lines: Lines,
    known: BTreeMap<String, Note>,
    passed_over: u64,
}

impl Request {
    /// What is asked of this program.
    #[must_use]
    pub fn new(
        build: String,
        (name, text): (String, String),
        (overrides, vary): (Vec<String>, Vec<String>),
        seeds: (u64, u64),
    ) -> Self {
        Self { schema: SCHEMA, build, name, text, overrides, vary, seeds }
    }
}

impl Sweep {
    /// Opens or makes the folder at `path` for `request`, with the journal of this `shard`, if it is one.
    ///
    /// # Errors
    /// It holds something else, or the runs of another version, or cannot be written.
    pub fn open(
        path: &Path,
        request: &Request,
        shard: Option<(usize, usize)>,
    ) -> Result<Self, FolderError> {
        if path.exists() && !path.is_dir() {
            return Err(FolderError::NotAFolder(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(|e| FolderError::io(path, e))?;
        match self::request(path) {
            Ok(other) if other.build != request.build => {
                return Err(FolderError::OtherBuild {
                    path: path.to_owned(),
                    found: other.build,
                    ours: request.build.clone(),
                });
            }
            Ok(_) => {}
            Err(FolderError::NoSweep(_)) => {
                let mut items = fs::read_dir(path).map_err(|e| FolderError::io(path, e))?;
                if items.next().is_some() {
                    return Err(FolderError::Foreign(path.to_owned()));
                }
            }
            Err(other) => return Err(other),
        }
        put(path, REQUEST, &json_bytes(REQUEST, request)?)?;
        let own = match shard {
            Some((index, of)) => format!("journal-{index}-of-{of}.jsonl"),
            None => "journal.jsonl".to_owned(),
        };
        let mut known = BTreeMap::new();
        let mut take = |note: Note| {
            known.insert(note.address.clone(), note);
        };
        let (lines, mut passed_over) = Lines::open(path.join(&own), JOURNAL_MAX, &mut take)?;
        for journal in journals(path)?.into_iter().filter(|name| *name != own) {
            passed_over += lines::read(&path.join(journal), JOURNAL_MAX, &mut take)?.0;
        }
        Ok(Self { path: path.to_owned(), lines, known, passed_over })
    }

    /// Removes what a sweep wrote into `path`, so that everything runs again. What else is there stays.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn forget(path: &Path) -> Result<(), FolderError> {
        if request(path).is_err() {
            return Ok(());
        }
        let made = MADE.into_iter().chain([REQUEST]).map(str::to_owned);
        for name in journals(path)?.into_iter().chain(made) {
            let file = path.join(name);
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(FolderError::io(&file, error));
                }
                _ => {}
            }
        }
        // If something else is in there, it stays.
        let _ = fs::remove_dir(path.join("plots"));
        Ok(())
    }

    /// The run of an address, if it is known.
    #[must_use]
    pub fn known(&self, address: &str) -> Option<&Note> {
        self.known.get(address)
    }

    /// Lines that could not be read, such as one that a killed run did not finish.
    #[must_use]
    pub const fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Adds a run; it is on its way to the disk when this returns.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&self, note: &Note) -> Result<(), FolderError> {
        self.lines.add(note)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What was asked of the sweep in `path`.
///
/// # Errors
/// It is no folder of a sweep, or one of a later version.
pub fn request(path: &Path) -> Result<Request, FolderError> {
    let file = path.join(REQUEST);
    let mut bytes = Vec::new();
    let read =
        fs::File::open(&file).and_then(|file| file.take(REQUEST_MAX).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FolderError::NoSweep(path.to_owned()));
        }
        other => other.map_err(|e| FolderError::io(&file, e))?,
    };
    let request: Request =
        serde_json::from_slice(&bytes).map_err(|e| FolderError::malformed(REQUEST, &e))?;
    if request.schema > SCHEMA {
        let (found, known) = (request.schema, SCHEMA);
        return Err(FolderError::Newer { path: path.to_owned(), found, known });
    }
    let (first, last) = request.seeds;
    if last < first {
        let why = format!("the last seed {last} lies before the first {first}");
        return Err(FolderError::malformed(REQUEST, &why));
    }
    Ok(request)
}

/// What was asked of all the sweeps in `paths`, which must be the same, and the runs that they hold.
///
/// # Errors
/// One is no folder of a sweep, or of another sweep, or of another version.
pub fn collect(paths: &[PathBuf]) -> Result<(Request, Vec<Note>), FolderError> {
    let mut asked: Option<Request> = None;
    let mut notes = BTreeMap::new();
    for path in paths {
        let request = request(path)?;
        match &asked {
            Some(first) if first.build != request.build => {
                let (found, ours) = (request.build, first.build.clone());
                return Err(FolderError::OtherBuild { path: path.clone(), found, ours });
            }
            Some(first) if *first != request => return Err(FolderError::OtherSweep(path.clone())),
            _ => asked = Some(request),
        }
        for journal in journals(path)? {
            lines::read(&path.join(journal), JOURNAL_MAX, |note: Note| {
                notes.insert(note.address.clone(), note);
            })?;
        }
    }
    let asked = asked.ok_or_else(|| FolderError::NoSweep(PathBuf::new()))?;
    Ok((asked, notes.into_values().collect()))
}

/// The journals in `path`, in order of name.
fn journals(path: &Path) -> Result<Vec<String>, FolderError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(|e| FolderError::io(path, e))? {
        let name = entry.map_err(|e| FolderError::io(path, e))?.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.starts_with("journal") && name.ends_with(".jsonl") && names.len() < JOURNALS_MAX {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Writes everything that is made from the runs: `summary.txt`, `summary.json`, `points.csv`, pictures and
/// `report.html`.
///
/// # Errors
/// If a file cannot be written.
pub fn write(path: &Path, table: &Table, effort: &Effort) -> Result<(), FolderError> {
    put(path, "summary.txt", text(table).as_bytes())?;
    put(path, "summary.json", &json_bytes("summary.json", &json(table, effort))?)?;
    put(path, "points.csv", csv(table)?.as_bytes())?;
    let pictures = plots::sweep(table)?;
    for (name, picture) in &pictures {
        put(path, &format!("plots/{name}.svg"), picture.as_bytes())?;
    }
    put(path, "report.html", page::sweep(table, &request(path)?, &pictures)?.as_bytes())
}

//! The results folder of one run: made at its start and marked as running, filled at its end.
//!
//! Every file is written beside its place and moved there, the manifest last, so that a run that is
//! killed leaves a folder that says so.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::capture::{self, Keys};
use super::checks;
use super::error::FolderError;
use super::junit::junit;
use super::manifest::{self, Manifest, Status};
use super::page::{self, Extras};
use super::read::{self, Data};
use super::sarif::sarif;
use super::series::{self, Series};
use super::summary::summary;
use super::text::text;
use super::words::tame;
use super::{hgrm, plots, sequence};
use crate::run::{Outcome, Verdict};

/// The file that names the newest results of a scenario.
const LATEST: &str = "latest";
/// The story of a run's attack, if somebody attacked.
pub(super) const STORY_PICTURE: &str = "story.svg";
pub(super) const STORY_TEXT: &str = "story.txt";
/// What is made from the data of a folder, besides its pictures.
const RENDERED: [&str; 4] = ["summary.txt", "report.html", "junit.xml", "findings.sarif"];
/// The files that a run writes and a forced run removes first.
const OWN: [&str; 25] = [
    "scenario.toml",
    "summary.json",
    "summary.txt",
    "digest.json",
    series::FILE,
    "findings.jsonl",
    "findings.sarif",
    "junit.xml",
    "report.html",
    capture::CAPTURE,
    capture::KEYS,
    STORY_PICTURE,
    STORY_TEXT,
    "latency/handshake.hgrm",
    "latency/rekey.hgrm",
    "latency/message.hgrm",
    "latency/key_age.hgrm",
    "plots/load.svg",
    "plots/traffic.svg",
    "plots/secured.svg",
    "plots/latency.svg",
    "plots/elements.svg",
    "plots/amplification.svg",
    "plots/hysteresis.svg",
    "plots/exposure.svg",
];

/// The results folder of one run.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

/// What a results folder says about a run beyond its outcome.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The command line, word by word.
    pub command_line: Vec<String>,
    /// When the run started, such as `20261122T154300Z`.
    pub started_utc: String,
    /// Threads that it used.
    pub threads: usize,
    /// Facts about the machine, such as `os` and `cpus`.
    pub host: BTreeMap<String, String>,
    /// Commit that keystorm was built from, if known.
    pub commit: Option<String>,
    /// Compiler that built it, if known.
    pub toolchain: Option<String>,
    /// The scenario with everything resolved, as TOML: it alone repeats the digest.
    pub resolved_scenario: String,
}

impl Context {
    /// The manifest of a complete folder, as far as it is known.
    pub(super) fn manifest(&self) -> Manifest {
        Manifest {
            status: Status::Complete,
            command_line: self.command_line.clone(),
            started_utc: self.started_utc.clone(),
            threads: self.threads,
            host: self.host.clone(),
            commit: self.commit.clone(),
            toolchain: self.toolchain.clone(),
            ..Manifest::running()
        }
    }
}

/// One line of `findings.jsonl`.
#[derive(Serialize)]
struct Finding<'a> {
    kind: &'static str,
    name: &'a str,
    expected: &'a str,
    value: Option<f64>,
    seed: u64,
    digest: &'a str,
}

impl Folder {
    /// Makes the folder at `path`, with those above it, and marks it as running. What a killed run left
    /// there is replaced; a finished run only with `force`.
    ///
    /// # Errors
    /// If `path` holds something else, or cannot be written.
    pub fn create(path: &Path, force: bool) -> Result<Self, FolderError> {
        if path.exists() && !path.is_dir() {
            return Err(FolderError::NotAFolder(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(|e| FolderError::io(path, e))?;
        match read::manifest(path) {
            Err(FolderError::Missing(_)) => {
                let mut items = fs::read_dir(path).map_err(|e| FolderError::io(path, e))?;
                if items.next().is_some() {
                    return Err(FolderError::Foreign(path.to_owned()));
                }
            }
            Ok(Manifest { status: Status::Running, .. }) => {}
            Err(e @ (FolderError::Io { .. } | FolderError::NotWritable(_))) => return Err(e),
            // A manifest that cannot be read may well be that of a finished run.
            Ok(_) | Err(_) if !force => return Err(FolderError::Finished(path.to_owned())),
            Ok(_) | Err(_) => {}
        }
        let folder = Self { path: path.to_owned() };
        folder.mark(&Manifest::running())?;
        for name in OWN.into_iter().chain(super::risk::OWN) {
            let file = path.join(name);
            match fs::remove_file(&file) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(FolderError::io(&file, e));
                }
                _ => {}
            }
        }
        Ok(folder)
    }

    /// Where the results of a run belong: `ROOT/SCENARIO/STARTED-DIGEST8`.
    #[must_use]
    pub fn default_path(root: &Path, scenario: &str, started_utc: &str, digest8: &str) -> PathBuf {
        root.join(scenario).join(format!("{started_utc}-{digest8}"))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one more file before [`Folder::write`] lists them all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), FolderError> {
        put(&self.path, name, content)
    }

    /// Writes everything about `outcome` and marks the folder as complete, or as interrupted.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn write(&mut self, outcome: &Outcome, context: &Context) -> Result<(), FolderError> {
        let figures = summary(outcome);
        self.add("scenario.toml", context.resolved_scenario.as_bytes())?;
        self.add("summary.json", &json("summary.json", &figures)?)?;
        self.add(series::FILE, &Series::of(&outcome.recorder).to_csv()?)?;
        let recorder = &outcome.recorder;
        let distributions =
            [&recorder.handshake, &recorder.rekey, &recorder.message, &recorder.key_age];
        for (name, distribution) in read::CURVES.into_iter().zip(distributions) {
            self.add(&format!("latency/{name}.hgrm"), hgrm::write(distribution).as_bytes())?;
        }
        self.add("findings.jsonl", &findings(outcome)?)?;
        self.add_capture(outcome)?;
        if let Some(story) = sequence::tell(outcome) {
            self.add(STORY_PICTURE, sequence::svg(&story).as_bytes())?;
            self.add(STORY_TEXT, sequence::text(&story).as_bytes())?;
        }
        // Text and pictures come from the files, so that they can be made again from them alone.
        let interrupted = outcome.verdict == Verdict::Interrupted;
        let mut manifest = Manifest {
            status: if interrupted { Status::Interrupted } else { Status::Complete },
            scenario: figures.scenario,
            seed: figures.seed,
            digest: figures.digest,
            ..context.manifest()
        };
        render(&self.path, &read::data(&self.path)?, &mut manifest)?;
        self.finish(manifest)
    }

    /// Lists all files in a last manifest.
    pub(super) fn finish(&self, manifest: Manifest) -> Result<(), FolderError> {
        self.mark(&Manifest { files: manifest::list(&self.path)?, ..manifest })
    }

    /// Marks the folder of something that is no run as complete, or as interrupted, with all files that
    /// were added.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub fn complete(
        &self,
        name: &str,
        seed: u64,
        interrupted: bool,
        context: &Context,
    ) -> Result<(), FolderError> {
        let status = if interrupted { Status::Interrupted } else { Status::Complete };
        self.finish(Manifest { status, scenario: name.to_owned(), seed, ..context.manifest() })
    }

    /// Writes the capture and its key log, if there was one.
    fn add_capture(&mut self, outcome: &Outcome) -> Result<(), FolderError> {
        let Some(tape) = &outcome.recorder.tape else { return Ok(()) };
        let keys = Keys::of(tape);
        self.add(capture::KEYS, keys.file().as_bytes())?;
        put_with(&self.path, capture::CAPTURE, |out| capture::write(outcome, tape, &keys, out))
    }

    /// Makes `latest`, beside the folder, name it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn name_latest(&self) -> Result<(), FolderError> {
        let (Some(parent), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Ok(());
        };
        put(parent, LATEST, format!("{}\n", name.to_string_lossy()).as_bytes())
    }

    /// The newest results of `scenario` under `root`, if `latest` names them.
    #[must_use]
    pub fn latest(root: &Path, scenario: &str) -> Option<PathBuf> {
        let folder = root.join(scenario);
        let name = read::bounded(&folder, LATEST, 1_024).ok()?;
        let name = std::str::from_utf8(&name).ok()?.trim();
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
        Some(folder.join(name)).filter(|path| plain && path.is_dir())
    }

    fn mark(&self, manifest: &Manifest) -> Result<(), FolderError> {
        put(&self.path, manifest::FILE, &json(manifest::FILE, manifest)?)
    }
}

/// Makes everything for people and for continuous integration of a finished folder again from its data.
///
/// # Errors
/// If the folder cannot be read or written.
pub fn rebuild(path: &Path) -> Result<(), FolderError> {
    let mut manifest = read::finished(path)?;
    render(path, &read::data(path)?, &mut manifest)?;
    let made = manifest::list(path)?.into_iter().filter(|file| is_rendered(&file.name));
    manifest.files.retain(|file| !is_rendered(&file.name));
    manifest.files.extend(made);
    manifest.files.sort_by(|a, b| a.name.cmp(&b.name));
    put(path, manifest::FILE, &json(manifest::FILE, &manifest)?)
}

fn is_rendered(name: &str) -> bool {
    RENDERED.contains(&name) || name.starts_with("plots/") && OWN.contains(&name)
}

/// Writes everything that is made from the data of `path`; `manifest` learns which pictures were left out, and
/// why.
fn render(path: &Path, data: &Data, manifest: &mut Manifest) -> Result<(), FolderError> {
    manifest.omitted.clear();
    let mut pictures = Vec::new();
    for (name, picture) in plots::all(data)? {
        let file = format!("plots/{name}.svg");
        match picture {
            Ok(svg) => {
                put(path, &file, svg.as_bytes())?;
                pictures.push((name, svg));
            }
            Err(why) => {
                manifest.omitted.insert(name.to_owned(), why.to_owned());
                let _ = fs::remove_file(path.join(file));
            }
        }
    }
    let summary = &data.summary;
    put(path, "summary.txt", text(summary, None).as_bytes())?;
    let suite = format!("keystorm run {}", tame(&summary.scenario, 80));
    let suite = junit(&suite, summary.wall_s, &checks::cases(summary, manifest));
    put(path, "junit.xml", &suite.map_err(|e| FolderError::malformed("junit.xml", &e))?)?;
    let sarif = sarif("run", &checks::rules(), &checks::found(summary));
    put(path, "findings.sarif", format!("{sarif:#}\n").as_bytes())?;
    let extras = Extras { pictures, ..read::extras(path)? };
    put(path, "report.html", page::run(summary, manifest, &extras)?.as_bytes())
}

fn findings(outcome: &Outcome) -> Result<Vec<u8>, FolderError> {
    let mut out = Vec::new();
    for failed in outcome.expectations.iter().filter(|e| !e.held) {
        let finding = Finding {
            kind: "expectation",
            name: &failed.metric,
            expected: &failed.expected,
            value: failed.value,
            seed: outcome.plan.seed,
            digest: &outcome.digest,
        };
        let line = serde_json::to_string(&finding);
        let line = line.map_err(|e| FolderError::malformed("findings.jsonl", &e))?;
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    Ok(out)
}

pub(super) fn json(name: &str, value: &impl Serialize) -> Result<Vec<u8>, FolderError> {
    let mut out = serde_json::to_vec_pretty(value).map_err(|e| FolderError::malformed(name, &e))?;
    out.push(b'\n');
    Ok(out)
}

/// Writes a file beside its place and moves it there.
pub(super) fn put(folder: &Path, name: &str, content: &[u8]) -> Result<(), FolderError> {
    put_with(folder, name, |file| file.write_all(content))
}

/// The same with content that need not be in memory at once.
fn put_with(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), FolderError> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|e| FolderError::io(parent, e))?;
    }
    let mut beside = path.clone().into_os_string();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let written = fs::File::create(&beside).map(io::BufWriter::new).and_then(|mut file| {
        write(&mut file)?;
        file.flush()
    });
    written.and_then(|()| fs::rename(&beside, &path)).map_err(|e| FolderError::io(&path, e))
}

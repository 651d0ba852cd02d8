//! A process that runs one target for a while and tells on stdout what happens, a JSON object a line.
//!
//! The input that is about to be run stands in a file, so that whoever started this process has it if the
//! process dies of it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use anyhow::Context as _;
use keystorm::fuzzing::{Budget, Engine, Event, Target, watch_panics};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::cli::args::FuzzWorkerArguments;
use crate::cli::exit::Exit;

use super::host::{Machine, on_small_stack};

/// Inputs that are read from a corpus folder, at most.
const CORPUS_MAX: usize = 16_384;

pub(super) fn worker(arguments: &FuzzWorkerArguments) -> anyhow::Result<Exit> {
    let target = super::target(&arguments.target)?;
    #[cfg(feature = "planted")]
    if let Some(name) = &arguments.planted {
        anyhow::ensure!(keystorm::planted::plant(name), "no defect is called {name:?}");
    }
    let arguments = arguments.clone();
    on_small_stack(target, move || work(target, &arguments))??;
    Ok(Exit::Held)
}

fn work(target: &'static Target, arguments: &FuzzWorkerArguments) -> anyhow::Result<()> {
    watch_panics();
    let folder = &arguments.corpus;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let given = corpus(folder)?;
    let last = File::create(&arguments.last)
        .with_context(|| format!("cannot write {}", arguments.last.display()))?;
    let machine = Machine::new();
    let mut engine = Engine::new(target, arguments.seed, &machine);
    let budget = Budget { executions: arguments.executions, time: arguments.time };
    let figures = engine.run(&given, budget, &mut |event| match event {
        Event::About(input) => note(&last, input),
        Event::Kept(input) => keep(folder, input),
        Event::Found(violation, input) => tell(&json!({"found": {
            "oracle": violation.oracle.name(), "place": violation.place, "detail": violation.detail,
            "input": hex(input),
        }})),
        Event::Progress(figures) => tell(&progress(&figures)),
    });
    minimise(folder, &engine.minimal_corpus());
    tell(&progress(&figures));
    tell(&json!({"done": true}));
    Ok(())
}

fn progress(figures: &keystorm::fuzzing::Figures) -> serde_json::Value {
    json!({"progress": {
        "executions": figures.executions, "behaviours": figures.behaviours, "corpus": figures.corpus,
        "newest_at": figures.newest_at, "wall_s": figures.wall_s, "processor_s": figures.processor_s,
    }})
}

/// A parent that went away ends the run.
fn tell(value: &serde_json::Value) {
    let mut stdout = io::stdout().lock();
    if writeln!(stdout, "{value}").and_then(|()| stdout.flush()).is_err() {
        std::process::exit(Exit::Interrupted as i32);
    }
}

/// Its length, and then the input: one write, nothing is ever cut off.
fn note(file: &File, input: &[u8]) {
    let mut bytes = (input.len() as u64).to_be_bytes().to_vec();
    bytes.extend_from_slice(input);
    let _ = file.write_all_at(&bytes, 0);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The inputs of a folder in the order of their names.
fn corpus(folder: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.retain(|path| path.is_file());
    Ok(paths.iter().take(CORPUS_MAX).filter_map(|path| fs::read(path).ok()).collect())
}

fn name(input: &[u8]) -> String {
    hex(&Sha256::digest(input)[..10])
}

/// A full disk costs the input and not the run.
fn keep(folder: &Path, input: &[u8]) {
    let _ = fs::write(folder.join(name(input)), input);
}

/// What the corpus does without is taken away, after all that it needs has been written.
fn minimise(folder: &Path, needed: &[&[u8]]) {
    let names: std::collections::BTreeSet<String> =
        needed.iter().map(|input| name(input)).collect();
    needed.iter().for_each(|input| keep(folder, input));
    let is_ours = |text: &str| text.len() == 20 && text.bytes().all(|b| b.is_ascii_hexdigit());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        if is_ours(&file) && !names.contains(&file) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

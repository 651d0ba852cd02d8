//! The same targets under libFuzzer: builds the crate in `fuzz/` and runs one of its programs.

#![allow(clippy::disallowed_methods, reason = "the command line may read clocks")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use keystorm::fuzzing::campaign::Finding;
use keystorm::fuzzing::{Figures, Oracle, Violation};

use super::host::processor;
use super::slice::{Outcome, Slice};

/// Where the crate lies, seen from the root of the repository.
const CRATE: &str = "fuzz";
/// How to get what is needed.
const HINT: &str = "libFuzzer needs a nightly toolchain and cargo-fuzz: `rustup toolchain install nightly` and \
`cargo install cargo-fuzz --locked`; `--engine builtin` needs neither";
/// Memory of one program, in MiB.
const MEMORY_MIB: u32 = 2_048;

/// Runs a slice. Needs to be called in the root of the repository.
pub(super) fn run(slice: &Slice<'_>, tell: &mut dyn FnMut(&Figures)) -> anyhow::Result<Outcome> {
    let program = build(slice.target.name)?;
    std::fs::create_dir_all(&slice.corpus)?;
    let artifacts = slice.corpus.with_extension("artifacts");
    std::fs::create_dir_all(&artifacts)?;
    let began = Instant::now();
    let mut command = Command::new(program);
    command.arg(&slice.corpus);
    for folder in ["seeds", "regressions"] {
        let folder = Path::new(CRATE).join(folder).join(slice.target.name);
        if folder.is_dir() {
            command.arg(folder);
        }
    }
    command.args([
        format!("-max_total_time={}", slice.time.as_secs().max(1)),
        format!("-seed={}", slice.seed.clamp(1, u64::from(u32::MAX))),
        format!("-max_len={}", slice.target.len_max),
        format!("-rss_limit_mb={MEMORY_MIB}"),
        format!("-artifact_prefix={}/", artifacts.display()),
        "-timeout=10".to_owned(),
        "-print_final_stats=1".to_owned(),
        // Looking up the names of new functions costs more than running small targets.
        "-print_funcs=0".to_owned(),
    ]);
    let dictionary = Path::new(CRATE).join("dict").join(format!("{}.dict", slice.target.name));
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    command.env("ASAN_OPTIONS", "quarantine_size_mb=16:detect_leaks=0");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start the program of the target")?;
    let stderr = child.stderr.take().context("a program without stderr")?;
    let mut outcome = Outcome::default();
    let mut last = Vec::new();
    let id = child.id();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        hear(&line, &mut outcome.figures);
        outcome.figures.wall_s = began.elapsed().as_secs_f64();
        outcome.figures.processor_s = processor(id).or(outcome.figures.processor_s);
        tell(&outcome.figures);
        if line.contains("keystorm-finding")
            || line.contains("ERROR: ")
            || line.contains("panicked at")
        {
            last.push(line);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        outcome.has_died = true;
        outcome.findings.push(finding(slice, &artifacts, &last));
    }
    Ok(outcome)
}

/// Builds the program of a target and says where it is.
fn build(name: &str) -> anyhow::Result<PathBuf> {
    anyhow::ensure!(
        Path::new(CRATE).join("Cargo.toml").is_file(),
        "no crate {CRATE:?} here: start this in the root of the repository"
    );
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "build", name]);
    let status = command.stdout(Stdio::null()).status();
    anyhow::ensure!(status.is_ok_and(|status| status.success()), "cannot build {name:?}: {HINT}");
    let triple = host_triple()?;
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from("fuzz/target"), PathBuf::from);
    Ok(folder.join(triple).join("release").join(name))
}

fn host_triple() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context(HINT)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned));
    host.context("rustc does not say for which machine it builds")
}

/// `#12345 NEW cov: 812 ft: 1024 corp: 90/12Kb ...`, and the last figures.
fn hear(line: &str, figures: &mut Figures) {
    let mut words = line.split_ascii_whitespace();
    if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
        figures.executions = count.trim().parse().unwrap_or(figures.executions);
    }
    let Some(executions) = words.next().and_then(|word| word.strip_prefix('#')?.parse().ok())
    else {
        return;
    };
    figures.executions = executions;
    while let Some(word) = words.next() {
        let mut number = || words.next()?.split('/').next()?.parse::<u64>().ok();
        match word {
            "cov:" => {
                let edges = number().unwrap_or(figures.behaviours);
                if edges > figures.behaviours {
                    (figures.behaviours, figures.newest_at) = (edges, executions);
                }
            }
            "corp:" => figures.corpus = number().unwrap_or(figures.corpus),
            _ => {}
        }
    }
}

/// What stopped the program: the newest input that it left, and why.
fn finding(slice: &Slice<'_>, artifacts: &Path, said: &[String]) -> Finding {
    let mut files: Vec<_> = std::fs::read_dir(artifacts)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort_by_key(|path| path.metadata().and_then(|facts| facts.modified()).ok());
    let input = files.last().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    let own =
        said.iter().find_map(|line| line.split_once("keystorm-finding ").map(|(_, rest)| rest));
    let parts: Vec<&str> = own.unwrap_or_default().splitn(3, '\t').collect();
    let violation = if let &[oracle, place, detail] = parts.as_slice() {
        Violation::new(Oracle::from_name(oracle).unwrap_or(Oracle::Panic), place, detail)
    } else {
        Violation::new(Oracle::Death, "libFuzzer", said.join("; "))
    };
    Finding::new(slice.target.name, &violation, &input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_what_libfuzzer_prints() {
        let mut figures = Figures::default();
        hear(
            "#2048\tpulse  cov: 812 ft: 1024 corp: 90/12Kb lim: 17 exec/s: 1024 rss: 60Mb",
            &mut figures,
        );
        assert_eq!((figures.executions, figures.behaviours, figures.corpus), (2_048, 812, 90));
        hear("stat::number_of_executed_units: 5000", &mut figures);
        assert_eq!(figures.executions, 5_000);
        hear("INFO: seed corpus: files: 3", &mut figures);
        assert_eq!(figures.executions, 5_000);
    }
}

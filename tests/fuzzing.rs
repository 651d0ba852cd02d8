//! The fuzz targets on stable: every seed, recorded message and regression holds, the folders of `fuzz/` fit the
//! table, and campaigns survive what targets do.

#![allow(clippy::unwrap_used, reason = "a test program")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use keystorm::fuzzing::campaign::{Finding, fingerprint, read};
use keystorm::fuzzing::{Host, Oracle, Shape, Target, Trail, execute, find, targets};

/// Unoptimised code takes several times the stack.
const UNOPTIMISED: usize = if cfg!(debug_assertions) { 8 } else { 1 };

struct Silent;

impl Host for Silent {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn processor(&self) -> Option<Duration> {
        None
    }
    fn forget_peak(&self) {}
    fn peak(&self) -> Option<usize> {
        None
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files in a folder, or none; `folder` itself may be missing.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Runs inputs of a target on a stack of the size that the table grants.
fn hold(target: &'static Target, inputs: Vec<(String, Vec<u8>)>) {
    let run = move || {
        for (name, input) in inputs {
            let found = execute(target, &input, &Silent, &mut Trail::default());
            assert_eq!(found, None, "{}: {name}", target.name);
        }
    };
    let thread = std::thread::Builder::new().stack_size(target.stack * UNOPTIMISED).spawn(run);
    assert!(thread.unwrap().join().is_ok(), "{}", target.name);
}

#[test]
fn every_seed_corpus_and_regression_input_holds() {
    for target in targets().iter().filter(|target| !target.is_canary) {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{}", target.name);
        let mut inputs: Vec<(String, Vec<u8>)> =
            seeds.into_iter().map(|seed| ("seed".to_owned(), seed)).collect();
        for folder in ["fuzz/seeds", "fuzz/regressions", "fuzz/corpus"] {
            for path in files(&root().join(folder).join(target.name)) {
                if path.extension().is_none_or(|ending| ending == "bin") {
                    inputs.push((path.display().to_string(), fs::read(&path).unwrap()));
                }
            }
        }
        for path in files(&root().join("tests/corpus")) {
            let ending = path.extension().unwrap().to_str().unwrap();
            if ending == target.name {
                let bytes = [b"\0", &fs::read(&path).unwrap()[..]].concat();
                inputs.push((path.display().to_string(), bytes));
            }
        }
        hold(target, inputs);
    }
}

/// What the table says of a target, as files: name and content.
fn generated(target: &Target) -> Vec<(String, Vec<u8>)> {
    let name = target.name;
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for (index, seed) in (target.seeds)().into_iter().enumerate() {
        files.push((format!("fuzz/seeds/{name}/{index:03}.bin"), seed));
    }
    let options =
        format!("[libfuzzer]\nmax_len = {}\ntimeout = 10\nrss_limit_mb = 2048\n", target.len_max);
    files.push((format!("fuzz/options/{name}.options"), options.into_bytes()));
    if !target.words.is_empty() {
        let escaped = |byte: u8| match byte {
            b'"' | b'\\' => format!("\\{}", byte as char),
            0x20..=0x7e => (byte as char).to_string(),
            _ => format!("\\x{byte:02x}"),
        };
        let line = |word: &&str| format!("\"{}\"\n", word.bytes().map(escaped).collect::<String>());
        let text: String = target.words.iter().map(line).collect();
        files.push((format!("fuzz/dict/{name}.dict"), text.into_bytes()));
    }
    files
}

#[test]
fn seeds_dictionaries_and_options_are_those_of_the_table() {
    let update = std::env::var_os("UPDATE_SEEDS").is_some();
    if !update && !root().join("fuzz/seeds").is_dir() {
        // Nothing was written yet; the seeds of the table themselves are run by another test.
        return;
    }
    let mut expected = BTreeSet::new();
    for (path, content) in targets().iter().flat_map(generated) {
        let whole = root().join(&path);
        expected.insert(whole.clone());
        if update {
            fs::create_dir_all(whole.parent().unwrap()).unwrap();
            fs::write(&whole, &content).unwrap();
        }
        let is_same = fs::read(&whole).is_ok_and(|found| found == content);
        assert!(is_same, "{path}: UPDATE_SEEDS=1 writes it");
    }
    let folders = ["seeds", "dict", "options"].map(|name| root().join("fuzz").join(name));
    for path in folders.iter().flat_map(|folder| files(folder)) {
        let inside = if path.is_dir() { files(&path) } else { vec![path] };
        for path in inside {
            assert!(expected.contains(&path), "{} is of no target", path.display());
        }
    }
}

#[test]
fn the_crate_for_libfuzzer_has_exactly_the_targets_of_the_table() {
    let table: BTreeSet<&str> = targets().iter().map(|target| target.name).collect();
    assert_eq!(table.len(), targets().len(), "a name stands twice");
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    assert_eq!(manifest["package"]["metadata"]["cargo-fuzz"], toml::Value::Boolean(true));
    let bins = manifest["bin"].as_array().unwrap();
    let bins: BTreeSet<&str> = bins.iter().map(|bin| bin["name"].as_str().unwrap()).collect();
    assert_eq!(bins, table);
    let sources = files(&root().join("fuzz/fuzz_targets"));
    let names: BTreeSet<&str> =
        sources.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, table);
    for path in &sources {
        let text = fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(text.contains(&format!("\"{name}\"")) && text.lines().count() < 25, "{name}");
    }
    for folder in ["seeds", "regressions", "corpus"] {
        for path in files(&root().join("fuzz").join(folder)) {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(
                name.starts_with('.') || table.contains(name.trim_end_matches(".artifacts")),
                "{folder}/{name} is of no target"
            );
        }
    }
}

#[test]
fn each_regression_has_a_note_with_its_cause_and_fix() {
    for folder in files(&root().join("fuzz/regressions")) {
        for input in
            files(&folder).into_iter().filter(|path| path.extension().is_some_and(|it| it == "bin"))
        {
            let note = fs::read_to_string(input.with_extension("toml")).unwrap();
            let note: toml::Table = toml::from_str(&note).unwrap();
            for name in ["date", "oracle", "place", "cause", "fix"] {
                assert!(
                    note[name].as_str().is_some_and(|text| !text.is_empty()),
                    "{}",
                    input.display()
                );
            }
        }
    }
}

#[test]
fn nothing_changes_between_two_runs_of_the_same_input() {
    for target in targets() {
        for seed in (target.seeds)().into_iter().take(3) {
            let marks = |input: &[u8]| {
                let mut trail = Trail::default();
                execute(target, input, &Silent, &mut trail);
                trail.marks().to_vec()
            };
            assert_eq!(marks(&seed), marks(&seed), "{}", target.name);
        }
        if let Shape::Steps { head, width } = target.shape {
            assert!(width > 0 && head + width <= target.len_max, "{}", target.name);
        }
    }
}

fn keystorm(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    command.args(["fuzz"]).args(arguments).current_dir(folder).output().unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("keystorm-test-fuzz-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn the_canary_is_found_told_and_can_be_repeated() {
    let folder = folder("canary");
    let output = keystorm(&["run", "canary", "--time", "3s", "--out", "out"], &folder);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let campaign = read(&folder.join("out/canary")).unwrap().unwrap();
    let id = fingerprint("canary", Oracle::Canary, "song");
    let ids: Vec<&String> = campaign.findings.iter().map(|it| &it.id).collect();
    assert_eq!(ids, [&id]);
    assert_eq!(campaign.findings[0].bytes(), b"song", "as small as can be");
    assert!(fs::read_dir(folder.join("fuzz/corpus/canary")).unwrap().count() > 0);
    let input = format!("out/canary/findings/{id}.bin");
    let again = keystorm(&["run", "canary", "--input", &input], &folder);
    assert_eq!(again.status.code(), Some(1));
    fs::write(folder.join("other"), "silence").unwrap();
    assert_eq!(keystorm(&["run", "canary", "--input", "other"], &folder).status.code(), Some(0));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_short_night_runs_every_target_and_finds_nothing_but_the_canary() {
    let folder = folder("night");
    let arguments = ["night", "--budget", "30s", "--jobs", "2", "--out", "out"];
    let output = keystorm(&arguments, &folder);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let campaign = read(&folder.join("out")).unwrap().unwrap();
    assert!(campaign.is_complete && !campaign.is_deaf());
    assert_eq!(campaign.news().collect::<Vec<&Finding>>(), Vec::<&Finding>::new());
    assert!(campaign.targets.len() + 2 >= targets().len(), "{:?}", campaign.targets.keys());
    for name in
        ["report.html", "summary.txt", "results.csv", "junit.xml", "findings.sarif", "state.json"]
    {
        assert!(folder.join("out").join(name).is_file(), "{name}");
    }
    let finished = keystorm(&arguments, &folder);
    assert_eq!(finished.status.code(), Some(2), "a finished campaign is not written over");
    assert_eq!(keystorm(&["report", "out"], &folder).status.code(), Some(0));
    assert_eq!(keystorm(&["triage", "out"], &folder).status.code(), Some(0));
    fs::write(folder.join("out/state.json"), "{\"keystorm\":").unwrap();
    let corrupt = keystorm(&["report", "out"], &folder);
    assert_eq!(corrupt.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&corrupt.stderr).contains("state.json"));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn wrong_usage_is_told() {
    let folder = folder("usage");
    let unknown = keystorm(&["run", "nothing"], &folder);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("dtls13_record"));
    assert_eq!(keystorm(&["run", "coap", "--time", "1y"], &folder).status.code(), Some(2));
    let absent = keystorm(&["report", "absent"], &folder);
    assert_eq!(absent.status.code(), Some(2));
    assert!(find("coap").is_some() && find("nothing").is_none());
    fs::remove_dir_all(&folder).unwrap();
}

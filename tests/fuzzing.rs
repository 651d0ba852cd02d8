//! The fuzz targets on stable: every seed, recorded message and regression holds, the folders of `fuzz/` fit the
//! table, and campaigns survive what targets do.

#![allow(clippy::unwrap_used, reason = "a test program")]

mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use keystorm::fuzzing::campaign::{Finding, fingerprint, read};
use keystorm::fuzzing::{Oracle, Shape, Silent, Target, Trail, execute, find, targets};
use program::{Place, code, stderr, stdout};

/// Unoptimised code takes several times the stack.
const UNOPTIMISED: usize = if cfg!(debug_assertions) { 8 } else { 1 };

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

fn fuzz(place: &Place, arguments: &[&str]) -> Output {
    place.keystorm(&[&["fuzz"], arguments].concat())
}

#[test]
fn the_canary_is_found_told_and_can_be_repeated() {
    let place = Place::new("fuzz-canary");
    let output = fuzz(&place, &["run", "canary", "--time", "3s", "--out", "out"]);
    let text = stdout(&output);
    assert_eq!(code(&output), 1, "{text}");
    let campaign = read(&place.0.join("out/canary")).unwrap().unwrap();
    let id = fingerprint("canary", Oracle::Canary, "song");
    let ids: Vec<&String> = campaign.findings.iter().map(|it| &it.id).collect();
    assert_eq!(ids, [&id]);
    assert_eq!(campaign.findings[0].bytes(), b"song", "as small as can be");
    assert!(fs::read_dir(place.0.join("fuzz/corpus/canary")).unwrap().count() > 0);
    let input = format!("out/canary/findings/{id}.bin");
    let again = fuzz(&place, &["run", "canary", "--input", &input]);
    assert_eq!(code(&again), 1);
    fs::write(place.0.join("other"), "silence").unwrap();
    assert_eq!(code(&fuzz(&place, &["run", "canary", "--input", "other"])), 0);
}

#[test]
fn a_short_night_runs_every_target_and_finds_nothing_but_the_canary() {
    let place = Place::new("fuzz-night");
    let arguments = ["night", "--budget", "30s", "--jobs", "2", "--out", "out"];
    let output = fuzz(&place, &arguments);
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{text}{}", stderr(&output));
    let campaign = read(&place.0.join("out")).unwrap().unwrap();
    assert!(campaign.is_complete && !campaign.is_deaf());
    assert_eq!(campaign.news().collect::<Vec<&Finding>>(), Vec::<&Finding>::new());
    assert!(campaign.targets.len() + 2 >= targets().len(), "{:?}", campaign.targets.keys());
    for name in
        ["report.html", "summary.txt", "results.csv", "junit.xml", "findings.sarif", "state.json"]
    {
        assert!(place.0.join("out").join(name).is_file(), "{name}");
    }
    let finished = fuzz(&place, &arguments);
    assert_eq!(code(&finished), 2, "a finished campaign is not written over");
    assert_eq!(code(&fuzz(&place, &["report", "out"])), 0);
    assert_eq!(code(&fuzz(&place, &["triage", "out"])), 0);
    fs::write(place.0.join("out/state.json"), "{\"keystorm\":").unwrap();
    let corrupt = fuzz(&place, &["report", "out"]);
    assert_eq!(code(&corrupt), 2);
    assert!(stderr(&corrupt).contains("state.json"));
}

#[test]
fn wrong_usage_is_told() {
    let place = Place::new("fuzz-usage");
    let unknown = fuzz(&place, &["run", "nothing"]);
    assert_eq!(code(&unknown), 2);
    assert!(stderr(&unknown).contains("dtls13_record"));
    assert_eq!(code(&fuzz(&place, &["run", "coap", "--time", "1y"])), 2);
    let absent = fuzz(&place, &["report", "absent"]);
    assert_eq!(code(&absent), 2);
    assert!(find("coap").is_some() && find("nothing").is_none());
}

//! The program as a person or a script uses it: what it prints where, what it leaves behind, how it ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::process::{Command, Stdio};

use program::{Place, code, json, scenario, stderr, stdout};

const SMALL: [&str; 2] = ["--set", "fleet.meters.count=20"];

#[test]
fn a_run_writes_its_folder_and_a_replay_repeats_it() {
    let place = Place::new("cli-run");
    let quickstart = scenario("quickstart");
    let run = place.keystorm(&[&["run", &quickstart, "--out", "r"], &SMALL[..]].concat());
    assert_eq!(code(&run), 0, "{}", stderr(&run));
    assert!(stdout(&run).starts_with("Held: "), "{}", stdout(&run));
    for file in ["manifest.json", "scenario.toml", "summary.json", "series.csv", "plots/load.svg"] {
        assert!(place.0.join("r").join(file).is_file(), "{file}");
    }
    let replay = place.keystorm(&["replay", "r", "--threads", "2"]);
    assert_eq!(code(&replay), 0, "{}{}", stdout(&replay), stderr(&replay));
    let report = place.keystorm(&["report", "r"]);
    assert_eq!(stdout(&report), stdout(&run));
}

#[test]
fn a_capture_is_listed_changes_no_digest_and_needs_a_node_that_exists() {
    let place = Place::new("cli-capture");
    let quickstart = scenario("quickstart");
    let run = |out: &str, more: &[&str]| {
        let words = ["run", &quickstart, "--out", out, "--format", "json"];
        place.keystorm(&[&words, &SMALL[..], more].concat())
    };
    let without = json(&run("without", &[]));
    assert!(!place.0.join("without/capture.pcapng").exists());
    let with = run("with", &["--capture", "meters-17"]);
    assert_eq!(json(&with)["digest"], without["digest"], "{}", stderr(&with));
    let manifest = fs::read_to_string(place.0.join("with/manifest.json")).unwrap();
    assert!(manifest.contains("capture.pcapng") && manifest.contains("keys.log"), "{manifest}");
    let replay = place.keystorm(&["replay", "with"]);
    assert_eq!(code(&replay), 0, "{}", stderr(&replay));
    // The same folder without a capture does not keep the old one.
    assert_eq!(code(&run("with", &["--force"])), 0);
    assert!(
        !place.0.join("with/capture.pcapng").exists() && !place.0.join("with/keys.log").exists()
    );

    for (node, hint) in [
        ("metres-17", "did you mean `meters-17`?"),
        ("meters-20", "the nodes of `meters` are `meters-0` to `meters-19`"),
        ("meters-07", "did you mean `meters-7`?"),
        ("concentrator", "did you mean `concentrators`?"),
        ("", "or one of `in`, `concentrators`, `meters`"),
    ] {
        let refused = run("refused", &["--capture", node]);
        assert_eq!(code(&refused), 2, "{node}");
        assert!(stderr(&refused).contains(hint), "{node}: {}", stderr(&refused));
        assert!(!place.0.join("refused").exists(), "{node}");
    }
}

#[test]
fn without_out_results_go_below_results_and_latest_names_them() {
    let place = Place::new("cli-default");
    let quickstart = scenario("quickstart");
    let run = place.keystorm(&[&["run", &quickstart], &SMALL[..]].concat());
    assert_eq!(code(&run), 0, "{}", stderr(&run));
    let latest = fs::read_to_string(place.0.join("results/quickstart/latest")).unwrap();
    assert!(place.0.join("results/quickstart").join(latest.trim()).is_dir());
}

#[test]
fn a_replay_that_differs_says_where_and_exits_with_3() {
    let place = Place::new("cli-differs");
    let quickstart = scenario("quickstart");
    place.keystorm(&[&["run", &quickstart, "--out", "r"], &SMALL[..]].concat());
    let path = place.0.join("r/scenario.toml");
    let text = fs::read_to_string(&path).unwrap();
    let altered = text.replacen("with = \"key_update\"", "with = \"full\"", 1);
    assert_ne!(text, altered, "{text}");
    fs::write(&path, altered).unwrap();
    let replay = place.keystorm(&["replay", "r"]);
    assert_eq!(code(&replay), 3, "{}{}", stdout(&replay), stderr(&replay));
    assert!(
        stdout(&replay).starts_with("Differs: the first difference lies"),
        "{}",
        stdout(&replay)
    );
    let object = json(&place.keystorm(&["replay", "r", "--format", "json"]));
    assert_eq!(object["same"], false);
    // Before its first event, a key update, nothing differs.
    assert!(object["first_difference_s"].as_f64().unwrap() > 100.0, "{object}");
}

#[test]
fn an_assessment_of_risk_answers_first_and_is_the_same_for_any_number_of_threads() {
    let place = Place::new("cli-risk");
    let town = scenario("risk-town");
    let assess = |out: &str, threads: &str| {
        let words = ["risk", &town, "--budget", "600", "--out", out, "--threads", threads];
        let done = place.keystorm(&words);
        assert_eq!(code(&done), 0, "{}", stderr(&done));
        assert!(stdout(&done).starts_with("Spend 500 EUR of 600 EUR a year on longer-keys: "));
        fs::read(place.0.join(out).join("risk.json")).unwrap()
    };
    assert_eq!(assess("one", "1"), assess("two", "2"));
    for file in
        ["manifest.json", "scenario.toml", "risk.csv", "risk.txt", "treated.toml", "plots/risk.svg"]
    {
        assert!(place.0.join("one").join(file).is_file(), "{file}");
    }
    let again = place.keystorm(&["risk", &town, "--out", "one"]);
    assert_eq!(code(&again), 2, "a finished folder is not overwritten");
    for verb in ["report", "replay"] {
        let refused = place.keystorm(&[verb, "one"]);
        assert_eq!(code(&refused), 2, "{verb}");
        assert!(stderr(&refused).contains("an assessment of risk"), "{}", stderr(&refused));
    }
    let wrong = place.keystorm(&["risk", &town, "--budget", "-1"]);
    assert_eq!(code(&wrong), 2);
    let no_service = place.keystorm(&["risk", &scenario("storm-fixed"), "--out", "none"]);
    assert_eq!(code(&no_service), 2);
    assert!(stderr(&no_service).contains("telemetry"), "{}", stderr(&no_service));
}

#[test]
fn json_is_one_object_on_stdout() {
    let place = Place::new("cli-json");
    let quickstart = scenario("quickstart");
    let words = [&["run", &quickstart, "--format", "json", "--out", "r"], &SMALL[..]].concat();
    let summary = json(&place.keystorm(&words));
    assert_eq!(summary["scenario"], "quickstart");
    assert_eq!(summary["metrics"]["population.devices"], 20);
    let file = fs::read_to_string(place.0.join("r/summary.json")).unwrap();
    assert_eq!(summary, serde_json::from_str::<serde_json::Value>(&file).unwrap());
    let checked = json(&place.keystorm(&["check", &quickstart, "--format", "json"]));
    assert_eq!(checked["scenarios"][0]["devices"], 200);
}

#[test]
fn several_seeds_each_have_a_folder() {
    let place = Place::new("cli-seeds");
    let quickstart = scenario("quickstart");
    let words = [&["run", &quickstart, "--seeds", "3..5", "--out", "r"], &SMALL[..]].concat();
    let run = place.keystorm(&words);
    assert_eq!(code(&run), 0, "{}", stderr(&run));
    for seed in 3..=5 {
        assert!(place.0.join(format!("r/seed-{seed}/manifest.json")).is_file());
    }
    assert!(stdout(&run).starts_with("Held in 3 of 3 runs"), "{}", stdout(&run));
}

#[test]
fn a_missed_expectation_exits_with_1() {
    let place = Place::new("cli-missed");
    let quickstart = scenario("quickstart");
    let run = place.keystorm(&[
        "run",
        &quickstart,
        "--set",
        "fleet.meters.count=20",
        "--set",
        "expect.rekey.completed=< 5",
        "--out",
        "r",
    ]);
    assert_eq!(code(&run), 1, "{}", stderr(&run));
    assert!(stdout(&run).starts_with("Failed: "), "{}", stdout(&run));
}

#[test]
fn a_finished_folder_is_never_overwritten_unless_forced() {
    let place = Place::new("cli-overwrite");
    let quickstart = scenario("quickstart");
    let words = [&["run", &quickstart, "--out", "r"], &SMALL[..]].concat();
    assert_eq!(code(&place.keystorm(&words)), 0);
    let before = fs::read(place.0.join("r/manifest.json")).unwrap();
    let again = place.keystorm(&words);
    assert_eq!(code(&again), 2);
    assert!(stderr(&again).contains("already holds a finished run"), "{}", stderr(&again));
    assert!(stderr(&again).contains("--force"), "{}", stderr(&again));
    assert_eq!(before, fs::read(place.0.join("r/manifest.json")).unwrap());
    assert_eq!(code(&place.keystorm(&[&words[..], &["--force"]].concat())), 0);
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_runs() {
    let place = Place::new("cli-unwritable");
    place.file("taken", b"a file");
    let quickstart = scenario("quickstart");
    let run = place.keystorm(&["run", &quickstart, "--out", "taken/below"]);
    assert_eq!(code(&run), 2);
    assert!(stderr(&run).starts_with("error: "), "{}", stderr(&run));
    place.file("results", b"a file where the folder should be");
    let run = place.keystorm(&["run", &quickstart]);
    assert_eq!(code(&run), 2);
    assert!(stderr(&run).contains("--out"), "{}", stderr(&run));
}

#[test]
fn wrong_scenarios_are_refused_with_every_error_and_exit_2() {
    let place = Place::new("cli-wrong");
    let text = fs::read_to_string(scenario("quickstart")).unwrap();
    let wrong = text.replace("count = 200", "cuont = 200").replace("loss = ", "loss = -");
    assert_ne!(text, wrong);
    let file = place.file("wrong.toml", wrong.as_bytes());
    let run = place.keystorm(&["run", &file]);
    assert_eq!(code(&run), 2);
    assert!(stdout(&run).is_empty());
    let said = stderr(&run);
    assert!(said.contains("wrong.toml:") && said.contains("^"), "{said}");
    assert!(said.contains("did you mean `count`"), "{said}");
    assert!(said.matches("error[").count() >= 2, "{said}");
    assert!(!place.0.join("results").exists());
}

#[test]
fn files_that_are_no_scenarios_are_refused_clearly() {
    let place = Place::new("cli-bytes");
    let binary = place.file("binary.toml", &[0xff, 0xfe, 0, 1]);
    let huge = place.file("huge.toml", &vec![b'#'; (1 << 20) + 10]);
    let folder = place.path("");
    for (path, word) in [
        (binary.as_str(), "not UTF-8"),
        (huge.as_str(), "longer than"),
        (folder.as_str(), "is a folder"),
        ("absent.toml", "cannot read"),
    ] {
        let run = place.keystorm(&["check", path]);
        assert_eq!(code(&run), 2, "{path}");
        assert!(stderr(&run).contains(word), "{path}: {}", stderr(&run));
    }
}

#[test]
fn wrong_words_on_the_command_line_exit_with_2() {
    let place = Place::new("cli-usage");
    let quickstart = scenario("quickstart");
    for words in [
        &["fly"][..],
        &["run"],
        &["run", &quickstart, "--seeds", "5..1"],
        &["run", &quickstart, "--threads", "0"],
        &["run", &quickstart, "--set", "nonsense"],
        &["replay", "nowhere"],
        &["report", "."],
        &["explain", "KS9999"],
    ] {
        let run = place.keystorm(words);
        assert_eq!(code(&run), 2, "{words:?}: {}", stderr(&run));
        assert!(!stderr(&run).is_empty(), "{words:?}");
    }
}

#[test]
fn a_live_run_of_fleets_that_speak_different_versions_is_refused() {
    let place = Place::new("cli-live12");
    let run = place.keystorm(&["live", &scenario("dtls12-vs-dtls13")]);
    assert_eq!(code(&run), 2);
    assert!(stderr(&run).contains("different profiles"), "{}", stderr(&run));
}

#[test]
fn schema_and_explanations_are_there_for_editors_and_people() {
    let place = Place::new("cli-help");
    let schema = json(&place.keystorm(&["schema"]));
    assert!(schema["properties"]["fleet"].is_object(), "{schema}");
    assert!(json(&place.keystorm(&["schema", "--summary"]))["properties"]["digest"].is_object());
    let list = stdout(&place.keystorm(&["explain"]));
    for line in list.lines() {
        let code_word = line.split_whitespace().next().unwrap();
        assert_eq!(code(&place.keystorm(&["explain", code_word])), 0, "{code_word}");
    }
    for code_word in ["T22", "CM28", "B1"] {
        assert!(list.lines().any(|line| line.starts_with(code_word)), "{code_word}");
    }
    let replay = stdout(&place.keystorm(&["explain", "t9"]));
    for part in ["TR-0008 clause 6.1.10", "CM10  Replay protection", "A4  injective agreement"] {
        assert!(replay.contains(part), "{part}: {replay}");
    }
    assert!(replay.contains("keystorm matrix --threat T9"), "{replay}");
    assert!(replay.contains("t09-replay.toml --set countermeasure.CM10.on=false"), "{replay}");
    let window = stdout(&place.keystorm(&["explain", "CM10"]));
    assert!(window.contains("which sets security.replay_window=0"), "{window}");
    assert!(stdout(&place.keystorm(&["explain", "T7"])).contains("+CM7"));
    assert_eq!(json(&place.keystorm(&["explain", "CM10", "--format", "json"]))["code"], "CM10");
}

#[test]
fn the_matrix_is_written_and_goes_on_where_it_was_stopped() {
    let place = Place::new("cli-matrix");
    let words = ["matrix", "--threat", "t9", "--seeds", "3", "--out", "m"];
    let run = place.keystorm(&words);
    assert_eq!(code(&run), 0, "{}", stderr(&run));
    let said = stdout(&run);
    assert!(
        said.starts_with("T9 with its countermeasures on is PREVENTED in 3 of 3 runs"),
        "{said}"
    );
    let read = |name: &str| fs::read_to_string(place.0.join("m").join(name)).unwrap();
    for name in
        ["matrix.txt", "matrix.csv", "matrix.svg", "matrix.html", "stories/t09-replay-off.svg"]
    {
        assert!(read(name).len() > 200, "{name}");
    }
    let cells: serde_json::Value = serde_json::from_str(&read("matrix.json")).unwrap();
    assert_eq!(
        (&cells[0]["verdict"], &cells[1]["verdict"]),
        (&"SUCCEEDED".into(), &"PREVENTED".into())
    );
    let page = read("matrix.html").replace("&#x2f;", "/");
    assert!(page.contains(cells[1]["replay"].as_str().unwrap()));

    // Attack on and off, countermeasure on and off, three seeds.
    let (journal, before) = (read("journal.jsonl"), read("matrix.json"));
    assert_eq!(journal.lines().count(), 12);
    // Stopped in the middle of the seventh line.
    let whole: usize = journal.split_inclusive('\n').take(6).map(str::len).sum();
    let half = &journal[..whole + 10];
    fs::write(place.0.join("m/journal.jsonl"), half).unwrap();
    let again = place.keystorm(&[&words[..], &["--format", "json"]].concat());
    assert_eq!(json(&again), cells);
    assert!(stderr(&again).contains(" runs are in journal.jsonl already"), "{}", stderr(&again));
    assert_eq!(read("matrix.json"), before);
    // The half line stays, and is passed over.
    assert_eq!(read("journal.jsonl").lines().count(), 13);
    let nothing_left = place.keystorm(&words);
    assert!(stderr(&nothing_left).contains("12 runs are in"), "{}", stderr(&nothing_left));
    let forced = place.keystorm(&[&words[..], &["--force"]].concat());
    assert!(!stderr(&forced).contains("already"), "{}", stderr(&forced));

    for wrong in ["T99", "CM10", "9"] {
        assert_eq!(code(&place.keystorm(&["matrix", "--threat", wrong])), 2, "{wrong}");
    }
}

#[test]
fn a_run_under_attack_says_first_what_became_of_it_and_tells_the_story() {
    let place = Place::new("cli-story");
    let replay = scenario("threats/t09-replay");
    let run = place.keystorm(&["run", &replay, "--out", "on"]);
    assert_eq!(code(&run), 0, "{}", stderr(&run));
    assert!(
        stdout(&run).starts_with("PREVENTED: in-0 refused it by CM10 (replayed), "),
        "{}",
        stdout(&run)
    );
    let off = ["run", &replay, "--set", "countermeasure.CM10.on=false", "--out", "off"];
    let run = place.keystorm(&off);
    assert_eq!(code(&run), 1, "{}", stderr(&run));
    assert!(
        stdout(&run).starts_with("SUCCEEDED: What was sent once counted twice"),
        "{}",
        stdout(&run)
    );
    let story = |folder: &str| fs::read_to_string(place.0.join(folder).join("story.txt")).unwrap();
    assert!(
        story("on").contains("refused: CM10 (replayed)") && story("off").contains("Violated: A4")
    );
    assert!(fs::read_to_string(place.0.join("off/story.svg")).unwrap().contains("</svg>"));
    let seeds = place.keystorm(&["run", &replay, "--seeds", "1..2", "--out", "many"]);
    assert!(stdout(&seeds).contains("attacks") && stdout(&seeds).contains("PREVENTED"));
    // In peace there is nothing to tell.
    let peace =
        place.keystorm(&["run", &replay, "--set", "scenario.attacks=false", "--out", "peace"]);
    assert_eq!(code(&peace), 0, "{}", stderr(&peace));
    assert!(!place.0.join("peace/story.svg").exists());
}

#[test]
fn an_interrupted_run_writes_what_it_has_and_exits_with_4() {
    let place = Place::new("cli-interrupt");
    let child = place
        .command(&["run", &scenario("storm-fixed"), "--out", "r"])
        .args(["--set", "fleet.devices.count=200000", "--progress", "plain"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The world of 200,000 devices takes longer to run than any of these waits.
    while !place.0.join("r/manifest.json").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    let manifest = fs::read_to_string(place.0.join("r/manifest.json")).unwrap();
    assert!(manifest.contains("\"interrupted\""), "{manifest}");
    let replay = place.keystorm(&["replay", "r"]);
    assert_eq!(code(&replay), 2);
    assert!(stderr(&replay).contains("interrupted"), "{}", stderr(&replay));
}

/// A killed run leaves a folder that says it is not complete, and that may be run into again.
#[cfg(unix)]
#[test]
fn a_killed_run_leaves_a_folder_that_says_so() {
    let place = Place::new("cli-killed");
    let mut child = place
        .command(&["run", &scenario("storm-fixed"), "--out", "r"])
        .args(["--set", "fleet.devices.count=200000"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !place.0.join("r/manifest.json").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let report = place.keystorm(&["report", "r"]);
    assert_eq!(code(&report), 2);
    assert!(stderr(&report).contains("has not finished"), "{}", stderr(&report));
    let quickstart = scenario("quickstart");
    let run = place.keystorm(&[&["run", &quickstart, "--out", "r"], &SMALL[..]].concat());
    assert_eq!(code(&run), 0, "{}", stderr(&run));
}

#[test]
fn a_run_that_does_not_fit_into_memory_is_refused_before_it_begins() {
    let place = Place::new("cli-memory");
    // A thousand worlds of nine million devices at once: no machine has that.
    let words =
        ["run", &scenario("quickstart"), "--out", "r", "--set", "fleet.meters.count=9000000"];
    let refused =
        place.keystorm(&[&words[..], &["--seeds", "1..1000", "--threads", "1000"]].concat());
    assert_eq!(code(&refused), 2, "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("of memory, and") && stderr(&refused).contains("--any-memory")
    );
    assert!(!place.0.join("r").exists());
}

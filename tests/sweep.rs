//! Sweeps and comparisons as a person or a script uses them: grids, what a kill leaves, shards, refusals, two results
//! side by side.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use program::{Place, code, json, scenario, stderr, stdout};

/// The lines of `points.csv` without the real time that each run took.
fn points(place: &Place, folder: &str) -> Vec<String> {
    let text = place.read(&format!("{folder}/points.csv"));
    let head: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
    let wall = head.iter().position(|name| *name == "wall_s").unwrap();
    let without = |line: &str| {
        let cells = line.split(',').enumerate().filter(|(at, _)| *at != wall);
        cells.map(|(_, cell)| cell).collect::<Vec<_>>().join(",")
    };
    text.lines().map(without).collect()
}

#[test]
fn a_grid_yields_a_table_files_and_a_picture() {
    let place = Place::new("sweep-grid");
    let quickstart = scenario("quickstart");
    let words = [
        "sweep",
        &quickstart,
        "--out",
        "s",
        "--set",
        "fleet.meters.count=20",
        "--vary",
        "fleet.meters.start.jitter=1s,10s,1min",
        "--vary",
        "cse.in.workers=1,2",
        "--seeds",
        "1..3",
    ];
    let run = place.keystorm(&words);
    assert_eq!(code(&run), 0, "{}", stderr(&run));
    let said = stdout(&run);
    assert!(said.starts_with("All 6 points meet what is expected."), "{said}");
    assert!(said.contains("3 of 3"), "{said}");
    let picture = place.read("s/plots/sweep.svg");
    assert!(picture.contains("fleet.meters.start.jitter") && picture.contains("workers 2"));
    assert_eq!(points(&place, "s").len(), 1 + 6 * 3);
    // Again: nothing is run.
    let again = place.keystorm(&[&words[..], &["--format", "json"]].concat());
    assert!(stderr(&again).contains("18 of 18 runs are in s"), "{}", stderr(&again));
    let again = json(&again);
    assert_eq!((&again["effort"]["new_runs"], &again["runs"]), (&0.into(), &18.into()));
    let point = &again["points"][4];
    assert_eq!(point["values"]["fleet.meters.start.jitter"], "1min");
    assert_eq!(point["values"]["cse.in.workers"], "1");
    let p99 = &point["metrics"]["rekey.time_s.p99"];
    assert!(p99["interval"][0].as_f64() <= p99["mean"].as_f64(), "{p99}");
    // One point is what a run of the same scenario is.
    let single = place.keystorm(&[
        "run",
        &quickstart,
        "--out",
        "r",
        "--format",
        "json",
        "--seed",
        "2",
        "--set",
        "fleet.meters.count=20",
        "--set",
        "fleet.meters.start.jitter=1min",
        "--set",
        "cse.in.workers=1",
    ]);
    let digest = json(&single)["digest"].as_str().unwrap().to_owned();
    let line = place.read("s/points.csv");
    assert!(line.lines().any(|line| line.starts_with("1min,1,2,") && line.contains(&digest)));
    // Another grid in the same folder runs only what is new.
    let more = [&words[..10], &["--seeds", "1..4", "--format", "json"]].concat();
    assert_eq!(json(&place.keystorm(&more))["effort"]["new_runs"], 6);
}

#[test]
fn a_killed_sweep_loses_no_finished_run() {
    let place = Place::new("sweep-killed");
    let quickstart = scenario("quickstart");
    let words = [
        "sweep",
        &quickstart,
        "--vary",
        "fleet.meters.count=60,70,80,90",
        "--vary",
        "link.access.loss=0.0,0.05",
        "--seeds",
        "1..2",
        "--quiet",
        "--out",
    ];
    let killed = [&words[..], &["killed"]].concat();
    let mut child =
        place.command(&killed).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let finished = || place.read("killed/journal.jsonl").lines().count();
    for _ in 0..6_000 {
        if finished() >= 3 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = place.read("killed/journal.jsonl");
    let whole = left.lines().filter(|line| line.ends_with('}')).count();
    assert!((3..16).contains(&whole), "{whole} runs were finished when it was killed");
    assert!(!place.0.join("killed/points.csv").exists());
    let again = place.keystorm(&[&killed[..], &["--format", "json"]].concat());
    assert_eq!(json(&again)["effort"]["new_runs"], 16 - whole, "{}", stderr(&again));
    // What comes out is what an undisturbed sweep yields.
    assert_eq!(code(&place.keystorm(&[&words[..], &["calm"]].concat())), 0);
    assert_eq!(points(&place, "killed"), points(&place, "calm"));
}

#[test]
fn shards_gather_to_the_whole() {
    let place = Place::new("sweep-shards");
    let quickstart = scenario("quickstart");
    let words = [
        "sweep",
        &quickstart,
        "--set",
        "fleet.meters.count=10",
        "--vary",
        "cse.in.workers=1,2,3",
        "--seeds",
        "1..2",
    ];
    let run = |more: &[&str]| place.keystorm(&[&words[..], more].concat());
    assert_eq!(code(&run(&["--out", "one", "--shard", "1/2"])), 0);
    let partial = place.keystorm(&["sweep", "--collect", "one", "--out", "half"]);
    assert_eq!(code(&partial), 4, "{}", stderr(&partial));
    assert!(stdout(&partial).starts_with("3 of 6 runs: "), "{}", stdout(&partial));
    assert_eq!(code(&run(&["--out", "two", "--shard", "2/2"])), 0);
    let all = place.keystorm(&["sweep", "--collect", "one", "two", "--out", "all"]);
    assert_eq!(code(&all), 0, "{}", stderr(&all));
    assert_eq!(code(&run(&["--out", "whole"])), 0);
    assert_eq!(points(&place, "all"), points(&place, "whole"));
    let script = run(&["--export", "slurm", "--out", "far"]);
    assert!(stdout(&script).contains("#SBATCH --array=1-6"), "{}", stdout(&script));
    assert!(!place.0.join("far").exists());
    // Shards of another sweep do not mix.
    let other = ["sweep", &quickstart, "--set", "fleet.meters.count=11"];
    let other = [&other[..], &words[4..], &["--out", "other"]].concat();
    assert_eq!(code(&place.keystorm(&other)), 0);
    let mixed = place.keystorm(&["sweep", "--collect", "one", "other", "--out", "mixed"]);
    assert_eq!(code(&mixed), 2);
    assert!(stderr(&mixed).contains("is of another sweep"), "{}", stderr(&mixed));
}

#[test]
fn what_cannot_be_swept_is_refused_before_anything_runs() {
    let place = Place::new("sweep-refused");
    let quickstart = scenario("quickstart");
    for (more, words) in [
        (&["--vary", "fleet.metres.count=1,2"][..], "did you mean `meters`?"),
        (&["--vary", "fleet.meters.count="], "has no value"),
        (&["--vary", "fleet.meters.count=1,1"], "takes `1` twice"),
        (&["--vary", "fleet.meters.count=1,ten"], "takes an integer"),
        (
            &[
                "--vary",
                "cse.in.workers=1,2",
                "--seeds",
                "1..10000",
                "--vary",
                "fleet.meters.count=1,2",
            ],
            "40000 runs; at most 20000",
        ),
        (&[], "the file has no `[sweep]`"),
        (&["--collect", "nowhere", "--out", "x"], "cannot be used with"),
    ] {
        let run = place.keystorm(&[&["sweep", &quickstart], more].concat());
        assert_eq!(code(&run), 2, "{more:?}: {}", stderr(&run));
        assert!(stderr(&run).contains(words), "{more:?}: {}", stderr(&run));
        assert!(!place.0.join("results").exists(), "{more:?}");
    }
    let none = place.keystorm(&["sweep", "--collect", "nowhere", "--out", "x"]);
    assert!(
        code(&none) == 2 && stderr(&none).contains("is no folder of a sweep"),
        "{}",
        stderr(&none)
    );
    // A folder with something else, and one of another build.
    fs::create_dir(place.0.join("else")).unwrap();
    fs::write(place.0.join("else/letter.txt"), "dear").unwrap();
    let words =
        ["sweep", &quickstart, "--set", "fleet.meters.count=5", "--vary", "cse.in.workers=1,2"];
    let run =
        |out: &str, more: &[&str]| place.keystorm(&[&words[..], &["--out", out], more].concat());
    let foreign = run("else", &[]);
    assert!(code(&foreign) == 2 && stderr(&foreign).contains("is no results folder"));
    assert_eq!(code(&run("s", &[])), 0);
    let asked: serde_json::Value = serde_json::from_str(&place.read("s/sweep.json")).unwrap();
    let build = asked["build"].as_str().unwrap();
    let old = place.read("s/sweep.json").replace(build, "0.0.1 0123456789abcdef");
    fs::write(place.0.join("s/sweep.json"), old).unwrap();
    let other = run("s", &[]);
    assert_eq!(code(&other), 2);
    assert!(stderr(&other).contains("holds runs of keystorm 0.0.1"), "{}", stderr(&other));
    let forced = run("s", &["--force", "--format", "json"]);
    assert_eq!(json(&forced)["effort"]["new_runs"], 2);
    // Garbage is named, not crashed on.
    fs::write(place.0.join("s/sweep.json"), b"\xff{").unwrap();
    let garbage = run("s", &[]);
    assert!(code(&garbage) == 2 && stderr(&garbage).contains("sweep.json cannot be read"));
}

#[test]
fn two_results_are_put_side_by_side_with_intervals() {
    let place = Place::new("sweep-compare");
    let quickstart = scenario("quickstart");
    let words =
        ["run", &quickstart, "--set", "fleet.meters.count=20", "--seeds", "1..4", "--quiet"];
    for (out, more) in [("a", &[][..]), ("b", &["--set", "link.access.loss=0.2"])] {
        let run = place.keystorm(&[&words[..], &["--out", out], more].concat());
        assert!(code(&run) < 2, "{}", stderr(&run));
    }
    let same = place.keystorm(&["compare", "a", "a"]);
    assert!(stdout(&same).starts_with("B is the same as A in every figure."), "{}", stdout(&same));
    let compared = json(&place.keystorm(&["compare", "a", "b", "--format", "json"]));
    assert_eq!(compared["seeds"], serde_json::json!([1, 2, 3, 4]));
    let keys: Vec<_> =
        compared["settings"].as_array().unwrap().iter().map(|it| &it["key"]).collect();
    assert_eq!(keys, ["link.access.loss"]);
    let metrics = compared["points"][0]["metrics"].as_array().unwrap();
    let sent = metrics.iter().find(|it| it["metric"] == "flights.sent").unwrap();
    let (ratio, low) = (sent["ratio"].as_f64().unwrap(), sent["interval"][0].as_f64().unwrap());
    // A fifth of the datagrams is lost each way instead of a hundredth.
    assert!(1.0 < low && low < ratio && ratio < 3.0, "{sent}");
    let said = stdout(&place.keystorm(&["compare", "a", "b"]));
    assert!(said.starts_with("B against A: ") && said.contains("link.access.loss"), "{said}");
    let none = place.keystorm(&["compare", "a", "nowhere"]);
    assert!(code(&none) == 2 && stderr(&none).contains("no results folder"), "{}", stderr(&none));
    // A run against a sweep: nothing in common; sweeps by point.
    let swept =
        ["sweep", &quickstart, "--set", "fleet.meters.count=8", "--vary", "cse.in.workers=1,2"];
    assert_eq!(code(&place.keystorm(&[&swept[..], &["--out", "s"]].concat())), 0);
    let mixed = place.keystorm(&["compare", "a", "s"]);
    assert!(code(&mixed) == 2 && stderr(&mixed).contains("no point in common"));
    let sweeps = stdout(&place.keystorm(&["compare", "s", "s"]));
    assert!(sweeps.contains("the same at 2"), "{sweeps}");
}

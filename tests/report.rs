//! The results folder: what is in it, what it refuses, and that it can be made again from its data.
//! All storms here are made up.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "a test program")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use keystorm::association::Config;
use keystorm::measure::{ByteClass, Distribution, Fold, Group, Recorder, Tier, Track};
use keystorm::report::{self, Context, Folder, FolderError, Series, Status};
use keystorm::run::{Checked, DigestTrail, Metric, Outcome, Verdict};
use keystorm::scenario::Plan;
use keystorm::scenario::plan::{
    Action, Cse, CustodySetting, Enrolment, Event, Fleet, Registrar, Rekey, Schedule, Security,
    Service,
};
use keystorm::scenario::plan::{Risk, Spread, StorePlace, Target, Weight};
use keystorm::sim::time::{Duration, Time};
use proptest::prelude::*;

/// A made-up storm.
struct Storm {
    name: &'static str,
    devices: u32,
    gateways: u32,
    duration: Duration,
    events: Vec<Event>,
    /// Window in which devices act, after the first event.
    window: Duration,
    /// Service time of a handshake at the CSE.
    service: Duration,
    telemetry: bool,
    /// One in so many never gets new keys.
    fails: Option<u64>,
}

fn at(seconds: f64) -> Time {
    Time((seconds * 1e9) as u64)
}

/// Uniform in 0..1 from a counter, the same on every machine.
fn noise(n: u64) -> f64 {
    let x = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((x ^ (x >> 29)) >> 11) as f64 / (1u64 << 53) as f64
}

fn event(seconds: u64, target: Target, action: Action, spread: Spread) -> Event {
    Event { at: Time::ZERO + Duration::from_secs(seconds), target, action, spread }
}

fn plan(storm: &Storm) -> Plan {
    let at_once = Schedule { at: Duration::ZERO, spread: Spread::AtOnce };
    Plan {
        name: storm.name.to_owned(),
        question: Some("When is everybody secured again?".to_owned()),
        seed: 7,
        duration: storm.duration,
        classes: Vec::new(),
        links: Vec::new(),
        cses: vec![Cse {
            name: "in".to_owned(),
            class: 0,
            workers: 4,
            queue: None,
            triage: keystorm::node::Triage::default(),
            console: None,
            store: StorePlace::Flash,
        }],
        gateways: Vec::new(),
        fleets: vec![Fleet {
            name: "meters".to_owned(),
            count: storm.devices,
            class: 0,
            link: 0,
            via: None,
            registrar: Registrar::Cse(0),
            profile: None,
            connection_id: None,
            start: at_once,
            telemetry: None,
            visits: None,
            enrolment: Enrolment::Provisioned,
            service: Service::default(),
            end_to_end: false,
            renaming: None,
            store: StorePlace::Flash,
            tenant: None,
            weight: Weight::default(),
            battery: None,
        }],
        functions: Vec::new(),
        security: Security {
            association: Config::default(),
            key_lifetime: Some(Duration::from_secs(3_600)),
            key_hard_limit: None,
            renewal: None,
            retry: None,
            backoff: keystorm::node::Backoff::default(),
            request_cache: false,
            open_access: false,
            believes_originators: false,
            keys: keystorm::scenario::plan::KeySharing::Pair,
            second_factor: false,
            kc_lifetime: Duration::from_secs(86_400),
            half_open: None,
        },
        custody: CustodySetting::default(),
        management: None,
        backends: Vec::new(),
        events: storm.events.clone(),
        threat: None,
        attacks: Vec::new(),
        is_attacked: true,
        countermeasures: Vec::new(),
        hold: Vec::new(),
        recovery: None,
        expectations: Vec::new(),
        risk: Risk::default(),
    }
}

/// Empty, for the groups and links of a storm.
fn recorder(storm: &Storm) -> Recorder {
    let group =
        |name: &str, tier, count, workers| Group { name: name.to_owned(), tier, count, workers };
    let mut groups =
        vec![group("in", Tier::Cse, 1, 4), group("meters", Tier::Device, storm.devices, 1)];
    let mut links = vec!["lte".to_owned()];
    if storm.gateways > 0 {
        groups.push(group("concentrators", Tier::Gateway, storm.gateways, 1));
        links.push("backhaul".to_owned());
    }
    Recorder::new(groups, links)
}

/// The datagrams of one handshake, repeated by timer until it is done.
fn send(recorder: &mut Recorder, class: ByteClass, start: Time, (begin, end): (Time, Time)) {
    for link in 0..recorder.links.len() {
        recorder.sent(link, class, start, 420);
        recorder.sent(link, class, begin, 380);
        recorder.sent(link, ByteClass::Ack, end, 60);
        let mut again = start + Duration::from_secs(1);
        let mut timeout = 2;
        while again < end {
            recorder.sent(link, ByteClass::Retransmission, again, 420);
            recorder.flight(again, false);
            again += Duration::from_secs(timeout);
            timeout *= 2;
        }
    }
}

/// What devices report meanwhile, slower while the server is busy.
fn chatter(storm: &Storm, recorder: &mut Recorder, (trigger, busy_until): (Time, Time)) {
    let seconds = storm.duration.0 / 1_000_000_000;
    for n in 0..seconds * 20 {
        let created = at(n as f64 / 20.0 + noise(n) / 20.0);
        let busy = busy_until > created && created > trigger;
        let extra = if busy { 900.0 * noise(n + 5) } else { 40.0 * noise(n + 5) };
        recorder.counters.message_sent += 1;
        recorder.key_age.record(created.0);
        recorder.sent(0, ByteClass::Telemetry, created, 160);
        recorder.message_done(created, created + Duration::from_millis(70 + extra as u64));
    }
}

/// One queue with four workers; clients repeat by timer while they wait.
fn storm(storm: &Storm) -> Outcome {
    let mut recorder = recorder(storm);
    let plan = plan(storm);
    let trigger = plan.events.first().map_or(Time::ZERO, |e| e.at);
    let rekey = plan.events.iter().any(|e| e.action != Action::Restart);
    let mut starts: Vec<(Time, u64)> = (0..u64::from(storm.devices))
        .map(|i| (trigger + Duration((noise(i) * storm.window.0 as f64) as u64), i))
        .collect();
    starts.sort_unstable();
    let second = || Track::fixed(Fold::Sum, Duration::from_secs(1));
    let (mut seconds, mut gateway_seconds) = (second(), second());
    let mut free = [Time::ZERO; 4];
    let mut ends: Vec<Time> = Vec::new();
    for (start, i) in starts {
        recorder.flight(start, true);
        if rekey {
            recorder.counters.rekey_requested += 1;
        }
        let arrive = start + Duration::from_millis(30 + (noise(i + 7_000_000) * 50.0) as u64);
        let worker = (0..4).min_by_key(|w| free[*w]).expect("four");
        let begin = arrive.max(free[worker]);
        let end = begin + storm.service;
        free[worker] = end;
        ends.retain(|e| *e > arrive);
        ends.push(end);
        recorder.loads[0].queue.add(arrive, ends.len().saturating_sub(4) as u64);
        recorder.loads[0].busy.add_span(begin, end);
        seconds.add_span(begin, end);
        let work = Duration::from_millis(40);
        recorder.loads[1].busy.add_span(start, start + work);
        recorder.loads[1].peak_1s.add(start, work.0);
        recorder.loads[1].energy.record(3_000_000 + i % 1_000);
        let class = if rekey { ByteClass::Rekey } else { ByteClass::Handshake };
        send(&mut recorder, class, start, (begin, end));
        if storm.gateways > 0 {
            recorder.loads[2].busy.add_span(start, start + Duration::from_millis(9));
            if i % u64::from(storm.gateways) == 0 {
                gateway_seconds.add_span(start, start + Duration::from_millis(9));
            }
        }
        let done = end + Duration::from_millis(35);
        recorder.flight(begin, true);
        if storm.fails.is_some_and(|n| i % n == 0) {
            *recorder.counters.failed.entry("retransmissions").or_default() += 1;
            recorder.reject("stale_cookie");
            continue;
        }
        recorder.handshake_done(start, done, false, true);
        if rekey {
            recorder.rekey_done(trigger, done);
        }
    }
    for (load, track) in [(0, &seconds), (2, &gateway_seconds)] {
        for (second, busy) in track.values().iter().enumerate() {
            if let Some(load) = recorder.loads.get_mut(load) {
                load.peak_1s.add(Time::ZERO + Duration::from_secs(second as u64), *busy);
            }
        }
    }
    if storm.telemetry {
        chatter(storm, &mut recorder, (trigger, free[0]));
    }
    outcome(plan, recorder, rekey)
}

fn outcome(plan: Plan, recorder: Recorder, rekey: bool) -> Outcome {
    let metrics = metrics(&recorder, &plan);
    let key = if rekey { "rekey.time_s.p99" } else { "association.handshake_s.p99" };
    let value =
        if rekey { recorder.rekey.summary(1e9).p99 } else { recorder.handshake.summary(1e9).p99 };
    let held = value < 600.0;
    let expectations = vec![
        Checked {
            metric: key.to_owned(),
            expected: "< 10min".to_owned(),
            value: Some(value),
            held,
        },
        Checked {
            metric: "load.in.utilisation_peak_1s".to_owned(),
            expected: "< 2".to_owned(),
            value: Some(0.5),
            held: true,
        },
    ];
    Outcome {
        evidence: None,
        digest: "1a2b3c4d".repeat(8),
        trail: DigestTrail { slice_ns: 1, slices: Vec::new() },
        verdict: if held { Verdict::Held } else { Verdict::Failed },
        simulated: Time::ZERO + plan.duration,
        events: 1_234_567,
        wall_s: 3.21,
        peak_rss_bytes: Some(45_000_000),
        metrics,
        recorder,
        expectations,
        plan,
    }
}

fn metrics(recorder: &Recorder, plan: &Plan) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::new();
    let mut put = |name: String, metric| metrics.insert(name, metric);
    let c = &recorder.counters;
    for (name, n) in [
        ("association.established", c.established),
        ("association.failed", c.failed.values().sum()),
        ("rekey.requested", c.rekey_requested),
        ("rekey.completed", c.rekey_completed),
        ("population.devices", plan.fleets.iter().map(|f| u64::from(f.count)).sum()),
    ] {
        put(name.to_owned(), Metric::Count(n));
    }
    for (name, d) in [
        ("association.handshake_s", &recorder.handshake),
        ("rekey.time_s", &recorder.rekey),
        ("message.latency_s", &recorder.message),
        ("energy.meters_j", &recorder.loads[1].energy),
    ] {
        put(name.to_owned(), Metric::Distribution(d.summary(1e9)));
    }
    put("association.makespan_s".to_owned(), Metric::Number(None));
    for (group, load) in recorder.groups.iter().zip(&recorder.loads) {
        let max = |values: &[u64]| values.iter().copied().max().unwrap_or(0) as f64;
        let servers = f64::from(group.workers) * 1e9;
        let total = load.busy.values().iter().sum::<u64>() as f64;
        let name = |what: &str| format!("load.{}.{what}", group.name);
        let mean = total / servers / f64::from(group.count) / plan.duration.as_secs_f64();
        put(name("utilisation_mean"), Metric::Number(Some(mean)));
        let peak = max(load.peak_1s.values()) / servers;
        put(name("utilisation_peak_1s"), Metric::Number(Some(peak)));
        put(name("queue_max"), Metric::Number(Some(max(load.queue.values()))));
    }
    metrics
}

const JITTER: Spread = Spread::Jitter(Duration::from_secs(600));

/// 10,000 meters make new keys within 10 minutes, 10 minutes into two hours.
fn mass_rekey() -> Storm {
    Storm {
        name: "mass-rekey",
        devices: 10_000,
        gateways: 0,
        duration: Duration::from_secs(7_200),
        events: vec![event(600, Target::Fleet(0), Action::Rekey(Rekey::Full), JITTER)],
        window: Duration::from_secs(600),
        service: Duration::from_millis(100),
        telemetry: true,
        fails: None,
    }
}

/// The CSE restarts and everybody comes back at once.
fn restart() -> Storm {
    Storm {
        name: "restart-storm",
        devices: 5_000,
        gateways: 0,
        duration: Duration::from_secs(60),
        events: vec![event(5, Target::Cse(0), Action::Restart, Spread::AtOnce)],
        window: Duration::from_secs(2),
        service: Duration::from_millis(20),
        telemetry: true,
        fails: Some(9),
    }
}

/// One device, one handshake, in an hour.
fn lonely() -> Storm {
    Storm {
        name: "one-device",
        devices: 1,
        gateways: 0,
        duration: Duration::from_secs(3_600),
        events: Vec::new(),
        window: Duration::ZERO,
        service: Duration::from_millis(100),
        telemetry: false,
        fails: None,
    }
}

/// Meters behind gateways, several events; all is over long before the planned end.
fn tiers() -> Storm {
    let expire = event(22, Target::Fleet(0), Action::Expire, Spread::AtOnce);
    let update = event(24, Target::Fleet(0), Action::Rekey(Rekey::KeyUpdate), Spread::AtOnce);
    let first = event(20, Target::Fleet(0), Action::Rekey(Rekey::Resume), Spread::AtOnce);
    Storm {
        name: "behind-gateways",
        devices: 3_000,
        gateways: 40,
        duration: Duration::from_secs(7_200),
        events: vec![first, expire, update],
        window: Duration::from_secs(6),
        service: Duration::from_millis(6),
        telemetry: false,
        fails: Some(50),
    }
}

/// Nothing at all happens.
fn silence() -> Outcome {
    let quiet = Storm { devices: 1, window: Duration::ZERO, ..lonely() };
    let groups = vec![
        Group { name: "in".to_owned(), tier: Tier::Cse, count: 1, workers: 1 },
        Group { name: "meters".to_owned(), tier: Tier::Device, count: 1, workers: 1 },
    ];
    outcome(plan(&quiet), Recorder::new(groups, vec!["lte".to_owned()]), false)
}

fn outcomes() -> Vec<Outcome> {
    let mut all: Vec<Outcome> =
        [mass_rekey(), restart(), lonely(), tiers()].iter().map(storm).collect();
    all.push(silence());
    all
}

fn context() -> Context {
    Context {
        command_line: vec!["keystorm".to_owned(), "run".to_owned(), "x.toml".to_owned()],
        started_utc: "20261122T154300Z".to_owned(),
        threads: 2,
        host: BTreeMap::from([("os".to_owned(), "linux".to_owned())]),
        commit: None,
        toolchain: None,
        resolved_scenario: "[scenario]\nname = \"x\"\n".to_owned(),
    }
}

/// An empty place that belongs to one test.
fn place(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join(name);
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    path
}

fn written(name: &str, outcome: &Outcome) -> PathBuf {
    let path = place(name);
    Folder::create(&path, false).unwrap().write(outcome, &context()).unwrap();
    path
}

/// Every file below `folder` with its content.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for item in fs::read_dir(next).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    all
}

#[test]
fn a_folder_holds_what_the_contract_says() {
    let outcome = storm(&mass_rekey());
    let path = written("contract", &outcome);
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(path.join("summary.json")).unwrap()).unwrap();
    let text = |key: &str| summary[key].as_str().map(str::to_owned);
    assert_eq!(text("keystorm").as_deref(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(text("scenario").as_deref(), Some("mass-rekey"));
    assert_eq!(text("verdict").as_deref(), Some("held"));
    assert_eq!(text("digest").map(|d| d.len()), Some(64));
    assert_eq!(summary["seed"], 7);
    for number in ["simulated_s", "events", "wall_s", "events_per_s", "peak_rss_bytes"] {
        assert!(summary[number].is_number(), "{number}");
    }
    assert_eq!(summary["metrics"]["rekey.completed"], 10_000);
    let distribution = summary["metrics"]["rekey.time_s"].as_object().unwrap();
    for figure in ["count", "mean", "p50", "p90", "p95", "p99", "p999", "max"] {
        assert!(distribution[figure].is_number(), "{figure}");
    }
    for list in ["properties", "attacks", "expectations"] {
        assert!(summary[list].is_array(), "{list}");
    }
    let loaded = report::read(&path).unwrap();
    let names: Vec<&str> = loaded.manifest.files.iter().map(|f| f.name.as_str()).collect();
    for name in [
        "scenario.toml",
        "summary.json",
        "summary.txt",
        "series.csv",
        "findings.jsonl",
        "latency/handshake.hgrm",
        "latency/rekey.hgrm",
        "latency/message.hgrm",
        "plots/load.svg",
        "plots/traffic.svg",
        "plots/secured.svg",
        "latency/key_age.hgrm",
        "plots/latency.svg",
        "plots/elements.svg",
        "plots/amplification.svg",
        "plots/exposure.svg",
        "report.html",
        "junit.xml",
        "findings.sarif",
    ] {
        assert!(names.contains(&name) && path.join(name).is_file(), "{name}");
    }
    assert_eq!(loaded.manifest.status, Status::Complete);
    assert_eq!(loaded.changed, Vec::<String>::new());
    assert!(fs::metadata(path.join("series.csv")).unwrap().len() < 2_000_000);
}

#[test]
fn a_summary_reads_back_as_it_was() {
    for outcome in outcomes() {
        let summary = report::summary(&outcome);
        let bytes = serde_json::to_vec(&summary).unwrap();
        let again = report::parse_summary(&bytes).unwrap();
        let value = |summary| serde_json::to_value(summary).unwrap();
        assert!(same(&value(&again), &value(&summary)), "{}", summary.scenario);
    }
    let schema = serde_json::to_value(report::summary_schema()).unwrap();
    assert!(schema["properties"]["metrics"].is_object());
}

/// Equal, but for the last digit of a number.
fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (a, b) {
        (Number(a), Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-14 * a.abs()
        }
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Object(a), Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
        }
        _ => a == b,
    }
}

#[test]
fn a_finished_folder_is_not_overwritten_without_force() {
    let outcome = storm(&lonely());
    let path = written("finished", &outcome);
    let before = contents(&path);
    let refused = Folder::create(&path, false).unwrap_err();
    assert!(matches!(refused, FolderError::Finished(_)), "{refused}");
    assert!(refused.hint().is_some_and(|h| h.contains("--force")));
    assert_eq!(contents(&path), before);
    Folder::create(&path, true).unwrap();
    assert_eq!(report::status(&path).unwrap(), Status::Running);
    assert!(!path.join("summary.json").exists());
}

#[test]
fn a_killed_run_is_recognised_and_may_be_run_again() {
    let path = place("killed");
    drop(Folder::create(&path, false).unwrap());
    assert_eq!(report::status(&path).unwrap(), Status::Running);
    assert!(matches!(report::read(&path), Err(FolderError::Unfinished(_))));
    assert!(matches!(report::rebuild(&path), Err(FolderError::Unfinished(_))));
    let outcome = storm(&lonely());
    Folder::create(&path, false).unwrap().write(&outcome, &context()).unwrap();
    assert_eq!(report::status(&path).unwrap(), Status::Complete);
}

#[test]
fn an_interrupted_run_is_whole_but_marked() {
    let outcome = Outcome { verdict: Verdict::Interrupted, ..storm(&restart()) };
    let path = written("interrupted", &outcome);
    let loaded = report::read(&path).unwrap();
    assert_eq!(loaded.manifest.status, Status::Interrupted);
    let text = fs::read_to_string(path.join("summary.txt")).unwrap();
    assert!(text.starts_with("Interrupted after 1 min: "), "{text}");
}

#[test]
fn foreign_places_are_refused_by_name() {
    let root = place("foreign");
    fs::create_dir_all(root.join("full")).unwrap();
    fs::write(root.join("full/letter.txt"), "mine").unwrap();
    fs::write(root.join("file"), "mine").unwrap();
    let refused = |name: &str, force| Folder::create(&root.join(name), force).unwrap_err();
    assert!(matches!(refused("full", false), FolderError::Foreign(_)));
    assert!(matches!(refused("full", true), FolderError::Foreign(_)));
    assert!(matches!(refused("file", true), FolderError::NotAFolder(_)));
    assert!(matches!(refused("file/below", false), FolderError::NotAFolder(_)));
    assert!(matches!(report::read(&root.join("full")), Err(FolderError::Missing(_))));
    assert!(matches!(report::read(&root.join("nowhere")), Err(FolderError::Missing(_))));
    assert_eq!(fs::read_to_string(root.join("full/letter.txt")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(root.join("file")).unwrap(), "mine");
}

#[test]
fn latest_names_the_newest() {
    let root = place("latest");
    let started = "20261122T154300Z";
    let path = Folder::default_path(&root, "mass-rekey", started, "1a2b3c4d");
    assert!(path.ends_with("mass-rekey/20261122T154300Z-1a2b3c4d"));
    assert_eq!(Folder::latest(&root, "mass-rekey"), None);
    let folder = Folder::create(&path, false).unwrap();
    folder.name_latest().unwrap();
    assert_eq!(Folder::latest(&root, "mass-rekey"), Some(path));
    fs::write(root.join("mass-rekey/latest"), "../..\n").unwrap();
    assert_eq!(Folder::latest(&root, "mass-rekey"), None);
}

#[test]
fn rebuilding_changes_not_one_byte() {
    for (i, outcome) in outcomes().iter().enumerate() {
        let path = written(&format!("rebuild-{i}"), outcome);
        let before = contents(&path);
        for made in ["summary.txt", "report.html", "junit.xml", "findings.sarif"] {
            fs::remove_file(path.join(made)).unwrap();
        }
        if path.join("plots").exists() {
            fs::remove_dir_all(path.join("plots")).unwrap();
        }
        report::rebuild(&path).unwrap();
        assert!(contents(&path) == before, "{}", outcome.plan.name);
    }
}

#[test]
fn changed_files_are_named() {
    let path = written("changed", &storm(&lonely()));
    fs::write(path.join("scenario.toml"), "other").unwrap();
    fs::remove_file(path.join("summary.txt")).unwrap();
    assert_eq!(report::read(&path).unwrap().changed, ["scenario.toml", "summary.txt"]);
}

#[test]
fn pictures_are_stable_and_without_nonsense() {
    for (i, outcome) in outcomes().iter().enumerate() {
        let first = contents(&written(&format!("stable-a-{i}"), outcome));
        let second = contents(&written(&format!("stable-b-{i}"), outcome));
        assert!(first.values().eq(second.values()), "{}", outcome.plan.name);
        for (path, bytes) in first.iter().filter(|(p, _)| p.extension().is_some_and(|e| e == "svg"))
        {
            let svg = std::str::from_utf8(bytes).unwrap();
            assert!(svg.starts_with("<svg width=\"900\" height=\"620\""), "{path:?}");
            assert!(svg.trim_end().ends_with("</svg>"), "{path:?}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{path:?}");
            assert!(svg.len() < 200_000, "{path:?}: {}", svg.len());
        }
    }
}

/// Words of a picture with their estimated left, top, right and bottom, in its tenths of a unit.
fn words(svg: &str) -> Vec<(String, [f64; 4])> {
    let mut all = Vec::new();
    for element in svg.split("<text ").skip(1) {
        let value = |name: &str| {
            let start = element.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
            element[start..].split('"').next().unwrap()
        };
        let number = |name: &str| value(name).parse::<f64>().unwrap();
        let text = element.split(">\n").nth(1).unwrap().split("\n</text").next().unwrap();
        let (x, y, size) = (number("x"), number("y"), number("font-size"));
        let width = text.chars().count() as f64 * size * 0.52;
        let left = match value("text-anchor") {
            "start" => x,
            "middle" => x - width / 2.0,
            _ => x - width,
        };
        all.push((text.to_owned(), [left, y - size * 0.4, left + width, y + size * 0.4]));
    }
    all
}

#[test]
fn no_words_stand_on_each_other_or_leave_the_picture() {
    for (i, outcome) in outcomes().iter().enumerate() {
        let folder = written(&format!("words-{i}"), outcome);
        for (path, svg) in
            contents(&folder).iter().filter(|(p, _)| p.extension().is_some_and(|e| e == "svg"))
        {
            let words = words(std::str::from_utf8(svg).unwrap());
            assert!(words.len() > 5, "{path:?}");
            for (n, (text, a)) in words.iter().enumerate() {
                let inside = a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= 9_000.0 && a[3] <= 6_200.0;
                assert!(inside, "{path:?}: {text} leaves");
                for (other, b) in &words[n + 1..] {
                    let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
                    assert!(apart, "{path:?}: {text} stands on {other}");
                }
            }
        }
    }
}

#[test]
fn pictures_show_the_part_where_something_happens() {
    let path = written("part", &storm(&tiers()));
    let svg = fs::read_to_string(path.join("plots/load.svg")).unwrap();
    let ticks: Vec<String> = words(&svg).into_iter().map(|w| w.0).collect();
    assert!(ticks.contains(&"6 s".to_owned()), "{ticks:?}");
    assert!(!ticks.iter().any(|t| t.ends_with(" min") || t.ends_with(" h")), "{ticks:?}");
    for mark in ["resumption of meters", "keys of meters expire", "key update of meters"] {
        assert!(ticks.contains(&mark.to_owned()), "{ticks:?}");
    }
}

#[test]
fn silence_leaves_pictures_out_with_a_word() {
    let path = written("silence", &silence());
    let loaded = report::read(&path).unwrap();
    assert_eq!(loaded.manifest.omitted.len(), 8, "{:?}", loaded.manifest.omitted);
    let text = fs::read_to_string(path.join("summary.txt")).unwrap();
    assert!(text.starts_with("Held: nobody made or changed keys."), "{text}");
}

#[test]
fn the_answer_comes_first() {
    let text =
        |outcome: &Outcome| report::text(&report::summary(outcome), Some(Path::new("r/x y")));
    let held = text(&storm(&mass_rekey()));
    let first = held.lines().next().unwrap();
    assert!(first.starts_with("Held: all 10,000 members had new keys 10 min"), "{first}");
    assert!(first.contains("the IN-CSE peaked at "), "{first}");
    assert!(held.ends_with("results  r/x y\nreplay   keystorm replay 'r/x y'\n"), "{held}");
    assert!(held.contains("✓"));
    let mut missed = storm(&restart());
    missed.verdict = Verdict::Failed;
    missed.expectations[0].held = false;
    let failed = text(&missed);
    let first = failed.lines().next().unwrap();
    assert!(first.starts_with("Failed: association.handshake_s.p99 is "), "{first}");
    assert!(first.contains("expected < 10min"), "{first}");
}

#[test]
fn percentile_files_have_the_standard_form() {
    let mut distribution = Distribution::default();
    for ms in 1..=1_000u64 {
        distribution.record(ms * 1_000_000);
    }
    let text = report::write_hgrm(&distribution);
    assert!(text.starts_with("           Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
    assert!(text.contains("#[Mean    =      0.500500000, StdDeviation   ="), "{text}");
    assert!(text.contains("#[Max     =      1.000000000, Total count    =             1000]"));
    let curve = report::read_hgrm("x.hgrm", text.as_bytes()).unwrap();
    assert_eq!(curve.count, 1_000);
    // The library's iteration may answer the next rank, here 1 ms later.
    assert!((curve.at(0.5).unwrap() - 0.5).abs() < 0.002);
    assert!((curve.at(0.99).unwrap() - 0.99).abs() < 0.002);
    assert_eq!(curve.at(1.0), Some(1.0));
    let empty = report::write_hgrm(&Distribution::default());
    assert_eq!(report::read_hgrm("x.hgrm", empty.as_bytes()).unwrap().count, 0);
    assert!(!empty.contains("NaN"));
}

#[test]
fn series_read_back_as_they_were() {
    let outcome = storm(&tiers());
    let series = Series::of(&outcome.recorder);
    assert_eq!(Series::from_csv(&series.to_csv().unwrap()).unwrap(), series);
    let total: f64 = series.points("rekey", "completed").iter().map(|p| p.1).sum();
    assert_eq!(total, outcome.recorder.counters.rekey_completed as f64);
}

/// A line of a series file, mostly right.
fn row() -> impl Strategy<Value = String> {
    let number = prop_oneof!["[0-9]{1,3}", "-?[0-9]{1,40}", "(NaN|inf|1e30|1e308|-0|)"];
    let scope = prop_oneof!["load\\.in", "link\\.lte", "association", "rekey", "message", ".{0,8}"];
    let metric = prop_oneof!["utilisation", "queue", "telemetry", "handshake_p99", ".{0,8}"];
    (number.clone(), scope, metric, number).prop_map(|(t, s, m, v)| format!("{t},{s},{m},s,{v}\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn readers_survive_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = report::parse_summary(&bytes);
        let _ = Series::from_csv(&bytes);
        let _ = report::read_hgrm("x.hgrm", &bytes);
        let path = place("any-bytes");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("manifest.json"), &bytes).unwrap();
        prop_assert!(report::read(&path).is_err());
    }

    #[test]
    fn any_series_can_be_drawn_or_is_refused(rows in prop::collection::vec(row(), 0..40)) {
        let path = written("any-series", &storm(&lonely()));
        let mut csv = "time_s,scope,metric,unit,value\n".to_owned();
        csv.extend(rows);
        fs::write(path.join("series.csv"), csv).unwrap();
        if report::rebuild(&path).is_ok() {
            for (name, svg) in contents(&path.join("plots")) {
                let svg = String::from_utf8(svg).unwrap();
                prop_assert!(!svg.contains("NaN"), "{:?}", name);
            }
        }
    }

    #[test]
    fn any_summary_can_be_drawn_or_is_refused(
        key in prop::sample::select(vec![
            "simulated_s", "wall_s", "digest", "seed", "track_s", "peak_s", "band_s", "at_s",
            "members", "label", "count", "handshake_span_s", "load.in.utilisation_peak_1s",
            "rekey.requested", "rekey.completed", "max", "p99", "name", "link",
        ]),
        value in prop::sample::select(vec![
            "0", "-1", "1e308", "18446744073709551615", "1e12", "\"\\u0000<&>\\u0007\"", "null",
            "[5, 1]", "\"🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑\"",
        ]),
    ) {
        let path = written("any-summary", &storm(&Storm { devices: 20, ..restart() }));
        let text = fs::read_to_string(path.join("summary.json")).unwrap();
        let mut summary: serde_json::Value = serde_json::from_str(&text).unwrap();
        replace(&mut summary, key, &serde_json::from_str(value).unwrap());
        fs::write(path.join("summary.json"), serde_json::to_vec(&summary).unwrap()).unwrap();
        if report::rebuild(&path).is_ok() {
            for (name, svg) in contents(&path.join("plots")) {
                let svg = String::from_utf8(svg).unwrap();
                prop_assert!(!svg.contains("NaN") && !svg.contains('\u{7}'), "{:?}", name);
            }
        }
    }
}

fn replace(value: &mut serde_json::Value, key: &str, with: &serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            for (name, inner) in map {
                if name == key {
                    *inner = with.clone();
                } else {
                    replace(inner, key, with);
                }
            }
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(|v| replace(v, key, with)),
        _ => {}
    }
}

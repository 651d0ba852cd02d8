//! The probe: nothing to report of our own CSE, and every rule speaks up where a defect is planted between it and
//! the probe.

#![allow(clippy::unwrap_used, reason = "a test program")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use keystorm::fuzzing::probe::{
    Binding, Ended, Oracle, Outcome, ProbeError, Script, Setting, Target, probe, write,
};
use keystorm::live::host::{CseSetting, Listening, host};
use keystorm::onem2m::cse::Config;
use keystorm::report::{Context, Folder};
use keystorm::wire::binding::http::length;
use keystorm::wire::primitive::Release;

/// A CSE of ours until the test program ends.
fn cse() -> Listening {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let setting = CseSetting {
        config: Config {
            administrator: Some("CAdmin".to_owned()),
            ..Config::infrastructure("//sp.example", "/id-in", "cse-in")
        },
        http: any,
        coap: any,
        database: None,
        registrar: None,
        console: false,
        rate: 100_000,
        allow_remote: false,
        seconds: Some(600),
        stopped: || false,
    };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        host(setting, &mut |listening| drop(sender.send(listening.clone())))
    });
    receiver.recv_timeout(Duration::from_secs(15)).unwrap()
}

fn target(binding: Binding, at: SocketAddr) -> Target {
    Target { binding, at, base: "cse-in".to_owned() }
}

fn setting(targets: Vec<Target>, requests: u64) -> Setting {
    Setting {
        targets,
        originator: "CAdmin".to_owned(),
        release: Release::R4,
        seed: 1,
        time: Duration::from_secs(120),
        requests,
        rate: 20_000,
        warm_up: 60,
        patience: Duration::from_secs(5),
        pid: None,
        reset: None,
        stopped: || false,
    }
}

fn told(outcome: &Outcome) -> String {
    let line = |finding: &keystorm::fuzzing::probe::Finding| {
        let script = Script::of("", &finding.shots, finding.together);
        format!("{}: {}\n{}", finding.signature.name(), finding.reason, script.text)
    };
    outcome.findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn our_own_cse_gives_nothing_to_report() {
    let listening = cse();
    let targets =
        vec![target(Binding::Http, listening.http), target(Binding::Coap, listening.coap)];
    let setting = Setting { warm_up: 1_000, ..setting(targets, 6_000) };
    let outcome = probe(&setting, &mut |_| {}).unwrap();
    assert!(outcome.sound >= 1_000 && outcome.sent >= 6_000, "{}", outcome.sent);
    assert_eq!(outcome.findings.len(), 0, "{}", told(&outcome));
    // Each class of cases was there, and both plain success and refusal.
    for class in ["wrong_type", "foreign", "access", "after_delete", "race", "framing", "filter"] {
        assert!(outcome.cases.get(class).is_some_and(|n| *n > 5), "{class}: {:?}", outcome.cases);
    }
    for rsc in [2_000, 2_001, 2_002, 2_004, 4_000, 4_004, 4_103, 4_105] {
        assert!(outcome.answers.contains_key(&rsc), "{rsc}: {:?}", outcome.answers);
    }
    assert_eq!(outcome.ended, Ended::Done);
}

/// Changes a request on its way, and the answer to it. `None` for one that is never answered.
type Fault = fn(&mut Vec<u8>, &mut dyn FnMut(&[u8]) -> Vec<u8>) -> Option<Vec<u8>>;

/// A relay to our CSE that has a fault. After `limit` requests nobody listens any more.
fn relay(to: SocketAddr, fault: Fault, limit: u64) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let at = listener.local_addr().unwrap();
    let count = Arc::new(AtomicU64::new(0));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if count.fetch_add(1, Ordering::Relaxed) >= limit {
                return;
            }
            let Ok(stream) = stream else { continue };
            std::thread::spawn(move || relayed(stream, to, fault));
        }
    });
    at
}

fn relayed(mut stream: TcpStream, to: SocketAddr, fault: Fault) {
    let Some(mut request) = message(&mut stream) else { return };
    let mut ask = |bytes: &[u8]| {
        let mut upstream = TcpStream::connect(to).unwrap();
        let _ = upstream.write_all(bytes);
        message(&mut upstream).unwrap_or_default()
    };
    match fault(&mut request, &mut ask) {
        Some(answer) => drop(stream.write_all(&answer)),
        None => std::thread::sleep(Duration::from_secs(3)),
    }
}

/// One whole HTTP message; what is none is handed on as it is.
fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    let mut inbox = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        match length(&inbox) {
            Ok(Some(len)) if !inbox.is_empty() => {
                inbox.truncate(len);
                return Some(inbox);
            }
            Err(_) => return Some(inbox),
            _ => {}
        }
        match stream.read(&mut chunk) {
            Ok(len) if len > 0 => inbox.extend_from_slice(&chunk[..len]),
            _ => return (!inbox.is_empty()).then_some(inbox),
        }
    }
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    match bytes.windows(from.len()).position(|window| window == from.as_bytes()) {
        Some(at) => [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat(),
        None => bytes.to_vec(),
    }
}

/// What the probe says of our CSE behind a fault.
fn behind(fault: Fault, requests: u64, limit: u64) -> Outcome {
    let relay = relay(cse().http, fault, limit);
    let patience = Duration::from_millis(700);
    let setting = Setting { patience, ..setting(vec![target(Binding::Http, relay)], requests) };
    probe(&setting, &mut |_| {}).unwrap()
}

/// The rule speaks up, was repeated from nothing, and has a script of curl commands.
fn speaks(oracle: Oracle, fault: Fault) {
    let outcome = behind(fault, 2_500, u64::MAX);
    let mut own = outcome.findings.iter().filter(|finding| finding.signature.oracle == oracle);
    let finding = own.next().unwrap_or_else(|| panic!("{oracle:?} is silent: {}", told(&outcome)));
    assert!(finding.repeated);
    let script = Script::of("a finding", &finding.shots, finding.together);
    assert!(script.text.contains("curl "), "{}", script.text);
    assert!(!finding.spoken.is_empty() && !script.files.is_empty());
}

#[test]
fn wrong_status_and_missing_status() {
    speaks(Oracle::Status, |request, ask| {
        Some(replaced(&ask(request), "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"))
    });
    speaks(Oracle::Invalid, |request, ask| {
        let answer = ask(request);
        Some(if has(&answer, "RSC: 4000") {
            replaced(&answer, "X-M2M-RSC", "X-Other")
        } else {
            answer
        })
    });
}

#[test]
fn an_internal_error_with_a_trace() {
    let fault: Fault = |request, ask| {
        let answer = ask(request);
        let text = "Traceback (most recent call last): File \"/x.py\"";
        Some(if has(&answer, "RSC: 4000") {
            format!("HTTP/1.1 500 Error\r\nContent-Length: {}\r\n\r\n{text}", text.len())
                .into_bytes()
        } else {
            answer
        })
    };
    speaks(Oracle::ServerError, fault);
    speaks(Oracle::Leak, fault);
}

#[test]
fn a_request_that_is_never_answered() {
    let fault: Fault =
        |request, ask| if has(request, "__proto__") { None } else { Some(ask(request)) };
    speaks(Oracle::NoAnswer, fault);
}

#[test]
fn what_was_deleted_is_served() {
    speaks(Oracle::UseAfterDelete, |request, ask| {
        if !request.starts_with(b"DELETE") || has(request, "cse-in/Cks0001Owh HTTP") {
            return Some(ask(request));
        }
        let id = String::from_utf8_lossy(request).into_owned();
        let id =
            id.lines().find_map(|line| line.strip_prefix("X-M2M-RI: ")).unwrap_or("x").to_owned();
        let head = format!("HTTP/1.1 200 OK\r\nX-M2M-RSC: 2002\r\nX-M2M-RI: {id}\r\n");
        Some(format!("{head}Content-Length: 0\r\n\r\n").into_bytes())
    });
}

#[test]
fn another_ones_resource_and_a_wrong_decision() {
    speaks(Oracle::Foreign, |request, ask| {
        let reads = request.starts_with(b"GET");
        let to = if reads { "Origin: Cks0001Owh" } else { "Origin: Cks0001Oth" };
        Some(ask(&replaced(request, "Origin: Cks0001Oth", to)))
    });
    // Rules that are for nobody in particular are for everybody.
    speaks(Oracle::Access, |request, ask| {
        Some(ask(&replaced(request, "[\"Cksnobody\"]", "[\"all\"      ]")))
    });
}

#[test]
fn a_refused_update_has_an_effect() {
    speaks(Oracle::RefusedChanged, |request, ask| {
        let answer = ask(request);
        if request.starts_with(b"PUT") && has(&answer, "RSC: 4000") {
            let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
            let root = ["cnt", "ae", "acp", "grp", "sub"];
            for root in root {
                let body = format!("{{\"m2m:{root}\":{{\"lbl\":[\"{}\"]}}}}", request.len());
                let head = format!(
                    "{}\r\nHost: x\r\nX-M2M-Origin: Cks0001Owh\r\nX-M2M-RI: r\r\nX-M2M-RVI: 4\r\n\
                     Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    String::from_utf8_lossy(line),
                    body.len()
                );
                ask(head.as_bytes());
            }
        }
        Some(answer)
    });
}

#[test]
fn one_name_twice() {
    speaks(Oracle::Race, |request, ask| {
        let answer = ask(request);
        let answer = if has(request, "\"race\"") {
            replaced(&replaced(&answer, "409 Conflict", "201 Created"), "RSC: 4105", "RSC: 2001")
        } else {
            answer
        };
        Some(answer)
    });
}

#[test]
fn bindings_that_disagree() {
    let listening = cse();
    let fault: Fault =
        |request, ask| Some(replaced(&ask(request), "X-M2M-RSC: 4000", "X-M2M-RSC: 4102"));
    let http = relay(listening.http, fault, u64::MAX);
    let targets = vec![target(Binding::Http, http), target(Binding::Coap, listening.coap)];
    let outcome = probe(&setting(targets, 3_000), &mut |_| {}).unwrap();
    let oracles = outcome.by_oracle();
    assert!(oracles.iter().any(|(oracle, _)| *oracle == Oracle::Bindings), "{oracles:?}");
}

#[test]
fn a_target_that_vanishes_leaves_what_was_found() {
    let fault: Fault =
        |request, ask| Some(replaced(&ask(request), "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"));
    let outcome = behind(fault, 100_000, 1_000);
    assert_eq!(outcome.ended, Ended::Gone);
    assert!(outcome.by_oracle().iter().any(|(oracle, _)| *oracle == Oracle::Gone));
    assert!(outcome.findings.len() > 1, "{}", told(&outcome));
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("probe-{}", std::process::id()));
    let mut folder = Folder::create(&path, true).unwrap();
    write(&mut folder, &outcome, &Context::default()).unwrap();
    for name in ["findings.jsonl", "summary.json", "summary.txt", "findings.sarif", "junit.xml"] {
        assert!(path.join(name).metadata().unwrap().len() > 100, "{name}");
    }
    let text = std::fs::read_to_string(path.join("summary.txt")).unwrap();
    assert!(text.starts_with("Failed: ") && text.contains("the target is gone"), "{text}");
    let lines = std::fs::read_to_string(path.join("findings.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), outcome.findings.len());
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let script = path.join(line["repeat"].as_str().unwrap());
        assert!(script.is_file());
        assert!(script.with_file_name("exchange.pcapng").is_file());
    }
    std::fs::remove_dir_all(path).unwrap();
}

#[test]
fn what_is_no_cse_is_refused() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let refused = probe(&setting(vec![target(Binding::Http, nobody)], 10), &mut |_| {});
    assert!(matches!(refused, Err(ProbeError::Silent(_))));
    let other = Target { base: "cse-other".to_owned(), ..target(Binding::Http, cse().http) };
    let refused = probe(&setting(vec![other], 10), &mut |_| {});
    assert!(matches!(refused, Err(ProbeError::NoCse { .. })));
}

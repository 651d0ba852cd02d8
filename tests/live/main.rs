//! The same associations over real UDP on the loopback: they complete, cost the bytes that the simulator
//! says, and stay up whatever strangers send.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Command, Output, Stdio};

use keystorm::association::Config;
use keystorm::live::{
    Application, Bounds, Client, HALF_OPEN_MAX, Keys, LiveError, Psk, Randomness, Running, Server,
    Session, Setting, Speech, listen, resolve, run, runtime, serve,
};
use keystorm::run::Verdict;
use keystorm::scenario::{Loaded, Source, load};
use keystorm::sim::time::{Duration, Time};

const LIMIT: Duration = Duration::from_secs(60);
const WAIT: Duration = Duration::from_secs(20);
const KEY: &str = "5eed0123456789abcdef";

/// Nobody stops a test.
fn never() -> bool {
    false
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn scenario(more: &str, overrides: &[&str]) -> Loaded {
    let path = format!("{}/scenarios/quickstart.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap() + more;
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    load(&Source::new(path, text), &overrides, None)
        .unwrap_or_else(|refused| panic!("{}", refused.render(false)))
}

fn keys(identity: &str, hex: &str) -> Keys {
    Keys::one(identity, Psk::from_hex(hex).unwrap())
}

/// A server that sends everything back and knows `me`.
fn echo() -> Server {
    let rng = Randomness::Seeded(1).generator("server", 0).unwrap();
    Server::new(Config::default(), keys("me", KEY), Application::Echo, rng)
}

fn client(number: u32, hex: &str, now: Time) -> Result<Client, LiveError> {
    let rng = Randomness::Seeded(1).generator("client", number).unwrap();
    Client::connect(Config::default(), "me", keys("me", hex), rng, now)
}

/// A server on a socket, and a client that is established with it.
async fn pair(bounds: Bounds) -> (Running, Session) {
    let running = serve(echo(), loopback(), bounds.clock).unwrap();
    let open = Session::open(running.address(), bounds, |now| client(0, KEY, now));
    let mut session = open.await.unwrap();
    assert!(session.handshake().await);
    (running, session)
}

/// Waits until the server has seen so much, at most as long as anything here may take.
fn until(running: &Running, seen: impl Fn(&Server) -> bool) {
    for _ in 0..20_000 {
        if seen(&running.server()) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("the server never saw it: {:?}", running.server().counts());
}

fn rejected(server: &Server, reason: &str) -> u64 {
    server.counts().rejected.get(reason).copied().unwrap_or(0)
}

#[test]
fn twenty_devices_do_over_udp_what_they_do_in_the_simulator() {
    for (profile, exchange) in [
        ("dtls13", "psk_ke"),
        ("dtls13", "psk_dhe_ke"),
        ("dtls12_ccm8", "psk_ke"),
        ("dtls12_gcm", "psk_ke"),
    ] {
        let words = [("key_exchange", exchange), ("profile", profile)]
            .map(|(a, b)| format!("security.{a}={b}"));
        let jitter = "fleet.meters.start.jitter=300ms";
        // A key update is of DTLS 1.3: without it the scenario loads in either version.
        let event = "event.0.rekey.with=full";
        let loaded = scenario("", &[&words[0], &words[1], jitter, event]);
        let setting = Setting {
            devices: Some(20),
            limit: LIMIT,
            randomness: Randomness::Seeded(7),
            stopped: never,
        };
        let comparison = run(&loaded.plan, &setting).unwrap();
        let live = &comparison.live;
        assert_eq!(comparison.verdict, Verdict::Held, "{comparison:?}");
        assert_eq!((comparison.devices, live.established), (20, 20));
        assert_eq!((comparison.reports_answered, comparison.keys_updated), (20, 20));
        assert_eq!(comparison.closed, 20);
        assert!(live.failed.is_empty() && live.rejected.is_empty(), "{comparison:?}");
        assert_eq!(live.bytes, comparison.simulated.bytes);
        assert_eq!(live.datagrams, comparison.simulated.datagrams);
        let flights = [live, &comparison.simulated].map(|figures| figures.flights_per_device);
        assert_eq!(flights, [2.0; 2], "{comparison:?}");
        assert!(comparison.path_s > 0.0 && comparison.p50_ratio > 0.0, "{comparison:?}");
    }
}

#[test]
fn fleets_of_different_versions_are_refused() {
    let loaded = scenario("", &["security.profile=dtls12_gcm", "fleet.meters.profile=dtls13"]);
    let one =
        Setting { devices: Some(1), limit: LIMIT, randomness: Randomness::System, stopped: never };
    assert!(run(&loaded.plan, &one).is_ok());
    let more = "\n[fleet.others]\ncount = 1\nclass = \"meter\"\nlink = \"access\"\nregistrar = \"in\"\n\
                profile = \"dtls12_ccm8\"\n";
    let loaded = scenario(more, &[]);
    assert!(matches!(run(&loaded.plan, &one), Err(LiveError::Profile)));
}

#[test]
fn small_datagrams_tickets_and_cookies_cost_what_the_simulator_says() {
    for setting in ["link.access.mtu=150B", "security.tickets=2", "security.cookie=true"] {
        let loaded = scenario(
            "",
            &[setting, "fleet.meters.start.jitter=100ms", "fleet.meters.telemetry.size=8B"],
        );
        let how = Setting {
            devices: Some(5),
            limit: LIMIT,
            randomness: Randomness::System,
            stopped: never,
        };
        let comparison = run(&loaded.plan, &how).unwrap();
        assert_eq!(comparison.verdict, Verdict::Held, "{setting}: {comparison:?}");
        assert_eq!(comparison.same_bytes, Some(true), "{setting}");
    }
}

#[test]
fn a_wrong_key_fails_and_is_named_at_the_server() {
    runtime().unwrap().block_on(async {
        let bounds = Bounds::start(Duration::from_millis(400), never);
        let running = serve(echo(), loopback(), bounds.clock).unwrap();
        let mut session =
            Session::open(running.address(), bounds, |now| client(0, "00", now)).await.unwrap();
        assert!(!session.handshake().await);
        until(&running, |server| rejected(server, "bad_binder") > 0);
        let server = running.server();
        assert_eq!((server.peers(), server.counts().established), (0, 0));
    });
}

#[test]
fn garbage_disturbs_nothing_and_is_counted() {
    let runtime = runtime().unwrap();
    runtime.block_on(async {
        let (running, mut session) = pair(Bounds::start(LIMIT, never)).await;
        let stranger = UdpSocket::bind(loopback()).unwrap();
        let garbage: [&[u8]; 5] = [b"", b"x", &[0xff; 1_200], &[0x2f; 40], &[21, 254, 253, 0, 0]];
        for round in 1..=20 {
            for datagram in garbage {
                stranger.send_to(datagram, running.address()).unwrap();
            }
            until(&running, |server| rejected(server, "no_association") == round * 5);
        }
        // The beginning of a ClientHello, and what is none.
        let mut hello = client(1, KEY, Time::ZERO).unwrap().take_datagrams().remove(0);
        let last = hello.len() - 1;
        hello[last] ^= 1;
        stranger.send_to(&hello, running.address()).unwrap();
        until(&running, |server| rejected(server, "bad_binder") == 1);
        assert_eq!(running.server().peers(), 1);
        assert_eq!(session.ask(b"still there?", WAIT).await.unwrap(), b"still there?");
        assert!(session.update_keys().await);
        session.close().await;
        until(&running, |server| server.counts().ended == 1 && server.peers() == 0);
    });
}

/// Sends a valid ClientHello from ever new addresses, as who recorded one and forges addresses could.
fn flood(running: &Running, hello: &[u8], first: u64, count: u64) {
    for number in first..first + count {
        let socket = UdpSocket::bind(loopback()).unwrap();
        socket.send_to(hello, running.address()).unwrap();
        if number % 128 == 127 {
            // Addresses may come again; then the server knows the hello already.
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

#[test]
fn ten_thousand_half_open_handshakes_reach_the_limit_and_nobody_else_notices() {
    let runtime = runtime().unwrap();
    runtime.block_on(async {
        let (running, mut session) = pair(Bounds::start(LIMIT, never)).await;
        let hello = client(1, KEY, Time::ZERO).unwrap().take_datagrams().remove(0);
        for round in 0..10 {
            flood(&running, &hello, round * 1_000, 1_000);
            let said = format!("round {round}").into_bytes();
            assert_eq!(session.ask(&said, WAIT).await.as_ref(), Some(&said));
        }
        until(&running, |server| rejected(server, "half_open_limit") > 0);
        assert_eq!(running.server().counts().half_open_max, HALF_OPEN_MAX);
        // Who receives at its address gets in all the same, by a cookie. On a busy machine the strangers may have
        // timed out before it comes: then they come again.
        let mut by_cookie = false;
        for crowd in 10..15 {
            let open = Session::open(running.address(), Bounds::start(LIMIT, never), |now| {
                client(2, KEY, now)
            });
            let mut newcomer = open.await.unwrap();
            assert!(newcomer.handshake().await);
            assert_eq!(newcomer.ask(b"hello", WAIT).await.unwrap(), b"hello");
            by_cookie = newcomer.client().flights() == 3;
            if by_cookie {
                break;
            }
            (0..3).for_each(|part| flood(&running, &hello, crowd * 3_000 + part * 1_000, 1_000));
        }
        assert!(by_cookie);
    });
}

#[test]
fn only_the_loopback_is_spoken_to_unless_more_is_allowed() {
    assert!(matches!(resolve("192.0.2.1:5684", false), Err(LiveError::Remote(_))));
    assert!(matches!(resolve("0.0.0.0:5684", false), Err(LiveError::Remote(_))));
    assert!(matches!(resolve("nonsense", false), Err(LiveError::NoAddress(_))));
    for local in ["127.0.0.1:5684", "[::1]:5684"] {
        assert_eq!(resolve(local, false).unwrap().to_string(), local);
    }
    assert!(resolve("192.0.2.1:5684", true).is_ok());
}

fn keystorm(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    command.arg("live").args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn wrong_usage_exits_with_2_and_never_repeats_the_key() {
    let key = ["--identity", "me", "--psk-hex", KEY];
    let cases: [&[&str]; 8] = [
        &["--connect", "192.0.2.1:5684"],
        &["--listen", "0.0.0.0:0"],
        &["--connect", "nowhere"],
        &["--connect", "127.0.0.1:9", "--time-limit", "1000s"],
        &["--connect", "127.0.0.1:9", "--listen", "127.0.0.1:0"],
        &["--calibrate", "--connect", "127.0.0.1:9"],
        &["--devices", "20"],
        &[],
    ];
    for case in cases {
        let (code, stdout, stderr) = said(&keystorm(&[case, &key[..]].concat()));
        assert_eq!(code, 2, "{case:?}: {stdout}{stderr}");
        assert!(!(stdout + &stderr).contains(KEY), "{case:?}");
    }
    let (code, stdout, stderr) = said(&keystorm(&[
        "--connect",
        "127.0.0.1:9",
        "--identity",
        "me",
        "--psk-hex",
        "5eed012345g",
    ]));
    assert_eq!(code, 2);
    assert!(stderr.contains("hexadecimal") && !(stdout + &stderr).contains("5eed01"), "{stderr}");
}

/// A listening program and its address.
fn listening(more: &[&str]) -> (std::process::Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    command.args(["live", "--listen", "127.0.0.1:0", "--identity", "me", "--psk-hex", KEY]);
    command.args(more).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    (child, address)
}

#[test]
fn our_client_and_our_server_speak_to_each_other() {
    for exchange in ["psk_ke", "psk_dhe_ke"] {
        let (mut server, address) = listening(&["--key-exchange", exchange, "--format", "json"]);
        let (code, stdout, stderr) = said(&keystorm(&[
            "--connect",
            &address,
            "--identity",
            "me",
            "--psk-hex",
            KEY,
            "--key-exchange",
            exchange,
            "--data",
            "one",
            "--data",
            "two\u{1b}[31m",
            "--format",
            "json",
        ]));
        assert_eq!(code, 0, "{stdout}{stderr}");
        assert!(!(stdout.clone() + &stderr).contains(KEY));
        let talk: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((&talk["established"], &talk["answers"]), (&1.into(), &2.into()), "{talk}");
        assert_eq!(talk["events"][0]["send_epoch"], 3);
        assert_eq!(talk["events"][2]["text"], "two\\u{1b}[31m");
        assert_eq!(server.wait().unwrap().code(), Some(0));
        let mut heard = String::new();
        server.stdout.unwrap().read_to_string(&mut heard).unwrap();
        let heard: serde_json::Value = serde_json::from_str(&heard).unwrap();
        assert_eq!(heard["events"][0]["identity"], "me", "{heard}");
        assert_eq!(heard["events"][3]["event"], "closed", "{heard}");
    }
}

#[test]
fn a_client_with_the_wrong_key_and_its_server_end_in_time_and_say_so() {
    let (server, address) = listening(&["--time-limit", "1500ms"]);
    let (code, stdout, stderr) = said(&keystorm(&[
        "--connect",
        &address,
        "--identity",
        "me",
        "--psk-hex",
        "00",
        "--time-limit",
        "500ms",
    ]));
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(stdout.starts_with("Failed: time_limit."), "{stdout}");
    let (code, stdout, _) = said(&server.wait_with_output().unwrap());
    assert_eq!(code, 1, "{stdout}");
    assert!(stdout.contains("rejected      bad_binder"), "{stdout}");
}

#[test]
fn a_peer_that_leaves_without_a_word_was_served_all_the_same() {
    let speech = Speech {
        identity: "me".to_owned(),
        psk: Psk::from_hex(KEY).unwrap(),
        config: Config::default(),
        randomness: Randomness::System,
    };
    let listener = listen(loopback(), &speech, Duration::from_secs(2), never).unwrap();
    let bounds = Bounds::start(Duration::from_secs(2), never);
    runtime().unwrap().block_on(async {
        let open = Session::open(listener.address(), bounds, |now| client(0, KEY, now));
        assert!(open.await.unwrap().handshake().await);
    });
    let talk = listener.finish(1, &mut |_| {});
    assert_eq!((talk.established, talk.failure), (1, None));
}

#[test]
fn a_calibrated_class_is_one_that_scenarios_take() {
    let (code, table, stderr) = said(&keystorm(&["--calibrate", "--name", "this"]));
    assert_eq!(code, 0, "{table}{stderr}");
    let loaded =
        scenario(&format!("\n{table}"), &["cse.in.class=this", "class.meter.preset=m4_64mhz_asm"]);
    let plan = &loaded.plan;
    let class = plan.classes.iter().find(|class| class.name == "this").unwrap();
    let keystorm::node::Cost::Operations(prices) = &class.cost else { panic!("{class:?}") };
    assert!(prices.x25519_ns > prices.sha256_block_ns && prices.sha256_block_ns > 0.0, "{table}");
}

#[cfg(unix)]
#[test]
fn a_live_run_that_is_stopped_says_so() {
    let path = format!("{}/scenarios/quickstart.toml", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    command.args(["live", &path, "--devices", "3", "--time-limit", "120s"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Starts are spread over half a minute: there is time once it has begun.
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let (code, stdout, stderr) = said(&child.wait_with_output().unwrap());
    assert_eq!(code, 4, "{stdout}{stderr}");
    assert!(stdout.starts_with("Interrupted: "), "{stdout}");
}

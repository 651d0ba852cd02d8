//! A CSE on real sockets of the loopback interface: connections, bad messages, blocks, notifications, its
//! console, and its store over a restart.

#![allow(clippy::unwrap_used, reason = "a test program")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use keystorm::live::host::{CoapEnd, CseSetting, Listening, Registrar, Respond, ask_http, host};
use keystorm::live::{LiveError, runtime};
use keystorm::onem2m::cse::Config;
use keystorm::wire::binding::http::{length, read_request, write_response};
use keystorm::wire::primitive::{
    Content, Operation, Profile, Request, ResourceType, Response, Rsc,
};
use keystorm::wire::value::{Serialisation, Value, read};

const LIMIT: Duration = Duration::from_secs(15);

/// A CSE in a thread, until it is dropped or its seconds are over.
struct Served {
    listening: Listening,
    thread: Option<JoinHandle<Result<(), LiveError>>>,
}

fn setting() -> CseSetting {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    CseSetting {
        config: Config {
            administrator: Some("CAdmin".to_owned()),
            ..Config::infrastructure("//sp.example", "/id-in", "cse-in")
        },
        http: any,
        coap: any,
        database: None,
        registrar: None,
        console: true,
        rate: 100_000,
        allow_remote: false,
        seconds: Some(3),
        stopped: || false,
    }
}

impl Served {
    fn start(setting: CseSetting) -> Self {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            host(setting, &mut |listening| drop(sender.send(listening.clone())))
        });
        let listening = receiver.recv_timeout(LIMIT).unwrap();
        Self { listening, thread: Some(thread) }
    }

    fn ask(&self, request: &Request) -> Response {
        let ask = ask_http(self.listening.http, request, Serialisation::Json, LIMIT);
        runtime().unwrap().block_on(ask).unwrap()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.listening.http).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    /// What comes back until the CSE ends the connection.
    fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.thread.take().unwrap().join().unwrap().unwrap();
    }
}

fn create(to: &str, from: &str, ty: u16, root: &str, json: &str) -> Request {
    let map = read(json.as_bytes(), Serialisation::Json).unwrap();
    let content = Content::new(root.to_owned(), Value::Map(map));
    Request { result_content: None, ..Request::create(to, from, "r1", ResourceType(ty), content) }
}

fn register(stem: &str) -> Request {
    let about = format!(r#"{{"rn":"{stem}","api":"Nx","rr":true,"srv":["4"]}}"#);
    create("cse-in", stem, 2, "m2m:ae", &about)
}

/// One message from a connection that stays open.
fn message(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while length(&bytes).unwrap().is_none() {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&bytes));
        bytes.push(byte[0]);
    }
    bytes
}

const GET: &str =
    "GET /cse-in HTTP/1.1\r\nHost: x\r\nX-M2M-Origin: CAdmin\r\nX-M2M-RI: 7\r\nX-M2M-RVI: 4\r\n";

#[test]
fn connections_are_kept_and_bad_messages_end_them() {
    let served = Served::start(setting());
    let mut stream = served.connect();
    // Two at once, and a third that comes in pieces.
    stream.write_all(format!("{GET}\r\n{GET}\r\n{GET}").as_bytes()).unwrap();
    for _ in 0..2 {
        assert!(message(&mut stream).starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
    stream.write_all(b"\r\n").unwrap();
    let text = String::from_utf8(message(&mut stream)).unwrap();
    assert!(text.contains("X-M2M-RI: 7\r\n") && text.contains("\"m2m:cb\""), "{text}");

    let cbor = served
        .say(format!("{GET}Accept: application/cbor\r\nConnection: close\r\n\r\n").as_bytes());
    assert!(cbor.contains("application/cbor"), "{cbor}");
    for (bad, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400 Bad Request"),
        (format!("{GET}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400 Bad Request"),
        (format!("{GET}Content-Length: 999999999\r\n\r\n"), "400 Bad Request"),
        (format!("{GET}X: {}\r\n\r\n", "y".repeat(17_000)), "400 Bad Request"),
        (format!("{GET}Accept: text/html\r\nConnection: close\r\n\r\n"), "406 Not Acceptable"),
        // No answer could echo it.
        (
            "GET /cse-in HTTP/1.1\r\nHost: x\r\nX-M2M-RI: a\tb\r\nConnection: close\r\n\r\n"
                .to_owned(),
            "400 Bad Request",
        ),
        (format!("{GET}X-M2M-Alien: 1\r\nConnection: close\r\n\r\n"), "400 Bad Request"),
    ] {
        let answer = served.say(bad.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{bad}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
    // A body that is asked for.
    let head =
        "POST /cse-in HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    let mut stream = served.connect();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
}

#[test]
fn coap_carries_long_bodies_both_ways() {
    let served = Served::start(setting());
    let to = served.listening.coap;
    let content = "0123456789".repeat(2_000);
    let about = format!(r#"{{"con":"{content}"}}"#);
    runtime().unwrap().block_on(async {
        let end = std::sync::Arc::new(CoapEnd::bind("127.0.0.1:0".parse().unwrap()).await.unwrap());
        tokio::spawn(std::sync::Arc::clone(&end).serve(std::sync::Arc::new(Nobody)));
        for (request, due) in [
            (register("Cone"), Rsc::CREATED),
            (create("cse-in/Cone", "Cone", 3, "m2m:cnt", r#"{"rn":"data"}"#), Rsc::CREATED),
            (create("cse-in/Cone/data", "Cone", 4, "m2m:cin", &about), Rsc::CREATED),
            (Request::retrieve("cse-in/Cone/data/la", "Cone", "r2"), Rsc::OK),
        ] {
            let response = end.ask(to, &request, Serialisation::Cbor, LIMIT).await.unwrap();
            assert_eq!(response.status, due, "{response:?}");
            if due == Rsc::OK {
                let found = response.content.unwrap().value.as_map().unwrap().get("con").cloned();
                assert_eq!(found, Some(Value::from(content.as_str())));
            }
        }
    });
}

/// Answers nothing.
struct Nobody;

impl Respond for Nobody {
    async fn respond(&self, _: SocketAddr, _: Request) -> Option<Response> {
        None
    }
}

/// Takes one notification, and confirms it.
fn ear(listener: &TcpListener) -> Request {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let request = read_request(&message(&mut stream), &Profile::STRICT).unwrap();
    let response = Response {
        status: Rsc::OK,
        request_id: Some(request.request_id.clone()),
        ..Response::default()
    };
    stream
        .write_all(&write_response(&response, Serialisation::Json, &Profile::STRICT).unwrap())
        .unwrap();
    request
}

#[test]
fn subscribers_are_told() {
    let served = Served::start(setting());
    assert_eq!(served.ask(&register("Cone")).status, Rsc::CREATED);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = format!("http://{}/a/b", listener.local_addr().unwrap());
    let subscribe = |nu: &str| {
        let about = format!(r#"{{"nu":["{nu}"],"enc":{{"net":[3]}}}}"#);
        create("cse-in/Cone", "Cone", 23, "m2m:sub", &about)
    };
    let told = std::thread::spawn(move || (ear(&listener), ear(&listener)));
    assert_eq!(served.ask(&subscribe(&own)).status, Rsc::CREATED);
    let container = create("cse-in/Cone", "Cone", 3, "m2m:cnt", r#"{"rn":"data"}"#);
    assert_eq!(served.ask(&container).status, Rsc::CREATED);
    let (asked, told) = told.join().unwrap();
    assert_eq!((asked.operation, asked.to.as_str()), (Operation::Notify, "a/b"));
    assert!(format!("{:?}", asked.content).contains("vrq"));
    assert!(format!("{:?}", told.content).contains("data"));
}

#[cfg(target_os = "linux")]
/// Whether a CSE speaks to an address that is not of the loopback. On Linux 0.0.0.0 leads to this machine all
/// the same, so that it can be heard.
fn speaks_beyond(allow_remote: bool) -> bool {
    let served = Served::start(CseSetting { allow_remote, ..setting() });
    assert_eq!(served.ask(&register("Cone")).status, Rsc::CREATED);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        // What is heard is not answered but ended: the target does not confirm.
        let _ = listener.accept().unwrap();
        listener.accept().unwrap().1
    });
    let about = format!(r#"{{"nu":["http://0.0.0.0:{port}/"],"enc":{{"net":[3]}}}}"#);
    // SUBSCRIPTION_VERIFICATION_INITIATION_FAILED either way.
    let subscribe = create("cse-in/Cone", "Cone", 23, "m2m:sub", &about);
    assert_eq!(served.ask(&subscribe).status, Rsc(5_204));
    // These two are the first and the second that come if nobody else did.
    let first = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let second = TcpStream::connect(("127.0.0.1", port));
    let own = second.and_then(|second| second.local_addr()).ok();
    drop(first);
    own != Some(heard.join().unwrap())
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_not_of_the_loopback_is_spoken_to_only_if_that_is_allowed() {
    assert!(!speaks_beyond(false));
    assert!(speaks_beyond(true));
}

#[test]
fn the_console_is_for_who_has_the_password() {
    let served = Served::start(setting());
    assert_eq!(served.ask(&register("Cone")).status, Rsc::CREATED);
    let token = served.listening.token.clone().unwrap();
    assert_eq!(token.len(), 32);
    let get = |path: &str, password: Option<&str>| {
        use base64::Engine as _;
        let encode = |text: String| base64::prelude::BASE64_STANDARD.encode(text);
        let credentials = password.map(|password| {
            format!("Authorization: Basic {}\r\n", encode(format!("CAdmin:{password}")))
        });
        let mut stream = served.connect();
        let credentials = credentials.unwrap_or_default();
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{credentials}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        String::from_utf8(message(&mut stream)).unwrap()
    };
    for password in [None, Some(""), Some("x"), Some(&token[1..])] {
        let answer = get("/console/cse-in", password);
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(!answer.contains("Cone"), "{answer}");
    }
    let page = get("/console", Some(&token));
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(page.contains(">Cone</a>"), "{page}");
    assert!(page.contains("\r\nContent-Security-Policy: default-src 'none'; style-src 'sha256-"));
    for wrong in ["/console/cse-in/none", "/console/~/id-other/x", "/console/../x", "/console/%00"]
    {
        assert!(get(wrong, Some(&token)).starts_with("HTTP/1.1 404 "), "{wrong}");
    }
}

#[test]
fn resources_outlast_the_process_in_a_file() {
    let file =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cse-{}.db", std::process::id()));
    let with = || CseSetting { database: Some(file.clone()), seconds: Some(1), ..setting() };
    let served = Served::start(with());
    assert_eq!(served.ask(&register("Cone")).status, Rsc::CREATED);
    drop(served);
    let served = Served::start(with());
    assert_eq!(served.ask(&register("Cone")).status, Rsc(4_117));
    let found = served.ask(&Request::retrieve("cse-in/Cone", "Cone", "r"));
    assert_eq!(found.status, Rsc::OK, "{found:?}");
    drop(served);
    let other = CseSetting {
        config: Config::infrastructure("//sp.example", "/id-other", "cse-in"),
        ..with()
    };
    assert!(matches!(host(other, &mut |_| {}), Err(LiveError::Cse(_))));
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
    }
}

#[test]
fn two_of_our_own_hand_requests_on() {
    let upper = Served::start(CseSetting {
        config: Config { remotes: vec!["/id-mn".to_owned()], ..setting().config },
        seconds: Some(6),
        ..setting()
    });
    let url = format!("http://{}/~/id-in/cse-in", upper.listening.http);
    let lower = Served::start(CseSetting {
        config: Config { kind: 2, ..Config::infrastructure("//sp.example", "/id-mn", "cse-mn") },
        registrar: Registrar::parse(&url),
        ..setting()
    });
    assert_eq!(lower.listening.registered, Some(2_001));
    let about = r#"{"rn":"Clow","api":"Nx","rr":true,"srv":["4"]}"#;
    assert_eq!(lower.ask(&create("cse-mn", "Clow", 2, "m2m:ae", about)).status, Rsc::CREATED);
    assert_eq!(upper.ask(&register("Cup")).status, Rsc::CREATED);
    // No policy names them, but each CSE hears of it from the other and says so itself.
    let through = upper.ask(&Request::retrieve("/id-mn/cse-mn/Clow", "Cup", "r"));
    assert_eq!(through.status, Rsc::ORIGINATOR_HAS_NO_PRIVILEGE);
    let absent = lower.ask(&Request::retrieve("/id-in/cse-in/none", "Clow", "r"));
    assert_eq!(absent.status, Rsc::NOT_FOUND);
    drop(lower);
    let gone = upper.ask(&Request::retrieve("cse-in/id-mn", "CAdmin", "r"));
    assert_eq!(gone.status, Rsc::NOT_FOUND, "{gone:?}");
}

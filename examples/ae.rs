//! An AE with our own codecs against any CSE, for tests of interoperability:
//! `ae http|coap ADDR:PORT CSEBASE json|cbor|xml http|coap`, the last for its notifications. Prints a line for
//! each step; bounded in time.
//!
//! It registers, makes a container and a contentInstance, reads, discovers, subscribes, is notified, sees
//! another originator refused, and deletes what it made.

#![allow(clippy::print_stdout, reason = "its user is a script that reads this")]

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use keystorm::live::LiveError;
use keystorm::live::host::{Address, CoapEnd, Http, Respond, Scheme, ask_http};
use keystorm::live::runtime;
use keystorm::wire::primitive::{
    Content, FilterCriteria, FilterUsage, Operation, Request, ResourceType, Response, Rsc,
};
use keystorm::wire::value::{Map, Serialisation, Value, read};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The originator, and the name of its resource.
const AE: &str = "CkeystormAe";
/// Somebody else.
const OTHER: &str = "CkeystormOther";
/// Longest wait for an answer or a notification.
const LIMIT: Duration = Duration::from_secs(10);

/// Takes notifications.
struct Ears(mpsc::Sender<Content>);

impl Respond for Ears {
    async fn respond(&self, _: SocketAddr, request: Request) -> Option<Response> {
        let status = match (request.operation, request.content) {
            (Operation::Notify, Some(content)) => {
                // More than are waited for are not kept.
                let _ = self.0.try_send(content);
                Rsc::OK
            }
            _ => Rsc::BAD_REQUEST,
        };
        Some(Response {
            status,
            request_id: Some(request.request_id),
            release: request.release,
            ..Response::default()
        })
    }
}

/// The AE at work.
struct Ae {
    scheme: Scheme,
    cse: SocketAddr,
    serialisation: Serialisation,
    coap: Arc<CoapEnd>,
    heard: mpsc::Receiver<Content>,
    own: String,
    count: u32,
    failed: u32,
}

impl Ae {
    async fn new(
        scheme: Scheme,
        cse: SocketAddr,
        serialisation: Serialisation,
        ears: Scheme,
    ) -> Result<Self, LiveError> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (sender, heard) = mpsc::channel(16);
        let responder = Arc::new(Ears(sender));
        let coap = Arc::new(CoapEnd::bind(any).await?);
        let http = Http::bind(any).await?;
        let socket = if ears == Scheme::Http { http.address()? } else { coap.address()? };
        let own = Address { scheme: ears, socket, to: "/".to_owned() }.to_string();
        tokio::spawn(http.serve(Arc::clone(&responder)));
        tokio::spawn(Arc::clone(&coap).serve(responder));
        Ok(Self { scheme, cse, serialisation, coap, heard, own, count: 0, failed: 0 })
    }

    /// Asks, and prints whether the answer is the one that is due.
    async fn step(&mut self, what: &str, expected: u16, mut request: Request) -> Option<Content> {
        self.count += 1;
        request.request_id = format!("ae{}", self.count);
        let answer = match self.scheme {
            Scheme::Http => ask_http(self.cse, &request, self.serialisation, LIMIT).await,
            Scheme::Coap => self.coap.ask(self.cse, &request, self.serialisation, LIMIT).await,
        };
        let status = answer.as_ref().map_or(0, |answer| answer.status.0);
        self.say(what, status == expected, &format!("{status} ({expected} is due)"));
        answer.and_then(|answer| answer.content)
    }

    fn say(&mut self, what: &str, fine: bool, seen: &str) {
        self.failed += u32::from(!fine);
        println!("{} {what}: {seen}", if fine { "yes" } else { "NO " });
    }

    /// Whether a text stands somewhere in a content.
    fn find(&mut self, what: &str, text: &str, content: Option<&Content>) {
        let fine = content.is_some_and(|content| holds(&content.value, text));
        self.say(what, fine, if fine { text } else { "absent" });
    }

    async fn notified(&mut self, what: &str, text: &str) {
        let mut fine = false;
        while let Ok(Some(content)) = timeout(Duration::from_secs(3), self.heard.recv()).await {
            fine |= holds(&content.value, text);
            if fine {
                break;
            }
        }
        self.say(what, fine, text);
    }
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::Text(found) => found.contains(text),
        Value::List(items) => items.iter().any(|item| holds(item, text)),
        Value::Map(map) => map.iter().any(|(name, value)| name == text || holds(value, text)),
        _ => false,
    }
}

fn create(to: &str, ty: u16, root: &str, json: &str) -> Request {
    let map = read(json.as_bytes(), Serialisation::Json).unwrap_or_default();
    let content = Content::new(root.to_owned(), Value::Map(map));
    Request { result_content: None, ..Request::create(to, AE, "", ResourceType(ty), content) }
}

fn ask(operation: Operation, to: &str, from: &str) -> Request {
    Request { operation, ..Request::retrieve(to, from, "") }
}

async fn talk(ae: &mut Ae, base: &str) {
    use Operation::{Delete, Retrieve, Update};
    let own = ae.own.clone();
    let at = format!("{base}/{AE}");
    let data = format!("{at}/data");
    let about =
        format!(r#"{{"rn":"{AE}","api":"Nkeystorm","rr":true,"srv":["3","4"],"poa":["{own}"]}}"#);
    ae.step("register", 2_001, create(base, 2, "m2m:ae", &about)).await;
    let container = r#"{"rn":"data","mni":10,"lbl":["<b>label</b>"]}"#;
    ae.step("create container", 2_001, create(&at, 3, "m2m:cnt", container)).await;
    let instance = |con: &str| create(&data, 4, "m2m:cin", &format!(r#"{{"con":"{con}"}}"#));
    ae.step("create contentInstance", 2_001, instance("first")).await;
    let latest = ae.step("retrieve latest", 2_000, ask(Retrieve, &format!("{data}/la"), AE)).await;
    ae.find("  its content", "first", latest.as_ref());
    let long = "long ".repeat(600);
    ae.step("create long contentInstance", 2_001, instance(&long)).await;
    let latest = ae.step("retrieve long", 2_000, ask(Retrieve, &format!("{data}/la"), AE)).await;
    let whole = latest.as_ref().is_some_and(|content| holds(&content.value, &long));
    ae.say("  its content", whole, "3,000 characters");
    let filter = FilterCriteria {
        usage: Some(FilterUsage::Discovery),
        resource_types: Some(vec![ResourceType(3)]),
        ..FilterCriteria::default()
    };
    let discovery = Request { filter: Some(filter), ..ask(Retrieve, &at, AE) };
    let found = ae.step("discover containers", 2_000, discovery).await;
    ae.find("  the container", "data", found.as_ref());
    let change = Content::new("m2m:cnt", Value::Map(Map::of("mni", Value::from(5))));
    let update = Request { content: Some(change), ..ask(Update, &data, AE) };
    ae.step("update container", 2_004, update).await;
    let about = format!(r#"{{"rn":"sub","nu":["{own}"],"nct":1,"enc":{{"net":[3]}}}}"#);
    ae.step("subscribe", 2_001, create(&data, 23, "m2m:sub", &about)).await;
    ae.notified("  asked whether it listens", "vrq").await;
    ae.step("create contentInstance", 2_001, instance("second")).await;
    ae.notified("  notified of it", "second").await;
    ae.step("another retrieves", 4_103, ask(Retrieve, &data, OTHER)).await;
    ae.step("another deletes", 4_103, ask(Delete, &data, OTHER)).await;
    ae.step("retrieve what is not there", 4_004, ask(Retrieve, &format!("{at}/none"), AE)).await;
    ae.step("delete", 2_002, ask(Delete, &at, AE)).await;
    ae.step("retrieve what is deleted", 4_004, ask(Retrieve, &data, AE)).await;
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [scheme, cse, base, word, ears] = words.as_slice() else { return usage() };
    let read = |word: &str| match word {
        "http" => Some(Scheme::Http),
        "coap" => Some(Scheme::Coap),
        _ => None,
    };
    let (Some(scheme), Some(ears)) = (read(scheme), read(ears)) else { return usage() };
    let (Ok(cse), Some(serialisation)) =
        (cse.parse::<SocketAddr>(), Serialisation::from_word(word))
    else {
        return usage();
    };
    if !cse.ip().is_loopback() {
        return usage();
    }
    let Ok(runtime) = runtime() else { return ExitCode::from(70) };
    let failed = runtime.block_on(async {
        let mut ae = Ae::new(scheme, cse, serialisation, ears).await.ok()?;
        talk(&mut ae, base).await;
        Some(ae.failed)
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    match failed {
        Some(0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn usage() -> ExitCode {
    println!("usage: ae http|coap LOOPBACK:PORT CSEBASE json|cbor|xml http|coap");
    ExitCode::from(2)
}

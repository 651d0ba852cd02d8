//! A CSE in a test: requests in a line each, over any store.

use keystorm::onem2m::cse::{Config, Cse, Hop, Incoming, Outgoing, Output};
use keystorm::onem2m::tree::{Memory, Sqlite, Store};
use keystorm::sim::time::{Duration, Time};
use keystorm::wire::primitive::{
    Content, Operation, Release, Request, ResourceType, Response, Rsc,
};
use keystorm::wire::value::{self, Map, Serialisation, Value};

/// A CSE, the time, and what it sent last.
pub struct World<S: Store> {
    pub cse: Cse<S>,
    pub now: Time,
    pub sent: Vec<(Outgoing, Option<String>, Request)>,
    pub stray: Vec<Output>,
}

/// The configuration of the IN-CSE of all tests.
pub fn config() -> Config {
    Config {
        administrator: Some("Cadmin".to_owned()),
        remotes: vec!["/id-mn".to_owned()],
        ..Config::infrastructure("//sp.example", "/id-in", "cse-in")
    }
}

/// Runs a test over each store.
pub fn over_stores(test: impl Fn(&mut dyn Any)) {
    test(&mut World::of(Cse::open(config(), Memory::default()).unwrap()));
    test(&mut World::of(Cse::open(config(), Sqlite::in_memory().unwrap()).unwrap()));
}

/// A [`World`] over a store that the test does not name.
pub trait Any {
    fn ask(&mut self, hop: &Hop<'_>, request: Request) -> Option<Response>;
    fn answer(&mut self, exchange: Outgoing, status: u16) -> Option<Response>;
    fn pass(&mut self, time: Duration) -> Option<Response>;
    fn sent(&mut self) -> Vec<(Outgoing, Option<String>, Request)>;
    fn digest(&self) -> u64;
    fn count(&self) -> u64;

    /// The status of the answer to a request.
    fn rsc(&mut self, from: &str, request: Request) -> u16 {
        self.ask(&Hop::of(from), request).map_or(0, |response| response.status.0)
    }

    /// Creates a resource and gives back its attributes.
    fn create(&mut self, from: &str, to: &str, ty: u16, json: &str) -> Map {
        let response = self.ask(&Hop::of(from), create(from, to, ty, json)).unwrap();
        assert_eq!(response.status, Rsc::CREATED, "{response:?}");
        attributes(response)
    }

    /// The status of the answer to a CREATE.
    fn try_create(&mut self, from: &str, to: &str, ty: u16, json: &str) -> u16 {
        self.rsc(from, create(from, to, ty, json))
    }

    /// The attributes of a resource.
    fn get(&mut self, from: &str, to: &str) -> Map {
        let response = self.ask(&Hop::of(from), retrieve(from, to)).unwrap();
        assert_eq!(response.status, Rsc::OK, "{to}: {response:?}");
        attributes(response)
    }

    fn try_get(&mut self, from: &str, to: &str) -> u16 {
        self.rsc(from, retrieve(from, to))
    }

    fn try_update(&mut self, from: &str, to: &str, json: &str) -> u16 {
        self.rsc(from, update(from, to, json))
    }

    fn try_delete(&mut self, from: &str, to: &str) -> u16 {
        self.rsc(from, delete(from, to))
    }

    /// Registers an AE under its own name.
    fn register(&mut self, stem: &str) {
        let json = format!(r#"{{"m2m:ae":{{"rn":"{stem}","api":"Nx","rr":true,"srv":["4"]}}}}"#);
        self.create(stem, "cse-in", 2, &json);
    }
}

impl<S: Store> World<S> {
    pub fn of(cse: Cse<S>) -> Self {
        Self { cse, now: Time(1_000_000_000), sent: Vec::new(), stray: Vec::new() }
    }

    fn collect(&mut self, out: Vec<Output>) -> Option<Response> {
        let mut answer = None;
        for output in out {
            match output {
                Output::Answer { response, .. } => {
                    assert!(answer.replace(*response).is_none(), "answered twice");
                }
                Output::Send { exchange, to, request } => {
                    self.sent.push((
                        exchange,
                        to.entity.or_else(|| to.addresses.first().cloned()),
                        *request,
                    ));
                }
                silent @ Output::Silent { .. } => self.stray.push(silent),
            }
        }
        answer
    }
}

impl<S: Store> Any for World<S> {
    fn ask(&mut self, hop: &Hop<'_>, request: Request) -> Option<Response> {
        let mut out = Vec::new();
        let id = request.request_id.clone();
        self.cse.handle(self.now, hop, Incoming(7), request, &mut out);
        let answer = self.collect(out);
        if let Some(answer) = &answer {
            assert_eq!(answer.request_id, Some(id));
        }
        answer
    }

    fn answer(&mut self, exchange: Outgoing, status: u16) -> Option<Response> {
        let mut out = Vec::new();
        let response = Response { status: Rsc(status), ..Response::default() };
        self.cse.answered(self.now, exchange, response, &mut out);
        self.collect(out)
    }

    fn pass(&mut self, time: Duration) -> Option<Response> {
        self.now += time;
        let mut out = Vec::new();
        self.cse.expired(self.now, &mut out);
        self.collect(out)
    }

    fn sent(&mut self) -> Vec<(Outgoing, Option<String>, Request)> {
        std::mem::take(&mut self.sent)
    }

    fn digest(&self) -> u64 {
        self.cse.digest().unwrap()
    }

    fn count(&self) -> u64 {
        self.cse.store().count().unwrap()
    }
}

pub fn content(json: &str) -> Content {
    Content::from_map(value::read(json.as_bytes(), Serialisation::Json).unwrap()).unwrap()
}

pub fn request(operation: Operation, from: &str, to: &str) -> Request {
    Request {
        operation,
        to: to.to_owned(),
        from: (!from.is_empty()).then(|| from.to_owned()),
        request_id: "r".to_owned(),
        release: Some(Release::R4),
        ..Request::default()
    }
}

pub fn create(from: &str, to: &str, ty: u16, json: &str) -> Request {
    Request {
        resource_type: Some(ResourceType(ty)),
        content: Some(content(json)),
        ..request(Operation::Create, from, to)
    }
}

pub fn retrieve(from: &str, to: &str) -> Request {
    request(Operation::Retrieve, from, to)
}

pub fn update(from: &str, to: &str, json: &str) -> Request {
    Request { content: Some(content(json)), ..request(Operation::Update, from, to) }
}

pub fn delete(from: &str, to: &str) -> Request {
    request(Operation::Delete, from, to)
}

/// The attributes in an answer.
pub fn attributes(response: Response) -> Map {
    match response.content.unwrap().value {
        Value::Map(map) => map,
        other => panic!("{other:?}"),
    }
}

/// The text of an attribute.
pub fn text(map: &Map, name: &str) -> String {
    map.get(name).and_then(Value::as_text).unwrap_or_default().to_owned()
}

/// The number of an attribute.
pub fn number(map: &Map, name: &str) -> u64 {
    map.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX)
}

/// A policy with one rule, for whom and what.
pub fn policy(name: &str, originator: &str, operations: u8) -> String {
    format!(
        r#"{{"m2m:acp":{{"rn":"{name}","pv":{{"acr":[{{"acor":["{originator}"],"acop":{operations}}}]}},
        "pvs":{{"acr":[{{"acor":["Cadmin"],"acop":63}}]}}}}}}"#
    )
}

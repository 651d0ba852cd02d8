//! Recorded oneM2M traffic: every message reads, writes back equal as a value, and means what was recorded.
//!
//! The corpus is found through `KEYSTORM_CORPUS`, else in `../shared/corpus` beside the crate. Where there
//! is none, these tests say so and use the project's own messages in `tests/corpus` alone.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test program")]

use std::path::{Path, PathBuf};

use keystorm::wire::binding::coap::{self, Exchange};
use keystorm::wire::binding::http;
use keystorm::wire::coap::{Kind, MAX_MESSAGE, Message, Token};
use keystorm::wire::primitive::{
    self, Operation, Profile, Request, Response, Rsc, Serialisation, read_request, write_request,
};
use keystorm::wire::value;
use serde_json::Value as Json;

/// The folder of the recorded corpus, if there is one.
fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = std::env::var_os("KEYSTORM_CORPUS").map_or(beside, PathBuf::from);
    if folder.join("manifest.json").is_file() {
        return Some(folder);
    }
    println!("no corpus at {}: only the project's own messages are read", folder.display());
    None
}

/// The files of a folder in order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn recorded(folder: &str) -> Vec<(String, Json)> {
    let Some(corpus) = corpus() else { return Vec::new() };
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    };
    files(&corpus.join(folder)).into_iter().map(read).collect()
}

/// The HTTP message that a record describes.
fn http_message(first: &str, record: &Json) -> Vec<u8> {
    let body = record["body_raw"].as_str().unwrap_or_default();
    let mut head = format!("{first}\r\n");
    for (name, value) in record["headers"].as_object().unwrap() {
        if !name.eq_ignore_ascii_case("content-length") {
            head += &format!("{name}: {}\r\n", value.as_str().unwrap());
        }
    }
    if first.ends_with("HTTP/1.1") && !head.to_ascii_lowercase().contains("\r\nhost:") {
        head += "Host: cse.example.com\r\n";
    }
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The path of HTTP that stands for an address.
fn path_of(to: &str) -> String {
    match to {
        "/" => to.to_owned(),
        _ if to.starts_with("//") => format!("/_{}", &to[1..]),
        _ if to.starts_with('/') => format!("/~{to}"),
        _ => format!("/{to}"),
    }
}

/// The content reads, and what we write of it is the same to another JSON reader.
fn body_survives(name: &str, record: &Json) {
    if let Some(raw) = record["body_raw"].as_str().filter(|raw| !raw.is_empty()) {
        let map = value::read(raw.as_bytes(), Serialisation::Json)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = value::write(&map, Serialisation::Json).unwrap();
        assert_eq!(serde_json::from_slice::<Json>(&written).unwrap(), record["body"], "{name}");
    }
}

/// A request reads back from every serialisation and binding that can carry it. Gives how many did.
fn request_survives(name: &str, request: &Request) -> usize {
    let profile = Profile::STRICT;
    let mut carried = 0;
    for serialisation in Serialisation::ALL {
        if let Ok(bytes) = write_request(request, serialisation, &profile) {
            let back = read_request(&bytes, serialisation, &profile);
            assert_eq!(back.as_ref(), Ok(request), "{name} in {serialisation:?}");
            carried += 1;
        } else {
            assert_eq!(serialisation, Serialisation::Xml, "{name}");
        }
        if let Ok(bytes) = http::write_request(request, "cse.example.com", serialisation, &profile)
        {
            assert_eq!(
                http::read_request(&bytes, &profile).as_ref(),
                Ok(request),
                "{name} over HTTP"
            );
            carried += 1;
        }
        if let Ok(outgoing) = coap::write_request(request, serialisation, &profile) {
            let bytes = outgoing.message(exchange());
            if bytes.len() <= MAX_MESSAGE {
                let message = Message::parse(&bytes).unwrap();
                assert_eq!(
                    coap::read_request(&message, &profile).as_ref(),
                    Ok(request),
                    "{name} over CoAP"
                );
                carried += 1;
            }
        }
    }
    carried
}

fn response_survives(name: &str, response: &Response) -> usize {
    let profile = Profile::STRICT;
    let mut carried = 0;
    for serialisation in Serialisation::ALL {
        if let Ok(bytes) = primitive::write_response(response, serialisation, &profile) {
            let back = primitive::read_response(&bytes, serialisation, &profile);
            assert_eq!(back.as_ref(), Ok(response), "{name} in {serialisation:?}");
            carried += 1;
        }
        if let Ok(bytes) = http::write_response(response, serialisation, &profile) {
            assert_eq!(
                http::read_response(&bytes, &profile).as_ref(),
                Ok(response),
                "{name} over HTTP"
            );
            carried += 1;
        }
    }
    carried
}

fn exchange() -> Exchange {
    Exchange { kind: Kind::Confirmable, mid: 1, token: Token::new(&[7]).unwrap() }
}

#[test]
fn corpus_http_exchanges_mean_what_was_recorded() {
    let mut carried = 0;
    let records = recorded("http");
    for (name, record) in &records {
        let asked = &record["request"];
        let first = format!(
            "{} {} HTTP/1.1",
            asked["method"].as_str().unwrap(),
            asked["path"].as_str().unwrap()
        );
        let request = http::read_request(&http_message(&first, asked), &Profile::STRICT)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let expected = &record["primitive"];
        assert_eq!(Some(u64::from(request.operation.number())), expected["op"].as_u64(), "{name}");
        // The recorder left `to` in HTTP's form: `/cse-in` for `cse-in`, `/~/id-in` for `/id-in`.
        assert_eq!(Some(path_of(&request.to).as_str()), expected["to"].as_str(), "{name}");
        assert_eq!(request.from.as_deref(), expected["fr"].as_str(), "{name}");
        assert_eq!(Some(request.request_id.as_str()), expected["rqi"].as_str(), "{name}");
        assert_eq!(
            request.release.map(|release| release.text()),
            expected["rvi"].as_str(),
            "{name}"
        );
        assert_eq!(
            request.resource_type.map(|ty| u64::from(ty.0)),
            expected["ty"].as_u64(),
            "{name}"
        );
        body_survives(name, asked);
        carried += request_survives(name, &request);

        let answered = &record["response"];
        let first = format!("HTTP/1.1 {} Reason", answered["status"]);
        let response = http::read_response(&http_message(&first, answered), &Profile::STRICT)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(Some(u64::from(response.status.0)), answered["rsc"].as_u64(), "{name}");
        assert!(response.status.name().is_some(), "{name}");
        body_survives(name, answered);
        carried += response_survives(name, &response);
    }
    println!("{} HTTP exchanges, read back {carried} times", records.len());
}

#[test]
fn corpus_coap_datagrams_mean_what_was_recorded() {
    let Some(corpus) = corpus() else { return };
    let all = files(&corpus.join("coap"));
    let requests: Vec<_> =
        all.iter().filter(|path| path.to_string_lossy().ends_with("_req.bin")).collect();
    assert!(!requests.is_empty());
    for path in requests {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(path).unwrap();
        let message = Message::parse(&bytes).unwrap();
        let request = coap::read_request(&message, &Profile::STRICT)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let (operation, to, from, status) = expected_of(&name);
        assert_eq!((request.operation, request.to.as_str()), (operation, to), "{name}");
        assert_eq!(request.from.as_deref(), Some(from), "{name}");
        assert!(request_survives(&name, &request) >= 6, "{name}");

        let answer = path.to_string_lossy().replace("_req.bin", "_rsp.bin");
        let bytes = std::fs::read(answer).unwrap();
        let message = Message::parse(&bytes).unwrap();
        let response = coap::read_response(&message, &Profile::STRICT).unwrap();
        assert_eq!(response.status, status, "{name}");
        assert_eq!(response.request_id, Some(request.request_id), "{name}");
        response_survives(&name, &response);
    }
}

/// What the labels in the names of the recorded datagrams say.
fn expected_of(name: &str) -> (Operation, &'static str, &'static str, Rsc) {
    let (op, to, from, rsc) = match &name[..3] {
        "000" | "021" => (2, "cse-in", "CAdmin", 2_000),
        "002" => (1, "cse-in/coapAE", "Ccoap", 2_001),
        "004" | "006" => (1, "cse-in/coapAE/c", "Ccoap", 2_001),
        "008" => (2, "cse-in/coapAE/c/la", "Ccoap", 2_000),
        "010" => (3, "cse-in/coapAE/c", "Ccoap", 2_004),
        "012" => (2, "cse-in/none", "CAdmin", 4_004),
        "014" => (2, "cse-in", "CAdmin", 4_001),
        "016" => (2, "/id-in/cse-in", "CAdmin", 2_000),
        "018" => (4, "cse-in/coapAE/c", "Ccoap", 2_002),
        _ => panic!("{name} is new"),
    };
    (Operation::from_number(op).unwrap(), to, from, Rsc(rsc))
}

#[test]
fn corpus_bodies_of_other_systems_read() {
    for (name, record) in recorded("body-json") {
        if name.starts_with("mobius4") {
            let asked = &record["request"];
            let url = asked["url"].as_str().unwrap();
            let target = url.replace("{{mp_url}}", "").replace("{{cb}}", "Mobius");
            let first = format!("{} {target} HTTP/1.1", asked["method"].as_str().unwrap());
            let request = http::read_request(&http_message(&first, asked), &Profile::STRICT)
                .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            assert_eq!(path_of(&request.to), target.split('?').next().unwrap(), "{name}");
            assert_eq!(
                request.from.as_deref(),
                asked["headers"]["X-M2M-Origin"].as_str(),
                "{name}"
            );
            body_survives(&name, asked);
            request_survives(&name, &request);
        } else {
            notebook(&name, &record);
        }
    }
}

/// A tutorial's request: names in full, and expressions of its language in `<..>`, which are left out.
fn notebook(name: &str, record: &Json) {
    let mut map = serde_json::Map::new();
    map.insert("operation".to_owned(), record["operation"].clone());
    for (parameter, value) in record["params"].as_object().unwrap() {
        let expression = value.as_str().is_some_and(|text| text.starts_with('<'));
        if !expression || parameter == "originator" {
            map.insert(parameter.clone(), value.clone());
        }
    }
    let bytes = serde_json::to_vec(&map).unwrap();
    let request = read_request(&bytes, Serialisation::Json, &Profile::FULL_NAMES)
        .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    assert_eq!(Some(request.to.as_str()), record["params"]["to"].as_str(), "{name}");
    assert_eq!(request.from.as_deref(), record["params"]["originator"].as_str(), "{name}");
    assert_eq!(format!("{:?}", request.operation).to_uppercase(), record["operation"], "{name}");
    if let Some(content) = &request.content {
        assert!(
            content
                .root
                .chars()
                .all(|letter| letter.is_lowercase() || letter == ':' || letter == '2'),
            "{name}"
        );
    }
    request_survives(name, &request);
}

#[test]
fn corpus_notifications_read() {
    for (name, record) in recorded("notify") {
        let request =
            http::read_request(&http_message("POST / HTTP/1.1", &record), &Profile::STRICT)
                .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!((request.operation, request.to.as_str()), (Operation::Notify, "/"), "{name}");
        assert_eq!(request.from.as_deref(), Some("/id-in"), "{name}");
        assert_eq!(request.content.as_ref().unwrap().root, "m2m:sgn", "{name}");
        body_survives(&name, &record);
        assert!(request_survives(&name, &request) > 6, "{name}");
    }
}

/// The project's own messages: name, serialisation, bytes.
fn own() -> Vec<(String, Serialisation, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let read = |path: PathBuf| {
        let word = path.extension()?.to_str()?;
        let serialisation = Serialisation::from_word(word)?;
        let name = path.file_stem()?.to_string_lossy().into_owned();
        Some((name, serialisation, std::fs::read(path).unwrap()))
    };
    files(&folder).into_iter().filter_map(read).collect()
}

#[test]
fn corpus_of_our_own_is_one_primitive_in_three_serialisations() {
    let all = own();
    assert!(all.len() >= 18, "{}", all.len());
    let bytes = |name: &str, serialisation: Serialisation| {
        let found = all.iter().find(|(other, of, _)| other == name && *of == serialisation);
        &found.unwrap_or_else(|| panic!("{name} lacks {serialisation:?}")).2
    };
    for (name, ..) in &all {
        for serialisation in Serialisation::ALL {
            let text = bytes(name, serialisation);
            let json = bytes(name, Serialisation::Json);
            if name.starts_with("request") {
                let read = |bytes, of| {
                    read_request(bytes, of, &Profile::STRICT)
                        .unwrap_or_else(|refusal| panic!("{name}: {refusal}"))
                };
                let request = read(text, serialisation);
                assert_eq!(request, read(json, Serialisation::Json), "{name} in {serialisation:?}");
                assert!(request_survives(name, &request) >= 6, "{name}");
            } else {
                let read = |bytes, of| {
                    primitive::read_response(bytes, of, &Profile::STRICT)
                        .unwrap_or_else(|refusal| panic!("{name}: {refusal}"))
                };
                let response = read(text, serialisation);
                assert_eq!(
                    response,
                    read(json, Serialisation::Json),
                    "{name} in {serialisation:?}"
                );
                assert!(response_survives(name, &response) >= 6, "{name}");
            }
        }
    }
}

/// Random numbers that are the same each time (xorshift64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    /// One to four changes: a byte, a cut, a repetition, a piece of another message.
    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(5) {
                _ if bytes.is_empty() => bytes.push(b'{'),
                0 => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                1 => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.drain(at..(at + 1 + self.below(8)).min(bytes.len()))),
                3 => {
                    let piece = bytes[at..(at + 1 + self.below(16)).min(bytes.len())].to_vec();
                    drop(bytes.splice(at..at, piece));
                }
                _ => {
                    let from = self.below(other.len());
                    let piece = other[from..(from + 1 + self.below(32)).min(other.len())].to_vec();
                    drop(bytes.splice(at..at, piece));
                }
            }
        }
    }
}

/// Reads bytes in every way there is. What reads is written again and reads back equal. Gives how much
/// was read.
fn read_every_way(bytes: &[u8]) -> usize {
    let mut read = 0;
    let requests = Serialisation::ALL.map(|of| read_request(bytes, of, &Profile::STRICT).ok());
    let over_http = http::read_request(bytes, &Profile::STRICT).ok();
    let message = Message::parse(bytes).ok();
    let over_coap =
        message.as_ref().and_then(|message| coap::read_request(message, &Profile::STRICT).ok());
    for request in requests.into_iter().chain([over_http, over_coap]).flatten() {
        request_survives("a mutation", &request);
        read += 1;
    }
    let responses =
        Serialisation::ALL.map(|of| primitive::read_response(bytes, of, &Profile::STRICT).ok());
    let over_http = http::read_response(bytes, &Profile::STRICT).ok();
    let over_coap =
        message.and_then(|message| coap::read_response(&message, &Profile::STRICT).ok());
    for response in responses.into_iter().chain([over_http, over_coap]).flatten() {
        response_survives("a mutation", &response);
        read += 1;
    }
    read
}

#[test]
fn corpus_mutations_never_panic_and_what_reads_is_stable() {
    let mut seeds: Vec<Vec<u8>> = own().into_iter().map(|(.., bytes)| bytes).collect();
    for (_, record) in recorded("http") {
        let asked = &record["request"];
        let first = format!(
            "{} {} HTTP/1.1",
            asked["method"].as_str().unwrap(),
            asked["path"].as_str().unwrap()
        );
        seeds.push(http_message(&first, asked));
        let answered = &record["response"];
        seeds.push(http_message(&format!("HTTP/1.1 {} Reason", answered["status"]), answered));
    }
    if let Some(corpus) = corpus() {
        seeds.extend(files(&corpus.join("coap")).iter().map(|path| std::fs::read(path).unwrap()));
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut read = 0;
    for round in 0..20_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        let other = dice.below(seeds.len());
        dice.mutate(&mut bytes, &seeds[other]);
        read += read_every_way(&bytes);
    }
    println!("{} seeds, 20,000 mutations, {read} still read", seeds.len());
    assert!(read > 500, "{read}");
}

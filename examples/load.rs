//! Load on a CSE over HTTP on this machine: `load PORT retrieve|create TARGET ORIGINATOR COUNT CONNECTIONS`.
//! Each connection is kept, and asks again when it has its answer. Prints requests per second; bounded in
//! number, and in time by [`SECONDS`].

#![allow(clippy::print_stdout, reason = "its user is a script that reads this")]

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use keystorm::wire::binding::http::{length, read_response, write_request};
use keystorm::wire::primitive::{Content, Profile, Request, ResourceType, Rsc};
use keystorm::wire::value::Serialisation;

/// The whole run takes no longer.
const SECONDS: u64 = 30;
/// Requests, at most.
const COUNT_MAX: u64 = 2_000_000;
/// Connections, at most.
const CONNECTIONS_MAX: u64 = 8;

/// One connection: requests answered as is due.
fn ask(port: u16, request: &[u8], due: Rsc, count: u64, end: Instant) -> io::Result<u64> {
    let connect = || -> io::Result<TcpStream> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        Ok(stream)
    };
    let mut stream = connect()?;
    let mut inbox: Vec<u8> = Vec::new();
    let mut chunk = [0; 16_384];
    let mut done = 0;
    while done < count && now() < end {
        inbox.clear();
        stream.write_all(request)?;
        loop {
            match length(&inbox) {
                Ok(Some(len)) if len == inbox.len() => break,
                Ok(None) => {}
                _ => return Err(io::Error::other("not one HTTP message")),
            }
            let read = stream.read(&mut chunk)?;
            if read == 0 {
                return Err(io::Error::other("the connection ended"));
            }
            inbox.extend(chunk.get(..read).unwrap_or_default());
        }
        let answer = read_response(&inbox, &Profile::ACME).map_err(io::Error::other)?;
        if answer.status != due {
            return Err(io::Error::other(format!("status {}", answer.status.0)));
        }
        done += 1;
        // A server that ends connections gets new ones.
        if inbox.windows(17).any(|window| window.eq_ignore_ascii_case(b"connection: close")) {
            stream = connect()?;
        }
    }
    Ok(done)
}

#[expect(clippy::disallowed_methods, reason = "it measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Some(Ok(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Some(Err(error)) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
        None => {
            println!("usage: load PORT retrieve|create TARGET ORIGINATOR COUNT CONNECTIONS");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[String]) -> Option<io::Result<String>> {
    let [port, operation, target, originator, count, connections] = words else { return None };
    let port: u16 = port.parse().ok()?;
    let count = count.parse::<u64>().ok().filter(|count| (1..=COUNT_MAX).contains(count))?;
    let connections: u64 = connections.parse().ok()?;
    if !(1..=CONNECTIONS_MAX).contains(&connections) {
        return None;
    }
    let (request, due) = match operation.as_str() {
        "retrieve" => (Request::retrieve(target, originator, "load"), Rsc::OK),
        "create" => {
            let content = Content::instance("21.5");
            let ty = ResourceType(4);
            let request = Request::create(target, originator, "load", ty, content);
            // All attributes come back, as from a client that says nothing else.
            (Request { result_content: None, ..request }, Rsc::CREATED)
        }
        _ => return None,
    };
    let host = format!("127.0.0.1:{port}");
    let bytes = write_request(&request, &host, Serialisation::Json, &Profile::ACME).ok()?;
    let begun = now();
    let end = begun + Duration::from_secs(SECONDS);
    let each = count.div_ceil(connections);
    let results: Vec<io::Result<u64>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..connections).map(|_| scope.spawn(|| ask(port, &bytes, due, each, end))).collect();
        let lost = || Err(io::Error::other("a thread was lost"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| lost())).collect()
    });
    let seconds = begun.elapsed().as_secs_f64();
    let mut done = 0;
    for result in results {
        match result {
            Ok(number) => done += number,
            Err(error) => return Some(Err(error)),
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "display only")]
    let rate = done as f64 / seconds;
    Some(Ok(format!("{rate:.0} requests/s ({done} in {seconds:.2} s)")))
}

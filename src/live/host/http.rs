//! HTTP/1.1 over TCP: connections that carry requests, and one request to another entity.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{CONNECTIONS_MAX, IDLE_SECONDS, REQUEST_SECONDS, Respond, seconds};
use crate::live::LiveError;
use crate::wire::binding::Refusal;
use crate::wire::binding::http::{
    Envelope, length, read_call, read_response, write_request, write_response,
};
use crate::wire::limits::{MAX_HTTP_HEAD, MAX_INPUT};
use crate::wire::primitive::{Content, Profile, Request, Response, Rsc};
use crate::wire::value::{Serialisation, Value};

/// Bytes taken from a connection at once.
const CHUNK: usize = 16_384;
/// Bytes of one message.
const MESSAGE_MAX: usize = MAX_HTTP_HEAD + MAX_INPUT;

/// A listening socket.
pub struct Http {
    listener: TcpListener,
}

impl Http {
    /// Listens there; port 0 lets the system choose.
    ///
    /// # Errors
    /// The system refuses the socket.
    pub async fn bind(address: SocketAddr) -> Result<Self, LiveError> {
        let listener = TcpListener::bind(address).await;
        Ok(Self { listener: listener.map_err(LiveError::system("listen for HTTP"))? })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn address(&self) -> Result<SocketAddr, LiveError> {
        self.listener.local_addr().map_err(LiveError::system("ask for the HTTP port"))
    }

    /// Serves connections, at most [`CONNECTIONS_MAX`] at the same time, without end.
    pub async fn serve<R: Respond>(self, responder: Arc<R>) {
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let Ok((stream, peer)) = self.listener.accept().await else {
                // Out of descriptors, or the peer is gone already: others may end meanwhile.
                sleep(std::time::Duration::from_millis(20)).await;
                continue;
            };
            let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { continue };
            let responder = Arc::clone(&responder);
            tokio::spawn(async move {
                // A connection that breaks concerns only its peer.
                let _ = connection(stream, peer, &*responder).await;
                drop(permit);
            });
        }
    }
}

/// Serves one connection to its end.
async fn connection(
    mut stream: TcpStream,
    peer: SocketAddr,
    responder: &impl Respond,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut inbox = Vec::with_capacity(1_024);
    loop {
        let len = match whole(&mut stream, &mut inbox).await? {
            Whole::Message(len) => len,
            Whole::End => return Ok(()),
            Whole::Refused(refusal) => {
                stream.write_all(&bare(refusal)).await?;
                return part(&mut stream).await;
            }
        };
        while !responder.admits() {
            sleep(std::time::Duration::from_millis(50)).await;
        }
        let message = inbox.get(..len).unwrap_or_default();
        let (answer, last) = match responder.page(message) {
            Some(page) => (page, false),
            None => answer(message, peer, responder).await,
        };
        stream.write_all(&answer).await?;
        if last {
            return part(&mut stream).await;
        }
        inbox.drain(..len);
    }
}

/// Ends a connection so that its last answer arrives: what the peer still sends is taken and dropped for a
/// while, since the system would answer it with a reset (RFC 9112 section 9.6).
async fn part(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut rest = [0; 4_096];
    let drain = async {
        for _ in 0..MESSAGE_MAX / rest.len() {
            if stream.read(&mut rest).await.unwrap_or(0) == 0 {
                break;
            }
        }
    };
    // A peer that does not end in time is not waited for.
    let _ = timeout(seconds(1), drain).await;
    Ok(())
}

/// What came in on a connection.
enum Whole {
    /// A message of so many bytes.
    Message(usize),
    /// The peer is done, or too slow.
    End,
    /// What is no message.
    Refused(Refusal),
}

/// Waits until the inbox holds a whole message.
async fn whole(stream: &mut TcpStream, inbox: &mut Vec<u8>) -> io::Result<Whole> {
    let mut due =
        Instant::now() + seconds(if inbox.is_empty() { IDLE_SECONDS } else { REQUEST_SECONDS });
    let mut encouraged = false;
    loop {
        if !inbox.is_empty() {
            match length(inbox) {
                Ok(Some(len)) => return Ok(Whole::Message(len)),
                Ok(None) if inbox.len() > MESSAGE_MAX => {
                    return Ok(Whole::Refused(Refusal::HttpBodyTooLong));
                }
                Ok(None) => {}
                Err(refusal) => return Ok(Whole::Refused(refusal)),
            }
            if !encouraged && wants_encouragement(inbox) {
                encouraged = true;
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            }
        }
        let began = !inbox.is_empty();
        inbox.reserve(CHUNK);
        match timeout_at(due, stream.read_buf(inbox)).await {
            Err(_) | Ok(Ok(0)) => return Ok(Whole::End),
            Ok(read) => drop(read?),
        }
        if !began {
            due = due.min(Instant::now() + seconds(REQUEST_SECONDS));
        }
    }
}

/// The head is there and asks whether the body may come (RFC 9110 section 10.1.1).
fn wants_encouragement(inbox: &[u8]) -> bool {
    let end = inbox.windows(4).position(|window| window == b"\r\n\r\n");
    let head = end.and_then(|end| inbox.get(..end)).unwrap_or_default();
    let line = b"\nexpect: 100-continue";
    head.windows(line.len()).any(|window| window.eq_ignore_ascii_case(line))
}

/// The answer to one message, and whether it is the last.
async fn answer(message: &[u8], peer: SocketAddr, responder: &impl Respond) -> (Vec<u8>, bool) {
    let (envelope, request) = read_call(message, &Profile::STRICT);
    let response = match request {
        Ok(request) => match responder.respond(peer, request).await {
            Some(response) => response,
            // No answer is wanted, but HTTP has one to every request.
            None => refused(&envelope, Rsc::ACCEPTED, None),
        },
        Err(refusal) => match refusal.rsc() {
            Some(rsc) => refused(&envelope, rsc, Some(&refusal.to_string())),
            None => return (bare(refusal), true),
        },
    };
    match write_response(&response, envelope.serialisation, &Profile::STRICT) {
        Ok(bytes) => (bytes, envelope.last),
        Err(_) => (text(500, "Internal Server Error", "the answer has no form in HTTP\n"), true),
    }
}

/// An answer that no CSE has given.
fn refused(envelope: &Envelope, status: Rsc, why: Option<&str>) -> Response {
    Response {
        status,
        request_id: envelope.request_id.clone(),
        release: envelope.release,
        content: why.map(|why| Content::new("m2m:dbg", Value::from(why))),
        ..Response::default()
    }
}

/// The answer of HTTP alone to what is not even a message.
fn bare(refusal: Refusal) -> Vec<u8> {
    text(400, "Bad Request", &format!("{refusal}\n"))
}

fn text(status: u16, reason: &str, why: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{why}",
        why.len()
    )
    .into_bytes()
}

/// Sends a request over a connection of its own and waits for the answer; `None` if there is none that
/// is a primitive.
pub async fn ask_http(
    to: SocketAddr,
    request: &Request,
    serialisation: Serialisation,
    limit: std::time::Duration,
) -> Option<Response> {
    let bytes = write_request(request, &to.to_string(), serialisation, &Profile::ACME).ok()?;
    timeout(limit, exchange(to, &bytes)).await.ok()?.ok()?
}

async fn exchange(to: SocketAddr, bytes: &[u8]) -> io::Result<Option<Response>> {
    let mut stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    stream.write_all(bytes).await?;
    let mut inbox = Vec::with_capacity(1_024);
    loop {
        match length(&inbox) {
            Ok(Some(len)) => {
                let message = inbox.get(..len).unwrap_or_default();
                return Ok(read_response(message, &Profile::ACME).ok());
            }
            Ok(None) if inbox.len() <= MESSAGE_MAX => {}
            _ => return Ok(None),
        }
        inbox.reserve(CHUNK);
        if stream.read_buf(&mut inbox).await? == 0 {
            return Ok(None);
        }
    }
}

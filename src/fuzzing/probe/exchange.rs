//! One message to the target and what comes back, over a socket of its own.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use super::answer::Answer;
use super::shot::{Binding, Shot};
use crate::live::Clock;
use crate::sim::time::Time;
use crate::wire::binding::coap::block::{BLOCK2, Block};
use crate::wire::coap::{Code, Kind, Message, Token, Writer};

/// Bytes of one answer that are kept, and after which the target is not heard any longer.
const ANSWER_MAX: usize = 4 << 20;
/// Time in which a connection must come up, seconds.
const CONNECT_SECONDS: u64 = 3;
/// Repetitions of a CoAP message that nothing was heard of.
const REPEATS: u32 = 2;
/// Blocks of one answer that are asked for.
const BLOCKS_MAX: u32 = 1_024;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Bytes: an HTTP message, or a CoAP message whose payload was put together from its blocks.
    Answer(Vec<u8>),
    /// Nothing in time.
    Silent,
    /// The connection was ended without a byte.
    Closed,
    /// The connection was reset, or the CoAP message was.
    Reset,
    /// Nobody listens.
    Unreachable,
}

/// A message, its fate, and how long that took.
#[derive(Clone, Debug)]
pub struct Heard {
    /// What was sent, as parts.
    pub shot: Shot,
    /// What came back.
    pub reply: Reply,
    /// Until then, seconds.
    pub seconds: f64,
    /// All that was said: when (nanoseconds), whether by us, and what.
    pub spoken: Vec<(u64, bool, Vec<u8>)>,
}

impl Heard {
    /// The answer, read; `None` if there was none.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        match &self.reply {
            Reply::Answer(bytes) => Some(Answer::read(self.shot.binding, bytes, &self.shot.method)),
            _ => None,
        }
    }
}

/// Sends a shot and waits for what comes back, at most `limit`.
pub(super) fn exchange(
    clock: &Clock,
    at: SocketAddr,
    shot: &Shot,
    number: u64,
    limit: Duration,
) -> Heard {
    let began = clock.now();
    let mut spoken = Vec::new();
    let reply = match shot.binding {
        Binding::Http => http(clock, at, shot, limit, &mut spoken),
        Binding::Coap => coap(clock, at, shot, number, limit, &mut spoken),
    };
    let seconds = since(clock, began);
    Heard {
        shot: shot.clone(),
        reply: reply.unwrap_or_else(|error| failed(&error)),
        seconds,
        spoken,
    }
}

fn since(clock: &Clock, began: Time) -> f64 {
    (clock.now().0.saturating_sub(began.0)) as f64 / 1e9
}

fn failed(error: &std::io::Error) -> Reply {
    match error.kind() {
        ErrorKind::ConnectionRefused => Reply::Unreachable,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            Reply::Reset
        }
        _ => Reply::Silent,
    }
}

type Spoken = Vec<(u64, bool, Vec<u8>)>;

fn http(
    clock: &Clock,
    at: SocketAddr,
    shot: &Shot,
    limit: Duration,
    spoken: &mut Spoken,
) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect_timeout(&at, Duration::from_secs(CONNECT_SECONDS))?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(limit))?;
    let bytes = shot.bytes(0, Token::default());
    // Who refuses early may stop reading: what it answered is there all the same.
    let sent = stream.write_all(&bytes);
    spoken.push((clock.now().0, true, bytes));
    let began = clock.now();
    let mut inbox = Vec::new();
    let mut chunk = vec![0; 16_384];
    let end = loop {
        let left = limit.as_secs_f64() - since(clock, began);
        if left <= 0.0 || whole(&inbox, &shot.method) || inbox.len() > ANSWER_MAX {
            break Ok(());
        }
        stream.set_read_timeout(Some(Duration::from_secs_f64(left.max(0.001))))?;
        match stream.read(&mut chunk) {
            Ok(0) => break Err(Reply::Closed),
            Ok(len) => inbox.extend_from_slice(chunk.get(..len).unwrap_or_default()),
            Err(error) => break Err(failed(&error)),
        }
    };
    if inbox.is_empty() {
        sent?;
        return Ok(end.err().unwrap_or(Reply::Silent));
    }
    spoken.push((clock.now().0, false, inbox.clone()));
    Ok(Reply::Answer(inbox))
}

/// The inbox holds a whole final answer.
fn whole(inbox: &[u8], method: &str) -> bool {
    super::answer::http_parts(inbox).is_some_and(|parts| parts.is_whole(method))
}

fn coap(
    clock: &Clock,
    at: SocketAddr,
    shot: &Shot,
    number: u64,
    limit: Duration,
    spoken: &mut Spoken,
) -> std::io::Result<Reply> {
    let any: SocketAddr = if at.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(at)?;
    let mut talk = Talk { clock, socket, spoken, limit, began: clock.now() };
    let token = Token::new(&number.to_be_bytes()).unwrap_or_default();
    let [.., high, low] = number.to_be_bytes();
    let mid = u16::from_be_bytes([high, low]);
    let first = talk.ask(&shot.bytes(mid, token), mid, token)?;
    let Reply::Answer(bytes) = first else { return Ok(first) };
    let Some(mut body) = more(&bytes) else { return Ok(Reply::Answer(bytes)) };
    for block in 1..BLOCKS_MAX {
        let mut next = shot.clone();
        next.body.clear();
        let exponent = block_of(&bytes).map_or(6, |found| found.exponent);
        next.options.push((
            BLOCK2,
            super::shot::uint(Block { number: block, more: false, exponent }.value()),
        ));
        let mid = mid.wrapping_add(u16::try_from(block).unwrap_or(0)).wrapping_add(0x4000);
        let Reply::Answer(part) = talk.ask(&next.bytes(mid, token), mid, token)? else { break };
        let Ok(message) = Message::parse(&part) else { break };
        body.extend_from_slice(message.payload);
        if body.len() > ANSWER_MAX || !block_of(&part).is_some_and(|found| found.more) {
            break;
        }
    }
    Ok(Reply::Answer(joined(&bytes, &body)))
}

fn block_of(bytes: &[u8]) -> Option<Block> {
    Block::read(Message::parse(bytes).ok()?.option(BLOCK2)?)
}

/// The payload of an answer that goes on in further blocks.
fn more(bytes: &[u8]) -> Option<Vec<u8>> {
    let goes_on = block_of(bytes).is_some_and(|block| block.more);
    goes_on.then(|| Message::parse(bytes).ok().map(|message| message.payload.to_vec()))?
}

/// The first message with the whole body.
fn joined(first: &[u8], body: &[u8]) -> Vec<u8> {
    let Ok(message) = Message::parse(first) else { return first.to_vec() };
    let mut head = first.to_vec();
    head.truncate(first.len() - message.payload.len());
    head.extend_from_slice(body);
    head
}

/// A socket, and the time that is left.
struct Talk<'a> {
    clock: &'a Clock,
    socket: UdpSocket,
    spoken: &'a mut Spoken,
    limit: Duration,
    began: Time,
}

impl Talk<'_> {
    /// One message and its answer, repeated where nothing is heard (RFC 7252 section 4.2, with less patience).
    fn ask(&mut self, bytes: &[u8], mid: u16, token: Token) -> std::io::Result<Reply> {
        let mut buffer = vec![0; 65_536];
        let mut acknowledged = false;
        for _ in 0..=REPEATS {
            if !acknowledged {
                self.socket.send(bytes)?;
                self.spoken.push((self.clock.now().0, true, bytes.to_vec()));
            }
            let part = self.limit.as_secs_f64() / f64::from(REPEATS + 1);
            let until = since(self.clock, self.began) + part;
            while let Some(left) =
                Some(until - since(self.clock, self.began)).filter(|left| *left > 0.0)
            {
                self.socket.set_read_timeout(Some(Duration::from_secs_f64(left.max(0.001))))?;
                let len = match self.socket.recv(&mut buffer) {
                    Ok(len) => len,
                    Err(error) if is_late(&error) => break,
                    Err(error) => return Err(error),
                };
                let heard = buffer.get(..len).unwrap_or_default();
                self.spoken.push((self.clock.now().0, false, heard.to_vec()));
                match self.hear(heard, mid, token) {
                    Some(Reply::Silent) => acknowledged = true,
                    Some(reply) => return Ok(reply),
                    None => {}
                }
            }
        }
        Ok(Reply::Silent)
    }

    /// What a datagram is: an answer, a reset, `Silent` for an empty acknowledgement, or none of ours. What cannot
    /// be read is an answer, too: it is judged as one.
    fn hear(&self, heard: &[u8], mid: u16, token: Token) -> Option<Reply> {
        let Ok(message) = Message::parse(heard) else { return Some(Reply::Answer(heard.to_vec())) };
        if message.code == Code::EMPTY {
            return match message.kind {
                _ if message.mid != mid => None,
                Kind::Reset => Some(Reply::Reset),
                _ => Some(Reply::Silent),
            };
        }
        if message.token != token && message.mid != mid {
            return None;
        }
        if message.kind == Kind::Confirmable {
            // If it is lost, the target repeats itself, and nobody listens any more.
            let _ = self.socket.send(&Writer::empty(Kind::Acknowledgement, message.mid));
        }
        Some(Reply::Answer(heard.to_vec()))
    }
}

fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

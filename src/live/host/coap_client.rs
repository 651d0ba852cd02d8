//! Requests over CoAP: confirmable, repeated as RFC 7252 section 4.2 says, long bodies in blocks.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::blocks::CONTINUE;
use super::{CoapEnd, OUTGOING_MAX, seconds};
use crate::wire::binding::coap::block::{Assembly, BLOCK1, BLOCK2, Block, MAX_EXPONENT, is_part};
use crate::wire::binding::coap::{Exchange, Outgoing, read_response_of, write_request};
use crate::wire::coap::{Code, Kind, Message, Token};
use crate::wire::limits::MAX_BLOCK_BODY;
use crate::wire::primitive::{Profile, Request, Response};
use crate::wire::value::Serialisation;

/// ACK_TIMEOUT (RFC 7252 section 4.8).
const ACK_SECONDS: u64 = 2;
/// MAX_RETRANSMIT (RFC 7252 section 4.8).
const MAX_RETRANSMIT: u32 = 4;
/// Blocks of one body, at most.
const BLOCKS_MAX: usize = MAX_BLOCK_BODY / 16;

/// Something heard of a request.
enum News {
    /// It arrived; the answer comes by itself.
    Acknowledged,
    /// It is not wanted.
    Reset,
    /// The answer.
    Answer(Vec<u8>),
}

/// Requests that wait.
#[derive(Default)]
pub(super) struct Calls(Mutex<Table>);

#[derive(Default)]
struct Table {
    waiting: Vec<Waiting>,
    /// Message ID and token of the next request.
    next: u64,
}

struct Waiting {
    peer: SocketAddr,
    exchange: Exchange,
    news: mpsc::Sender<News>,
}

/// A request of ours, on its way.
struct Call {
    peer: SocketAddr,
    token: Token,
    news: mpsc::Receiver<News>,
}

/// The message ID that a count stands for.
const fn mid(count: u64) -> u16 {
    let [.., high, low] = count.to_be_bytes();
    u16::from_be_bytes([high, low])
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request; `None` if too many wait. All its blocks have one token: there are peers that put a
    /// body together by it.
    fn open(&self, peer: SocketAddr) -> Option<Call> {
        let table = &mut *self.lock();
        table.waiting.retain(|waiting| !waiting.news.is_closed());
        if table.waiting.len() >= OUTGOING_MAX {
            return None;
        }
        table.next += 1;
        let token = Token::new(&table.next.to_be_bytes())?;
        let exchange = Exchange { kind: Kind::Confirmable, mid: mid(table.next), token };
        // An acknowledgement and an answer; more can wait outside.
        let (news, receiver) = mpsc::channel(2);
        table.waiting.push(Waiting { peer, exchange, news });
        Some(Call { peer, token, news: receiver })
    }

    /// The place of the next message of a request.
    fn next(&self, token: Token) -> Option<Exchange> {
        let table = &mut *self.lock();
        table.next += 1;
        let waiting = table.waiting.iter_mut().find(|waiting| waiting.exchange.token == token)?;
        waiting.exchange.mid = mid(table.next);
        Some(waiting.exchange)
    }

    /// Tells the one that waits for it; false if nobody does.
    pub(super) fn hear(&self, from: SocketAddr, message: &Message<'_>, bytes: &[u8]) -> bool {
        let table = self.lock();
        let mut of_peer = table.waiting.iter().filter(|waiting| waiting.peer == from);
        let empty = message.code == Code::EMPTY;
        let found = of_peer.find(|Waiting { exchange, .. }| {
            if empty { exchange.mid == message.mid } else { exchange.token == message.token }
        });
        let news = match message.kind {
            Kind::Reset => News::Reset,
            _ if empty => News::Acknowledged,
            _ => News::Answer(bytes.to_vec()),
        };
        found.is_some_and(|waiting| waiting.news.try_send(news).is_ok())
    }
}

impl CoapEnd {
    /// Sends a request and waits for its answer; `None` if there is none in time that is a primitive.
    pub async fn ask(
        &self,
        to: SocketAddr,
        request: &Request,
        serialisation: Serialisation,
        limit: std::time::Duration,
    ) -> Option<Response> {
        let outgoing = write_request(request, serialisation, &Profile::ACME).ok()?;
        timeout(limit, self.transfer(to, &outgoing)).await.ok()?
    }

    async fn transfer(&self, to: SocketAddr, outgoing: &Outgoing) -> Option<Response> {
        let mut call = self.calls.open(to)?;
        let answer = self.upload(&mut call, outgoing).await?;
        let first = Message::parse(&answer).ok()?;
        if !is_part(&first, BLOCK2) {
            return read_response_of(&first, first.payload, &Profile::ACME).ok();
        }
        let mut block = first.option(BLOCK2).and_then(Block::read)?;
        let mut assembly = Assembly::default();
        let mut body = assembly.take(block, first.payload).ok()?;
        for _ in 0..BLOCKS_MAX {
            if let Some(body) = body {
                return read_response_of(&first, &body, &Profile::ACME).ok();
            }
            let next = (block.number + 1, block.exponent);
            let further = |exchange| Some(outgoing.further(exchange, next.0, next.1));
            let answer = self.exchange(&mut call, further).await?;
            let message = Message::parse(&answer).ok()?;
            block = message.option(BLOCK2).and_then(Block::read)?;
            body = assembly.take(block, message.payload).ok()?;
        }
        None
    }

    /// Sends the request with its body, and gives back the first message of the answer.
    async fn upload(&self, call: &mut Call, outgoing: &Outgoing) -> Option<Vec<u8>> {
        let mut exponent = MAX_EXPONENT;
        let size = |exponent| Block { number: 0, more: false, exponent }.size();
        if outgoing.payload().len() <= size(exponent) {
            return self.exchange(call, |exchange| Some(outgoing.message(exchange))).await;
        }
        let mut number = 0;
        for _ in 0..BLOCKS_MAX {
            let answer =
                self.exchange(call, |exchange| outgoing.block(exchange, number, exponent)).await?;
            let message = Message::parse(&answer).ok()?;
            if message.code != CONTINUE {
                return Some(answer);
            }
            // The peer may want smaller blocks from here on (RFC 7959 section 2.3).
            let sent = (number as usize + 1) * size(exponent);
            let told = message.option(BLOCK1).and_then(Block::read);
            exponent = told.map_or(exponent, |block| block.exponent.min(exponent));
            number = u32::try_from(sent / size(exponent)).ok()?;
        }
        None
    }

    /// One message there, and the answer to it.
    async fn exchange(
        &self,
        call: &mut Call,
        write: impl Fn(Exchange) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        // Answers to earlier messages that came twice.
        while call.news.try_recv().is_ok() {}
        let bytes = write(self.calls.next(call.token)?)?;
        for repeated in 0..=MAX_RETRANSMIT {
            self.send(call.peer, &bytes).await;
            match timeout(seconds(ACK_SECONDS << repeated), call.news.recv()).await {
                Ok(Some(News::Answer(answer))) => return Some(answer),
                Ok(Some(News::Acknowledged)) => break,
                Ok(Some(News::Reset) | None) => return None,
                Err(_) => {}
            }
        }
        // Acknowledged: whoever asked has a limit of time.
        match timeout(seconds(super::ANSWER_SECONDS), call.news.recv()).await {
            Ok(Some(News::Answer(answer))) => Some(answer),
            _ => None,
        }
    }
}

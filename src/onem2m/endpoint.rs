//! A CSE's end of CoAP (RFC 7252): which message is a request, which one was here before, where its answer goes.

use std::collections::{BTreeMap, VecDeque};

use super::RejectReason;
use super::limits::MAX_PEERS;
use crate::wire::binding::coap::{
    Exchange, Outgoing, block, option, read_request_of, response_message, write_response,
};
use crate::wire::binding::{Media, Refusal, Unsendable};
use crate::wire::coap::option as coap;
use crate::wire::coap::{Code, Kind, Message, Writer, read_uint};
use crate::wire::limits::MAX_IDENTIFIER;
use crate::wire::primitive::{Profile, Release, Request, Response, Rsc, Serialisation};

/// What duplicate detection needs (RFC 7252 section 4.2): the last request of a peer that had an effect.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    /// Its message ID.
    mid: u16,
    /// How it was answered, or [`NONE`] or [`UNDER_WAY`].
    status: u16,
}

/// There was no such request.
const NONE: u16 = 0;
/// It is not answered yet.
const UNDER_WAY: u16 = 1;

/// One of the latest requests of a peer that had an effect, in whichever association it came.
#[derive(Clone, Copy, Debug)]
struct Recent {
    which: Which,
    status: u16,
}

/// Which message it is, among those of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Which {
    mid: u16,
    /// Peers may count their messages from the start again.
    sum: u32,
}

/// Requests of a peer with several on their way that are remembered: more than it may have on their way, so that
/// a late copy of one that was answered is known too.
const RECENT: usize = 64;

/// One end, for any number of peers that the caller numbers from 0: four bytes each.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    last: Vec<Last>,
    /// The latest requests of peers that have several on their way, the oldest first.
    recent: BTreeMap<u32, VecDeque<Recent>>,
    /// The message ID of the next message that this end numbers itself: the answer to a NON.
    next_mid: u16,
}

/// A request that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    peer: u32,
    exchange: Exchange,
    /// Which message it is, if a duplicate must not be carried out.
    effect: Option<Which>,
    /// That of the answer: what the request accepts, else its own, else JSON.
    serialisation: Serialisation,
}

impl Call {
    /// Whose request it is.
    #[must_use]
    pub const fn peer(&self) -> u32 {
        self.peer
    }
}

/// What a message is.
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// A request for the CSE.
    Request(Call, Box<Request>),
    /// It needs no CSE: this answers it.
    Answered(Vec<u8>),
    /// A duplicate of a request that is still being carried out.
    UnderWay,
}

impl Endpoint {
    /// A new association of a peer: message IDs count within one association (RFC 7252 section 9.1.1), so
    /// what was handled before should not be repeated in it. A peer that does so all the same, since its answer got
    /// lost while it changed keys, is known by the whole message where [`parallel`](Self::parallel) asks for that.
    pub fn associated(&mut self, peer: u32) {
        if let Some(last) = self.last.get_mut(peer as usize) {
            *last = Last::default();
        }
    }

    /// A peer that may have several requests on their way at the same time (NSTART above 1), such as another
    /// CSE: the latest 64 that had an effect are remembered instead of one, with the resources, so that neither
    /// new associations nor restarts make the CSE forget them.
    pub fn parallel(&mut self, peer: u32) {
        self.recent.entry(peer).or_default();
    }

    /// Nothing is remembered but what is kept with the resources.
    pub fn restart(&mut self) {
        self.last.clear();
        let is_answered = |recent: &Recent| recent.status != UNDER_WAY;
        self.recent.values_mut().for_each(|recent| recent.retain(is_answered));
    }

    /// How this request was answered, if it is remembered.
    fn status(&self, peer: u32, which: Which) -> Option<u16> {
        let known = match self.recent.get(&peer) {
            Some(recent) => {
                let found = recent.iter().find(|recent| recent.which == which);
                found.map(|recent| recent.status)
            }
            None => {
                let last = self.last.get(peer as usize).filter(|last| last.mid == which.mid);
                last.map(|last| last.status)
            }
        };
        known.filter(|status| *status != NONE)
    }

    /// Reads a message. A duplicate of the peer's last request with an effect gets the same status again
    /// and is not carried out (RFC 7252 section 4.2); a duplicate RETRIEVE simply is another one.
    ///
    /// # Errors
    /// Names why the bytes have neither effect nor answer.
    pub fn receive(&mut self, peer: u32, bytes: &[u8]) -> Result<Received, RejectReason> {
        let message = Message::parse(bytes)?;
        match self.known(peer, &message)? {
            Some(received) => Ok(received),
            None if block::is_part(&message, block::BLOCK1) => {
                let exchange = self.exchange(&message);
                Ok(Received::Answered(refuse(&message, Refusal::Block, exchange)))
            }
            None => Ok(self.take(peer, &message, message.payload)),
        }
    }

    /// What can be said of a message without reading it as a request: it is a ping, or a duplicate.
    ///
    /// # Errors
    /// It is no request, or has neither effect nor answer.
    pub fn known(
        &mut self,
        peer: u32,
        message: &Message<'_>,
    ) -> Result<Option<Received>, RejectReason> {
        if message.kind == Kind::Confirmable && message.code == Code::EMPTY {
            // A CoAP ping (section 4.3).
            return Ok(Some(Received::Answered(Writer::empty(Kind::Reset, message.mid))));
        }
        if !message.code.is_request() {
            return Err(RejectReason::NotARequest);
        }
        let Some(status) = effect(message).and_then(|which| self.status(peer, which)) else {
            return Ok(None);
        };
        match (message.kind, status) {
            (Kind::NonConfirmable, _) => Err(RejectReason::DuplicateNonConfirmable),
            (_, UNDER_WAY) => Ok(Some(Received::UnderWay)),
            (_, status) => {
                let exchange = self.exchange(message);
                let again = plain(message, Rsc(status));
                Ok(Some(Received::Answered(send(&again, exchange, Serialisation::Json))))
            }
        }
    }

    /// Reads a message that was not here before as a request. `body` is its payload, or what several
    /// messages brought in blocks, of which it is the last.
    pub fn take(&mut self, peer: u32, message: &Message<'_>, body: &[u8]) -> Received {
        let exchange = self.exchange(message);
        match read_request_of(message, body, &Profile::STRICT) {
            Ok(request) => {
                let serialisation = serialisation(message);
                let call = Call { peer, exchange, effect: effect(message), serialisation };
                self.remember(call, UNDER_WAY);
                Received::Request(call, Box::new(request))
            }
            Err(refusal) => Received::Answered(refuse(message, refusal, exchange)),
        }
    }

    /// The message that answers a call.
    pub fn answer(&mut self, call: Call, response: &Response) -> Vec<u8> {
        self.remember(call, response.status.0);
        send(response, call.exchange, call.serialisation)
    }

    /// The same for a caller that sends long bodies in blocks: the answer and its place. `None` if CoAP
    /// cannot carry it; [`answer`](Self::answer) says so to the peer.
    pub fn lay_out(&mut self, call: Call, response: &Response) -> Option<(Outgoing, Exchange)> {
        let outgoing = write_response(response, call.serialisation, &Profile::STRICT).ok()?;
        self.remember(call, response.status.0);
        Some((outgoing, call.exchange))
    }

    /// The message that ends a call without an answer: an acknowledgement, if the peer waits for one.
    pub fn silence(&mut self, call: Call) -> Option<Vec<u8>> {
        self.remember(call, Rsc::OK.0);
        let waits = call.exchange.kind == Kind::Acknowledgement;
        waits.then(|| Writer::empty(Kind::Acknowledgement, call.exchange.mid))
    }

    fn remember(&mut self, call: Call, status: u16) {
        let Some(which) = call.effect else { return };
        if let Some(recent) = self.recent.get_mut(&call.peer) {
            if let Some(known) = recent.iter_mut().find(|known| known.which == which) {
                known.status = status;
                return;
            }
            if recent.len() == RECENT {
                recent.pop_front();
            }
            return recent.push_back(Recent { which, status });
        }
        let at = call.peer as usize;
        if at >= MAX_PEERS {
            return;
        }
        if self.last.len() <= at {
            self.last.resize(at + 1, Last::default());
        }
        if let Some(last) = self.last.get_mut(at) {
            *last = Last { mid: which.mid, status };
        }
    }

    /// The answer's place: piggybacked on the acknowledgement of a CON, a NON of its own for a NON.
    pub const fn exchange(&mut self, message: &Message<'_>) -> Exchange {
        if matches!(message.kind, Kind::NonConfirmable) {
            let mid = self.next_mid;
            self.next_mid = mid.wrapping_add(1);
            Exchange { kind: Kind::NonConfirmable, mid, token: message.token }
        } else {
            Exchange { kind: Kind::Acknowledgement, mid: message.mid, token: message.token }
        }
    }
}

/// Which message it is, if it asks for more than to be told something.
fn effect(message: &Message<'_>) -> Option<Which> {
    (message.code != Code::GET).then(|| Which { mid: message.mid, sum: message.checksum() })
}

/// What the answer to a message is written in.
fn serialisation(message: &Message<'_>) -> Serialisation {
    let media = |number| Media::from_number(read_uint(message.option(number)?)?);
    let media = media(coap::ACCEPT).or_else(|| media(coap::CONTENT_FORMAT));
    media.map_or(Serialisation::Json, |media| media.serialisation)
}

/// A response without content to whatever can be read of the request.
fn plain(message: &Message<'_>, status: Rsc) -> Response {
    let text = |number| {
        let text = message.option(number).and_then(|value| str::from_utf8(value).ok());
        text.filter(|text| (1..=MAX_IDENTIFIER).contains(&text.len()))
    };
    Response {
        status,
        request_id: text(option::RQI).map(str::to_owned),
        release: text(option::RVI).and_then(Release::from_text),
        ..Response::default()
    }
}

/// The response in its place. One that CoAP cannot carry becomes an error of the server.
fn send(response: &Response, exchange: Exchange, serialisation: Serialisation) -> Vec<u8> {
    match response_message(response, serialisation, &Profile::STRICT, exchange) {
        Ok(message) => message,
        Err(Unsendable::Target | Unsendable::Parameter(_) | Unsendable::Content(_)) => {
            bare(Code::INTERNAL_ERROR, exchange)
        }
    }
}

/// The answer to a message that is no request primitive.
fn refuse(message: &Message<'_>, refusal: Refusal, exchange: Exchange) -> Vec<u8> {
    match refusal.rsc() {
        Some(status) => send(&plain(message, status), exchange, serialisation(message)),
        None => bare(refusal.coap(), exchange),
    }
}

/// An answer of CoAP alone.
fn bare(code: Code, exchange: Exchange) -> Vec<u8> {
    Writer::new(exchange.kind, code, exchange.mid, exchange.token).finish(&[])
}

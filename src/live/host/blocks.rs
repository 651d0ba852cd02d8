//! A CoAP server's end for many peers, sans-IO: duplicates, and bodies in blocks (RFC 7959).

use std::collections::{BTreeMap, VecDeque};
use std::hash::Hasher as _;
use std::net::SocketAddr;

use siphasher::sip::SipHasher13;

use super::COAP_PEERS_MAX;
use crate::onem2m::RejectReason;
use crate::onem2m::endpoint::{Call, Endpoint, Received};
use crate::wire::binding::coap::block::{
    Assemblies, BLOCK1, BLOCK2, Block, BlockFault, MAX_EXPONENT, is_part,
};
use crate::wire::binding::coap::{Exchange, Outgoing};
use crate::wire::coap::{Code, Message, Writer};
use crate::wire::limits::MAX_BLOCK_TRANSFERS;
use crate::wire::primitive::{Request, Response};

/// 2.31 Continue (RFC 7959 section 2.9.1).
pub(super) const CONTINUE: Code = Code::new(2, 31);
/// Size1 and Size2, hints that need not be repeated (RFC 7959 section 4).
const SIZES: [u16; 2] = [28, 60];

/// The end.
pub(super) struct Blocks {
    endpoint: Endpoint,
    /// The number of each peer. The oldest makes room for a new one.
    peers: BTreeMap<SocketAddr, u32>,
    order: VecDeque<SocketAddr>,
    incoming: Assemblies<u64>,
    /// Long answers whose blocks may yet be asked for, the oldest first.
    outgoing: VecDeque<(u64, Outgoing)>,
}

/// What becomes of a message.
pub(super) enum Taken {
    /// This answers it.
    Answer(Vec<u8>),
    /// Nothing.
    Nothing,
    /// It is a request.
    Request(Asked),
}

/// A request that waits for its answer.
pub(super) struct Asked {
    pub(super) request: Box<Request>,
    call: Call,
    key: u64,
    /// The last block of the body that it came with.
    last: Option<Block>,
    /// Blocks of the answer are to have this size.
    exponent: u8,
}

impl Blocks {
    pub(super) fn new() -> Self {
        Self {
            endpoint: Endpoint::default(),
            peers: BTreeMap::new(),
            order: VecDeque::new(),
            incoming: Assemblies::default(),
            outgoing: VecDeque::new(),
        }
    }

    /// Takes a message that is no answer.
    pub(super) fn take(
        &mut self,
        from: SocketAddr,
        message: &Message<'_>,
    ) -> Result<Taken, RejectReason> {
        let peer = self.peer(from);
        match self.endpoint.known(peer, message)? {
            Some(Received::Answered(answer)) => return Ok(Taken::Answer(answer)),
            Some(_) => return Ok(Taken::Nothing),
            None => {}
        }
        let key = fingerprint(from, message);
        let wanted = message.option(BLOCK2).and_then(Block::read);
        if let Some(wanted) = wanted.filter(|block| block.number > 0) {
            return Ok(Taken::Answer(self.further(message, key, wanted)));
        }
        let last = message.option(BLOCK1).and_then(Block::read);
        let body = match last.filter(|_| is_part(message, BLOCK1)) {
            None => None,
            Some(block) => match self.incoming.take(key, block, message.payload) {
                Ok(Some(body)) => Some(body),
                Ok(None) => return Ok(Taken::Answer(self.bare(message, CONTINUE, Some(block)))),
                Err(fault) => {
                    return Ok(Taken::Answer(self.bare(message, fault.code(), Some(block))));
                }
            },
        };
        let body = body.as_deref().unwrap_or(message.payload);
        let exponent = wanted.map_or(MAX_EXPONENT, |block| block.exponent);
        Ok(match self.endpoint.take(peer, message, body) {
            Received::Request(call, request) => {
                Taken::Request(Asked { request, call, key, last, exponent })
            }
            Received::Answered(answer) => Taken::Answer(answer),
            Received::UnderWay => Taken::Nothing,
        })
    }

    /// The message that answers a request, if one is due.
    pub(super) fn answer(&mut self, asked: &Asked, response: Option<&Response>) -> Option<Vec<u8>> {
        let Some(response) = response else { return self.endpoint.silence(asked.call) };
        let Some((mut outgoing, exchange)) = self.endpoint.lay_out(asked.call, response) else {
            return Some(self.endpoint.answer(asked.call, response));
        };
        if let Some(last) = asked.last {
            outgoing.add(BLOCK1, Block { more: false, ..last }.value());
        }
        let size = Block { number: 0, more: false, exponent: asked.exponent }.size();
        if outgoing.payload().len() <= size {
            return Some(outgoing.message(exchange));
        }
        let first = outgoing.block(exchange, 0, asked.exponent);
        self.outgoing.retain(|(key, _)| *key != asked.key);
        if self.outgoing.len() == MAX_BLOCK_TRANSFERS {
            self.outgoing.pop_front();
        }
        self.outgoing.push_back((asked.key, outgoing));
        first
    }

    /// A further block of a long answer.
    fn further(&mut self, message: &Message<'_>, key: u64, wanted: Block) -> Vec<u8> {
        let exchange = self.endpoint.exchange(message);
        let known = self.outgoing.iter().find(|(known, _)| *known == key);
        let block =
            known.and_then(|(_, body)| body.block(exchange, wanted.number, wanted.exponent));
        block.unwrap_or_else(|| self.bare(message, BlockFault::Incomplete.code(), None))
    }

    fn bare(&mut self, message: &Message<'_>, code: Code, block: Option<Block>) -> Vec<u8> {
        let Exchange { kind, mid, token } = self.endpoint.exchange(message);
        let mut writer = Writer::new(kind, code, mid, token);
        if let Some(block) = block {
            writer.uint(BLOCK1, block.value());
        }
        writer.finish(&[])
    }

    fn peer(&mut self, from: SocketAddr) -> u32 {
        if let Some(number) = self.peers.get(&from) {
            return *number;
        }
        let next = u32::try_from(self.peers.len()).unwrap_or(COAP_PEERS_MAX);
        let oldest = if next < COAP_PEERS_MAX { None } else { self.order.pop_front() };
        let number = oldest.and_then(|oldest| self.peers.remove(&oldest)).unwrap_or(next);
        self.endpoint.associated(number);
        self.peers.insert(from, number);
        self.order.push_back(from);
        number
    }
}

/// What all messages of one transfer have in common: the peer, the code, and the options (RFC 7959
/// section 2.5).
fn fingerprint(from: SocketAddr, message: &Message<'_>) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(from.to_string().as_bytes());
    hasher.write_u8(message.code.byte());
    for (number, value) in message.options() {
        if !matches!(number, BLOCK1 | BLOCK2) && !SIZES.contains(&number) {
            hasher.write_u16(number);
            hasher.write_usize(value.len());
            hasher.write(value);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::binding::coap::write_request;
    use crate::wire::coap::{Kind, Token};
    use crate::wire::primitive::{Content, Profile, ResourceType, Rsc};
    use crate::wire::value::{Serialisation, Value};

    const LONG: usize = 3_000;

    fn exchange(mid: u16) -> Exchange {
        Exchange { kind: Kind::Confirmable, mid, token: Token::new(&mid.to_be_bytes()).unwrap() }
    }

    fn take(blocks: &mut Blocks, bytes: &[u8]) -> Taken {
        let from = "127.0.0.1:9".parse().unwrap();
        blocks.take(from, &Message::parse(bytes).unwrap()).unwrap()
    }

    fn code(taken: Taken) -> String {
        let Taken::Answer(answer) = taken else { panic!("no answer") };
        Message::parse(&answer).unwrap().code.to_string()
    }

    #[test]
    fn a_long_body_comes_and_a_long_answer_goes_in_blocks() {
        let content = Content::instance(&"x".repeat(LONG));
        let request = Request::create("cse-in/a", "Cae", "r1", ResourceType(4), content.clone());
        let outgoing = write_request(&request, Serialisation::Json, &Profile::STRICT).unwrap();
        let mut blocks = Blocks::new();
        assert_eq!(code(take(&mut blocks, &outgoing.block(exchange(1), 0, 6).unwrap())), "2.31");
        // The same again, and one that was left out.
        assert_eq!(code(take(&mut blocks, &outgoing.block(exchange(1), 0, 6).unwrap())), "2.31");
        let early = outgoing.block(exchange(2), 2, 6).unwrap();
        assert_eq!(code(take(&mut blocks, &early)), "4.08");
        for number in 0..2 {
            let block = outgoing.block(exchange(3 + number), number.into(), 6).unwrap();
            assert_eq!(code(take(&mut blocks, &block)), "2.31");
        }
        let last = outgoing.block(exchange(5), 2, 6).unwrap();
        let Taken::Request(asked) = take(&mut blocks, &last) else { panic!("no request") };
        assert_eq!(asked.request.content, Some(content));
        assert!(matches!(take(&mut blocks, &last), Taken::Nothing), "it is under way");

        let response = Response {
            status: Rsc::CREATED,
            content: Some(Content::new("m2m:cin", Value::from("y".repeat(LONG).as_str()))),
            ..Response::default()
        };
        let first = blocks.answer(&asked, Some(&response)).unwrap();
        let first = Message::parse(&first).unwrap();
        assert_eq!(first.option(BLOCK1).and_then(Block::read).unwrap().number, 2);
        let mut whole = first.payload.to_vec();
        for number in 1..3 {
            let next = outgoing.further(exchange(10 + number), number.into(), 6);
            let Taken::Answer(answer) = take(&mut blocks, &next) else { panic!("no block") };
            whole.extend(Message::parse(&answer).unwrap().payload);
        }
        assert!(whole.len() > LONG && whole.ends_with(b"}"), "{}", whole.len());
        let beyond = outgoing.further(exchange(20), 3, 6);
        assert_eq!(code(take(&mut blocks, &beyond)), "4.08");
    }

    #[test]
    fn peers_are_bounded_and_the_oldest_is_forgotten() {
        let mut blocks = Blocks::new();
        let at = |number: u32| SocketAddr::from((number.to_be_bytes(), 1));
        for number in 0..COAP_PEERS_MAX {
            assert_eq!(blocks.peer(at(number)), number);
        }
        assert_eq!(blocks.peer(at(COAP_PEERS_MAX)), 0);
        assert_eq!(blocks.peer(at(1)), 1);
        assert_eq!(blocks.peer(at(0)), 1);
        assert_eq!(blocks.peers.len(), COAP_PEERS_MAX as usize);
    }
}

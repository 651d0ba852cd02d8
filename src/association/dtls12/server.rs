//! The server's side of the handshake.

use zeroize::Zeroizing;

use super::cookie;
use super::flight::{Item, in_transcript};
use super::machine::{Dtls12, Party, Stage};
use super::prf::{EXTENDED_MASTER_SECRET, Prf};
use crate::association::connection_ids::ConnectionIds;
use crate::association::hash::{Transcript, equal};
use crate::association::incoming::Incoming;
use crate::association::turn::{Transmission, Turn};
use crate::association::{
    Accept, ConnectionId, Kind, Operation, Output, Peek, Received, Rejection, SecretLabel, Suite12,
    peek,
};
use crate::wire::dtls::{
    self, ClientHello12, Content12, Fragment, HandshakeType, Records12, ServerHello12,
    VERSION_DTLS12,
};

/// The highest number of a ClientHello: a client may be asked for a cookie again.
const MAX_HELLO: u16 = 3;

/// A server until the client's Finished.
pub(super) struct Server {
    /// Ends with ServerHelloDone.
    transcript: Transcript,
    /// A ClientKeyExchange came: the transcript with it. Anyone can forge one, so it counts only once
    /// a record opens under its keys.
    answer: Option<Transcript>,
    confirmed: bool,
}

impl Server {
    /// A record opened under the keys: how many messages that confirms.
    pub(super) const fn confirm(&mut self) -> u16 {
        !std::mem::replace(&mut self.confirmed, true) as u16
    }
}

pub(super) fn accept(
    turn: &mut Turn<'_, '_>,
    suite: Suite12,
    id: Option<ConnectionId>,
    peer: &[u8],
    datagram: &[u8],
) -> Accept<Dtls12> {
    let hello = match assemble(turn, datagram) {
        Ok(hello) => hello,
        Err(rejection) => return Accept::Rejected(rejection),
    };
    let outcome = match hello {
        Assembled::Whole { body, sequence, record } => {
            answer(turn, suite, id, Some(peer), &body, sequence, record)
        }
        // Without state the fragments cannot be put together.
        Assembled::Partly { .. } if turn.config.cookie => Err(Rejection::FragmentedHello),
        Assembled::Partly { incoming } => {
            let until = turn.env.now + turn.config.timers.max;
            let mut association = Dtls12::new(suite, Stage::Assembling { until }, Party::server());
            association.incoming = incoming;
            association.channel.use_ids(ConnectionIds::negotiated(id, Some(ConnectionId::EMPTY)));
            if let Some(Peek::ClientHello { random }) = peek(datagram) {
                association.client_random = random;
            }
            Ok(Some(association))
        }
    };
    match outcome {
        Ok(Some(association)) => Accept::Association(association),
        Ok(None) => Accept::Retry,
        Err(rejection) => Accept::Rejected(rejection),
    }
}

/// A ClientHello out of one datagram.
enum Assembled {
    Whole { body: Vec<u8>, sequence: u16, record: u64 },
    Partly { incoming: Incoming },
}

fn assemble(turn: &mut Turn<'_, '_>, datagram: &[u8]) -> Result<Assembled, Rejection> {
    let mut incoming: Option<Incoming> = None;
    for record in Records12::new(datagram, 0) {
        turn.env.operations.count(Operation::Record, 1);
        let record = record?;
        if record.epoch != 0 {
            return Err(Rejection::UnknownEpoch);
        }
        if record.content_type != Content12::Handshake {
            return Err(Rejection::Unprotected);
        }
        for fragment in dtls::fragments(record.body)? {
            if fragment.kind != HandshakeType::ClientHello || fragment.sequence > MAX_HELLO {
                return Err(Rejection::UnexpectedMessage);
            }
            let incoming = incoming.get_or_insert_with(|| Incoming::starting_at(fragment.sequence));
            incoming.insert_within(&fragment, false, 1)?;
            if let Some((_, body)) = incoming.look(0) {
                turn.env.operations.count(Operation::Message, 1);
                let (sequence, record) = (fragment.sequence, record.sequence);
                return Ok(Assembled::Whole { body: body.to_vec(), sequence, record });
            }
        }
    }
    incoming.map(|incoming| Assembled::Partly { incoming }).ok_or(Rejection::Malformed)
}

/// Answers a ClientHello: an association with its flight, or a HelloVerifyRequest (`None`).
/// `peer` is `None` where a cookie cannot be asked for any more.
fn answer(
    turn: &mut Turn<'_, '_>,
    suite: Suite12,
    id: Option<ConnectionId>,
    peer: Option<&[u8]>,
    body: &[u8],
    sequence: u16,
    record: u64,
) -> Result<Option<Dtls12>, Rejection> {
    let hello = ClientHello12::parse(body)?;
    check(&hello, suite)?;
    match (turn.config.cookie, peer) {
        (true, Some(peer)) => {
            if !proves_address(turn, peer, &hello, body)? {
                verify_request(turn, peer, body, sequence, record)?;
                return Ok(None);
            }
        }
        (true, None) => return Err(Rejection::FragmentedHello),
        // Nobody asked for a cookie.
        (false, _) if !hello.cookie.is_empty() || sequence != 0 => {
            return Err(Rejection::BadCookie);
        }
        (false, _) => {}
    }
    let mut association = Dtls12::new(suite, Stage::Over, Party::server());
    association.client_random = hello.random;
    association.next_message = sequence;
    association.incoming = Incoming::starting_at(sequence + 1);
    // RFC 6347 section 4.2.1: the ServerHello takes the record number of the ClientHello. The cap
    // leaves room before 2^48.
    association.channel.skip_plaintext(record.min(u32::MAX.into()));
    let id = if hello.connection_id.is_some() { id } else { None };
    association.channel.use_ids(ConnectionIds::negotiated(id, hello.connection_id));
    association.hello_flight(turn, id, &hello, body, sequence);
    association.end_turn(turn);
    Ok(Some(association))
}

/// What both ends must have in common.
fn check(hello: &ClientHello12<'_>, suite: Suite12) -> Result<(), Rejection> {
    if !hello.dtls12 {
        return Err(Rejection::WrongVersion);
    }
    if !hello.offers(suite.number()) {
        return Err(Rejection::WrongSuite);
    }
    // RFC 7627 section 5.3: a server may refuse clients without it, and this one does.
    if hello.extended_master_secret { Ok(()) } else { Err(Rejection::MissingExtension) }
}

/// The ClientHello has a good cookie. A bad one is treated like none (RFC 6347 section 4.2.1).
fn proves_address(
    turn: &mut Turn<'_, '_>,
    peer: &[u8],
    hello: &ClientHello12<'_>,
    body: &[u8],
) -> Result<bool, Rejection> {
    let secrets = turn.config.server.as_ref().ok_or(Rejection::NoServerSecrets)?;
    let env = &mut *turn.env;
    Ok(!hello.cookie.is_empty()
        && cookie::check(secrets, peer, body, hello.cookie, env.now, env.operations).is_ok())
}

/// Sends a HelloVerifyRequest without keeping anything.
fn verify_request(
    turn: &mut Turn<'_, '_>,
    peer: &[u8],
    hello: &[u8],
    sequence: u16,
    record: u64,
) -> Result<(), Rejection> {
    let secrets = turn.config.server.as_ref().ok_or(Rejection::NoServerSecrets)?;
    let env = &mut *turn.env;
    let cookie = cookie::bake(secrets, peer, hello, env.now, env.operations)?;
    let mut body = Vec::new();
    dtls::emit_hello_verify_request(&cookie, &mut body);
    let content = in_transcript(HandshakeType::HelloVerifyRequest, sequence, &body);
    let mut bytes = Vec::new();
    // RFC 6347 section 4.2.1: it takes the record number of the ClientHello.
    dtls::emit_header_12(Content12::Handshake, 0, record, &[], content.len(), &mut bytes);
    bytes.extend_from_slice(&content);
    env.operations.count(Operation::Message, 1);
    env.operations.count(Operation::Record, 1);
    env.out.push(Output::Datagram { kind: Kind::Handshake, bytes });
    Ok(())
}

impl Dtls12 {
    /// Queues ServerHello and ServerHelloDone.
    fn hello_flight(
        &mut self,
        turn: &mut Turn<'_, '_>,
        connection_id: Option<ConnectionId>,
        hello: &ClientHello12<'_>,
        body: &[u8],
        sequence: u16,
    ) {
        turn.env.rng.fill_bytes(&mut self.server_random);
        let answer = ServerHello12 {
            version: VERSION_DTLS12,
            random: self.server_random,
            suite: self.channel.suite().number(),
            extended_master_secret: true,
            renegotiation_info: hello.renegotiation_info,
            connection_id,
        };
        let mut server_hello = Vec::new();
        answer.emit(&mut server_hello);
        let items = vec![
            self.item(0, HandshakeType::ServerHello, server_hello),
            self.item(0, HandshakeType::ServerHelloDone, Vec::new()),
        ];
        let operations = &mut *turn.env.operations;
        // RFC 6347 section 4.2.6: an earlier ClientHello and its answer are no part of it.
        let mut transcript = Transcript::new();
        transcript.add(&in_transcript(HandshakeType::ClientHello, sequence, body), operations);
        for item in &items {
            if let Item::Message { kind, sequence, body, .. } = item {
                transcript.add(&in_transcript(*kind, *sequence, body), operations);
            }
        }
        self.start_flight(turn, items);
        let server = Server { transcript, answer: None, confirmed: false };
        self.stage = Stage::Server(Box::new(server));
    }

    /// A ClientHello, or a part of one, after the first.
    pub(super) fn another_hello(&mut self, turn: &mut Turn<'_, '_>, fragment: &Fragment<'_>) {
        if matches!(self.stage, Stage::Assembling { .. }) {
            return self.late_hello(turn, fragment);
        }
        let random = fragment.bytes.get(2..34).filter(|_| fragment.offset == 0);
        if random.is_some_and(|random| random != self.client_random) {
            return turn.reject(Rejection::OtherHello);
        }
        if fragment.sequence >= self.incoming.next() {
            return turn.reject(Rejection::UnexpectedMessage);
        }
        turn.note(Received::Duplicate);
        // Only the latest ClientHello is answered by the flight, an earlier one by
        // HelloVerifyRequest.
        let latest = match &self.stage {
            Stage::Server(server) => {
                let passed = u16::from(server.confirmed);
                fragment.sequence + 1 + passed == self.incoming.next()
            }
            _ => false,
        };
        if random.is_some() && latest {
            turn.transmission = Transmission::Again;
        }
    }

    /// A fragment of a ClientHello that began in an earlier datagram.
    fn late_hello(&mut self, turn: &mut Turn<'_, '_>, fragment: &Fragment<'_>) {
        let random = fragment.bytes.get(2..34).filter(|_| fragment.offset == 0);
        if let Some(random) = random.and_then(|random| random.try_into().ok()) {
            self.client_random = random;
        }
        match self.incoming.insert_within(fragment, false, 1) {
            Err(rejection) => return turn.reject(rejection),
            Ok(_) => turn.note(Received::Fragment),
        }
        let Some((_, body)) = self.incoming.look(0) else { return };
        turn.env.operations.count(Operation::Message, 1);
        let body = body.to_vec();
        // It was chosen with the first fragment.
        let id = turn.config.connection_id.map(|_| self.ids().ours);
        match answer(turn, self.channel.suite(), id, None, &body, self.incoming.next(), 0) {
            Ok(Some(association)) => {
                *self = association;
                turn.note(Received::ClientHello);
            }
            Ok(None) => {}
            Err(rejection) => {
                // A retransmission may bring the bytes that were meant.
                self.incoming.discard(0);
                turn.reject(rejection);
            }
        }
    }

    /// A fragment of ClientKeyExchange.
    pub(super) fn key_exchange(&mut self, turn: &mut Turn<'_, '_>, fragment: &Fragment<'_>) {
        if fragment.sequence < self.incoming.next() || self.incoming.has(fragment) {
            return turn.note(Received::Duplicate);
        }
        let Stage::Server(server) = &self.stage else {
            return turn.reject(Rejection::UnexpectedMessage);
        };
        if server.confirmed {
            return turn.reject(Rejection::UnexpectedMessage);
        }
        match self.incoming.insert_within(fragment, false, 1) {
            Err(rejection) => return turn.reject(rejection),
            Ok(_) => turn.note(Received::Fragment),
        }
        let Some((_, body)) = self.incoming.look(0) else { return };
        let body = body.to_vec();
        turn.env.operations.count(Operation::Message, 1);
        if let Err(rejection) = self.exchanged(turn, &body) {
            // A retransmission may bring the bytes that were meant.
            self.incoming.discard(0);
            turn.condemn(rejection);
        }
    }

    /// Derives the keys from a ClientKeyExchange that may or may not be the true one.
    fn exchanged(&mut self, turn: &mut Turn<'_, '_>, body: &[u8]) -> Result<(), Rejection> {
        let Stage::Server(server) = &mut self.stage else { return Ok(()) };
        let identity = dtls::parse_client_key_exchange(body)?;
        let operations = &mut *turn.env.operations;
        let mut transcript = server.transcript.clone();
        let kind = HandshakeType::ClientKeyExchange;
        transcript.add(&in_transcript(kind, self.incoming.next(), body), operations);
        let hash = transcript.hash(operations);
        let label = EXTENDED_MASTER_SECRET;
        let master = turn.env.keys.master_secret_12(identity, label, &hash, operations);
        let master = Zeroizing::new(master.ok_or(Rejection::UnknownIdentity)?);
        let prf = Prf::new(&*master, operations);
        let randoms = [&self.client_random, &self.server_random];
        self.channel.install(true, &prf, randoms, operations);
        self.master = *master;
        turn.env.disclose(SecretLabel::Master12, &self.client_random, &*master);
        server.answer = Some(transcript);
        if let Party::Server { identity: known, .. } = &mut self.party {
            *known = identity.into();
        }
        Ok(())
    }

    /// Checks the client's Finished and prepares the server's.
    pub(super) fn client_finished(
        &mut self,
        turn: &mut Turn<'_, '_>,
        verify_data: &[u8],
    ) -> Result<(), Rejection> {
        let Stage::Server(server) = &mut self.stage else {
            return Err(Rejection::UnexpectedMessage);
        };
        let transcript = server.answer.as_mut().ok_or(Rejection::UnexpectedMessage)?;
        let operations = &mut *turn.env.operations;
        let prf = Prf::new(&self.master, operations);
        let hash = transcript.hash(operations);
        if !equal(verify_data, &prf.verify_data(false, &hash, operations)) {
            return Err(Rejection::BadFinished);
        }
        // It is passed by now, so it has the number before the next.
        let sequence = self.incoming.next().saturating_sub(1);
        let kind = HandshakeType::Finished;
        transcript.add(&in_transcript(kind, sequence, verify_data), operations);
        let hash = transcript.hash(operations);
        if let Party::Server { finished, .. } = &mut self.party {
            *finished = prf.verify_data(true, &hash, operations);
        }
        turn.send_new(Kind::Handshake);
        Ok(())
    }
}

//! The client's side of the handshake.

use zeroize::Zeroizing;

use super::flight::{Flight, Item, in_transcript};
use super::machine::{Dtls12, Party, Stage};
use super::prf::{EXTENDED_MASTER_SECRET, Prf};
use crate::association::client::MAX_EXTERNAL_IDENTITY;
use crate::association::connection_ids::ConnectionIds;
use crate::association::hash::{Transcript, equal};
use crate::association::incoming::Inserted;
use crate::association::timer::Timer;
use crate::association::turn::{Transmission, Turn};
use crate::association::{
    ConnectError, ConnectionId, Kind, Offer, Operation, Received, Rejection, SecretLabel, Suite12,
};
use crate::wire::dtls::{
    self, ClientHello12, Fragment, HandshakeType, ServerHello12, VERSION_DTLS12,
    emit_client_key_exchange,
};

/// The messages of the server's flight: ServerHello, perhaps ServerKeyExchange, ServerHelloDone.
const MAX_FLIGHT: u16 = 3;
/// HelloVerifyRequests that a client answers in one handshake.
const MAX_RETRIES: u16 = 3;

/// A client until it has the server's Finished.
pub(super) struct Client {
    identity: Vec<u8>,
    /// The number of the latest ClientHello.
    sequence: u16,
    /// The latest ClientHello, as the transcript has it.
    hello: Vec<u8>,
    /// What this end wants to receive, if it offers connection IDs at all.
    connection_id: Option<ConnectionId>,
    answer: Option<Answer>,
}

/// What follows from a server's flight. Anyone can forge one, so it counts only once a record opens
/// under its keys.
struct Answer {
    /// How many messages the flight had; 0 once it is confirmed, and they are passed.
    messages: u16,
    /// Ends with the client's Finished.
    transcript: Transcript,
}

impl Client {
    /// A record opened under the keys of the answer: how many messages that confirms.
    pub(super) fn confirm(&mut self) -> u16 {
        self.answer.as_mut().map_or(0, |answer| std::mem::take(&mut answer.messages))
    }
}

pub(super) fn connect(
    turn: &mut Turn<'_, '_>,
    suite: Suite12,
    offer: Offer<'_>,
) -> Result<Dtls12, ConnectError> {
    let Offer::Psk(identity) = offer else { return Err(ConnectError::NoTickets) };
    if identity.is_empty() || identity.len() > MAX_EXTERNAL_IDENTITY {
        return Err(ConnectError::BadIdentity);
    }
    if !turn.env.keys.knows(identity) {
        return Err(ConnectError::UnknownIdentity);
    }
    let mut association = Dtls12::new(suite, Stage::Over, Party::Client);
    turn.env.rng.fill_bytes(&mut association.client_random);
    let client = Client {
        identity: identity.to_vec(),
        sequence: 0,
        hello: Vec::new(),
        connection_id: turn.config.draw_connection_id(turn.env),
        answer: None,
    };
    association.start_hello(turn, Box::new(client), &[]);
    association.end_turn(turn);
    Ok(association)
}

impl Dtls12 {
    /// Starts a flight; a backed-off timeout is kept for it (RFC 6347 section 4.2.4.1).
    pub(super) fn start_flight(&mut self, turn: &mut Turn<'_, '_>, items: Vec<Item>) {
        let carried = self.flight.as_ref().and_then(|flight| flight.timer.carried());
        let timers = &turn.config.timers;
        let timer = if self.is_server() && !timers.server {
            Timer::never()
        } else {
            Timer::new(timers, carried)
        };
        self.flight = Some(Box::new(Flight { items, timer }));
        turn.send_new(Kind::Handshake);
    }

    /// Sends a ClientHello as a new flight.
    fn start_hello(&mut self, turn: &mut Turn<'_, '_>, mut client: Box<Client>, cookie: &[u8]) {
        let suite = self.channel.suite().number().to_be_bytes();
        let hello = ClientHello12 {
            dtls12: true,
            random: self.client_random,
            cookie,
            suites: &suite,
            extended_master_secret: true,
            renegotiation_info: false,
            connection_id: client.connection_id,
        };
        let mut body = Vec::new();
        hello.emit(&mut body);
        self.channel.clear();
        client.answer = None;
        client.sequence = self.next_message;
        client.hello = in_transcript(HandshakeType::ClientHello, client.sequence, &body);
        let item = self.item(0, HandshakeType::ClientHello, body);
        self.stage = Stage::Client(client);
        self.start_flight(turn, vec![item]);
    }

    /// A plaintext fragment of the server.
    pub(super) fn server_flight(&mut self, turn: &mut Turn<'_, '_>, fragment: &Fragment<'_>) {
        let Stage::Client(client) = &self.stage else {
            let old = fragment.sequence < self.incoming.next();
            return if old {
                turn.note(Received::Duplicate);
            } else {
                turn.reject(Rejection::UnexpectedMessage);
            };
        };
        let answer = client.answer.as_ref();
        if fragment.sequence < self.incoming.next() || self.incoming.has(fragment) {
            turn.note(Received::Duplicate);
            // RFC 6347 section 4.2.4: the server repeats its flight, so it seems to lack ours.
            if answer.is_some()
                && fragment.kind == HandshakeType::ServerHelloDone
                && turn.config.timers.resend_on_duplicate
            {
                turn.transmission = Transmission::Again;
            }
            return;
        }
        if let Some(answer) = answer {
            let ahead = fragment.sequence - self.incoming.next();
            let repeated = self.flight.as_ref().is_some_and(|f| f.timer.carried().is_some());
            if ahead >= answer.messages {
                return turn.reject(Rejection::UnexpectedMessage);
            }
            if !repeated {
                return turn.reject(Rejection::ContradictoryFragment);
            }
        }
        match self.incoming.insert_within(fragment, false, MAX_FLIGHT) {
            Err(rejection) => return turn.reject(rejection),
            Ok(Inserted::Old | Inserted::Kept) => {}
        }
        match self.progress(turn) {
            Ok(Received::Fragment) => turn.note_in_passing(Received::Fragment),
            Ok(received) => turn.note(received),
            Err((ahead, rejection)) => {
                // A retransmission may bring the bytes that were meant.
                self.incoming.discard(ahead);
                turn.reject(rejection);
            }
        }
    }

    /// Goes as far as the messages of the server allow. An error tells which of them is wrong.
    fn progress(&mut self, turn: &mut Turn<'_, '_>) -> Result<Received, (u16, Rejection)> {
        let at = |ahead: u16| move |error: dtls::ParseError| (ahead, error.into());
        let Some((kind, body)) = self.incoming.look(0) else { return Ok(Received::Fragment) };
        match kind {
            HandshakeType::HelloVerifyRequest => {
                let cookie = dtls::parse_hello_verify_request(body).map_err(at(0))?.to_vec();
                return self.retry(turn, &cookie).map_err(|rejection| (0, rejection));
            }
            HandshakeType::ServerHello => {}
            _ => return Err((0, Rejection::UnexpectedMessage)),
        }
        let hello = ServerHello12::parse(body).map_err(at(0))?;
        let ids = self.check(&hello).map_err(|rejection| (0, rejection))?;
        let server_random = hello.random;
        let mut last = 1;
        if let Some((HandshakeType::ServerKeyExchange, body)) = self.incoming.look(1) {
            // The hint is of no use here: the identity is chosen by whoever connects.
            dtls::parse_server_key_exchange(body).map_err(at(1))?;
            last = 2;
        }
        match self.incoming.look(last) {
            None => Ok(Received::Fragment),
            Some((HandshakeType::ServerHelloDone, [])) => self
                .answered(turn, server_random, ids, last + 1)
                .map(|()| Received::ServerFlight)
                .map_err(|rejection| (0, rejection)),
            Some((HandshakeType::ServerHelloDone, _)) => Err((last, Rejection::Malformed)),
            Some(_) => Err((last, Rejection::UnexpectedMessage)),
        }
    }

    /// HelloVerifyRequest: the same again, with the cookie.
    fn retry(&mut self, turn: &mut Turn<'_, '_>, cookie: &[u8]) -> Result<Received, Rejection> {
        let Stage::Client(client) = &self.stage else { return Err(Rejection::UnexpectedMessage) };
        if client.sequence >= MAX_RETRIES {
            return Err(Rejection::BadRetry);
        }
        let sequence = client.sequence;
        let Stage::Client(client) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return Err(Rejection::UnexpectedMessage);
        };
        turn.env.operations.count(Operation::Message, 1);
        self.incoming.pass(1);
        self.incoming.discard(0); // what was ahead of it answered nothing
        self.next_message = sequence + 1;
        self.start_hello(turn, client, cookie);
        Ok(Received::HelloRetryRequest)
    }

    /// Derives the keys from a server's flight of so many messages, which may or may not be the true
    /// one, and answers it.
    fn answered(
        &mut self,
        turn: &mut Turn<'_, '_>,
        server_random: [u8; 32],
        ids: ConnectionIds,
        messages: u16,
    ) -> Result<(), Rejection> {
        let Stage::Client(client) = &mut self.stage else { return Ok(()) };
        let operations = &mut *turn.env.operations;
        operations.count(Operation::Message, messages.into());
        let mut transcript = Transcript::new();
        transcript.add(&client.hello, operations);
        for ahead in 0..messages {
            let sequence = self.incoming.next() + ahead;
            if let Some((kind, body)) = self.incoming.look(ahead) {
                transcript.add(&in_transcript(kind, sequence, body), operations);
            }
        }
        let mut exchange = Vec::new();
        emit_client_key_exchange(&client.identity, &mut exchange);
        let sequence = client.sequence + 1;
        let kind = HandshakeType::ClientKeyExchange;
        transcript.add(&in_transcript(kind, sequence, &exchange), operations);
        let hash = transcript.hash(operations);
        let (identity, label) = (&client.identity, EXTENDED_MASTER_SECRET);
        let master = turn.env.keys.master_secret_12(identity, label, &hash, operations);
        let master = Zeroizing::new(master.ok_or(Rejection::UnknownIdentity)?);
        let prf = Prf::new(&*master, operations);
        let finished = prf.verify_data(false, &hash, operations);
        let kind = HandshakeType::Finished;
        transcript.add(&in_transcript(kind, sequence + 1, &finished), operations);
        client.answer = Some(Answer { messages, transcript });
        self.channel.use_ids(ids);
        self.channel.install(false, &prf, [&self.client_random, &server_random], operations);
        self.master = *master;
        turn.env.disclose(SecretLabel::Master12, &self.client_random, &*master);
        self.server_random = server_random;
        self.next_message = sequence;
        let items = vec![
            self.item(0, HandshakeType::ClientKeyExchange, exchange),
            Item::ChangeCipherSpec,
            self.item(1, HandshakeType::Finished, finished.to_vec()),
        ];
        self.start_flight(turn, items);
        Ok(())
    }

    /// Checks the server's Finished.
    pub(super) fn server_finished(
        &self,
        turn: &mut Turn<'_, '_>,
        verify_data: &[u8],
    ) -> Result<(), Rejection> {
        let Stage::Client(client) = &self.stage else { return Err(Rejection::UnexpectedMessage) };
        let answer = client.answer.as_ref().ok_or(Rejection::UnexpectedMessage)?;
        let operations = &mut *turn.env.operations;
        let hash = answer.transcript.hash(operations);
        let expected = Prf::new(&self.master, operations).verify_data(true, &hash, operations);
        if equal(verify_data, &expected) { Ok(()) } else { Err(Rejection::BadFinished) }
    }

    /// Checks a ServerHello against what was offered; returns the connection IDs that follow.
    fn check(&self, hello: &ServerHello12) -> Result<ConnectionIds, Rejection> {
        if hello.version != VERSION_DTLS12 {
            return Err(Rejection::WrongVersion);
        }
        if hello.suite != self.channel.suite().number() {
            return Err(Rejection::WrongSuite);
        }
        let offered = match &self.stage {
            Stage::Client(client) => client.connection_id,
            _ => None,
        };
        // It was not offered (RFC 5246 section 7.4.1.4). Neither was renegotiation_info, but some
        // servers send it in any case, and it is empty.
        if hello.connection_id.is_some() && offered.is_none() {
            return Err(Rejection::UnexpectedExtension);
        }
        // RFC 7627 section 5.2: without it, a client that wants it aborts.
        if !hello.extended_master_secret {
            return Err(Rejection::MissingExtension);
        }
        Ok(ConnectionIds::negotiated(offered, hello.connection_id))
    }
}

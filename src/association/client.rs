//! The client's side of the handshake.

use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

use super::connection_ids::ConnectionIds;
use super::flight::Flight;
use super::hash::{Transcript, equal, hmac};
use super::incoming::Message;
use super::machine::{Dtls13, Party, Stage};
use super::protection::{APPLICATION, HANDSHAKE, Sealer};
use super::schedule::{self, Expander, PskKind};
use super::ticket;
use super::timer::Timer;
use super::turn::Turn;
use super::{
    Config, ConnectError, ConnectionId, Env, KeyExchange, Kind, Offer, Operation, Output, Received,
    Rejection, Secret, SecretLabel,
};
use crate::sim::time::{Duration, Time};
use crate::wire::dtls::{
    BINDER_LEN, ClientHello, HandshakeType, PskIdentity, PskModes, RecordNumber, ServerHello,
    TLS_AES_128_GCM_SHA256, VERSION_DTLS13, message, parse_encrypted_extensions, parse_finished,
};

/// The longest external identity.
pub(super) const MAX_EXTERNAL_IDENTITY: usize = 128;
/// The longest ticket: what the parser at the server takes.
const MAX_TICKET: usize = crate::wire::dtls::limits::MAX_IDENTITY;
/// Records of the server's flight that are remembered for a partial ACK.
const MAX_RECEIVED: usize = 32;

/// A client until it has sent its Finished.
pub(super) struct Client {
    random: [u8; 32],
    identity: Vec<u8>,
    kind: PskKind,
    early: Expander,
    /// A ticket's `age_add` and arrival.
    age: Option<(u32, Time)>,
    share: Option<StaticSecret>,
    /// Ends with the latest ClientHello.
    transcript: Transcript,
    retried: bool,
    /// What this end wants to receive, if it offers connection IDs at all.
    connection_id: Option<ConnectionId>,
    answer: Option<Answer>,
    received: Vec<RecordNumber>,
    acks_due: Option<Time>,
}

/// A ServerHello and what follows from it. Anyone can forge one, so it counts only once a record
/// opens under its keys; until then a different one replaces it.
struct Answer {
    bytes: Vec<u8>,
    confirmed: bool,
    transcript: Transcript,
    handshake: Expander,
    client_key: Zeroizing<Secret>,
    server_key: Zeroizing<Secret>,
}

impl Client {
    /// Its private key and traffic secrets.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        if let Some(share) = &self.share {
            out.extend(share.as_bytes());
        }
        if let Some(answer) = &self.answer {
            out.extend(answer.client_key.iter());
            out.extend(answer.server_key.iter());
        }
    }
}

pub(super) fn connect(turn: &mut Turn<'_, '_>, offer: Offer<'_>) -> Result<Dtls13, ConnectError> {
    let env = &mut *turn.env;
    let (identity, limit) = match offer {
        Offer::Psk(identity) => (identity, MAX_EXTERNAL_IDENTITY),
        Offer::Ticket(ticket) => (&ticket.identity[..], MAX_TICKET),
    };
    if identity.is_empty() || identity.len() > limit {
        return Err(ConnectError::BadIdentity);
    }
    let (early, kind, age) = match offer {
        Offer::Psk(identity) => {
            let early = env.keys.early_secret(identity, env.operations);
            (early.ok_or(ConnectError::UnknownIdentity)?, PskKind::External, None)
        }
        Offer::Ticket(ticket) => {
            let early = schedule::early_secret(&ticket.psk, env.operations);
            (early, PskKind::Resumption, Some((ticket.age_add, ticket.received)))
        }
    };
    let early = Zeroizing::new(early);
    let mut random = [0; 32];
    env.rng.fill_bytes(&mut random);
    let client = Client {
        random,
        identity: identity.to_vec(),
        kind,
        early: Expander::new(&early, env.operations),
        age,
        share: share(turn.config, env),
        transcript: Transcript::new(),
        retried: false,
        connection_id: turn.config.draw_connection_id(env),
        answer: None,
        received: Vec::new(),
        acks_due: None,
    };
    let party = Party::Client { resumption: [0; 32] };
    let mut association = Dtls13::new(Stage::Over, party);
    association.hello.copy_from_slice(&random[..8]);
    association.start_hello(turn, Box::new(client), None, None);
    association.end_turn(turn);
    Ok(association)
}

/// The secret of an X25519 exchange, if there is to be one.
pub(super) fn share(config: &Config, env: &mut Env<'_>) -> Option<StaticSecret> {
    if config.key_exchange == KeyExchange::Psk {
        return None;
    }
    let mut bytes = [0; 32];
    env.rng.fill_bytes(&mut bytes);
    let secret = StaticSecret::from(bytes);
    bytes.zeroize();
    Some(secret)
}

impl Client {
    /// The ClientHello in TLS form, with its binder (RFC 8446 section 4.2.11.2).
    fn hello(&self, cookie: Option<&[u8]>, env: &mut Env<'_>) -> Vec<u8> {
        let age = self
            .age
            .map_or(0, |(age_add, received)| ticket::obfuscate(env.now.since(received), age_add));
        let key_share = self.share.as_ref().map(|share| {
            env.operations.count(Operation::X25519, 1);
            PublicKey::from(share).to_bytes()
        });
        let psk = PskIdentity { identity: &self.identity, obfuscated_age: age, binder: None };
        let hello = ClientHello {
            random: self.random,
            aes_128_gcm_sha256: true,
            dtls13: true,
            modes: Some(PskModes { ke: key_share.is_none(), dhe: key_share.is_some() }),
            x25519: key_share.is_some(),
            key_share,
            cookie,
            connection_id: self.connection_id,
            psks: vec![psk],
            binders_len: 2 + 1 + BINDER_LEN,
        };
        let mut bytes = message(HandshakeType::ClientHello, |out| hello.emit(out));
        let covered = bytes.len() - hello.binders_len;
        let hash = self.transcript.hash_with(&bytes[..covered], env.operations);
        let binder = schedule::binder(&self.early, self.kind, &hash, env.operations);
        let at = bytes.len() - BINDER_LEN;
        bytes[at..].copy_from_slice(&binder);
        bytes
    }

    /// A record opened under the keys of the answer; true the first time.
    pub(super) fn confirm(&mut self) -> bool {
        self.answer.as_mut().is_some_and(|answer| !std::mem::replace(&mut answer.confirmed, true))
    }

    /// A part of the server's flight came. If the rest does not follow soon, the server is told what
    /// is missing (RFC 9147 section 7.1: after a quarter of the timeout).
    pub(super) fn received(&mut self, turn: &Turn<'_, '_>, number: RecordNumber) {
        let confirmed = self.answer.as_ref().is_some_and(|answer| answer.confirmed);
        if self.received.len() == MAX_RECEIVED {
            self.received.remove(0);
        }
        self.received.push(number);
        if confirmed && self.acks_due.is_none() {
            let timeout = turn.config.timers.initial;
            self.acks_due = timeout.map(|timeout| turn.env.now + Duration(timeout.0 / 4));
        }
    }

    pub(super) const fn acks_due(&self) -> Option<Time> {
        self.acks_due
    }

    /// What is to be acknowledged now because the rest of the flight is late.
    pub(super) fn take_due_acks(&mut self, now: Time) -> Vec<RecordNumber> {
        if self.acks_due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.acks_due = None;
        self.received.clone()
    }

    /// Checks a ServerHello against what was offered.
    fn check(&self, hello: &ServerHello<'_>) -> Result<(), Rejection> {
        match hello.version {
            None => return Err(Rejection::MissingExtension),
            Some(VERSION_DTLS13) => {}
            Some(_) => return Err(Rejection::WrongVersion),
        }
        if hello.suite != TLS_AES_128_GCM_SHA256 {
            return Err(Rejection::WrongSuite);
        }
        if hello.is_retry() {
            // RFC 8446 section 4.1.4: only one, and it must change the ClientHello.
            let useful = !self.retried && hello.cookie.is_some();
            return if useful { Ok(()) } else { Err(Rejection::BadRetry) };
        }
        match hello.psk {
            None => return Err(Rejection::MissingExtension),
            Some(0) => {}
            Some(_) => return Err(Rejection::WrongPsk),
        }
        // It was not offered (RFC 8446 section 4.2).
        if hello.connection_id.is_some() && self.connection_id.is_none() {
            return Err(Rejection::UnexpectedExtension);
        }
        if hello.key_share.is_some() != self.share.is_some() {
            return Err(Rejection::WrongMode);
        }
        Ok(())
    }

    /// The input to the key schedule besides the PSK (RFC 8446 section 7.1).
    fn shared_secret(
        &self,
        hello: &ServerHello<'_>,
        env: &mut Env<'_>,
    ) -> Result<Zeroizing<Secret>, Rejection> {
        match (&self.share, hello.key_share) {
            (Some(share), Some(theirs)) => agree(share, theirs, env),
            _ => Ok(Zeroizing::new([0; 32])),
        }
    }
}

/// X25519; an all-zero result is refused (RFC 8446 section 7.4.2).
pub(super) fn agree(
    ours: &StaticSecret,
    theirs: [u8; 32],
    env: &mut Env<'_>,
) -> Result<Zeroizing<Secret>, Rejection> {
    env.operations.count(Operation::X25519, 1);
    let shared = ours.diffie_hellman(&PublicKey::from(theirs));
    if shared.was_contributory() {
        Ok(Zeroizing::new(shared.to_bytes()))
    } else {
        Err(Rejection::WeakKeyShare)
    }
}

impl Dtls13 {
    /// Sends a ClientHello as a new flight.
    fn start_hello(
        &mut self,
        turn: &mut Turn<'_, '_>,
        mut client: Box<Client>,
        cookie: Option<&[u8]>,
        carried: Option<Timer>,
    ) {
        let bytes = client.hello(cookie, turn.env);
        client.transcript.add(&bytes, turn.env.operations);
        self.stage = Stage::Client(client);
        self.flight = Some(Box::new(Flight::new(Timer::new(&turn.config.timers, carried))));
        self.push(turn, 0, HandshakeType::ClientHello, bytes);
        turn.send_new(Kind::Handshake);
    }

    pub(super) fn server_hello(&mut self, turn: &mut Turn<'_, '_>, message: Message) {
        let Stage::Client(client) = &self.stage else {
            return turn.reject(Rejection::UnexpectedMessage);
        };
        if client.answer.as_ref().is_some_and(|answer| answer.bytes == message.bytes) {
            return turn.note(Received::Duplicate);
        }
        let hello = match ServerHello::parse(message.body()) {
            Ok(hello) => hello,
            Err(error) => return turn.reject(error),
        };
        let outcome = client.check(&hello).and_then(|()| {
            if hello.is_retry() {
                self.retry(turn, hello.cookie.unwrap_or_default(), &message);
                Ok(())
            } else {
                self.answered(turn, &hello, &message)
            }
        });
        if let Err(rejection) = outcome {
            turn.reject(rejection);
        }
    }

    /// HelloRetryRequest: the same again, with the cookie (RFC 8446 section 4.1.2).
    fn retry(&mut self, turn: &mut Turn<'_, '_>, cookie: &[u8], message: &Message) {
        let carried = self.flight.as_ref().and_then(|flight| flight.timer.carried());
        let Stage::Client(mut client) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        let operations = &mut *turn.env.operations;
        let first_hello = client.transcript.hash(operations);
        client.transcript = Transcript::after_retry(&first_hello, &message.bytes, operations);
        client.retried = true;
        client.received.clear();
        self.incoming.advance();
        self.start_hello(turn, client, Some(cookie), carried);
        turn.note(Received::HelloRetryRequest);
    }

    /// Derives the handshake keys from a ServerHello that may or may not be the true one.
    fn answered(
        &mut self,
        turn: &mut Turn<'_, '_>,
        hello: &ServerHello<'_>,
        message: &Message,
    ) -> Result<(), Rejection> {
        let Stage::Client(client) = &mut self.stage else { return Ok(()) };
        let shared = client.shared_secret(hello, turn.env)?;
        let operations = &mut *turn.env.operations;
        let mut transcript = client.transcript.clone();
        transcript.add(&message.bytes, operations);
        let hash = transcript.hash(operations);
        let handshake = client.early.descend(&shared, operations);
        let ours = handshake.derive("c hs traffic", &hash, operations);
        let theirs = handshake.derive("s hs traffic", &hash, operations);
        let our_traffic = Expander::new(&ours, operations);
        let their_traffic = Expander::new(&theirs, operations);
        let ids = ConnectionIds::negotiated(client.connection_id, hello.connection_id);
        self.sending.use_ids(ids);
        self.receiving.clear();
        self.receiving.install(&theirs, &their_traffic, HANDSHAKE, operations);
        self.sending.install(Sealer::new(*ours, &our_traffic, HANDSHAKE, operations));
        client.answer = Some(Answer {
            bytes: message.bytes.clone(),
            confirmed: false,
            transcript,
            handshake,
            client_key: our_traffic.finished_key(operations),
            server_key: their_traffic.finished_key(operations),
        });
        turn.env.disclose(SecretLabel::ClientHandshake, &client.random, &*ours);
        turn.env.disclose(SecretLabel::ServerHandshake, &client.random, &*theirs);
        turn.note(Received::Fragment);
        Ok(())
    }

    pub(super) fn encrypted_extensions(&mut self, turn: &mut Turn<'_, '_>, message: &Message) {
        // The messages before it: as many as this end sent, each answered by one.
        let in_place = self.incoming.next() == self.next_message;
        let (Stage::Client(client), true) = (&mut self.stage, in_place) else {
            return self.offence(turn, true, Rejection::UnexpectedMessage);
        };
        if let Err(error) = parse_encrypted_extensions(message.body()) {
            return self.offence(turn, true, error.into());
        }
        if let Some(answer) = &mut client.answer {
            answer.transcript.add(&message.bytes, turn.env.operations);
        }
        self.incoming.advance();
        turn.note(Received::Fragment);
    }

    pub(super) fn server_finished(&mut self, turn: &mut Turn<'_, '_>, message: &Message) {
        let in_place = self.incoming.next() == self.next_message + 1;
        let Stage::Client(client) = &mut self.stage else {
            return self.offence(turn, true, Rejection::UnexpectedMessage);
        };
        let resumed = client.kind == PskKind::Resumption;
        let Some(mut answer) = client.answer.take().filter(|_| in_place) else {
            return self.offence(turn, true, Rejection::UnexpectedMessage);
        };
        let operations = &mut *turn.env.operations;
        let verify_data = match parse_finished(message.body()) {
            Ok(verify_data) => verify_data,
            Err(error) => return self.offence(turn, true, error.into()),
        };
        let hash = answer.transcript.hash(operations);
        if !equal(&verify_data, &hmac(&answer.server_key, &[&hash], operations)) {
            return self.offence(turn, true, Rejection::BadFinished);
        }
        self.incoming.advance();
        self.finish(turn, &mut answer, message, resumed);
        turn.note(Received::ServerFlight);
    }

    /// Answers the server's Finished with the client's and derives the application keys.
    fn finish(
        &mut self,
        turn: &mut Turn<'_, '_>,
        answer: &mut Answer,
        server_finished: &Message,
        resumed: bool,
    ) {
        let carried = self.flight.as_ref().and_then(|flight| flight.timer.carried());
        let operations = &mut *turn.env.operations;
        answer.transcript.add(&server_finished.bytes, operations);
        let hash = answer.transcript.hash(operations);
        let verify_data = hmac(&answer.client_key, &[&hash], operations);
        let finished = message(HandshakeType::Finished, |out| out.extend_from_slice(&verify_data));
        answer.transcript.add(&finished, operations);
        let whole = answer.transcript.hash(operations);

        let master = answer.handshake.descend(&[0; 32], operations);
        let ours = master.derive("c ap traffic", &hash, operations);
        let theirs = master.derive("s ap traffic", &hash, operations);
        self.exporter = *master.derive("exp master", &hash, operations);
        let resumption = *master.derive("res master", &whole, operations);
        self.party = Party::Client { resumption };
        let our_traffic = Expander::new(&ours, operations);
        let their_traffic = Expander::new(&theirs, operations);
        self.receiving.install(&theirs, &their_traffic, APPLICATION, operations);
        let sealer = Sealer::new(*ours, &our_traffic, APPLICATION, operations);
        self.sending.install_keeping(sealer);
        turn.env.disclose(SecretLabel::ClientTraffic(0), &self.hello, &*ours);
        turn.env.disclose(SecretLabel::ServerTraffic(0), &self.hello, &*theirs);

        self.stage = Stage::Finishing { resumed };
        self.flight = Some(Box::new(Flight::new(Timer::new(&turn.config.timers, carried))));
        self.push(turn, HANDSHAKE.get(), HandshakeType::Finished, finished);
        turn.send_new(Kind::Handshake);
    }

    /// The server has the client's Finished.
    pub(super) fn establish_client(&mut self, turn: &mut Turn<'_, '_>, resumed: bool) {
        self.stage = Stage::Established;
        self.flight = None;
        self.sending.forget_previous();
        self.keys_since = turn.env.now;
        turn.emit(Output::Established { resumed });
    }
}

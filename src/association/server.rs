//! The server's side of the handshake.

use crate::planted::{self, Defect};
use x25519_dalek::PublicKey;
use zeroize::Zeroizing;

use super::client::{agree, share};
use super::connection_ids::ConnectionIds;
use super::flight::Flight;
use super::hash::{Transcript, equal, hmac, sha256};
use super::incoming::{Incoming, Message};
use super::machine::{Dtls13, Party, Stage};
use super::protection::{APPLICATION, HANDSHAKE, Sealer};
use super::schedule::{self, Expander, PskKind};
use super::ticket::{self, Contents};
use super::timer::Timer;
use super::turn::{Transmission, Turn};
use super::{
    Accept, ConnectionId, Env, KeyExchange, Kind, Operation, Output, Peek, Received, Rejection,
    Secret, SecretLabel, ServerSecrets, cookie, peek,
};
use crate::wire::dtls::{
    self, ClientHello, ContentType, Fragment, HandshakeType, MESSAGE_HEADER_LEN, NewSessionTicket,
    RETRY_RANDOM, Record, RecordNumber, Records, ServerHello, fragments, message, parse_finished,
};

/// Records of the client's Finished that are remembered for its acknowledgement.
const MAX_RECEIVED: usize = 8;

/// A server until the client's Finished.
pub(super) struct Server {
    resumed: bool,
    /// Ends with the server's Finished.
    transcript: Transcript,
    /// The handshake secret: the application keys are derived only if a Finished comes.
    handshake: Expander,
    client_key: Zeroizing<Secret>,
    received: Vec<RecordNumber>,
}

impl Server {
    /// Its traffic secret.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        out.extend(self.client_key.iter());
    }

    /// A part of the client's Finished came.
    pub(super) fn received(&mut self, number: RecordNumber) {
        if number.epoch > 0 && self.received.len() < MAX_RECEIVED {
            self.received.push(number);
        }
    }
}

/// A PSK that the client offered and the server knows.
struct Chosen {
    index: u16,
    kind: PskKind,
    early: Expander,
    /// The external identity behind it.
    identity: Box<[u8]>,
}

/// Answers the first datagram of a peer; `id` is the connection ID that the association is to have.
pub(super) fn accept(
    turn: &mut Turn<'_, '_>,
    id: Option<ConnectionId>,
    peer: &[u8],
    datagram: &[u8],
) -> Accept<Dtls13> {
    let hello = match assemble(turn, datagram) {
        Ok(hello) => hello,
        Err(rejection) => return Accept::Rejected(rejection),
    };
    let outcome = match hello {
        Assembled::Whole { bytes, sequence, record } => {
            answer(turn, id, Some(peer), &bytes, sequence, record)
        }
        // RFC 9147 section 5.1: without state the fragments cannot be put together.
        Assembled::Partly { .. } if turn.config.cookie => Err(Rejection::FragmentedHello),
        Assembled::Partly { incoming } => {
            let until = turn.env.now + turn.config.timers.max;
            let party = Party::Server { identity: Box::default() };
            let mut association = Dtls13::new(Stage::Assembling { until }, party);
            association.incoming = incoming;
            association.sending.use_ids(ConnectionIds::negotiated(id, Some(ConnectionId::EMPTY)));
            if let Some(Peek::ClientHello { random }) = peek(datagram) {
                association.hello.copy_from_slice(&random[..8]);
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
    Whole { bytes: Vec<u8>, sequence: u16, record: u64 },
    Partly { incoming: Incoming },
}

fn assemble(turn: &mut Turn<'_, '_>, datagram: &[u8]) -> Result<Assembled, Rejection> {
    let mut incoming: Option<Incoming> = None;
    for record in Records::new(datagram) {
        turn.env.operations.count(Operation::Record, 1);
        let record = match record? {
            Record::Protected(_) => return Err(Rejection::UnknownEpoch),
            Record::Plaintext(record) if record.content_type != ContentType::Handshake => {
                return Err(Rejection::Unprotected);
            }
            Record::Plaintext(record) => record,
        };
        for fragment in fragments(record.content)? {
            // The first ClientHello is message 0, the one with a cookie message 1.
            if fragment.kind != HandshakeType::ClientHello || fragment.sequence > 1 {
                return Err(Rejection::UnexpectedMessage);
            }
            let incoming = incoming.get_or_insert_with(|| Incoming::starting_at(fragment.sequence));
            incoming.insert(&fragment, false)?;
            if let Some(message) = incoming.take() {
                turn.env.operations.count(Operation::Message, 1);
                let sequence = fragment.sequence;
                let record = record.sequence;
                return Ok(Assembled::Whole { bytes: message.bytes, sequence, record });
            }
        }
    }
    incoming.map(|incoming| Assembled::Partly { incoming }).ok_or(Rejection::Malformed)
}

/// Answers a ClientHello: an association with its flight, or a HelloRetryRequest (`None`).
/// `peer` is `None` where a cookie cannot be asked for any more.
fn answer(
    turn: &mut Turn<'_, '_>,
    id: Option<ConnectionId>,
    peer: Option<&[u8]>,
    bytes: &[u8],
    sequence: u16,
    record: u64,
) -> Result<Option<Dtls13>, Rejection> {
    let hello = ClientHello::parse(&bytes[MESSAGE_HEADER_LEN..])?;
    check(turn, &hello)?;
    let before = match (turn.config.cookie, peer) {
        (true, Some(peer)) => match cookies(turn, peer, &hello, bytes, sequence, record)? {
            Some(transcript) => transcript,
            None => return Ok(None),
        },
        (true, None) => return Err(Rejection::FragmentedHello),
        // Nobody asked for a cookie.
        (false, _) if hello.cookie.is_some() || sequence != 0 => return Err(Rejection::BadCookie),
        (false, _) => Transcript::new(),
    };
    let chosen = choose(turn.env, turn.config.server.as_ref(), &hello)?;
    prove(turn.env, &hello, &chosen, &before, bytes)?;
    let mut association =
        Dtls13::new(Stage::Over, Party::Server { identity: chosen.identity.clone() });
    association.hello.copy_from_slice(&hello.random[..8]);
    association.next_message = sequence;
    association.incoming = Incoming::starting_at(sequence + 1);
    if sequence > 0 {
        // HelloRetryRequest took the record number of the first ClientHello, which is lower than that
        // of the second. The cap leaves room before 2^48.
        association.sending.skip_plaintext(record.min(u32::MAX.into()));
    }
    let id = if hello.connection_id.is_some() { id } else { None };
    association.sending.use_ids(ConnectionIds::negotiated(id, hello.connection_id));
    association.server_flight(turn, id, &hello, &chosen, before, bytes)?;
    association.end_turn(turn);
    Ok(Some(association))
}

/// What both ends must have in common.
fn check(turn: &Turn<'_, '_>, hello: &ClientHello<'_>) -> Result<(), Rejection> {
    if !hello.dtls13 {
        return Err(Rejection::WrongVersion);
    }
    if !hello.aes_128_gcm_sha256 {
        return Err(Rejection::WrongSuite);
    }
    // RFC 8446 section 4.2.9: a client that offers a PSK must state the modes.
    let modes = hello.modes.ok_or(Rejection::MissingExtension)?;
    if hello.psks.is_empty() {
        return Err(Rejection::MissingExtension);
    }
    match turn.config.key_exchange {
        KeyExchange::Psk if !modes.ke => Err(Rejection::WrongMode),
        KeyExchange::PskDhe if !modes.dhe => Err(Rejection::WrongMode),
        KeyExchange::PskDhe if !hello.x25519 || hello.key_share.is_none() => {
            Err(Rejection::MissingExtension)
        }
        _ => Ok(()),
    }
}

/// With a valid cookie, the transcript up to the second ClientHello. Without one, the client is told
/// to come again with it.
fn cookies(
    turn: &mut Turn<'_, '_>,
    peer: &[u8],
    hello: &ClientHello<'_>,
    bytes: &[u8],
    sequence: u16,
    record: u64,
) -> Result<Option<Transcript>, Rejection> {
    let secrets = turn.config.server.as_ref().ok_or(Rejection::NoServerSecrets)?;
    let env = &mut *turn.env;
    if (hello.cookie.is_some(), sequence) == (true, 1) {
        let cookie = hello.cookie.unwrap_or_default();
        let first_hello = cookie::open(secrets, peer, cookie, env.now, env.operations)?;
        let retry = retry_request(cookie);
        return Ok(Some(Transcript::after_retry(&first_hello, &retry, env.operations)));
    }
    if hello.cookie.is_some() || sequence != 0 {
        return Err(Rejection::BadCookie);
    }
    let first_hello = sha256(bytes, env.operations);
    let cookie = cookie::bake(secrets, peer, &first_hello, env.now, env.operations);
    let retry = retry_request(&cookie);
    let fragment = Fragment {
        kind: HandshakeType::ServerHello,
        length: retry.len() - MESSAGE_HEADER_LEN,
        sequence: 0,
        offset: 0,
        bytes: &retry[MESSAGE_HEADER_LEN..],
    };
    let mut content = Vec::new();
    fragment.emit(&mut content);
    let mut datagram = Vec::new();
    // A server without state cannot number its records; it takes the number of the ClientHello.
    dtls::emit_plaintext_header(ContentType::Handshake, record, content.len(), &mut datagram);
    datagram.extend_from_slice(&content);
    env.operations.count(Operation::Message, 1);
    env.operations.count(Operation::Record, 1);
    if planted::is(Defect::Amplified) {
        datagram.resize(datagram.len() + 1_000, 0);
    }
    env.out.push(Output::Datagram { kind: Kind::Handshake, bytes: datagram });
    Ok(None)
}

/// The HelloRetryRequest in TLS form: nothing but the cookie varies, so it can be made again for the
/// transcript.
fn retry_request(cookie: &[u8]) -> Vec<u8> {
    let retry = ServerHello { cookie: Some(cookie), ..ServerHello::new(RETRY_RANDOM) };
    message(HandshakeType::ServerHello, |out| retry.emit(out))
}

/// The first offered PSK that this server knows; otherwise why the last was none.
fn choose(
    env: &mut Env<'_>,
    secrets: Option<&ServerSecrets>,
    hello: &ClientHello<'_>,
) -> Result<Chosen, Rejection> {
    let mut reason = Rejection::UnknownIdentity;
    for (index, psk) in (0..).zip(&hello.psks) {
        if let Some(early) = env.keys.early_secret(psk.identity, env.operations) {
            let early = Expander::new(&Zeroizing::new(early), env.operations);
            let identity = psk.identity.into();
            return Ok(Chosen { index, kind: PskKind::External, early, identity });
        }
        let Some(secrets) = secrets else { continue };
        if psk.identity.len() < ticket::MIN_LEN {
            continue;
        }
        let contents = Contents::open(secrets, psk.identity, env.operations).and_then(|contents| {
            contents.check_age(psk.obfuscated_age, env.now).map(|()| contents)
        });
        match contents {
            Ok(contents) => {
                let early = Zeroizing::new(schedule::early_secret(&*contents.psk, env.operations));
                let early = Expander::new(&early, env.operations);
                let identity = contents.identity.into();
                return Ok(Chosen { index, kind: PskKind::Resumption, early, identity });
            }
            Err(rejection) => reason = rejection,
        }
    }
    Err(reason)
}

/// The client knows the chosen PSK (RFC 8446 section 4.2.11.2).
fn prove(
    env: &mut Env<'_>,
    hello: &ClientHello<'_>,
    chosen: &Chosen,
    before: &Transcript,
    bytes: &[u8],
) -> Result<(), Rejection> {
    let binder = hello.psks[usize::from(chosen.index)].binder.ok_or(Rejection::BadBinder)?;
    let covered = &bytes[..bytes.len() - hello.binders_len];
    let hash = before.hash_with(covered, env.operations);
    let expected = schedule::binder(&chosen.early, chosen.kind, &hash, env.operations);
    if equal(&binder, &expected) { Ok(()) } else { Err(Rejection::BadBinder) }
}

impl Dtls13 {
    /// Queues ServerHello, EncryptedExtensions and Finished.
    fn server_flight(
        &mut self,
        turn: &mut Turn<'_, '_>,
        connection_id: Option<ConnectionId>,
        hello: &ClientHello<'_>,
        chosen: &Chosen,
        mut transcript: Transcript,
        bytes: &[u8],
    ) -> Result<(), Rejection> {
        let mut random = [0; 32];
        turn.env.rng.fill_bytes(&mut random);
        let share = share(turn.config, turn.env);
        let shared = match (&share, hello.key_share) {
            (Some(share), Some(theirs)) => agree(share, theirs, turn.env)?,
            _ => Zeroizing::new([0; 32]),
        };
        let operations = &mut *turn.env.operations;
        let key_share = share.map(|share| {
            operations.count(Operation::X25519, 1);
            PublicKey::from(&share).to_bytes()
        });
        let psk = Some(chosen.index);
        let answer = ServerHello { key_share, psk, connection_id, ..ServerHello::new(random) };
        let server_hello = message(HandshakeType::ServerHello, |out| answer.emit(out));
        transcript.add(bytes, operations);
        transcript.add(&server_hello, operations);
        let hash = transcript.hash(operations);
        let handshake = chosen.early.descend(&shared, operations);
        let ours = handshake.derive("s hs traffic", &hash, operations);
        let theirs = handshake.derive("c hs traffic", &hash, operations);
        let our_traffic = Expander::new(&ours, operations);
        let their_traffic = Expander::new(&theirs, operations);
        self.sending.install(Sealer::new(*ours, &our_traffic, HANDSHAKE, operations));
        self.receiving.install(&theirs, &their_traffic, HANDSHAKE, operations);

        let extensions = message(HandshakeType::EncryptedExtensions, |out| out.extend([0, 0]));
        transcript.add(&extensions, operations);
        let hash = transcript.hash(operations);
        let verify_data = hmac(&our_traffic.finished_key(operations), &[&hash], operations);
        let finished = message(HandshakeType::Finished, |out| out.extend_from_slice(&verify_data));
        transcript.add(&finished, operations);
        let client_key = their_traffic.finished_key(operations);
        turn.env.disclose(SecretLabel::ClientHandshake, &hello.random, &*theirs);
        turn.env.disclose(SecretLabel::ServerHandshake, &hello.random, &*ours);

        let timers = &turn.config.timers;
        let timer = if timers.server { Timer::new(timers, None) } else { Timer::never() };
        self.flight = Some(Box::new(Flight::new(timer)));
        self.push(turn, 0, HandshakeType::ServerHello, server_hello);
        self.push(turn, HANDSHAKE.get(), HandshakeType::EncryptedExtensions, extensions);
        self.push(turn, HANDSHAKE.get(), HandshakeType::Finished, finished);
        turn.send_new(Kind::Handshake);
        let resumed = chosen.kind == PskKind::Resumption;
        let received = Vec::new();
        let server = Server { resumed, transcript, handshake, client_key, received };
        self.stage = Stage::Server(Box::new(server));
        Ok(())
    }

    /// The last fragment of a ClientHello that began in an earlier datagram.
    pub(super) fn late_hello(&mut self, turn: &mut Turn<'_, '_>, message: &Message) {
        if !matches!(self.stage, Stage::Assembling { .. }) {
            return turn.reject(Rejection::OtherHello);
        }
        // It was chosen with the first fragment.
        let id = turn.config.connection_id.map(|_| self.sending.ids().ours);
        match answer(turn, id, None, &message.bytes, 0, 0) {
            Ok(Some(association)) => {
                *self = association;
                turn.note(Received::ClientHello);
            }
            Ok(None) => {}
            // A retransmission may bring the bytes that were meant.
            Err(rejection) => turn.reject(rejection),
        }
    }

    /// A ClientHello after the first: a copy makes the server repeat the flight that answers it.
    pub(super) fn repeated_hello(&self, turn: &mut Turn<'_, '_>, fragment: &Fragment<'_>) {
        let random = fragment.bytes.get(2..34).filter(|_| fragment.offset == 0);
        if random.is_some_and(|random| !random.starts_with(&self.hello)) {
            return turn.reject(Rejection::OtherHello);
        }
        turn.note(Received::Duplicate);
        // Only the latest ClientHello is answered by the flight, an earlier one by HelloRetryRequest.
        let latest = fragment.sequence + 1 == self.incoming.next();
        if matches!(self.stage, Stage::Server(_)) && random.is_some() && latest {
            turn.transmission = Transmission::Again;
        }
    }

    pub(super) fn client_finished(&mut self, turn: &mut Turn<'_, '_>, message: &Message) {
        let Stage::Server(server) = &mut self.stage else {
            return self.offence(turn, true, Rejection::UnexpectedMessage);
        };
        let operations = &mut *turn.env.operations;
        let verify_data = match parse_finished(message.body()) {
            Ok(verify_data) => verify_data,
            Err(error) => return self.offence(turn, true, error.into()),
        };
        let hash = server.transcript.hash(operations);
        if !equal(&verify_data, &hmac(&server.client_key, &[&hash], operations)) {
            return self.offence(turn, true, Rejection::BadFinished);
        }
        server.transcript.add(&message.bytes, operations);
        let whole = server.transcript.hash(operations);
        let master = server.handshake.descend(&[0; 32], operations);
        let ours = master.derive("s ap traffic", &hash, operations);
        let theirs = master.derive("c ap traffic", &hash, operations);
        self.exporter = *master.derive("exp master", &hash, operations);
        let our_traffic = Expander::new(&ours, operations);
        let their_traffic = Expander::new(&theirs, operations);
        self.sending.install(Sealer::new(*ours, &our_traffic, APPLICATION, operations));
        // The handshake keys stay behind them: a repeated Finished is to be acknowledged again.
        self.receiving.install(&theirs, &their_traffic, APPLICATION, operations);
        turn.env.disclose(SecretLabel::ClientTraffic(0), &self.hello, &*theirs);
        turn.env.disclose(SecretLabel::ServerTraffic(0), &self.hello, &*ours);

        let resumed = server.resumed;
        turn.acks.append(&mut server.received);
        self.stage = Stage::Established;
        self.flight = None;
        self.incoming.advance();
        self.keys_since = turn.env.now;
        turn.emit(Output::Established { resumed });
        turn.note(Received::Finished);
        if turn.config.tickets > 0 && !resumed {
            self.hand_out_tickets(turn, &master, &whole);
        }
    }

    /// Queues the tickets (RFC 8446 section 4.6.1); without secrets there are none.
    fn hand_out_tickets(&mut self, turn: &mut Turn<'_, '_>, master: &Expander, whole: &Secret) {
        let (Some(secrets), Party::Server { identity }) = (&turn.config.server, &self.party) else {
            return;
        };
        let identity = identity.to_vec();
        let lifetime = turn.config.ticket_lifetime.at_most(ticket::MAX_LIFETIME);
        let resumption = {
            let operations = &mut *turn.env.operations;
            let resumption = master.derive("res master", whole, operations);
            Expander::new(&resumption, operations)
        };
        for nonce in 0..turn.config.tickets {
            let Env { rng, operations, now, .. } = &mut *turn.env;
            let mut ticket_nonce = [0; 12];
            rng.fill_bytes(&mut ticket_nonce);
            let contents = Contents {
                psk: Zeroizing::new(resumption.expand("resumption", &[nonce], operations)),
                issued: *now,
                lifetime,
                age_add: rng.next_u32(),
                identity: identity.clone(),
            };
            let ticket = contents.seal(secrets, ticket_nonce, operations);
            let new_ticket = NewSessionTicket {
                lifetime: u32::try_from(lifetime.as_nanos() / 1_000_000_000).unwrap_or(u32::MAX),
                age_add: contents.age_add,
                nonce: &[nonce],
                ticket: &ticket,
            };
            let bytes = message(HandshakeType::NewSessionTicket, |out| new_ticket.emit(out));
            self.push(turn, APPLICATION.get(), HandshakeType::NewSessionTicket, bytes);
        }
        turn.send_new(Kind::Ticket);
    }
}

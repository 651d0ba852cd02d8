//! What somebody who recorded the datagrams of a path opens later with a key that came into his hands: with the
//! pre-shared key of a handshake without Diffie-Hellman (psk_ke) everything that was protected under it, because the
//! whole key schedule follows from that key and what was sent; with psk_dhe_ke nothing; with a traffic secret the
//! records of one direction from that epoch on, because a KeyUpdate leads forwards and not back.
//!
//! DTLS 1.3 alone. Handshake messages in several fragments and associations resumed by ticket are passed over.

use super::Secret;
use super::hash::{Transcript, sha256};
use super::schedule::{Expander, early_secret};
use super::stolen::StolenKeys;
use super::{ConnectionId, Operations};
use crate::wire::dtls::{
    ClientHello, ContentType, Fragment, HandshakeType, Plaintext, Protected, Record, Records,
    ServerHello, fragments, message,
};

/// Associations of one path that are kept in view at the same time.
const SESSIONS_MAX: usize = 8;

/// What a key opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A traffic secret of the first application epoch of one direction.
    Secret(Secret),
    /// Application data.
    Data(Vec<u8>),
}

/// Opens a recording of one path with the pre-shared key of its handshakes.
pub struct Recording {
    early: Secret,
    sessions: Vec<Session>,
}

/// Opens a recording with one traffic secret.
pub struct Line {
    keys: StolenKeys,
    /// About the number of the next record.
    expected: u64,
}

/// A handshake that was seen, and what follows it.
struct Session {
    /// The latest ClientHello in TLS form.
    hello: Vec<u8>,
    /// The transcript so far, without that ClientHello.
    transcript: Transcript,
    /// The secret of the handshake, once there is one.
    handshake: Option<Expander>,
    /// The number of the server's next message.
    next: u16,
    /// Of handshake messages of the server.
    server: Option<Line>,
    /// Of application data, of the client and of the server.
    application: Option<[Line; 2]>,
    /// Bytes of the connection IDs in what the client sends, and the server.
    ids: [usize; 2],
}

impl Line {
    /// The line that begins with this traffic secret.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self { keys: StolenKeys::of(secret), expected: 0 }
    }

    /// Opens all records of a datagram without connection IDs that it can.
    pub fn take(&mut self, datagram: &[u8], found: &mut dyn FnMut(Found)) {
        for record in protected(datagram, 0) {
            self.take_record(&record, found);
        }
    }

    fn take_record(&mut self, record: &Protected<'_>, found: &mut dyn FnMut(Found)) {
        if let Some((ContentType::ApplicationData, content)) = self.open(record) {
            found(Found::Data(content));
        }
    }

    /// Opens a record under the present keys or, after a KeyUpdate, under those that follow.
    fn open(&mut self, record: &Protected<'_>) -> Option<(ContentType, Vec<u8>)> {
        let opened = self.keys.open_record(record, self.expected).or_else(|| {
            let next = self.keys.after_update();
            let opened = next.open_record(record, 0)?;
            self.keys = next;
            Some(opened)
        })?;
        self.expected = opened.sequence + 1;
        Some((opened.content_type, opened.content))
    }
}

impl Recording {
    /// Of a path, with this key.
    #[must_use]
    pub fn new(psk: &[u8]) -> Self {
        let early = early_secret(psk, &mut Operations::default());
        Self { early, sessions: Vec::new() }
    }

    /// The next datagram of the path, from the client's side or the server's.
    pub fn take(&mut self, from_client: bool, datagram: &[u8], found: &mut dyn FnMut(Found)) {
        for record in Records::new(datagram).map_while(Result::ok) {
            match record {
                Record::Plaintext(record) => self.hello(from_client, &record),
                Record::Protected(_) => break,
            }
        }
        for session in &mut self.sessions {
            for record in protected(datagram, session.ids[usize::from(!from_client)]) {
                session.take(from_client, &record, found);
            }
        }
    }

    fn hello(&mut self, from_client: bool, record: &Plaintext<'_>) {
        if record.content_type != ContentType::Handshake {
            return;
        }
        for fragment in fragments(record.content).unwrap_or_default() {
            let Some(bytes) = whole(&fragment) else { continue };
            match (from_client, fragment.kind) {
                (true, HandshakeType::ClientHello) => self.client_hello(bytes),
                (false, HandshakeType::ServerHello) => {
                    let latest = self.sessions.last_mut().filter(|one| one.handshake.is_none());
                    if let Some(session) = latest {
                        session.server_hello(&self.early, fragment, &bytes);
                    }
                }
                _ => {}
            }
        }
    }

    /// The first of a new handshake, the second of one that was asked for a cookie, or one that is sent again.
    fn client_hello(&mut self, bytes: Vec<u8>) {
        match self.sessions.last_mut() {
            Some(session) if session.hello == bytes => {}
            Some(session) if session.hello.is_empty() => session.hello = bytes,
            _ => {
                if self.sessions.len() == SESSIONS_MAX {
                    self.sessions.remove(0);
                }
                self.sessions.push(Session {
                    hello: bytes,
                    transcript: Transcript::new(),
                    handshake: None,
                    next: 0,
                    server: None,
                    application: None,
                    ids: [0; 2],
                });
            }
        }
    }
}

impl Session {
    fn server_hello(&mut self, early: &Secret, fragment: Fragment<'_>, bytes: &[u8]) {
        let operations = &mut Operations::default();
        let Ok(server) = ServerHello::parse(fragment.bytes) else { return };
        if server.is_retry() {
            let first = sha256(&std::mem::take(&mut self.hello), operations);
            self.transcript = Transcript::after_retry(&first, bytes, operations);
            return;
        }
        let Some(body) = self.hello.get(crate::wire::dtls::MESSAGE_HEADER_LEN..) else { return };
        let Ok(client) = ClientHello::parse(body) else { return };
        // With Diffie-Hellman what is missing was never sent.
        if server.key_share.is_some() || server.psk.is_none() {
            return;
        }
        let len = |id: Option<ConnectionId>| id.map_or(0, |id| id.len());
        if client.connection_id.is_some() && server.connection_id.is_some() {
            self.ids = [len(server.connection_id), len(client.connection_id)];
        }
        self.transcript.add(&self.hello, operations);
        self.transcript.add(bytes, operations);
        let hash = self.transcript.hash(operations);
        let handshake = Expander::new(early, operations).descend(&[0; 32], operations);
        self.server = Some(Line::new(&handshake.derive("s hs traffic", &hash, operations)));
        self.handshake = Some(handshake);
        self.next = fragment.sequence + 1;
    }

    fn take(&mut self, from_client: bool, record: &Protected<'_>, found: &mut dyn FnMut(Found)) {
        if let Some(lines) = &mut self.application {
            return lines[usize::from(!from_client)].take_record(record, found);
        }
        let server = self.server.as_mut().filter(|_| !from_client);
        if let Some((ContentType::Handshake, content)) = server.and_then(|line| line.open(record)) {
            for fragment in fragments(&content).unwrap_or_default() {
                self.message(&fragment, found);
            }
        }
    }

    /// A message of the server under protection; behind its Finished the keys of application data follow.
    fn message(&mut self, fragment: &Fragment<'_>, found: &mut dyn FnMut(Found)) {
        let operations = &mut Operations::default();
        let Some(bytes) = whole(fragment).filter(|_| fragment.sequence == self.next) else {
            return;
        };
        self.next += 1;
        self.transcript.add(&bytes, operations);
        let (HandshakeType::Finished, Some(handshake)) = (fragment.kind, &self.handshake) else {
            return;
        };
        let hash = self.transcript.hash(operations);
        let master = handshake.descend(&[0; 32], operations);
        let lines = ["c ap traffic", "s ap traffic"].map(|label| {
            let secret = master.derive(label, &hash, operations);
            found(Found::Secret(*secret));
            Line::new(&secret)
        });
        self.application = Some(lines);
    }
}

/// A message in TLS form, if the fragment is all of it.
fn whole(fragment: &Fragment<'_>) -> Option<Vec<u8>> {
    let is_whole = fragment.offset == 0 && fragment.bytes.len() == fragment.length;
    is_whole.then(|| message(fragment.kind, |out| out.extend_from_slice(fragment.bytes)))
}

/// The protected records of a datagram whose connection IDs have `id_len` bytes.
fn protected(datagram: &[u8], id_len: usize) -> impl Iterator<Item = Protected<'_>> {
    let mut records = Records::new(datagram);
    records.expect_connection_ids(id_len);
    records.map_while(Result::ok).filter_map(|record| match record {
        Record::Protected(record) => Some(record),
        Record::Plaintext(_) => None,
    })
}

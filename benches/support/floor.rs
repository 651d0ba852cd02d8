//! The floor: the bare cryptography that RFC 8446 and RFC 9147 ask of both ends, from the same crates
//! that the association uses, without parsing, state, allocation or randomness.
//!
//! Full handshake with an external PSK, TLS_AES_128_GCM_SHA256, no cookie, no ticket, each side:
//!
//! | what | calls |
//! |---|---|
//! | HKDF-Extract: early, handshake, master (RFC 8446 section 7.1) | 3 |
//! | Derive-Secret: ext binder, derived (2), c/s hs traffic, c/s ap traffic, exp master | 8 |
//! | Expand-Label finished: binder, client, server (section 4.4) | 3 |
//! | Expand-Label key, iv, sn for four traffic secrets (section 7.3, RFC 9147 section 4.2.3) | 12 |
//! | HMAC: binder and both Finished, made or checked | 3 |
//! | transcript hash: ClientHello up to the binders, to ServerHello, EncryptedExtensions, server Finished | 4 |
//! | X25519 (`psk_dhe_ke` only): key pair and agreement | 2 |
//!
//! The resumption master secret is left out, since no ticket is made. Records, both sides together:
//! EncryptedExtensions with the server's Finished in one, the client's Finished, the server's ACK in
//! epoch 3: each is sealed and opened once, with one AES key schedule for the AEAD, one for the record
//! number, and one block for its mask at either end.
//!
//! Keyed HMAC states are reused wherever one key serves several calls, and the state of the zero salt
//! is made once for all handshakes.

use std::hint::black_box;

use aes::Aes128;
use aes::cipher::BlockCipherEncrypt as _;
use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Tag};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};

/// An HMAC-SHA-256 with its key.
type Keyed = Hmac<Sha256>;
type Secret = [u8; 32];

/// SHA-256 of nothing.
const EMPTY_HASH: Secret = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Handshake bytes as the transcript counts them: four bytes of header and the body.
const HELLO_UP_TO_BINDERS: usize = 74;
const BINDERS: usize = 35;
const SERVER_HELLO: usize = 56;
/// A key share makes ClientHello this much longer, supported_groups included, and ServerHello 40.
const CLIENT_SHARE: usize = 50;
const SERVER_SHARE: usize = 40;
const ENCRYPTED_EXTENSIONS: usize = 6;
const FINISHED: usize = 36;
/// Plaintexts of the three protected records, type byte included.
const SERVER_FLIGHT: usize = 14 + 44 + 1;
const CLIENT_FLIGHT: usize = 44 + 1;
const ACK: usize = 18 + 1;
const KEY_UPDATE: usize = 13 + 1;

fn keyed(key: &[u8]) -> Keyed {
    <Keyed as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes any key")
}

fn mac(key: &Keyed, data: &[u8]) -> Secret {
    let mut mac = key.clone();
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// HKDF-Expand-Label of at most one hash (RFC 8446 section 7.1).
fn expand<const N: usize>(secret: &Keyed, label: &str, context: &[u8]) -> [u8; N] {
    const PREFIX: &[u8] = b"dtls13";
    let mut info = [0; 64];
    let label_len = PREFIX.len() + label.len();
    let context_at = 3 + label_len + 1;
    let len = context_at + context.len() + 1;
    info[1] = u8::try_from(N).expect("one hash at most");
    info[2] = u8::try_from(label_len).expect("labels are short");
    info[3..3 + PREFIX.len()].copy_from_slice(PREFIX);
    info[3 + PREFIX.len()..3 + label_len].copy_from_slice(label.as_bytes());
    info[context_at - 1] = u8::try_from(context.len()).expect("one hash at most");
    info[context_at..len - 1].copy_from_slice(context);
    info[len - 1] = 1;
    let block = mac(secret, &info[..len]);
    let mut out = [0; N];
    out.copy_from_slice(&block[..N]);
    out
}

/// The keys of one direction in one epoch.
struct Keys {
    key: [u8; 16],
    iv: [u8; 12],
    number: [u8; 16],
}

impl Keys {
    fn new(secret: &Keyed) -> Self {
        Self {
            key: expand(secret, "key", &[]),
            iv: expand(secret, "iv", &[]),
            number: expand(secret, "sn", &[]),
        }
    }

    fn mask(&self, ciphertext: &[u8]) -> u8 {
        let mut block: [u8; 16] = [0; 16];
        block.copy_from_slice(&ciphertext[..16]);
        let mut block = block.into();
        Aes128::new(&self.number.into()).encrypt_block(&mut block);
        block[0]
    }

    /// Protects `record`, whose first two bytes are its header and whose last sixteen take the tag.
    fn seal(&self, record: &mut [u8]) {
        let (header, body) = record.split_at_mut(2);
        let (plaintext, tag) = body.split_at_mut(body.len() - 16);
        let made = Aes128Gcm::new(&self.key.into())
            .encrypt_inout_detached(&self.iv.into(), header, plaintext.into())
            .expect("short enough");
        tag.copy_from_slice(&made);
        header[1] ^= self.mask(body);
    }

    /// Opens what [`Keys::seal`] made.
    fn open(&self, record: &mut [u8]) {
        let (header, body) = record.split_at_mut(2);
        header[1] ^= self.mask(body);
        let (ciphertext, tag) = body.split_at_mut(body.len() - 16);
        let tag = Tag::try_from(&*tag).expect("sixteen bytes");
        Aes128Gcm::new(&self.key.into())
            .decrypt_inout_detached(&self.iv.into(), header, ciphertext.into(), &tag)
            .expect("authentic");
    }
}

/// What one side ends up with.
struct Schedule {
    proofs: [Secret; 3],
    client_handshake: Keys,
    server_handshake: Keys,
    server_application: Keys,
    exporter: Secret,
}

/// The handshake of one deployment: what does not change from one to the next.
pub struct Floor {
    zero: Keyed,
    psk: Secret,
    /// The client's and the server's X25519 secrets; `None` for `psk_ke`.
    shares: Option<[Secret; 2]>,
}

impl Floor {
    pub fn psk_ke() -> Self {
        Self { zero: keyed(&[0; 32]), psk: [7; 32], shares: None }
    }

    pub fn psk_dhe_ke() -> Self {
        Self { shares: Some([[8; 32], [9; 32]]), ..Self::psk_ke() }
    }

    /// Bytes of all datagrams of one handshake, so that it can be checked that the floor and the
    /// association are about the same handshake.
    pub fn datagram_bytes(&self) -> usize {
        // A record header of 13 bytes, and a handshake header of 12 where the transcript has 4.
        const PLAIN: usize = 13 + 12 - 4;
        let shares = if self.shares.is_some() { CLIENT_SHARE + SERVER_SHARE } else { 0 };
        let hellos = HELLO_UP_TO_BINDERS + BINDERS + SERVER_HELLO + shares + 2 * PLAIN;
        let protected = [SERVER_FLIGHT, CLIENT_FLIGHT, ACK].map(|plaintext| 2 + plaintext + 16);
        hellos + protected.iter().sum::<usize>()
    }

    /// One handshake, both sides.
    pub fn handshake(&self) {
        let [client, server] = self.agree().map(|shared| self.schedule(black_box(&shared)));
        assert_eq!(client.proofs, server.proofs);
        assert_eq!(client.exporter, server.exporter);
        let mut flight = [0x2e; 2 + SERVER_FLIGHT + 16];
        server.server_handshake.seal(&mut flight);
        client.server_handshake.open(&mut flight);
        let mut finished = [0x2e; 2 + CLIENT_FLIGHT + 16];
        client.client_handshake.seal(&mut finished);
        server.client_handshake.open(&mut finished);
        let mut ack = [0x2f; 2 + ACK + 16];
        server.server_application.seal(&mut ack);
        client.server_application.open(&mut ack);
        black_box((flight, finished, ack));
    }

    /// What client and server put into the handshake secret.
    fn agree(&self) -> [Secret; 2] {
        let Some(shares) = self.shares else { return [[0; 32]; 2] };
        let secrets = shares.map(|share| StaticSecret::from(*black_box(&share)));
        let publics = [PublicKey::from(&secrets[0]), PublicKey::from(&secrets[1])];
        [
            secrets[0].diffie_hellman(&publics[1]).to_bytes(),
            secrets[1].diffie_hellman(&publics[0]).to_bytes(),
        ]
    }

    /// Everything that hangs on the key schedule, one side.
    fn schedule(&self, shared: &Secret) -> Schedule {
        let with_share = |len, share| len + if self.shares.is_some() { share } else { 0 };
        let message = [0x5a; HELLO_UP_TO_BINDERS + CLIENT_SHARE + SERVER_SHARE];

        let early = keyed(&mac(&self.zero, &self.psk));
        let mut transcript = Sha256::new();
        transcript.update(&message[..with_share(HELLO_UP_TO_BINDERS, CLIENT_SHARE)]);
        let binder_key = keyed(&expand::<32>(&early, "ext binder", &EMPTY_HASH));
        let binder = finished(&binder_key, &hash(&transcript));
        transcript.update(&message[..BINDERS]);
        transcript.update(&message[..with_share(SERVER_HELLO, SERVER_SHARE)]);

        let hellos = hash(&transcript);
        let handshake = descend(&early, shared);
        let client_hs = keyed(&expand::<32>(&handshake, "c hs traffic", &hellos));
        let server_hs = keyed(&expand::<32>(&handshake, "s hs traffic", &hellos));
        transcript.update(&message[..ENCRYPTED_EXTENSIONS]);
        let server_finished = finished(&server_hs, &hash(&transcript));
        transcript.update(&message[..FINISHED]);

        let flight = hash(&transcript);
        let client_finished = finished(&client_hs, &flight);
        let master = descend(&handshake, &[0; 32]);
        let client_ap = keyed(&expand::<32>(&master, "c ap traffic", &flight));
        let server_ap = keyed(&expand::<32>(&master, "s ap traffic", &flight));
        // Not used by the handshake itself, but there is no association without them.
        black_box(Keys::new(&client_ap));
        Schedule {
            proofs: [binder, server_finished, client_finished],
            client_handshake: Keys::new(&client_hs),
            server_handshake: Keys::new(&server_hs),
            server_application: Keys::new(&server_ap),
            exporter: expand(&master, "exp master", &flight),
        }
    }
}

fn hash(transcript: &Sha256) -> Secret {
    transcript.clone().finalize().into()
}

/// The MAC of a binder or a Finished.
fn finished(base: &Keyed, hash: &Secret) -> Secret {
    mac(&keyed(&expand::<32>(base, "finished", &[])), hash)
}

/// The next secret down the schedule.
fn descend(from: &Keyed, input: &Secret) -> Keyed {
    let salt = keyed(&expand::<32>(from, "derived", &EMPTY_HASH));
    keyed(&mac(&salt, input))
}

/// One direction of an established association, both ends: raw keys, expanded for each record.
pub struct Direction {
    secret: Secret,
    keys: [Keys; 2],
    back: [Keys; 2],
}

impl Direction {
    pub fn new() -> Self {
        let both = |secret: &Secret| [Keys::new(&keyed(secret)), Keys::new(&keyed(secret))];
        Self { secret: [1; 32], keys: both(&[1; 32]), back: both(&[2; 32]) }
    }

    /// A record of `N` bytes content sealed at one end and opened at the other.
    pub fn record<const N: usize>(&self) {
        assert!(N > 19, "content, header, type and tag");
        let mut record = [0x2f; N];
        self.keys[0].seal(&mut record);
        self.keys[1].open(&mut record);
        black_box(record);
    }

    /// KeyUpdate, its ACK, and the next keys of one direction at both ends (RFC 8446 section 7.2).
    pub fn key_update(&mut self) {
        self.record::<{ 2 + KEY_UPDATE + 16 }>();
        let mut ack = [0x2f; 2 + ACK + 16];
        self.back[0].seal(&mut ack);
        self.back[1].open(&mut ack);
        black_box(ack);
        let from = self.secret;
        self.keys = [(), ()].map(|()| {
            self.secret = expand(&keyed(black_box(&from)), "traffic upd", &[]);
            Keys::new(&keyed(&self.secret))
        });
    }
}

//! DTLS 1.3 (RFC 9147) on the wire: records, handshake messages, ACKs and alerts.
//!
//! Parsers borrow from what they read, take any bytes without panicking, and refuse what is longer
//! than [`limits`] allow. Emitters append to a vector; they are given only fields that this crate
//! made or that a parser bounded, so an oversized field there is a bug and panics.

mod ack;
mod alert;
mod client_hello;
mod codec;
mod extension;
mod handshake;
pub mod limits;
mod record;
mod server_hello;
mod short;

pub use ack::{RecordNumber, emit_ack, parse_ack};
pub use alert::{Alert, AlertDescription};
pub use client_hello::{BINDER_LEN, ClientHello, PskIdentity, PskModes};
pub use codec::ParseError;
pub use handshake::{Fragment, HEADER_LEN, HandshakeType, MESSAGE_HEADER_LEN, fragments, message};
pub use record::{
    ContentType, InnerPlaintext, PLAINTEXT_HEADER_LEN, Plaintext, Protected, Record, Records,
    TAG_LEN, UnifiedHeader, emit_plaintext_header,
};
pub use server_hello::{RETRY_RANDOM, ServerHello};
pub use short::{KeyUpdate, NewSessionTicket, parse_encrypted_extensions, parse_finished};

/// DTLS 1.3 in `supported_versions` (RFC 9147 section 5.3).
pub const VERSION_DTLS13: u16 = 0xfefc;
/// DTLS 1.2, in every legacy version field.
pub const VERSION_DTLS12: u16 = 0xfefd;
/// `TLS_AES_128_GCM_SHA256` (RFC 8446 appendix B.4).
pub const TLS_AES_128_GCM_SHA256: u16 = 0x1301;
/// X25519 as a named group (RFC 8446 section 4.2.7).
pub const GROUP_X25519: u16 = 0x001d;

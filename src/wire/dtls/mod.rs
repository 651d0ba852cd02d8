//! DTLS 1.3 (RFC 9147) and DTLS 1.2 (RFC 6347) on the wire: records, handshake messages, ACKs and
//! alerts. What belongs to DTLS 1.2 alone has a 12 in its name.
//!
//! Parsers borrow from what they read, take any bytes without panicking, and refuse what is longer
//! than [`limits`] allow. Emitters append to a vector; they are given only fields that this crate
//! made or that a parser bounded, so an oversized field there is a bug and panics.

mod ack;
mod alert;
mod client_hello;
mod codec;
mod connection_id;
mod extension;
mod handshake;
mod hello12;
pub mod limits;
mod record;
mod record12;
mod server_hello;
mod short;
mod short12;

pub use ack::{RecordNumber, emit_ack, parse_ack};
pub use alert::{Alert, AlertDescription};
pub use client_hello::{BINDER_LEN, ClientHello, PskIdentity, PskModes};
pub use codec::ParseError;
pub use connection_id::{ConnectionId, NewConnectionId, parse_request_connection_id};
pub use handshake::{Fragment, HEADER_LEN, HandshakeType, MESSAGE_HEADER_LEN, fragments, message};
pub use hello12::{
    ClientHello12, ServerHello12, emit_hello_verify_request, parse_hello_verify_request,
};
pub use record::{
    ContentType, InnerPlaintext, PLAINTEXT_HEADER_LEN, Plaintext, Protected, Record, Records,
    TAG_LEN, UnifiedHeader, emit_plaintext_header,
};
pub use record12::{
    Content12, HEADER_LEN_12, Record12, Records12, emit_header_12, parse_inner_plaintext_12,
};
pub use server_hello::{RETRY_RANDOM, ServerHello};
pub use short::{KeyUpdate, NewSessionTicket, parse_encrypted_extensions, parse_finished};
pub use short12::{
    VERIFY_DATA_LEN, emit_client_key_exchange, parse_client_key_exchange, parse_finished_12,
    parse_server_key_exchange,
};

/// DTLS 1.3 in `supported_versions` (RFC 9147 section 5.3).
pub const VERSION_DTLS13: u16 = 0xfefc;
/// DTLS 1.2, in every legacy version field.
pub const VERSION_DTLS12: u16 = 0xfefd;
/// DTLS 1.0, which a HelloVerifyRequest names (RFC 6347 section 4.2.1).
pub const VERSION_DTLS10: u16 = 0xfeff;
/// `TLS_AES_128_GCM_SHA256` (RFC 8446 appendix B.4).
pub const TLS_AES_128_GCM_SHA256: u16 = 0x1301;
/// `TLS_PSK_WITH_AES_128_GCM_SHA256` (RFC 5487 section 2).
pub const TLS_PSK_WITH_AES_128_GCM_SHA256: u16 = 0x00a8;
/// `TLS_PSK_WITH_AES_128_CCM_8` (RFC 6655 section 4).
pub const TLS_PSK_WITH_AES_128_CCM_8: u16 = 0xc0a8;
/// X25519 as a named group (RFC 8446 section 4.2.7).
pub const GROUP_X25519: u16 = 0x001d;

//! Every bound that the parsers enforce.

/// Longest content of one record (RFC 8446 section 5.1).
pub const MAX_RECORD: usize = 1 << 14;
/// Longest handshake message body. RFC 9147 allows 2^24 - 1; the PSK handshake needs far less.
pub const MAX_MESSAGE: usize = 2_048;
/// Most extensions of one message, unknown ones included.
pub const MAX_EXTENSIONS: usize = 32;
/// Most PSK identities of one ClientHello.
pub const MAX_IDENTITIES: usize = 8;
/// Longest PSK identity or ticket.
pub const MAX_IDENTITY: usize = 512;
/// Longest cookie.
pub const MAX_COOKIE: usize = 256;
/// Longest connection ID. RFC 9146 allows 255 bytes.
pub const MAX_CONNECTION_ID: usize = 20;
/// Most connection IDs of one NewConnectionId.
pub const MAX_CONNECTION_IDS: usize = 8;
/// Most record numbers of one ACK.
pub const MAX_ACKED: usize = 64;
/// Most handshake fragments of one record.
pub const MAX_FRAGMENTS: usize = 16;
/// Most records of one datagram; RFC 9147 section 5.8.3 advises senders to stay at 10.
pub const MAX_RECORDS: usize = 32;

//! Our CoAP against `coap-lite`: what both read means the same, and what only the other reads has a reason.

use coap_lite::{MessageType, Packet};
use keystorm::wire::coap::{Kind, Malformed, Message};

/// Why ours refuses what the other reads: rules of RFC 7252 that it does not check, and limits of ours.
pub const STRICTER: [Malformed; 10] = [
    Malformed::TooLong,
    Malformed::Version,
    Malformed::ReservedCode,
    Malformed::EmptyWithContent,
    Malformed::EmptyNonConfirmable,
    Malformed::ResetWithContent,
    Malformed::AcknowledgedRequest,
    Malformed::OptionTooLong,
    Malformed::TooManyOptions,
    Malformed::EmptyPayload,
];

/// Reads one message with both; whether both took it.
///
/// # Errors
/// How they differ.
pub fn compare(bytes: &[u8]) -> Result<bool, String> {
    match (Message::parse(bytes), Packet::from_bytes(bytes)) {
        (Err(_), Err(_)) => Ok(false),
        (Err(reason), Ok(_)) if STRICTER.contains(&reason) => Ok(false),
        (Err(reason), Ok(_)) => Err(format!("{reason:?}, but the other reads it")),
        (Ok(ours), Err(error)) => Err(format!("{ours:?}, but the other says {error:?}")),
        (Ok(ours), Ok(theirs)) => same(&ours, &theirs).map(|()| true),
    }
}

fn same(ours: &Message<'_>, theirs: &Packet) -> Result<(), String> {
    let mine: Vec<(u16, &[u8])> = ours.options().collect();
    let of_one = |(number, values): (&u16, &std::collections::LinkedList<Vec<u8>>)| {
        values.iter().map(|value| (*number, value.clone())).collect::<Vec<_>>()
    };
    let other: Vec<(u16, Vec<u8>)> = theirs.options().flat_map(of_one).collect();
    let kind = match theirs.header.get_type() {
        MessageType::Confirmable => Kind::Confirmable,
        MessageType::NonConfirmable => Kind::NonConfirmable,
        MessageType::Acknowledgement => Kind::Acknowledgement,
        MessageType::Reset => Kind::Reset,
    };
    let is_same = theirs.header.message_id == ours.mid
        && u8::from(theirs.header.code) == ours.code.byte()
        && kind == ours.kind
        && theirs.get_token() == ours.token.as_bytes()
        && theirs.payload == ours.payload
        && mine.len() == other.len()
        && mine.iter().zip(&other).all(|(a, b)| a.0 == b.0 && a.1 == b.1);
    if is_same { Ok(()) } else { Err(format!("{ours:?} with {mine:?} against {theirs:?}")) }
}

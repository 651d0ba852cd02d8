//! DTLS 1.3 and 1.2 on the wire: records, and handshake messages one by one.

use std::fmt::Debug;

use super::{Oracle, Tape, Trail, Verdict, check};
use crate::association::{peek, peek_connection_id};
use crate::wire::dtls::{
    Alert, ClientHello, ClientHello12, HandshakeType, InnerPlaintext, KeyUpdate, NewConnectionId,
    NewSessionTicket, ParseError, Record, Record12, Records, Records12, ServerHello, ServerHello12,
    VERSION_DTLS12, emit_ack, emit_client_key_exchange, emit_header_12, emit_hello_verify_request,
    emit_plaintext_header, fragments, message, parse_ack, parse_client_key_exchange,
    parse_encrypted_extensions, parse_finished, parse_finished_12, parse_hello_verify_request,
    parse_inner_plaintext_12, parse_request_connection_id, parse_server_key_exchange,
};

/// Connection IDs in records are at most this long (RFC 9146 section 3 allows more; this program does not).
const CONNECTION_ID_LENS: u8 = 21;

/// Records of DTLS 1.3, and what stands in them without keys.
pub(in crate::fuzzing) fn record13(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let id_len = usize::from(tape.byte() % CONNECTION_ID_LENS);
    let datagram = tape.rest();
    trail.said("peek", &peek(datagram));
    trail.said("connection ID", &peek_connection_id(datagram, id_len).is_some());
    let mut bytes = 0;
    for record in Records::new(datagram) {
        match record {
            Ok(Record::Plaintext(record)) => {
                bytes += record.content.len();
                trail.accept("plaintext");
                trail.said("type", &record.content_type);
                let mut out = Vec::new();
                emit_plaintext_header(
                    record.content_type,
                    record.sequence,
                    record.content.len(),
                    &mut out,
                );
                trail.size("header", out.len());
            }
            Ok(Record::Protected(record)) => {
                bytes += record.ciphertext.len();
                trail.accept("protected");
                trail.size("sequence", record.sequence_len);
            }
            Err(error) => trail.said("record", &error),
        }
    }
    check(
        bytes <= datagram.len(),
        Oracle::Strictness,
        "records hold more than they came in",
        || format!("{bytes} of {}", datagram.len()),
    )?;
    let inner = InnerPlaintext::parse(datagram);
    trail.said("inner", &inner.map(|inner| inner.content_type));
    let ack = parse_ack(datagram);
    trail.said("ack", &ack.as_ref().map(Vec::len));
    if let Ok(numbers) = ack {
        let mut out = Vec::new();
        emit_ack(&numbers, &mut out);
        again("ack", &numbers, parse_ack(&out))?;
    }
    trail.said("alert", &Alert::parse(datagram));
    Ok(())
}

/// Records of DTLS 1.2.
pub(in crate::fuzzing) fn record12(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let id_len = usize::from(tape.byte() % CONNECTION_ID_LENS);
    let datagram = tape.rest();
    let mut bytes = 0;
    for record in Records12::new(datagram, id_len) {
        match record {
            Ok(record) => {
                bytes += record.body.len();
                trail.accept("record");
                trail.said("type", &record.content_type);
                let mut out = Vec::new();
                emit_header_12(
                    record.content_type,
                    record.epoch,
                    record.sequence,
                    record.connection_id,
                    record.body.len(),
                    &mut out,
                );
                out.extend_from_slice(record.body);
                let read = Records12::new(&out, id_len).next();
                // The number of DTLS 1.0, which first records may have, is never written.
                let record = Record12 { version: VERSION_DTLS12, ..record };
                again("record", &record, read.unwrap_or(Err(ParseError::Truncated)))?;
            }
            Err(error) => trail.said("record", &error),
        }
    }
    check(
        bytes <= datagram.len(),
        Oracle::Strictness,
        "records hold more than they came in",
        || format!("{bytes} of {}", datagram.len()),
    )?;
    trail.said("inner", &parse_inner_plaintext_12(datagram).map(|(kind, _)| kind));
    trail.said("alert", &Alert::parse_with_level(datagram));
    Ok(())
}

/// What was written is read back as it was.
fn again<T: PartialEq + Debug>(
    place: &'static str,
    first: &T,
    second: Result<T, ParseError>,
) -> Verdict {
    check(second.as_ref() == Ok(first), Oracle::RoundTrip, place, || {
        format!("{first:?} became {second:?}")
    })
}

/// Reads, writes, reads.
macro_rules! round {
    ($trail:expr, $place:literal, $body:expr, $parse:expr, $emit:expr) => {{
        let read = $parse($body);
        match &read {
            Ok(value) => {
                $trail.accept($place);
                let mut out = Vec::new();
                $emit(value, &mut out);
                again($place, value, $parse(&out))
            }
            Err(error) => {
                $trail.said($place, error);
                Ok(())
            }
        }
    }};
}

/// Handshake messages of DTLS 1.3; the first byte says which.
pub(in crate::fuzzing) fn handshake13(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let variant = tape.byte() % 9;
    let body = tape.rest();
    match variant {
        0 => all_fragments(body, trail),
        1 => {
            if let Ok(hello) = ClientHello::parse(body) {
                trail.said("hello", &hello);
                // What this program would never offer it does not write either.
                let modes = hello.modes.is_some_and(|modes| modes.ke || modes.dhe);
                if !hello.aes_128_gcm_sha256 || !modes {
                    return Ok(());
                }
            }
            round!(trail, "client hello", body, ClientHello::parse, ClientHello::emit)
        }
        2 => round!(trail, "server hello", body, ServerHello::parse, ServerHello::emit),
        3 => round!(trail, "ticket", body, NewSessionTicket::parse, NewSessionTicket::emit),
        4 => round!(trail, "key update", body, KeyUpdate::parse, |value: &KeyUpdate, out| {
            value.emit(out);
        }),
        5 => round!(trail, "connection IDs", body, NewConnectionId::parse, NewConnectionId::emit),
        6 => {
            trail.said("request of connection IDs", &parse_request_connection_id(body));
            Ok(())
        }
        7 => {
            trail.said("extensions", &parse_encrypted_extensions(body));
            Ok(())
        }
        _ => {
            trail.said("finished", &parse_finished(body).is_ok());
            Ok(())
        }
    }
}

/// Handshake messages of DTLS 1.2.
pub(in crate::fuzzing) fn handshake12(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let variant = tape.byte() % 7;
    let body = tape.rest();
    match variant {
        0 => all_fragments(body, trail),
        1 => {
            trail.said("parameters", &ClientHello12::parameters(body).is_ok());
            if let Ok(hello) = ClientHello12::parse(body) {
                trail.said("hello", &hello);
                if !hello.dtls12 {
                    return Ok(());
                }
            }
            round!(trail, "client hello", body, ClientHello12::parse, ClientHello12::emit)
        }
        2 => round!(trail, "server hello", body, ServerHello12::parse, ServerHello12::emit),
        3 => round!(
            trail,
            "hello verify request",
            body,
            parse_hello_verify_request,
            |cookie: &&[u8], out| emit_hello_verify_request(cookie, out)
        ),
        4 => round!(
            trail,
            "client key exchange",
            body,
            parse_client_key_exchange,
            |identity: &&[u8], out| emit_client_key_exchange(identity, out)
        ),
        5 => {
            trail.said("server key exchange", &parse_server_key_exchange(body).map(<[u8]>::len));
            Ok(())
        }
        _ => {
            trail.said("finished", &parse_finished_12(body).is_ok());
            Ok(())
        }
    }
}

fn all_fragments(content: &[u8], trail: &mut Trail) -> Verdict {
    let found = match fragments(content) {
        Ok(found) => found,
        Err(error) => {
            trail.said("fragments", &error);
            return Ok(());
        }
    };
    trail.accept("fragments");
    let mut out = Vec::new();
    for fragment in &found {
        trail.said("kind", &fragment.kind);
        trail.size("offset", fragment.offset);
        fragment.emit(&mut out);
        let end = fragment.offset.checked_add(fragment.bytes.len());
        check(
            end.is_some_and(|end| end <= fragment.length),
            Oracle::Strictness,
            "a fragment leaves its message",
            || format!("{fragment:?}"),
        )?;
    }
    again("fragments", &found, fragments(&out))
}

/// Hellos that other ends of this program send.
pub(in crate::fuzzing) fn seeds13() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = (0..9).map(|variant| vec![variant]).collect();
    for datagram in super::association::datagrams(false) {
        let Some(Ok(Record::Plaintext(record))) = Records::new(&datagram).next() else { continue };
        seeds.push([&[0], record.content].concat());
        let Ok(found) = fragments(record.content) else { continue };
        for fragment in found {
            let variant = if fragment.kind == HandshakeType::ClientHello { 1 } else { 2 };
            seeds.push([&[variant], fragment.bytes].concat());
        }
    }
    seeds.push(message_of(3, |out| {
        NewSessionTicket { lifetime: 600, age_add: 7, nonce: b"n", ticket: b"ticket" }.emit(out);
    }));
    seeds
}

fn message_of(variant: u8, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![variant];
    write(&mut out);
    out
}

/// The same for DTLS 1.2.
pub(in crate::fuzzing) fn seeds12() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = (0..7).map(|variant| vec![variant]).collect();
    for datagram in super::association::datagrams(true) {
        for record in Records12::new(&datagram, 0).flatten().filter(|record| record.epoch == 0) {
            seeds.push([&[0], record.body].concat());
            let Ok(found) = fragments(record.body) else { continue };
            for fragment in found {
                let variant = match fragment.kind {
                    HandshakeType::ClientHello => 1,
                    HandshakeType::ServerHello => 2,
                    HandshakeType::HelloVerifyRequest => 3,
                    HandshakeType::ClientKeyExchange => 4,
                    _ => 5,
                };
                seeds.push([&[variant], fragment.bytes].concat());
            }
        }
    }
    seeds.push([&[0][..], &message(HandshakeType::ServerHelloDone, |_| {})].concat());
    seeds
}

/// Datagrams of a whole handshake, with a length of connection IDs in front.
pub(in crate::fuzzing) fn records13() -> Vec<Vec<u8>> {
    super::association::datagrams(false).iter().map(|it| [&[0], &it[..]].concat()).collect()
}

/// The same for DTLS 1.2.
pub(in crate::fuzzing) fn records12() -> Vec<Vec<u8>> {
    super::association::datagrams(true).iter().map(|it| [&[0], &it[..]].concat()).collect()
}

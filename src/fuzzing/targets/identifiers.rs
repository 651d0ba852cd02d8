//! Identifiers of keys, credentials and originators.

use std::fmt::Debug;

use super::{Oracle, Tape, Trail, Verdict, check, text};
use crate::credential::HexCase;
use crate::credential::identifier::{
    CredentialId, Fqdn, KEY_ID_MAX, KeId, KmId, KpmId, KpsaId, MafKeyId,
};
use crate::onem2m::access::{Home, Identity, MAX_ID, Originator};

/// What a kind of identifier makes of a text: it is written back byte for byte.
fn same<T: Debug, E: Debug>(
    place: &'static str,
    text: &str,
    read: Result<T, E>,
    write: impl Fn(&T) -> String,
    trail: &mut Trail,
) -> Verdict {
    match read {
        Ok(id) => {
            trail.accept(place);
            check(write(&id) == text, Oracle::RoundTrip, place, || {
                format!("{text:?} became {:?}", write(&id))
            })?;
            check(text.len() <= KEY_ID_MAX.max(258), Oracle::Strictness, place, || {
                format!("{} bytes", text.len())
            })
        }
        Err(error) => {
            trail.said(place, &error);
            Ok(())
        }
    }
}

pub(in crate::fuzzing) fn run(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let kind = tape.byte();
    let text = text(tape.rest());
    let case = if kind & 0x80 == 0 { HexCase::Lower } else { HexCase::Upper };
    match kind % 8 {
        0 => same("KeID", text, KeId::parse(text, case), |id| id.text(case), trail),
        1 => same("MAF key", text, MafKeyId::parse(text, case), |id| id.text(case), trail),
        2 => same("KmID", text, KmId::parse(text), ToString::to_string, trail),
        3 => same("KpmID", text, KpmId::parse(text), ToString::to_string, trail),
        4 => same("KpsaID", text, KpsaId::parse(text), ToString::to_string, trail),
        5 => same("credential", text, CredentialId::parse(text), ToString::to_string, trail),
        6 => same("host", text, Fqdn::parse(text), ToString::to_string, trail),
        _ => originator(text, trail),
    }
}

/// An identity is the same in its own absolute form, and an originator that is named admits nobody else.
fn originator(text: &str, trail: &mut Trail) -> Verdict {
    trail.said("originator", &Originator::parse(text));
    let Some(home) = Home::new("//sp.example", "/id-in") else { return Ok(()) };
    let Some(identity) = Identity::parse(text, &home) else { return Ok(()) };
    trail.accept("identity");
    let absolute = identity.to_string();
    if absolute.len() <= MAX_ID {
        let read = Identity::parse(&absolute, &home);
        check(read.as_ref() == Some(&identity), Oracle::RoundTrip, "identity", || {
            format!("{identity:?} became {read:?}")
        })?;
    }
    let strange = absolute.contains(['*', '\0', ' ', '%', '?']);
    check(!strange, Oracle::Strictness, "character of an identity", || absolute.clone())
}

pub(in crate::fuzzing) fn seeds() -> Vec<Vec<u8>> {
    let hex = "00112233445566778899aabbccddeeff@maf.example";
    let mut seeds = vec![[b"\x80", hex.to_uppercase().as_bytes()].concat()];
    for (kind, text) in [
        (0_u8, hex),
        (1, hex),
        (2, "km-1@maf.example"),
        (3, "kpm_1@mef.example"),
        (4, "kpsa.1@cse.example"),
        (5, "10-id@host.example"),
        (5, "01-x"),
        (6, "a-b.example"),
        (7, "//sp.example/id-in/Cone"),
        (7, "/id-in/Cone"),
        (7, "Cone*"),
        (7, "S1"),
    ] {
        seeds.push([&[kind], text.as_bytes()].concat());
    }
    seeds
}

/// Words of identifiers.
pub(in crate::fuzzing) const WORDS: &[&str] = &[
    "@",
    "//",
    "/",
    ".",
    "-",
    "_",
    "*",
    "all",
    "C",
    "S",
    "maf.example",
    "00112233445566778899aabbccddeeff",
    "AABB",
    "10-",
    "01-",
    "\u{e9}",
    "//sp.example/",
    "/id-in/",
];

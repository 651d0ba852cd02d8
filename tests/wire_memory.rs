//! Memory that reading takes: at most 64 bytes for each byte of input, and 1 MiB beside.
//!
//! One test alone in its program, since it looks at the peak of the whole process (Linux).

#![allow(clippy::unwrap_used, reason = "a test program")]

use keystorm::wire::limits::MAX_INPUT;
use keystorm::wire::value::{Serialisation, read};

/// The peak of this process so far, in bytes.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: usize = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1_024)
}

/// Inputs of nearly the largest size that make as many values of as few bytes as they can.
fn bombs() -> Vec<(&'static str, Serialisation, Vec<u8>)> {
    let lists = |item: &str, each: usize, separator: &str| {
        let list = format!("[{}{item}]", format!("{item}{separator}").repeat(each - 1));
        let count = (MAX_INPUT - 8) / (list.len() + 1);
        format!("{{\"a\":[{}{list}]}}", format!("{list},").repeat(count - 1)).into_bytes()
    };
    let members = (0..1_000).map(|index| format!("\"{index}\":0")).collect::<Vec<_>>().join(",");
    let objects = (MAX_INPUT - 8) / (members.len() + 3);
    let objects = format!("{{\"a\":[{}{{}}]}}", format!("{{{members}}},").repeat(objects - 1));
    // Lists of 16,384 zeros, one byte each.
    let zeros = [&[0x99, 0x40, 0x00][..], &[0; 16_384]].concat();
    let cbor = [&b"\xa1\x61a\x8f"[..], &zeros.repeat(15)].concat();
    let empties = [&[0x99, 0x40, 0x00][..], &[0x80; 16_384]].concat();
    let nested = [&b"\xa1\x61a\x8f"[..], &empties.repeat(15)].concat();
    let claims = [&b"\xa1\x61a"[..], &[0x99, 0x40, 0x00].repeat(60)].concat();
    let root = r#"<m2m:x xmlns:m2m="http://www.onem2m.org/xml/protocols">"#;
    let wide = format!("{root}{}</m2m:x>", "<a/>".repeat(16_384));
    let deep = format!("{root}{}</m2m:x>", format!("<a>{}</a>", "<b/>".repeat(3_900)).repeat(16));
    let words = format!("{root}<lbl>{}</lbl></m2m:x>", "a ".repeat(16_000));
    vec![
        ("lists of numbers", Serialisation::Json, lists("0", 16_000, ",")),
        ("lists of texts", Serialisation::Json, lists("\"\"", 8_000, ",")),
        ("lists of short texts", Serialisation::Json, lists("\"a\"", 8_000, ",")),
        ("lists of lists", Serialisation::Json, lists("[]", 8_000, ",")),
        ("objects", Serialisation::Json, objects.into_bytes()),
        ("zeros", Serialisation::Cbor, cbor),
        ("empty lists", Serialisation::Cbor, nested),
        ("claims", Serialisation::Cbor, claims),
        ("elements", Serialisation::Xml, wide.into_bytes()),
        ("elements in elements", Serialisation::Xml, deep.into_bytes()),
        ("words", Serialisation::Xml, words.into_bytes()),
    ]
}

#[test]
fn reading_takes_64_bytes_for_each_byte_and_a_mebibyte() {
    let mut bombs = bombs();
    // The peak never falls: from small to large it bounds what each of them takes.
    bombs.sort_by_key(|(.., bytes)| bytes.len());
    let Some(before) = peak() else { return };
    for (name, serialisation, bytes) in &bombs {
        assert!(bytes.len() <= MAX_INPUT, "{name}");
        let read = read(bytes, *serialisation);
        let taken = peak().unwrap() - before;
        let per_byte = taken / bytes.len();
        println!(
            "{name}: {} bytes in, at most {taken} more ({per_byte}/byte), {:?}",
            bytes.len(),
            read.err()
        );
        assert!(taken <= 64 * bytes.len() + 1_048_576, "{name}: {taken} for {}", bytes.len());
    }
}

//! Messages that are no proper messages of HTTP or CoAP.

use super::dice::Dice;
use super::shot::{Binding, Shot};

/// Spoils the framing of a shot in one way; gives back its name.
pub(super) fn spoil(shot: &mut Shot, dice: &mut Dice) -> Option<&'static str> {
    match shot.binding {
        Binding::Http => http(shot, dice),
        Binding::Coap => coap(shot, dice),
    }
}

fn field(shot: &mut Shot, name: &str, value: &[u8]) {
    shot.fields.push((name.to_owned(), value.to_vec()));
}

fn length(shot: &mut Shot, text: &[u8]) {
    shot.fields.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    field(shot, "Content-Length", text);
}

fn http(shot: &mut Shot, dice: &mut Dice) -> Option<&'static str> {
    Some(match dice.below(12) {
        0 => {
            shot.method =
                (*dice.pick(&["PATCH", "OPTIONS", "TRACE", "get", "BREW", "PROPFIND"])?).to_owned();
            "method"
        }
        1 => {
            let lies: [&[u8]; 6] = [b"-1", b"x", b"99999999999999999999", b"1, 1", b"0x10", b""];
            length(shot, dice.pick(&lies)?);
            "content_length"
        }
        2 => {
            // Shorter than the body: what is left over must not be taken for another request with effect.
            length(shot, b"1");
            "content_length"
        }
        3 => {
            field(shot, "Transfer-Encoding", b"chunked");
            "transfer_encoding"
        }
        4 => {
            field(shot, "Content-Length", b"5");
            "content_length_twice"
        }
        5 => {
            for number in 0..*dice.pick(&[50, 120, 500])? {
                field(shot, &format!("X-Flood-{number}"), b"x");
            }
            "header_flood"
        }
        6 => {
            field(shot, "X-Long", &vec![b'y'; *dice.pick(&[5_000, 20_000, 70_000])?]);
            "header_long"
        }
        7 => {
            field(shot, "X-M2M-Origin", b"CAdmin\x00");
            "header_control"
        }
        8 => {
            field(shot, "Host", b"a b");
            "host_twice"
        }
        9 => {
            shot.path = format!("/{}", "a/".repeat(*dice.pick(&[200, 4_000, 20_000])?));
            "path_long"
        }
        10 => {
            field(shot, "Accept", b"text/html, image/*;q=x");
            "accept"
        }
        _ => {
            let head = shot.path.len() + 20;
            shot.patch.push((dice.below(head), u8::try_from(dice.below(256)).unwrap_or(0)));
            "bytes"
        }
    })
}

fn coap(shot: &mut Shot, dice: &mut Dice) -> Option<&'static str> {
    let byte = u8::try_from(dice.below(256)).unwrap_or(0);
    Some(match dice.below(9) {
        0 => {
            shot.cut = dice.below(24) + 1;
            "cut"
        }
        1 => {
            shot.patch.push((0, byte));
            "first_byte"
        }
        2 => {
            shot.code = *dice.pick(&[0, 6, 7, 31, 0x20, 0x45, 0x60, 0xe0, 0xff])?;
            "code"
        }
        3 => {
            shot.options.push((*dice.pick(&[9, 65_001, 2_049, 65_535, 13])?, vec![byte; 3]));
            "option_critical"
        }
        4 => {
            let options = shot.options.clone();
            shot.options.push(dice.pick(&options)?.clone());
            "option_repeated"
        }
        5 => {
            let number = *dice.pick(&[279, 283, 271, 267, 12, 17, 307])?;
            shot.options.retain(|(found, _)| *found != number);
            shot.options.push((number, vec![byte; *dice.pick(&[0, 9, 300, 1_034])?]));
            "option_value"
        }
        6 => {
            shot.options.push((*dice.pick(&[23, 27])?, vec![byte; dice.below(4)]));
            "block"
        }
        7 => {
            for _ in 0..60 {
                shot.options.push((15, b"lbl=a".to_vec()));
            }
            "option_flood"
        }
        _ => {
            shot.patch.push((4 + dice.below(60), byte));
            "bytes"
        }
    })
}

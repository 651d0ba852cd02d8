//! Whatever stands in a file or in an override: an answer, never a panic.

use keystorm::scenario::{Diagnostics, Loaded, SOURCE_LEN_MAX, Source, load};
use proptest::prelude::*;

use super::LEAST;

/// Loads, and renders whatever comes of it.
fn survives(text: &str, overrides: &[String]) -> Result<Loaded, Diagnostics> {
    let result = load(&Source::new("any.toml", text), overrides, None);
    match &result {
        Ok(loaded) => {
            assert_eq!(loaded.warnings.render(true).is_empty(), loaded.warnings.is_empty());
            let again = load(&Source::new("again.toml", loaded.resolved.as_str()), &[], None);
            let again =
                again.unwrap_or_else(|errors| panic!("resolved:\n{errors}\n{}", loaded.resolved));
            assert_eq!(again.resolved, loaded.resolved);
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.records().iter().all(|record| record.line > 0 && record.column > 0));
            assert!(errors.render(true).len() > 10);
        }
    }
    result
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "scenario.seed",
        "scenario.duration",
        "scenario.name",
        "class.box.fixed.hello",
        "class.box.preset",
        "class.box.x25519",
        "link.wire.latency",
        "link.wire.loss",
        "link.wire.rate",
        "link.wire.mtu",
        "link.wire.tx_energy_per_byte",
        "cse.in.workers",
        "cse.in.queue",
        "fleet.devices.count",
        "fleet.devices.start.jitter",
        "fleet.devices.start.poisson",
        "fleet.devices.start.slots",
        "fleet.devices.telemetry",
        "fleet.devices.via",
        "fleet.devices.registrar",
        "gateway.in.count",
        "security.timer.initial",
        "security.timer.preset",
        "security.retry",
        "expect.rekey.time_s.p99",
        "expect.events",
        "event",
        "event.0.at",
        "",
    ])
    .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{0,25}(\\.[0-9]{0,12})?(ns|us|ms|s|min|h|d|B|kB|kbps|/s|uJ|W|%)?",
        "[<>=]{0,2} ?[0-9.]{1,8}(s|ms)?",
        "(none|true|nan|inf|-1|1e999|x86_core|nbiot_good|in|devices|\\{\\}|\\[\\])",
        Just("{ interval = \"1s\", size = \"9B\" }".to_owned()),
        Just("{ window = \"5s\", slot = \"1s\" }".to_owned()),
        ".{0,20}",
    ]
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = survives(&String::from_utf8_lossy(&bytes), &[]);
    }

    #[test]
    fn any_text(text in "(\\PC|[\\[\\]={}\"'#.\n]){0,200}") {
        let _ = survives(&text, &[]);
    }

    #[test]
    fn any_override(text in "\\PC{0,60}") {
        let _ = survives(LEAST, &[text]);
    }

    #[test]
    fn any_values_at_known_places(set in prop::collection::vec((key(), value()), 1..4)) {
        let set: Vec<_> = set.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        let _ = survives(LEAST, &set);
    }

    #[test]
    fn a_spoilt_scenario(at in 0..LEAST.len(), len in 0usize..12, put in "\\PC{0,8}") {
        let mut text = LEAST.to_owned();
        let end = (at + len).min(text.len());
        text.replace_range(at..end, &put);
        let _ = survives(&text, &[]);
    }
}

#[test]
fn size_and_depth_are_bounded() {
    let code = |text: &str, overrides: &[String]| {
        survives(text, overrides).err().unwrap().iter().next().unwrap().code.as_str()
    };
    assert_eq!(code(&"#".repeat(SOURCE_LEN_MAX + 1), &[]), "KS0001");
    assert_eq!(code(LEAST, &["x".repeat(SOURCE_LEN_MAX + 1)]), "KS0001");
    assert_eq!(code(&format!("x = {}", "[".repeat(SOURCE_LEN_MAX / 2)), &[]), "KS0002");
    assert_eq!(code(&format!("{}a = 1", "a.".repeat(SOURCE_LEN_MAX / 4)), &[]), "KS0002");
    // As an override it is no TOML value, and so a string.
    assert_eq!(code(LEAST, &[format!("scenario={}", "[".repeat(SOURCE_LEN_MAX / 2))]), "KS0102");
    let wide: String = (0..40_000).map(|n| format!("a{n}={n},")).collect();
    code(&format!("x = {{ {wide} }}"), &[]);
}

#[test]
fn large_files_are_read_in_time_that_grows_with_their_size() {
    let chain: String = (0..10_000)
        .map(|n| {
            format!(
                "[gateway.g{n}]\nclass = \"box\"\nlink = \"wire\"\nregistrar = \"g{}\"\n",
                n + 1
            )
        })
        .collect();
    let Err(errors) = survives(&format!("{LEAST}{chain}"), &[]) else {
        panic!("no chain of gateways")
    };
    assert_eq!(errors.len(), 10_000);
    let fleets: String = (0..5_000)
        .map(|n| {
            format!(
                "[fleet.f{n}]\ncount = 1\nclass = \"box\"\nlink = \"wire\"\nregistrar = \"in\"\n"
            )
        })
        .collect();
    let expect: String =
        (0..5_000).map(|n| format!("\"load.x{n}.queue_max\" = \"< 1\"\n")).collect();
    let Err(errors) = survives(&format!("{LEAST}{fleets}[expect]\n{expect}"), &[]) else {
        panic!("no such metrics")
    };
    assert_eq!(errors.len(), 5_000);
}

//! The scenario files that ship.

use std::fs;
use std::path::{Path, PathBuf};

use keystorm::association::KeyExchange;
use keystorm::node::Cost;
use keystorm::scenario::plan::{Plan, Registrar, Spread};
use keystorm::scenario::{Source, load, schema};
use keystorm::sim::time::Duration;

use super::good;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn files() -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let name =
                path.file_name().expect("it has an extension").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("it is UTF-8"))
        })
        .collect();
    files.sort();
    files
}

fn assert_equal(a: &Plan, b: &Plan) {
    assert_eq!((&a.name, &a.question), (&b.name, &b.question));
    assert_eq!((a.seed, a.duration), (b.seed, b.duration));
    assert_eq!((&a.classes, &a.links), (&b.classes, &b.links));
    assert_eq!((&a.cses, &a.gateways, &a.fleets), (&b.cses, &b.gateways, &b.fleets));
    assert_eq!((&a.events, &a.expectations), (&b.events, &b.expectations));
    assert_eq!(a.risk, b.risk);
    assert_eq!(a.security.key_lifetime, b.security.key_lifetime);
    assert_eq!(a.security.retry, b.security.retry);
    let (a, b) = (&a.security.association, &b.security.association);
    assert_eq!(
        (a.key_exchange, a.cookie, a.replay_window),
        (b.key_exchange, b.cookie, b.replay_window)
    );
    assert_eq!((a.tickets, a.ticket_lifetime, a.timers), (b.tickets, b.ticket_lifetime, b.timers));
    assert_eq!((a.mtu, a.long_sequence), (b.mtu, b.long_sequence));
    assert_eq!((a.explicit_length, a.record_limit), (b.explicit_length, b.record_limit));
}

#[test]
fn each_loads_without_a_warning_and_begins_with_its_question() {
    let files = files();
    assert!(files.len() >= 5);
    for (name, text) in files {
        let loaded = load(&Source::new(&name, &text), &[], None)
            .unwrap_or_else(|errors| panic!("{name} must load:\n{errors}"));
        assert!(loaded.warnings.is_empty(), "{name}:\n{}", loaded.warnings);
        assert!(text.starts_with("#:schema ./schema.json\n# Question: "), "{name}");
        assert_eq!(format!("{}.toml", loaded.plan.name), name);
        assert!(loaded.plan.question.is_some_and(|question| question.ends_with('?')), "{name}");
        // What storm-fixed must yield depends on what a test sets in it.
        let expects = !loaded.plan.expectations.is_empty();
        assert!(expects || name == "storm-fixed.toml", "{name} expects nothing");
    }
}

#[test]
fn resolved_text_gives_the_same_plan() {
    for (name, text) in files() {
        let first =
            load(&Source::new(&name, text), &["scenario.duration=3h".to_owned()], Some(u64::MAX))
                .unwrap();
        let again = load(&Source::new("scenario.toml", first.resolved.clone()), &[], None)
            .unwrap_or_else(|errors| panic!("{name}, resolved:\n{errors}"));
        assert_eq!(again.plan.seed, u64::MAX);
        assert_equal(&first.plan, &again.plan);
        assert_eq!(first.resolved, again.resolved, "{name}");
    }
}

#[test]
fn the_schema_that_ships_is_the_one_of_the_code() {
    let path = folder().join("schema.json");
    let expected = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let shipped = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        shipped == expected,
        "set UPDATE_SCHEMA=1 and run this test to write scenarios/schema.json"
    );
}

#[test]
fn the_outside_check_finds_its_figures_in_storm_fixed() {
    let text = fs::read_to_string(folder().join("storm-fixed.toml")).unwrap();
    let plan = good(&text, &[]).plan;
    assert_eq!((plan.fleets[0].name.as_str(), plan.fleets[0].count), ("devices", 10_000));
    assert_eq!(plan.fleets[0].start.spread, Spread::AtOnce);
    assert_eq!((plan.fleets[0].via, plan.fleets[0].registrar), (Some(0), Registrar::Cse(0)));
    assert_eq!((plan.gateways[0].name.as_str(), plan.gateways[0].count), ("forwarder", 10));
    assert!(!plan.gateways[0].registers);
    assert_eq!(plan.cses[0].workers, 4);
    let fixed =
        |name: &str| match plan.classes.iter().find(|class| class.name == name).unwrap().cost {
            Cost::Fixed(times) => times,
            Cost::Operations(_) => panic!("{name} has prices"),
        };
    let micros = Duration::from_micros;
    assert_eq!(fixed("forwarder").datagram, micros(200));
    assert_eq!(fixed("device").finished, micros(50_000));
    let cse = fixed("cse");
    assert_eq!((cse.hello, cse.finished, cse.duplicate), (micros(2_000), micros(500), micros(200)));
    let latency = |name: &str| plan.links.iter().find(|link| link.name == name).unwrap().latency;
    assert_eq!((latency("access"), latency("backhaul")), (micros(20_000), micros(10_000)));
    let association = &plan.security.association;
    assert_eq!(association.key_exchange, KeyExchange::PskDhe);
    assert!(!association.cookie && association.tickets == 0);
    assert_eq!((association.timers.initial, association.timers.retransmissions), (None, 6));
    assert!(!association.timers.carry_over && !association.timers.server);
    assert!(!association.timers.resend_on_duplicate);
    assert!(plan.links.iter().all(|link| link.rate_up.is_none() && link.rate_down.is_none()));
}

#[test]
fn the_outside_check_may_change_storm_fixed() {
    let text = fs::read_to_string(folder().join("storm-fixed.toml")).unwrap();
    let spread = |overrides: &[&str]| good(&text, overrides).plan.fleets[0].start.spread;
    assert_eq!(
        spread(&["fleet.devices.start.jitter=600s"]),
        Spread::Jitter(Duration::from_secs(600))
    );
    assert_eq!(spread(&["fleet.devices.start.poisson=500/s"]), Spread::Poisson(500.0));
    assert_eq!(
        spread(&["fleet.devices.start.poisson=500/s", "fleet.devices.start.jitter=0s"]),
        Spread::Poisson(500.0)
    );
    let plan = good(
        &text,
        &[
            "class.cse.fixed.finished=0s",
            "cse.in.workers=1",
            "security.timer.initial=1s",
            "security.timer.carry_over=true",
            "link.access.loss=0.1",
            "fleet.devices.count=1000",
            "scenario.duration=4h",
        ],
    )
    .plan;
    assert_eq!((plan.cses[0].workers, plan.fleets[0].count), (1, 1_000));
    assert_eq!(plan.security.association.timers.initial, Some(Duration::from_secs(1)));
    assert_eq!(plan.duration, Duration::from_secs(4 * 3_600));
}

#[test]
fn each_also_loads_at_a_small_scale() {
    for (name, text) in files() {
        let fleets = load(&Source::new(&name, &text), &[], None).unwrap().plan.fleets;
        let overrides: Vec<_> =
            fleets.iter().map(|fleet| format!("fleet.{}.count=20", fleet.name)).collect();
        let plan = load(&Source::new(&name, &text), &overrides, None).unwrap().plan;
        assert!(plan.fleets.iter().all(|fleet| fleet.count == 20));
    }
}

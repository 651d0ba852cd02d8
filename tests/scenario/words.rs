//! What the words mean.

use keystorm::association::KeyExchange;
use keystorm::node::Cost;
use keystorm::scenario::plan::{Action, Registrar, Rekey, Relation, Spread, Target};
use keystorm::scenario::{Code, Source, explain, load, presets, schema};
use keystorm::sim::time::{Duration, Time};
use serde_json::json;

use super::{LEAST, good};

#[test]
fn defaults_are_those_of_the_rfcs() {
    let plan = good(LEAST, &[]).plan;
    assert_eq!((plan.name.as_str(), plan.seed), ("test", 1));
    let association = &plan.security.association;
    assert_eq!(association.key_exchange, KeyExchange::PskDhe);
    assert_eq!(association.timers, keystorm::association::Timers::default());
    assert_eq!((association.replay_window, association.tickets), (64, 0));
    assert_eq!((plan.security.retry, plan.security.key_lifetime), (None, None));
    assert_eq!((plan.links[0].mtu, plan.links[0].rate_up), (1_200, None));
}

#[test]
fn a_fleet_with_a_gateway_as_registrar_sits_behind_it() {
    let text = LEAST.replace("registrar = \"in\"", "registrar = \"mn\"")
        + "[gateway.mn]\ncount = 3\nclass = \"box\"\nlink = \"ethernet\"\nregistrar = \"in\"\n\
           start.at = \"5s\"\n";
    let plan = good(&text, &[]).plan;
    assert_eq!((plan.fleets[0].via, plan.fleets[0].registrar), (Some(0), Registrar::Gateway));
    assert!(plan.gateways[0].registers);
    assert_eq!(plan.gateways[0].start.at, Duration::from_secs(5));
    // The access link no longer leads to the infrastructure: it may be without latency.
    assert_eq!(good(&text, &["link.wire.latency=0s"]).plan.links.len(), 2);
    // Every way has the least mtu of its links.
    assert_eq!(good(&text, &["link.wire.mtu=100B"]).plan.security.association.mtu, 100);
}

#[test]
fn presets_are_refined_by_name_or_by_reference() {
    let text = LEAST.replace("link = \"wire\"", "link = \"nbiot_good\"");
    let plan =
        good(&text, &["link.nbiot_good.loss=0.5", "class.cpu.preset=x86_core", "cse.in.class=cpu"])
            .plan;
    let link = plan.links.iter().find(|link| link.name == "nbiot_good").unwrap();
    assert_eq!((link.loss, link.latency), (0.5, Duration::from_millis(250)));
    assert_eq!((link.rate_up, link.rate_down), (Some(28_000), Some(170_000)));
    let cpu = plan.classes.iter().find(|class| class.name == "cpu").unwrap();
    assert!(matches!(cpu.cost, Cost::Operations(prices) if prices.x25519_ns == 79_000.0));
    // One rate for both directions takes the place of both of the preset's.
    let plan = good(&text, &["link.nbiot_good.rate=5kbps"]).plan;
    assert_eq!((plan.links[0].rate_up, plan.links[0].rate_down), (Some(5_000), Some(5_000)));
}

#[test]
fn events_come_in_order_of_time() {
    let text = LEAST.to_owned()
        + "[[event]]\nat = \"5min\"\nrestart = { target = \"in\" }\n\
           [[event]]\nat = \"1min\"\nrekey = { target = \"devices\", with = \"key_update\", \
           slots = { window = \"1min\", slot = \"1s\" } }\n";
    let plan = good(&text, &[]).plan;
    assert_eq!(plan.events[0].at, Time(60_000_000_000));
    assert_eq!(plan.events[0].action, Action::Rekey(Rekey::KeyUpdate));
    let (window, slot) = (Duration::from_secs(60), Duration::from_secs(1));
    assert_eq!(plan.events[0].spread, Spread::Slots { window, slot });
    assert_eq!((plan.events[1].target, plan.events[1].action), (Target::Cse(0), Action::Restart));
}

#[test]
fn expectations_have_their_bound_in_si_units() {
    let plan = good(LEAST, &["expect.rekey.time_s.p99=< 250ms", "expect.rekey.failed== 0"]).plan;
    let [failed, time] = plan.expectations.as_slice() else { panic!("two were given") };
    assert_eq!(
        (failed.metric.as_str(), failed.relation, failed.bound),
        ("rekey.failed", Relation::Equal, 0.0)
    );
    assert_eq!(
        (time.metric.as_str(), time.relation, time.bound),
        ("rekey.time_s.p99", Relation::Less, 0.25)
    );
    assert_eq!(time.text, "< 250ms");
}

#[test]
fn seeds_may_have_64_bits() {
    assert_eq!(good(LEAST, &["scenario.seed=0xffffffffffffffff"]).plan.seed, u64::MAX);
    assert_eq!(good(LEAST, &["scenario.seed=\"18446744073709551615\""]).plan.seed, u64::MAX);
    let source = Source::new("test.toml", LEAST);
    assert_eq!(load(&source, &["scenario.seed=5".to_owned()], Some(7)).unwrap().plan.seed, 7);
}

#[test]
fn the_question_is_the_first_comments_paragraph() {
    let text = format!("#:schema x\n# Question: why\n#   not?\n#\n# Because.\n{LEAST}");
    assert_eq!(good(&text, &[]).plan.question.as_deref(), Some("why not?"));
    assert_eq!(good(LEAST, &[]).plan.question, None);
}

#[test]
fn every_code_is_explained() {
    for code in Code::ALL {
        let explanation = explain(code.as_str()).unwrap();
        assert!(
            !explanation.title.is_empty() && explanation.meaning.len() > 40,
            "{}",
            explanation.code
        );
        assert!(!explanation.example.is_empty(), "{}", explanation.code);
    }
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted, "codes are unique and in order");
    assert!(explain("ks0104").is_some() && explain("KS9999").is_none());
}

#[test]
fn every_preset_can_be_used() {
    for preset in presets() {
        let text = match preset.kind {
            "class" => LEAST
                .replace("class = \"box\"\nlink", &format!("class = \"{}\"\nlink", preset.name)),
            _ => LEAST.replace("link = \"wire\"", &format!("link = \"{}\"", preset.name)),
        };
        good(&text, &["security.key_exchange=psk_ke"]);
    }
}

#[test]
fn the_schema_speaks_of_every_table() {
    let schema = schema();
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(schema["required"], json!(["scenario"]));
    for table in
        ["scenario", "class", "link", "cse", "gateway", "fleet", "security", "event", "expect"]
    {
        let property = &schema["properties"][table];
        assert!(property["description"].as_str().is_some_and(|text| text.len() > 10), "{table}");
    }
    let fleet = &schema["$defs"]["FleetTable"];
    assert_eq!(fleet["required"], json!(["count", "class", "link", "registrar"]));
    assert_eq!(fleet["properties"]["count"]["maximum"], 10_000_000);
    assert!(!schema.to_string().contains("null"));
}

//! The service layer in the simulation: registration, reports over two hops, notifications, and what is refused
//! or lost on the way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use keystorm::run::{Outcome, Verdict, execute, lookup};
use keystorm::scenario::{Source, load};

/// Two gateways and the devices behind them.
fn scenario(fleets: &str, more: &str) -> Source {
    let text = format!(
        "[scenario]\nduration = \"10min\"\n\
         [link.access]\nlatency = \"20ms\"\n[link.backhaul]\nlatency = \"10ms\"\n\
         [class.node]\npreset = \"m4_64mhz_asm\"\n[class.server]\npreset = \"x86_core\"\n\
         [cse.in]\nclass = \"server\"\nworkers = 2\n\
         [gateway.gates]\ncount = 2\nclass = \"server\"\nlink = \"backhaul\"\nregistrar = \"in\"\n\
         [security]\nretry = \"10s\"\n{fleets}\n{more}\n"
    );
    Source::new("telemetry.toml", text)
}

/// A fleet of ten that registers and reports every 30 s.
fn fleet(name: &str, registrar: &str, more: &str) -> String {
    format!(
        "[fleet.{name}]\ncount = 10\nclass = \"node\"\nlink = \"access\"\nregistrar = \"{registrar}\"\n\
         start = {{ at = \"5s\", jitter = \"10s\" }}\nregistration = \"registered\"\n\
         telemetry = {{ interval = \"30s\", size = \"16B\" }}\n{more}\n"
    )
}

const UP: &str = "reports_to = \"head_end\"";
const SUBSCRIBED: &str = "subscribed_at = \"1min\"";

fn run_with(source: &Source, threads: usize, overrides: &[&str]) -> Outcome {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let loaded = load(source, &overrides, None)
        .unwrap_or_else(|refused| panic!("{}", refused.render(false)));
    execute(loaded.plan, threads, &|_| true)
}

fn run(fleets: &str, more: &str) -> Outcome {
    run_with(&scenario(fleets, more), 1, &[])
}

/// A figure; a count that is absent is 0.
fn figure(outcome: &Outcome, name: &str) -> f64 {
    lookup(&outcome.metrics, name).unwrap_or(0.0)
}

fn refused(outcome: &Outcome) -> Vec<(u16, u64)> {
    outcome.recorder.counters.refused.iter().map(|(status, n)| (*status, *n)).collect()
}

#[test]
fn devices_register_at_gateways_and_gateways_at_the_infrastructure() {
    let outcome = run(&fleet("meters", "gates", ""), "");
    assert_eq!(figure(&outcome, "onem2m.registered"), 12.0);
    assert_eq!(refused(&outcome), []);
    assert_eq!(outcome.recorder.counters.rejected, [].into());
    let sent = figure(&outcome, "message.sent");
    assert!(figure(&outcome, "message.delivered") > sent - 10.0 && sent >= 190.0, "{sent}");
    // Three requests of each device and one of each gateway, and the reports.
    assert_eq!(figure(&outcome, "onem2m.requests.create"), 32.0 + sent);
    // One hop: request and answer at 20 ms each, and what the processors need.
    let latency = figure(&outcome, "message.latency_s.p50");
    assert!((0.040..0.055).contains(&latency), "{latency}");
}

#[test]
fn reports_are_handed_on_to_the_infrastructure_and_their_answers_come_back() {
    let outcome = run(&fleet("meters", "gates", UP), "");
    assert_eq!(figure(&outcome, "onem2m.registered"), 12.0);
    assert_eq!(refused(&outcome), []);
    assert_eq!(outcome.recorder.counters.rejected, [].into());
    let sent = figure(&outcome, "message.sent");
    assert!(figure(&outcome, "message.delivered") > sent - 10.0, "{sent}");
    // Policy, container and reports are requests at either CSE; one AE each at the gateway.
    let taken = figure(&outcome, "onem2m.requests.create");
    assert!((12.0 + 40.0 + 2.0 * sent - taken).abs() <= 2.0, "{taken}");
    // Two hops and back.
    let latency = figure(&outcome, "message.latency_s.p50");
    assert!((0.060..0.080).contains(&latency), "{latency}");
}

#[test]
fn a_device_at_the_infrastructure_reports_to_the_head_end_too() {
    let outcome = run(&fleet("meters", "in", &format!("{UP}\n{SUBSCRIBED}")), "");
    assert_eq!(figure(&outcome, "onem2m.registered"), 10.0);
    assert_eq!(figure(&outcome, "onem2m.subscribed"), 10.0);
    assert_eq!(refused(&outcome), []);
    assert!(figure(&outcome, "notification.delivered") >= 170.0);
}

#[test]
fn the_head_end_subscribes_at_gateways_and_is_notified() {
    let outcome = run(&fleet("meters", "gates", SUBSCRIBED), "");
    assert_eq!(figure(&outcome, "onem2m.subscribed"), 10.0);
    assert_eq!(refused(&outcome), []);
    assert_eq!(outcome.recorder.counters.rejected, [].into());
    let notified = figure(&outcome, "notification.delivered");
    // From the first minute on, twice a minute each.
    assert!((178.0..=182.0).contains(&notified), "{notified}");
    // A NOTIFY is a request at the IN-CSE alone.
    assert!((figure(&outcome, "onem2m.requests.notify") - notified).abs() <= 1.0);
    let latency = figure(&outcome, "notification.latency_s.p50");
    assert!((0.030..0.040).contains(&latency), "{latency}");
}

#[test]
fn threads_do_not_change_the_digest() {
    let source = scenario(&(fleet("a", "gates", UP) + &fleet("b", "gates", SUBSCRIBED)), "");
    let lossy = ["link.backhaul.loss=0.1", "link.access.loss=0.1"];
    let alone = run_with(&source, 1, &lossy);
    let together = run_with(&source, 2, &lossy);
    assert_eq!(alone.digest, together.digest);
    assert_eq!(alone.metrics, together.metrics);
}

#[test]
fn a_lost_message_between_cses_is_repeated_and_has_its_effect_once() {
    let source = scenario(&fleet("meters", "gates", SUBSCRIBED), "");
    for loss in ["0.0", "0.2"] {
        let overrides = [format!("link.backhaul.loss={loss}")];
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        let outcome = run_with(&source, 1, &overrides);
        assert_eq!(figure(&outcome, "onem2m.registered"), 12.0, "{loss}");
        assert_eq!(figure(&outcome, "onem2m.subscribed"), 10.0, "{loss}");
        let reports = figure(&outcome, "message.delivered");
        let notified = figure(&outcome, "notification.delivered");
        // Ten devices report twice in the first minute and a bit, before there is a subscription; after that
        // every report is told once: the NOTIFY that the link loses is sent again, and the one whose answer it
        // loses is recognised.
        assert!(notified <= reports - 10.0, "{loss}: {notified} of {reports}");
        assert!(notified >= reports - 26.0, "{loss}: {notified} of {reports}");
    }
}

#[test]
fn a_restarted_gateway_keeps_its_resources_and_its_devices_go_on() {
    for (more, subscribed) in [(UP, 0.0), (SUBSCRIBED, 10.0)] {
        let event = "[[event]]\nat = \"4min\"\nrestart = { target = \"gates\" }";
        let outcome = run(&fleet("meters", "gates", more), event);
        // The resources of the gateways are in their databases: nobody is new.
        assert_eq!(figure(&outcome, "onem2m.registered"), 12.0, "{more}");
        assert_eq!(figure(&outcome, "onem2m.subscribed"), subscribed, "{more}");
        // The gateways ask again, and are told that they are known.
        assert!(refused(&outcome).contains(&(4_117, 2)), "{more}: {:?}", refused(&outcome));
        let (sent, delivered) =
            (figure(&outcome, "message.sent"), figure(&outcome, "message.delivered"));
        // Each device loses the report that meets the gap, and notices by its silence.
        assert!(delivered >= sent - 30.0, "{more}: {delivered} of {sent}");
        assert!(figure(&outcome, "association.established") >= 24.0, "{more}");
    }
}

#[test]
fn a_restarted_device_registers_again_and_finds_its_resources() {
    let event = "[[event]]\nat = \"4min\"\nrestart = { target = \"meters\" }";
    let outcome = run(&fleet("meters", "gates", UP), event);
    assert_eq!(figure(&outcome, "onem2m.registered"), 12.0);
    assert_eq!(refused(&outcome), [(4_105, 20), (4_117, 10)]);
    assert!(figure(&outcome, "message.delivered") > figure(&outcome, "message.sent") - 12.0);
}

#[test]
fn what_provisioned_devices_do_not_have_is_refused() {
    let provisioned = fleet("meters", "gates", UP).replace("registered", "provisioned");
    let refused = load(&scenario(&provisioned, ""), &[], None).err().unwrap().render(false);
    assert!(refused.contains("KS0313"), "{refused}");
}

#[test]
fn the_shipped_scenario_holds_at_a_small_scale() {
    let path = format!("{}/scenarios/telemetry.toml", env!("CARGO_MANIFEST_DIR"));
    let source = Source::new(path.clone(), std::fs::read_to_string(path).unwrap());
    let small = [
        "gateway.routers.count=4",
        "fleet.meters.count=40",
        "fleet.sensors.count=40",
        "expect.\"onem2m.registered\"== 84",
        "expect.\"onem2m.subscribed\"== 40",
    ];
    let outcome = run_with(&source, 2, &small);
    let missed: Vec<_> = outcome.expectations.iter().filter(|checked| !checked.held).collect();
    assert_eq!(outcome.verdict, Verdict::Held, "{missed:?}");
}

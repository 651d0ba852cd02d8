//! What is wrong is refused, with its code, its place and a hint.

use super::{LEAST, codes, good, loaded};

/// `LEAST` with one piece of its text replaced.
fn with(from: &str, to: &str) -> String {
    assert!(LEAST.contains(from), "{from} is not in the text");
    LEAST.replace(from, to)
}

/// `LEAST` with more text at the end.
fn and(more: &str) -> String {
    format!("{LEAST}\n{more}")
}

#[test]
fn the_least_scenario_is_right() {
    assert!(good(LEAST, &[]).warnings.is_empty());
}

#[test]
fn a_diagnostic_reads_like_a_compilers() {
    let text = with("latency = \"1ms\"", "latncy = \"1ms\"");
    let errors = loaded(&text, &[]).err().unwrap();
    let expected = "\
error[KS0101]: unknown field `latncy`
 --> test.toml:7:1
  |
7 | latncy = \"1ms\"
  | ^^^^^^ unknown field
  |
  = help: did you mean `latency`?

error[KS0103]: the link `wire` has no `latency`
 --> test.toml:6:7
  |
6 | [link.wire]
  |       ^^^^
  |
  = help: add `latency = \"20ms\"`, or a `preset`
";
    let mut shown: Vec<_> = errors.render(false).split("\n\n").map(str::to_owned).collect();
    shown.sort();
    let mut wanted: Vec<_> = expected.split("\n\n").map(str::to_owned).collect();
    wanted.sort();
    let trim = |list: &[String]| list.iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(trim(&shown), trim(&wanted));
    assert!(errors.render(true).contains("\u{1b}["), "colours were asked for");
}

#[test]
fn machines_get_the_same() {
    let errors = loaded(&with("count = 10", "count = 0"), &[]).err().unwrap();
    let records = serde_json::to_value(errors.records()).unwrap();
    assert_eq!(records[0]["code"], "KS0106");
    assert_eq!(records[0]["severity"], "error");
    assert_eq!((&records[0]["line"], &records[0]["column"]), (&11.into(), &9.into()));
    assert_eq!(records[0]["file"], "test.toml");
}

#[test]
fn an_override_is_shown_in_its_own_text() {
    let errors =
        loaded(LEAST, &["cse.in.workers=2", "link.wire.latency=20 parsecs"]).err().unwrap();
    let record = &errors.records()[0];
    assert_eq!((record.code, record.file.as_str()), ("KS0105", "--set"));
    assert_eq!((record.line, record.column), (1, 19));
    assert!(errors.render(false).contains("link.wire.latency=20 parsecs"));
}

#[test]
fn all_errors_come_at_once_in_the_order_of_the_text() {
    let text = LEAST
        .replace("duration = \"10min\"", "duration = 10")
        .replace("hello", "helo")
        .replace("link = \"wire\"", "link = \"wier\"")
        .replace("count = 10", "count = -3");
    assert_eq!(
        codes(&text, &["fleet.devices.cuont=1"]),
        ["KS0104", "KS0101", "KS0106", "KS0201", "KS0101"]
    );
}

#[test]
fn values() {
    for (from, to, code) in [
        ("\"1ms\"\n[cse", "1ms\n[cse", "KS0002"),
        ("[scenario]", "[scenario", "KS0002"),
        ("latency = \"1ms\"", "latency = 20", "KS0104"),
        ("latency = \"1ms\"", "latency = \"20\"", "KS0104"),
        ("latency = \"1ms\"", "latency = \"20 parsecs\"", "KS0105"),
        ("latency = \"1ms\"", "latency = \"20m s\"", "KS0105"),
        ("latency = \"1ms\"", "latency = \"-20ms\"", "KS0106"),
        ("latency = \"1ms\"", "latency = \"99999999999999999999d\"", "KS0106"),
        ("latency = \"1ms\"", "latency = \"0.1ns\"", "KS0106"),
        ("latency = \"1ms\"", "latency = \"soon\"", "KS0102"),
        ("latency = \"1ms\"", "latency = true", "KS0102"),
        ("latency = \"1ms\"", "latency = 2020-01-01", "KS0102"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nloss = 1.0", "KS0106"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nloss = 1", "KS0106"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nloss = -0.1", "KS0106"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nloss = nan", "KS0106"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nloss = inf", "KS0106"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nloss = \"1%\"", "KS0102"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nmtu = \"63B\"", "KS0106"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nmtu = \"65001B\"", "KS0106"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nrate = \"0bps\"", "KS0106"),
        ("latency = \"1ms\"", "latency = \"1ms\"\nrate = \"170kbit/s\"", "KS0105"),
        ("latency = \"1ms\"", "latency = \"0s\"", "KS0306"),
        ("latency = \"1ms\"", "latency = \"999ns\"", "KS0306"),
        ("latency = \"1ms\"", "", "KS0103"),
        ("count = 10", "count = 0", "KS0106"),
        ("count = 10", "count = 10000001", "KS0106"),
        ("count = 10", "count = 10000000000000000000000000000000000000000000", "KS0106"),
        ("count = 10", "count = \"10\"", "KS0102"),
        ("count = 10", "count = 10.5", "KS0102"),
        ("count = 10", "", "KS0103"),
        ("class = \"box\"\n[fleet", "class = \"box\"\nworkers = 0\n[fleet", "KS0106"),
        ("duration = \"10min\"", "duration = \"0s\"", "KS0106"),
        ("duration = \"10min\"", "", "KS0103"),
        ("duration = \"10min\"", "duration = \"10min\"\nseed = -1", "KS0106"),
        ("duration = \"10min\"", "duration = \"10min\"\nname = \"A b\"", "KS0108"),
        ("hello = \"1ms\"", "hello = \"1ms\"\n[class.box]\nx25519 = \"1ms\"", "KS0308"),
    ] {
        assert!(
            codes(&with(from, to), &[]).contains(&code),
            "{to}: {:?}",
            codes(&with(from, to), &[])
        );
    }
}

#[test]
fn references() {
    for (from, to, code) in [
        ("class = \"box\"\nlink", "class = \"bx\"\nlink", "KS0201"),
        ("link = \"wire\"", "link = \"wier\"", "KS0201"),
        ("registrar = \"in\"", "registrar = \"im\"", "KS0201"),
        ("registrar = \"in\"", "registrar = \"in\"\nvia = \"nobody\"", "KS0201"),
        ("registrar = \"in\"", "registrar = \"devices\"", "KS0204"),
        ("[link.wire]", "[link.wire]\npreset = \"nbiot\"", "KS0201"),
        ("[fleet.devices]", "[fleet.in]", "KS0202"),
        ("[fleet.devices]", "[fleet.device]", "KS0202"),
        ("[fleet.devices]", "[fleet.maf]", "KS0202"),
        ("[fleet.devices]", "[fleet.Devices]", "KS0108"),
        ("[fleet.devices]", "[fleet.\"a.b\"]", "KS0108"),
        ("[fleet.devices]", "[fleet.a23456789012345678901234567890123]", "KS0108"),
    ] {
        assert!(
            codes(&with(from, to), &[]).contains(&code),
            "{to}: {:?}",
            codes(&with(from, to), &[])
        );
    }
    assert_eq!(codes("[scenario]\nduration = \"1s\"\n", &[]), ["KS0205"]);
    assert_eq!(codes("", &[])[..2], ["KS0103", "KS0205"]);
    let gateway = |name: &str, registrar: &str| {
        format!("[gateway.{name}]\nclass = \"box\"\nlink = \"wire\"\nregistrar = \"{registrar}\"\n")
    };
    assert_eq!(codes(&and(&gateway("a", "a")), &[]), ["KS0203"]);
    let two = |a, b| and(&(gateway("a", a) + &gateway("b", b)));
    assert_eq!(codes(&two("b", "a"), &[]), ["KS0203", "KS0203"]);
    assert_eq!(codes(&two("b", "in"), &[]), ["KS0204"]);
    assert_eq!(codes(&two("in", "devices"), &[]), ["KS0204"]);
    let both = |via, registrar| {
        two("in", "in").replace(
            "\nregistrar = \"in\"\n\n[gateway",
            &format!("\nvia = \"{via}\"\nregistrar = \"{registrar}\"\n[gateway"),
        )
    };
    assert_eq!(codes(&both("a", "a"), &[]), [""; 0]);
    assert_eq!(codes(&both("a", "b"), &[]), ["KS0204"]);
    let other = both("a", "in2") + "[cse.in2]\nclass = \"box\"\n";
    assert_eq!(codes(&other, &[]), ["KS0204"]);
}

#[test]
fn times_and_spreads() {
    let start = |words: &str| codes(&and(&format!("start = {words}")), &[]);
    assert_eq!(start("{ at = \"11min\" }"), ["KS0301"]);
    assert_eq!(start("{ jitter = \"11min\" }"), ["KS0301"]);
    assert_eq!(start("{ at = \"6min\", jitter = \"5min\" }"), ["KS0301"]);
    assert_eq!(start("{ slots = { window = \"11min\", slot = \"1s\" } }"), ["KS0301"]);
    assert_eq!(start("{ slots = { window = \"1s\", slot = \"2s\" } }"), ["KS0302"]);
    assert_eq!(start("{ slots = { window = \"1s\", slot = \"0s\" } }"), ["KS0106"]);
    assert_eq!(start("{ slots = { window = \"1s\" } }"), ["KS0103"]);
    assert_eq!(start("{ poisson = \"5/s\", jitter = \"1s\" }"), ["KS0303"]);
    assert_eq!(start("{ poisson = \"0/s\" }"), ["KS0106"]);
    assert_eq!(start("{ poisson = \"5/s\", jitter = \"0s\" }"), [""; 0]);
    assert_eq!(start("{ at = \"5min\", jitter = \"5min\" }"), [""; 0]);
}

#[test]
fn connection_ids() {
    let with_len = |len: &str| format!("[security]\nconnection_id = {len}");
    assert_eq!(codes(&and(&with_len("1")), &[]), [""; 0]);
    assert_eq!(codes(&and(&with_len("\"none\"")), &[]), [""; 0]);
    assert_eq!(codes(&and(&with_len("21")), &[]), ["KS0106"]);
    assert_eq!(codes(&and(&with_len("1")), &["fleet.devices.count=256"]), [""; 0]);
    assert_eq!(codes(&and(&with_len("1")), &["fleet.devices.count=257"]), ["KS0312"]);
    assert_eq!(codes(&and(&with_len("0")), &["fleet.devices.count=257"]), [""; 0]);
    let more = "[fleet.more]\ncount = 5\nclass = \"box\"\nlink = \"wire\"\nregistrar = \"in\"\n";
    let two = |own: &str| and(&format!("{more}connection_id = {own}\n{}", with_len("8")));
    assert_eq!(codes(&two("8"), &[]), [""; 0]);
    assert_eq!(codes(&two("\"none\""), &[]), [""; 0]);
    assert_eq!(codes(&two("4"), &[]), ["KS0312"]);
    let event = |target: &str| {
        and(&format!("[[event]]\nat = \"1min\"\nreaddress = {{ target = \"{target}\" }}"))
    };
    assert_eq!(codes(&event("devices"), &[]), [""; 0]);
    assert_eq!(codes(&event("in"), &[]), ["KS0309"]);
    let text = two("\"none\"") + "\n[[event]]\nat = \"1min\"\nreaddress = { target = \"more\" }\n";
    let loaded = good(&text, &[]);
    assert!(loaded.resolved.contains("\nconnection_id = 8\n"));
    assert!(loaded.resolved.contains("\nconnection_id = \"none\"\n"));
    let again = good(&loaded.resolved, &[]);
    assert_eq!(
        (&again.plan.fleets, &again.plan.events),
        (&loaded.plan.fleets, &loaded.plan.events)
    );
    assert_eq!(again.plan.security.association.connection_id, Some(8));
}

#[test]
fn events() {
    let event = |words: &str| codes(&and(&format!("[[event]]\n{words}")), &[]);
    let devices = "target = \"devices\"";
    assert_eq!(event("at = \"1min\""), ["KS0304"]);
    let two = format!("at = \"1min\"\nrestart = {{ {devices} }}\nexpire = {{ {devices} }}");
    assert_eq!(event(&two), ["KS0304"]);
    assert_eq!(event(&format!("at = \"11min\"\nrestart = {{ {devices} }}")), ["KS0301"]);
    assert_eq!(
        event(&format!("at = \"9min\"\nrestart = {{ {devices}, jitter = \"2min\" }}")),
        ["KS0301"]
    );
    assert_eq!(event("at = \"1min\"\nrestart = { target = \"device\" }"), ["KS0201"]);
    assert_eq!(event("at = \"1min\"\nexpire = { target = \"in\" }"), ["KS0309"]);
    assert_eq!(event("at = \"1min\"\nrestart = { target = \"in\" }"), [""; 0]);
    let resume = format!("at = \"1min\"\nrekey = {{ {devices}, with = \"resume\" }}");
    assert_eq!(event(&resume), ["KS0305"]);
    assert_eq!(event(&format!("{resume}\n[security]\ntickets = 1")), [""; 0]);
    assert_eq!(event(&resume.replace("resume", "resum")), ["KS0107"]);
    assert_eq!(event(&format!("at = \"1min\"\nexplode = {{ {devices} }}")), ["KS0304", "KS0101"]);
}

#[test]
fn security() {
    for (words, code) in [
        ("key_exchange = \"psk\"", "KS0107"),
        ("replay_window = 65", "KS0106"),
        ("ticket_lifetime = \"8d\"", "KS0106"),
        ("ticket_lifetime = \"0s\"", "KS0106"),
        ("retry = \"0s\"", "KS0106"),
        ("timer.initial = \"0s\"", "KS0106"),
        ("timer.initial = \"61s\"", "KS0106"),
        ("timer.retransmissions = 256", "KS0106"),
        ("timer.preset = \"rfc6347\"", "KS0107"),
        ("timer = 1", "KS0102"),
        ("cookie = 1", "KS0102"),
    ] {
        assert_eq!(codes(&and(&format!("[security]\n{words}")), &[]), [code], "{words}");
    }
}

#[test]
fn expectations() {
    for (words, code) in [
        ("\"rekey.time_s.p99\" = \"30s\"", "KS0401"),
        ("\"rekey.time_s.p99\" = \"< inf\"", "KS0401"),
        ("\"rekey.time_s.p99\" = \"< 30 parsecs\"", "KS0403"),
        ("\"rekey.failed\" = \"< 3s\"", "KS0403"),
        ("\"rekey.time_s\" = \"< 30s\"", "KS0402"),
        ("\"rekey.tme_s.p99\" = \"< 30s\"", "KS0402"),
        ("\"load.nobody.queue_max\" = \"< 30\"", "KS0402"),
        ("\"rekey.failed\" = 0", "KS0102"),
    ] {
        assert_eq!(codes(&and(&format!("[expect]\n{words}")), &[]), [code], "{words}");
    }
    for words in [
        "\"load.cse.utilisation_peak_1s\" = \"< 0.7\"",
        "\"load.devices.queue_max\" = \"< 7\"",
        "\"energy.devices_j.mean\" = \"< 5mJ\"",
        "\"link.wire.bytes\" = \"< 5MB\"",
        "\"link.wire.retransmission_bytes\" = \"< 5MB\"",
        "\"load.in.wait_s.p99\" = \"< 5s\"",
        "\"message.rejected.replay\" = \"= 0\"",
        "\"crypto.operations.x25519\" = \">= 1\"",
        "rekey.time_s.p99 = \"< 250ms\"",
    ] {
        assert_eq!(codes(&and(&format!("[expect]\n{words}")), &[]), [""; 0], "{words}");
    }
}

#[test]
fn prices_are_not_guessed() {
    let text = with(
        "[class.box.fixed]\nhello = \"1ms\"",
        "[class.box]\npreset = \"m33_lpc55s16_hw\"\nactive_power = \"0W\"",
    );
    assert_eq!(codes(&text, &[]), ["KS0307"]);
    assert_eq!(codes(&text, &["class.box.x25519=12ms"]), [""; 0]);
    assert_eq!(codes(&text, &["security.key_exchange=psk_ke"]), [""; 0]);
    let text = with(
        "[class.box.fixed]\nhello = \"1ms\"",
        "[class.box]\nactive_power = \"0W\"\nsha256_block = \"1us\"\naead = \"1us\"\naead_byte = \"1ns\"\n\
         aes_block = \"1us\"\nmessage = \"1us\"\ndatagram = \"1us\"\nrequest = \"1us\"\nx25519 = \"1us\"",
    );
    assert_eq!(codes(&text, &[]), [""; 0]);
    assert_eq!(codes(&text, &["security.profile=dtls12_gcm"]), [""; 0]);
    assert_eq!(codes(&text, &["security.profile=dtls12_ccm8"]), ["KS0307"]);
    let set = ["security.profile=dtls12_ccm8", "class.box.ccm=1us", "class.box.ccm_byte=1ns"];
    assert_eq!(codes(&text, &set), [""; 0]);
    let text = with("[class.box.fixed]\nhello = \"1ms\"", "[class.box]\nx25519 = \"1ms\"");
    let errors = loaded(&text, &[]).err().unwrap();
    assert!(errors.render(false).contains("`sha256_block`, `aead`"), "{errors}");
}

#[test]
fn overrides() {
    assert_eq!(codes(LEAST, &["fleet.devices.count"]), ["KS0003"]);
    assert_eq!(codes(LEAST, &["fleet..count=1"]), ["KS0003"]);
    assert_eq!(codes(LEAST, &["=1"]), ["KS0003"]);
    assert_eq!(codes(LEAST, &["a.b.c.d.e.f.g.h.i=1"]), ["KS0003"]);
    assert_eq!(codes(LEAST, &["fleet.devices.count.x=1"]), ["KS0004"]);
    assert_eq!(codes(LEAST, &["fleet=1"]), ["KS0102"]);
    let event = and("[[event]]\nat = \"1min\"\nrestart = { target = \"devices\" }");
    assert_eq!(codes(&event, &["event.0.at=11min"]), ["KS0301"]);
    assert_eq!(codes(&event, &["event.1.at=2min"]), ["KS0004"]);
    assert_eq!(codes(&event, &["event.0=2min"]), ["KS0004"]);
    assert_eq!(codes(&event, &["event.0.restart.jitter=2min"]), [""; 0]);
}

#[test]
fn warnings_do_not_stop() {
    let unused = good(&and("[link.spare]\nlatency = \"1ms\""), &[]);
    let warnings: Vec<_> = unused.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(warnings, ["KS0901"]);
    let idle = "[gateway.idle]\nclass = \"box\"\nlink = \"wire\"\nregistrar = \"in\"";
    assert_eq!(good(&and(idle), &[]).warnings.len(), 1);
    // Warnings never crowd out errors.
    let spare: String = (0..200).map(|n| format!("[link.s{n}]\nlatency = \"1ms\"\n")).collect();
    assert_eq!(good(&and(&spare), &[]).warnings.len(), 200);
    assert_eq!(codes(&and(&(spare + "[expect]\nx = \"= 1\"")), &[]), ["KS0402"]);
    let warning = |text: &str, overrides: &[&str]| {
        let loaded = good(text, overrides);
        loaded.warnings.iter().map(|warning| warning.code.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(warning(LEAST, &["fleet.devices.class=m4_120mhz_mbedtls"]), "KS0902");
    let report = and("telemetry = { interval = \"1min\", size = \"64B\" }");
    assert_eq!(warning(&report, &[]), "");
    assert_eq!(warning(&report, &["link.wire.mtu=100B"]), "KS0904");
    let slow = good(LEAST, &["fleet.devices.start.poisson=0.001/s"]);
    assert_eq!(slow.warnings.iter().next().unwrap().code.as_str(), "KS0903");
    let port = |words: &str| warning(&and(&format!("[management]\n{words}")), &[]);
    assert_eq!(port(""), "");
    assert_eq!(port("accounts = \"default\"\nversion = \"2.3\""), "KS0905 KS0905");
}

#[test]
fn a_port_that_is_not_there_cannot_be_explored() {
    let explore = "[[attack]]\nat = \"1s\"\nexplore = { target = \"in\" }\n";
    assert_eq!(codes(&and(explore), &[]), ["KS0103"]);
    assert_eq!(codes(&and(&format!("{explore}[management]\n")), &[]), [""; 0]);
}

#[test]
fn a_flood_of_errors_is_cut_short() {
    let text: String = (0..1_000).map(|n| format!("[fleet.Bad{n}]\nx = 1\n")).collect();
    let errors = loaded(&text, &[]).err().unwrap();
    assert!(errors.len() > 5_000 && errors.iter().count() == 100);
    assert!(errors.render(false).ends_with(&format!("... and {} more\n", errors.len() - 100)));
}

#[test]
fn an_application_is_one_kind_behind_the_registrar_of_its_fleet() {
    let backend = |name: &str, kinds: &str| {
        format!("[backend.{name}]\ncse = \"in\"\nfleet = \"devices\"\n{kinds}\n")
    };
    let code = |more: &str| codes(&and(more), &[]);
    let inventory = backend("inventory", "sql = { coding = \"escaped\" }");
    assert!(code(&inventory).is_empty());
    assert_eq!(code(&backend("a", "")), ["KS0317"]);
    assert_eq!(code(&backend("a", "sql = {}\nshell = {}")), ["KS0317"]);
    assert_eq!(code(&backend("a", "sql = { coding = \"glued\" }")), ["KS0107"]);
    let other = backend("decoder", "native = {}");
    assert_eq!(code(&format!("{inventory}{other}")), ["KS0317"], "two forms of content");
    assert_eq!(code(&inventory.replace("\"in\"", "\"out\"")), ["KS0201"]);
    assert_eq!(code(&inventory.replace("\"devices\"", "\"meters\"")), ["KS0201"]);
}

#[test]
fn what_is_resolved_names_the_same_applications() {
    let all = "[backend.a]\ncse = \"in\"\nfleet = \"devices\"\nsql = { query = \"report\" }\n\
               [backend.b]\ncse = \"in\"\nfleet = \"devices\"\nxpath = { coding = \"escaped\" }\n\
               [backend.c]\ncse = \"in\"\nfleet = \"devices\"\nshell = { coding = \"concatenated\" }\n\
               [backend.d]\ncse = \"in\"\nfleet = \"devices\"\n\
               page = { slot = \"link\", escaping = \"one_tag\", validation = \"whitelist\" }\n";
    let first = good(&and(all), &[]);
    let again = good(&first.resolved, &[]);
    assert_eq!(first.plan.backends, again.plan.backends);
    assert_eq!(first.plan.backends.len(), 4);
}

/// A CSE with a console, terminals and a visitor, and an attack on sessions.
fn desks(attack: &str) -> String {
    let fleet = |name: &str| {
        format!(
            "[fleet.{name}]\ncount = 2\nclass = \"box\"\nlink = \"wire\"\nvia = \"office\"\n\
             registrar = \"in\"\nvisits = {{ interval = \"3s\", pause = \"100ms\" }}\n"
        )
    };
    and(&format!(
        "[cse.in.console]\nidle = \"none\"\nlock_out = 3\n\
         [gateway.office]\nclass = \"box\"\nlink = \"wire\"\nregistrar = \"in\"\n{}{}\
         [[attack]]\nat = \"1s\"\nimpersonate = {{ target = \"desks\", {attack} }}\n",
        fleet("desks"),
        fleet("guests"),
    ))
}

#[test]
fn sessions_need_a_console_a_terminal_and_something_to_be_bound_to() {
    let code = |text: &str| codes(text, &[]);
    let right = desks("act = \"theft\", from = \"guests\"");
    assert!(code(&right).is_empty(), "{:?}", code(&right));
    assert!(code(&desks("act = \"reuse\"")).is_empty());
    assert_eq!(code(&desks("act = \"reuse\", from = \"guests\"")), ["KS0320"]);
    assert_eq!(code(&desks("act = \"guess\"")), ["KS0320"]);
    assert_eq!(code(&desks("act = \"guess\", from = \"devices\"")), ["KS0320"]);
    assert_eq!(code(&desks("act = \"guess\", from = \"nobody\"")), ["KS0201"]);
    assert_eq!(code(&desks("act = \"borrow\"")), ["KS0107"]);
    let apart = right.replace("[gateway.office]\n", "[gateway.office]\ncount = 2\n");
    assert_eq!(code(&apart), ["KS0320"]);
    let plain =
        right.replace("[cse.in.console]", "[security]\nprofile = \"none\"\n[cse.in.console]");
    assert_eq!(code(&plain), ["KS0320", "KS0320"]);
    let loose = plain.replace("idle =", "bound = false\nidle =");
    assert!(code(&loose).is_empty(), "{:?}", code(&loose));
    let closed = right.replace("[cse.in.console]\nidle = \"none\"\nlock_out = 3\n", "");
    assert!(code(&closed).iter().all(|code| *code == "KS0320"), "{:?}", code(&closed));
    let reports = "visits = { interval";
    let both = right.replacen(
        reports,
        &format!("telemetry = {{ interval = \"1s\", size = \"9B\" }}\n{reports}"),
        1,
    );
    assert_eq!(code(&both), ["KS0320"]);
    assert_eq!(code(&right.replace("\"100ms\"", "\"0s\"")), ["KS0106", "KS0106"]);
}

#[test]
fn what_is_resolved_has_the_same_sessions() {
    let text = desks("act = \"log\", from = \"guests\", times = 3");
    let first = good(&text, &[]);
    let again = good(&first.resolved, &[]);
    assert_eq!(first.plan.cses, again.plan.cses);
    assert_eq!(first.plan.fleets, again.plan.fleets);
    assert_eq!(first.plan.attacks, again.plan.attacks);
    assert_eq!(first.resolved, again.resolved);
}

#[test]
fn names_that_change_must_last_and_keys_be_there() {
    let fleet = |more: &str| with("registrar = \"in\"", &format!("registrar = \"in\"\n{more}"));
    let changes = |words: &str| codes(&fleet(&format!("pseudonyms = {{ {words} }}")), &[]);
    assert_eq!(changes("every = \"1min\", pause = \"59s\""), [""; 0]);
    assert_eq!(changes("every = \"1min\", pause = \"1min\""), ["KS0106"]);
    assert_eq!(changes("every = \"0s\", on = false"), ["KS0106"]);
    assert_eq!(changes("pause = \"1s\""), ["KS0103"]);
}

#[test]
fn an_observer_hears_what_it_is_asked_about() {
    let linking = |listens, apart| {
        let words = format!("target = \"devices\", listens = \"{listens}\", apart = \"{apart}\"");
        codes(&and(&format!("[[attack]]\nat = \"1s\"\nlinking = {{ {words} }}")), &[])
    };
    assert_eq!(linking("5min", "1min"), [""; 0]);
    assert_eq!(linking("5min", "5min"), ["KS0301"]);
}

//! The plan as a scenario file again: every figure written out, nothing left to presets and
//! defaults.

use std::fmt::{Display, Write as _};

use super::plan::{
    Action, Battery, Change, Enrolment, Excess, Fleet, FunctionKind, Invariant, KeySharing, Noise,
    Part, Plan, Recovery, Registrar, Rekey, Renewal, Schedule, Security, Service, Spread,
    StorePlace, Target, Telemetry, Trouble, Visits, Weight,
};
use super::quantity::{power_text, price_text, rate_text, size_text, time_text};
use crate::association::{KeyExchange, Profile, Suite12};
use crate::attack::Loss;
use crate::backend::sql::Query;
use crate::backend::{Coding, Setting, native, page, tenants};
use crate::credential::at_rest::Hashing;
use crate::net::LinkType;
use crate::node::{
    Backoff, Boot, Class, Commands, Cost, CustodySetting, Growth, Renaming, Triage, Variation,
};
use crate::onem2m::session;
use crate::onem2m::session::message::Carriage;
use crate::sim::time::Duration;

/// TOML text that, loaded alone, gives the same plan.
pub(super) fn resolved(plan: &Plan) -> String {
    let mut text = String::from("#:schema ./schema.json\n");
    if let Some(question) = &plan.question {
        line(&mut text, format_args!("# Question: {question}"));
    }
    line(&mut text, "#\n# Resolved: presets, defaults and overrides are written out.");
    scenario(&mut text, plan);
    plan.classes.iter().for_each(|each| class(&mut text, each));
    plan.links.iter().for_each(|each| link(&mut text, each));
    groups(&mut text, plan);
    backends(&mut text, plan);
    security(&mut text, plan);
    custody(&mut text, plan);
    management(&mut text, plan);
    events(&mut text, plan);
    risk(&mut text, plan);
    attacks(&mut text, plan);
    countermeasures(&mut text, plan);
    expectations(&mut text, plan);
    text
}

/// Appends one line.
fn line(text: &mut String, words: impl Display) {
    writeln!(text, "{words}").expect("a string takes any text");
}

/// Appends `key = "value"`.
fn quoted(text: &mut String, key: &str, value: impl Display) {
    line(text, format_args!("{key} = \"{value}\""));
}

fn time(text: &mut String, key: &str, value: Duration) {
    quoted(text, key, time_text(value.0));
}

fn optional_time(text: &mut String, key: &str, value: Option<Duration>) {
    quoted(text, key, value.map_or_else(|| "none".to_owned(), |value| time_text(value.0)));
}

fn scenario(text: &mut String, plan: &Plan) {
    line(text, "\n[scenario]");
    quoted(text, "name", &plan.name);
    match i64::try_from(plan.seed) {
        Ok(seed) => line(text, format_args!("seed = {seed}")),
        Err(_) => quoted(text, "seed", plan.seed),
    }
    time(text, "duration", plan.duration);
    if let Some(threat) = plan.threat {
        quoted(text, "threat", format_args!("T{threat}"));
    }
    if !plan.is_attacked {
        line(text, "attacks = false");
    }
    if !plan.hold.is_empty() {
        list(text, "hold", plan.hold.iter().map(Invariant::to_string));
    }
    if let Some(Recovery { after, within }) = plan.recovery {
        let (after, within) = (time_text(after.0), time_text(within.0));
        line(text, format_args!("recovery = {{ after = \"{after}\", within = \"{within}\" }}"));
    }
}

fn class(text: &mut String, class: &Class) {
    line(text, format_args!("\n[class.{}]", class.name));
    quoted(text, "active_power", power_text(class.active_w));
    match &class.cost {
        Cost::Operations(prices) => {
            let mut price = |key, nanos: f64| quoted(text, key, price_text(nanos));
            price("sha256_block", prices.sha256_block_ns);
            price("aead", prices.aead_ns);
            price("aead_byte", prices.aead_byte_ns);
            price("ccm", prices.ccm_ns);
            price("ccm_byte", prices.ccm_byte_ns);
            price("aes_block", prices.aes_block_ns);
            price("x25519", prices.x25519_ns);
            price("message", prices.message_ns);
            price("datagram", prices.datagram_ns);
            price("request", prices.request_ns);
        }
        Cost::Fixed(times) => {
            line(text, format_args!("\n[class.{}.fixed]", class.name));
            time(text, "hello", times.hello);
            time(text, "finished", times.finished);
            time(text, "duplicate", times.duplicate);
            time(text, "datagram", times.datagram);
            time(text, "key_update", times.key_update);
            time(text, "message", times.message);
            let variation = match times.variation {
                Variation::None => "none",
                Variation::Exponential => "exponential",
                Variation::Hyperexponential => "hyperexponential",
            };
            quoted(text, "variation", variation);
        }
    }
}

fn link(text: &mut String, link: &LinkType) {
    line(text, format_args!("\n[link.{}]", link.name));
    time(text, "latency", link.latency);
    time(text, "jitter", link.jitter);
    line(text, format_args!("loss = {:?}", link.loss));
    line(text, format_args!("duplicate = {:?}", link.duplicate));
    let rate = |rate: Option<u64>| rate.map_or_else(|| "none".to_owned(), rate_text);
    quoted(text, "rate_up", rate(link.rate_up));
    quoted(text, "rate_down", rate(link.rate_down));
    quoted(text, "mtu", format_args!("{}B", link.mtu));
    quoted(text, "header", format_args!("{}B", link.header));
    quoted(text, "queue", size_text(link.queue.into()));
    quoted(text, "tx_energy_per_byte", format_args!("{}uJ", link.medium.tx_uj_per_byte));
    quoted(text, "rx_energy_per_byte", format_args!("{}uJ", link.medium.rx_uj_per_byte));
}

fn cses(text: &mut String, plan: &Plan) {
    for cse in &plan.cses {
        line(text, format_args!("\n[cse.{}]", cse.name));
        quoted(text, "class", &plan.classes[cse.class].name);
        servers(text, cse.workers, cse.queue);
        triage(text, &cse.triage);
        store(text, cse.store);
        if let Some(policy) = &cse.console {
            console(text, policy);
        }
    }
}

fn groups(text: &mut String, plan: &Plan) {
    cses(text, plan);
    for function in &plan.functions {
        let kind = match function.kind {
            FunctionKind::Maf => "maf",
            FunctionKind::Mef => "mef",
        };
        line(text, format_args!("\n[{kind}.{}]", function.name));
        line(text, format_args!("count = {}", function.count));
        quoted(text, "class", &plan.classes[function.class].name);
        quoted(text, "link", &plan.links[function.link].name);
        servers(text, function.workers, function.queue);
        store(text, function.store);
    }
    for gateway in &plan.gateways {
        line(text, format_args!("\n[gateway.{}]", gateway.name));
        line(text, format_args!("count = {}", gateway.count));
        quoted(text, "class", &plan.classes[gateway.class].name);
        quoted(text, "link", &plan.links[gateway.link].name);
        quoted(text, "registrar", &plan.cses[gateway.cse].name);
        let limit = gateway.rate_limit.map_or_else(|| "none".to_owned(), |n| format!("{n}/s"));
        quoted(text, "rate_limit", limit);
        servers(text, gateway.workers, gateway.queue);
        start(text, &gateway.start);
        store(text, gateway.store);
    }
    for fleet in &plan.fleets {
        line(text, format_args!("\n[fleet.{}]", fleet.name));
        line(text, format_args!("count = {}", fleet.count));
        quoted(text, "class", &plan.classes[fleet.class].name);
        quoted(text, "link", &plan.links[fleet.link].name);
        let via = fleet.via.map(|via| plan.gateways[via].name.as_str());
        if let Some(via) = via {
            quoted(text, "via", via);
        }
        let registrar = match fleet.registrar {
            Registrar::Gateway => via.unwrap_or_default(),
            Registrar::Cse(cse) => &plan.cses[cse].name,
        };
        quoted(text, "registrar", registrar);
        if let Some(own) = fleet.profile {
            quoted(text, "profile", profile(own));
        }
        if fleet.connection_id != plan.security.association.connection_id {
            connection_id(text, fleet.connection_id);
        }
        start(text, &fleet.start);
        store(text, fleet.store);
        let enrolment = match fleet.enrolment {
            Enrolment::Provisioned => "provisioned",
            Enrolment::Maf => "maf",
            Enrolment::Mef => "mef",
            Enrolment::Network => "network",
        };
        quoted(text, "enrolment", enrolment);
        service(text, fleet.service);
        secrecy(text, fleet);
        worth(text, fleet);
        telemetry(text, fleet);
        if let Some(visits) = &fleet.visits {
            self::visits(text, visits);
        }
    }
}

/// Keys of a table within that of the CSE.
fn console(text: &mut String, policy: &session::Policy) {
    let tokens = match policy.tokens {
        session::Tokens::Sequential => "sequential",
        session::Tokens::Random => "random",
    };
    let carried = match policy.carriage {
        Carriage::Header => "header",
        Carriage::Address => "address",
    };
    quoted(text, "console.tokens", tokens);
    quoted(text, "console.carried", carried);
    line(text, format_args!("console.bound = {}", policy.is_bound));
    line(text, format_args!("console.rotated = {}", policy.rotates));
    optional_time(text, "console.idle", policy.idle);
    optional_time(text, "console.absolute", policy.absolute);
    line(text, format_args!("console.revoked = {}", policy.revokes));
    match policy.lock_out {
        Some(session::LockOut { after, lasts }) => {
            line(text, format_args!("console.lock_out = {after}"));
            time(text, "console.locked_for", lasts);
        }
        None => quoted(text, "console.lock_out", "none"),
    }
    line(text, format_args!("console.alarms = {}", policy.alarms));
}

fn visits(text: &mut String, visits: &Visits) {
    let Visits { interval, requests, pause, typos } = visits;
    let (interval, pause) = (time_text(interval.0), time_text(pause.0));
    let words = format!(
        "{{ interval = \"{interval}\", requests = {requests}, pause = \"{pause}\", typos = {typos:?} }}"
    );
    line(text, format_args!("visits = {words}"));
}

/// What its devices hide of their reports and of themselves.
fn secrecy(text: &mut String, fleet: &Fleet) {
    if fleet.end_to_end {
        line(text, format_args!("end_to_end = true"));
    }
    if let Some(Renaming { every, pause }) = fleet.renaming {
        let (every, pause) = (time_text(every.0), time_text(pause.0));
        let words = format!("{{ every = \"{every}\", pause = \"{pause}\" }}");
        line(text, format_args!("pseudonyms = {words}"));
    }
}

fn telemetry(text: &mut String, fleet: &Fleet) {
    let Some(telemetry) = fleet.telemetry else { return };
    let Telemetry { interval, size, deadline, is_sensitive } = telemetry;
    let interval = time_text(interval.0);
    let deadline = deadline
        .map_or_else(String::new, |deadline| format!(", deadline = \"{}\"", time_text(deadline.0)));
    let words = format!(
        "{{ interval = \"{interval}\", size = \"{size}B\", sensitive = {is_sensitive}{deadline} }}"
    );
    line(text, format_args!("telemetry = {words}"));
}

fn worth(text: &mut String, fleet: &Fleet) {
    if let Some(Battery { joules, years }) = fleet.battery {
        line(text, format_args!("battery = {{ energy = \"{joules}J\", years = {years:?} }}"));
    }
    if let Some(tenant) = &fleet.tenant {
        line(text, format_args!("tenant = {}", toml::Value::from(tenant.as_str())));
    }
    if fleet.weight != Weight::default() {
        let Weight { confidentiality, integrity, availability } = fleet.weight;
        let words = format!(
            "{{ confidentiality = {confidentiality:?}, integrity = {integrity:?}, \
             availability = {availability:?} }}"
        );
        line(text, format_args!("weight = {words}"));
    }
}

fn service(text: &mut String, service: Service) {
    let word = |is: bool, yes, no| if is { yes } else { no };
    quoted(text, "registration", word(service.registers, "registered", "provisioned"));
    quoted(text, "reports_to", word(service.reports_up, "head_end", "registrar"));
    if let Some(at) = service.subscribed {
        time(text, "subscribed_at", at);
    }
}

fn triage(text: &mut String, triage: &Triage) {
    quoted(text, "order", if triage.finish_first { "finish_first" } else { "fifo" });
    optional_time(text, "stale_hello", triage.stale_hello);
    match triage.admission {
        Some(rate) => quoted(text, "admission", format_args!("{rate}/s")),
        None => quoted(text, "admission", "none"),
    }
}

fn backoff(text: &mut String, security: &Security) {
    if security.retry.is_none() {
        return;
    }
    let Backoff { growth, cap, attempts } = &security.backoff;
    let kind = match growth {
        Growth::Fixed => "fixed",
        Growth::Exponential => "exponential",
        Growth::Full => "full",
        Growth::Equal => "equal",
        Growth::Decorrelated => "decorrelated",
        Growth::Lwm2m => "lwm2m",
    };
    quoted(text, "backoff.kind", kind);
    time(text, "backoff.cap", *cap);
    match attempts {
        Some(attempts) => line(text, format_args!("backoff.attempts = {attempts}")),
        None => quoted(text, "backoff.attempts", "none"),
    }
}

fn servers(text: &mut String, workers: u32, queue: Option<u32>) {
    line(text, format_args!("workers = {workers}"));
    match queue {
        Some(queue) => line(text, format_args!("queue = {queue}")),
        None => quoted(text, "queue", "none"),
    }
}

fn store(text: &mut String, place: StorePlace) {
    match place {
        StorePlace::Flash => quoted(text, "store", "flash"),
        StorePlace::Sealed => quoted(text, "store", "sealed"),
        StorePlace::Hsm(profile) => {
            quoted(text, "store", "hsm");
            quoted(text, "hsm", profile.name);
        }
    }
}

fn start(text: &mut String, schedule: &Schedule) {
    let at = time_text(schedule.at.0);
    line(text, format_args!("start = {{ at = \"{at}\"{} }}", spread(schedule.spread)));
}

/// The words of a spread, each with a comma before it.
fn spread(spread: Spread) -> String {
    match spread {
        Spread::AtOnce => String::new(),
        Spread::Jitter(window) => format!(", jitter = \"{}\"", time_text(window.0)),
        Spread::Slots { window, slot } => {
            let (window, slot) = (time_text(window.0), time_text(slot.0));
            format!(", slots = {{ window = \"{window}\", slot = \"{slot}\" }}")
        }
        Spread::Poisson(rate) => format!(", poisson = \"{rate}/s\""),
    }
}

fn backends(text: &mut String, plan: &Plan) {
    for backend in &plan.backends {
        line(text, format_args!("\n[backend.{}]", backend.name));
        quoted(text, "cse", &plan.cses[backend.cse].name);
        quoted(text, "fleet", &plan.fleets[backend.fleet].name);
        line(text, application(backend.setting));
    }
}

fn application(setting: Setting) -> String {
    let coding = |coding| match coding {
        Coding::Concatenated => "concatenated",
        Coding::Escaped => "escaped",
        Coding::Bound => "bound",
    };
    match setting {
        Setting::Sql { query, coding: by } => {
            let query = match query {
                Query::Name => "name",
                Query::Number => "number",
                Query::Store => "store",
                Query::Report => "report",
            };
            format!("sql = {{ query = \"{query}\", coding = \"{}\" }}", coding(by))
        }
        Setting::Xpath { coding: by } => format!("xpath = {{ coding = \"{}\" }}", coding(by)),
        Setting::Ldap { coding: by } => format!("ldap = {{ coding = \"{}\" }}", coding(by)),
        Setting::Header { coding: by } => format!("header = {{ coding = \"{}\" }}", coding(by)),
        Setting::Shell { coding: by } => format!("shell = {{ coding = \"{}\" }}", coding(by)),
        Setting::Page { slot, escaping, validation } => {
            let slot = match slot {
                page::Slot::Name => "name",
                page::Slot::Content => "content",
                page::Slot::Link => "link",
                page::Slot::Search => "search",
                page::Slot::Fragment => "fragment",
            };
            let escaping = match escaping {
                page::Escaping::None => "none",
                page::Escaping::OneTag => "one_tag",
                page::Escaping::Markup => "markup",
                page::Escaping::Contextual => "contextual",
            };
            let validation = match validation {
                page::Validation::None => "none",
                page::Validation::Whitelist => "whitelist",
            };
            let words = format!("slot = \"{slot}\", escaping = \"{escaping}\"");
            format!("page = {{ {words}, validation = \"{validation}\" }}")
        }
        Setting::Native { check } => {
            let check = match check {
                native::Check::None => "none",
                native::Check::Validating => "validating",
            };
            format!("native = {{ check = \"{check}\" }}")
        }
        Setting::Tenants { handles, validation } => {
            let handles = match handles {
                tenants::Handles::AllPowerful => "all_powerful",
                tenants::Handles::PerRole => "per_role",
            };
            let validation = match validation {
                tenants::Validation::None => "none",
                tenants::Validation::Typed => "typed",
            };
            format!("tenants = {{ handles = \"{handles}\", validation = \"{validation}\" }}")
        }
    }
}

fn security(text: &mut String, plan: &Plan) {
    let association = &plan.security.association;
    let timers = &association.timers;
    line(text, "\n[security]");
    quoted(text, "profile", profile(association.profile));
    quoted(text, "key_exchange", key_exchange(association.key_exchange));
    line(text, format_args!("cookie = {}", association.cookie));
    line(text, format_args!("replay_window = {}", association.replay_window));
    line(text, format_args!("request_cache = {}", plan.security.request_cache));
    quoted(text, "access", if plan.security.open_access { "open" } else { "closed" });
    let believes = plan.security.believes_originators;
    quoted(text, "originators", if believes { "claimed" } else { "proven" });
    line(text, format_args!("tickets = {}", association.tickets));
    time(text, "ticket_lifetime", association.ticket_lifetime);
    optional_time(text, "key_lifetime", plan.security.key_lifetime);
    optional_time(text, "retry", plan.security.retry);
    backoff(text, &plan.security);
    time(text, "kc_lifetime", plan.security.kc_lifetime);
    quoted(
        text,
        "keys",
        match plan.security.keys {
            KeySharing::Pair => "provisioned",
            KeySharing::Fleet => "fleet",
            KeySharing::Everybody => "well_known",
        },
    );
    match plan.security.half_open {
        Some(limit) => line(text, format_args!("half_open = {limit}")),
        None => quoted(text, "half_open", "none"),
    }
    line(text, format_args!("second_factor = {}", plan.security.second_factor));
    quoted(text, "sequence", if association.long_sequence { "16bit" } else { "8bit" });
    line(text, format_args!("explicit_length = {}", association.explicit_length));
    line(text, format_args!("record_limit = {}", association.record_limit));
    if association.connection_id.is_some() {
        connection_id(text, association.connection_id);
    }
    optional_time(text, "key_hard_limit", plan.security.key_hard_limit);
    if let Some(renewal) = &plan.security.renewal {
        self::renewal(text, renewal);
    }
    line(text, "\n[security.timer]");
    optional_time(text, "initial", timers.initial);
    time(text, "max", timers.max);
    line(text, format_args!("retransmissions = {}", timers.retransmissions));
    line(text, format_args!("carry_over = {}", timers.carry_over));
    line(text, format_args!("resend_on_duplicate = {}", timers.resend_on_duplicate));
    line(text, format_args!("server = {}", timers.server));
}

fn connection_id(text: &mut String, len: Option<u8>) {
    match len {
        Some(len) => line(text, format_args!("connection_id = {len}")),
        None => quoted(text, "connection_id", "none"),
    }
}

const fn profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Dtls13 => "dtls13",
        Profile::Dtls12 { suite: Suite12::PskAes128Ccm8 } => "dtls12_ccm8",
        Profile::Dtls12 { suite: Suite12::PskAes128Gcm } => "dtls12_gcm",
        Profile::Plain => "none",
    }
}

fn renewal(text: &mut String, renewal: &Renewal) {
    line(text, "\n[security.renewal]");
    quoted(text, "with", with(renewal.how));
    if let Some((from, to)) = renewal.share {
        line(text, format_args!("from = {from:?}\nto = {to:?}"));
    }
    if let Some(records) = renewal.records {
        line(text, format_args!("records = {records}"));
    }
    if let Some(bytes) = renewal.bytes {
        line(text, format_args!("bytes = \"{bytes}B\""));
    }
}

const fn with(how: Rekey) -> &'static str {
    match how {
        Rekey::KeyUpdate => "key_update",
        Rekey::Resume => "resume",
        Rekey::Full => "full",
    }
}

fn events(text: &mut String, plan: &Plan) {
    for event in &plan.events {
        let target = plan.target_name(event.target);
        let member = |member: Option<u32>| {
            member.map_or_else(String::new, |member| format!(", member = {member}"))
        };
        let (verb, with) = match event.action {
            Action::Rekey(how) => ("rekey", format!(", with = \"{}\"", with(how))),
            Action::Restart => ("restart", String::new()),
            Action::Expire => ("expire", String::new()),
            Action::Readdress => ("readdress", String::new()),
            Action::Change(change) => ("change", changed(change)),
            Action::Fail { member: only } => ("fail", member(only)),
            Action::Recover { member: only } => ("recover", member(only)),
            Action::Fault { member: only, trouble, lasts } => {
                let (verb, words) = fault(trouble, lasts);
                (verb, member(only) + &words)
            }
        };
        let spread = spread(event.spread);
        line(text, "\n[[event]]");
        time(text, "at", Duration(event.at.0));
        let what = if matches!(event.target, Target::Link(_)) { "link" } else { "target" };
        line(text, format_args!("{verb} = {{ {what} = \"{target}\"{with}{spread} }}"));
    }
}

/// The verb of a fault, and its words, each with a comma before it.
fn fault(trouble: Trouble, lasts: Duration) -> (&'static str, String) {
    let lasts = match lasts {
        Duration::MAX => String::new(),
        lasts => format!(", lasts = \"{}\"", time_text(lasts.0)),
    };
    match trouble {
        Trouble::Cut => ("cut", lasts),
        Trouble::Full => ("full", lasts),
        Trouble::Noise(Noise { loss, duplicate, jitter }) => {
            let jitter = time_text(jitter.0);
            let how =
                format!(", loss = {loss:?}, duplicate = {duplicate:?}, jitter = \"{jitter}\"");
            ("disturb", lasts + &how)
        }
        Trouble::Clock(ahead) => {
            let by = time_text(ahead.unsigned_abs());
            ("clock", lasts + &format!(", by = \"{by}\", back = {}", ahead < 0))
        }
    }
}

fn custody(text: &mut String, plan: &Plan) {
    let CustodySetting { commands, interface, is_paired, restore, boot, attestation, passwords } =
        plan.custody;
    line(text, "\n[custody]");
    quoted(text, "commands", if commands == Commands::Named { "named" } else { "signed" });
    quoted(text, "interface", interface.name());
    line(text, format_args!("paired = {is_paired}"));
    optional_time(text, "restore", restore);
    let boot = match boot {
        Boot::Nothing => "nothing",
        Boot::Crc32 => "crc32",
        Boot::Signed => "signed",
    };
    quoted(text, "boot", boot);
    optional_time(text, "attestation", attestation);
    let passwords = match passwords {
        Hashing::Md5 => "md5",
        Hashing::Sha1 => "sha1",
        Hashing::Argon2id { .. } => "argon2id",
    };
    quoted(text, "passwords", passwords);
}

fn management(text: &mut String, plan: &Plan) {
    let Some(port) = plan.management else { return };
    line(text, "\n[management]");
    quoted(text, "accounts", if port.has_default_account { "default" } else { "own" });
    line(text, format_args!("debug = {}", port.has_debug_page));
    line(text, format_args!("listing = {}", port.lists_folders));
    quoted(text, "version", port.version.name());
    quoted(text, "architecture", port.architecture.name());
    quoted(text, "linter", port.linter.name());
}

fn attacks(text: &mut String, plan: &Plan) {
    for attack in &plan.attacks {
        line(text, "\n[[attack]]");
        time(text, "at", Duration(attack.at.0));
        line(text, format_args!("name = {}", toml::Value::from(attack.name.as_str())));
        let violates: Vec<_> = attack.violates.iter().map(|id| id.property().code).collect();
        line(text, format_args!("violates = {}", toml::Value::from(violates)));
        time(text, "alarm_within", attack.alarm_within);
        if let Some(Loss { property, metric, at_most }) = &attack.loss {
            let code = property.property().code;
            quoted(text, "loss", format_args!("{code}.{metric} <= {at_most}"));
        }
        let mut words = attack.program.parameters();
        words.insert("target".to_owned(), attack.victims.group.as_str().into());
        words.insert("members".to_owned(), attack.victims.members.into());
        line(text, format_args!("{} = {}", attack.program.word(), toml::Value::Table(words)));
    }
}

fn countermeasures(text: &mut String, plan: &Plan) {
    for countermeasure in &plan.countermeasures {
        line(text, format_args!("\n[countermeasure.CM{}]", countermeasure.number));
        line(text, format_args!("on = {}", countermeasure.is_on));
        let list = |words: &[String]| toml::Value::from(words.to_vec());
        line(text, format_args!("off = {}", list(&countermeasure.off)));
        line(text, format_args!("refuses = {}", list(&countermeasure.refuses)));
    }
}

/// The words of a change, each with a comma before it.
fn changed(change: Change) -> String {
    let mut words = String::new();
    if let Some(exchange) = change.key_exchange {
        words += &format!(", key_exchange = \"{}\"", key_exchange(exchange));
    }
    if let Some(window) = change.replay_window {
        words += &format!(", replay_window = {window}");
    }
    for (key, time) in [("key_lifetime", change.key_lifetime), ("interval", change.interval)] {
        if let Some(time) = time {
            words += &format!(", {key} = \"{}\"", time_text(time.0));
        }
    }
    words
}

const fn key_exchange(exchange: KeyExchange) -> &'static str {
    match exchange {
        KeyExchange::PskDhe => "psk_dhe_ke",
        KeyExchange::Psk => "psk_ke",
    }
}

fn expectations(text: &mut String, plan: &Plan) {
    if plan.expectations.is_empty() {
        return;
    }
    line(text, "\n[expect]");
    for expectation in &plan.expectations {
        let (key, value) = (&expectation.metric, &expectation.text);
        line(text, format_args!("\"{key}\" = {}", toml::Value::from(value.as_str())));
    }
}

fn risk(text: &mut String, plan: &Plan) {
    let risk = &plan.risk;
    let mut words = Vec::new();
    words.extend(risk.at.map(|at| format!("at = \"{}\"", time_text(at.0))));
    words.extend(risk.outage.map(|outage| format!("outage = \"{}\"", time_text(outage.0))));
    if let Some((from, until)) = risk.observe {
        let (from, until) = (time_text(from.0), time_text(until.0));
        let one_in = risk.one_in;
        words.push(format!(
            "observe = {{ from = \"{from}\", until = \"{until}\", one_in = {one_in} }}"
        ));
    }
    words.extend(risk.budget.map(|budget| format!("budget = {budget:?}")));
    let currency = risk.currency.as_deref().map(toml::Value::from);
    words.extend(currency.map(|currency| format!("currency = {currency}")));
    words.extend(risk.is_treated.then(|| "treat = true".to_owned()));
    words.extend(risk.is_uniform.then(|| "weights = \"uniform\"".to_owned()));
    words.extend(risk.overload.map(|Excess { per_second, size }| {
        format!("overload = {{ per_second = {per_second}, size = \"{size}B\" }}")
    }));
    if !words.is_empty() {
        line(text, format_args!("\n[risk]\n{}", words.join("\n")));
    }
    for asset in &risk.assets {
        line(text, format_args!("\n[asset.{}]", asset.name));
        quoted(text, "kind", asset.kind.name());
        let is_link = |part: &&Part| matches!(part.target, Target::Link(_));
        let (links, members): (Vec<_>, Vec<_>) = asset.parts.iter().partition(is_link);
        list(text, "members", members.iter().map(|part| plan.part_name(part)));
        list(text, "links", links.iter().map(|part| plan.part_name(part)));
        line(text, format_args!("per_year = {:?}", asset.per_year));
    }
    for treatment in &risk.treatments {
        line(text, format_args!("\n[treatment.{}]\ncost = {:?}", treatment.name, treatment.cost));
        list(text, "set", treatment.set.iter().cloned());
    }
    for context in &risk.contexts {
        line(text, format_args!("\n[context.{}]\nshare = {:?}", context.name, context.share));
        list(text, "set", context.set.iter().cloned());
    }
}

fn list(text: &mut String, key: &str, items: impl Iterator<Item = String>) {
    let items: Vec<_> = items.map(toml::Value::from).collect();
    line(text, format_args!("{key} = {}", toml::Value::from(items)));
}

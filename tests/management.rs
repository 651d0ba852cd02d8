//! The port opens what its parts hold handles on, and nothing that the linter has closed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test program")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use keystorm::backend::Canary;
use keystorm::backend::management::{
    Architecture, DEFAULT_ACCOUNTS, Inside, Linter, Part, Port, Served, Setting, Surroundings,
    Version, lint,
};
use keystorm::credential::at_rest::{Hashing, PasswordTable};
use keystorm::ledger::Verdict;
use keystorm::run::execute;
use keystorm::scenario::{Source, load};
use keystorm::sim::Seed;

const KEYS: &[u8] = b"long-term keys";

fn accounts(has_default: bool) -> PasswordTable {
    let mut table = PasswordTable::new(Hashing::Md5);
    let (streams, mut cursor) = (Seed(1).streams("test"), 0);
    let mut rng = streams.draws(0, 0, &mut cursor);
    table.set("ann", "a password of her own", &mut rng).unwrap();
    if has_default {
        let (user, password) = DEFAULT_ACCOUNTS[0];
        table.set(user, password, &mut rng).unwrap();
    }
    table
}

fn serve(setting: Setting, around: &Surroundings, requests: &[&[u8]]) -> Vec<Served> {
    let accounts = accounts(setting.has_default_account);
    let mut port = Port::start(setting, around, &accounts, Canary([7; 16])).unwrap();
    let inside = Inside { keys: KEYS, accounts: &accounts, tree: b"tree", policy: b"policy" };
    requests.iter().map(|request| port.serve(request, &inside)).collect()
}

fn one(setting: Setting, request: &str) -> Served {
    serve(setting, &Surroundings::default(), &[request.as_bytes()]).remove(0)
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: cse\r\n\r\n")
}

fn with_account(target: &str, account: &str) -> String {
    let account = STANDARD.encode(account);
    format!("GET {target} HTTP/1.1\r\nAuthorization: Basic {account}\r\n\r\n")
}

/// Everything on, nobody looks, one program.
const SHIPPED: Setting = Setting {
    has_default_account: true,
    has_debug_page: true,
    lists_folders: true,
    version: Version::Old,
    architecture: Architecture::Monolith,
    linter: Linter::None,
};

/// An overlong name chooses the function that runs next.
const OVERRUN: &[u8] = b"POST /readings HTTP/1.1\r\nContent-Length: 43\r\n\r\n\x01\x29\
    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\x19\0\0\0\0\0\0\0\x01";

fn refused(served: &Served) -> Vec<(&str, &str)> {
    served.refusals.iter().map(|refusal| (refusal.mechanism, refusal.reason)).collect()
}

#[test]
fn as_it_was_shipped_each_way_leads_to_the_keys() {
    for request in [
        get("/debug"),
        with_account("/console/keys", "admin:admin"),
        get("/files/%2e%2e/%2e%2e/keys/credentials"),
    ] {
        let served = one(SHIPPED, &request);
        assert!(served.opened.contains(&Part::Keys), "{request}: {served:?}");
        let found = served.bytes.windows(KEYS.len()).any(|window| window == KEYS);
        assert!(found, "{request}");
    }
    let list = one(SHIPPED, &get("/files/%2e%2e/%2e%2e/"));
    assert!(String::from_utf8(list.bytes).unwrap().contains("keys/"));
}

#[test]
fn what_the_linter_closes_is_closed_by_its_name() {
    let closed = Setting { linter: Linter::Close, ..SHIPPED };
    for (request, finding) in [
        (get("/debug"), "debug_page"),
        (with_account("/console/keys", "admin:admin"), "default_account"),
        (get("/files/%2e%2e/%2e%2e/keys/credentials"), "known_flaw"),
    ] {
        let served = one(closed, &request);
        assert_eq!(refused(&served), [("start_linter", finding)]);
        assert_eq!(served.opened, []);
    }
    let own = one(closed, &with_account("/console/log", "ann:a password of her own"));
    assert_eq!(own.opened, [Part::Log], "her own account is good");
    let lines = String::from_utf8(own.bytes).unwrap();
    assert!(lines.contains("linter: default_account") && lines.contains("GET /console/log"));
}

#[test]
fn what_cannot_be_closed_keeps_the_port_from_starting() {
    let setting = Setting { linter: Linter::Close, ..Setting::default() };
    let around = Surroundings { is_anonymous: true, ..Surroundings::default() };
    let served = serve(setting, &around, &[get("/").as_bytes()]).remove(0);
    assert!(served.bytes.is_empty());
    assert_eq!(refused(&served), [("start_linter", "anonymous_exchange")]);
    let refuses = one(Setting { linter: Linter::Refuse, ..SHIPPED }, &get("/"));
    assert!(refuses.bytes.is_empty());
    let sound = one(Setting::default(), &get("/"));
    assert!(sound.bytes.starts_with(b"HTTP/1.1 200") && sound.refusals.is_empty());
}

#[test]
fn every_misconfiguration_has_its_finding() {
    let around = Surroundings {
        has_wildcard_policy: true,
        believes_originators: true,
        is_plain: true,
        is_anonymous: true,
    };
    let accounts = accounts(true);
    let all = lint(&SHIPPED, &around, &|user, password| accounts.verify(user, password));
    assert_eq!(all.len(), 8);
    assert!(all.is_sorted());
    let none = lint(&Setting::default(), &Surroundings::default(), &|_, _| false);
    assert_eq!(none, []);
}

/// A flaw that nobody knows yet passes the linter; then only the capabilities of the part count.
#[test]
fn a_breach_yields_what_the_part_may_open() {
    let twice = |part: Part| {
        get(&format!("/files/%252e%252e/%252e%252e/{}/{}", part.folder(), part.file()))
    };
    let opened = |architecture, requests: &[&[u8]]| {
        let setting = Setting { version: Version::Present, architecture, ..Setting::default() };
        let served = serve(setting, &Surroundings::default(), requests);
        served.into_iter().flat_map(|served| served.opened).collect::<Vec<_>>()
    };
    let paths: Vec<String> = Part::ALL.iter().map(|part| twice(*part)).collect();
    let paths: Vec<&[u8]> = paths.iter().map(String::as_bytes).collect();
    assert_eq!(opened(Architecture::Monolith, &paths), Part::ALL);
    assert_eq!(opened(Architecture::Components, &paths), [Part::Console]);
    let service = |part: &Part| get(&format!("/service/{}/{}", part.folder(), part.file()));
    let code: Vec<String> = Part::ALL.iter().map(service).collect();
    let code: Vec<&[u8]> = code.iter().map(String::as_bytes).collect();
    assert_eq!(opened(Architecture::Monolith, &code), [], "nobody was breached");
    let breached = [&[OVERRUN], &code[..]].concat();
    assert_eq!(opened(Architecture::Monolith, &breached), Part::ALL);
    assert_eq!(opened(Architecture::Components, &breached), [Part::Interface]);
}

#[test]
fn the_new_version_decodes_to_the_end_and_checks_messages() {
    for path in ["..", "%2e%2e", "%252e%252e", "%25252525252e", "a/../.."] {
        let served = one(Setting::default(), &get(&format!("/files/{path}/x")));
        assert_eq!(refused(&served), [("path_check", "outside")], "{path}");
    }
    let served = serve(Setting::default(), &Surroundings::default(), &[OVERRUN]).remove(0);
    assert_eq!(refused(&served), [("validating_parser", "length is over its limit")]);
    let page = one(Setting::default(), &get("/files/index.html"));
    assert!(page.bytes.ends_with(b"<p>This is a CSE.\n"));
}

/// The linter reads the policies, too, and what it closes is closed everywhere.
#[test]
fn a_linter_closes_a_policy_for_everybody() {
    let path = format!("{}/scenarios/threats/t19-defaults.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let verdict = |linter: &str| {
        let words = ["security.access=open".to_owned(), format!("management.linter={linter}")];
        let loaded = load(&Source::new("t19-defaults.toml", text.clone()), &words, Some(1));
        let loaded = loaded.unwrap_or_else(|refused| panic!("{}", refused.render(false)));
        let warned: Vec<_> = loaded.warnings.iter().map(|it| it.message.clone()).collect();
        assert_eq!(warned, ["misconfigured: wildcard_policy"]);
        execute(loaded.plan, 1, &|_| true).evidence.unwrap().attacks[0].judgement.verdict
    };
    assert_eq!(verdict("none"), Verdict::Succeeded);
    assert_eq!(verdict("close"), Verdict::Prevented);
}

proptest! {
    #[test]
    fn any_bytes_are_answered(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        path in "[a-z%./0-9]{0,60}",
        version in prop_oneof![Just(Version::Old), Just(Version::Present), Just(Version::New)],
    ) {
        let setting = Setting { version, linter: Linter::None, ..Setting::default() };
        let file = get(&format!("/files/{path}"));
        for served in serve(setting, &Surroundings::default(), &[&bytes, file.as_bytes()]) {
            prop_assert!(served.bytes.starts_with(b"HTTP/1.1 "));
            prop_assert!(!served.opened.contains(&Part::Keys));
        }
    }
}

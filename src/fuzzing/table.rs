//! The table of targets.

use super::target::{MEMORY, STACK, STACK_OF_INTERPRETERS};
use super::targets::{
    access, association, bindings, canary, dtls, esprim, files, identifiers, keys, primitives,
    service, sinks, traces,
};
use super::{Family, Shape, Target};

/// What most targets have in common.
const BASE: Target = Target {
    name: "",
    about: "",
    family: Family::Parser,
    shape: Shape::Bytes,
    len_max: 2_048,
    words: &[],
    seeds: Vec::new,
    run: |_, _| Ok(()),
    memory: MEMORY,
    stack: STACK,
    is_canary: false,
};

const fn steps(head: usize, width: usize) -> Shape {
    Shape::Steps { head, width }
}

const TARGETS: &[Target] = &[
    Target {
        name: "dtls13_record",
        about: "records of DTLS 1.3, acknowledgements and alerts",
        seeds: dtls::records13,
        run: dtls::record13,
        ..BASE
    },
    Target {
        name: "dtls13_handshake",
        about: "handshake messages of DTLS 1.3, each read, written and read again",
        seeds: dtls::seeds13,
        run: dtls::handshake13,
        ..BASE
    },
    Target {
        name: "dtls12_record",
        about: "records of DTLS 1.2",
        seeds: dtls::records12,
        run: dtls::record12,
        ..BASE
    },
    Target {
        name: "dtls12_handshake",
        about: "handshake messages of DTLS 1.2, each read, written and read again",
        seeds: dtls::seeds12,
        run: dtls::handshake12,
        ..BASE
    },
    Target {
        name: "coap",
        about: "CoAP messages and the primitives in their options",
        seeds: bindings::coap_seeds,
        run: bindings::coap,
        ..BASE
    },
    Target {
        name: "http",
        about: "HTTP messages and the primitives in their heads",
        shape: Shape::Text,
        words: bindings::HTTP_WORDS,
        seeds: bindings::http_seeds,
        run: bindings::http,
        family: Family::Primitive,
        ..BASE
    },
    Target {
        name: "mqtt_topic",
        about: "topics and subscriptions of MQTT",
        shape: Shape::Text,
        len_max: 512,
        words: bindings::MQTT_WORDS,
        seeds: bindings::mqtt_seeds,
        run: bindings::mqtt_topic,
        ..BASE
    },
    Target {
        name: "filter",
        about: "filter criteria in queries",
        shape: Shape::Text,
        len_max: 1_024,
        words: bindings::FILTER_WORDS,
        seeds: bindings::filter_seeds,
        run: bindings::filter,
        family: Family::Primitive,
        ..BASE
    },
    Target {
        name: "json",
        about: "values and primitives in JSON",
        shape: Shape::Text,
        words: primitives::WORDS,
        seeds: primitives::json_seeds,
        run: primitives::json,
        family: Family::Primitive,
        ..BASE
    },
    Target {
        name: "cbor",
        about: "values and primitives in CBOR",
        words: primitives::CBOR_WORDS,
        seeds: primitives::cbor_seeds,
        run: primitives::cbor,
        family: Family::Primitive,
        ..BASE
    },
    Target {
        name: "xml",
        about: "values and primitives in XML",
        shape: Shape::Text,
        words: primitives::XML_WORDS,
        seeds: primitives::xml_seeds,
        run: primitives::xml,
        family: Family::Primitive,
        ..BASE
    },
    Target {
        name: "serialisations",
        about: "a request means the same in JSON, CBOR and XML",
        words: primitives::WORDS,
        seeds: primitives::all_seeds,
        run: primitives::serialisations,
        family: Family::Structured,
        ..BASE
    },
    Target {
        name: "esprim",
        about: "end-to-end protected primitives between two ends that share a key, and foreign objects",
        shape: steps(1, esprim::STEP),
        words: &[".", "..", "eyJ", "AAAA", "=", "-", "_"],
        seeds: esprim::seeds,
        run: esprim::run,
        family: Family::Structured,
        ..BASE
    },
    Target {
        name: "access_rule",
        about: "policies and windows of time out of any bytes",
        shape: Shape::Text,
        words: access::WORDS,
        seeds: access::rule_seeds,
        run: access::rule,
        ..BASE
    },
    Target {
        name: "access_decision",
        about: "access decisions against a twin by brute force",
        len_max: 96,
        seeds: access::decision_seeds,
        run: access::decision,
        family: Family::Structured,
        ..BASE
    },
    Target {
        name: "identifiers",
        about: "identifiers of keys, credentials and originators",
        shape: Shape::Text,
        len_max: 320,
        words: identifiers::WORDS,
        seeds: identifiers::seeds,
        run: identifiers::run,
        ..BASE
    },
    Target {
        name: "scenario",
        about: "scenario files with overrides: loaded, written out, loaded again",
        shape: Shape::Text,
        len_max: 8_192,
        words: files::SCENARIO_WORDS,
        seeds: files::scenario_seeds,
        run: files::scenario,
        family: Family::System,
        memory: 16 << 20,
        stack: STACK_OF_INTERPRETERS,
        ..BASE
    },
    Target {
        name: "results",
        about: "summaries, percentiles and manifests of results folders",
        shape: Shape::Text,
        words: files::RESULTS_WORDS,
        seeds: files::results_seeds,
        run: files::results,
        ..BASE
    },
    Target {
        name: "images",
        about: "images of key stores and records of the resource store",
        seeds: files::image_seeds,
        run: files::images,
        ..BASE
    },
    Target {
        name: "association13",
        about: "both ends of DTLS 1.3 with somebody between them who knows the keys",
        shape: steps(association::HEAD, association::STEP),
        len_max: 260,
        seeds: association::seeds,
        run: association::dtls13,
        family: Family::System,
        ..BASE
    },
    Target {
        name: "association12",
        about: "both ends of DTLS 1.2 with somebody between them",
        shape: steps(association::HEAD, association::STEP),
        len_max: 260,
        seeds: association::seeds,
        run: association::dtls12,
        family: Family::System,
        ..BASE
    },
    Target {
        name: "traces",
        about: "attack traces: two honest clients, their server, and a network that is hostile",
        shape: steps(1, traces::STEP),
        len_max: 1 + 24 * traces::STEP,
        seeds: traces::seeds,
        run: traces::run,
        family: Family::System,
        ..BASE
    },
    Target {
        name: "cse_requests",
        about: "sequences of requests to a CSE in memory, and now and then to one in SQLite beside it",
        shape: steps(1, service::STEP),
        len_max: 1 + 24 * service::STEP,
        seeds: service::seeds,
        run: service::requests,
        family: Family::System,
        memory: 4 << 20,
        stack: STACK_OF_INTERPRETERS,
        ..BASE
    },
    Target {
        name: "service_bytes",
        about: "CoAP messages of any bytes to a service layer",
        seeds: service::byte_seeds,
        run: service::bytes,
        family: Family::System,
        memory: 4 << 20,
        ..BASE
    },
    Target {
        name: "key_store",
        about: "operations of administrators and hosts on a secure element: no key comes out",
        shape: steps(1, keys::STEP),
        len_max: 1 + 64 * keys::STEP,
        seeds: keys::seeds,
        run: keys::run,
        family: Family::Structured,
        ..BASE
    },
    Target {
        name: "sinks",
        about: "values bound into SQL, XPath, LDAP, a shell and a page stay values",
        shape: Shape::Text,
        len_max: 512,
        words: sinks::WORDS,
        seeds: sinks::seeds,
        run: sinks::run,
        family: Family::System,
        memory: 16 << 20,
        stack: STACK_OF_INTERPRETERS,
        ..BASE
    },
    Target {
        name: "canary",
        about: "fails on purpose: a campaign that does not find it is broken",
        len_max: 64,
        seeds: canary::seeds,
        run: canary::run,
        is_canary: true,
        ..BASE
    },
];

/// All targets.
#[must_use]
pub const fn targets() -> &'static [Target] {
    TARGETS
}

/// The target with this name. A program that asks for it at compile time holds this target and no other: libFuzzer
/// looks through the counters of everything that is linked after every input.
#[must_use]
pub const fn find(name: &str) -> Option<Target> {
    let mut n = 0;
    while n < TARGETS.len() {
        if is_same(TARGETS[n].name.as_bytes(), name.as_bytes()) {
            return Some(TARGETS[n]);
        }
        n += 1;
    }
    None
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut n = 0;
    while n < a.len() && n < b.len() && a[n] == b[n] {
        n += 1;
    }
    n == a.len() && n == b.len()
}

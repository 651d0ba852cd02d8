//! The 26 countermeasures of TR-0008 clauses 6.6.2 to 6.6.27; numbers 20 and 21 do not exist.

use super::Countermeasure;
use super::Domain::*;

/// All countermeasures, in the order of their numbers.
pub const COUNTERMEASURES: [Countermeasure; 26] = [
    Countermeasure {
        number: 1,
        clause: "6.6.2",
        title: "Tamper-resistant storage of long-term service-layer keys within devices and \
             gateways",
        stated: &[1, 2, 3],
        inferred: &[],
        domains: &[
            Application,
            IntraCommonServices,
            InterCommonServices,
            UnderlyingNetworkIfShared,
        ],
        cost: Some("price per item; assurance across makers"),
        mechanism: "key lives in a separate HSM actor with an operation-only interface (neither \
             Clone nor Serialize); an attacker's node image serialises everything else; \
             side channel = Hamming weight of S-box output plus noise, on which the \
             attacker runs a real CPA; masking order and tamper budget set the number of \
             traces",
        off: "key in node flash",
        is_command: false,
    },
    Countermeasure {
        number: 2,
        clause: "6.6.3",
        title: "Secure storage of long-term service-layer keys within infrastructure \
             equipment",
        stated: &[4, 5],
        inferred: &[],
        domains: &[Application, IntraCommonServices, InterCommonServices, UnderlyingNetwork],
        cost: Some("price; assurance"),
        mechanism: "same trait behind a rate-limited queue (operations/s, p99) and with wrapped \
             backups",
        off: "key rows in a database file",
        is_command: false,
    },
    Countermeasure {
        number: 3,
        clause: "6.6.4",
        title: "No access to service-layer keys stored within an HSM or server HSM",
        stated: &[4],
        inferred: &[],
        domains: &[
            Application,
            IntraCommonServices,
            InterCommonServices,
            UnderlyingNetworkIfShared,
        ],
        cost: Some("none"),
        mechanism: "no export operation for any role; attribute rules stop wrap-then-decrypt \
             combinations; interface fuzzed under S1",
        off: "token interface that allows export and wrap plus decrypt",
        is_command: false,
    },
    Countermeasure {
        number: 4,
        clause: "6.6.5",
        title: "Secure execution of sensitive functions in devices and gateways",
        stated: &[6],
        inferred: &[],
        domains: &[
            Application,
            IntraCommonServices,
            InterCommonServices,
            UnderlyingNetworkIfShared,
        ],
        cost: Some("complexity of HSM"),
        mechanism: "derivation, signing and AEAD with the long-term key inside the HSM; only \
             traffic keys come out; zeroising",
        off: "long-term key copied to node RAM during the handshake",
        is_command: false,
    },
    Countermeasure {
        number: 5,
        clause: "6.6.6",
        title: "Physical or logical binding of the HSM to its device or gateway",
        stated: &[2, 15],
        inferred: &[],
        domains: &[
            Application,
            IntraCommonServices,
            InterCommonServices,
            UnderlyingNetworkIfShared,
        ],
        cost: Some("logical binding is of limited effect"),
        mechanism: "pairing key from the factory, challenge-MAC at each power-up, secure \
             channel; removal trips zeroising and alarm",
        off: "HSM serves any host",
        is_command: false,
    },
    Countermeasure {
        number: 6,
        clause: "6.6.7",
        title: "Strong authentication for access to long-term service-layer keys",
        stated: &[2, 3, 5],
        inferred: &[],
        domains: &[
            Application,
            IntraCommonServices,
            InterCommonServices,
            UnderlyingNetworkIfShared,
        ],
        cost: Some("means for administrators; remote-management traffic"),
        mechanism: "signed management command (Ed25519) with nonce and counter, verified by the \
             HSM, then access control policy role, optional 2 of 3 approval",
        off: "originator name as a plain string",
        is_command: false,
    },
    Countermeasure {
        number: 7,
        clause: "6.6.8",
        title: "Security associations with mutual authentication and confidentiality",
        stated: &[8],
        inferred: &[7],
        domains: &[
            Application,
            IntraCommonServices,
            InterCommonServices,
            UnderlyingNetworkIfShared,
        ],
        cost: Some(
            "means for administrators; remote-management traffic; network load at key \
             expiry and restart; endpoint load; memory protection",
        ),
        mechanism: "real DTLS 1.3 or TLS 1.3 with mutual authentication (PSK, RPK, certificate) \
             and AEAD",
        off: "no security",
        is_command: false,
    },
    Countermeasure {
        number: 8,
        clause: "6.6.9",
        title: "Proven resistance to man-in-the-middle attacks",
        stated: &[8],
        inferred: &[],
        domains: &[
            Application,
            IntraCommonServices,
            InterCommonServices,
            UnderlyingNetworkIfShared,
        ],
        cost: Some("means for administrators; remote-management traffic"),
        mechanism: "transcript-bound signature and Finished, name check, downgrade sentinel",
        off: "anonymous key exchange; or verification skipped",
        is_command: false,
    },
    Countermeasure {
        number: 9,
        clause: "6.6.10",
        title: "Session keys of limited life bound to the service layer",
        stated: &[8],
        inferred: &[7],
        domains: &[
            Application,
            IntraCommonServices,
            InterCommonServices,
            UnderlyingNetworkIfShared,
        ],
        cost: Some(
            "means for administrators; remote-management traffic; endpoint load; \
             backhaul load at re-key and restart",
        ),
        mechanism: "KeyUpdate or new handshake by records, bytes or seconds; ephemeral key \
             exchange; exposure = bytes opened per Reveal",
        off: "static key",
        is_command: false,
    },
    Countermeasure {
        number: 10,
        clause: "6.6.11",
        title: "Replay protection",
        stated: &[9],
        inferred: &[],
        domains: &[Application, IntraCommonServices, InterCommonServices, UnderlyingNetwork],
        cost: Some("means for administrators; remote-management traffic"),
        mechanism: "64-entry record window plus a service-layer cache of request id (rqi) and \
             origination time (ot) plus freshness challenge (CoAP Echo); kept across \
             reboot",
        off: "none; or volatile only",
        is_command: false,
    },
    Countermeasure {
        number: 11,
        clause: "6.6.12",
        title: "Keys derived from service-layer keys",
        stated: &[],
        inferred: &[1, 7],
        domains: &[Application, UnderlyingNetwork],
        cost: Some("endpoint load; backhaul load"),
        mechanism: "HKDF tree over (long-term key, label, identities, epoch); attacker with one \
             leaf tries all siblings and the parent; names derived from a secret and a number, which \
             change with address and phase",
        off: "long-term key used directly everywhere",
        is_command: false,
    },
    Countermeasure {
        number: 12,
        clause: "6.6.13",
        title: "Integrity verification",
        stated: &[],
        inferred: &[10],
        domains: &[Application],
        cost: Some("cost and complexity; endpoint load; memory protection; network load"),
        mechanism: "signature and SHA-256 tree over the bytes of the real image, checked at \
             boot and at intervals, with a counter against rollback; signed quote with \
             nonce",
        off: "none; or CRC32",
        is_command: false,
    },
    Countermeasure {
        number: 13,
        clause: "6.6.14",
        title: "Policy-based actions",
        stated: &[],
        inferred: &[10],
        domains: &[Application],
        cost: Some("cost, also in the core; abstraction of device functions; hashing load"),
        mechanism: "verdict events cause real changes: access control policy quarantine, \
             revocation, disabled function, repair over the air",
        off: "log entry only",
        is_command: false,
    },
    Countermeasure {
        number: 14,
        clause: "6.6.15",
        title: "Shared asset inventory",
        stated: &[11],
        inferred: &[],
        domains: &[Application, UnderlyingNetwork],
        cost: Some("cost, repeated"),
        mechanism: "graph discovered from flow logs and declarations with recall below 1 \
             against ground truth; consumers see only this graph",
        off: "no graph",
        is_command: true,
    },
    Countermeasure {
        number: 15,
        clause: "6.6.16",
        title: "Sensitivity assessment",
        stated: &[11],
        inferred: &[],
        domains: &[Application, UnderlyingNetwork],
        cost: Some("cost, repeated"),
        mechanism: "C/I/A weights on the inventory with an assessor's error rate, stale after \
             changes",
        off: "uniform weights",
        is_command: true,
    },
    Countermeasure {
        number: 16,
        clause: "6.6.17",
        title: "Risk assessment",
        stated: &[11],
        inferred: &[],
        domains: &[Application, UnderlyingNetwork],
        cost: Some("cost, repeated"),
        mechanism: "budgeted optimiser over CM14 and CM15 output chooses redundancy, isolation, \
             rate limits, jitter",
        off: "random plan or none",
        is_command: true,
    },
    Countermeasure {
        number: 17,
        clause: "6.6.18",
        title: "Context inventory and assessment of sensitivity",
        stated: &[12],
        inferred: &[],
        domains: &[Application, UnderlyingNetwork],
        cost: Some("cost, repeated"),
        mechanism: "C/I/A labels by time, place and load, learned or declared, with error",
        off: "one label",
        is_command: true,
    },
    Countermeasure {
        number: 18,
        clause: "6.6.19",
        title: "Risk assessment across contexts",
        stated: &[12],
        inferred: &[],
        domains: &[Application, UnderlyingNetwork],
        cost: Some("cost, at each upgrade"),
        mechanism: "derives a schedule (suite, re-key, reporting rate, attestation period) that \
             nodes execute",
        off: "fixed maximum, or fixed minimum",
        is_command: true,
    },
    Countermeasure {
        number: 19,
        clause: "6.6.20",
        title: "Secure communication link",
        stated: &[13, 14],
        inferred: &[7],
        domains: &[InterCommonServices, UnderlyingNetwork],
        cost: None,
        mechanism: "CSE to CSE over TLS 1.3 or DTLS 1.3 with cookies, pinned trust and modern \
             suites only",
        off: "no protection; or old suites allowed",
        is_command: false,
    },
    Countermeasure {
        number: 22,
        clause: "6.6.21",
        title: "Secure coding practices",
        stated: &[16],
        inferred: &[21],
        domains: &[Application, IntraCommonServices, InterCommonServices],
        cost: None,
        mechanism: "validating parser with limits (length, depth, range, types, UTF-8); what it \
             refuses is answered 4000 and not stored",
        off: "unchecked parser compiled to WebAssembly, with real overflow of its linear \
             memory",
        is_command: false,
    },
    Countermeasure {
        number: 23,
        clause: "6.6.22",
        title: "Prevention of injection of untrusted data",
        stated: &[17],
        inferred: &[],
        domains: &[Application, InterCommonServices],
        cost: None,
        mechanism: "bound SQL parameters, XPath variables, built LDAP filters, typed HTTP \
             header values, argument-vector execution; escaping as a separate variant",
        off: "string concatenation on the same real interpreters",
        is_command: false,
    },
    Countermeasure {
        number: 24,
        clause: "6.6.23",
        title: "Security controls (session management)",
        stated: &[18],
        inferred: &[],
        domains: &[Application, InterCommonServices],
        cost: None,
        mechanism: "128-bit random tokens bound to the TLS exporter, rotated at privilege \
             change, idle and absolute timeout, lock-out, Argon2id, logout revokes",
        off: "sequential token, never expires, carried in the URL",
        is_command: false,
    },
    Countermeasure {
        number: 25,
        clause: "6.6.24",
        title: "Clean application architecture",
        stated: &[19],
        inferred: &[],
        domains: &[Application, IntraCommonServices, InterCommonServices, UnderlyingNetwork],
        cost: None,
        mechanism: "component graph with explicit capabilities and message ports, default-deny \
             configuration, start-up linter; a breach yields only the component's \
             capabilities",
        off: "monolith with ambient authority and defaults on",
        is_command: false,
    },
    Countermeasure {
        number: 26,
        clause: "6.6.25",
        title: "Standard algorithms",
        stated: &[20],
        inferred: &[],
        domains: &[IntraCommonServices, InterCommonServices],
        cost: None,
        mechanism: "registry of minimum strengths, AEAD, Argon2id, CSPRNG, rotation service; \
             attacker runs a real dictionary and brute force with a guess budget",
        off: "unsalted MD5, ECB, hard-coded key, no rotation",
        is_command: false,
    },
    Countermeasure {
        number: 27,
        clause: "6.6.26",
        title: "Protection of storage by privileges",
        stated: &[21],
        inferred: &[],
        domains: &[Application],
        cost: None,
        mechanism: "authoriser per role, read-only handles, files and keys per tenant; after a \
             breach the attacker runs with that handle only",
        off: "one all-powerful handle",
        is_command: false,
    },
    Countermeasure {
        number: 28,
        clause: "6.6.27",
        title: "Whitelist",
        stated: &[22],
        inferred: &[],
        domains: &[Application],
        cost: None,
        mechanism: "decode to a fixpoint (percent, entity, NFC), then length, character set and \
             grammar per attribute; contextual escaping is a separate switch",
        off: "raw echo; or a blacklist of one tag",
        is_command: false,
    },
];

//! The codes of diagnostics, and what each means: the text behind `keystorm explain KS0104`.

use serde::Serialize;

/// Does a diagnostic stop the run?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// The scenario can be run, but may not mean what was meant.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A code, explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// `KS0101` and the like.
    pub code: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What it means and why it is refused.
    pub meaning: &'static str,
    /// A piece of a scenario that does it right.
    pub example: &'static str,
}

macro_rules! codes {
    ($( $variant:ident $code:literal $title:literal, $meaning:literal, $example:literal; )*) => {
        /// What kind of thing is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $( #[doc = $title] $variant, )*
        }

        impl Code {
            /// Every code, in order of number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What it means and how it is put right.
            #[must_use]
            pub const fn explanation(self) -> Explanation {
                match self {
                    $( Self::$variant => Explanation {
                        code: $code, title: $title, meaning: $meaning, example: $example,
                    }, )*
                }
            }
        }
    };
}

impl Code {
    /// `KS0101` and the like.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.explanation().code
    }

    /// Codes from `KS0900` are warnings.
    #[must_use]
    pub fn severity(self) -> Severity {
        if self >= Self::Unused { Severity::Warning } else { Severity::Error }
    }
}

/// The explanation of a code; upper and lower case are the same.
#[must_use]
pub fn explain(code: &str) -> Option<Explanation> {
    let mut all = Code::ALL.iter().map(|code| code.explanation());
    all.find(|explanation| explanation.code.eq_ignore_ascii_case(code.trim()))
}

codes! {
    TooLarge "KS0001" "the text is too large",
        "A scenario file may have 1 MiB, and the overrides together as much. A larger file is \
         hardly a scenario.",
        "keystorm check scenarios/quickstart.toml";
    Syntax "KS0002" "this is not TOML",
        "The text breaks the rules of TOML, so that its tables and keys cannot be told apart \
         with certainty. Strings stand in quotes, a table is opened by a header in brackets, and \
         a key may be given once only.",
        "[link.access]\nlatency = \"20ms\"";
    OverrideSyntax "KS0003" "an override is not KEY=VALUE",
        "`--set` takes a dotted path, an equals sign and a value. The value is read as TOML; \
         where it is no TOML value it is taken as a string, so that units need no quotes in a \
         shell.",
        "--set fleet.meters.count=5000 --set link.access.latency=20ms";
    OverridePath "KS0004" "an override's path leads nowhere",
        "The path of a `--set` goes through something that is not a table, or names an item that \
         a list does not have. Items of lists are named by number, from 0.",
        "--set event.0.at=5min";
    UnknownField "KS0101" "unknown field",
        "No table of this kind has a field of this name. Unknown fields are refused because a \
         misspelt one would silently leave its default in force.",
        "[link.access]\nlatency = \"20ms\"";
    WrongType "KS0102" "wrong type of value",
        "The field holds another kind of value: a string where an integer belongs, or a number \
         where a table belongs.",
        "[fleet.meters]\ncount = 10000";
    MissingField "KS0103" "a field is missing",
        "The field has no default, because any default would be a guess about your system.",
        "[cse.in]\nclass = \"server\"";
    MissingUnit "KS0104" "the unit is missing",
        "Every quantity says its unit, since 20 could be microseconds as well as minutes.",
        "latency = \"20ms\"\nrate = \"170kbps\"\nmtu = \"127B\"";
    UnknownUnit "KS0105" "unknown unit",
        "Times: ns, us, ms, s, min, h, d. Rates: bps, kbps, Mbps, Gbps. Sizes: B, kB, MB (powers \
         of 1000), KiB, MiB (powers of 1024). Power: uW, mW, W. Energy: nJ, uJ, mJ, J. \
         Frequencies: /s, /min, /h.",
        "duration = \"30min\"";
    OutOfRange "KS0106" "the value is out of range",
        "The value cannot be meant: a negative time, a probability that is not below 1, no \
         workers, more than ten million nodes, or a number too large to be computed with. The \
         message names the limits.",
        "loss = 0.01\nworkers = 4";
    UnknownWord "KS0107" "unknown word",
        "The field takes one of a few words, and this is none of them.",
        "[security]\nkey_exchange = \"psk_dhe_ke\"";
    BadName "KS0108" "not a name",
        "Names of groups become parts of metric names, of files and of the identities that \
         devices present. They have 1 to 32 lower-case letters, digits, `-` and `_`, and begin \
         with a letter. A scenario's name may have 64.",
        "[fleet.smart-meters]";
    UnknownReference "KS0201" "there is nothing of this name",
        "The word should name a class, a link, a CSE, a gateway group or a fleet, but the file \
         has none of this name. For classes and links the shipped presets are known as well.",
        "[link.access]\npreset = \"nbiot_good\"\n\n[fleet.meters]\nlink = \"access\"";
    DuplicateGroup "KS0202" "the name of a group is taken",
        "CSEs, gateways and fleets share one set of names, since `load.NAME` must mean one group. \
         The tiers device, gateway, cse and maf are taken as well: metrics use them for the sum \
         over a tier.",
        "[gateway.concentrators]\n[fleet.meters]";
    RegistrarLoop "KS0203" "the registrars form a loop",
        "A gateway that registers, directly or through others, with itself never reaches the \
         infrastructure.",
        "[gateway.concentrators]\nregistrar = \"in\"";
    Unreachable "KS0204" "the registrar cannot be reached",
        "A device reaches its registrar straight over its link, or through the gateways that \
         `via` names; these forward to the CSE that they have as registrar. A gateway registers \
         with a CSE, not with another gateway.",
        "[gateway.concentrators]\n\
         registrar = \"in\"\n\
         \n\
         [fleet.meters]\n\
         via = \"concentrators\"\n\
         registrar = \"in\"";
    NoPopulation "KS0205" "there is nothing to simulate",
        "A scenario needs at least one CSE and one fleet.",
        "[cse.in]\n\
         class = \"server\"\n\
         \n\
         [fleet.meters]\n\
         count = 100\n\
         class = \"m4_64mhz_asm\"\n\
         link = \"nbiot_good\"\n\
         registrar = \"in\"";
    AfterTheEnd "KS0301" "this lies after the end of the run",
        "The run ends at `scenario.duration`. What is planned for later would never happen, and \
         the results would look as if it had no effect.",
        "[scenario]\n\
         duration = \"30min\"\n\
         \n\
         [[event]]\n\
         at = \"10min\"\n\
         rekey = { target = \"meters\", with = \"full\", jitter = \"5min\" }";
    SlotTooLong "KS0302" "the slot is longer than its window",
        "Slots divide a window: each member gets the slot that a hash of its identity chooses.",
        "slots = { window = \"10min\", slot = \"1s\" }";
    TwoSpreads "KS0303" "members can be spread in one way only",
        "`jitter`, `slots` and `poisson` are three ways to spread a group in time. A jitter of \
         zero is the same as none.",
        "start = { jitter = \"60s\" }";
    OneAction "KS0304" "an event does one thing",
        "Each `[[event]]` has a time and exactly one of `rekey`, `restart`, `expire` and \
         `readdress`. Two \
         things at the same time are two events.",
        "[[event]]\nat = \"10min\"\nrestart = { target = \"meters\" }";
    NoTickets "KS0305" "resumption needs tickets",
        "A re-key by resumption presents a ticket of an earlier handshake, but `security.tickets` \
         is 0: no server hands any out.",
        "[security]\ntickets = 1";
    NoLookAhead "KS0306" "a link to the infrastructure needs a latency",
        "The simulator runs each gateway's surroundings on its own; the least latency of a link \
         to the infrastructure is how far it may look ahead. It must be at least 1 us. Links \
         inside a gateway's surroundings may have none.",
        "[link.backhaul]\nlatency = \"10ms\"";
    MissingPrice "KS0307" "a price is missing",
        "The class does not say what an operation costs that its nodes need, and nobody measured \
         it for the preset. A guess would decide the results, so it must be set.",
        "[class.meter]\npreset = \"m33_lpc55s16_hw\"\nx25519 = \"12ms\"";
    FixedAndPrices "KS0308" "fixed times and prices exclude each other",
        "A class has either fixed service times by kind of event, or prices of operations that \
         the real code counts.",
        "[class.cse.fixed]\nhello = \"2ms\"\nfinished = \"0.5ms\"";
    NoKeys "KS0309" "the target has no keys of its own",
        "Re-keying, expiry and changes of address concern the association of a device, or of a gateway that \
         registers, with its registrar. A CSE takes part through its peers; a gateway that only \
         forwards has no association.",
        "[[event]]\nat = \"10min\"\nexpire = { target = \"meters\" }";
    Assurance "KS0310" "the keys do not live as the file asks for",
        "A level of assurance sets where long-term keys live, the number of factors, forward secrecy and \
         replay protection, unless the file says otherwise. What the file says must not fall short of the \
         level. An HSM has a limited number of slots, and its model is of use only where keys live in one.",
        "[security]\nassurance = \"LOA3\"";
    Enrolment "KS0311" "the enrolment cannot be carried out",
        "Devices that come by their keys from a MAF or MEF need one in the scenario. There is at most one \
         group of each; with a `count`, its members share the clients. What a MEF derives is one key, so \
         that it cannot be combined with two factors.",
        "[maf.auth]\nclass = \"server\"\nlink = \"ethernet\"\n\n[security]\nenrolment = \"maf\"";
    ConnectionIds "KS0312" "a server cannot tell its clients apart by connection ID",
        "A connection ID stands in a record without its length, so a server wants the same length \
         of all its clients; and it needs a different one for each client: one byte is enough for \
         256, two for 65536.",
        "[security]\nconnection_id = 4";
    ServiceLayer "KS0313" "provisioned devices have no such resources",
        "Devices that register make their own policies and containers, wherever they want them, and may \
         be subscribed to. What is provisioned is one container at the registrar.",
        "[fleet.meters]\nregistration = \"registered\"\nreports_to = \"head_end\"";
    OneProgram "KS0314" "an attack is one program",
        "Each `[[attack]]` has exactly one program, such as `replay`. What several do is written as \
         several attacks.",
        "[[attack]]\nat = \"20s\"\nreplay = { target = \"meters\", after = \"5s\" }";
    NoThreat "KS0315" "there is no such threat, countermeasure or property",
        "Threats are T1 to T22, countermeasures CM1 to CM19 and CM22 to CM28, as TR-0008 numbers them; \
         properties have the short names that `keystorm explain A4` tells.",
        "[scenario]\nthreat = \"T9\"";
    WrongCountermeasure "KS0316" "the countermeasure is none against this threat",
        "Neither TR-0008 nor this project names the countermeasure against the threat of the scenario, so \
         that what a run with it shows would say nothing.",
        "[countermeasure.CM10]\noff = [\"security.replay_window=0\"]";
    OneApplication "KS0317" "the application is not one that can run here",
        "Each `[backend.NAME]` is exactly one kind of application. It uses the contents of a fleet whose \
         registrar is the CSE that it stands behind, and all applications of one fleet expect contents of \
         the same form: digits, JSON, or binary elements.",
        "[backend.inventory]\ncse = \"in\"\nfleet = \"meters\"\nsql = { query = \"name\", coding = \"bound\" }";
    Risk "KS0318" "risk cannot be assessed like this",
        "A failure needs one target or one link, and a member that exists. A shared asset names what stops \
         when it fails. The shares of contexts are parts of one year and add up to 1. The outage of an \
         assessment lies within the run.",
        "[asset.hall]\nkind = \"premises\"\nmembers = [\"in\", \"auth\"]\n\n[[event]]\nat = \"5min\"\n\
         fail = { target = \"routers\", member = 0 }";
    Sweep "KS0319" "the grid cannot be swept",
        "A sweep varies keys that `--set` reaches, each over at least one value, none twice; every point \
         is another scenario, and there are not more points than the limit in the message. The seed is no \
         key: `--seeds` varies it.",
        "[sweep]\nfleet.meters.start.jitter = [\"10s\", \"60s\"]\ncse.in.workers = [1, 2, 4]";
    Sessions "KS0320" "nobody can log in like this",
        "People log in at the console of a CSE, from terminals: a fleet with `visits`, whose registrar is that \
         CSE. A session that is bound needs an association to be bound to. Who impersonates somebody uses a \
         terminal with an account of its own; to touch the victim's, it stands behind the same gateway.",
        "[cse.in.console]\n\n[fleet.desks]\nvisits = { interval = \"30s\" }";
    Expectation "KS0401" "the expectation does not parse",
        "An expectation is a metric and a comparison: `<`, `<=`, `=`, `>=` or `>`, and a value, \
         with or without a unit.",
        "[expect]\n\"rekey.time_s.p99\" = \"< 30s\"";
    UnknownMetric "KS0402" "there is no such metric",
        "No run yields a metric of this name, so that the expectation could never hold. Groups \
         are the file's own names and the tiers device, gateway and cse. Distributions have \
         count, mean, p50, p90, p95, p99, p999 and max.",
        "[expect]\n\"load.cse.utilisation_peak_1s\" = \"< 0.7\"";
    BoundUnit "KS0403" "the bound has another unit than the metric",
        "The last word of a metric's name is its unit: `_s` seconds, `_j` joules, `bytes`. Counts \
         and fractions have none.",
        "[expect]\n\"link.access.bytes\" = \"< 50MB\"";
    Unused "KS0901" "defined but not used",
        "Nothing refers to this class, link or gateway group; it plays no part in the run. A \
         misspelt reference would look like this.",
        "[fleet.meters]\nclass = \"meter\"";
    NoPower "KS0902" "the processor's energy is not counted",
        "The class of a fleet has prices but no `active_power`, and the preset has no figure for \
         it. The energy of its radio is counted, that of its processor is not.",
        "[class.meter]\npreset = \"m4_120mhz_mbedtls\"\nactive_power = \"20mW\"";
    StartsTooSlow "KS0903" "not every member starts within the run",
        "At this rate the Poisson process needs longer than the run to start the whole group.",
        "start = { poisson = \"500/s\" }";
    ReportTooLong "KS0904" "reports do not fit the link",
        "With the headers of CoAP, oneM2M and the record layer a report is longer than the link's \
         `mtu`; datagrams that do not fit are dropped.",
        "[link.access]\nmtu = \"1280B\"";
    Misconfigured "KS0905" "a management port is misconfigured",
        "The linter of TR-0008 CM25 found a default account, a page that should not be there, a version \
         with a known flaw, a policy for everybody, or associations that protect nothing. The run does with it \
         what `management.linter` says.",
        "[management]\naccounts = \"own\"\nversion = \"2.5\"";
}

//! What is a fault in an answer, seen from outside: each rule with its severity and the reason that it gives.
//!
//! A rule speaks up only where the target owes something by the standards. What a target does not implement and
//! says so (RSC 4xxx, 5001 NOT_IMPLEMENTED, 5207 NOT_ACCEPTABLE and the other 5xxx that TS-0004 defines for the
//! request's circumstances) is no finding.

use super::answer::Answer;
use super::exchange::{Heard, Reply};
use super::shot::{Binding, Shot};
use crate::wire::primitive::Rsc;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A form that is not kept.
    Low,
    /// A defect that a stranger can set off.
    Medium,
    /// Service is lost, or data are wrong.
    High,
    /// Access that nobody granted.
    Critical,
}

impl Severity {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oracle {
    /// INTERNAL_SERVER_ERROR, or a 5xx of the transport that no RSC explains.
    ServerError,
    /// The text shows a stack trace, source paths or the words of an interpreter.
    Leak,
    /// No answer in time, or the connection is ended without one.
    NoAnswer,
    /// The process is gone, or nobody listens any more.
    Gone,
    /// The process grew and stayed so.
    Memory,
    /// One request kept the processor busy.
    Cpu,
    /// The answer came very late.
    Slow,
    /// The answer is not of the form that was negotiated, or lacks RSC or RQI.
    Invalid,
    /// RSC and the status of the transport contradict each other.
    Status,
    /// One primitive has different results over two bindings.
    Bindings,
    /// What was deleted is served.
    UseAfterDelete,
    /// Another originator's resource is readable or writable.
    Foreign,
    /// An access decision is not that of TS-0003 clause 7.1.5.
    Access,
    /// A refused request changed the tree.
    RefusedChanged,
    /// Requests at the same time have results that no order of them has.
    Race,
}

impl Oracle {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ServerError,
        Self::Leak,
        Self::NoAnswer,
        Self::Gone,
        Self::Memory,
        Self::Cpu,
        Self::Slow,
        Self::Invalid,
        Self::Status,
        Self::Bindings,
        Self::UseAfterDelete,
        Self::Foreign,
        Self::Access,
        Self::RefusedChanged,
        Self::Race,
    ];

    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerError => "server_error",
            Self::Leak => "leak",
            Self::NoAnswer => "no_answer",
            Self::Gone => "gone",
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Slow => "slow",
            Self::Invalid => "invalid_answer",
            Self::Status => "status_mismatch",
            Self::Bindings => "binding_disagreement",
            Self::UseAfterDelete => "use_after_delete",
            Self::Foreign => "foreign_resource",
            Self::Access => "access_decision",
            Self::RefusedChanged => "refused_but_changed",
            Self::Race => "race",
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Foreign | Self::Access => Severity::Critical,
            Self::Gone
            | Self::NoAnswer
            | Self::Memory
            | Self::UseAfterDelete
            | Self::RefusedChanged => Severity::High,
            Self::ServerError | Self::Leak | Self::Cpu | Self::Race => Severity::Medium,
            Self::Slow | Self::Invalid | Self::Status | Self::Bindings => Severity::Low,
        }
    }

    /// What it says, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::ServerError => {
                "The target answers with an internal error where a refusal is due."
            }
            Self::Leak => "An answer shows a stack trace, source paths or words of an interpreter.",
            Self::NoAnswer => "A request that is owed an answer gets none.",
            Self::Gone => "The target is gone.",
            Self::Memory => "The target's memory grew and stayed so.",
            Self::Cpu => "One request kept the target's processor busy.",
            Self::Slow => "The answer came very late.",
            Self::Invalid => "The answer is not of the form that was negotiated.",
            Self::Status => {
                "The response status code and the status of the transport contradict each other."
            }
            Self::Bindings => "One primitive has different results over HTTP and CoAP.",
            Self::UseAfterDelete => "What was deleted is served.",
            Self::Foreign => {
                "An originator reaches resources of another without a policy that lets it."
            }
            Self::Access => "An access decision is not that of TS-0003 clause 7.1.5.",
            Self::RefusedChanged => "A refused request changed the resource tree.",
            Self::Race => "Requests at the same time have results that no order of them has.",
        }
    }
}

/// A rule that spoke up, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The rule.
    pub oracle: Oracle,
    /// What was seen, in a sentence.
    pub reason: String,
}

fn verdict(oracle: Oracle, reason: impl Into<String>) -> Option<Verdict> {
    Some(Verdict { oracle, reason: reason.into() })
}

/// What the target owes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// An answer of the CSE: with RSC and the request identifier.
    Answer,
    /// Nothing: it may be dropped, or refused by the transport alone.
    Nothing,
}

/// Judges one message and its answer by the rules that hold for any.
#[must_use]
pub(super) fn judge(heard: &Heard, owed: Owed, slow_seconds: f64) -> Vec<Verdict> {
    let Reply::Answer(bytes) = &heard.reply else {
        return silence(heard, owed).into_iter().collect();
    };
    let answer = Answer::read(heard.shot.binding, bytes, &heard.shot.method);
    let late = (heard.seconds > slow_seconds)
        .then(|| format!("the answer took {:.1} s", heard.seconds))
        .and_then(|reason| verdict(Oracle::Slow, reason));
    [
        server_error(&answer, owed, heard.shot.binding),
        leak(&heard.shot, &answer),
        invalid(&heard.shot, &answer, owed),
        status(heard.shot.binding, &answer),
        late,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn silence(heard: &Heard, owed: Owed) -> Option<Verdict> {
    let seconds = heard.seconds;
    match heard.reply {
        Reply::Unreachable => verdict(Oracle::Gone, "nobody listens there any more"),
        _ if owed == Owed::Nothing => None,
        Reply::Closed => verdict(Oracle::NoAnswer, "the connection was ended without an answer"),
        Reply::Reset if heard.shot.binding == Binding::Http => {
            verdict(Oracle::NoAnswer, "the connection was reset")
        }
        // RFC 7252 section 4.2: a message that cannot be processed may be rejected so.
        Reply::Reset | Reply::Answer(_) => None,
        Reply::Silent => verdict(Oracle::NoAnswer, format!("no answer within {seconds:.0} s")),
    }
}

fn server_error(answer: &Answer, owed: Owed, binding: Binding) -> Option<Verdict> {
    let Answer { transport, rsc, .. } = *answer;
    match (rsc, transport) {
        (Some(5_000), _) => verdict(Oracle::ServerError, "RSC 5000 INTERNAL_SERVER_ERROR"),
        (Some(_), _) => None,
        // Methods and versions of HTTP that it does not know; what it has no gateway for.
        (None, 501 | 505) => None,
        (None, 503 | 504) if owed == Owed::Nothing => None,
        (None, 500..=599) => {
            let code = if binding == Binding::Http {
                format!("HTTP {transport}")
            } else {
                format!("CoAP 5.{:02}", transport - 500)
            };
            verdict(Oracle::ServerError, format!("{code} without a response status code"))
        }
        _ => None,
    }
}

/// Words that only the inside of a program says.
const INSIDE: [&str; 16] = [
    "Traceback (most recent call last)",
    "File \"/",
    "site-packages",
    "panicked at",
    "stack backtrace",
    "at java.",
    "at org.",
    "node_modules",
    "Exception in thread",
    "NullPointerException",
    "Segmentation fault",
    "SQLSTATE",
    "sqlite3.",
    "/usr/lib/",
    "/home/",
    ".cpp:",
];

fn leak(shot: &Shot, answer: &Answer) -> Option<Verdict> {
    let text = String::from_utf8_lossy(&answer.body);
    let sent = shot.bytes(0, crate::wire::coap::Token::default());
    let sent = String::from_utf8_lossy(&sent);
    // What the request said itself may come back.
    let word = INSIDE.iter().find(|word| text.contains(**word) && !sent.contains(**word))?;
    verdict(Oracle::Leak, format!("the text of the answer contains {word:?}"))
}

fn invalid(shot: &Shot, answer: &Answer, owed: Owed) -> Option<Verdict> {
    if let Some(fault) = &answer.fault {
        return verdict(Oracle::Invalid, fault.clone());
    }
    if owed == Owed::Nothing {
        return None;
    }
    // An option that it does not know is refused below oneM2M (RFC 7252 section 5.4.1), as are formats.
    let below = shot.binding == Binding::Coap && matches!(answer.transport, 402 | 406 | 413 | 415);
    match answer.rsc {
        None if below => None,
        None => verdict(Oracle::Invalid, "the answer has no response status code"),
        Some(_) => {
            let asked = shot.get("rqi").and_then(|value| str::from_utf8(value).ok())?;
            let plain = asked.bytes().all(|byte| byte.is_ascii_alphanumeric()) && asked.len() <= 64;
            let echoed = answer.request_id.as_deref();
            if !plain || echoed == Some(asked) {
                return None;
            }
            verdict(
                Oracle::Invalid,
                match echoed {
                    None => "the answer has no request identifier".to_owned(),
                    Some(_) => {
                        "the answer has another request identifier than the request".to_owned()
                    }
                },
            )
        }
    }
}

/// Codes whose counterparts the bindings leave open, or that implementations may choose between.
const OPEN: [u16; 3] = [1_000, 1_001, 1_002];

fn status(binding: Binding, answer: &Answer) -> Option<Verdict> {
    let rsc = Rsc(answer.rsc?);
    let name = rsc.name()?;
    let due = match binding {
        Binding::Http => rsc.http(),
        Binding::Coap => u16::from(rsc.coap().class()) * 100 + u16::from(rsc.coap().detail()),
    };
    let seen = answer.transport;
    let same_class = seen / 100 == due / 100;
    if seen == due || OPEN.contains(&rsc.0) && same_class || !is_listed(rsc) && seen >= 400 {
        return None;
    }
    verdict(Oracle::Status, format!("RSC {rsc} {name} with status {seen}, not {due}"))
}

/// TS-0009 and TS-0008 have a line of their own for it.
fn is_listed(rsc: Rsc) -> bool {
    matches!(
        rsc.0,
        2_000..=2_004
            | 4_000
            | 4_001
            | 4_004
            | 4_005
            | 4_008
            | 4_015
            | 4_102
            | 4_103
            | 4_105
            | 4_107
            | 4_108
            | 4_110
            | 4_117
            | 5_000
            | 5_001
            | 5_103
            | 5_105
            | 5_106
            | 5_107
            | 5_203..=5_205
            | 5_207
    )
}

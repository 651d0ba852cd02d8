//! Untrusted values in interpreters: where they are bound, they stay values, whatever they are.

use super::{Oracle, Tape, Trail, Verdict, check, text};
use crate::backend::header::Downloads;
use crate::backend::ldap::Directory;
use crate::backend::page::{Dashboard, Escaping, Slot, Validation};
use crate::backend::shell::Notifier;
use crate::backend::sql::{Inventory, Query};
use crate::backend::xpath::Registry;
use crate::backend::{Canary, Coding, Fault, Interpretation};
use crate::ledger::Level;

const CANARY: Canary = Canary(*b"a secret of 16 b");
const QUERIES: [Query; 4] = [Query::Name, Query::Number, Query::Store, Query::Report];
/// Places where a value goes: each query, each slot, and the others.
const SINKS: u8 = 13;
const SLOTS: [Slot; 5] = [Slot::Name, Slot::Content, Slot::Link, Slot::Search, Slot::Fragment];

/// The first byte says where the value goes.
pub(in crate::fuzzing) fn run(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let sink = tape.byte() % SINKS;
    let value = text(tape.rest());
    let n = usize::from(sink);
    let used =
        match sink {
            0..=3 => Inventory::new(CANARY)
                .and_then(|mut it| it.use_value(QUERIES[n], Coding::Bound, value)),
            4..=8 => Dashboard::new(Escaping::Contextual, Validation::None, CANARY)
                .show(SLOTS[n - 4], value),
            9 => Registry::new(CANARY).use_value(Coding::Bound, value),
            10 => Ok(Directory::new(CANARY).use_value(Coding::Bound, value)),
            11 => Ok(Downloads::new(CANARY).use_value(Coding::Bound, value)),
            _ => Ok(Notifier::new(CANARY).use_value(Coding::Bound, value)),
        };
    judge(used, value, trail)
}

fn judge(used: Result<Interpretation, Fault>, value: &str, trail: &mut Trail) -> Verdict {
    let used = match used {
        Ok(used) => used,
        Err(fault) => {
            return check(false, Oracle::Injection, "set-up", || fault.to_string());
        }
    };
    trail.said("sink", &(used.sink, used.refusal.map(|refusal| refusal.mechanism)));
    trail.said("flags", &(used.is_changed, used.is_failed, used.is_exhausted, used.sent.len()));
    trail.size("answer", used.answer.len());
    trail.size("steps", usize::try_from(used.steps).unwrap_or(usize::MAX));
    if used.refusal.is_none() {
        trail.accept("value");
    }
    let place = format!("{:?}", used.sink);
    check(used.level == Level::Equal, Oracle::Injection, &place, || {
        format!("{value:?} came to {:?}", used.level)
    })
}

pub(in crate::fuzzing) fn seeds() -> Vec<Vec<u8>> {
    const VALUES: [&str; 10] = [
        "O'Brien & Söhne",
        "x' UNION SELECT value, 1 FROM credential --",
        "' or '1'='1",
        "<script>fetch('/x?'+document.cookie)</script>",
        "javascript:alert(1)",
        "$(cat /etc/keystore)",
        "\u{202e}emoji \u{1f600} \"quoted\" %00",
        "'] | //credential | x['",
        "x)(objectClass=*",
        "x\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>",
    ];
    let mut seeds = Vec::new();
    for sink in 0..SINKS {
        for (index, value) in (0..).zip(VALUES) {
            if (index + sink) % 3 == 0 {
                seeds.push([&[sink], value.as_bytes()].concat());
            }
        }
    }
    seeds
}

/// Words of the interpreters.
pub(in crate::fuzzing) const WORDS: &[&str] = &[
    "'",
    "\"",
    "--",
    ";",
    "/*",
    "*/",
    " UNION SELECT ",
    " OR 1=1",
    "1",
    "credential",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "<img src=x onerror=",
    ">",
    "&lt;",
    "&#39;",
    "javascript:",
    "data:",
    "$(",
    "`",
    "|",
    "&&",
    "\n",
    "\\",
    "${IFS}",
    "~",
    "*",
    "]",
    "concat(",
    "or",
    "\u{0}",
    "\r\n",
    "\r\nSet-Cookie: ",
    ")(objectClass=*",
    "\u{2028}",
    "\u{fffd}",
    "<svg/onload=",
    "{{",
    "}}",
];

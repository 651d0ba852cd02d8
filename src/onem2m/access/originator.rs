//! Entries of accessControlOriginators (TS-0003 clause 7.1.3, TS-0001 clause 9.6.2.1).

use super::identity::{Form, Home, Identity, MAX_ID, is_plain, is_unreserved};
use super::question::{Lookup, Membership};
use crate::planted::{self, Defect};

/// The reserved keyword for every originator.
const ALL: &str = "all";

/// One entry. An entry does not say of which kind it is: `/cse/x` may be an AE or a group. Text that has
/// the form of an identifier is compared as such and, without a wildcard, looked up as a group and as a
/// role too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Originator {
    /// `all`: any originator, known or not.
    All,
    /// `//FQDN`: every entity of that service provider. Kept without the slashes.
    Domain(Box<str>),
    /// A CSE-ID or AE-ID, or a pattern of them.
    Id(Box<str>),
    /// Neither: the resource-ID of a group, or a Role-ID.
    Name(Box<str>),
}

impl Originator {
    /// Reads an entry. `None` if it is empty, longer than [`MAX_ID`], or contains white space or control
    /// characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if text.is_empty() || text.len() > MAX_ID || text.contains(odd) {
            return None;
        }
        if text == ALL {
            return Some(Self::All);
        }
        let domain = text.strip_prefix("//").filter(|name| is_plain(name));
        Some(match (domain, Form::split(text)) {
            (Some(domain), _) => Self::Domain(domain.into()),
            (None, Some(form)) if form.segments().all(is_pattern) => Self::Id(text.into()),
            _ => Self::Name(text.into()),
        })
    }

    /// Whether `who` is among those that the entry stands for. `None` stands for an originator without
    /// identity, as in the registration of an AE: only `all` admits it.
    pub(super) fn admits(
        &self,
        who: Option<&Identity>,
        home: &Home,
        lookup: &impl Lookup,
    ) -> Membership {
        match (self, who) {
            (Self::All, _) => Membership::Member,
            (_, None) => Membership::NotMember,
            (Self::Domain(domain), Some(who)) if planted::is(Defect::AccessDomainPrefix) => {
                Membership::from(who.domain.starts_with(&**domain))
            }
            (Self::Domain(domain), Some(who)) => Membership::from(*domain == who.domain),
            (Self::Id(text), Some(who)) if is_match(text, who, home) => Membership::Member,
            (Self::Id(text) | Self::Name(text), Some(who)) => look_up(text, who, lookup),
        }
    }
}

/// Groups and roles know no wildcards.
fn look_up(text: &str, who: &Identity, lookup: &impl Lookup) -> Membership {
    if text.contains('*') {
        Membership::NotMember
    } else if lookup.has_role(who, text) {
        Membership::Member
    } else {
        lookup.in_group(who, text)
    }
}

fn is_match(text: &str, who: &Identity, home: &Home) -> bool {
    let Some(form) = Form::split(text) else { return false };
    let (domain, first, second) = form.resolve(home);
    let seconds = match (second, &who.second) {
        (None, None) => true,
        (Some(pattern), Some(segment)) => matches(pattern, segment),
        _ => false,
    };
    matches(domain, &who.domain) && matches(first, &who.first) && seconds
}

fn is_pattern(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte == b'*' || is_unreserved(byte))
}

/// Whether a segment matches a pattern. What stands between two `*` may be taken at its first place, so
/// nothing is ever tried twice: the cost is linear in both lengths.
fn matches(pattern: &str, segment: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == segment };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let tail = if planted::is(Defect::AccessPatternTail) { "" } else { tail };
    let inside = segment.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
    inside.is_some_and(|inside| {
        middle
            .split('*')
            .try_fold(inside, |left, part| left.split_once(part).map(|(_, b)| b))
            .is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn hostile_patterns_cost_no_more_than_their_length() {
        let pattern = "*a".repeat(100_000) + "*b";
        let text = "a".repeat(200_000);
        assert!(!matches(&pattern, &text));
        assert!(matches(&pattern, &(text + "b")));
    }
}

//! The access decision of TS-0003 clause 7.1.5: against a second evaluation of another style, and by hand.

#![allow(clippy::unwrap_used, reason = "a test program")]

mod generated;
mod hand;
mod model;
mod parts;
mod reader;

use std::net::IpAddr;

use jiff::civil::{DateTime, date};
use keystorm::onem2m::access::{
    Country, Decision, Home, Identity, Location, Lookup, Membership, Operation, Point, Policy,
    PolicyReader, Question, Resource, Specialization, decide,
};
use serde_json::Value;

/// A question in plain words: what both evaluations are given.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// Absolute, such as `//sp.example/id-in/C1`.
    pub(crate) originator: Option<String>,
    pub(crate) authenticated: bool,
    /// The bit of acop.
    pub(crate) operation: u8,
    /// Seconds since 1970.
    pub(crate) time: Option<u64>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) point: Option<(f64, f64)>,
    pub(crate) country: Option<String>,
    pub(crate) target: u16,
    /// ty, and the `spty` that the content has.
    pub(crate) content: Option<(u16, Option<Value>)>,
    pub(crate) roles: Vec<String>,
    pub(crate) groups: Vec<(String, Membership)>,
}

pub(crate) const DOMAIN: &str = "sp.example";
pub(crate) const CSE: &str = "id-in";

impl Ask {
    /// A RETRIEVE of `//sp.example/id-in/C1`, on Monday 2026-11-23 12:34:56 UTC, about which all is known.
    pub(crate) fn plain() -> Self {
        Self {
            originator: Some(format!("//{DOMAIN}/{CSE}/C1")),
            authenticated: true,
            operation: 2,
            time: Some(1_795_437_296),
            address: Some("10.1.2.3".parse().unwrap()),
            point: Some((48.2, 16.37)),
            country: Some("AT".into()),
            target: 3,
            content: None,
            roles: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// A CREATE of a resource of this type.
    pub(crate) fn create(resource_type: u16) -> Self {
        Self { operation: 1, content: Some((resource_type, None)), ..Self::plain() }
    }

    /// What keystorm says.
    pub(crate) fn decide(&self, sets: &[Value]) -> Decision {
        let read = |set| PolicyReader::Strict.policy(set).unwrap();
        let policies: Vec<Policy> = sets.iter().map(read).collect();
        self.decide_policies(&policies)
    }

    pub(crate) fn decide_policies(&self, policies: &[Policy]) -> Decision {
        let home = home();
        let specialization = self.content.as_ref().and_then(|(_, spty)| {
            spty.as_ref().map(|spty| match (spty["cnd"].as_str(), spty["mgd"].as_u64()) {
                (Some(definition), None) => Specialization::Container(definition.into()),
                (None, Some(number)) => Specialization::Management(number.try_into().unwrap()),
                _ => panic!("{spty}"),
            })
        });
        let operation = Operation::ALL.into_iter().find(|&o| o as u8 == self.operation).unwrap();
        let question = Question {
            home: &home,
            originator: self.originator.as_ref().map(|id| Identity::parse(id, &home).unwrap()),
            authenticated: self.authenticated,
            operation,
            time: self.time.map(calendar),
            address: self.address,
            location: Location {
                point: self.point.map(|(north, east)| Point::new(north, east).unwrap()),
                country: self.country.as_deref().map(|code| Country::parse(code).unwrap()),
            },
            target_type: self.target,
            content: self.content.as_ref().map(|(resource_type, _)| Resource {
                resource_type: *resource_type,
                specialization: specialization.as_ref(),
            }),
        };
        decide(policies, &question, self)
    }
}

impl Lookup for Ask {
    fn in_group(&self, _: &Identity, group: &str) -> Membership {
        let known = self.groups.iter().find(|(name, _)| name == group);
        known.map_or(Membership::NotMember, |(_, membership)| *membership)
    }

    fn has_role(&self, _: &Identity, role: &str) -> bool {
        self.roles.iter().any(|name| name == role)
    }
}

pub(crate) fn home() -> Home {
    Home::new(&format!("//{DOMAIN}"), &format!("/{CSE}")).unwrap()
}

/// Seconds since 1970 as a date and time, by jiff; the model has its own calendar.
fn calendar(seconds: u64) -> DateTime {
    let span = jiff::Span::new().seconds(i64::try_from(seconds).unwrap());
    date(1970, 1, 1).at(0, 0, 0, 0).checked_add(span).unwrap()
}

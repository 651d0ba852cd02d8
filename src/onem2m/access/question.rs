//! What is asked of the access decision: the parameters of a request and of its surroundings (TS-0003
//! clause 7.1.2).

use std::net::IpAddr;

use jiff::civil::DateTime;

use super::identity::{Home, Identity};
use super::region::Location;
use super::rule::{Operation, Specialization};

/// A request, as far as the decision depends on it.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The CSE that hosts the target.
    pub home: &'a Home,
    /// The authenticated identity of the originator, which From agrees with. `None` where there is none.
    pub originator: Option<Identity>,
    /// rq_authn: the originator counts as authenticated (clause 7.1.2).
    pub authenticated: bool,
    /// What is asked for.
    pub operation: Operation,
    /// rq_time: when the request arrived, in UTC. `None` where the clock is not set.
    pub time: Option<DateTime>,
    /// rq_ip: where the request came from.
    pub address: Option<IpAddr>,
    /// rq_loc: where the originator is.
    pub location: Location,
    /// ty of the target.
    pub target_type: u16,
    /// What a CREATE creates.
    pub content: Option<Resource<'a>>,
}

/// A resource that a CREATE asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    /// ty
    pub resource_type: u16,
    /// cnd of a flexContainer, mgd of a mgmtObj.
    pub specialization: Option<&'a Specialization>,
}

/// Whether the originator is one of those that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Yes.
    Member,
    /// No; also for a name that is no group's.
    NotMember,
    /// A group of that name should be there and cannot be retrieved.
    Unavailable,
}

impl From<bool> for Membership {
    fn from(member: bool) -> Self {
        if member { Self::Member } else { Self::NotMember }
    }
}

/// Groups and roles, which live in the resource tree and in tokens.
pub trait Lookup {
    /// Whether `who` is a member of the group with this resource-ID.
    fn in_group(&self, who: &Identity, group: &str) -> Membership;

    /// Whether `who` may act in this role now.
    fn has_role(&self, who: &Identity, role: &str) -> bool;
}

/// No groups and no roles.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Lookup for Nobody {
    fn in_group(&self, _: &Identity, _: &str) -> Membership {
        Membership::NotMember
    }

    fn has_role(&self, _: &Identity, _: &str) -> bool {
        false
    }
}

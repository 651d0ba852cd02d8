//! Access-control rules (TS-0003 clause 7.1.3, TS-0004 clause 6.3.5.27).

use super::address::Addresses;
use super::originator::Originator;
use super::read::Fault;
use super::region::Region;
use super::window::Window;

/// Bytes of a containerDefinition.
pub const MAX_SPECIALIZATION: usize = 256;

/// The rules of one `pv` or `pvs`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// acr, in order.
    pub rules: Vec<Slot>,
}

/// A place in a set of rules.
#[derive(Clone, Debug, PartialEq)]
pub enum Slot {
    /// A rule.
    Rule(Rule),
    /// What could not be read: it never permits.
    Unreadable(Fault),
}

/// m2m:accessControlRule
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// acor: who.
    pub originators: Vec<Originator>,
    /// acop: what.
    pub operations: Operations,
    /// acco: under which circumstances; `None` is any.
    pub contexts: Option<Vec<Context>>,
    /// acod: what may be created; `None` is anything.
    pub objects: Option<Vec<ObjectDetail>>,
    /// acaf: only originators that count as authenticated.
    pub authenticated: bool,
    /// aca is present: the rule holds for some attributes only, which this decision does not know of.
    pub attributes: bool,
}

/// What a request wants to do with its target (m2m:accessControlOperations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Operation {
    /// A new child.
    Create = 1,
    /// The representation.
    Retrieve = 2,
    /// Other attributes.
    Update = 4,
    /// The end of it.
    Delete = 8,
    /// To send it a notification.
    Notify = 16,
    /// To find it: a RETRIEVE with filter criteria and a desired identifier result type.
    Discovery = 32,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 6] =
        [Self::Create, Self::Retrieve, Self::Update, Self::Delete, Self::Notify, Self::Discovery];
}

/// A set of operations: acop, 1 to 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operations(u8);

impl Operations {
    /// All six.
    pub const ALL: Self = Self(63);

    /// The set with these bits. `None` unless 1 to 63.
    #[must_use]
    pub fn new(bits: u64) -> Option<Self> {
        u8::try_from(bits).ok().filter(|bits| (1..=63).contains(bits)).map(Self)
    }

    /// Whether the bit of `operation` is set.
    #[must_use]
    pub const fn contains(self, operation: Operation) -> bool {
        self.0 & operation as u8 != 0
    }
}

/// One entry of acco. Absent parts are true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// actw: at these times.
    pub windows: Option<Vec<Window>>,
    /// acip: from these addresses.
    pub addresses: Option<Addresses>,
    /// aclr: from this region.
    pub region: Option<Region>,
    /// acui, acec or acl is present: the context cannot be evaluated.
    pub unsupported: bool,
}

/// One entry of acod.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectDetail {
    /// ty: the type of the target.
    pub resource_type: Option<u16>,
    /// spty
    pub specialization: Option<Specialization>,
    /// chty: the types that may be created.
    pub child_types: Vec<u16>,
}

/// m2m:specializationType (TS-0004 clause 6.3.5.67).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Specialization {
    /// cnd: containerDefinition of a flexContainer.
    Container(Box<str>),
    /// mgd: mgmtDefinition of a mgmtObj.
    Management(u32),
}

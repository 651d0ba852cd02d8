//! Why a request is refused: a response status code, and a short reason for whoever reads it.

use crate::onem2m::tree::StoreFault;
use crate::wire::primitive::Rsc;

/// A refusal. The reason is a fixed text: nothing of what the CSE holds shows in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// rsc
    pub status: Rsc,
    /// The text of `m2m:dbg`.
    pub reason: &'static str,
}

impl Refusal {
    /// A refusal.
    #[must_use]
    pub const fn new(status: u16, reason: &'static str) -> Self {
        Self { status: Rsc(status), reason }
    }
}

impl From<StoreFault> for Refusal {
    fn from(fault: StoreFault) -> Self {
        match fault {
            StoreFault::Full => Self::new(5_000, "the CSE is full"),
            StoreFault::Absent => ABSENT,
            StoreFault::Damaged => DAMAGED,
            StoreFault::Database(_) => Self::new(5_000, "the store failed"),
        }
    }
}

macro_rules! refusals {
    ($($name:ident = $status:literal, $reason:literal;)*) => {
        $(pub(super) const $name: Refusal = Refusal::new($status, $reason);)*
        /// The refusals that have a fixed reason.
        pub const REFUSALS: &[Refusal] = &[$($name),*];
    };
}

refusals! {
    ABSENT = 4_004, "no such resource";
    ADDRESS = 4_000, "to is no address";
    RELEASE = 4_001, "rvi is not supported";
    EXPIRED = 4_008, "the request has expired";
    NO_ORIGINATOR = 4_000, "fr is absent";
    ORIGINATOR = 4_000, "fr is no identifier";
    ASSOCIATION = 4_107, "a security association is required";
    IMPERSONATION = 4_103, "fr is not whom the association authenticated";
    FOREIGN = 4_103, "fr is no entity of the CSE that sent this";
    PRIVILEGE = 4_103, "no privilege";
    NOT_ALLOWED = 4_005, "the target does not take this operation";
    CHILD = 4_108, "the target has no children of this type";
    TYPE_UNKNOWN = 5_001, "resources of this type are not hosted";
    CONTENT = 4_000, "pc is absent or not of the type";
    CONTENT_REFUSED = 4_000, "the application does not take this content";
    NO_CONTENT = 4_000, "pc has no place in this request";
    NAME = 4_000, "rn is not a resource name";
    NAME_TAKEN = 4_105, "a child has that name";
    UNKNOWN_ATTRIBUTE = 4_000, "an attribute is not known";
    NOT_WRITABLE = 4_000, "an attribute is not for the originator to write";
    NOT_DELETABLE = 4_000, "an attribute must stay";
    MISSING = 4_000, "a mandatory attribute is absent";
    VALUE = 4_000, "an attribute has a value of the wrong type";
    RANGE = 4_000, "an attribute is out of its range";
    TOO_LONG = 4_000, "an attribute is longer than the limit";
    PAST = 4_000, "et lies in the past";
    POLICY = 4_000, "the policy cannot be understood";
    POLICY_ID = 4_000, "acpi names no policy of this CSE";
    POLICY_ALONE = 4_000, "acpi must be the only attribute of its update";
    REGISTERED = 4_117, "already registered";
    REGISTRATION = 4_103, "this entity may not register";
    APP_ID = 4_000, "api must begin with R or N";
    CSE_ID = 4_000, "csi is not the CSE that asks";
    TOO_LARGE = 5_207, "the content is larger than the container takes";
    NO_ROOM = 5_207, "the container takes no content";
    TOO_DEEP = 4_000, "the tree would be too deep";
    TOO_MANY_SUBSCRIPTIONS = 4_141, "too many subscriptions";
    NOT_SUBSCRIBABLE = 5_203, "the target cannot be subscribed to";
    SUBSCRIBER = 4_000, "nu names no target of notifications";
    VERIFICATION = 5_204, "a target of notifications was not verified";
    MEMBERS = 6_010, "more members than mnm";
    MEMBER_TYPE = 4_110, "a member is not of type mt";
    MEMBER = 4_000, "mid has an entry that is no address, or one twice";
    NO_MEMBERS = 4_109, "the group has no members";
    GROUP_LOOP = 4_104, "this fan-out has been here before";
    RESULT_CONTENT = 4_000, "rcn does not fit the operation";
    RESULT_CONTENT_LATER = 5_001, "rcn is not supported";
    FILTER_LATER = 5_001, "a filter criterion is not supported";
    FILTER = 4_000, "fc does not fit the operation";
    VISITED = 4_130, "too many resources to look at";
    NON_BLOCKING_SYNC = 5_206, "rt nonBlockingSynch is not supported";
    NON_BLOCKING_ASYNC = 5_001, "rt nonBlockingAsynch is not supported";
    LATER = 5_001, "oet and sqi are not supported";
    UNREACHABLE = 5_103, "the target cannot be reached";
    REMOTE = 5_107, "the remote entity did not answer";
    BUSY = 5_000, "too many requests wait for an answer";
    FULL = 5_000, "the CSE is full";
    DAMAGED = 5_000, "a resource is damaged";
    TOKENS = 5_001, "tokens and roles are not supported";
    UNSUPPORTED = 5_001, "a parameter is not supported";
}

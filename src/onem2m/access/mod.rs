//! The access decision of TS-0003 clause 7.1.5, as one pure function: [`decide`].
//!
//! ```text
//! res_acrs   = OR over rules k of res_acr(k)
//! res_acr(k) = authn(k) AND origs(k) AND ops(k) AND ctxts(k) AND objd(k)
//! ```
//!
//! Permit overrides across rules and policies. The formula has no negation, so a part that cannot be
//! evaluated (a location that is not known, a group that cannot be retrieved) may be taken as false:
//! the result is the same as carrying "indeterminate" to the end and denying there, as clause 7.1.4
//! demands.
//!
//! Where the standard is silent or contradicts itself, this is how it is read here:
//!
//! | Point | Reading |
//! |---|---|
//! | `*` in an identifier | any number of characters, none included, within one segment; not in domains, groups, roles |
//! | an identifier without a leading `/` | an AE-ID stem: `C..` below the hosting CSE, `S..` below its domain |
//! | an SP domain | written `//FQDN` and compared byte by byte; a domain does not cover its sub-domains |
//! | a group that cannot be retrieved | that entry admits nobody; other entries and rules still count (TS-0001 clause 9.6.2.1 reads as if the request were lost) |
//! | a list that is present and empty | nothing is a member of it: false. Absent is true |
//! | day of month and day of week | both must match, as all seven fields (TS-0004 clause 7.4.9.1) |
//! | `*/n` | from the least value of the field on: days 1, 3, 5 for `*/2` |
//! | an IPv4 address in IPv6 (`::ffff:0:0/96`) | the IPv4 address |
//! | a host address with a prefix (`10.1.2.3/8`) | the block that it lies in |
//! | distance | on a sphere of 6 371 008.8 m (the mean radius of the earth); its border belongs to the circle |
//! | spty | compared with the content of the CREATE: clause 7.1.5, not the target of 7.1.3 |
//! | acod on other operations than CREATE | not looked at |
//! | acui, acec, acl, aca | without a meaning in clause 7.1.5: what carries them never permits |
//!
//! The caller chooses the set of rules: `pvs` of the policy itself if that is the target, else `pv` of
//! the target's policies (clause 7.1.1), and says whether the originator counts as authenticated
//! (clause 7.1.2).

mod address;
mod decide;
mod identity;
mod originator;
mod question;
mod read;
mod region;
mod rule;
mod tree;
mod window;

pub use address::{AddressFault, Addresses};
pub use decide::{Decision, Denial, Place, decide};
pub use identity::{Home, Identity, MAX_ID};
pub use originator::Originator;
pub use question::{Lookup, Membership, Nobody, Question, Resource};
pub use read::{
    AccessControlPolicy, Fault, MAX_ADDRESSES, MAX_CONTEXTS, MAX_COUNTRIES, MAX_OBJECTS,
    MAX_ORIGINATORS, MAX_RULES, MAX_TYPES, MAX_WINDOWS, PolicyReader, What,
};
pub use region::{Country, EARTH_RADIUS_M, Location, Point, Region};
pub use rule::{
    Context, MAX_SPECIALIZATION, ObjectDetail, Operation, Operations, Policy, Rule, Slot,
    Specialization,
};
pub use window::{MAX_WINDOW, Window, WindowFault};

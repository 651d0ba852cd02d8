//! Every bound on what a CSE holds and does for one request.

use crate::sim::time::Duration;

/// Bytes of one content, or of the attributes of one resource as a request carries them.
pub const MAX_CONTENT: usize = 65_536;
/// Resources of one CSE, the CSEBase included.
pub const MAX_RESOURCES: u64 = 64_000_000;
/// contentInstances of one container, whatever its own limits allow.
pub const MAX_INSTANCES: u32 = 10_000;
/// Subscriptions of one resource.
pub const MAX_SUBSCRIPTIONS: usize = 64;
/// Bytes of a resource name.
pub const MAX_RESOURCE_NAME: usize = 128;
/// Bytes of an AE-ID stem or of a CSE-ID, the slash included.
pub const MAX_STEM: usize = 128;
/// Resources between the CSEBase and another one.
pub const MAX_TREE_DEPTH: usize = 16;
/// Labels of one resource.
pub const MAX_LABELS: usize = 64;
/// Policies that one resource names.
pub const MAX_POLICIES: usize = 16;
/// Addresses in one poa or nu.
pub const MAX_ADDRESSES: usize = 16;
/// Entries of any other list in one resource.
pub const MAX_LIST: usize = 1_024;
/// Members of one group (mnm at most).
pub const MAX_MEMBERS: usize = 1_024;
/// Requests to members of groups that one request sets off.
pub const MAX_FAN_OUT: usize = 4_096;
/// Groups within groups that one fan-out goes through.
pub const MAX_FAN_OUT_DEPTH: u8 = 4;
/// Fan-outs whose identifiers are remembered, to notice one that comes back.
pub const MAX_GROUP_REQUESTS: usize = 1_024;
/// Resources in one answer: references, or children with their attributes.
pub const MAX_RESULTS: usize = 1_000;
/// Resources that one discovery looks at.
pub const MAX_VISITED: usize = 100_000;
/// Requests of a CSE's own or on behalf of others that wait for an answer.
pub const MAX_PENDING: usize = 65_536;
/// Notifications that one request sets off.
pub const MAX_NOTIFICATIONS: usize = 256;
/// Stored bytes of the policies that are kept in the form in which they are decided by: some 100,000 small ones.
pub const MAX_CACHED_POLICY_BYTES: usize = 16 << 20;
/// How long an answer of another entity is waited for, unless the request itself expires sooner.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The lifetime of a resource whose creator names none, in milliseconds: five years.
pub const DEFAULT_LIFETIME_MS: u64 = 5 * 365 * 86_400_000;
/// Peers of one CoAP endpoint.
pub const MAX_PEERS: usize = 1 << 24;

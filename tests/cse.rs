//! The CSE as its peers see it, over both stores.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "helpers of tests")]

#[path = "cse/access.rs"]
mod access;
#[path = "cse/discovery.rs"]
mod discovery;
#[path = "cse/group.rs"]
mod group;
#[path = "cse/hostile.rs"]
mod hostile;
#[path = "cse/notify.rs"]
mod notify;
#[path = "cse/remote.rs"]
mod remote;
#[path = "cse/resources.rs"]
mod resources;
#[path = "cse/world.rs"]
mod world;

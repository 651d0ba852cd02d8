//! The service layer of one CSE, sans-IO: bytes that an association delivered in, bytes for it out.
//!
//! A first slice: one container for each originator, in which it creates contentInstances and from
//! which it retrieves the latest. Access control is "the owner and nobody else". The resource tree,
//! registration, access-control policies and notification are still to come.

pub mod access;
mod container;
pub mod device;
pub mod esprim;
pub mod pseudonym;
mod reject;
mod service;

pub use container::Container;
pub use reject::RejectReason;
pub use service::{MAX_CONTENT, Service};

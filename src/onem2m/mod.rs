//! The service layer: a CSE, sans-IO, and the parts that it is made of.
//!
//! [`tree`] keeps resources, [`access`] decides who may, [`cse`] carries requests out, [`endpoint`] is the
//! CoAP beside it, [`device`] the other side, [`console`] the operator's view,
//! [`session`] who is logged in there.

pub mod access;
pub mod console;
pub mod cse;
pub mod device;
pub mod end_to_end;
pub mod endpoint;
pub mod esprim;
pub mod limits;
pub mod pseudonym;
mod reject;
pub mod requests;
mod service;
pub mod session;
pub mod tree;

pub use limits::MAX_CONTENT;
pub use reject::RejectReason;
pub use service::{DOMAIN, Effect, Service};

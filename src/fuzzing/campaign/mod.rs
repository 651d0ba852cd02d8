//! Campaigns: many targets for a long time, what they found, and how that is told.

mod page;
mod record;
mod write;

pub use record::{Campaign, Finding, Point, Progress, fingerprint};
pub use write::{read, text, write};

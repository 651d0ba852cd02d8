//! Links: what happens to a datagram between two nodes. Knows nothing of what is inside it.

mod link;

pub use link::{LinkType, Medium, Transmitter};
pub use verdict::{DropReason, Verdict};

mod verdict;

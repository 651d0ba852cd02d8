//! What is attacked and how: the catalogue of TR-0008, and the hostile content that attackers send.

pub mod catalogue;
pub mod content;

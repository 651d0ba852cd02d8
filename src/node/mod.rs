//! The actors: device, gateway, infrastructure CSE. A node is a processor, its keys, its associations
//! and its service layer; it reports what happens and judges nothing.

mod actor;
mod class;
mod client;
mod event;
mod keyring;
mod layout;
mod processor;
mod reporter;
mod server;
mod site;
mod transit;
mod work;

pub use class::{Class, Cost, FixedTimes, Prices};
pub use event::{Alarm, Command, Done, Event, Packet, Rekey, Renewal};
pub use keyring::Keyring;
pub use layout::{GroupSetting, IDENTITY_MAX, Layout, NodeId, Place};
pub use site::{NodeParts, NodeSite};

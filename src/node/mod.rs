//! The actors: device, gateway, infrastructure CSE. A node is a processor, its keys, its associations
//! and its service layer; it reports what happens and judges nothing.

mod actor;
mod capture;
mod class;
mod client;
mod demultiplex;
mod event;
mod layout;
mod processor;
mod reporter;
mod server;
mod site;
mod transit;
mod work;

pub use class::{Class, Cost, FixedTimes, Prices};
pub use event::{Alarm, Command, Done, Event, Packet, Rekey, Renewal};
pub use layout::{GroupSetting, IDENTITY_MAX, KeyTable, Layout, NodeId, Place};
pub use site::{NodeParts, NodeSite};

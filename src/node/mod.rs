//! The actors: device, gateway, infrastructure CSE, MAF and MEF. A node is a processor, its keys, its associations
//! and its service layer; it reports what happens and judges nothing.

mod actor;
mod application;
mod backoff;
mod bucket;
mod caller;
mod capture;
mod chronicle;
mod class;
mod client;
mod console;
mod custody;
mod demultiplex;
mod enrolment;
mod event;
mod exchange;
mod fault;
mod fetcher;
mod function;
mod head_end;
mod host;
mod intruder;
mod keyring;
mod layout;
mod linking;
mod management;
mod messenger;
mod processor;
mod pseudonyms;
mod reporter;
mod resources;
mod server;
mod site;
mod transit;
mod triage;
mod visitor;
mod work;

pub use application::secrets;
pub use backoff::{Backoff, Failures, Growth};
pub use chronicle::{Chronicle, Deed, STEPS_MAX, Step, actor, content_digest, resource};
pub use class::{Class, Cost, FixedTimes, Prices, Variation};
pub use custody::{
    Backup, Boot, Commands, Custody, CustodySetting, ELEMENT_CHECK, Software, image_digest,
    key_name,
};
pub use enrolment::Route;
pub use event::{Alarm, Command, Done, Event, Packet, Rekey, Renewal};
pub use fault::{Fault, Noise, Trouble, Whom};
pub use function::Kind as FunctionKind;
pub use intruder::{Answer, Hands, Intruder, Nudge, Placement, Way, tapped};
pub use keyring::Keyring;
pub use layout::{
    ApplicationSetting, Function, GroupSetting, IDENTITY_MAX, Layout, NodeId, Place, Timed,
};
pub use linking::{Port, Subject};
pub use management::kept_by;
pub use pseudonyms::{Pseudonyms, Renaming};
pub use resources::ServiceSetting;
pub use site::{NodeParts, NodeSite};
pub use triage::Triage;
pub use visitor::{Visits, jar_with, token_in};

//! What is attacked and how: the catalogue of TR-0008, the adversaries of a run as programs over what they can
//! really see and do, the hostile contents that they send, and the work that they do at home. Each program is data,
//! and sees bytes only.

mod at_rest;
mod break_in;
pub mod catalogue;
pub mod content;
mod eavesdrop;
mod element;
mod end;
mod explore;
mod flood;
pub mod guess;
mod hijack;
mod hostile;
mod linking;
mod management;
mod overload;
mod place;
pub mod power;
mod program;
mod raid;
mod relay;
mod replay;
mod reprogram;
mod session;
mod software;
mod tamper;
pub mod theft;
mod trespass;

pub use at_rest::StealPasswords;
pub use break_in::{Approach, BreakIn};
pub use eavesdrop::Eavesdrop;
pub use element::MoveElement;
pub use explore::{Door, Explore};
pub use flood::Flood;
pub use hijack::Hijack;
pub use hostile::Hostile;
pub use linking::Linking;
pub use management::{Forgery, Management};
pub use overload::Overload;
pub use place::Field;
pub use program::{Attack, Loss, Program, Victims};
pub use raid::Raid;
pub use relay::Relay;
pub use replay::Replay;
pub use reprogram::Reprogram;
pub use session::{Act, Impersonate};
pub use software::{Payload, PushSoftware};
pub use tamper::Tamper;
pub use trespass::Trespass;

//! What is attacked and how: the catalogue of TR-0008, and the adversaries as programs over what they can
//! really see and do. One file a family; each program is data, and sees bytes only.

pub mod catalogue;
mod eavesdrop;
mod end;
mod flood;
mod hijack;
mod place;
mod program;
mod relay;
mod replay;
mod tamper;

pub use eavesdrop::Eavesdrop;
pub use flood::Flood;
pub use hijack::Hijack;
pub use place::Field;
pub use program::{Attack, Loss, Program, Victims};
pub use relay::Relay;
pub use replay::Replay;
pub use tamper::Tamper;

//! What is attacked and how: the catalogue of TR-0008, and the adversaries as programs over what they can
//! really see and do. One file a family; each program is data, and sees bytes only.

pub mod catalogue;
mod overload;
mod place;
mod program;
mod replay;

pub use overload::Overload;
pub use place::Field;
pub use program::{Attack, Loss, Program, Victims};
pub use replay::Replay;

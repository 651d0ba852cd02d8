//! What is attacked and how: the catalogue of TR-0008, the adversaries as programs over what they can really
//! see and do, and the hostile content that they send. One file a family; each program is data, and sees bytes
//! only.

pub mod catalogue;
pub mod content;
mod hostile;
mod place;
mod program;
mod replay;

pub use hostile::Hostile;
pub use place::Field;
pub use program::{Attack, Loss, Program, Victims};
pub use replay::Replay;

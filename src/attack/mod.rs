//! What is attacked and how: the catalogue of TR-0008, the adversaries of a run, and the work that they do at
//! home.

mod at_rest;
mod break_in;
pub mod catalogue;
mod element;
pub mod guess;
pub mod impostor;
mod management;
mod place;
pub mod power;
mod program;
mod raid;
mod replay;
mod software;
pub mod theft;

pub use at_rest::StealPasswords;
pub use break_in::{Approach, BreakIn};
pub use element::MoveElement;
pub use management::{Forgery, Management};
pub use place::Field;
pub use program::{Attack, Loss, Program, Victims};
pub use raid::Raid;
pub use replay::Replay;
pub use software::{Payload, PushSoftware};

//! What is attacked and how: the catalogue of TR-0008, the adversaries of a run, and the work that they do at
//! home.

pub mod catalogue;
pub mod guess;
pub mod impostor;
mod place;
pub mod power;
mod program;
mod replay;
pub mod theft;

pub use place::Field;
pub use program::{Attack, Loss, Program, Victims};
pub use replay::Replay;

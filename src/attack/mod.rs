//! What is attacked and how: the catalogue of TR-0008, and the work that attackers do at home.

pub mod catalogue;
pub mod guess;
pub mod impostor;
pub mod power;
pub mod theft;

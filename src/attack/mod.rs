//! What is attacked and how: the catalogue of TR-0008.

pub mod catalogue;

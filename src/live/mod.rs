//! The same nodes over real UDP: the sans-IO associations and the service layer of the simulator, driven
//! by sockets and a clock.
//!
//! Everything here is bounded in number and time and ends by itself; addresses beyond this machine are
//! refused unless they are asked for. [`Server`] and [`Client`] are still sans-IO, so that what they do
//! with datagrams can be tested without a network; [`serve`] and [`Session`] put them on sockets.

mod application;
mod calibrate;
mod client;
mod clock;
mod error;
mod figures;
mod fleet;
mod foreign;
pub mod host;
mod pair;
mod path;
mod psk;
mod randomness;
mod run;
mod serve;
mod server;
mod session;
mod traffic;

pub use application::Application;
pub use calibrate::{Calibration, ROUND_TRIPS, calibrate};
pub use client::Client;
pub use clock::Clock;
pub use error::LiveError;
pub use figures::{Comparison, Figures};
pub use fleet::{DEVICES_DEFAULT, DEVICES_MAX, Member, Population};
pub use foreign::{Event, Happening, Listener, Speech, Talk, connect, listen, resolve};
pub use path::Path;
pub use psk::{Keys, Psk};
pub use randomness::Randomness;
pub use run::{Setting, run};
pub use serve::{INBOX_MAX, Running, runtime, serve};
pub use server::{Counts, HALF_OPEN_MAX, PEERS_MAX, Server};
pub use session::{Bounds, Session};
pub use traffic::Traffic;

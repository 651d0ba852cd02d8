//! Why something does not even begin, or has to be given up.

use std::io;
use std::net::SocketAddr;

use crate::association::ConnectError;
use crate::onem2m::cse::StartFault;

/// Why a live run cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The operating system refuses.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The scenario has no devices.
    #[error("the scenario has no fleet whose devices could run")]
    NoDevices,
    /// The fleets of the scenario speak different protocols.
    #[error(
        "the fleets of this scenario have different profiles, and a live server speaks one; \
         make them equal with --set fleet.NAME.profile=..."
    )]
    Profile,
    /// A fleet registers itself, which is for the simulation alone.
    #[error("devices of a live run are provisioned: a fleet says registration = \"registered\"")]
    Registered,
    /// The address is not of this machine alone.
    #[error("{0} is not a loopback address; other machines are spoken to only with --allow-remote")]
    Remote(SocketAddr),
    /// The name leads nowhere.
    #[error("{0:?} is no address: expected HOST:PORT")]
    NoAddress(String),
    /// The client cannot begin.
    #[error("cannot begin: {0}")]
    Connect(#[from] ConnectError),
    /// The CSE cannot begin.
    #[error("the CSE cannot begin: {0}")]
    Cse(#[from] StartFault),
    /// The key is not usable.
    #[error("the key is not hexadecimal digits in pairs, 1 to 64 bytes (it is not shown here)")]
    BadKey,
}

impl LiveError {
    /// A task ended in a way that it should not.
    pub(super) fn defect(error: &tokio::task::JoinError) -> Self {
        Self::System { what: "finish a task", source: io::Error::other(error.to_string()) }
    }

    /// For `map_err`.
    pub(super) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}

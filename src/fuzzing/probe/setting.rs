//! What a campaign is told, and why it does not begin.

use std::net::SocketAddr;
use std::time::Duration;

use super::shot::Binding;
use crate::live::host::{Address, Scheme};
use crate::wire::primitive::Release;

/// One way to the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Over what.
    pub binding: Binding,
    /// Where.
    pub at: SocketAddr,
    /// Its CSEBase, such as `cse-in`.
    pub base: String,
}

impl Target {
    /// Reads `http://127.0.0.1:8080/cse-in` or `coap://127.0.0.1:5683/cse-in`; without a path, the CSEBase is empty.
    /// `None` for anything else. Names but `localhost` are not looked up.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Address { scheme, socket, to } = Address::parse(text)?;
        let binding = match scheme {
            Scheme::Http => Binding::Http,
            Scheme::Coap => Binding::Coap,
        };
        Some(Self { binding, at: socket, base: if to == "/" { String::new() } else { to } })
    }
}

/// What a campaign is told.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The ways to the target: one, or HTTP and CoAP to the same one.
    pub targets: Vec<Target>,
    /// Who may retrieve the CSEBase.
    pub originator: String,
    /// rvi of all requests.
    pub release: Release,
    /// What all draws come from.
    pub seed: u64,
    /// Time in all, after which no new case begins.
    pub time: Duration,
    /// Requests in all, after which no new case begins.
    pub requests: u64,
    /// Requests per second, at most.
    pub rate: u32,
    /// Sound requests before the first hostile one, at least.
    pub warm_up: u64,
    /// Time that an answer may take.
    pub patience: Duration,
    /// The target's process.
    pub pid: Option<u32>,
    /// Where a POST makes the target forget everything: the socket and the path, `/__ut__` at ACME.
    pub reset: Option<(SocketAddr, String)>,
    /// Asked from time to time: whether somebody wants to stop.
    pub stopped: fn() -> bool,
}

/// How far a campaign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Requests so far.
    pub sent: u64,
    /// Findings so far.
    pub findings: usize,
    /// Seconds so far.
    pub seconds: u64,
}

/// Why a campaign does not begin.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nobody listens, or says anything.
    #[error("{0} does not answer")]
    Silent(String),
    /// What answers is no CSE, or the CSEBase is another one.
    #[error("{at} does not give its CSEBase {base:?} to {originator}: {what}")]
    NoCse {
        /// Where.
        at: String,
        /// The CSEBase that was asked for.
        base: String,
        /// By whom.
        originator: String,
        /// What came instead.
        what: String,
    },
    /// The AEs that the probe works with cannot be registered.
    #[error("the AE {0} cannot register: {1}; the probe needs one whose name begins with Cks")]
    NoEntity(String, String),
    /// There is no such process.
    #[error("there is no process {0}, or this system has no /proc")]
    NoProcess(u32),
}

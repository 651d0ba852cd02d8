//! What goes into a CSE and comes out of it.

use std::net::IpAddr;

use crate::wire::primitive::{Request, Response};

/// The caller's number for a request that came in; the answer carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incoming(pub u64);

/// The CSE's number for a request that it sent; give it back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outgoing(pub u64);

/// The way on which a request came, as far as it is proven.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hop<'a> {
    /// The AE-ID or SP-relative CSE-ID that the security association authenticated; `None` without one.
    pub identity: Option<&'a str>,
    /// The sender's network address.
    pub address: Option<IpAddr>,
    /// ESPrim proved that From is the originator (TS-0003 clause 8.4).
    pub end_to_end: bool,
}

impl<'a> Hop<'a> {
    /// A hop whose association authenticated `identity`.
    #[must_use]
    pub const fn of(identity: &'a str) -> Self {
        Self { identity: Some(identity), address: None, end_to_end: false }
    }
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The AE-ID (`Cmeter`, `Smeter`) or CSE-ID (`/id-mn`) of an entity that is registered here, or of our
    /// registrar: an association with it may be there. `None` for a bare address.
    pub entity: Option<String>,
    /// Where it is reached: its poa, or the one address.
    pub addresses: Vec<String>,
}

/// What a CSE wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The answer to a request.
    Answer {
        /// Which.
        exchange: Incoming,
        /// What.
        response: Box<Response>,
    },
    /// A request is done with and wants no answer (rt 5).
    Silent {
        /// Which.
        exchange: Incoming,
    },
    /// A request of this CSE, or one that it hands on.
    Send {
        /// Its number.
        exchange: Outgoing,
        /// Where it goes.
        to: Destination,
        /// What.
        request: Box<Request>,
    },
}

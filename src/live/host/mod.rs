//! A CSE on real sockets: HTTP/1.1 and CoAP over UDP, with the wall clock for its time.
//!
//! [`Http`] and [`CoapEnd`] carry primitives for any [`Respond`]; [`Hosted`] is a CSE as one. HTTP is read by
//! the binding itself (`httparse` under it), so that what is fuzzed is what is served, and no second reader
//! can disagree with it on where a message ends.

mod address;
mod blocks;
mod coap;
mod coap_client;
mod console;
mod core;
mod http;
mod outgoing;
mod register;
mod serve;

use std::future::Future;
use std::net::SocketAddr;

pub use address::{Address, Scheme};
pub use coap::CoapEnd;
pub use core::Hosted;
pub use http::{Http, ask_http};
pub use outgoing::Network;
pub use register::Registrar;
pub use serve::{CseSetting, Listening, host};

use crate::wire::primitive::{Request, Response, Rsc};

/// HTTP connections at the same time; more are closed at once.
pub const CONNECTIONS_MAX: usize = 256;
/// CoAP requests that wait for their answers at the same time; more are dropped, and come again.
pub const EXCHANGES_MAX: usize = 1_024;
/// Requests to other entities on their way at the same time.
pub const OUTGOING_MAX: usize = 64;
/// Requests to other entities that wait for their turn; more are unreachable.
pub const OUTBOX_MAX: usize = 4_096;
/// CoAP peers whose last request is remembered.
pub const COAP_PEERS_MAX: u32 = 4_096;
/// Seconds in which a request has to come in whole, once it began.
const REQUEST_SECONDS: u64 = 10;
/// Seconds that a connection may be idle.
const IDLE_SECONDS: u64 = 60;
/// Seconds in which another entity has to answer.
const ANSWER_SECONDS: u64 = 20;

/// Who answers requests.
pub trait Respond: Send + Sync + 'static {
    /// The answer; `None` if none is wanted.
    fn respond(
        &self,
        from: SocketAddr,
        request: Request,
    ) -> impl Future<Output = Option<Response>> + Send;

    /// The answer to an HTTP message that is no primitive and is not meant to be one.
    fn page(&self, _message: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Whether there is room for one more request in this second.
    fn admits(&self) -> bool {
        true
    }
}

/// An answer without content.
fn status(status: Rsc) -> Response {
    Response { status, ..Response::default() }
}

/// A limit of real time.
const fn seconds(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}

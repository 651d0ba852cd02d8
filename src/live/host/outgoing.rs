//! Requests of a CSE to other entities: over HTTP or CoAP, bounded in number and time.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::core::{Errand, Hosted};
use super::{ANSWER_SECONDS, Address, CoapEnd, OUTGOING_MAX, Scheme, ask_http, seconds, status};
use crate::onem2m::cse::Destination;
use crate::onem2m::tree::Store;
use crate::wire::primitive::{Request, Response, Rsc};
use crate::wire::value::Serialisation;

/// rsc TARGET_NOT_REACHABLE.
const UNREACHABLE: Rsc = Rsc(5_103);

/// The ways to other entities.
pub struct Network {
    coap: Arc<CoapEnd>,
    allow_remote: bool,
}

impl Network {
    /// Ways over HTTP, and over the socket of `coap`.
    #[must_use]
    pub const fn new(coap: Arc<CoapEnd>, allow_remote: bool) -> Self {
        Self { coap, allow_remote }
    }

    /// Asks at one address; `None` if it is beyond this machine and that is not allowed, or if no answer
    /// comes that is a primitive.
    pub async fn ask(&self, at: &Address, request: &Request) -> Option<Response> {
        if !self.allow_remote && !at.is_local() {
            return None;
        }
        let limit = seconds(ANSWER_SECONDS);
        match at.scheme {
            Scheme::Http => ask_http(at.socket, request, Serialisation::Json, limit).await,
            Scheme::Coap => self.coap.ask(at.socket, request, Serialisation::Json, limit).await,
        }
    }

    /// Asks at each address in turn until one answers.
    async fn deliver(&self, to: &Destination, mut request: Request) -> Response {
        for address in to.addresses.iter().filter_map(|text| Address::parse(text)) {
            // A notification to a bare address is for what its path names, an entity's for itself.
            if to.entity.is_none() {
                request.to.clone_from(&address.to);
            }
            if let Some(response) = self.ask(&address, &request).await {
                return response;
            }
        }
        status(UNREACHABLE)
    }
}

/// Carries out errands without end, at most [`OUTGOING_MAX`] at the same time.
pub(super) async fn run<S: Store + Send + 'static>(
    mut inbox: mpsc::Receiver<Errand>,
    hosted: Arc<Hosted<S>>,
    network: Arc<Network>,
) {
    let room = Arc::new(Semaphore::new(OUTGOING_MAX));
    while let Some(Errand { exchange, to, request }) = inbox.recv().await {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let (hosted, network) = (Arc::clone(&hosted), Arc::clone(&network));
        tokio::spawn(async move {
            let response = network.deliver(&to, request).await;
            drop(permit);
            hosted.answered(exchange, response);
        });
    }
}

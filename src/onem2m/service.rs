//! A CSE and its end of CoAP, joined: bytes that an association delivered in, bytes for it out.

use std::collections::BTreeMap;

use super::RejectReason;
use super::cse::{Config, Cse, Destination, Hop, Incoming, Outgoing, Output, Refusal, StartFault};
use super::end_to_end::{self, Recipient};
use super::endpoint::{Call, Endpoint, Received};
use super::esprim::Exchange as Sealed;
use super::tree::{Store as _, address};
use crate::association::Operations;
use crate::sim::time::Time;
use crate::wire::primitive::{Operation, Request, Response, Rsc};

/// The name of the container that each provisioned AE has.
pub(crate) const CONTAINER: &str = "data";
/// Contents that such a container keeps.
const INSTANCES: u64 = 1;
/// The provider of a CSE that says no more than its name.
pub const DOMAIN: &str = "//keystorm.example";
/// Requests of an application beside the CSE have numbers from here on; those of peers are below.
const LOCAL: u64 = 1 << 63;

/// The service layer of one CSE over CoAP.
#[derive(Debug)]
pub struct Service {
    cse: Cse,
    endpoint: Endpoint,
    out: Vec<Output>,
    /// Requests of peers that wait for the answer of another entity, by their numbers.
    calls: BTreeMap<u64, Call>,
    next_call: u64,
    /// From is believed, whatever an association authenticated.
    believes: bool,
    /// What opens requests that are protected end to end.
    recipient: Option<Box<Recipient>>,
    /// Calls whose answers are to be sealed, by their numbers.
    sealed: BTreeMap<u64, Sealed>,
    /// The latest request that was opened, and how it was answered if it was at once.
    opened: Option<(u64, Request, Option<Rsc>)>,
    /// What opening and sealing took, until it is asked for.
    operations: Operations,
}

/// What a service wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A message for a peer.
    Message {
        /// Which.
        peer: u32,
        /// CoAP.
        bytes: Vec<u8>,
    },
    /// A request of the CSE; give it back to [`Service::answered`] with the answer.
    Request {
        /// Its number.
        exchange: Outgoing,
        /// For whom.
        to: Destination,
        /// What.
        request: Box<Request>,
    },
    /// The answer to a request of an application beside the CSE, see [`Service::ask`].
    Answer {
        /// The number that the application gave it.
        number: u64,
        /// What.
        response: Box<Response>,
    },
}

impl Service {
    /// A CSE whose CSEBase has this name, holding nothing. Its CSE-ID is the name with a slash.
    ///
    /// # Errors
    /// If the name is no resource name.
    pub fn new(name: &str) -> Result<Self, StartFault> {
        Self::with(Config::infrastructure(DOMAIN, &format!("/{name}"), name))
    }

    /// A CSE of this configuration, holding nothing.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn with(config: Config) -> Result<Self, StartFault> {
        let (cse, endpoint) = (Cse::new(config)?, Endpoint::default());
        Ok(Self {
            cse,
            endpoint,
            out: Vec::new(),
            calls: BTreeMap::new(),
            next_call: 0,
            believes: false,
            recipient: None,
            sealed: BTreeMap::new(),
            opened: None,
            operations: Operations::default(),
        })
    }

    /// Registers the AE `originator` with a container, see [`Cse::provision`].
    ///
    /// # Errors
    /// If it is no AE-ID stem.
    pub fn provision(&mut self, originator: &str) -> Result<(), Refusal> {
        self.cse.provision(originator, CONTAINER, INSTANCES)
    }

    /// Its store takes nothing new, or does again, see [`Cse::take_nothing_new`].
    pub const fn take_nothing_new(&mut self, is_full: bool) {
        self.cse.take_nothing_new(is_full);
    }

    /// An application refuses the contents that come, or no longer, see [`Cse::take_no_content`].
    pub const fn take_no_content(&mut self, is_refused: bool) {
        self.cse.take_no_content(is_refused);
    }

    /// The CSE.
    #[must_use]
    pub const fn cse(&self) -> &Cse {
        &self.cse
    }

    /// When [`expired`](Self::expired) has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Time> {
        self.cse.next_timeout()
    }

    /// A new association of `originator`, see [`Endpoint::associated`].
    pub fn associated(&mut self, originator: &str) {
        let peer = self.peer(originator);
        self.endpoint.associated(peer);
    }

    /// The same for a peer by its number.
    pub fn associated_peer(&mut self, peer: u32) {
        self.endpoint.associated(peer);
    }

    /// Believes whom each request names as its originator, whatever the association authenticated. What broken
    /// session management comes down to, for comparison.
    pub const fn believe_originators(&mut self) {
        self.believes = true;
    }

    /// A peer has several requests on their way at the same time, see [`Endpoint::parallel`].
    pub fn parallel(&mut self, peer: u32) {
        self.endpoint.parallel(peer);
    }

    /// Opens requests that are protected end to end to this CSE.
    pub fn open_with(&mut self, recipient: Recipient) {
        self.recipient = Some(Box::new(recipient));
    }

    /// What opens requests that are protected end to end, if it does.
    #[must_use]
    pub fn recipient(&self) -> Option<&Recipient> {
        self.recipient.as_deref()
    }

    /// The request that the last message carried under protection end to end, if it did, and the status of its
    /// answer if that was given at once. Only once.
    pub fn take_opened(&mut self) -> Option<(Request, Option<Rsc>)> {
        self.opened.take().map(|(_, request, status)| (request, status))
    }

    /// What opening and sealing took since the last call.
    pub fn take_operations(&mut self) -> Operations {
        std::mem::take(&mut self.operations)
    }

    /// Reads, carries out and answers a CoAP request of `originator`, the identity that its association
    /// authenticated. What goes to other entities has no way here.
    ///
    /// # Errors
    /// Names why the bytes have neither effect nor answer.
    pub fn handle_coap(
        &mut self,
        now: Time,
        originator: &str,
        bytes: &[u8],
    ) -> Result<Vec<u8>, RejectReason> {
        let peer = self.peer(originator);
        let (call, request) = match self.endpoint.receive(peer, bytes)? {
            Received::Request(call, request) => (call, request),
            Received::Answered(answer) => return Ok(answer),
            Received::UnderWay => return Err(RejectReason::UnderWay),
        };
        match self.handle(now, originator, request) {
            Some(Output::Answer { response, .. }) => Ok(self.endpoint.answer(call, &response)),
            Some(_) => self.endpoint.silence(call).ok_or(RejectReason::NoAnswer),
            None => Err(RejectReason::UnderWay),
        }
    }

    /// Carries out a request of `originator`: the answer, or [`Output::Silent`]; `None` if it waits for others.
    pub fn handle(
        &mut self,
        now: Time,
        originator: &str,
        request: impl Into<Box<Request>>,
    ) -> Option<Output> {
        self.out.clear();
        self.cse.handle(now, &Hop::of(originator), Incoming(0), request, &mut self.out);
        self.out.drain(..).find(|output| !matches!(output, Output::Send { .. }))
    }

    /// Takes a CoAP request of the peer with this number, whose association authenticated `identity`. Returns
    /// its operation if it was handed to the CSE.
    ///
    /// # Errors
    /// Names why the bytes have neither effect nor answer.
    pub fn receive(
        &mut self,
        now: Time,
        peer: u32,
        identity: &str,
        bytes: &[u8],
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Operation>, RejectReason> {
        let (call, request) = match self.endpoint.receive(peer, bytes)? {
            Received::Request(call, request) => (call, request),
            Received::Answered(bytes) => {
                effects.push(Effect::Message { peer, bytes });
                return Ok(None);
            }
            Received::UnderWay => return Err(RejectReason::UnderWay),
        };
        let operation = request.operation;
        let number = self.next_call;
        self.next_call = (number + 1) % LOCAL;
        self.calls.insert(number, call);
        let hop = if self.believes { Hop::default() } else { Hop::of(identity) };
        self.hand_in(now, hop, number, request);
        self.settle(effects);
        Ok(Some(operation))
    }

    /// Gives the CSE a request, or the one that it carries for this CSE.
    fn hand_in(&mut self, now: Time, mut hop: Hop<'_>, number: u64, request: Box<Request>) {
        let Self { cse, recipient, sealed, opened, operations, out, .. } = self;
        let object = end_to_end::object(request.content.as_ref());
        let is_here = request.operation == Operation::Notify && cse.config().is_base(&request.to);
        let request = match (recipient, object.filter(|_| is_here)) {
            (Some(recipient), Some(object)) => match recipient.open(object, now, operations) {
                Ok((inner, exchange)) => {
                    sealed.insert(number, exchange);
                    *opened = Some((number, inner.clone(), None));
                    hop.end_to_end = true;
                    Box::new(inner)
                }
                Err(fault) => {
                    let response = Box::new(end_to_end::refusal(fault, &request));
                    return out.push(Output::Answer { exchange: Incoming(number), response });
                }
            },
            _ => request,
        };
        cse.handle(now, &hop, Incoming(number), request, out);
    }

    /// Takes a request of an application that runs beside the CSE and is the AE `originator`.
    pub fn ask(
        &mut self,
        now: Time,
        originator: &str,
        number: u64,
        request: Request,
        effects: &mut Vec<Effect>,
    ) {
        let incoming = Incoming(number | LOCAL);
        self.cse.handle(now, &Hop::of(originator), incoming, request, &mut self.out);
        self.settle(effects);
    }

    /// Takes the answer to a request that the CSE sent.
    pub fn answered(
        &mut self,
        now: Time,
        exchange: Outgoing,
        response: Response,
        effects: &mut Vec<Effect>,
    ) {
        self.cse.answered(now, exchange, response, &mut self.out);
        self.settle(effects);
    }

    /// Lets time pass, see [`Cse::expired`].
    pub fn expired(&mut self, now: Time, effects: &mut Vec<Effect>) {
        self.cse.expired(now, &mut self.out);
        self.settle(effects);
    }

    /// Everything but the resources is lost: what waits for answers, and which messages were here before.
    pub fn restart(&mut self) {
        self.cse.restart();
        self.endpoint.restart();
        self.calls.clear();
        self.out.clear();
        self.sealed.clear();
        if let Some(recipient) = &mut self.recipient {
            recipient.restart();
        }
    }

    fn settle(&mut self, effects: &mut Vec<Effect>) {
        for output in self.out.drain(..) {
            match output {
                Output::Answer { exchange: Incoming(number), response } if number >= LOCAL => {
                    effects.push(Effect::Answer { number: number - LOCAL, response });
                }
                Output::Answer { exchange, response } => {
                    let Some(call) = self.calls.remove(&exchange.0) else { continue };
                    let response = match (self.sealed.remove(&exchange.0), &self.recipient) {
                        (Some(sealed), Some(recipient)) => {
                            if let Some((number, _, status)) = &mut self.opened
                                && *number == exchange.0
                            {
                                *status = Some(response.status);
                            }
                            recipient.answer(sealed, &response, &mut self.operations)
                        }
                        _ => *response,
                    };
                    let (peer, bytes) = (call.peer(), self.endpoint.answer(call, &response));
                    effects.push(Effect::Message { peer, bytes });
                }
                Output::Silent { exchange } => {
                    self.sealed.remove(&exchange.0);
                    let Some(call) = self.calls.remove(&exchange.0) else { continue };
                    let (peer, bytes) = (call.peer(), self.endpoint.silence(call));
                    effects.extend(bytes.map(|bytes| Effect::Message { peer, bytes }));
                }
                Output::Send { exchange, to, request } => {
                    effects.push(Effect::Request { exchange, to, request });
                }
            }
        }
    }

    /// The number of a peer: the place of its AE.
    fn peer(&self, originator: &str) -> u32 {
        let id = self.cse.store().aliased(originator).ok().flatten();
        id.map_or(u32::MAX, address::place)
    }
}

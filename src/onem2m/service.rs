//! A CSE and its end of CoAP, joined: bytes that an association delivered in, bytes for it out.

use super::RejectReason;
use super::cse::{Config, Cse, Hop, Incoming, Output, Refusal, StartFault};
use super::endpoint::{Endpoint, Received};
use super::tree::{Store as _, address};
use crate::sim::time::Time;
use crate::wire::primitive::Request;

/// The name of the container that each provisioned AE has.
pub(super) const CONTAINER: &str = "data";
/// Contents that such a container keeps.
const INSTANCES: u64 = 1;
/// The provider of a CSE that says no more than its name.
const DOMAIN: &str = "//keystorm.example";

/// The service layer of one CSE over CoAP, for peers whose answers need no other entity.
#[derive(Debug)]
pub struct Service {
    cse: Cse,
    endpoint: Endpoint,
    out: Vec<Output>,
}

impl Service {
    /// A CSE whose CSEBase has this name, holding nothing. Its CSE-ID is the name with a slash.
    ///
    /// # Errors
    /// If the name is no resource name.
    pub fn new(name: &str) -> Result<Self, StartFault> {
        let cse = Cse::new(Config::infrastructure(DOMAIN, &format!("/{name}"), name))?;
        Ok(Self { cse, endpoint: Endpoint::default(), out: Vec::new() })
    }

    /// Registers the AE `originator` with a container, see [`Cse::provision`].
    ///
    /// # Errors
    /// If it is no AE-ID stem.
    pub fn provision(&mut self, originator: &str) -> Result<(), Refusal> {
        self.cse.provision(originator, CONTAINER, INSTANCES)
    }

    /// The CSE.
    #[must_use]
    pub const fn cse(&self) -> &Cse {
        &self.cse
    }

    /// A new association of `originator`, see [`Endpoint::associated`].
    pub fn associated(&mut self, originator: &str) {
        let peer = self.peer(originator);
        self.endpoint.associated(peer);
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
        match self.handle(now, originator, *request) {
            Some(Output::Answer { response, .. }) => Ok(self.endpoint.answer(call, &response)),
            Some(_) => self.endpoint.silence(call).ok_or(RejectReason::NoAnswer),
            None => Err(RejectReason::UnderWay),
        }
    }

    /// Carries out a request of `originator`: the answer, or [`Output::Silent`]; `None` if it waits for others.
    pub fn handle(&mut self, now: Time, originator: &str, request: Request) -> Option<Output> {
        self.out.clear();
        self.cse.handle(now, &Hop::of(originator), Incoming(0), request, &mut self.out);
        self.out.drain(..).find(|output| !matches!(output, Output::Send { .. }))
    }

    /// The number of a peer: the place of its AE.
    fn peer(&self, originator: &str) -> u32 {
        let id = self.cse.store().aliased(originator).ok().flatten();
        id.map_or(u32::MAX, address::place)
    }
}

//! What a server does with the data of its peers.

use crate::onem2m::Service;
use crate::sim::time::Time;

/// What stands behind a server's associations.
#[derive(Debug)]
pub enum Application {
    /// The service layer of a CSE, whose originators are `C` and the identity.
    Cse(Box<Service>),
    /// Sends everything back.
    Echo,
}

/// The AE-ID of the device with this identity, as in the simulator.
pub(super) fn originator(identity: &str) -> String {
    format!("C{identity}")
}

impl Application {
    /// A new association with `identity`.
    pub(super) fn associated(&mut self, identity: &[u8]) {
        if let (Self::Cse(service), Ok(identity)) = (self, str::from_utf8(identity)) {
            service.associated(&originator(identity));
        }
    }

    /// The answer to `request`, or the name of the reason why there is none.
    pub(super) fn answer(
        &mut self,
        now: Time,
        identity: &[u8],
        request: &[u8],
    ) -> Result<Vec<u8>, &'static str> {
        match self {
            Self::Cse(service) => {
                let identity = str::from_utf8(identity).map_err(|_| "unknown_identity")?;
                let originator = originator(identity);
                service.handle_coap(now, &originator, request).map_err(|reason| reason.name())
            }
            Self::Echo => Ok(request.to_vec()),
        }
    }
}

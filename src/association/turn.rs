//! One call into an association: its surroundings, and what is to be said about and answered to what
//! came in.

use super::{Config, Env, Kind, Output, Received, Rejection};
use crate::wire::dtls::RecordNumber;

/// What goes out at the end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transmission {
    /// Nothing but acknowledgements.
    Nothing,
    /// The messages that were never sent.
    New(Kind),
    /// Everything that is not acknowledged.
    Again,
}

pub(super) struct Turn<'t, 'e> {
    pub(super) config: &'t Config,
    pub(super) env: &'t mut Env<'e>,
    /// Records to acknowledge.
    pub(super) acks: Vec<RecordNumber>,
    pub(super) transmission: Transmission,
    verdict: Option<Received>,
}

impl<'t, 'e> Turn<'t, 'e> {
    pub(super) const fn new(config: &'t Config, env: &'t mut Env<'e>) -> Self {
        let transmission = Transmission::Nothing;
        Self { config, env, acks: Vec::new(), transmission, verdict: None }
    }

    /// The datagram held this; what it held before that weighs more stays. Of several rejections the
    /// first tells most, as the others often follow from it.
    pub(super) fn note(&mut self, received: Received) {
        self.verdict = Some(match (self.verdict, received) {
            (Some(verdict @ Received::Rejected(_)), Received::Rejected(_)) => verdict,
            (Some(verdict), _) => verdict.max(received),
            (None, _) => received,
        });
    }

    /// The datagram held this, which tells nothing if it held more.
    pub(super) fn note_in_passing(&mut self, received: Received) {
        self.verdict.get_or_insert(received);
    }

    pub(super) fn reject(&mut self, rejection: impl Into<Rejection>) {
        self.note(Received::Rejected(rejection.into()));
    }

    /// Whatever else the datagram held, this is what counts.
    pub(super) const fn condemn(&mut self, rejection: Rejection) {
        self.verdict = Some(Received::Rejected(rejection));
    }

    pub(super) fn emit(&mut self, output: Output) {
        self.env.out.push(output);
    }

    /// New messages are to be sent; a retransmission covers them, too.
    pub(super) fn send_new(&mut self, kind: Kind) {
        if self.transmission != Transmission::Again {
            self.transmission = Transmission::New(kind);
        }
    }

    pub(super) fn verdict(&self) -> Received {
        self.verdict.unwrap_or(Received::Rejected(Rejection::Malformed))
    }
}

//! What a server does with handshakes while it is overloaded: which flights it serves first, which it drops unread.
//!
//! It looks at a datagram's first record only, as a server can before it has spent anything on the sender: a ClientHello
//! is one that starts a handshake, anything else of the handshake's epochs finishes one. What is dropped costs the
//! processor nothing, as a datagram dropped in front of the socket; its sender repeats it by its timer.

use super::bucket::Bucket;
use crate::association::{Peek, peek};
use crate::sim::time::{Duration, Time};

/// The epoch of the client's Finished in DTLS 1.3 (RFC 9147 section 6.1).
const HANDSHAKE_EPOCH: u8 = 2;

/// What a server does with handshakes while it is overloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Triage {
    /// Flights that finish a handshake are served before those that start one.
    pub finish_first: bool,
    /// A ClientHello that waited longer is dropped when its turn comes: its sender has repeated it by then.
    pub stale_hello: Option<Duration>,
    /// ClientHellos a second that are let in, with bursts of a second's worth; others are dropped as they come.
    pub admission: Option<f64>,
}

/// A server's gate: what it does, and what it has let in.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    triage: Triage,
    bucket: Bucket,
}

/// What a datagram does to a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It starts one.
    Start,
    /// It finishes one.
    Finish,
    /// Neither.
    Other,
}

impl Gate {
    /// A gate, if there is anything to do.
    pub(super) fn new(triage: Triage) -> Option<Box<Self>> {
        let gate = || Box::new(Self { triage, bucket: Bucket::default() });
        (triage != Triage::default()).then(gate)
    }

    /// May this datagram come in? If so, does it go before the others?
    pub(super) fn admit(&mut self, bytes: &[u8], now: Time) -> Option<bool> {
        match (part(bytes), self.triage.admission) {
            (Part::Start, Some(rate)) if !self.bucket.take(rate, now) => None,
            (part, _) => Some(self.triage.finish_first && part == Part::Finish),
        }
    }

    /// Is it a ClientHello that has waited too long?
    pub(super) fn is_stale(&self, bytes: &[u8], waited: Duration) -> bool {
        let is_late = self.triage.stale_hello.is_some_and(|limit| waited > limit);
        is_late && part(bytes) == Part::Start
    }
}

fn part(bytes: &[u8]) -> Part {
    match peek(bytes) {
        Some(Peek::ClientHello { .. }) => Part::Start,
        Some(Peek::Plaintext) => Part::Finish,
        Some(Peek::Protected { epoch_bits }) if epoch_bits == HANDSHAKE_EPOCH => Part::Finish,
        _ => Part::Other,
    }
}

//! One job while it is being done: what it may use, what it costs, what comes of it.

use rand_core::Rng;

use super::capture::Secrets;
use super::event::{Done, Note, Packet};
use super::layout::{Layout, NodeId};
use crate::association::{Env, KeyLog, Kind, Operations, Output, PskStore, Received};
use crate::measure::{ByteClass, Recorder};
use crate::sim::time::{Duration, Time};

/// A job in progress.
pub(super) struct Work<'a> {
    pub(super) layout: &'a Layout,
    /// The node that works.
    pub(super) node: NodeId,
    /// Its address as a client.
    pub(super) address: u16,
    /// When the job started.
    pub(super) now: Time,
    pub(super) recorder: &'a mut Recorder,
    /// The node's randomness.
    pub(super) rng: &'a mut dyn Rng,
    /// Outputs of the association that is being called; empty between calls.
    pub(super) out: Vec<Output>,
    /// What the real code reports to have done.
    pub(super) operations: Operations,
    /// oneM2M requests and responses built or handled.
    pub(super) requests: u64,
    /// What the datagram turned out to be, if the job was one.
    pub(super) received: Option<Received>,
    /// What becomes visible at the end.
    pub(super) done: Done,
}

impl Work<'_> {
    /// Calls an association with everything it may use.
    pub(super) fn call<T>(
        &mut self,
        keys: &dyn PskStore,
        call: impl FnOnce(&mut Env<'_>) -> T,
    ) -> T {
        let mut secrets = Secrets::of(&mut self.recorder.tape, self.layout, self.node);
        let mut env = Env {
            now: self.now,
            rng: self.rng,
            keys,
            operations: &mut self.operations,
            out: &mut self.out,
            key_log: secrets.as_mut().map(|secrets| secrets as &mut dyn KeyLog),
        };
        call(&mut env)
    }

    /// A datagram to the registrar leaves at the end of the job.
    pub(super) fn send(&mut self, to: NodeId, class: ByteClass, bytes: Vec<u8>) {
        self.send_to((to, self.address), class, bytes);
    }

    /// A datagram leaves at the end of the job; with the other node goes the address of the client's end.
    pub(super) fn send_to(
        &mut self,
        (to, address): (NodeId, u16),
        class: ByteClass,
        bytes: Vec<u8>,
    ) {
        self.done.packets.push(Packet { from: self.node, to, address, class, bytes });
    }

    /// Something to be written down at the end of the job.
    pub(super) fn note(&mut self, note: Note) {
        self.done.notes.push(note);
    }

    /// Something was not accepted.
    pub(super) fn reject(&mut self, reason: &'static str) {
        self.recorder.reject(reason);
    }

    /// What the job costs on this node.
    pub(super) fn cost(&self) -> Duration {
        let class = self.layout.class(self.node);
        match self.received {
            Some(received) => class.event_cost(received, &self.operations, self.requests),
            None => class.own_cost(&self.operations, self.requests),
        }
    }
}

/// What the bytes of a datagram are booked as; `handshake` is the class of the handshake in progress.
pub(super) const fn byte_class(kind: Kind, handshake: ByteClass) -> ByteClass {
    match kind {
        Kind::Handshake => handshake,
        Kind::Retransmission => ByteClass::Retransmission,
        Kind::KeyUpdate => ByteClass::Rekey,
        Kind::Application => ByteClass::Telemetry,
        Kind::Ack | Kind::Ticket | Kind::ConnectionId | Kind::Alert => ByteClass::Ack,
    }
}

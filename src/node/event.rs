//! What happens to nodes.

use super::intruder::{Nudge, Way};
use super::layout::NodeId;
use crate::backend::Sent;
use crate::measure::ByteClass;
use crate::sim::time::Time;

/// A datagram on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Who sent it.
    pub from: NodeId,
    /// For whom it is; nodes in between forward it.
    pub to: NodeId,
    /// The address of its client's end, on whichever side that is: a server answers to where it heard
    /// from. The first address of a client is 0, the next 1, and so on; servers keep theirs.
    pub address: u16,
    /// What its bytes are booked as.
    pub class: ByteClass,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How new keys are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rekey {
    /// DTLS 1.3 KeyUpdate in both directions.
    KeyUpdate,
    /// A handshake from a session ticket.
    Resume,
    /// A full handshake from the pre-shared key.
    Full,
}

/// When a client makes new keys of its own accord: at whichever limit is reached first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Renewal {
    /// How.
    pub how: Rekey,
    /// After this share of the keys' lifetime, drawn uniformly from the range for each set of keys.
    pub share: Option<(f64, f64)>,
    /// After this many requests under one set of keys.
    pub records: Option<u64>,
    /// After this many bytes of requests under one set of keys.
    pub bytes: Option<u64>,
}

/// What a node is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make a first association with the registrar.
    Start,
    /// Make new keys with the registrar; `trigger` is when that was asked for.
    Rekey {
        /// How.
        how: Rekey,
        /// When it was asked for.
        trigger: Time,
    },
    /// Try again after a failure.
    Retry,
    /// Make a report, unless the telemetry that was in force `since` no longer is.
    Report {
        /// Since when that telemetry was in force.
        since: Time,
    },
    /// Make a report now, besides those that are due.
    ReportNow,
    /// Whoever holds this terminal has it send something to the console.
    Visit,
    /// The telemetry is another from now on.
    Retime,
    /// The deadline of the report that was due at `due` is over.
    Deadline {
        /// When it was due.
        due: Time,
    },
    /// Lose all volatile state.
    Restart,
    /// Come from another address from now on (a NAT rebinding).
    Readdress,
    /// Take the next name.
    Rename,
    /// The operator puts the keys of this server back.
    Restore,
    /// The operator asks what software runs here.
    Attest,
    /// The host asks its secure element whether it is still there.
    CheckElement,
    /// Be gone: lose all volatile state, and neither handle nor forward anything.
    Fail,
    /// Be back after a failure, as after a restart.
    Recover,
    /// The keys with the registrar are no longer valid.
    Expire,
    /// The keys with all clients of a group are no longer valid.
    ExpireClients {
        /// Index of the group.
        group: u32,
    },
}

/// Which timer of a node runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Of the association with the registrar.
    Client,
    /// Of the association with a client, by its number.
    Server(u32),
    /// Of a request that waits for its answer.
    Request,
    /// Of a terminal's visit to a console.
    Visitor,
    /// Of a device's enrolment.
    Enrolment,
    /// Of the retrieval of keys.
    Fetcher,
    /// Of a CSE, and of its requests to others.
    Service,
}

/// Something that happens to a node.
#[derive(Debug)]
pub enum Event {
    /// A datagram arrives.
    Arrive(Packet),
    /// A timer runs out; stale ones are ignored.
    Wake(Alarm),
    /// Somebody decided something.
    Command(Command),
    /// The processor is done with a job, unless the node was restarted since.
    Done(Box<Done>),
    /// A datagram that an attacker put on the link of the node: it leaves upwards, or arrives from above.
    Injected(Way, Packet),
    /// Something happens to the attacker with the number of the target in this site.
    Intruder(Nudge),
}

/// What becomes visible when a job is done.
#[derive(Debug, Default)]
pub struct Done {
    /// How often the node had been restarted when the job started.
    pub(super) generation: u32,
    /// Datagrams that leave.
    pub(super) packets: Vec<Packet>,
    /// Application data inside them and for whom it is, for a capture.
    pub(super) inside: Vec<(NodeId, Vec<u8>)>,
    /// What is to be written down with the time of the end.
    pub(super) notes: Vec<Note>,
    /// What applications send to hosts outside the system.
    pub(super) outside: Vec<Sent>,
}

/// Something that is measured to the end of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// A handshake begun at `started` is complete.
    Established { started: Time, resumed: bool, is_first: bool },
    /// New keys asked for at `trigger` are in use.
    Rekeyed { trigger: Time },
    /// A request made at `created` was answered.
    Answered { created: Time },
    /// A notification reached the head end; its content was made at `created`, as far as it tells.
    Notified { created: Option<Time> },
    /// An enrolment begun at `started` is complete.
    Enrolled { started: Time },
}

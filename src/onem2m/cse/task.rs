//! One request on its way through the CSE.

use std::net::IpAddr;

use super::interface::{Destination, Incoming, Output};
use super::refusal::Refusal;
use crate::onem2m::access::Identity;
use crate::onem2m::tree::Id;
use crate::sim::time::Time;
use crate::wire::primitive::{Content, Release, Request, Response, Rsc};
use crate::wire::value::Value;

/// What holds during one call of the CSE.
pub(super) struct Turn<'o> {
    pub(super) now: Time,
    /// The same in milliseconds since 1970.
    pub(super) unix: u64,
    pub(super) out: &'o mut Vec<Output>,
    /// Notifications that go out once the request is carried out.
    pub(super) notices: Vec<Notice>,
    /// Requests to members of groups so far.
    pub(super) fanned: usize,
}

/// A notification to be sent.
pub(super) struct Notice {
    pub(super) to: String,
    pub(super) content: Content,
}

/// A request, who asks, and whom to tell.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) reply: Reply,
    pub(super) asker: Asker,
    pub(super) request: Box<Request>,
    /// Groups above.
    pub(super) depth: u8,
    /// The targets of notifications have confirmed.
    pub(super) verified: bool,
}

/// Whom to tell the outcome.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) to: ReplyTo,
    pub(super) request_id: String,
    pub(super) release: Option<Release>,
}

/// The end that waits for it.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReplyTo {
    Peer(Incoming),
    /// A peer that wants no answer.
    Silent(Incoming),
    /// A fan-out that gathers the answers of members.
    Member {
        gathering: u64,
        index: usize,
    },
}

/// The originator, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Asker {
    /// In absolute form; `None` for an AE that registers without an identity.
    pub(super) identity: Option<Identity>,
    /// An AE-ID stem of this CSE or domain, else an SP-relative or absolute identifier.
    pub(super) short: Option<String>,
    /// The CSE that handed the request on.
    pub(super) hop: Option<String>,
    /// The identity that the association authenticated, if it is an AE's.
    pub(super) proven: Option<String>,
    /// rq_authn (TS-0003 clause 7.1.2).
    pub(super) authenticated: bool,
    pub(super) address: Option<IpAddr>,
}

/// What becomes of a request.
pub(super) enum Step {
    Done(Answer),
    /// These have to confirm first.
    Verify(Vec<Notice>),
    Forward(Destination),
    /// To each of these members, with the rest of the address.
    FanOut {
        group: Id,
        members: Vec<String>,
        below: String,
    },
}

/// A response without what every response has.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: Rsc,
    pub(super) content: Option<Content>,
    /// Where to go on, if this is not all.
    pub(super) offset: Option<u64>,
}

impl Answer {
    pub(super) fn new(status: Rsc, content: Option<Content>) -> Self {
        Self { status, content, offset: None }
    }

    pub(super) fn response(self) -> Response {
        use crate::wire::primitive::ContentStatus;
        Response {
            status: self.status,
            content: self.content,
            content_status: self.offset.map(|_| ContentStatus::Partial),
            content_offset: self.offset,
            ..Response::default()
        }
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: refusal.status,
            content: Some(Content::new("m2m:dbg", Value::from(refusal.reason))),
            ..Self::default()
        }
    }
}

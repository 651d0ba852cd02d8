//! Requests of a CSE to its peers, and their answers: message IDs for each direction of an association,
//! retransmission (RFC 7252 section 4.2), a bounded number on their way.

use std::collections::{BTreeMap, VecDeque};

use super::chronicle::request_in;
use super::exchange::{Due, Exchange};
use super::work::Work;
use crate::onem2m::cse::Outgoing;
use crate::onem2m::limits::ANSWER_WITHIN;
use crate::onem2m::requests;
use crate::sim::time::Time;
use crate::wire::primitive::Request;

/// Requests to one peer on their way at the same time. RFC 7252 section 4.7 says 1 unless the ends know better:
/// CSEs remember more of each other's requests than this, see [`crate::onem2m::endpoint::Endpoint::parallel`].
const NSTART: usize = 16;
/// The registrar, as a peer.
pub(super) const REGISTRAR: u32 = 0;

/// A client, as a peer.
pub(super) const fn client(number: u32) -> u32 {
    number + 1
}

/// A message for a peer, to be protected by the association with it.
pub(super) struct Letter {
    pub(super) peer: u32,
    pub(super) bytes: Vec<u8>,
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// The CSE's, by its number.
    Cse(Outgoing),
    /// The CSE's own registration.
    Registration,
}

/// Requests to one peer.
#[derive(Default)]
struct Line {
    waiting: VecDeque<(Tag, Time, Request)>,
    open: Vec<Open>,
}

/// A request on its way.
struct Open {
    tag: Tag,
    created: Time,
    exchange: Exchange,
}

/// All requests to all peers.
#[derive(Default)]
pub(super) struct Messenger {
    /// Peers for which there is something.
    lines: BTreeMap<u32, Line>,
    /// The next message ID towards each peer.
    mids: Vec<u16>,
}

/// What became of requests that are overdue.
pub(super) struct Overdue {
    pub(super) given_up: Vec<Tag>,
    /// The registrar did not answer.
    pub(super) registrar_is_dead: bool,
}

impl Messenger {
    pub(super) fn next_timeout(&self) -> Option<Time> {
        let open = self.lines.values().flat_map(|line| &line.open);
        open.map(|open| open.exchange.deadline).min()
    }

    /// Sends a request, now or when those before it are answered.
    pub(super) fn send(&mut self, peer: u32, tag: Tag, request: Request, work: &mut Work<'_>) {
        self.lines.entry(peer).or_default().waiting.push_back((tag, work.now, request));
        self.flush(peer, work);
    }

    /// The request that a message of a peer answers; the next one follows it.
    pub(super) fn answered(&mut self, peer: u32, mid: u16, work: &mut Work<'_>) -> Option<Tag> {
        let line = self.lines.get_mut(&peer)?;
        let at = line.open.iter().position(|open| open.exchange.mid == mid)?;
        let tag = line.open.swap_remove(at).tag;
        self.flush(peer, work);
        Some(tag)
    }

    /// Repeats what is due, and gives up what the CSE no longer waits for.
    pub(super) fn overdue(&mut self, work: &mut Work<'_>) -> Overdue {
        let mut overdue = Overdue { given_up: Vec::new(), registrar_is_dead: false };
        let peers: Vec<u32> = self.lines.keys().copied().collect();
        for peer in peers {
            let Some(line) = self.lines.get_mut(&peer) else { continue };
            for mut open in std::mem::take(&mut line.open) {
                let is_stale = work.now.since(open.created) >= ANSWER_WITHIN;
                match open.exchange.due(work.now) {
                    Due::Nothing => {}
                    Due::Repeat if !is_stale => {
                        let bytes = open.exchange.request.clone();
                        work.letters.push(Letter { peer, bytes });
                    }
                    Due::Repeat | Due::GiveUp => {
                        work.reject("unanswered");
                        overdue.given_up.push(open.tag);
                        overdue.registrar_is_dead |= peer == REGISTRAR;
                        continue;
                    }
                }
                line.open.push(open);
            }
            self.flush(peer, work);
        }
        overdue
    }

    /// Sends what may be on its way. What has waited longer than its answer is waited for is left out.
    fn flush(&mut self, peer: u32, work: &mut Work<'_>) {
        let Some(line) = self.lines.get_mut(&peer) else { return };
        while line.open.len() < NSTART {
            let Some((tag, created, request)) = line.waiting.pop_front() else { break };
            if work.now.since(created) >= ANSWER_WITHIN {
                work.reject("waited_too_long");
                continue;
            }
            let mid = next_mid(&mut self.mids, peer);
            match requests::confirmable(&request, mid) {
                Ok(bytes) => {
                    authored(peer, &request, &bytes, work);
                    work.letters.push(Letter { peer, bytes: bytes.clone() });
                    let exchange = Exchange::new(mid, bytes, work.now, work.rng);
                    line.open.push(Open { tag, created, exchange });
                }
                // The CSE gives it up in its time.
                Err(_) => work.reject("request_too_long"),
            }
        }
        if line.open.is_empty() && line.waiting.is_empty() {
            self.lines.remove(&peer);
        }
    }

    /// Nothing is on its way. Message IDs go on.
    pub(super) fn restart(&mut self) {
        self.lines.clear();
    }
}

/// Writes down a request of this CSE's own to its registrar; one that it hands on has its author elsewhere.
fn authored(peer: u32, request: &Request, bytes: &[u8], work: &mut Work<'_>) {
    let (layout, me) = (work.layout, work.node);
    if peer == REGISTRAR
        && work.chronicle.is_on()
        && request.from.as_deref() == Some(layout.entity(me).as_str())
    {
        // As the other end will read it.
        if let Some(sent) = request_in(bytes) {
            work.authored(&sent, layout.place(me).registrar, &[], false);
        }
    }
}

fn next_mid(mids: &mut Vec<u16>, peer: u32) -> u16 {
    let peer = peer as usize;
    if mids.len() <= peer {
        mids.resize(peer + 1, 0);
    }
    let mid = mids[peer];
    mids[peer] = mid.wrapping_add(1);
    mid
}

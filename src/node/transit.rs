//! A node's ends of its links: one up to its parent, one down to each child.

use super::actor::{Actor, Reach};
use super::capture;
use super::event::{Event, Packet};
use super::intruder::Way;
use super::layout::{Hop, Layout, NodeId};
use crate::measure::{Recorder, Spot};
use crate::net::{DropReason, Transmitter, Verdict};
use crate::sim::time::{Duration, Time};

/// Draws of what happens to datagrams on their way up a link.
const UP_DRAWS: u8 = 1;
/// Draws of what happens to datagrams on their way down a link.
const DOWN_DRAWS: u8 = 2;

/// One end of a link: when its sender is free again, and the words drawn so far for its datagrams.
#[derive(Clone, Copy, Debug, Default)]
struct LinkEnd {
    transmitter: Transmitter,
    cursor: u64,
}

/// All ends of a node's links, and what went over the one to its parent.
#[derive(Debug)]
pub(super) struct Port {
    up: LinkEnd,
    down: Vec<LinkEnd>,
    /// Bytes on the air, headers included, sent to the parent.
    pub(super) sent: u64,
    /// Bytes on the air, headers included, received from the parent.
    pub(super) received: u64,
}

impl Port {
    pub(super) fn new(children: usize) -> Self {
        let down = vec![LinkEnd::default(); children];
        Self { up: LinkEnd::default(), down, sent: 0, received: 0 }
    }

    /// Books what came from the parent.
    pub(super) fn arrived(&mut self, me: NodeId, packet: &Packet, layout: &Layout) {
        let from_below = layout.place(packet.from).parent == me;
        if let (false, Some((_, link))) = (from_below, layout.uplink(me)) {
            self.received += packet.bytes.len() as u64 + u64::from(link.header);
        }
    }

    /// Sends a packet one hop further, past whoever sits on the link.
    pub(super) fn send(actor: &mut Actor, packet: Packet, reach: &mut Reach<'_, '_>) {
        let goes_up = |packet: &Packet| {
            let hop = reach.layout.next_hop(actor.id, packet.to);
            hop.is_some_and(|hop| hop.is_up && hop.link == actor.id)
        };
        if actor.is_tapped && goes_up(&packet) {
            if let Some(packet) = reach.tap(actor, Way::Up, packet) {
                Self::transmit(actor, packet, reach);
            }
            return;
        }
        Self::transmit(actor, packet, reach);
    }

    /// Sends a packet over the link.
    pub(super) fn transmit(actor: &mut Actor, packet: Packet, reach: &mut Reach<'_, '_>) {
        let layout = reach.layout;
        let me = actor.id;
        let Some(Hop { next, link, is_up, end }) = layout.next_hop(me, packet.to) else { return };
        // Both ends of a function's link draw from their own streams: several nodes send down it.
        let drawn_by = if layout.is_root(link) { me } else { link };
        let child = link;
        let Some((index, link)) = layout.uplink(child) else { return };
        let place = layout.place(drawn_by);
        let (end, rate, direction) = if is_up {
            (&mut actor.port.up, link.rate_up, UP_DRAWS)
        } else {
            (&mut actor.port.down[end as usize], link.rate_down, DOWN_DRAWS)
        };
        let streams = &layout.groups[place.group as usize].streams;
        let mut draw = streams.draws(place.member, direction, &mut end.cursor);
        let now = reach.context.now;
        let disturbed = layout.disturbed(index, child, now);
        let link = disturbed.as_ref().unwrap_or(link);
        let verdict = end.transmitter.send(link, rate, now, packet.bytes.len(), &mut draw);
        drop(draw);
        let is_cut = layout.is_cut(index, child, now);
        let verdict = if is_cut { Verdict::Drop(DropReason::LinkDown) } else { verdict };
        let len = packet.bytes.len() as u64 + u64::from(link.header);
        if is_up {
            actor.port.sent += len;
        }
        reach.context.recorder.sent(index, packet.class, now, len);
        let spot = Spot::Link(u32::try_from(index).unwrap_or(u32::MAX));
        log_flow(reach.context.recorder, layout, now, spot, &packet);
        if let Some(tape) = &mut reach.context.recorder.tape {
            capture::hop(tape, layout, index, [me, next], verdict, &packet);
        }
        match verdict {
            Verdict::Pass(delay) => deliver(actor, next, delay, packet, reach),
            Verdict::Duplicate(first, second) => {
                deliver(actor, next, first, packet.clone(), reach);
                deliver(actor, next, second, packet, reach);
            }
            Verdict::Drop(reason) => reach.context.recorder.lost(index, reason.name()),
        }
    }
}

/// Writes into the flow log, if one is kept, that `packet` is at `spot`.
pub(super) fn log_flow(
    recorder: &mut Recorder,
    layout: &Layout,
    now: Time,
    spot: Spot,
    packet: &Packet,
) {
    let Some(flows) = &mut recorder.flows else { return };
    let groups = (layout.place(packet.from).group, layout.place(packet.to).group);
    flows.note(now, spot, (packet.from.0, packet.to.0), groups);
}

fn deliver(
    actor: &mut Actor,
    next: NodeId,
    delay: Duration,
    packet: Packet,
    reach: &mut Reach<'_, '_>,
) {
    let place = reach.layout.place(next);
    let key = actor.origin.key(reach.context.now + delay);
    reach.context.schedule(key, place.site, place.local, Event::Arrive(packet));
}

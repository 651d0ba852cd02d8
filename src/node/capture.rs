//! What a capture hears of the nodes that it listens to. Nothing here changes what they do.

use super::layout::{Layout, NodeId};
use super::work::Work;
use crate::association::{KeyLog, SecretLabel};
use crate::measure::{Fate, Frame, Item, Seen, Tape};
use crate::net::Verdict;

use super::event::Packet;

/// A packet leaves `sender` for `receiver` over a link of this type.
pub(super) fn hop(
    tape: &mut Tape,
    layout: &Layout,
    link: usize,
    [sender, receiver]: [NodeId; 2],
    verdict: Verdict,
    packet: &Packet,
) {
    if !tape.hears(sender.0) && !tape.hears(receiver.0) {
        return;
    }
    let fate = match verdict {
        Verdict::Pass(_) => Fate::Arrives,
        Verdict::Duplicate(..) => Fate::Twice,
        Verdict::Drop(reason) => Fate::Lost(reason.name()),
    };
    let seen = Seen::Link { link, sender: sender.0, receiver: receiver.0, fate };
    tape.write(Item::Frame(Frame {
        seen,
        from: packet.from.0,
        to: packet.to.0,
        by_client: is_client(layout, packet.from, packet.to),
        bytes: packet.bytes.clone(),
    }));
}

/// Application data leaves `from` for `to`, inside a packet.
pub(super) fn inside(tape: &mut Tape, layout: &Layout, from: NodeId, to: NodeId, bytes: Vec<u8>) {
    let (seen, by_client) = (Seen::Inside, is_client(layout, from, to));
    tape.write(Item::Frame(Frame { seen, from: from.0, to: to.0, by_client, bytes }));
}

fn is_client(layout: &Layout, from: NodeId, to: NodeId) -> bool {
    layout.place(from).registrar == to
}

/// A datagram of the association of `client` passes a node that the tape listens to.
fn hears_of(tape: &Tape, layout: &Layout, client: NodeId) -> bool {
    let place = layout.place(client);
    [client, place.parent, place.registrar].into_iter().any(|node| tape.hears(node.0))
}

/// Secrets of a client's associations; those of its server are the same.
pub(super) struct Secrets<'a>(&'a mut Tape);

impl KeyLog for Secrets<'_> {
    fn disclose(&mut self, label: SecretLabel, random: &[u8], secret: &[u8]) {
        let (label, random, secret) = (label.to_string(), random.to_vec(), secret.to_vec());
        self.0.write(Item::Secret { label, random, secret });
    }
}

impl<'a> Secrets<'a> {
    /// Where the secrets of the associations of `client` go; `None` if nobody wants them.
    pub(super) fn of(
        tape: &'a mut Option<Box<Tape>>,
        layout: &Layout,
        client: NodeId,
    ) -> Option<Self> {
        let tape = tape.as_deref_mut()?;
        let wanted = layout.place(client).registrar != client && hears_of(tape, layout, client);
        wanted.then_some(Self(tape))
    }
}

impl Work<'_> {
    /// Application data was given to the association of `client`, and will leave for `to` at the end of
    /// the job.
    pub(super) fn sent_inside(&mut self, client: NodeId, to: NodeId, bytes: &[u8]) {
        if let Some(tape) = &self.recorder.tape
            && hears_of(tape, self.layout, client)
        {
            self.done.inside.push((to, bytes.to_vec()));
        }
    }

    /// This node begins a handshake under its pre-shared key; one that its store does not show is not noted.
    pub(super) fn uses_psk(&mut self, identity: &str) {
        let tape = Secrets::of(&mut self.recorder.tape, self.layout, self.node);
        if let (Some(Secrets(tape)), Some(key)) = (tape, self.keyring.readable_key(identity)) {
            tape.write(Item::Psk { identity: identity.to_owned(), key: key.expose().to_vec() });
        }
    }
}

//! Reassembly of handshake messages (RFC 9147 sections 5.2 and 5.5): out of order, overlapping,
//! repeated, and bounded.

use std::ops::Range;

use super::Rejection;
use super::ranges::Ranges;
use crate::wire::dtls::{Fragment, HandshakeType, MESSAGE_HEADER_LEN, message};

/// How far ahead of the next message others are kept. What is further ahead is dropped and will be
/// sent again.
const MAX_AHEAD: u16 = 8;

/// A whole message in TLS form.
pub(super) struct Message {
    pub(super) kind: HandshakeType,
    pub(super) bytes: Vec<u8>,
}

impl Message {
    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[MESSAGE_HEADER_LEN..]
    }
}

/// What became of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inserted {
    /// Of a message that was handled before.
    Old,
    /// Kept.
    Kept,
}

struct Partial {
    sequence: u16,
    kind: HandshakeType,
    bytes: Vec<u8>,
    missing: Ranges,
}

impl Partial {
    fn new(fragment: &Fragment<'_>) -> Self {
        let bytes = message(fragment.kind, |out| out.resize(out.len() + fragment.length, 0));
        let missing = Ranges::all(fragment.length);
        Self { sequence: fragment.sequence, kind: fragment.kind, bytes, missing }
    }

    fn length(&self) -> usize {
        self.bytes.len() - MESSAGE_HEADER_LEN
    }

    /// It is whole and would not change by the fragment.
    fn has(&self, fragment: &Fragment<'_>) -> bool {
        let body = &self.bytes[MESSAGE_HEADER_LEN..];
        (self.sequence, self.kind, self.length())
            == (fragment.sequence, fragment.kind, fragment.length)
            && self.missing.is_empty()
            && body.get(fragment.offset..fragment.offset + fragment.bytes.len())
                == Some(fragment.bytes)
    }

    fn fill(&mut self, fragment: &Fragment<'_>) {
        let part: Range<usize> = fragment.offset..fragment.offset + fragment.bytes.len();
        self.missing.remove(part.clone());
        // The newest bytes win: a damaged plaintext fragment is healed by its retransmission.
        self.bytes[MESSAGE_HEADER_LEN..][part].copy_from_slice(fragment.bytes);
    }
}

/// The messages of the peer, in order.
#[derive(Default)]
pub(super) struct Incoming {
    next: u16,
    partials: Vec<Partial>,
}

impl Incoming {
    /// The first message awaited is number `next`.
    pub(super) const fn starting_at(next: u16) -> Self {
        Self { next, partials: Vec::new() }
    }

    /// The number of the message awaited.
    pub(super) const fn next(&self) -> u16 {
        self.next
    }

    /// Takes a fragment in. `authentic`: its record was protected.
    pub(super) fn insert(
        &mut self,
        fragment: &Fragment<'_>,
        authentic: bool,
    ) -> Result<Inserted, Rejection> {
        // Each flight of DTLS 1.3 has one message in plaintext: nothing can be ahead of it.
        self.insert_within(fragment, authentic, if authentic { MAX_AHEAD } else { 1 })
    }

    /// Takes a fragment in that is less than `limit` messages ahead.
    pub(super) fn insert_within(
        &mut self,
        fragment: &Fragment<'_>,
        authentic: bool,
        limit: u16,
    ) -> Result<Inserted, Rejection> {
        let Some(ahead) = fragment.sequence.checked_sub(self.next) else {
            return Ok(Inserted::Old);
        };
        if ahead >= limit {
            return Err(Rejection::TooFarAhead);
        }
        let known = self.partials.iter().position(|partial| partial.sequence == fragment.sequence);
        let index = known.unwrap_or_else(|| {
            self.partials.push(Partial::new(fragment));
            self.partials.len() - 1
        });
        let partial = &mut self.partials[index];
        if partial.kind != fragment.kind || partial.length() != fragment.length {
            if authentic {
                return Err(Rejection::ContradictoryFragment);
            }
            // In plaintext either may be the forged one; starting anew lets a retransmission heal it.
            *partial = Partial::new(fragment);
        }
        partial.fill(fragment);
        Ok(Inserted::Kept)
    }

    /// The awaited message, if it is complete. It stays the awaited one until [`advance`](Self::advance).
    pub(super) fn take(&mut self) -> Option<Message> {
        let index = self
            .partials
            .iter()
            .position(|partial| partial.sequence == self.next && partial.missing.is_empty())?;
        let partial = self.partials.swap_remove(index);
        if self.partials.is_empty() {
            self.partials = Vec::new(); // an idle association keeps no buffer
        }
        Some(Message { kind: partial.kind, bytes: partial.bytes })
    }

    /// The message `ahead` of the awaited one, if it is complete; it is kept.
    pub(super) fn look(&self, ahead: u16) -> Option<(HandshakeType, &[u8])> {
        let sequence = self.next.checked_add(ahead)?;
        let partial = self.partials.iter().find(|partial| partial.sequence == sequence)?;
        let whole = partial.missing.is_empty();
        whole.then(|| (partial.kind, &partial.bytes[MESSAGE_HEADER_LEN..]))
    }

    /// The fragment is a part of a message that is complete, and adds nothing to it.
    pub(super) fn has(&self, fragment: &Fragment<'_>) -> bool {
        self.partials.iter().any(|partial| partial.has(fragment))
    }

    /// Forgets the message `ahead` of the awaited one: it was not good.
    pub(super) fn discard(&mut self, ahead: u16) {
        let sequence = self.next.saturating_add(ahead);
        self.partials.retain(|partial| partial.sequence != sequence);
    }

    /// The next `count` messages were accepted.
    pub(super) fn pass(&mut self, count: u16) {
        self.next = self.next.saturating_add(count);
        self.partials.retain(|partial| partial.sequence >= self.next);
        self.partials.shrink_to_fit(); // an idle association keeps no buffer
    }

    /// The awaited message was accepted.
    pub(super) const fn advance(&mut self) {
        self.next = self.next.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::dtls::HandshakeType::{Finished, KeyUpdate};

    fn fragment(sequence: u16, length: usize, offset: usize, bytes: &[u8]) -> Fragment<'_> {
        Fragment { kind: Finished, length, sequence, offset, bytes }
    }

    proptest! {
        /// Cut anywhere, overlapping, repeated and shuffled: the message is whole when all of it came.
        #[test]
        fn fragments_in_any_order_make_the_message(
            body in prop::collection::vec(any::<u8>(), 1..120),
            cuts in prop::collection::vec((0_usize..120, 1_usize..60), 0..20),
        ) {
            let mut incoming = Incoming::default();
            let len = body.len();
            let mut covered = vec![false; len];
            let whole = [(0, len.div_ceil(2)), (len / 2, len)];
            for (offset, n) in cuts.into_iter().chain(whole) {
                if incoming.next() == 1 || offset >= len {
                    continue;
                }
                let end = (offset + n).min(len);
                let part = fragment(0, len, offset, &body[offset..end]);
                prop_assert_eq!(incoming.insert(&part, true), Ok(Inserted::Kept));
                covered[offset..end].fill(true);
                let message = incoming.take();
                prop_assert_eq!(message.is_some(), covered.iter().all(|&c| c));
                if let Some(message) = message {
                    prop_assert_eq!(message.body(), &body[..]);
                    incoming.advance();
                }
            }
            prop_assert_eq!(incoming.next(), 1);
        }
    }

    #[test]
    fn messages_come_out_in_order_and_only_once() {
        let mut incoming = Incoming::default();
        for sequence in [2, 1] {
            assert_eq!(incoming.insert(&fragment(sequence, 1, 0, b"x"), true), Ok(Inserted::Kept));
            assert!(incoming.take().is_none());
        }
        assert_eq!(incoming.insert(&fragment(0, 1, 0, b"x"), true), Ok(Inserted::Kept));
        for _ in 0..3 {
            assert!(incoming.take().is_some());
            incoming.advance();
        }
        assert!(incoming.take().is_none());
        assert_eq!(incoming.insert(&fragment(1, 1, 0, b"x"), true), Ok(Inserted::Old));
    }

    #[test]
    fn what_is_too_far_ahead_is_not_kept() {
        let mut incoming = Incoming::default();
        let far = fragment(MAX_AHEAD, 1, 0, b"x");
        assert_eq!(incoming.insert(&far, true), Err(Rejection::TooFarAhead));
        let one = fragment(1, 1, 0, b"x");
        assert_eq!(incoming.insert(&one, false), Err(Rejection::TooFarAhead));
    }

    #[test]
    fn a_contradiction_is_an_offence_under_keys_and_a_fresh_start_without() {
        let mut incoming = Incoming::default();
        assert_eq!(incoming.insert(&fragment(0, 9, 0, b"bad"), true), Ok(Inserted::Kept));
        let other = fragment(0, 2, 0, b"ok");
        assert_eq!(incoming.insert(&other, true), Err(Rejection::ContradictoryFragment));
        let kind = Fragment { kind: KeyUpdate, ..fragment(0, 9, 0, b"bad") };
        assert_eq!(incoming.insert(&kind, true), Err(Rejection::ContradictoryFragment));
        assert_eq!(incoming.insert(&other, false), Ok(Inserted::Kept));
        assert_eq!(incoming.take().unwrap().body(), b"ok");
    }
}

//! After the handshake: key updates (RFC 9147 section 8), connection IDs (section 9) and tickets (RFC 8446
//! section 4.6.1).

use super::connection_ids::ConnectionIds;
use super::incoming::Message;
use super::machine::{Dtls13, Party, Stage};
use super::schedule::Expander;
use super::turn::Turn;
use super::{Kind, Output, Received, Rejection, SecretLabel, SendError, Ticket, ticket};
use crate::sim::time::Duration;
use crate::wire::dtls::{
    self, HandshakeType, KeyUpdate, NewConnectionId, NewSessionTicket, message,
    parse_request_connection_id,
};

impl Dtls13 {
    /// Queues a KeyUpdate.
    pub(super) fn begin_update(
        &mut self,
        turn: &mut Turn<'_, '_>,
        request: bool,
    ) -> Result<(), SendError> {
        if !self.is_established() {
            return Err(SendError::NotEstablished);
        }
        if self.is_updating() {
            return Err(SendError::UpdatePending);
        }
        let epoch = self.sending.epoch();
        // Neither epochs nor message numbers may wrap (RFC 9147 sections 4.2.1 and 5.2).
        if epoch == u16::MAX || self.next_message == u16::MAX {
            return Err(SendError::KeysExhausted);
        }
        let bytes = message(HandshakeType::KeyUpdate, |out| KeyUpdate { request }.emit(out));
        self.push(turn, epoch, HandshakeType::KeyUpdate, bytes);
        turn.send_new(Kind::KeyUpdate);
        Ok(())
    }

    /// Everything sent after the handshake was acknowledged.
    pub(super) fn delivered(&mut self, turn: &mut Turn<'_, '_>) {
        let updating = self.is_updating();
        self.flight = None;
        if !updating {
            return;
        }
        // RFC 9147 section 8: only now, when the peer is known to have the new keys.
        let next = self.sending.current().and_then(|sealer| sealer.next(turn.env.operations));
        if let Some(sealer) = next {
            let label = SecretLabel::traffic(self.is_server(), sealer.epoch().get());
            turn.env.disclose(label, &self.hello, sealer.secret());
            self.sending.install(sealer);
            self.keys_since = turn.env.now;
            turn.emit(Output::KeysUpdated { epoch: self.send_epoch() });
        }
    }

    /// The peer will send with new keys.
    pub(super) fn key_update(&mut self, turn: &mut Turn<'_, '_>, message: &Message) {
        if !matches!(self.stage, Stage::Established) {
            return self.offence(turn, true, Rejection::UnexpectedMessage);
        }
        let update = match KeyUpdate::parse(message.body()) {
            Ok(update) => update,
            Err(error) => return self.offence(turn, true, error.into()),
        };
        if self.receiving.advance(turn.env.operations).is_none() {
            return self.offence(turn, true, Rejection::EpochLimit);
        }
        let label = SecretLabel::traffic(!self.is_server(), self.receiving.epoch());
        turn.env.disclose(label, &self.hello, self.receiving.secret());
        self.incoming.advance();
        turn.note(Received::KeyUpdate);
        if update.request {
            // One that is under way already is answer enough; without further epochs the request is
            // ignored (RFC 9147 section 8).
            let _ = self.begin_update(turn, false);
        }
    }

    /// The peer wants other connection IDs in what it receives (RFC 9147 section 9).
    pub(super) fn new_connection_id(&mut self, turn: &mut Turn<'_, '_>, message: &Message) {
        let ids = *self.ids();
        // Who wants none may not send it.
        if !matches!(self.stage, Stage::Established) || ids.theirs.is_empty() {
            return self.offence(turn, true, Rejection::UnexpectedMessage);
        }
        let new = match NewConnectionId::parse(message.body()) {
            Ok(new) => new,
            Err(error) => return self.offence(turn, true, error.into()),
        };
        // Spare ones are not kept, which is allowed.
        if let Some(&theirs) = new.ids.first().filter(|_| new.immediate) {
            self.sending.use_ids(ConnectionIds { theirs, ..ids });
        }
        self.incoming.advance();
        turn.note(Received::ConnectionId);
    }

    /// The peer wants more connection IDs to send with: it gets none, which is allowed.
    pub(super) fn request_connection_id(&mut self, turn: &mut Turn<'_, '_>, message: &Message) {
        // Who sends without may not ask for them.
        if !matches!(self.stage, Stage::Established) || self.ids().ours.is_empty() {
            return self.offence(turn, true, Rejection::UnexpectedMessage);
        }
        if let Err(error) = parse_request_connection_id(message.body()) {
            return self.offence(turn, true, error.into());
        }
        self.incoming.advance();
        turn.note(Received::ConnectionId);
        let kind = HandshakeType::NewConnectionId;
        // Only one at a time; and message numbers may not wrap.
        let answering = self.flight.as_ref().is_some_and(|flight| flight.has(kind));
        if !answering && self.next_message < u16::MAX {
            let none = NewConnectionId { ids: Vec::new(), immediate: false };
            self.push(turn, self.sending.epoch(), kind, dtls::message(kind, |out| none.emit(out)));
            turn.send_new(Kind::ConnectionId);
        }
    }

    /// The server hands out a ticket.
    pub(super) fn new_ticket(&mut self, turn: &mut Turn<'_, '_>, message: &Message) {
        let parsed = match NewSessionTicket::parse(message.body()) {
            Ok(parsed) => parsed,
            Err(error) => return self.offence(turn, true, error.into()),
        };
        let (Stage::Established, Party::Client { resumption }) = (&self.stage, &self.party) else {
            return self.offence(turn, true, Rejection::UnexpectedMessage);
        };
        let operations = &mut *turn.env.operations;
        let psk =
            Expander::new(resumption, operations).expand("resumption", parsed.nonce, operations);
        let lifetime = Duration::from_secs(parsed.lifetime.into()).at_most(ticket::MAX_LIFETIME);
        let ticket = Ticket {
            identity: parsed.ticket.to_vec(),
            psk,
            age_add: parsed.age_add,
            received: turn.env.now,
            lifetime,
        };
        self.incoming.advance();
        turn.note(Received::Ticket);
        // RFC 8446 section 4.6.1: a lifetime of zero means to discard it at once.
        if lifetime > Duration::ZERO {
            turn.emit(Output::Ticket(ticket));
        }
    }
}

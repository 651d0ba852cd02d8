//! What arrives: records, and what they carry, told apart and passed on.

use super::incoming::{Inserted, Message};
use super::machine::{Dtls13, Party, Stage};
use super::protection::{APPLICATION, HANDSHAKE};
use super::turn::{Transmission, Turn};
use super::{Failure, Operation, Output, Received, Rejection};
use crate::wire::dtls::{
    self, Alert, AlertDescription, ContentType, Fragment, HandshakeType, InnerPlaintext, Plaintext,
    Protected, Record, RecordNumber, Records,
};

/// Protected by application keys.
fn is_application(number: RecordNumber) -> bool {
    number.epoch >= u64::from(APPLICATION.get())
}

/// Protected by handshake keys.
fn is_handshake(number: RecordNumber) -> bool {
    number.epoch == u64::from(HANDSHAKE.get())
}

impl Dtls13 {
    pub(super) fn datagram(&mut self, turn: &mut Turn<'_, '_>, datagram: &[u8]) {
        let mut records = Records::new(datagram);
        let mut first = true;
        loop {
            // A ServerHello among them may have brought connection IDs.
            let ids = *self.ids();
            records.expect_connection_ids(ids.ours.len());
            match records.next() {
                None => return,
                Some(Ok(Record::Plaintext(record))) => self.plaintext(turn, &record),
                Some(Ok(Record::Protected(record))) => {
                    match ids.check(record.connection_id, first) {
                        Ok(()) => self.protected(turn, &record),
                        Err(rejection) => {
                            turn.reject(rejection);
                            // RFC 9147 section 4: the rest of the datagram goes with it.
                            records.stop();
                        }
                    }
                }
                Some(Err(error)) => turn.reject(error),
            }
            if self.is_over() {
                return;
            }
            first = false;
        }
    }

    fn plaintext(&mut self, turn: &mut Turn<'_, '_>, record: &Plaintext<'_>) {
        turn.env.operations.count(Operation::Record, 1);
        if record.content_type == ContentType::Handshake {
            let number = RecordNumber { epoch: 0, sequence: record.sequence };
            self.handshake(turn, number, record.content);
        } else {
            // Anyone could have sent it (RFC 9147 sections 4.5.2 and 7).
            turn.reject(Rejection::Unprotected);
        }
    }

    fn protected(&mut self, turn: &mut Turn<'_, '_>, record: &Protected<'_>) {
        let window = turn.config.replay_window;
        let opened = self.receiving.open(record, window, turn.env.operations);
        if self.receiving.is_exhausted() {
            return self.offence(turn, true, Rejection::ForgeryLimit);
        }
        let (plaintext, number) = match opened {
            Ok(opened) => opened,
            Err(rejection) => return turn.reject(rejection),
        };
        if let Stage::Client(client) = &mut self.stage {
            // It opened: the ServerHello that led to the keys was the true one.
            if client.confirm() {
                self.incoming.advance();
            }
        }
        let inner = match InnerPlaintext::parse(&plaintext) {
            Ok(inner) => inner,
            // RFC 9147 section 4.5.2: to be discarded like any other invalid record.
            Err(error) => return turn.reject(error),
        };
        match inner.content_type {
            ContentType::Handshake => self.handshake(turn, number, inner.content),
            ContentType::Ack => self.ack(turn, inner.content),
            ContentType::Alert => self.alerted(turn, inner.content),
            ContentType::ApplicationData => self.data(turn, number, inner.content),
        }
    }

    fn data(&mut self, turn: &mut Turn<'_, '_>, number: RecordNumber, content: &[u8]) {
        if !is_application(number) {
            return self.offence(turn, true, Rejection::UnexpectedMessage);
        }
        self.acknowledged_implicitly(turn);
        turn.note(Received::Data);
        turn.emit(Output::Data(content.to_vec()));
    }

    fn alerted(&mut self, turn: &mut Turn<'_, '_>, content: &[u8]) {
        turn.env.operations.count(Operation::Message, 1);
        match Alert::parse(content) {
            Err(error) => return turn.reject(error),
            Ok(alert) if alert == AlertDescription::UserCanceled => {
                return turn.note(Received::Alert);
            }
            Ok(alert) if alert == AlertDescription::CloseNotify => turn.emit(Output::Closed),
            // RFC 8446 section 6.2: every other alert ends the association.
            Ok(alert) => turn.emit(Output::Failed(Failure::Alerted(alert.0))),
        }
        turn.note(Received::Alert);
        self.end();
    }

    fn ack(&mut self, turn: &mut Turn<'_, '_>, content: &[u8]) {
        turn.env.operations.count(Operation::Message, 1);
        let records = match dtls::parse_ack(content) {
            Ok(records) => records,
            Err(error) => return turn.reject(error),
        };
        turn.note(Received::Ack);
        let Some(flight) = &mut self.flight else { return };
        let news = flight.acknowledge(&records);
        if !flight.is_acknowledged() {
            // RFC 9147 section 5.8.1: what a partial ACK leaves out of a flight is sent again at once.
            // After the handshake every record is acknowledged by itself, so that means nothing.
            if news && !matches!(self.stage, Stage::Established) {
                turn.transmission = Transmission::Again;
            }
            return;
        }
        flight.timer.stop();
        match self.stage {
            Stage::Finishing { resumed } => self.establish_client(turn, resumed),
            Stage::Established => self.delivered(turn),
            // The peer has a server's flight and prepares its answer.
            _ => {}
        }
    }

    /// A client's Finished must have arrived, since the server sends what only follows it.
    ///
    /// RFC 9147 section 5.8.1 would let a server send application data before; this profile does not.
    fn acknowledged_implicitly(&mut self, turn: &mut Turn<'_, '_>) {
        if let Stage::Finishing { resumed } = self.stage {
            self.establish_client(turn, resumed);
        }
    }

    fn handshake(&mut self, turn: &mut Turn<'_, '_>, number: RecordNumber, content: &[u8]) {
        let authentic = number.epoch > 0;
        let fragments = match dtls::fragments(content) {
            Ok(fragments) => fragments,
            Err(error) => return self.offence(turn, authentic, error.into()),
        };
        if is_application(number) {
            self.acknowledged_implicitly(turn);
        }
        let mut kept = true;
        for fragment in &fragments {
            kept &= self.fragment(turn, number, fragment);
            if self.is_over() {
                return;
            }
        }
        if kept {
            self.received(turn, number);
        }
    }

    /// Remembers to acknowledge a record of which nothing was dropped (RFC 9147 section 7).
    fn received(&mut self, turn: &mut Turn<'_, '_>, number: RecordNumber) {
        let server = self.is_server();
        match &mut self.stage {
            // The next flight will acknowledge it, unless the rest of this one is late.
            Stage::Client(client) => client.received(turn, number),
            Stage::Server(server) => server.received(number),
            // A repeated Finished, too: its acknowledgement was lost (RFC 9147 section 5.8.1).
            Stage::Established if is_application(number) || (is_handshake(number) && server) => {
                turn.acks.push(number);
            }
            _ => {}
        }
    }

    /// Whether a message may come under the given epoch at all.
    fn expects(&self, kind: HandshakeType, number: RecordNumber) -> bool {
        use HandshakeType as H;
        let server = self.is_server();
        match kind {
            H::ClientHello => server && number.epoch == 0,
            H::ServerHello => !server && number.epoch == 0,
            H::EncryptedExtensions => !server && is_handshake(number),
            H::Finished => is_handshake(number),
            H::NewSessionTicket => !server && is_application(number),
            H::KeyUpdate | H::NewConnectionId | H::RequestConnectionId => is_application(number),
            // The others are of DTLS 1.2, or never on the wire.
            _ => false,
        }
    }

    /// False if it was not kept.
    fn fragment(
        &mut self,
        turn: &mut Turn<'_, '_>,
        number: RecordNumber,
        fragment: &Fragment<'_>,
    ) -> bool {
        let authentic = number.epoch > 0;
        if !self.expects(fragment.kind, number) {
            self.offence(turn, authentic, Rejection::UnexpectedMessage);
            return false;
        }
        match self.incoming.insert(fragment, authentic) {
            Err(Rejection::TooFarAhead) => {
                turn.reject(Rejection::TooFarAhead);
                return false;
            }
            Err(rejection) => {
                self.offence(turn, authentic, rejection);
                return false;
            }
            Ok(Inserted::Old) => {
                self.duplicate(turn, number, fragment);
                return true;
            }
            // RFC 9147 section 8: KeyUpdate is the last message of its epoch.
            Ok(Inserted::Kept) if authentic && number.epoch != self.receive_epoch() => {
                self.offence(turn, true, Rejection::UnexpectedMessage);
                return false;
            }
            Ok(Inserted::Kept) => {}
        }
        let mut complete = false;
        while let Some(message) = self.incoming.take() {
            complete = true;
            turn.env.operations.count(Operation::Message, 1);
            if !self.message(turn, message) {
                break;
            }
        }
        if !complete {
            turn.note(Received::Fragment);
        }
        !self.is_over()
    }

    /// A message that was handled before came again.
    fn duplicate(&self, turn: &mut Turn<'_, '_>, number: RecordNumber, fragment: &Fragment<'_>) {
        if fragment.kind == HandshakeType::ClientHello {
            return self.repeated_hello(turn, fragment);
        }
        turn.note(Received::Duplicate);
        // RFC 9147 section 5.8.1: the server repeats its flight, so it seems to lack our Finished.
        if matches!(self.stage, Stage::Finishing { .. })
            && number.epoch > 0
            && turn.config.timers.resend_on_duplicate
        {
            turn.transmission = Transmission::Again;
        }
    }

    /// Handles the awaited message; false if that ends the handling of messages for now.
    fn message(&mut self, turn: &mut Turn<'_, '_>, message: Message) -> bool {
        let before = self.incoming.next();
        match message.kind {
            HandshakeType::ClientHello => self.late_hello(turn, &message),
            HandshakeType::ServerHello => self.server_hello(turn, message),
            HandshakeType::EncryptedExtensions => self.encrypted_extensions(turn, &message),
            HandshakeType::Finished if self.is_server() => self.client_finished(turn, &message),
            HandshakeType::Finished => self.server_finished(turn, &message),
            HandshakeType::NewSessionTicket => self.new_ticket(turn, &message),
            HandshakeType::KeyUpdate => self.key_update(turn, &message),
            HandshakeType::NewConnectionId => self.new_connection_id(turn, &message),
            HandshakeType::RequestConnectionId => self.request_connection_id(turn, &message),
            _ => {}
        }
        !self.is_over() && self.incoming.next() != before
    }

    /// What is wrong came under keys that only the peer has: the association fails. In plaintext it
    /// may have come from anyone, and is only counted.
    pub(super) fn offence(
        &mut self,
        turn: &mut Turn<'_, '_>,
        authentic: bool,
        rejection: Rejection,
    ) {
        if !authentic {
            return turn.reject(rejection);
        }
        turn.condemn(rejection);
        let description = match rejection {
            Rejection::BadFinished => AlertDescription::DecryptError,
            Rejection::UnexpectedMessage => AlertDescription::UnexpectedMessage,
            Rejection::Malformed | Rejection::TooLong => AlertDescription::DecodeError,
            _ => AlertDescription::IllegalParameter,
        };
        self.alert(turn, description);
        turn.emit(Output::Failed(Failure::Misbehaved(rejection)));
        self.end();
    }

    pub(super) const fn is_server(&self) -> bool {
        matches!(self.party, Party::Server { .. })
    }
}

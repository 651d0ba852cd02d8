//! What arrives: records, and what they carry, told apart and passed on.

use super::machine::{Dtls12, Party, Stage};
use crate::association::incoming::{Incoming, Inserted};
use crate::association::turn::{Transmission, Turn};
use crate::association::{Failure, Operation, Output, Received, Rejection};
use crate::wire::dtls::{
    self, Alert, AlertDescription, Content12, Fragment, HandshakeType, Record12, Records12,
};

impl Dtls12 {
    pub(super) fn datagram(&mut self, turn: &mut Turn<'_, '_>, datagram: &[u8]) {
        let mut records = Records12::new(datagram, 0);
        loop {
            records.expect_connection_ids(self.ids().ours.len());
            match records.next() {
                None => return,
                Some(Ok(record)) if record.epoch == 0 => self.plaintext(turn, &record),
                Some(Ok(record)) => self.protected(turn, &record),
                Some(Err(error)) => turn.reject(error),
            }
            if self.is_over() {
                return;
            }
        }
    }

    fn plaintext(&mut self, turn: &mut Turn<'_, '_>, record: &Record12<'_>) {
        turn.env.operations.count(Operation::Record, 1);
        match record.content_type {
            Content12::Handshake => match dtls::fragments(record.body) {
                Ok(fragments) => {
                    for fragment in &fragments {
                        self.plaintext_fragment(turn, fragment);
                    }
                }
                Err(error) => turn.reject(error),
            },
            Content12::ChangeCipherSpec if record.body == [1] => {
                self.channel.change();
                turn.note_in_passing(Received::Fragment);
            }
            Content12::ChangeCipherSpec => turn.reject(Rejection::Malformed),
            // Anyone could have sent it.
            _ => turn.reject(Rejection::Unprotected),
        }
    }

    fn plaintext_fragment(&mut self, turn: &mut Turn<'_, '_>, fragment: &Fragment<'_>) {
        use HandshakeType as H;
        match (fragment.kind, self.is_server()) {
            (H::ClientHello, true) => self.another_hello(turn, fragment),
            (H::ClientKeyExchange, true) => self.key_exchange(turn, fragment),
            (
                H::HelloVerifyRequest | H::ServerHello | H::ServerKeyExchange | H::ServerHelloDone,
                false,
            ) => self.server_flight(turn, fragment),
            _ => turn.reject(Rejection::UnexpectedMessage),
        }
    }

    fn protected(&mut self, turn: &mut Turn<'_, '_>, record: &Record12<'_>) {
        turn.env.operations.count(Operation::Record, 1);
        let window = turn.config.replay_window;
        let opened = self.channel.open(record, window, turn.env.operations);
        if self.channel.is_exhausted() {
            return self.offence(turn, Rejection::ForgeryLimit);
        }
        let content = match opened {
            Ok(content) => content,
            // Behind a ClientKeyExchange in one datagram it tells more than that.
            Err(Rejection::BadRecord) if matches!(self.stage, Stage::Server(_)) => {
                return turn.condemn(Rejection::BadRecord);
            }
            Err(rejection) => return turn.reject(rejection),
        };
        // It opened: what led to the keys was true.
        let confirmed = match &mut self.stage {
            Stage::Client(client) => client.confirm(),
            Stage::Server(server) => server.confirm(),
            _ => 0,
        };
        if confirmed > 0 {
            // Plaintext that was ahead of it counts for nothing: what follows comes under keys.
            let next = self.incoming.next().saturating_add(confirmed);
            self.incoming = Incoming::starting_at(next);
        }
        let (content_type, content) = match record.content_type {
            Content12::WithConnectionId => match dtls::parse_inner_plaintext_12(&content) {
                Ok(inner) => inner,
                Err(error) => return self.offence(turn, error.into()),
            },
            content_type => (content_type, &content[..]),
        };
        match content_type {
            Content12::Handshake => self.handshake(turn, content),
            Content12::Alert => self.alerted(turn, content),
            Content12::ApplicationData => self.data(turn, content),
            Content12::ChangeCipherSpec | Content12::WithConnectionId => {
                self.offence(turn, Rejection::UnexpectedMessage);
            }
        }
    }

    fn data(&self, turn: &mut Turn<'_, '_>, content: &[u8]) {
        if !self.is_established() {
            // It overtook the peer's Finished.
            return turn.reject(Rejection::UnexpectedMessage);
        }
        turn.note(Received::Data);
        turn.emit(Output::Data(content.to_vec()));
    }

    fn alerted(&mut self, turn: &mut Turn<'_, '_>, content: &[u8]) {
        turn.env.operations.count(Operation::Message, 1);
        let (fatal, alert) = match Alert::parse_with_level(content) {
            Ok(parsed) => parsed,
            Err(error) => return turn.reject(error),
        };
        turn.note(Received::Alert);
        if alert == AlertDescription::CloseNotify {
            self.alert(turn, AlertDescription::CloseNotify);
            turn.emit(Output::Closed);
        } else if fatal {
            turn.emit(Output::Failed(Failure::Alerted(alert.0)));
        } else {
            return;
        }
        self.end();
    }

    fn handshake(&mut self, turn: &mut Turn<'_, '_>, content: &[u8]) {
        let fragments = match dtls::fragments(content) {
            Ok(fragments) => fragments,
            Err(error) => return self.offence(turn, error.into()),
        };
        for fragment in &fragments {
            self.fragment(turn, fragment);
            if self.is_over() {
                return;
            }
        }
    }

    /// A handshake fragment under keys: only Finished may come so.
    fn fragment(&mut self, turn: &mut Turn<'_, '_>, fragment: &Fragment<'_>) {
        match fragment.kind {
            HandshakeType::Finished => {}
            // RFC 5746 section 4: refused, without an end to the association.
            HandshakeType::HelloRequest | HandshakeType::ClientHello if self.is_established() => {
                return turn.reject(Rejection::Renegotiation);
            }
            _ => return self.offence(turn, Rejection::UnexpectedMessage),
        }
        match self.incoming.insert_within(fragment, true, 1) {
            Err(rejection) => return self.offence(turn, rejection),
            Ok(Inserted::Old) => return self.repeated_finished(turn),
            Ok(Inserted::Kept) => {}
        }
        let Some((_, body)) = self.incoming.look(0) else {
            return turn.note(Received::Fragment);
        };
        turn.env.operations.count(Operation::Message, 1);
        let verify_data = match dtls::parse_finished_12(body) {
            Ok(verify_data) => verify_data,
            Err(error) => return self.offence(turn, error.into()),
        };
        self.incoming.pass(1);
        self.finished(turn, &verify_data);
    }

    fn finished(&mut self, turn: &mut Turn<'_, '_>, verify_data: &[u8]) {
        let verified = match &self.party {
            Party::Client => self.server_finished(turn, verify_data),
            Party::Server { .. } => self.client_finished(turn, verify_data),
        };
        if let Err(rejection) = verified {
            return self.offence(turn, rejection);
        }
        self.stage = Stage::Established;
        self.flight = None;
        self.keys_since = turn.env.now;
        turn.emit(Output::Established { resumed: false });
        turn.note(Received::Finished);
    }

    /// The client seems to lack the server's last flight (RFC 6347 section 4.2.4).
    fn repeated_finished(&self, turn: &mut Turn<'_, '_>) {
        turn.note(Received::Duplicate);
        if self.is_server() && self.is_established() {
            turn.transmission = Transmission::Again;
        }
    }

    /// What is wrong came under keys that only the peer has: the association fails.
    pub(super) fn offence(&mut self, turn: &mut Turn<'_, '_>, rejection: Rejection) {
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
}

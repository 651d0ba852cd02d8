//! No association at all: application data as it is, in the same interface. What fleets without security run,
//! and what security is compared with.

use super::connection_ids::ConnectionIds;
use super::{Config, Env, Kind, Newest, Operation, Output, Received, Rejection, SendError};
use crate::sim::time::{Duration, Time};

/// One end without protection.
pub(super) struct Plain {
    /// At a server: whom the address of the client stands for.
    identity: Option<Box<[u8]>>,
    is_over: bool,
}

impl Plain {
    /// A client is ready at once.
    pub(super) fn connect(env: &mut Env<'_>) -> Self {
        env.out.push(Output::Established { resumed: false });
        Self { identity: None, is_over: false }
    }

    /// A server takes whatever comes.
    pub(super) fn accept(identity: &[u8], datagram: &[u8], env: &mut Env<'_>) -> Self {
        env.out.push(Output::Established { resumed: false });
        let end = Self { identity: Some(identity.into()), is_over: false };
        end.take(datagram, env);
        end
    }

    fn take(&self, datagram: &[u8], env: &mut Env<'_>) -> Received {
        env.operations.count(Operation::Record, 1);
        env.out.push(Output::Data(datagram.to_vec()));
        Received::Data
    }

    pub(super) fn receive(&self, _: &Config, datagram: &[u8], env: &mut Env<'_>) -> Received {
        if self.is_over { Received::Rejected(Rejection::Over) } else { self.take(datagram, env) }
    }

    pub(super) fn send(
        &self,
        config: &Config,
        data: &[u8],
        env: &mut Env<'_>,
    ) -> Result<(), SendError> {
        if self.is_over {
            return Err(SendError::NotEstablished);
        }
        if data.len() > self.max_data(config) {
            return Err(SendError::TooLong);
        }
        env.operations.count(Operation::Record, 1);
        env.out.push(Output::Datagram { kind: Kind::Application, bytes: data.to_vec() });
        Ok(())
    }

    pub(super) fn max_data(&self, config: &Config) -> usize {
        config.mtu.into()
    }

    pub(super) const fn timeout(&self, _: &Config, _: &mut Env<'_>) {}

    pub(super) const fn next_timeout(&self) -> Option<Time> {
        None
    }

    pub(super) const fn postpone(&self, _: Time, _: Duration) {}

    pub(super) const fn close(&mut self, _: &Config, _: &mut Env<'_>) {
        self.is_over = true;
    }

    pub(super) const fn is_established(&self) -> bool {
        !self.is_over
    }

    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) const fn peer_identity(&self) -> Option<&[u8]> {
        match &self.identity {
            Some(identity) => Some(identity),
            None => None,
        }
    }

    pub(super) const fn began_with(&self, _: &[u8; 32]) -> bool {
        false
    }

    pub(super) const fn send_epoch(&self) -> u64 {
        0
    }

    pub(super) const fn receive_epoch(&self) -> u64 {
        0
    }

    pub(super) fn newest(&self) -> Newest {
        Newest::default()
    }

    pub(super) const fn ids(&self) -> &ConnectionIds {
        &ConnectionIds::NONE
    }

    pub(super) const fn key_established_at(&self) -> Time {
        Time::ZERO
    }

    pub(super) const fn sealed(&self) -> Option<u64> {
        None
    }

    pub(super) const fn memory_image(&self, _: &mut Vec<u8>) {}

    pub(super) const fn heap_size(&self) -> usize {
        0
    }
}

//! Stateless session tickets (RFC 8446 sections 4.2.11.1 and 4.6.1): what a server needs to know of
//! the association that they resume, sealed under its own key.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Tag};
use zeroize::Zeroizing;

use super::{Operation, Operations, Rejection, Secret, ServerSecrets};
use crate::sim::time::{Duration, Time};
use crate::wire::dtls::TAG_LEN;

/// Longest life of a ticket (RFC 8446 section 4.6.1).
pub(super) const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
/// How far the age that a client states may be off. The client counts from the arrival of the ticket,
/// which with the default timers may come 63 s after the first attempt.
const AGE_TOLERANCE: Duration = Duration::from_secs(120);

const NONCE_LEN: usize = 12;
const FIXED_LEN: usize = 32 + 8 + 8 + 4;
/// The shortest ticket: anything shorter cannot be one.
pub(super) const MIN_LEN: usize = NONCE_LEN + FIXED_LEN + TAG_LEN;

/// What a ticket holds.
pub(super) struct Contents {
    /// The resumption PSK.
    pub(super) psk: Zeroizing<Secret>,
    pub(super) issued: Time,
    pub(super) lifetime: Duration,
    pub(super) age_add: u32,
    /// The external identity that was authenticated in the first place.
    pub(super) identity: Vec<u8>,
}

impl Contents {
    /// The ticket, sealed with a random nonce.
    pub(super) fn seal(
        &self,
        secrets: &ServerSecrets,
        nonce: [u8; NONCE_LEN],
        operations: &mut Operations,
    ) -> Vec<u8> {
        let mut ticket = nonce.to_vec();
        ticket.extend_from_slice(&*self.psk);
        ticket.extend_from_slice(&self.issued.0.to_be_bytes());
        ticket.extend_from_slice(&self.lifetime.0.to_be_bytes());
        ticket.extend_from_slice(&self.age_add.to_be_bytes());
        ticket.extend_from_slice(&self.identity);
        let body = &mut ticket[NONCE_LEN..];
        operations.count(Operation::Seal, 1);
        operations.count(Operation::AesKey, 1);
        operations.count(Operation::AeadByte, body.len() as u64);
        let tag = Aes128Gcm::new(&secrets.ticket.into())
            .encrypt_inout_detached(&nonce.into(), &[], body.into())
            .expect("tickets are far shorter than the limit of GCM");
        ticket.extend_from_slice(&tag);
        ticket
    }

    /// What this server once sealed.
    pub(super) fn open(
        secrets: &ServerSecrets,
        ticket: &[u8],
        operations: &mut Operations,
    ) -> Result<Self, Rejection> {
        if ticket.len() < MIN_LEN {
            return Err(Rejection::BadTicket);
        }
        let (nonce, sealed) = ticket.split_at(NONCE_LEN);
        let (body, tag) = sealed.split_at(sealed.len() - TAG_LEN);
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| Rejection::BadTicket)?;
        let tag = Tag::try_from(tag).map_err(|_| Rejection::BadTicket)?;
        let mut body = Zeroizing::new(body.to_vec());
        operations.count(Operation::Open, 1);
        operations.count(Operation::AesKey, 1);
        operations.count(Operation::AeadByte, body.len() as u64);
        Aes128Gcm::new(&secrets.ticket.into())
            .decrypt_inout_detached(&nonce.into(), &[], body.as_mut_slice().into(), &tag)
            .map_err(|_| Rejection::BadTicket)?;
        Self::parse(&body).ok_or(Rejection::BadTicket)
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let (psk, body) = body.split_first_chunk()?;
        let (issued, body) = body.split_first_chunk()?;
        let (lifetime, body) = body.split_first_chunk()?;
        let (age_add, identity) = body.split_first_chunk()?;
        Some(Self {
            psk: Zeroizing::new(*psk),
            issued: Time(u64::from_be_bytes(*issued)),
            lifetime: Duration(u64::from_be_bytes(*lifetime)),
            age_add: u32::from_be_bytes(*age_add),
            identity: identity.to_vec(),
        })
    }

    /// It may be used now, by a client that states this age.
    pub(super) fn check_age(&self, obfuscated_age: u32, now: Time) -> Result<(), Rejection> {
        let age = now.since(self.issued);
        if age > self.lifetime {
            return Err(Rejection::ExpiredTicket);
        }
        let stated = milliseconds(obfuscated_age.wrapping_sub(self.age_add));
        let difference = Duration(age.0.abs_diff(stated.0));
        if difference > AGE_TOLERANCE { Err(Rejection::BadTicketAge) } else { Ok(()) }
    }
}

const fn milliseconds(n: u32) -> Duration {
    Duration::from_millis(n as u64)
}

/// The age of a ticket as a ClientHello states it.
pub(super) fn obfuscate(age: Duration, age_add: u32) -> u32 {
    let milliseconds = age.as_nanos() / 1_000_000;
    u32::try_from(milliseconds).unwrap_or(u32::MAX).wrapping_add(age_add)
}

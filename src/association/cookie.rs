//! The stateless cookie of HelloRetryRequest (RFC 9147 section 5.1).

use super::hash::{equal, hmac};
use super::{Operations, Rejection, Secret, ServerSecrets};
use crate::sim::time::{Duration, Time};

/// How long a client may take to return a cookie: longer than it goes on repeating a ClientHello
/// with the default timers.
const LIFETIME: Duration = Duration::from_secs(300);

const TIME_LEN: usize = 8;
const HASH_LEN: usize = 32;
const MAC_LEN: usize = 32;
/// The length of a cookie.
pub(super) const COOKIE_LEN: usize = TIME_LEN + HASH_LEN + MAC_LEN;

fn authenticator(
    secrets: &ServerSecrets,
    peer: &[u8],
    payload: &[u8],
    operations: &mut Operations,
) -> Secret {
    // The payload has a fixed length, so the boundary to the peer's address is unambiguous.
    hmac(&secrets.cookie, &[payload, peer], operations)
}

/// Binds the hash of the first ClientHello to the peer's address and to the present.
pub(super) fn bake(
    secrets: &ServerSecrets,
    peer: &[u8],
    first_hello: &Secret,
    now: Time,
    operations: &mut Operations,
) -> [u8; COOKIE_LEN] {
    let mut cookie = [0; COOKIE_LEN];
    let (payload, mac) = cookie.split_at_mut(TIME_LEN + HASH_LEN);
    payload[..TIME_LEN].copy_from_slice(&now.0.to_be_bytes());
    payload[TIME_LEN..].copy_from_slice(first_hello);
    mac.copy_from_slice(&authenticator(secrets, peer, payload, operations));
    cookie
}

/// The hash of the first ClientHello, out of a cookie that this server made for this peer lately.
pub(super) fn open(
    secrets: &ServerSecrets,
    peer: &[u8],
    cookie: &[u8],
    now: Time,
    operations: &mut Operations,
) -> Result<Secret, Rejection> {
    let cookie: &[u8; COOKIE_LEN] = cookie.try_into().map_err(|_| Rejection::BadCookie)?;
    let (payload, mac) = cookie.split_at(TIME_LEN + HASH_LEN);
    if !equal(mac, &authenticator(secrets, peer, payload, operations)) {
        return Err(Rejection::BadCookie);
    }
    let (time, first_hello) = payload.split_at(TIME_LEN);
    let mut baked = [0; TIME_LEN];
    baked.copy_from_slice(time);
    if now.since(Time(u64::from_be_bytes(baked))) > LIFETIME {
        return Err(Rejection::ExpiredCookie);
    }
    let mut hash = [0; HASH_LEN];
    hash.copy_from_slice(first_hello);
    Ok(hash)
}

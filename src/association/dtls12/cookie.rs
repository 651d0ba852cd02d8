//! The stateless cookie of HelloVerifyRequest (RFC 6347 section 4.2.1).

use crate::association::hash::{equal, hmac};
use crate::association::{Operations, Rejection, ServerSecrets};
use crate::sim::time::Time;
use crate::wire::dtls::ClientHello12;

/// How long a client may take to return a cookie, in seconds: as in the profile of DTLS 1.3.
const LIFETIME: u32 = 300;
const TIME_LEN: usize = 4;
const MAC_LEN: usize = 16;
/// The length of a cookie.
pub(super) const COOKIE_LEN: usize = TIME_LEN + MAC_LEN;

/// Seconds, modulo 2^32.
#[allow(clippy::cast_possible_truncation, reason = "ages are computed modulo 2^32")]
const fn seconds(now: Time) -> u32 {
    (now.0 / 1_000_000_000) as u32
}

/// What binds a cookie to its time, the peer and the parameters that the client has to repeat.
fn authenticator(
    secrets: &ServerSecrets,
    peer: &[u8],
    hello: &[u8],
    time: &[u8],
    operations: &mut Operations,
) -> Result<[u8; MAC_LEN], Rejection> {
    let (before, behind) = ClientHello12::parameters(hello)?;
    // The peer stands last and the parameters state their own lengths: the parts cannot be confused.
    // The profile of DTLS 1.3 makes longer inputs that begin with a full time and a hash.
    let mac = hmac(&secrets.cookie, &[b"DTLS 1.2", time, before, behind, peer], operations);
    let mut cut = [0; MAC_LEN];
    cut.copy_from_slice(&mac[..MAC_LEN]);
    Ok(cut)
}

/// Makes the cookie for a ClientHello, given by its body.
pub(super) fn bake(
    secrets: &ServerSecrets,
    peer: &[u8],
    hello: &[u8],
    now: Time,
    operations: &mut Operations,
) -> Result<[u8; COOKIE_LEN], Rejection> {
    let time = seconds(now).to_be_bytes();
    let mac = authenticator(secrets, peer, hello, &time, operations)?;
    let mut cookie = [0; COOKIE_LEN];
    cookie[..TIME_LEN].copy_from_slice(&time);
    cookie[TIME_LEN..].copy_from_slice(&mac);
    Ok(cookie)
}

/// Checks that this server made the cookie for this peer and this ClientHello lately.
pub(super) fn check(
    secrets: &ServerSecrets,
    peer: &[u8],
    hello: &[u8],
    cookie: &[u8],
    now: Time,
    operations: &mut Operations,
) -> Result<(), Rejection> {
    let cookie: &[u8; COOKIE_LEN] = cookie.try_into().map_err(|_| Rejection::BadCookie)?;
    let (time, mac) = cookie.split_at(TIME_LEN);
    if !equal(mac, &authenticator(secrets, peer, hello, time, operations)?) {
        return Err(Rejection::BadCookie);
    }
    let mut baked = [0; TIME_LEN];
    baked.copy_from_slice(time);
    let age = seconds(now).wrapping_sub(u32::from_be_bytes(baked));
    if age > LIFETIME { Err(Rejection::ExpiredCookie) } else { Ok(()) }
}

//! End-to-end protection of primitives (ESPrim, TS-0003 clause 8.4): inner primitives sealed as JWE in
//! compact serialisation (RFC 7516), so that the CSEs between two ends neither read nor change them.
//!
//! Sans-IO: time and randomness are arguments. A [`Sender`] establishes a session with the receiver's
//! random object and its own, seals requests and opens responses; a [`Receiver`] holds keys and random
//! objects, opens requests of many originators and seals their responses.
//!
//! **Replay.** TS-0003 defines no counter: an ESPrim object may be replayed until one of its random
//! objects expires. The protection here is ours, and changes no byte of the format. The IV of
//! AES-GCM, which RFC 7518 section 5.3 leaves to the sender, is built as RFC 5116 section 3.2 advises:
//! four bytes for the direction, eight for a counter. GCM authenticates its IV, so the counter is
//! authenticated; IVs never repeat, although both directions use one key; and an object that is
//! reflected to its sender is refused. The receiver keeps a sliding window over the counter, and saves
//! it through a [`WindowStore`] *before* it accepts, so that a restart does not reopen it. A window of
//! size 0 is ESPrim as it is specified: every IV is accepted, again and again.
//!
//! A sender never saves its counter. After a restart it must establish a new session, with a new random
//! value; the session key is then a new one too.
//!
//! What the standard leaves open, and how it is decided here (the encoding of the random values in the
//! key, and the string between Kc and the pairwise key, are in [`Choices`](crate::credential::Choices)):
//!
//! | Point | Decision |
//! |---|---|
//! | algorithms | `enc` A256GCM alone (m2m:esprimProtocolAndAlgID 12), HMAC-SHA256 (esprimKeyGenAlgID 1): the 32-byte session key is "used directly" (clause 8.4.2) and fits no other |
//! | esprimRandValue is an xs:NCName, which cannot begin with a digit | `x` and 32 upper-case hexadecimal digits |
//! | esprimRandID "shall indicate" whether it is shared | `s-` shared, `u-` unshared, in those made by [`RandId::new`]; others are taken as they come |
//! | esprimRandExpiry may be relative | absolute alone, `YYYYMMDDTHHMMSS`: nothing says what it would be relative to |
//! | members of the header that are not in table 8.4.3.2-2 | refused; RFC 7516 would pass them over |
//! | `oro` in a response, `rro` in a request | refused: "sent only by" the other (table 8.4.3.2-2) |
//! | an `oro` for a later session (its identifier is not `ori`) | passed over; the originator shows it again when it uses it |
//! | an `oro` under an identifier that is known with another value | refused as an unknown originator random object |
//! | a replay | ESPRIM_DECRYPTION_ERROR ("some other problem", TS-0004 table 7.6.2-1) |
//! | From of the inner primitive | compared as text with the identity of the key; bringing both into one form is the caller's |

mod fault;
mod jwe;
mod rand_object;
mod receiver;
mod sender;
mod window;

pub use fault::Fault;
pub use jwe::{MAX_INNER, MAX_OBJECT};
pub use rand_object::{KeyId, MAX_KEY_ID, MAX_RAND_ID, OriginatorRand, RandId, ReceiverRand};
pub use receiver::{
    Exchange, MAX_KEYS, MAX_RANDS, MAX_SESSIONS_PER_KEY, Opened, Pairwise, Receiver, SessionId,
};
pub use sender::{Answer, Sender};
pub use window::{MAX_SEALINGS, MAX_WINDOW, Snapshot, Unsaved, WindowStore};

#[cfg(test)]
mod tests;

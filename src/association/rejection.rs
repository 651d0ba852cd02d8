//! Every misdeed by name.

use crate::wire::dtls::ParseError;

macro_rules! rejections {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why something that arrived was not accepted. Dropped and counted; never an error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rejection {
            $($(#[$doc])* $variant,)*
        }

        impl Rejection {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

rejections! {
    /// The bytes do not parse.
    Malformed = "malformed",
    /// A length or count exceeds its limit.
    TooLong = "too_long",
    /// A record carries a connection ID; none was negotiated.
    ConnectionId = "connection_id",
    /// A record carries a connection ID that is not the one of this end.
    UnknownConnectionId = "unknown_connection_id",
    /// A protected record carries no connection ID, and one was negotiated.
    MissingConnectionId = "missing_connection_id",
    /// An extension appears twice.
    DuplicateExtension = "duplicate_extension",
    /// An extension that was not asked for, or out of its place.
    UnexpectedExtension = "unexpected_extension",
    /// A protected record of an epoch for which there are no keys (any more, or yet).
    UnknownEpoch = "unknown_epoch",
    /// A record does not authenticate: altered, forged, or under another key.
    BadRecord = "bad_record",
    /// A record that was received before, or is too old to tell.
    Replayed = "replayed",
    /// Application data, an alert or an ACK without protection.
    Unprotected = "unprotected",
    /// A message that has no place in the present state.
    UnexpectedMessage = "unexpected_message",
    /// A handshake message further ahead than is buffered.
    TooFarAhead = "too_far_ahead",
    /// Fragments of one message contradict each other.
    ContradictoryFragment = "contradictory_fragment",
    /// Handshake over: nothing is accepted any more.
    Over = "over",
    /// The version of this end is not offered, or not chosen, or a record is of another version.
    WrongVersion = "wrong_version",
    /// The suite of this end is not offered, or another is chosen.
    WrongSuite = "wrong_suite",
    /// The PSK key exchange mode of this end is not offered, or not chosen.
    WrongMode = "wrong_mode",
    /// An extension is missing that the handshake needs.
    MissingExtension = "missing_extension",
    /// The peer's X25519 share leads to the all-zero secret.
    WeakKeyShare = "weak_key_share",
    /// The server chose a PSK that was not offered.
    WrongPsk = "wrong_psk",
    /// None of the offered identities is known.
    UnknownIdentity = "unknown_identity",
    /// The client does not know the key of its identity.
    BadBinder = "bad_binder",
    /// A ticket is not one of this server's.
    BadTicket = "bad_ticket",
    /// A ticket is older than its lifetime.
    ExpiredTicket = "expired_ticket",
    /// The age that a client states for its ticket is not the true one.
    BadTicketAge = "bad_ticket_age",
    /// A cookie is not one of this server's for this peer.
    BadCookie = "bad_cookie",
    /// A cookie is too old.
    ExpiredCookie = "expired_cookie",
    /// A server that asks for cookies got a ClientHello in several datagrams.
    FragmentedHello = "fragmented_hello",
    /// A ClientHello of another handshake than this one.
    OtherHello = "other_hello",
    /// A second HelloRetryRequest, or one that changes nothing; a HelloVerifyRequest too many.
    BadRetry = "bad_retry",
    /// A Finished does not verify.
    BadFinished = "bad_finished",
    /// The peer wants a new handshake inside the association, which DTLS 1.2 allows and this profile
    /// does not.
    Renegotiation = "renegotiation",
    /// The peer updated its keys more often than epochs can count.
    EpochLimit = "epoch_limit",
    /// More forged records than one key may face.
    ForgeryLimit = "forgery_limit",
    /// This server has no secrets for what its configuration asks for.
    NoServerSecrets = "no_server_secrets",
}

impl From<ParseError> for Rejection {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Truncated | ParseError::Trailing | ParseError::IllegalValue => {
                Self::Malformed
            }
            ParseError::TooLong => Self::TooLong,
            ParseError::DuplicateExtension => Self::DuplicateExtension,
            ParseError::UnexpectedExtension => Self::UnexpectedExtension,
            ParseError::ConnectionId => Self::ConnectionId,
            ParseError::WrongVersion => Self::WrongVersion,
        }
    }
}

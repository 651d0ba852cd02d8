//! Defects that are put in on purpose, one at a time, to see that campaigns find them: only with the feature
//! `planted`, which no release has. Without it every question is answered "no" at compile time.

/// Lists the defects once.
macro_rules! defects {
    ($( $(#[$note:meta])* $name:ident, )*) => {
        /// A defect.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Defect {
            /// None.
            None,
            $( $(#[$note])* $name, )*
        }

        impl Defect {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$name, )*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Self::None => "None",
                    $( Self::$name => stringify!($name), )*
                }
            }
        }
    };
}

defects! {
    /// CoAP: an extended length of one byte wraps at 256.
    CoapLengthWrap,
    /// CoAP: no bound on the number of options.
    CoapOptionsUnbounded,
    /// HTTP: the length of a message is believed before its bytes are there.
    HttpLengthBelieved,
    /// MQTT: a level of a topic may hold a wildcard.
    MqttWildcard,
    /// CBOR: room is made for whatever length is claimed.
    CborClaimBelieved,
    /// CBOR: no bound on nesting.
    CborDepthUnbounded,
    /// CBOR: numbers with fractions lose half of their digits when written.
    CborFloatShort,
    /// JSON: time grows with the square of a list.
    JsonQuadratic,
    /// Handshake: a fragment may lie outside its message.
    FragmentOutside,
    /// Tickets: the first byte of a nonce is read without a look whether there is one.
    TicketIndex,
    /// Replay window: one record in 2^16 is accepted again.
    ReplayRare,
    /// Replay window: a record at the very edge is accepted again.
    ReplayNewest,
    /// Record protection of DTLS 1.3: a tag that does not fit is passed over for short records.
    TagShort,
    /// A server answers a first datagram without a cookie with padding.
    Amplified,
    /// Access decision: a time that is not known counts as the right one.
    AccessTimeOpen,
    /// Access decision: a domain is compared by its first letters.
    AccessDomainPrefix,
    /// Access decision: what must be authenticated need not be for one operation.
    AccessUnauthenticated,
    /// Access decision: the last part of a pattern is not compared.
    AccessPatternTail,
    /// A CSE deletes whatever anybody asks it to.
    DeleteOpen,
    /// A container holds one instance more than it may.
    ContainerOneMore,
    /// SQL: one of four queries is concatenated.
    SqlConcatenated,
    /// Shell: the value is pasted into the line.
    ShellConcatenated,
    /// Page: links of any scheme are shown.
    LinkScheme,
    /// An HSM exports one of its keys.
    HsmExport,
    /// An HSM takes wrapping keys from outside.
    HsmImport,
    /// The host's memory holds the key while the HSM uses it.
    HsmMemory,
    /// ESPrim: the newest object is opened again.
    EsprimReplay,
    /// Identifiers: digits of either letter case.
    HexCaseIgnored,
}

#[cfg(feature = "planted")]
static PLANTED: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// The defect is there.
#[cfg(feature = "planted")]
pub(crate) fn is(defect: Defect) -> bool {
    PLANTED.load(std::sync::atomic::Ordering::Relaxed) == defect as u8
}

/// The defect is there: never, without the feature.
#[cfg(not(feature = "planted"))]
pub(crate) const fn is(_: Defect) -> bool {
    false
}

/// Puts the defect of this name in, in place of any other; false if there is none.
#[cfg(feature = "planted")]
pub fn plant(name: &str) -> bool {
    let found = Defect::ALL.iter().find(|defect| defect.name() == name);
    if let Some(defect) = found {
        PLANTED.store(*defect as u8, std::sync::atomic::Ordering::Relaxed);
    }
    found.is_some()
}

//! Mechanisms that tests take away from the code that runs, to see that experiments notice: in test builds only.

use std::cell::Cell;

/// A mechanism that can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// The replay window takes every record.
    ReplayWindow,
    /// Records are opened whatever their tag.
    RecordTag,
    /// Everything is permitted.
    AccessDecision,
    /// An HSM exports keys to whoever asks.
    ExportRefusal,
    /// The slots of an element are open to whoever comes over its pins.
    SlotLock,
    /// A package of software counts as signed.
    PackageSignature,
    /// Inner primitives are sent as they are.
    PrimitiveEncryption,
    /// A token of a session is good in every association.
    SessionBinding,
    /// A login keeps the token that came with it.
    SessionRotation,
    /// A logout ends nothing.
    SessionRevocation,
    /// No number of wrong passwords locks an account.
    LockOut,
}

thread_local! {
    static AWAY: Cell<Option<Mechanism>> = const { Cell::new(None) };
}

/// The mechanism is taken away on this thread.
pub(crate) fn is_away(mechanism: Mechanism) -> bool {
    AWAY.get() == Some(mechanism)
}

/// Does something without a mechanism.
pub(crate) fn without<T>(mechanism: Mechanism, act: impl FnOnce() -> T) -> T {
    AWAY.set(Some(mechanism));
    let result = act();
    AWAY.set(None);
    result
}

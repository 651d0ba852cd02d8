//! The M2M authentication function (TS-0003 clauses 8.2.2.3 and 8.8.2): messages and registry.
//!
//! Who sends a request is what the association with the MAF says, and never what stands in a message: it
//! is an argument of every call.

mod message;
mod registry;

pub use message::{
    ClientRegistered, ClientRegistration, ClientUpdate, KeyRegistered, KeyRegistration,
    KeyRetrieved, KeyUpdate, KeyValue, MESSAGE_MAX, MessageError, RelativeKeyIdText, TEXT_LEN_MAX,
    TEXTS_MAX, read, write,
};
pub use registry::{Exported, MafLimits, MafRefusal, MafRegistry};

//! Ground truth: what truly happened, written down as facts, and what follows from facts alone.
//!
//! A verdict never rests on a flag. Hooks write facts; [`Facts::merge`] puts the facts of all threads in
//! one order; [`Knowledge`] looks for secrets in the bytes that attackers saw; the functions of
//! [`property`] say where a property does not hold; [`verdict`] says what that means for an attack.
//!
//! # Who writes what, and where
//!
//! | fact | handle | written by |
//! |---|---|---|
//! | Create | engine, node | whoever provisions a credential, for all its holders at once; the end of an association that makes a traffic key (one end only); the service where a token or a sensitive field is made |
//! | Reveal, Corrupt | engine | the step of a scenario that hands a secret or a node over |
//! | Author | node | the application of a node, honest or hostile, before its message is serialised |
//! | Running | node | an end of an association as soon as it knows all parameters and before the other end can finish: a server with its Finished, a client with its own |
//! | Commit | node | an end that has checked the Finished of the other; peer is the actor to whom the proven identity was given |
//! | Accept | node | the service, after all checks of association, freshness and form, before authorisation |
//! | Effect | node | the service for each request that it executed, changing or reading, once, at the resource that hosts the target; a credential store for each change of a slot |
//! | Observe | attacker | a tap for each datagram, a break-in for what it dumps, an interface for what it answers an attacker |
//! | Exhibit, Guess | attacker | the attack itself |
//! | Alarm | node | a detector, where an operator would read it |
//! | Exec | node | the boot of a node, and each load of an image |
//! | Served, Deadline | engine | the clock of the request's owner: an answer in time, or the end of the wait |
//! | Cost | engine, node | the processor (cycles, energy, time), the link (bytes), administration (work, money) |
//! | Refuse | node, engine | the mechanism that blocks, with its name: the replay window, a failed tag, a store that does not export, an access decision |
//! | Interpret, Exceed | node | the twin of an interpreter, the meter around a parser |
//!
//! A hook knows a message by the digest of what it says; who authored it is found when facts are merged,
//! because author and receiver may run on different threads. What nobody authored is forged.
//!
//! Each site has a [`Writer`], each thread a [`Ledger`], and both are joined to a handle for the time of
//! one event. The handle decides what can be written: attackers can say what they saw, found and guess,
//! and nothing else. When the ledger is off there is no handle, and a hook costs a comparison.

mod fact;
mod facts;
mod id;
mod knowledge;
pub mod property;
mod recorder;
mod statistics;
pub mod verdict;

pub use fact::{
    About, Agreement, Author, Bound, Bytes, CostKind, Create, Effect, Fact, Level, Message,
    Operation, Record, Request, Role, SecretClass, Sink, Stamp,
};
pub use facts::{Facts, Observation};
pub use id::{
    ActorId, AssociationId, ClassId, ContentDigest, Gid, Names, RequestId, ResourceId,
    ResourceKind, SecretId, SourceId,
};
pub use knowledge::{
    Exposure, FORMS_BYTES_MAX, How, Key, Knowledge, Learned, Opened, Opener, SCANNED_LEN_MAX,
    SCANNED_LEN_MIN, SHORT_EXHIBITS_MAX, Scanner, Stream,
};
pub use property::{Finding, Property, PropertyId, Violation};
pub use recorder::{
    AttackerFacts, Challenge, EngineFacts, FACTS_MAX, Ledger, NodeFacts, OBSERVED_BYTES_MAX, Writer,
};
pub use statistics::{Paired, Proportion};
pub use verdict::{Judgement, SEEDS_MIN, Verdict};

#[cfg(test)]
mod tests;

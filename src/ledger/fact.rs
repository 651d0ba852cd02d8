//! The facts: what truly happened, stamped with its place in the total order of the run.

use std::fmt;

use super::id::{
    ActorId, AssociationId, ClassId, ContentDigest, Gid, RequestId, ResourceId, SecretId, SourceId,
};
use crate::sim::time::Time;

/// The place of a fact in the total order of a run: by time, then by who wrote it down, then by that
/// writer's own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// When it happened.
    pub at: Time,
    /// The site that wrote it down. A site is the unit, not a node: two nodes of a site may affect each
    /// other within one nanosecond, and the site's own count then keeps cause before effect.
    pub origin: u32,
    /// How many facts that site had written before.
    pub count: u64,
}

/// A fact and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub stamp: Stamp,
    /// What happened.
    pub fact: Fact,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A key, token, canary or sensitive value came into being.
    Create(Box<Create>),
    /// A step of the scenario handed a secret to an attacker.
    Reveal {
        /// Who got it.
        to: ActorId,
        /// What it is.
        secret: SecretId,
    },
    /// A step of the scenario handed a node to an attacker. From here on the node is not honest.
    Corrupt {
        /// The node.
        actor: ActorId,
        /// The attacker.
        by: ActorId,
    },
    /// Somebody means to send a message.
    Author(Box<Author>),
    /// An end has started a run with a peer, and knows the parameters.
    Running(Box<Agreement>),
    /// An end has finished a run, and believes the parameters.
    Commit(Box<Agreement>),
    /// A message passed the checks of its receiver.
    Accept {
        /// The message.
        message: Message,
        /// Whose checks.
        receiver: ActorId,
        /// Who the receiver believes to have sent it; none if that is nobody in the world.
        claimed: Option<ActorId>,
    },
    /// State was changed, or read.
    Effect(Box<Effect>),
    /// An attacker saw bytes.
    Observe {
        /// The attacker.
        attacker: ActorId,
        /// Where.
        source: SourceId,
        /// The digest of the bytes.
        digest: ContentDigest,
        /// Where the bytes begin in what this attacker saw; none if there was no room left for them.
        offset: Option<u64>,
        /// How many.
        len: u32,
    },
    /// An attacker hands bytes in as the value of a secret of somebody.
    Exhibit {
        /// The attacker.
        attacker: ActorId,
        /// Whose secret it says that it is.
        about: ActorId,
        /// The value.
        bytes: Bytes,
    },
    /// A detector speaks.
    Alarm {
        /// Whose detector.
        detector: ActorId,
        /// Which detector.
        name: &'static str,
        /// About what.
        about: About,
    },
    /// A node starts to run an image.
    Exec {
        /// The node.
        node: ActorId,
        /// The digest of the image.
        image: ContentDigest,
    },
    /// A request was answered in time.
    Served(Request),
    /// The deadline of a request passed without an answer.
    Deadline(Request),
    /// Something was spent.
    Cost {
        /// By whom.
        actor: ActorId,
        /// What.
        kind: CostKind,
        /// How much, in the unit of the kind.
        amount: u64,
    },
    /// A mechanism blocked something: what tells a prevented attack from luck.
    Refuse {
        /// The mechanism, such as `replay_window`.
        mechanism: &'static str,
        /// What it blocked.
        about: About,
        /// Why, such as `duplicate`.
        reason: &'static str,
    },
    /// An observer's answer in the linking game: are the two messages of one actor?
    Guess {
        /// The observer.
        attacker: ActorId,
        /// The messages.
        pair: [Gid; 2],
        /// The answer.
        linked: bool,
    },
    /// An untrusted value reached an interpreter and this is what it did there.
    Interpret {
        /// Where.
        node: ActorId,
        /// The interpreter.
        sink: Sink,
        /// How far the value left its slot.
        level: Level,
    },
    /// Handling bytes took more than it may, or did what it never may.
    Exceed {
        /// Where.
        node: ActorId,
        /// What was exceeded.
        bound: Bound,
    },
}

/// A key, token, canary or sensitive value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// Its name.
    pub secret: SecretId,
    /// What it is.
    pub class: SecretClass,
    /// Who may know it, in ascending order.
    pub holders: Box<[ActorId]>,
    /// Its value.
    pub bytes: Bytes,
}

/// What a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretClass {
    /// A long-term key of the service layer.
    LongTermKey,
    /// A traffic key of an association.
    SessionKey(AssociationId),
    /// A password, PIN or other secret that people choose.
    Password,
    /// A session or access token.
    Token,
    /// A value that is nowhere but where it was put, to show that somebody read that place.
    Canary,
    /// A sensitive field of a message.
    Field(Gid),
}

impl SecretClass {
    /// Property S1 is about these; S2 about the others.
    #[must_use]
    pub const fn is_key(self) -> bool {
        matches!(self, Self::LongTermKey | Self::SessionKey(_) | Self::Password | Self::Token)
    }
}

/// A message that somebody means to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Its name.
    pub gid: Gid,
    /// Who really sends it.
    pub actor: ActorId,
    /// On whose behalf, if not its own.
    pub on_behalf_of: ActorId,
    /// For whom.
    pub recipient: ActorId,
    /// The digest of what it says: operation, target, originator, request identifier, content. Not of
    /// its serialisation, which a hop may change.
    pub content: ContentDigest,
    /// It has fields that only some may know.
    pub is_sensitive: bool,
}

/// The role of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It speaks first.
    Client,
    /// It answers.
    Server,
}

impl Role {
    /// The role of the other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What an end of an association believes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The role of this end.
    pub role: Role,
    /// Who this end truly is.
    pub actor: ActorId,
    /// Who it believes to speak with; none if that identity belongs to nobody in the world.
    pub peer: Option<ActorId>,
    /// The run.
    pub association: AssociationId,
    /// The digest over both identities, suite, version, keys (an exporter value) and early payload:
    /// equal at both ends if they agree.
    pub parameters: ContentDigest,
    /// When this end began the run.
    pub since: Time,
}

/// Which message it was. A hook fills in what it knows; merging finds the author by the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its name; none if nobody in the world meant to send this.
    pub gid: Option<Gid>,
    /// The digest of what it said when it arrived, taken as for [`Author::content`].
    pub content: ContentDigest,
}

impl Message {
    /// A message of which only the content is known so far.
    #[must_use]
    pub const fn of(content: ContentDigest) -> Self {
        Self { gid: None, content }
    }
}

/// What was done to a resource (oneM2M TS-0001 clause 8.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// CREATE.
    Create,
    /// RETRIEVE.
    Retrieve,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// NOTIFY.
    Notify,
    /// Discovery by a RETRIEVE with filter criteria.
    Discover,
}

/// State was changed, or read. One for each request that was executed, at the resource that it targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// On what.
    pub resource: ResourceId,
    /// What was done.
    pub operation: Operation,
    /// The digest of its state before.
    pub before: ContentDigest,
    /// The digest of its state after; equal to the one before if it was only read.
    pub after: ContentDigest,
    /// The message that asked for it; none if it came from within.
    pub cause: Option<Message>,
    /// Who truly caused it. Only needed where no message did; else merging takes the author's.
    pub actor: Option<ActorId>,
    /// Who the host believes to have caused it.
    pub claimed: Option<ActorId>,
}

impl Effect {
    /// State is not what it was before.
    #[must_use]
    pub fn changes_state(&self) -> bool {
        self.before != self.after
    }
}

/// A request of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which.
    pub request: RequestId,
    /// Of whom.
    pub actor: ActorId,
    /// Of which class.
    pub class: ClassId,
    /// An attempt to authenticate, not to be served: property K1.
    pub is_authentication: bool,
}

/// What an alarm or a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// Somebody.
    Actor(ActorId),
    /// A message, by its content.
    Message(ContentDigest),
    /// An association.
    Association(AssociationId),
    /// A resource, slot or image.
    Resource(ResourceId),
    /// Bytes from the network that were not understood well enough to be more; the receiver.
    Datagram(ActorId),
}

/// What can be spent, and in which unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CostKind {
    /// Bytes sent.
    Bytes,
    /// Cycles of a processor.
    Cycles,
    /// Energy, in nanojoules.
    Nanojoules,
    /// Time, in nanoseconds.
    Nanoseconds,
    /// Money, in millionths of a currency unit.
    Micromoney,
    /// Work of people, in seconds.
    PersonSeconds,
}

impl CostKind {
    /// The name, with its unit as the last word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "sent_bytes",
            Self::Cycles => "processor_cycles",
            Self::Nanojoules => "energy_nj",
            Self::Nanoseconds => "time_ns",
            Self::Micromoney => "money_millionths",
            Self::PersonSeconds => "work_person_s",
        }
    }
}

/// An interpreter that untrusted values can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sink {
    /// SQL.
    Sql,
    /// XPath.
    Xpath,
    /// An LDAP filter.
    Ldap,
    /// A command interpreter.
    Shell,
    /// The arguments of a program.
    Arguments,
    /// A header of a protocol.
    Header,
    /// A page that a browser shows.
    Dom,
}

impl Sink {
    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Xpath => "xpath",
            Self::Ldap => "ldap",
            Self::Shell => "shell",
            Self::Arguments => "arguments",
            Self::Header => "header",
            Self::Dom => "dom",
        }
    }
}

/// How far a value left its slot in an interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// L0: same result as for the bound value, or refused before the interpreter.
    Equal,
    /// L1: the interpreter fails where the bound value does not.
    Syntax,
    /// L2: the structure of the text differs from that for a harmless value.
    Structure,
    /// L3: other rows, nodes, arguments or elements than for the bound value.
    Effect,
    /// L4: the goal of an attacker was reached.
    Goal,
}

/// A bound on what handling bytes may take or do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// It panicked.
    Panic,
    /// A byte outside its buffer changed.
    Outside,
    /// It took more memory.
    Memory,
    /// It took more stack.
    Stack,
    /// It took more steps.
    Steps,
}

/// Bytes whose content does not show in messages.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub Box<[u8]>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} B", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_small() {
        assert!(size_of::<Record>() <= 96, "{} B", size_of::<Record>());
    }

    #[test]
    fn secrets_do_not_show() {
        assert_eq!(format!("{:?}", Bytes(Box::from(*b"secret"))), "6 B");
    }
}

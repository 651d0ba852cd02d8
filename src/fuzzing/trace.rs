//! Attack traces on the association, in the manner of tlspuffin: who begins, which message learnt earlier goes to whom and
//! how it is changed, who says something, whose timer runs out. The participants are honest and real; the attacker is the
//! network. What they claim goes into a ledger, and its properties A1 to A4 and I1 judge.
//!
//! A step names a message by its source, its kind and its number among those, so that a trace keeps its meaning when
//! others are changed before it.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use super::Trail;
use crate::association::{
    Accept, Association, Config, Env, KeyExchange, Kind, Offer, Operations, Output, Profile,
    PskStore, Received, Secret, ServerSecrets, Suite12, early_secret, master_secret_12,
};
use crate::ledger::property::{a1, a2, a3, a4, i1};
use crate::ledger::{
    ActorId, Agreement, AssociationId, ContentDigest, Effect, Facts, Ledger, Message, Operation,
    ResourceId, ResourceKind, Role, Writer,
};
use crate::sim::time::{Duration, Time};

/// Most steps of a trace; later ones are not taken.
pub const STEPS_MAX: usize = 256;
/// Most messages that the network remembers.
const MESSAGES_MAX: usize = 4_096;
/// Associations that the server keeps for one address.
const ENDS_MAX: usize = 4;
/// Bytes of a change in [`Trace::of_bytes`].
pub const STEP_BYTES: usize = 8;
/// The identities of both clients and what they prove themselves with.
const CLIENTS: [(&[u8], &[u8]); 2] =
    [(b"alice", b"alice's key, 16 bytes or more"), (b"bob", b"bob's key, which is another one")];

/// Somebody honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The first client.
    Alice,
    /// The second client.
    Bob,
    /// The server of both.
    Server,
}

/// What the association says that a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A flight of the handshake.
    Handshake,
    /// Something sent again.
    Again,
    /// An acknowledgement.
    Ack,
    /// Application data.
    Data,
    /// Anything else.
    Other,
}

/// A message learnt earlier: the `number`th, from 0, of this kind by this source; counted from the start again
/// where there are fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learnt {
    /// Who sent it.
    pub from: Who,
    /// What it is.
    pub what: What,
    /// Which of them.
    pub number: u8,
}

/// How the network changes a message; places count from the start again beyond the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// One bit is the other.
    Flip {
        /// The byte.
        byte: u16,
        /// The bit, 0 to 7.
        bit: u8,
    },
    /// It ends earlier.
    Cut {
        /// Bytes that are left.
        len: u16,
    },
    /// A byte is set.
    Set {
        /// The byte.
        byte: u16,
        /// To what.
        to: u8,
    },
    /// Another message follows in the same datagram.
    Join(Learnt),
}

/// A step of the network, or of somebody whom it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A client begins a handshake.
    Begin(Who),
    /// A message goes to somebody; to the server as if from the address of a client.
    Deliver {
        /// Which.
        message: Learnt,
        /// To whom.
        to: Who,
        /// Under whose address.
        address: Who,
        /// Changed like this.
        change: Option<Change>,
    },
    /// A client says something new to the server.
    Say(Who),
    /// A timer runs out.
    Wait(Who),
}

/// A trace, which runs again exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// `dtls13`, `dtls13_psk`, `dtls12_ccm8` or `dtls12_gcm`.
    pub profile: Setting,
    /// The server asks for a cookie first.
    pub cookie: bool,
    /// Records that may arrive out of order; 0 is no replay protection.
    pub replay_window: u8,
    /// What happens.
    pub steps: Vec<Step>,
}

/// A protocol and its key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// DTLS 1.3 with X25519.
    Dtls13,
    /// DTLS 1.3 without.
    Dtls13Psk,
    /// DTLS 1.2 with AES-CCM-8.
    Dtls12Ccm8,
    /// DTLS 1.2 with AES-GCM.
    Dtls12Gcm,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dtls13, Self::Dtls13Psk, Self::Dtls12Ccm8, Self::Dtls12Gcm];

    fn config(self) -> Config {
        let (profile, key_exchange) = match self {
            Self::Dtls13 => (Profile::Dtls13, KeyExchange::PskDhe),
            Self::Dtls13Psk => (Profile::Dtls13, KeyExchange::Psk),
            Self::Dtls12Ccm8 => {
                (Profile::Dtls12 { suite: Suite12::PskAes128Ccm8 }, KeyExchange::Psk)
            }
            Self::Dtls12Gcm => (Profile::Dtls12 { suite: Suite12::PskAes128Gcm }, KeyExchange::Psk),
        };
        Config { profile, key_exchange, ..Config::default() }
    }
}

/// What a trace led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Handshakes that ends finished.
    pub finished: usize,
    /// Messages of clients that the server took.
    pub taken: usize,
    /// What was violated, and how.
    pub violations: Vec<String>,
}

impl Trace {
    /// Two honest clients, one after the other, that each say something: what mutations begin with.
    #[must_use]
    pub fn honest(profile: Setting, cookie: bool) -> Self {
        let mut steps = Vec::new();
        for client in [Who::Alice, Who::Bob] {
            steps.push(Step::Begin(client));
            let pass = |from, to, what, number| Step::Deliver {
                message: Learnt { from, what, number },
                to,
                address: client,
                change: None,
            };
            // The server's messages to both clients are in one row.
            let flights = 2 + u8::from(cookie);
            // The last flight of a client is acknowledged in DTLS 1.3, and answered in DTLS 1.2.
            let answers = flights - u8::from(profile.config().profile == Profile::Dtls13);
            let before = if client == Who::Bob { answers } else { 0 };
            for number in 0..flights {
                steps.push(pass(client, Who::Server, What::Handshake, number));
                if number < answers {
                    steps.push(pass(Who::Server, client, What::Handshake, before + number));
                }
            }
            steps.push(pass(Who::Server, client, What::Ack, u8::from(client == Who::Bob)));
            steps.push(Step::Say(client));
            steps.push(pass(client, Who::Server, What::Data, 0));
        }
        Self { profile, cookie, replay_window: 64, steps }
    }

    /// Any bytes as a trace: the first says the setting and how much of an honest trace there is, every eight more
    /// change it once.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let (first, rest) = bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest));
        let mut trace = Self::honest(Setting::ALL[usize::from(first & 3)], first & 4 != 0);
        trace.steps.truncate(usize::from(first >> 3));
        for chunk in rest.chunks_exact(STEP_BYTES) {
            let mut seed = [0; 32];
            seed[..STEP_BYTES].copy_from_slice(chunk);
            let mut rng = ChaCha8Rng::from_seed(seed);
            trace = trace.mutated(&trace, &mut rng);
        }
        trace
    }

    /// Runs it.
    #[must_use]
    pub fn run(&self) -> Outcome {
        self.follow(&mut Trail::default())
    }

    /// Runs it, and leaves in the trail what everybody made of what came.
    #[must_use]
    pub fn follow(&self, trail: &mut Trail) -> Outcome {
        let mut world = World::new(self, trail);
        for step in self.steps.iter().take(STEPS_MAX) {
            world.now += Duration::from_millis(10);
            world.step(*step);
        }
        world.judge()
    }

    /// Something else than it was: two steps swapped, one left out, repeated, replaced by one of `other`, or its message,
    /// its way or its bytes changed.
    #[must_use]
    pub fn mutated(&self, other: &Self, rng: &mut ChaCha8Rng) -> Self {
        let mut trace = self.clone();
        let len = trace.steps.len().max(1) as u64;
        let at = index(rng, len);
        let Some(step) = trace.steps.get(at).copied() else { return other.clone() };
        match below(rng, 8) {
            0 => trace.steps.swap(at, index(rng, len)),
            1 => drop(trace.steps.remove(at)),
            2 => trace.steps.insert(index(rng, len), step),
            3 => {
                let from = index(rng, other.steps.len().max(1) as u64);
                if let (Some(mine), Some(theirs)) = (trace.steps.get_mut(at), other.steps.get(from))
                {
                    *mine = *theirs;
                }
            }
            4 => trace.steps.insert(at, Step::Wait(who(rng))),
            5 => trace.steps.insert(at, Step::Say(who(rng))),
            _ => {
                if let Some(Step::Deliver { message, to, address, change }) =
                    trace.steps.get_mut(at)
                {
                    match below(rng, 5) {
                        0 => *message = learnt(rng),
                        1 => *to = who(rng),
                        2 => *address = who(rng),
                        _ => *change = Some(any_change(rng)),
                    }
                }
            }
        }
        trace.steps.truncate(STEPS_MAX);
        trace
    }
}

/// Mutates honest traces `runs` times from a seed; the traces that violate something, with what it was.
#[must_use]
pub fn campaign(seed: u64, runs: u64) -> Vec<(Trace, Outcome)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let seeds: Vec<Trace> = Setting::ALL
        .into_iter()
        .flat_map(|setting| [Trace::honest(setting, false), Trace::honest(setting, true)])
        .collect();
    let mut found = Vec::new();
    for _ in 0..runs {
        let first = &seeds[index(&mut rng, seeds.len() as u64)];
        let mut trace = first.clone();
        for _ in 0..=below(&mut rng, 6) {
            let other = &seeds[index(&mut rng, seeds.len() as u64)];
            trace = trace.mutated(other, &mut rng);
        }
        let outcome = trace.run();
        if !outcome.violations.is_empty() {
            found.push((trace, outcome));
        }
    }
    found
}

fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    rng.next_u64() % bound.max(1)
}

fn index(rng: &mut ChaCha8Rng, len: u64) -> usize {
    usize::try_from(below(rng, len)).unwrap_or(0)
}

fn who(rng: &mut ChaCha8Rng) -> Who {
    [Who::Alice, Who::Bob, Who::Server][index(rng, 3)]
}

fn byte(rng: &mut ChaCha8Rng) -> u8 {
    rng.next_u32().to_be_bytes()[0]
}

/// A place in a datagram: mostly in the headers, where fields are.
fn place(rng: &mut ChaCha8Rng) -> u16 {
    let bound = if below(rng, 2) == 0 { 32 } else { 512 };
    u16::try_from(below(rng, bound)).unwrap_or(0)
}

fn learnt(rng: &mut ChaCha8Rng) -> Learnt {
    let what = [What::Handshake, What::Again, What::Ack, What::Data, What::Other][index(rng, 5)];
    Learnt { from: who(rng), what, number: byte(rng) % 8 }
}

fn any_change(rng: &mut ChaCha8Rng) -> Change {
    match below(rng, 4) {
        0 => Change::Flip { byte: place(rng), bit: byte(rng) % 8 },
        1 => Change::Cut { len: place(rng) },
        2 => Change::Set { byte: place(rng), to: byte(rng) },
        _ => Change::Join(learnt(rng)),
    }
}

/// The keys of somebody: the server has those of both clients.
struct Keys(Who);

impl Keys {
    fn key(&self, identity: &[u8]) -> Option<&'static [u8]> {
        let own = match self.0 {
            Who::Alice => &CLIENTS[..1],
            Who::Bob => &CLIENTS[1..],
            Who::Server => &CLIENTS[..],
        };
        own.iter().find(|(name, _)| *name == identity).map(|(_, key)| *key)
    }
}

impl PskStore for Keys {
    fn early_secret(&self, identity: &[u8], operations: &mut Operations) -> Option<Secret> {
        Some(early_secret(self.key(identity)?, operations))
    }

    fn master_secret_12(
        &self,
        identity: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        Some(master_secret_12(self.key(identity)?, label, seed, operations))
    }
}

/// One end, and what of it is in the ledger.
struct End {
    association: Association,
    since: Time,
    /// The parameters and the peer of its run as it wrote them down last: both may turn out to be others while a handshake
    /// goes on, as a ClientKeyExchange of DTLS 1.2 proves nothing before the Finished after it.
    running: Option<([u8; 32], Option<ActorId>)>,
}

/// Everybody, and the network between them.
struct World<'t> {
    trail: &'t mut Trail,
    config: Config,
    server_config: Config,
    now: Time,
    rng: ChaCha8Rng,
    ends: BTreeMap<Who, End>,
    /// The server's ends, by the address of the client, the newest last.
    served: BTreeMap<Who, Vec<End>>,
    messages: Vec<(Who, What, Vec<u8>)>,
    ledger: Ledger,
    writer: Writer,
    said: u64,
    finished: usize,
    taken: usize,
}

impl<'t> World<'t> {
    fn new(trace: &Trace, trail: &'t mut Trail) -> Self {
        let config = trace.profile.config();
        let secrets = ServerSecrets { cookie: [7; 32], ticket: [9; 16] };
        let server_config = Config {
            cookie: trace.cookie,
            replay_window: trace.replay_window.min(64),
            server: Some(secrets),
            ..config
        };
        Self {
            trail,
            config,
            server_config,
            now: Time::ZERO,
            rng: ChaCha8Rng::seed_from_u64(1),
            ends: BTreeMap::new(),
            served: BTreeMap::new(),
            messages: Vec::new(),
            ledger: Ledger::on(),
            writer: Writer::new(0),
            said: 0,
            finished: 0,
            taken: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Begin(client) => self.begin(client),
            Step::Say(client) => self.say(client),
            Step::Wait(who) => self.wait(who),
            Step::Deliver { message, to, address, change } => {
                let Some(bytes) = self.learnt(message, change) else { return };
                match to {
                    Who::Server => self.serve(address, &bytes),
                    client => self.receive(client, &bytes),
                }
            }
        }
    }

    fn begin(&mut self, client: Who) {
        let Some((identity, _)) = CLIENTS.get(client as usize) else { return };
        let config = self.config.clone();
        let (association, out) =
            self.call(client, |env| Association::connect(&config, Offer::Psk(identity), env));
        let Ok(association) = association else { return };
        let end = End { association, since: self.now, running: None };
        self.ends.insert(client, end);
        self.outputs(client, out);
    }

    /// What a client says has its author in the ledger.
    fn say(&mut self, client: Who) {
        let Some(mut end) = self.ends.remove(&client) else { return };
        self.said += 1;
        let text = format!("reading {} of {client:?}", self.said);
        let config = self.config.clone();
        let (sent, out) =
            self.call(client, |env| end.association.send(&config, text.as_bytes(), env));
        if sent.is_ok() {
            let content = ContentDigest::of(&[text.as_bytes()]);
            if let Some(mut facts) = self.ledger.node(&mut self.writer, self.now) {
                let me = actor(client);
                facts.author(me, me, actor(Who::Server), content, false);
            }
        }
        self.claim(client, &mut end, &out);
        self.ends.insert(client, end);
        self.outputs(client, out);
    }

    fn receive(&mut self, client: Who, bytes: &[u8]) {
        let Some(mut end) = self.ends.remove(&client) else { return };
        let config = self.config.clone();
        let (received, out) = self.call(client, |env| end.association.receive(&config, bytes, env));
        self.trail.said("client", &received);
        self.claim(client, &mut end, &out);
        self.ends.insert(client, end);
        self.outputs(client, out);
    }

    /// The newest association of an address that takes the datagram has it; what none takes may begin another.
    fn serve(&mut self, address: Who, bytes: &[u8]) {
        let config = self.server_config.clone();
        let mut ends = self.served.remove(&address).unwrap_or_default();
        let mut is_taken = false;
        for end in ends.iter_mut().rev() {
            let (received, out) =
                self.call(Who::Server, |env| end.association.receive(&config, bytes, env));
            self.trail.said("server", &received);
            is_taken = !matches!(received, Received::Rejected(_));
            self.claim(Who::Server, end, &out);
            self.outputs(Who::Server, out);
            if is_taken {
                break;
            }
        }
        if !is_taken {
            let peer = [address as u8];
            let (answer, out) =
                self.call(Who::Server, |env| Association::accept(&config, &peer, bytes, env));
            if let Accept::Rejected(reason) = &answer {
                self.trail.said("refused", reason);
            }
            if let Accept::Association(association) = answer {
                let mut end = End { association, since: self.now, running: None };
                self.claim(Who::Server, &mut end, &out);
                ends.push(end);
                if ends.len() > ENDS_MAX {
                    ends.remove(0);
                }
            }
            self.outputs(Who::Server, out);
        }
        self.served.insert(address, ends);
    }

    fn wait(&mut self, who: Who) {
        let config =
            if who == Who::Server { self.server_config.clone() } else { self.config.clone() };
        let mut mine: Vec<(Who, End)> = match who {
            Who::Server => std::mem::take(&mut self.served)
                .into_iter()
                .flat_map(|(address, ends)| ends.into_iter().map(move |end| (address, end)))
                .collect(),
            client => self.ends.remove(&client).map(|end| (client, end)).into_iter().collect(),
        };
        let next = mine.iter().filter_map(|(_, end)| end.association.next_timeout()).min();
        // Nobody waits for longer than the longest of its timers.
        self.now = next.map_or(self.now, |next| self.now.max(next));
        for (_, end) in &mut mine {
            let (_, out) = self.call(who, |env| end.association.timeout(&config, env));
            self.claim(who, end, &out);
            self.outputs(who, out);
        }
        for (address, end) in mine {
            match who {
                Who::Server => self.served.entry(address).or_default().push(end),
                client => drop(self.ends.insert(client, end)),
            }
        }
    }

    fn call<T>(&mut self, who: Who, call: impl FnOnce(&mut Env<'_>) -> T) -> (T, Vec<Output>) {
        let (mut operations, mut out) = (Operations::default(), Vec::new());
        let keys = Keys(who);
        let (now, rng) = (self.now, &mut self.rng);
        let operations = &mut operations;
        let result =
            call(&mut Env { now, rng, keys: &keys, operations, out: &mut out, key_log: None });
        (result, out)
    }

    /// The bytes of a message that was learnt, changed.
    fn learnt(&self, message: Learnt, change: Option<Change>) -> Option<Vec<u8>> {
        let of = |wanted: Learnt| {
            let is_meant = |(from, what, _): &&(Who, What, Vec<u8>)| {
                *from == wanted.from && *what == wanted.what
            };
            let count = self.messages.iter().filter(is_meant).count();
            let number = usize::from(wanted.number).checked_rem(count)?;
            self.messages.iter().filter(is_meant).nth(number).map(|(.., bytes)| bytes.clone())
        };
        let mut bytes = of(message)?;
        let at = |place: u16| usize::from(place).checked_rem(bytes.len().max(1)).unwrap_or(0);
        match change {
            None => {}
            Some(Change::Flip { byte, bit }) => {
                let at = at(byte);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << (bit & 7));
            }
            Some(Change::Set { byte, to }) => {
                let at = at(byte);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte = to);
            }
            Some(Change::Cut { len }) => {
                let at = at(len);
                bytes.truncate(at);
            }
            Some(Change::Join(other)) => bytes.extend(of(other)?),
        }
        Some(bytes)
    }

    /// What an end knows and has finished, and what it took, as facts.
    fn claim(&mut self, who: Who, end: &mut End, out: &[Output]) {
        let is_done = out.iter().any(|output| matches!(output, Output::Established { .. }));
        let peer = match who {
            Who::Server => end.association.peer_identity().and_then(named),
            _ => Some(actor(Who::Server)),
        };
        let Some(mut facts) = self.ledger.node(&mut self.writer, self.now) else { return };
        if let Some(fingerprint) = end.association.fingerprint() {
            let agreement = Agreement {
                role: if who == Who::Server { Role::Server } else { Role::Client },
                actor: actor(who),
                peer,
                association: AssociationId::of(&[&fingerprint]),
                parameters: ContentDigest::of(&[&fingerprint]),
                since: end.since,
            };
            let running = Some((fingerprint, peer));
            if std::mem::replace(&mut end.running, running) != running {
                facts.running(agreement);
            }
            if is_done {
                self.finished += 1;
                facts.commit(agreement);
            }
        }
        for output in out {
            let Output::Data(data) = output else { continue };
            let message = Message::of(ContentDigest::of(&[data]));
            self.taken += 1;
            facts.accept(message, actor(who), peer);
            facts.effect(Effect {
                resource: ResourceId { host: actor(who), kind: ResourceKind::Data, index: 0 },
                operation: Operation::Create,
                before: ContentDigest::ABSENT,
                after: message.content,
                cause: Some(message),
                actor: None,
                claimed: peer,
            });
        }
    }

    /// The network takes what somebody sends.
    fn outputs(&mut self, from: Who, out: Vec<Output>) {
        for output in out {
            let Output::Datagram { kind, bytes } = output else {
                self.trail.said("output", &output);
                continue;
            };
            let what = match kind {
                Kind::Handshake => What::Handshake,
                Kind::Retransmission => What::Again,
                Kind::Ack => What::Ack,
                Kind::Application => What::Data,
                _ => What::Other,
            };
            if self.messages.len() < MESSAGES_MAX {
                self.messages.push((from, what, bytes));
            }
        }
    }

    fn judge(self) -> Outcome {
        self.trail.size("finished", self.finished);
        self.trail.size("taken", self.taken);
        if self.taken > 0 {
            self.trail.accept("taken");
        }
        let facts = Facts::merge([self.ledger]);
        let anybody = |_: ActorId, _: &Effect, _: Time| true;
        let findings = [a1(&facts), a2(&facts), a3(&facts), a4(&facts), i1(&facts, &anybody)];
        let violations = findings.iter().filter_map(|finding| {
            let first = finding.violations.first()?;
            Some(format!("{}: {}", finding.property.property().code, first.what))
        });
        let violations = violations.collect();
        Outcome { finished: self.finished, taken: self.taken, violations }
    }
}

const fn actor(who: Who) -> ActorId {
    ActorId(who as u32)
}

fn named(identity: &[u8]) -> Option<ActorId> {
    let at = CLIENTS.iter().position(|(name, _)| *name == identity)?;
    u32::try_from(at).ok().map(ActorId)
}

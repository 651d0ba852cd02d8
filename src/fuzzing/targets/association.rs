//! Both ends of an association, with somebody between them who loses, repeats, delays, alters and makes up
//! datagrams, and in DTLS 1.3 also alters what is inside protected records: it is told the secrets, so
//! that what it changes gets past the tags.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

use super::{Oracle, Tape, Trail, Verdict, check};
use crate::association::{
    Accept, Association, Config, Env, Failure, KeyExchange, KeyLog, Offer, Operations, Output,
    Peek, Profile, PskStore, Received, Secret, SecretLabel, ServerSecrets, StolenKeys, Suite12,
    early_secret, master_secret_12, peek,
};
use crate::sim::time::Time;

const IDENTITY: &[u8] = b"device";
const PSK: &[u8] = b"a pre-shared key";
const PEER: &[u8] = b"192.0.2.1:5684";
/// Datagrams on their way and in the memory of who is between, at most.
const DATAGRAMS_MAX: usize = 64;
/// Bytes of the head of an input.
pub(in crate::fuzzing) const HEAD: usize = 3;
/// Bytes of a step.
pub(in crate::fuzzing) const STEP: usize = 4;
/// Steps of one input.
const STEPS_MAX: usize = 64;
/// Timeouts and datagrams after the last step.
const CALM_MAX: usize = 200;
/// RFC 9147 section 5.1 and RFC 9000 section 8.1: before an address is validated.
const AMPLIFICATION: usize = 3;

struct Keys;

impl PskStore for Keys {
    fn early_secret(&self, identity: &[u8], operations: &mut Operations) -> Option<Secret> {
        (identity == IDENTITY).then(|| early_secret(PSK, operations))
    }

    fn master_secret_12(
        &self,
        identity: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        (identity == IDENTITY).then(|| master_secret_12(PSK, label, seed, operations))
    }
}

/// The keys of everything that either end ever protected.
#[derive(Default)]
struct Disclosed(Vec<StolenKeys>);

impl KeyLog for Disclosed {
    fn disclose(&mut self, _: SecretLabel, _: &[u8], secret: &[u8]) {
        if let (Ok(secret), true) = (secret.try_into(), self.0.len() < DATAGRAMS_MAX) {
            self.0.push(StolenKeys::of(&secret));
        }
    }
}

/// One end.
struct End {
    config: Config,
    rng: ChaCha8Rng,
    association: Option<Association>,
    /// What it sent as data and the other has not heard.
    said: Vec<Vec<u8>>,
    established: usize,
}

struct World {
    now: Time,
    ends: [End; 2],
    /// Datagrams on their way: to whom.
    queue: Vec<(usize, Vec<u8>)>,
    /// Datagrams that were sent.
    past: Vec<(usize, Vec<u8>)>,
    keys: Disclosed,
    /// Something was altered without keys.
    is_altered: bool,
    /// Something was altered by somebody who has the keys, or an end closed.
    is_broken: bool,
    unvalidated: (usize, usize),
    messages: u32,
}

const CLIENT: usize = 0;
const SERVER: usize = 1;

fn config(head: [u8; HEAD], is_dtls12: bool) -> Config {
    let bit = |n: usize| head[0] >> n & 1 == 1;
    let suite = if bit(6) { Suite12::PskAes128Gcm } else { Suite12::PskAes128Ccm8 };
    let server = ServerSecrets { cookie: [0xc0; 32], ticket: [0x71; 16] };
    Config {
        profile: if is_dtls12 { Profile::Dtls12 { suite } } else { Profile::Dtls13 },
        // The exchange of X25519 keys is the exception, since it takes most of the time.
        key_exchange: if head[0] >> 5 == 7 { KeyExchange::PskDhe } else { KeyExchange::Psk },
        cookie: bit(0),
        tickets: u8::from(bit(1)),
        mtu: if bit(2) && !bit(0) { 128 } else { 1_200 },
        long_sequence: bit(3),
        explicit_length: bit(4),
        connection_id: (head[1] & 1 == 1).then_some(head[1] >> 5),
        record_limit: if head[1] & 2 == 2 { 4 } else { 1 << 23 },
        server: Some(server),
        ..Config::default()
    }
}

impl World {
    fn new(head: [u8; HEAD], is_dtls12: bool) -> Self {
        let config = config(head, is_dtls12);
        let end = |side: u64| End {
            config: config.clone(),
            rng: ChaCha8Rng::seed_from_u64(u64::from(head[2]) << 1 | side),
            association: None,
            said: Vec::new(),
            established: 0,
        };
        Self {
            now: Time::ZERO,
            ends: [end(0), end(1)],
            queue: Vec::new(),
            past: Vec::new(),
            keys: Disclosed::default(),
            is_altered: false,
            is_broken: false,
            unvalidated: (0, 0),
            messages: 0,
        }
    }

    /// Calls an end, and takes what comes out of it.
    fn call<R>(
        &mut self,
        side: usize,
        trail: &mut Trail,
        act: impl FnOnce(&mut Option<Association>, &Config, &mut Env<'_>) -> R,
    ) -> Result<R, super::Violation> {
        let mut out = Vec::new();
        let end = &mut self.ends[side];
        let mut env = Env {
            now: self.now,
            rng: &mut end.rng,
            keys: &Keys,
            operations: &mut Operations::default(),
            out: &mut out,
            key_log: Some(&mut self.keys),
        };
        let result = act(&mut end.association, &end.config, &mut env);
        for output in out {
            self.take(side, output, trail)?;
        }
        Ok(result)
    }

    fn take(&mut self, side: usize, output: Output, trail: &mut Trail) -> Verdict {
        let other = 1 - side;
        match output {
            Output::Datagram { kind, bytes } => {
                trail.said("sent", &kind);
                if self.past.len() < DATAGRAMS_MAX {
                    self.past.push((other, bytes.clone()));
                }
                if self.queue.len() < DATAGRAMS_MAX {
                    self.queue.push((other, bytes));
                }
            }
            Output::Data(data) => {
                trail.accept("data");
                let at = self.ends[other].said.iter().position(|said| *said == data);
                check(at.is_some() || self.is_broken, Oracle::Authenticity, "data", || {
                    format!("end {side} heard {data:?}, which nobody said, or heard it twice")
                })?;
                at.map(|at| self.ends[other].said.remove(at));
            }
            Output::Established { resumed } => {
                trail.said("established", &(side, resumed));
                self.ends[side].established += 1;
                trail.accept("established");
            }
            Output::Failed(failure) => {
                trail.said("failed", &(side, failure));
                let is_blame = matches!(failure, Failure::Misbehaved(_));
                check(!is_blame || self.is_broken, Oracle::Agreement, "blame", || {
                    format!("end {side} blames its peer for what the network did: {failure:?}")
                })?;
            }
            other => trail.said("output", &other),
        }
        Ok(())
    }

    fn connect(&mut self, trail: &mut Trail) -> Verdict {
        self.call(CLIENT, trail, |association, config, env| {
            *association = Association::connect(config, Offer::Psk(IDENTITY), env).ok();
        })
    }

    /// Hands a datagram to an end, as a node does.
    fn deliver(&mut self, to: usize, bytes: &[u8], trail: &mut Trail) -> Verdict {
        let (before, sent) = (self.state(to), self.past_len());
        let is_new = self.ends[to].association.is_none();
        let received = self.call(to, trail, |association, config, env| {
            let renews = to == SERVER && matches!(peek(bytes), Some(Peek::ClientHello { .. }));
            match association {
                Some(present) if !(present.is_over() && renews) => {
                    return Some(present.receive(config, bytes, env));
                }
                None if to == CLIENT => return None,
                _ => {}
            }
            match Association::accept(config, PEER, bytes, env) {
                Accept::Association(new) => {
                    *association = Some(new);
                    Some(Received::ClientHello)
                }
                Accept::Retry => Some(Received::HelloRetryRequest),
                Accept::Rejected(rejection) => Some(Received::Rejected(rejection)),
            }
        })?;
        trail.said("received", &(to, received));
        if is_new && to == SERVER && self.ends[to].config.cookie {
            self.amplify(bytes.len(), sent)?;
        }
        if let Some(Received::Rejected(rejection)) = received {
            // Before the Finished nothing proves who sends, and a part of a datagram may have been of use.
            let may = self.is_broken
                || before.as_ref().is_none_or(|it| !it.2)
                || self.state(to) == before;
            check(may, Oracle::Trace, "rejected datagram", || {
                format!("end {to} has changed although it rejected a datagram: {rejection:?}")
            })?;
        }
        Ok(())
    }

    fn past_len(&self) -> usize {
        self.past.iter().filter(|(to, _)| *to == CLIENT).map(|(_, bytes)| bytes.len()).sum()
    }

    /// Before the server has an association it answers with at most three times what came.
    fn amplify(&mut self, bytes: usize, before: usize) -> Verdict {
        if self.ends[SERVER].association.is_some() || self.past.len() >= DATAGRAMS_MAX {
            return Ok(());
        }
        self.unvalidated.0 += bytes;
        self.unvalidated.1 += self.past_len() - before;
        let (come, gone) = self.unvalidated;
        check(gone <= AMPLIFICATION * come, Oracle::Amplification, "answer", || {
            format!("{gone} bytes went to an address that had sent {come}")
        })
    }

    /// What an end is: its keys, its epochs, its stage.
    fn state(&self, side: usize) -> Option<(Vec<u8>, String, bool)> {
        let association = self.ends[side].association.as_ref()?;
        let mut image = Vec::new();
        association.memory_image(&mut image);
        Some((image, format!("{association:?}"), association.is_established()))
    }

    fn step(&mut self, [what, a, b, c]: [u8; STEP], trail: &mut Trail) -> Verdict {
        let side = usize::from(a & 1);
        let at = usize::from(b).checked_rem(self.queue.len());
        match what % 13 {
            0..=2 => self.next(at.map(|_| 0), trail),
            3 => self.next(at, trail),
            4 => {
                at.map(|at| self.queue.remove(at));
                Ok(())
            }
            5 => {
                let Some((to, bytes)) = at.and_then(|at| self.queue.get(at)).cloned() else {
                    return Ok(());
                };
                self.deliver(to, &bytes, trail)
            }
            6 => {
                let Some((to, mut bytes)) = at.map(|at| self.queue.remove(at)) else {
                    return Ok(());
                };
                self.is_altered = true;
                alter(&mut bytes, [a, b, c]);
                self.deliver(to, &bytes, trail)
            }
            7 => {
                let Some(past) = usize::from(b).checked_rem(self.past.len()) else { return Ok(()) };
                let (to, bytes) = self.past[past].clone();
                self.deliver(to, &bytes, trail)
            }
            8 => self.forge(at, [a, b, c], trail),
            9 => self.timeout(side, trail),
            10 => self.say(side, usize::from(b) % 48, trail),
            11 => self.call(side, trail, |association, config, env| {
                let updated =
                    association.as_mut().map(|it| it.update_keys(config, b & 1 == 1, env));
                let _ = updated;
            }),
            _ if c == 0xff => {
                self.is_broken = true;
                self.call(side, trail, |association, config, env| {
                    if let Some(association) = association {
                        association.close(config, env);
                    }
                })
            }
            _ => {
                self.is_altered = true;
                self.deliver(side, &noise([a, b, c]), trail)
            }
        }
    }

    fn next(&mut self, at: Option<usize>, trail: &mut Trail) -> Verdict {
        let Some(at) = at else { return Ok(()) };
        let (to, bytes) = self.queue.remove(at);
        self.deliver(to, &bytes, trail)
    }

    /// Opens a protected record, alters its content, seals it again under the same keys.
    fn forge(&mut self, at: Option<usize>, how: [u8; 3], trail: &mut Trail) -> Verdict {
        let Some((to, bytes)) = at.and_then(|at| self.queue.get(at)).cloned() else {
            return Ok(());
        };
        let forged = self.keys.0.iter().rev().find_map(|keys| {
            let mut record = keys.open(&bytes, 0)?;
            trail.said("forged", &record.content_type);
            alter(&mut record.content, how);
            keys.forge(&bytes, &record)
        });
        let Some(forged) = forged else { return Ok(()) };
        self.is_broken = true;
        trail.accept("forged");
        self.deliver(to, &forged, trail)
    }

    fn timeout(&mut self, side: usize, trail: &mut Trail) -> Verdict {
        let association = self.ends[side].association.as_ref();
        let Some(next) = association.and_then(Association::next_timeout) else { return Ok(()) };
        self.now = self.now.max(next);
        self.call(side, trail, |association, config, env| {
            if let Some(association) = association {
                association.timeout(config, env);
            }
        })?;
        let association = self.ends[side].association.as_ref();
        let after = association.and_then(Association::next_timeout);
        check(after != Some(next), Oracle::Agreement, "a timeout without progress", || {
            format!("end {side} has the same timeout again: {next:?}")
        })
    }

    fn say(&mut self, side: usize, len: usize, trail: &mut Trail) -> Verdict {
        self.messages += 1;
        let mut data = self.messages.to_be_bytes().to_vec();
        data.resize(4 + len, 0x2a);
        let sent = self.call(side, trail, |association, config, env| {
            association.as_mut().is_some_and(|it| it.send(config, &data, env).is_ok())
        })?;
        if sent {
            self.ends[side].said.push(data);
        }
        Ok(())
    }

    /// Nobody is between any more: the association comes up, if nothing ended it before.
    fn calm(&mut self, is_dtls12: bool, trail: &mut Trail) -> Verdict {
        for _ in 0..CALM_MAX {
            let is_over = |end: &End| end.association.as_ref().is_none_or(Association::is_over);
            if is_over(&self.ends[CLIENT]) || self.is_up() && self.queue.is_empty() {
                break;
            }
            if self.queue.is_empty() {
                let due = |side: usize| self.ends[side].association.as_ref()?.next_timeout();
                let side = [CLIENT, SERVER].into_iter().filter_map(|side| Some((due(side)?, side)));
                let Some((_, side)) = side.min() else { break };
                self.timeout(side, trail)?;
            } else {
                self.next(Some(0), trail)?;
            }
        }
        let over =
            self.ends.iter().filter_map(|end| end.association.as_ref()).any(Association::is_over);
        // What DTLS 1.2 says in its first flights nothing protects until the Finished.
        let may_fail = self.is_broken || over || is_dtls12 && self.is_altered;
        check(self.is_up() || may_fail, Oracle::Agreement, "not established", || {
            format!("{:?} {:?}", self.ends[CLIENT].association, self.ends[SERVER].association)
        })?;
        self.agree()
    }

    fn is_up(&self) -> bool {
        let is_up = |end: &End| end.association.as_ref().is_some_and(Association::is_established);
        self.ends.iter().all(is_up)
    }

    /// Both ends believe the same.
    fn agree(&self) -> Verdict {
        if !self.is_up() || self.is_broken {
            return Ok(());
        }
        let [client, server] = [CLIENT, SERVER].map(|side| self.ends[side].association.as_ref());
        let fingerprints = [client, server].map(|end| end.and_then(Association::fingerprint));
        check(fingerprints[0] == fingerprints[1], Oracle::Agreement, "different secrets", || {
            "both ends are established, with different secrets".to_owned()
        })?;
        let who = server.and_then(Association::peer_identity);
        check(who == Some(IDENTITY), Oracle::Agreement, "identity", || format!("{who:?}"))
    }
}

/// One alteration: a byte, a length, an end.
fn alter(bytes: &mut Vec<u8>, [a, b, c]: [u8; 3]) {
    let at = (usize::from(a) << 8 | usize::from(b)).checked_rem(bytes.len()).unwrap_or(0);
    match c & 7 {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, a ^ b),
        2 => bytes.extend_from_slice(&[a, b, c]),
        3 if !bytes.is_empty() => drop(bytes.remove(at)),
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= c | 1;
            }
        }
    }
}

/// A datagram that nobody sent, with the first byte of a record.
fn noise([a, b, c]: [u8; 3]) -> Vec<u8> {
    const FIRST: [u8; 8] = [20, 21, 22, 23, 25, 26, 0x2e, 0x2f];
    let first = FIRST[usize::from(b) % FIRST.len()];
    let mut bytes = vec![first, 0xfe, 0xfd, 0, b >> 4 & 1, 0, 0, 0, 0, 0, a, 0, c % 32];
    bytes.extend(std::iter::repeat_n(a ^ c, usize::from(c % 32)));
    bytes
}

fn run(input: &[u8], is_dtls12: bool, trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let head = [tape.byte(), tape.byte(), tape.byte()];
    let mut world = World::new(head, is_dtls12);
    world.connect(trail)?;
    for _ in 0..STEPS_MAX {
        if tape.is_empty() {
            break;
        }
        world.step([tape.byte(), tape.byte(), tape.byte(), tape.byte()], trail)?;
    }
    world.calm(is_dtls12, trail)
}

/// Both ends in DTLS 1.3.
pub(in crate::fuzzing) fn dtls13(input: &[u8], trail: &mut Trail) -> Verdict {
    run(input, false, trail)
}

/// Both ends in DTLS 1.2.
pub(in crate::fuzzing) fn dtls12(input: &[u8], trail: &mut Trail) -> Verdict {
    run(input, true, trail)
}

/// All datagrams of an honest handshake with a cookie, and one of data.
pub(super) fn datagrams(is_dtls12: bool) -> Vec<Vec<u8>> {
    let mut world = World::new([0b1110_0001, 0, 0], is_dtls12);
    let trail = &mut Trail::default();
    let _ = world.connect(trail).and_then(|()| world.calm(is_dtls12, trail));
    let _ = world.say(CLIENT, 8, trail);
    world.past.into_iter().map(|(_, bytes)| bytes).collect()
}

/// Sequences of steps: honest ones, one with data that comes again, one with key updates.
pub(in crate::fuzzing) fn seeds() -> Vec<Vec<u8>> {
    const NEXT: [u8; STEP] = [0, 0, 0, 0];
    let with = |head: [u8; HEAD], steps: &[[u8; STEP]]| {
        let steps = std::iter::repeat_n(NEXT, 8).chain(steps.iter().copied());
        head.into_iter().chain(steps.flatten()).collect::<Vec<u8>>()
    };
    let say = [10, 0, 9, 0];
    let again = |n| [7, 0, n, 0];
    vec![
        with([0; HEAD], &[say, NEXT, again(4), again(5), again(6)]),
        with([1, 0, 0], &[say, [10, 1, 9, 0], NEXT, NEXT, again(7)]),
        with([2, 0x61, 1], &[[11, 0, 1, 0], NEXT, NEXT, NEXT, say, NEXT]),
        with([0xe4, 2, 2], &[say, say, say, say, NEXT, NEXT, NEXT, NEXT]),
        vec![0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 4, 8, 1, 3, 5],
        vec![0, 0, 0, 6, 0, 0, 4, 9, 0, 0, 0, 6, 0, 1, 5, 12, 1, 2, 3],
    ]
}

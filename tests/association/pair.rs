//! A client and a server with a network between them that does what a test says, in virtual time.

use keystorm::association::{
    Accept, Association, Config, Env, Failure, KeyLog, Kind, Offer, Operations, Output, Peek,
    PskStore, Received, Rejection, Secret, SecretLabel, ServerSecrets, Ticket, early_secret,
    master_secret_12, peek,
};
use keystorm::sim::time::{Duration, Time};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

pub(crate) const LATENCY: Duration = Duration::from_millis(10);
/// Longer than any handshake takes with the default timers.
pub(crate) const LONG: Duration = Duration::from_secs(600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

pub(crate) use Side::{Client, Server};

/// What the network does with a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Deliver,
    Lose,
    Twice,
    Late(Duration),
}

pub(crate) use Fate::{Deliver, Late, Lose, Twice};

/// Keys by identity.
pub(crate) struct Keys(pub(crate) Vec<(Vec<u8>, Vec<u8>)>);

impl PskStore for Keys {
    fn early_secret(&self, identity: &[u8], operations: &mut Operations) -> Option<Secret> {
        let (_, psk) = self.0.iter().find(|(known, _)| known == identity)?;
        Some(early_secret(psk, operations))
    }

    fn master_secret_12(
        &self,
        identity: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        let (_, psk) = self.0.iter().find(|(known, _)| known == identity)?;
        Some(master_secret_12(psk, label, seed, operations))
    }
}

/// One end and its surroundings.
pub(crate) struct End {
    pub(crate) config: Config,
    pub(crate) keys: Keys,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) operations: Operations,
    pub(crate) association: Option<Association>,
    /// All that came out except datagrams.
    pub(crate) outputs: Vec<Output>,
    /// What each datagram turned out to be.
    pub(crate) received: Vec<Received>,
    /// The secrets that it disclosed, if it was asked to.
    pub(crate) disclosed: Option<Disclosed>,
}

/// Secrets by label, in order, with what was told of the random.
#[derive(Default)]
pub(crate) struct Disclosed(pub(crate) Vec<(SecretLabel, Vec<u8>, Vec<u8>)>);

impl KeyLog for Disclosed {
    fn disclose(&mut self, label: SecretLabel, random: &[u8], secret: &[u8]) {
        self.0.push((label, random.to_vec(), secret.to_vec()));
    }
}

impl End {
    fn new(seed: u64, config: Config) -> Self {
        Self {
            config,
            keys: Keys(vec![(b"d".to_vec(), b"a pre-shared key".to_vec())]),
            rng: ChaCha8Rng::seed_from_u64(seed),
            operations: Operations::default(),
            association: None,
            outputs: Vec::new(),
            received: Vec::new(),
            disclosed: None,
        }
    }

    pub(crate) fn is_established(&self) -> bool {
        self.association.as_ref().is_some_and(Association::is_established)
    }

    pub(crate) fn association(&self) -> &Association {
        self.association.as_ref().expect("there is an association")
    }

    /// How often `Established` came out.
    pub(crate) fn establishments(&self) -> usize {
        self.outputs.iter().filter(|o| matches!(o, Output::Established { .. })).count()
    }

    pub(crate) fn data(&self) -> Vec<&[u8]> {
        let mut data = Vec::new();
        for output in &self.outputs {
            if let Output::Data(bytes) = output {
                data.push(&bytes[..]);
            }
        }
        data
    }

    pub(crate) fn tickets(&self) -> Vec<Ticket> {
        let ticket = |output: &Output| match output {
            Output::Ticket(ticket) => Some(ticket.clone()),
            _ => None,
        };
        self.outputs.iter().filter_map(ticket).collect()
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        self.outputs.iter().find_map(|output| match output {
            Output::Failed(failure) => Some(*failure),
            _ => None,
        })
    }

    pub(crate) fn count(&self, received: Received) -> usize {
        self.received.iter().filter(|&&r| r == received).count()
    }

    pub(crate) fn rejections(&self) -> Vec<Rejection> {
        let rejection = |received: &Received| match received {
            Received::Rejected(rejection) => Some(*rejection),
            _ => None,
        };
        self.received.iter().filter_map(rejection).collect()
    }

    pub(crate) fn exported(&self) -> [u8; 48] {
        let mut out = [0; 48];
        self.association()
            .export(b"EXPORTER-test", b"context", &mut out, &mut Operations::default())
            .expect("an established association exports");
        out
    }

    /// Calls `f` with the association and its surroundings; returns the datagrams that came out.
    fn with<R>(
        &mut self,
        now: Time,
        f: impl FnOnce(&mut Option<Association>, &Config, &mut Env<'_>) -> R,
    ) -> (R, Vec<(Kind, Vec<u8>)>) {
        let mut out = Vec::new();
        let mut env = Env {
            now,
            rng: &mut self.rng,
            keys: &self.keys,
            operations: &mut self.operations,
            out: &mut out,
            key_log: self.disclosed.as_mut().map(|log| log as &mut dyn KeyLog),
        };
        let result = f(&mut self.association, &self.config, &mut env);
        let mut datagrams = Vec::new();
        for output in out {
            match output {
                Output::Datagram { kind, bytes } => datagrams.push((kind, bytes)),
                other => self.outputs.push(other),
            }
        }
        (result, datagrams)
    }
}

/// A datagram as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Time,
    pub(crate) from: Side,
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

type Hook<'h> = Box<dyn FnMut(&mut Sent, usize) -> Fate + 'h>;

pub(crate) struct Pair<'h> {
    pub(crate) now: Time,
    pub(crate) client: End,
    pub(crate) server: End,
    pub(crate) peer: &'static [u8],
    /// Everything that was sent, before the network touched it.
    pub(crate) log: Vec<Sent>,
    on_the_way: Vec<(Time, Side, Vec<u8>)>,
    hook: Hook<'h>,
}

/// A configuration whose server can make cookies and tickets.
pub(crate) fn config() -> Config {
    let server = ServerSecrets { cookie: [0xc0; 32], ticket: [0x71; 16] };
    Config { server: Some(server), ..Config::default() }
}

impl<'h> Pair<'h> {
    pub(crate) fn new(config: Config) -> Self {
        Self::seeded(0, config)
    }

    pub(crate) fn seeded(seed: u64, config: Config) -> Self {
        Self {
            now: Time::ZERO,
            client: End::new(2 * seed, config.clone()),
            server: End::new(2 * seed + 1, config),
            peer: b"192.0.2.1:5684",
            log: Vec::new(),
            on_the_way: Vec::new(),
            hook: Box::new(|_, _| Deliver),
        }
    }

    /// A pair whose handshake is complete.
    pub(crate) fn established(config: Config) -> Self {
        let mut pair = Self::new(config);
        pair.connect();
        pair.run(Duration::from_secs(1));
        pair.assert_agreement();
        pair
    }

    /// The network asks `hook` about every datagram; with it goes how many its sender sent before.
    pub(crate) fn network(&mut self, hook: impl FnMut(&mut Sent, usize) -> Fate + 'h) {
        self.hook = Box::new(hook);
    }

    pub(crate) fn calm(&mut self) {
        self.hook = Box::new(|_, _| Deliver);
    }

    /// The network loses the datagrams of `side` with these numbers.
    pub(crate) fn lose(&mut self, side: Side, numbers: &'h [usize]) {
        self.network(
            move |sent, n| {
                if sent.from == side && numbers.contains(&n) { Lose } else { Deliver }
            },
        );
    }

    pub(crate) fn end(&mut self, side: Side) -> &mut End {
        match side {
            Client => &mut self.client,
            Server => &mut self.server,
        }
    }

    pub(crate) fn sent(&self, side: Side) -> Vec<&Sent> {
        self.log.iter().filter(|sent| sent.from == side).collect()
    }

    /// The datagram that was sent last.
    #[track_caller]
    pub(crate) fn last(&self) -> Vec<u8> {
        self.log.last().expect("something was sent").bytes.clone()
    }

    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.log.iter().map(|sent| sent.bytes.len()).collect()
    }

    pub(crate) fn kinds(&self, side: Side) -> Vec<Kind> {
        self.sent(side).iter().map(|sent| sent.kind).collect()
    }

    fn submit(&mut self, from: Side, datagrams: Vec<(Kind, Vec<u8>)>) {
        for (kind, bytes) in datagrams {
            let n = self.sent(from).len();
            let mut sent = Sent { at: self.now, from, kind, bytes };
            self.log.push(sent.clone());
            let fate = (self.hook)(&mut sent, n);
            let to = if from == Client { Server } else { Client };
            let arrival = self.now + LATENCY;
            match fate {
                Lose => {}
                Deliver => self.on_the_way.push((arrival, to, sent.bytes)),
                Late(by) => self.on_the_way.push((arrival + by, to, sent.bytes)),
                Twice => {
                    self.on_the_way.push((arrival, to, sent.bytes.clone()));
                    self.on_the_way.push((arrival, to, sent.bytes));
                }
            }
        }
    }

    /// Uses one association directly; what it sends goes over the network.
    pub(crate) fn at<R>(
        &mut self,
        side: Side,
        f: impl FnOnce(&mut Association, &Config, &mut Env<'_>) -> R,
    ) -> R {
        let now = self.now;
        let (result, datagrams) = self.end(side).with(now, |association, config, env| {
            f(association.as_mut().expect("there is an association"), config, env)
        });
        self.submit(side, datagrams);
        result
    }

    pub(crate) fn connect(&mut self) {
        self.connect_with(Offer::Psk(b"d"));
    }

    pub(crate) fn connect_with(&mut self, offer: Offer<'_>) {
        let now = self.now;
        let ((), datagrams) = self.client.with(now, |association, config, env| {
            *association = Some(Association::connect(config, offer, env).expect("it can start"));
        });
        self.submit(Client, datagrams);
    }

    pub(crate) fn send(&mut self, side: Side, data: &[u8]) {
        self.at(side, |association, config, env| association.send(config, data, env))
            .expect("it can send");
    }

    /// Hands a datagram to one end at once.
    pub(crate) fn deliver(&mut self, to: Side, bytes: &[u8]) -> Received {
        let (now, peer) = (self.now, self.peer);
        let (received, datagrams) = self.end(to).with(now, |association, config, env| {
            // As a node does: an association that is over makes room for a new one.
            let renewed = to == Server && matches!(peek(bytes), Some(Peek::ClientHello { .. }));
            if let Some(association) = association.as_mut()
                && !(association.is_over() && renewed)
            {
                return association.receive(config, bytes, env);
            }
            match Association::accept(config, peer, bytes, env) {
                Accept::Association(new) => {
                    *association = Some(new);
                    Received::ClientHello
                }
                Accept::Retry => Received::ClientHello,
                Accept::Rejected(rejection) => Received::Rejected(rejection),
            }
        });
        self.end(to).received.push(received);
        self.submit(to, datagrams);
        received
    }

    fn next_timeout(&self, side: Side) -> Option<Time> {
        let end = if side == Client { &self.client } else { &self.server };
        end.association.as_ref()?.next_timeout()
    }

    /// Lets everything happen that happens within `span`; then it is that much later.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let arrival = (0..self.on_the_way.len()).min_by_key(|&i| self.on_the_way[i].0);
            let arrival_at = arrival.map(|i| self.on_the_way[i].0);
            let timeouts = [Client, Server].map(|side| self.next_timeout(side));
            let times = [arrival_at, timeouts[0], timeouts[1]];
            let Some(next) = times.into_iter().flatten().min().filter(|&next| next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            if let Some(i) = arrival.filter(|_| arrival_at == Some(next)) {
                let (_, to, bytes) = self.on_the_way.remove(i);
                self.deliver(to, &bytes);
                continue;
            }
            let side = if timeouts[0] == Some(next) { Client } else { Server };
            self.at(side, |association, config, env| association.timeout(config, env));
            assert!(self.next_timeout(side) != Some(next), "a timeout must make progress");
        }
        self.now = end;
    }

    /// Runs a whole handshake with these configurations to its end.
    pub(crate) fn handshake(&mut self) {
        self.connect();
        self.run(LONG);
    }

    #[track_caller]
    pub(crate) fn assert_agreement(&self) {
        assert!(self.client.is_established(), "client: {:?}", self.client.outputs);
        assert!(self.server.is_established(), "server: {:?}", self.server.outputs);
        assert_eq!(self.client.establishments(), 1);
        assert_eq!(self.server.establishments(), 1);
        assert_eq!(self.client.exported(), self.server.exported());
    }

    /// Data gets through in both directions.
    #[track_caller]
    pub(crate) fn assert_talks(&mut self) {
        for (from, to) in [(Client, Server), (Server, Client)] {
            let text = format!("from {from:?} at {}", self.now.0).into_bytes();
            self.send(from, &text);
            self.run(Duration::from_secs(1));
            assert!(self.end(to).data().contains(&&text[..]), "{from:?} is not heard");
        }
    }
}

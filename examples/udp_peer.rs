//! One end of our association over real UDP, on the loopback interface only, for tests against other
//! implementations: `udp_peer client|server PORT PROFILE [OPTION...]`. Bounded in time and datagrams.
//!
//! PROFILE: `p12-ccm8`, `p12-gcm`, `p13-ke`, `p13-dhe`.
//! Options: `key=HEX`, `key-text=TEXT`, `identity=TEXT`, `cookie`, `cid=N` (connection IDs of N bytes), `coap`
//! (speak CoAP instead of text), `update` (update the keys after the first data), `handshakes=N` (one after the
//! other, between the same two ports; 1), `resume` (a server gives tickets, a client uses the one that it got; DTLS 1.3).

#![allow(clippy::print_stdout, reason = "its user is a script that reads this")]

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::Instant;

use keystorm::association::{
    Accept, Association, Config, Env, KeyExchange, Offer, Operations, Output, Peek, Profile,
    ServerSecrets, Suite12, Ticket, peek,
};
use keystorm::live::{Keys, Psk};
use keystorm::sim::time::Time;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// The whole run takes no longer.
const SECONDS: u64 = 12;
/// Datagrams received before the run is given up.
const DATAGRAMS: u32 = 500;

/// What the command line says.
struct Options {
    server: bool,
    port: u16,
    config: Config,
    identity: String,
    keys: Keys,
    coap: bool,
    update: bool,
    resume: bool,
    handshakes: u32,
}

fn options() -> Option<Options> {
    let mut arguments = std::env::args().skip(1);
    let server = match arguments.next()?.as_str() {
        "server" => true,
        "client" => false,
        _ => return None,
    };
    let port = arguments.next()?.parse().ok()?;
    let (profile, key_exchange) = match arguments.next()?.as_str() {
        "p12-ccm8" => (Profile::Dtls12 { suite: Suite12::PskAes128Ccm8 }, KeyExchange::Psk),
        "p12-gcm" => (Profile::Dtls12 { suite: Suite12::PskAes128Gcm }, KeyExchange::Psk),
        "p13-ke" => (Profile::Dtls13, KeyExchange::Psk),
        "p13-dhe" => (Profile::Dtls13, KeyExchange::PskDhe),
        _ => return None,
    };
    let secrets = ServerSecrets { cookie: [7; 32], ticket: [8; 16] };
    let config = Config { profile, key_exchange, server: Some(secrets), ..Config::default() };
    let (identity, mut key) = ("Client_identity".to_owned(), Psk::new(&[]));
    let (coap, update, resume, handshakes) = (false, false, false, 1);
    let mut options = Options {
        server,
        port,
        config,
        identity,
        keys: Keys::default(),
        coap,
        update,
        resume,
        handshakes,
    };
    for argument in arguments {
        match argument.split_once('=').unwrap_or((&argument, "")) {
            ("key", hex) => key = Psk::from_hex(hex).ok()?,
            ("key-text", text) => key = Psk::new(text.as_bytes()),
            ("identity", text) => text.clone_into(&mut options.identity),
            ("cookie", _) => options.config.cookie = true,
            ("cid", len) => options.config.connection_id = Some(len.parse().ok()?),
            ("coap", _) => options.coap = true,
            ("update", _) => options.update = true,
            ("resume", _) => {
                options.resume = true;
                options.config.tickets = 1;
            }
            ("handshakes", n) => options.handshakes = n.parse().ok()?,
            _ => return None,
        }
    }
    options.keys = Keys::one(&options.identity, key);
    Some(options)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A seed that differs from run to run.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The end and its surroundings.
struct Run<'o> {
    options: &'o Options,
    socket: UdpSocket,
    started: Instant,
    rng: ChaCha20Rng,
    association: Option<(SocketAddr, Association)>,
    /// What the next handshake of a client resumes.
    ticket: Option<Ticket>,
    received: u32,
    /// Data came in this association.
    heard: bool,
    established: u32,
    finished: u32,
    failed: bool,
}

impl Run<'_> {
    fn now(&self) -> Time {
        Time(u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Calls `f` with the association and its surroundings, and acts on what comes out.
    fn call(
        &mut self,
        f: impl FnOnce(&mut Option<(SocketAddr, Association)>, &Config, &mut Env<'_>),
        peer: SocketAddr,
    ) -> std::io::Result<()> {
        let mut out = Vec::new();
        let mut env = Env {
            now: self.now(),
            rng: &mut self.rng,
            keys: &self.options.keys,
            operations: &mut Operations::default(),
            out: &mut out,
            key_log: None,
        };
        f(&mut self.association, &self.options.config, &mut env);
        for output in out {
            match output {
                Output::Datagram { bytes, .. } => {
                    self.socket.send_to(&bytes, peer)?;
                }
                Output::Established { resumed } => self.on_established(resumed, peer)?,
                Output::Data(data) => self.on_data(&data, peer)?,
                Output::KeysUpdated { epoch } => {
                    println!("updated {epoch}");
                    self.send(b"after the update\n", peer)?;
                }
                Output::Ticket(ticket) => {
                    println!("ticket");
                    self.ticket = Some(ticket);
                    if self.heard && self.options.resume {
                        self.finish(peer)?;
                    }
                }
                Output::Closed => {
                    println!("closed");
                    self.finished += 1;
                }
                Output::Failed(failure) => {
                    println!("failed {failure:?}");
                    self.failed = true;
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, data: &[u8], peer: SocketAddr) -> std::io::Result<()> {
        self.call(
            |association, config, env| {
                if let Some((_, association)) = association {
                    let _ = association.send(config, data, env);
                }
            },
            peer,
        )
    }

    fn on_established(&mut self, resumed: bool, peer: SocketAddr) -> std::io::Result<()> {
        self.established += 1;
        let mut exported = [0; 32];
        if let Some((_, association)) = &self.association {
            let operations = &mut Operations::default();
            let _ = association.export_without_context(b"EXPORTER-test", &mut exported, operations);
        }
        let how = if resumed { " resumed" } else { "" };
        println!("established {}{how}", to_hex(&exported));
        match (self.options.server, self.options.coap) {
            (true, _) => Ok(()),
            (false, false) => self.send(b"hello from keystorm\n", peer),
            // A confirmable GET of the root (RFC 7252).
            (false, true) => self.send(&[0x40, 0x01, 0x12, 0x34], peer),
        }
    }

    fn on_data(&mut self, data: &[u8], peer: SocketAddr) -> std::io::Result<()> {
        println!("data {}", String::from_utf8_lossy(data).trim_end());
        let first = !std::mem::replace(&mut self.heard, true);
        if self.options.server {
            let answer = if self.options.coap { coap_answer(data) } else { data.to_vec() };
            self.send(&answer, peer)?;
        }
        if first && self.options.update {
            return self.call(
                |association, config, env| {
                    if let Some((_, association)) = association {
                        let updated = association.update_keys(config, true, env);
                        println!("update {updated:?}");
                    }
                },
                peer,
            );
        }
        // A client has what it came for: the answer, with an update the answer after it, and a ticket.
        let client = !self.options.server;
        if client
            && (!self.options.update || !first)
            && (!self.options.resume || self.ticket.is_some() || self.established > 1)
        {
            return self.finish(peer);
        }
        Ok(())
    }

    fn finish(&mut self, peer: SocketAddr) -> std::io::Result<()> {
        self.finished += 1;
        self.call(
            |association, config, env| {
                if let Some((_, association)) = association {
                    association.close(config, env);
                }
            },
            peer,
        )
    }

    fn connect(&mut self, peer: SocketAddr) -> std::io::Result<()> {
        self.association = None;
        self.heard = false;
        let options = self.options;
        let ticket = self.ticket.take();
        let offer = ticket.as_ref().map_or(Offer::Psk(options.identity.as_bytes()), Offer::Ticket);
        self.call(
            |association, config, env| match Association::connect(config, offer, env) {
                Ok(new) => *association = Some((peer, new)),
                Err(error) => println!("failed {error}"),
            },
            peer,
        )
    }

    fn receive(&mut self, datagram: &[u8], peer: SocketAddr) -> std::io::Result<()> {
        let mut heard = self.heard;
        let server = self.options.server;
        self.call(
            |association, config, env| {
                let mine = association.as_mut().filter(|(address, _)| *address == peer);
                let known = match (mine, peek(datagram)) {
                    (Some((_, known)), Some(Peek::ClientHello { random }))
                        if !known.began_with(&random) =>
                    {
                        None
                    }
                    (mine, _) => mine,
                };
                if let Some((_, known)) = known {
                    let received = known.receive(config, datagram, env);
                    println!("received {received:?}");
                } else if server {
                    let address = peer.to_string();
                    match Association::accept(config, address.as_bytes(), datagram, env) {
                        Accept::Association(new) => {
                            *association = Some((peer, new));
                            heard = false;
                        }
                        Accept::Retry => println!("received a first ClientHello"),
                        Accept::Rejected(reason) => println!("rejected {reason:?}"),
                    }
                }
            },
            peer,
        )?;
        self.heard &= heard | self.heard;
        Ok(())
    }

    fn run(&mut self) -> std::io::Result<bool> {
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, self.options.port));
        let mut handshakes = 0;
        let mut buffer = [0; 2048];
        while !self.failed && self.started.elapsed().as_secs() < SECONDS {
            if self.finished >= self.options.handshakes {
                return Ok(true);
            }
            if !self.options.server && handshakes == self.finished {
                handshakes += 1;
                self.connect(target)?;
            }
            self.socket.set_read_timeout(Some(std::time::Duration::from_millis(20)))?;
            match self.socket.recv_from(&mut buffer) {
                Ok((len, peer)) if self.received < DATAGRAMS => {
                    self.received += 1;
                    self.receive(&buffer[..len], peer)?;
                }
                Ok(_) => return Ok(false),
                Err(_) => {
                    let peer = self.association.as_ref().map_or(target, |(peer, _)| *peer);
                    self.call(
                        |association, config, env| {
                            if let Some((_, association)) = association {
                                association.timeout(config, env);
                            }
                        },
                        peer,
                    )?;
                }
            }
        }
        Ok(self.finished >= self.options.handshakes)
    }
}

/// 2.05 Content to a CoAP request, with the same message ID and token (RFC 7252 section 5.2.1).
fn coap_answer(request: &[u8]) -> Vec<u8> {
    let token = usize::from(request.first().copied().unwrap_or_default() & 0x0f);
    let mut answer = vec![0x60 | request.first().copied().unwrap_or_default() & 0x0f, 0x45];
    answer.extend(request.iter().skip(2).take(2 + token));
    answer.push(0xff);
    answer.extend_from_slice(b"hello from keystorm");
    answer
}

#[expect(clippy::disallowed_methods, reason = "real sockets live in real time")]
fn started() -> Instant {
    Instant::now()
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("udp_peer client|server PORT p12-ccm8|p12-gcm|p13-ke|p13-dhe [OPTION...]");
        return ExitCode::from(2);
    };
    let port = if options.server { options.port } else { 0 };
    let run = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).and_then(|socket| {
        let rng = ChaCha20Rng::seed_from_u64(seed());
        let mut run = Run {
            options: &options,
            socket,
            started: started(),
            rng,
            association: None,
            ticket: None,
            received: 0,
            heard: false,
            established: 0,
            finished: 0,
            failed: false,
        };
        let done = run.run()?;
        Ok(done && run.established >= options.handshakes)
    });
    match run {
        Ok(true) => {
            println!("done");
            ExitCode::SUCCESS
        }
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

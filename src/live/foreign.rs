//! One end against a peer that is not ours: as a client that sends lines, or as a server that sends
//! them back.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs as _};

use serde::Serialize;

use super::{
    Application, Bounds, Client, Counts, Keys, LiveError, Psk, Randomness, Running, Server,
    Session, runtime, serve,
};
use crate::association::{Association, Config, Failure};
use crate::sim::time::{Duration, Time};

/// How long an answer to a line is waited for; a peer need not answer.
const ANSWER_WAIT: Duration = Duration::from_secs(2);
/// Time between two looks at a server's events.
const LOOK: Duration = Duration::from_millis(20);

/// Something that happened at one end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Happening {
    /// The handshake is complete.
    Established {
        /// By a ticket instead of the key itself.
        resumed: bool,
        /// The epoch that records are sent in.
        send_epoch: u64,
        /// The epoch that records are received in.
        receive_epoch: u64,
        /// Who the peer is, at a server.
        identity: Option<String>,
    },
    /// Application data came, control characters escaped.
    Data {
        /// The data.
        text: String,
    },
    /// New keys are in use for sending.
    KeysUpdated {
        /// Their epoch.
        epoch: u64,
    },
    /// A ticket came.
    Ticket,
    /// The peer closed.
    Closed,
    /// The association ended without success.
    Failed {
        /// Why.
        reason: String,
    },
}

/// Something that happened with one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The peer.
    pub peer: SocketAddr,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

impl Happening {
    pub(super) fn established(association: &Association, resumed: bool) -> Self {
        Self::Established {
            resumed,
            send_epoch: association.send_epoch(),
            receive_epoch: association.receive_epoch(),
            identity: association.peer_identity().map(Self::text),
        }
    }

    pub(super) fn failed(failure: Failure) -> Self {
        let reason = match failure {
            Failure::Alerted(code) => format!("alert {code}"),
            other => other.name().to_owned(),
        };
        Self::Failed { reason }
    }

    /// Bytes of the peer, fit for a terminal.
    pub(super) fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).escape_debug().collect()
    }
}

/// What both ends of a conversation are given.
#[derive(Clone, Debug)]
pub struct Speech {
    /// Who the client is.
    pub identity: String,
    /// The key that both share.
    pub psk: Psk,
    /// The policy.
    pub config: Config,
    /// Where randomness comes from.
    pub randomness: Randomness,
}

/// How a conversation went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Talk {
    /// Handshakes that were completed.
    pub established: u64,
    /// Why there was no association, or why it ended; `None` if all went well.
    pub failure: Option<String>,
    /// Lines that were sent by a client or answered by a server.
    pub lines: u64,
    /// Of a client's lines, those that were answered.
    pub answers: u64,
    /// Datagrams sent.
    pub datagrams_sent: u64,
    /// Their bytes, without headers of lower layers.
    pub bytes_sent: u64,
    /// What was not accepted, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Somebody wanted to stop.
    pub interrupted: bool,
}

/// The address behind `HOST:PORT`.
///
/// # Errors
/// There is none, or it is not a loopback address although only these are allowed.
pub fn resolve(text: &str, allow_remote: bool) -> Result<SocketAddr, LiveError> {
    let none = || LiveError::NoAddress(text.escape_debug().collect());
    let address = text.to_socket_addrs().map_err(|_| none())?.next().ok_or_else(none)?;
    if !allow_remote && !address.ip().is_loopback() {
        return Err(LiveError::Remote(address));
    }
    Ok(address)
}

/// Speaks to a server: handshake, the lines, and close.
///
/// # Errors
/// It cannot begin.
pub fn connect(
    server: SocketAddr,
    speech: &Speech,
    lines: &[String],
    span: Duration,
    stopped: fn() -> bool,
    observer: &mut dyn FnMut(&Event),
) -> Result<Talk, LiveError> {
    let bounds = Bounds::start(span, stopped);
    let rng = speech.randomness.generator("connect", 0)?;
    let keys = Keys::one(&speech.identity, speech.psk.clone());
    runtime()?.block_on(async {
        let mut session = Session::open(server, bounds, |now| {
            Client::connect(speech.config.clone(), &speech.identity, keys, rng, now)
        })
        .await?;
        let mut talk = Talk::default();
        converse(&mut session, lines, server, &mut talk, observer).await;
        if session.client().failure().is_none() && talk.established == 0 {
            talk.failure = Some("time_limit".to_owned());
        }
        session.close().await;
        tell(&mut session, server, &mut talk, observer);
        let client = session.client();
        talk.datagrams_sent = client.traffic().datagrams();
        talk.bytes_sent = client.traffic().bytes();
        talk.rejected = named(client.rejected());
        talk.interrupted = stopped();
        Ok(talk)
    })
}

async fn converse(
    session: &mut Session,
    lines: &[String],
    server: SocketAddr,
    talk: &mut Talk,
    observer: &mut dyn FnMut(&Event),
) {
    session.until(Time::NEVER, Client::is_established).await;
    tell(session, server, talk, observer);
    for line in lines {
        if !session.client().is_established() {
            return;
        }
        talk.lines += 1;
        let answer = session.ask(line.as_bytes(), ANSWER_WAIT).await;
        talk.answers += u64::from(answer.is_some());
        tell(session, server, talk, observer);
    }
}

/// Passes on what happened at a client.
fn tell(
    session: &mut Session,
    peer: SocketAddr,
    talk: &mut Talk,
    observer: &mut dyn FnMut(&Event),
) {
    for what in session.client_mut().take_events() {
        match &what {
            Happening::Established { .. } => talk.established += 1,
            Happening::Failed { reason } => talk.failure = Some(reason.clone()),
            _ => {}
        }
        observer(&Event { peer, what });
    }
}

fn named(counts: &BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

/// A server that sends back what its peers send.
pub struct Listener {
    runtime: tokio::runtime::Runtime,
    running: Running,
    bounds: Bounds,
}

/// Opens a server that knows one identity. It asks every client for a cookie first.
///
/// # Errors
/// The system refuses the socket.
pub fn listen(
    address: SocketAddr,
    speech: &Speech,
    span: Duration,
    stopped: fn() -> bool,
) -> Result<Listener, LiveError> {
    let runtime = runtime()?;
    let bounds = Bounds::start(span, stopped);
    let rng = speech.randomness.generator("listen", 0)?;
    let keys = Keys::one(&speech.identity, speech.psk.clone());
    let config = Config { cookie: true, ..speech.config.clone() };
    let server = Server::new(config, keys, Application::Echo, rng);
    let running = serve(server, address, bounds.clock)?;
    Ok(Listener { runtime, running, bounds })
}

impl Listener {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Serves until `count` associations came and went, or the bounds are reached.
    pub fn finish(self, count: u64, observer: &mut dyn FnMut(&Event)) -> Talk {
        let Self { runtime, running, bounds } = self;
        runtime.block_on(async {
            loop {
                let (events, ended) = {
                    let mut server = running.server();
                    (server.take_events(), server.counts().ended)
                };
                events.iter().for_each(&mut *observer);
                if ended >= count || bounds.are_reached() {
                    break;
                }
                bounds.sleep_until(bounds.clock.now() + LOOK).await;
            }
        });
        let server = running.server();
        summary(server.counts(), count, (bounds.stopped)())
    }
}

fn summary(counts: &Counts, count: u64, interrupted: bool) -> Talk {
    Talk {
        established: counts.established,
        // A peer that leaves without a word was served all the same.
        failure: (counts.established < count).then(|| "time_limit".to_owned()),
        lines: counts.answered,
        answers: counts.answered,
        datagrams_sent: counts.traffic.datagrams(),
        bytes_sent: counts.traffic.bytes(),
        rejected: named(&counts.rejected),
        interrupted,
    }
}

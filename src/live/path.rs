//! How long a datagram is on its way between two ends that wait for it, on this machine.
//!
//! Where there is little to do, most of a handshake is not work: the system wakes the thread that waits, on a
//! processor that was idle. That is measured between a real server and a real client, on an association that is
//! established: the round trip of application data, less the work of both ends at their prices, halved. No
//! part of a handshake is in it, so that the time of a handshake can be predicted from it.

use std::net::{Ipv4Addr, SocketAddr};

use super::{
    Application, Bounds, Client, Keys, LiveError, Psk, Randomness, Server, Session, runtime, serve,
};
use crate::association::{Config, Operations};
use crate::measure::Distribution;
use crate::node::Class;
use crate::sim::time::Duration;

/// Pairs of ends, one after the other: on which processors their threads sleep is luck, and stays so for a pair.
const PAIRS: u32 = 10;
/// Round trips of each pair; the median of all counts.
const ROUNDS: u32 = 30;
/// Between two of them, so that everybody sleeps.
const PAUSE: Duration = Duration::from_millis(5);
/// All of them take no longer.
const LIMIT: Duration = Duration::from_secs(5);
/// The least latency of a link.
const LEAST: Duration = Duration::from_micros(1);
const IDENTITY: &str = "path-0";

/// One way over the loopback, the work of both ends at the prices of `class` not counted.
pub(super) fn one_way(class: &Class) -> Result<Duration, LiveError> {
    let bounds = Bounds::start(LIMIT, || false);
    let mut trips = Distribution::default();
    let mut spent = 0;
    for _ in 0..PAIRS {
        spent += round_trips(class, bounds, &mut trips)?.0;
    }
    let spent = spent / u64::from(PAIRS * ROUNDS);
    Ok(Duration(trips.percentile(0.5).saturating_sub(spent) / 2).max(LEAST))
}

/// The round trips of one pair of ends; returns the time that both worked for them.
fn round_trips(
    class: &Class,
    bounds: Bounds,
    trips: &mut Distribution,
) -> Result<Duration, LiveError> {
    let keys = || Keys::one(IDENTITY, Psk::new(&[7; 32]));
    let rng = |purpose| Randomness::System.generator(purpose, 0);
    let server = Server::new(Config::default(), keys(), Application::Echo, rng("path server")?);
    let running = serve(server, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), bounds.clock)?;
    let rng = rng("path client")?;
    let connect = |now| Client::connect(Config::default(), IDENTITY, keys(), rng, now);
    runtime()?.block_on(async {
        let mut session = Session::open(running.address(), bounds, connect).await?;
        session.handshake().await;
        let before = work(&session, &running.server());
        for _ in 0..ROUNDS {
            bounds.sleep_until(bounds.clock.now() + PAUSE).await;
            let sent = bounds.clock.now();
            if session.ask(&[0; 64], LIMIT).await.is_some() {
                trips.record(bounds.clock.now().since(sent).0);
            }
        }
        let after = work(&session, &running.server());
        Ok(Duration(class.own_cost(&after, 0).0.saturating_sub(class.own_cost(&before, 0).0)))
    })
}

/// What both ends did so far.
fn work(session: &Session, server: &Server) -> Operations {
    let mut sum = *session.client().operations();
    sum.add(server.operations());
    sum
}

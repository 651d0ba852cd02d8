//! How long a datagram is on its way between two ends that wait for it, on this machine.
//!
//! Where there is little to do, most of a handshake is not work: the system wakes the thread that waits, on a
//! processor that was idle. That is measured between a real server and a real client, on an association that is
//! established: the round trip of application data, less the work of both ends at their prices, halved.
//!
//! Work takes longer, too, where a processor did something else or nothing before: its caches have to be filled
//! again. That is measured on handshakes in memory, the first after a sleep against one right after it, and counted
//! with the way, since the prices are those of work in a row.

use std::net::{Ipv4Addr, SocketAddr};

use super::pair::{Pair, Way};
use super::{
    Application, Bounds, Client, Keys, LiveError, Psk, Randomness, Running, Server, Session,
    runtime, serve,
};
use crate::association::{Config, KeyExchange, Operations};
use crate::measure::Distribution;
use crate::node::Class;
use crate::sim::time::Duration;

/// Pairs of ends, one after the other: on which processors their threads sleep is luck, and stays so for a pair.
const PAIRS: u32 = 4;
/// Bursts of each pair.
const BURSTS: u32 = 15;
/// Round trips of a burst, one right after the other. The first wakes threads that slept long, which takes longer
/// than to wake them again.
const TRIPS: usize = 4;
/// Before a burst, so that everybody sleeps, as between two devices of a calm run. What it takes to wake a thread
/// grows with its sleep up to about this.
const PAUSE: Duration = Duration::from_millis(25);
/// All of them take no longer.
const LIMIT: Duration = Duration::from_secs(5);
/// The least latency of a link.
const LEAST: Duration = Duration::from_micros(1);
const IDENTITY: &str = "path-0";

/// How long the way was in bursts of round trips between two ends.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// By their place in a burst.
    trips: [Distribution; TRIPS],
    /// The work of both ends for all of them, at their prices.
    work: Duration,
    /// Handshakes after a sleep.
    cold: Distribution,
    /// Handshakes after others.
    warm: Distribution,
}

impl Path {
    /// One way in an exchange of that many round trips which begins when everybody sleeps, the work of both ends
    /// not counted.
    #[must_use]
    pub fn one_way(&self, round_trips: usize) -> Duration {
        let count = round_trips.clamp(1, TRIPS);
        let trips: u64 = self.trips[..count].iter().map(|trips| trips.percentile(0.5)).sum();
        let work = self.work.0 * count as u64
            / self.trips.iter().map(Distribution::count).sum::<u64>().max(1);
        let caches = self.cold.percentile(0.5).saturating_sub(self.warm.percentile(0.5));
        Duration((trips.saturating_sub(work) + caches) / (2 * count as u64)).max(LEAST)
    }

    /// Measures it for about three seconds; the ends work at the prices of `class`.
    pub(super) fn measure(class: &Class) -> Result<Self, LiveError> {
        let bounds = Bounds::start(LIMIT, || false);
        let mut path = Self::default();
        let runtime = runtime()?;
        for _ in 0..PAIRS {
            // A task like those of a live run: what is not one is woken by way of another thread.
            let class = class.clone();
            let task = async move { Ends::open(bounds).await?.measure(&class, bounds).await };
            let part = runtime
                .block_on(runtime.spawn(task))
                .map_err(|error| LiveError::defect(&error))??;
            path.add(&part);
        }
        Ok(path)
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.trips.iter_mut().zip(&other.trips) {
            mine.merge(theirs);
        }
        self.cold.merge(&other.cold);
        self.warm.merge(&other.warm);
        self.work += other.work;
    }
}

/// Two ends on sockets, which are associated, and two in memory.
struct Ends {
    running: Running,
    session: Session,
    pair: Pair,
}

impl Ends {
    async fn open(bounds: Bounds) -> Result<Self, LiveError> {
        let keys = || Keys::one(IDENTITY, Psk::new(&[7; 32]));
        let rng = |purpose| Randomness::System.generator(purpose, 0);
        let server = Server::new(Config::default(), keys(), Application::Echo, rng("path server")?);
        let running = serve(server, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), bounds.clock)?;
        let rng = rng("path client")?;
        let connect = |now| Client::connect(Config::default(), IDENTITY, keys(), rng, now);
        let mut session = Session::open(running.address(), bounds, connect).await?;
        session.handshake().await;
        Ok(Self { running, session, pair: Pair::new(KeyExchange::Psk, Way::Memory)? })
    }

    async fn measure(mut self, class: &Class, bounds: Bounds) -> Result<Path, LiveError> {
        let mut path = Path::default();
        let before = class.own_cost(&self.operations(), 0);
        for _ in 0..BURSTS {
            bounds.sleep_until(bounds.clock.now() + PAUSE).await;
            for trips in &mut path.trips {
                let sent = bounds.clock.now();
                self.session.ask(&[0; 64], LIMIT).await;
                trips.record(bounds.clock.now().since(sent).0);
            }
            bounds.sleep_until(bounds.clock.now() + PAUSE).await;
            for times in [&mut path.cold, &mut path.warm] {
                let begun = bounds.clock.now();
                self.pair.handshake();
                times.record(bounds.clock.now().since(begun).0);
            }
        }
        let after = class.own_cost(&self.operations(), 0);
        path.work = Duration(after.0.saturating_sub(before.0));
        Ok(path)
    }

    /// What both ends on sockets did so far.
    fn operations(&self) -> Operations {
        let mut sum = *self.session.client().operations();
        sum.add(self.running.server().operations());
        sum
    }
}

//! A scenario's devices over UDP on this machine, and the same devices in the simulator.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use rand_core::Rng as _;
use tokio::task::JoinSet;

use super::application::originator;
use super::clock::cpu_time;
use super::figures::Raw;
use super::fleet::{Member, start_of};
use super::{
    Application, Bounds, Client, Comparison, Figures, Keys, LiveError, Population, Psk, Randomness,
    Running, Server, Session, calibrate, runtime, serve,
};
use crate::association::{Config, Kind};
use crate::measure::Distribution;
use crate::onem2m::{Service, device};
use crate::run::{Verdict, execute};
use crate::scenario::Plan;
use crate::sim::time::{Duration, Time};
use crate::wire::coap::Token;

/// ACK_TIMEOUT of RFC 7252 section 4.8.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
/// MAX_RETRANSMIT of RFC 7252 section 4.8.
const MAX_RETRANSMIT: u32 = 4;
/// Looks, 20 ms apart, at whether the server has seen every association closed.
const CLOSING_LOOKS: u32 = 100;
/// Time that each price of this machine is measured for: the simulator needs them roughly.
const CALIBRATION: Duration = Duration::from_millis(60);

/// How a live run is carried out.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Devices, at most.
    pub devices: Option<u32>,
    /// Real time of the live part, at most.
    pub limit: Duration,
    /// Where keys and randomness come from.
    pub randomness: Randomness,
    /// Asked from time to time: whether somebody wants to stop.
    pub stopped: fn() -> bool,
}

/// Runs the devices of `plan` in the simulator, at the prices of this machine, and over UDP.
///
/// # Errors
/// There are no devices, or the system refuses sockets or threads.
pub fn run(plan: &Plan, setting: &Setting) -> Result<Comparison, LiveError> {
    let population = Population::of(plan, setting.devices, setting.limit)?;
    let devices = population.members.len() as u64;
    let machine = calibrate(CALIBRATION)?;
    let live = runtime()?.block_on(Live::run(&population, setting))?;
    let path = machine.path().one_way(round_trips(&live.figures));
    let twin = population.twin(machine.class("host"), path);
    let outcome = execute(twin, 1, &|_| !(setting.stopped)());
    let simulated = Figures::simulated(&outcome, devices);
    let plain = simulated.is_plain(devices) && live.figures.is_plain(devices);
    let same =
        (simulated.bytes, simulated.datagrams) == (live.figures.bytes, live.figures.datagrams);
    let same_bytes = plain.then_some(same);
    let done = [live.figures.established, live.answered, live.updated];
    let verdict = match () {
        () if (setting.stopped)() => Verdict::Interrupted,
        () if done.iter().any(|done| *done < devices) || same_bytes == Some(false) => {
            Verdict::Failed
        }
        () => Verdict::Held,
    };
    Ok(Comparison {
        scenario: plan.name.clone(),
        devices,
        window_s: population.window.as_secs_f64(),
        path_s: path.as_secs_f64(),
        p50_ratio: simulated.handshake_s.p50 / live.figures.handshake_s.p50.max(1e-9),
        simulated,
        live: live.figures,
        reports_answered: live.answered,
        keys_updated: live.updated,
        closed: live.closed,
        same_bytes,
        verdict,
    })
}

/// Every flight of a client has an answer, be it an acknowledgement.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn round_trips(live: &Figures) -> usize {
    live.flights_per_device.round() as usize
}

/// What came out of the live part.
struct Live {
    figures: Figures,
    answered: u64,
    updated: u64,
    closed: u64,
}

/// One device at work.
struct Device {
    member: Member,
    session: Session,
    cse: String,
    /// When its handshake was complete.
    done: Option<Time>,
}

impl Live {
    /// First all handshakes, which are compared; then a report and new keys by each device.
    async fn run(population: &Population, setting: &Setting) -> Result<Self, LiveError> {
        let (server, keys) = provision(population, setting.randomness)?;
        let bounds = Bounds::start(setting.limit, setting.stopped);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let running = serve(server, any, bounds.clock)?;
        let cpu = cpu_time();
        let mut tasks: JoinSet<Result<Device, LiveError>> = JoinSet::new();
        for ((number, member), psk) in (0..).zip(&population.members).zip(keys) {
            let keys = Keys::one(&member.identity, psk);
            let rng = setting.randomness.generator("device", number)?;
            let (member, cse) = (member.clone(), population.cse.clone());
            let (config, address) = (population.config.clone(), running.address());
            tasks.spawn(async move {
                bounds.sleep_until(start_of(&member)).await;
                let identity = member.identity.clone();
                let connect = |now| Client::connect(config, &identity, keys, rng, now);
                let session = Session::open(address, bounds, connect).await?;
                Ok(Device::handshake(member, session, cse).await)
            });
        }
        let mut devices = Vec::new();
        while let Some(task) = tasks.join_next().await {
            devices.push(task.map_err(|error| LiveError::defect(&error))??);
        }
        let cpu_s = cpu_time().zip(cpu).map(|(now, then)| (now - then).as_secs_f64());
        let mut live = Self::handshakes(&devices, &running, cpu_s);
        live.talk(devices).await?;
        live.closing(&running, bounds).await;
        Ok(live)
    }

    /// The figures of the first part.
    fn handshakes(devices: &[Device], running: &Running, cpu_s: Option<f64>) -> Self {
        let mut traffic = running.server().counts().traffic.clone();
        let (mut times, mut flights) = (Distribution::default(), 0);
        let mut failed: BTreeMap<String, u64> = BTreeMap::new();
        let mut rejected: BTreeMap<String, u64> = BTreeMap::new();
        let (mut first, mut last) = (Time::NEVER, Time::ZERO);
        for device in devices {
            let client = device.session.client();
            traffic.add(client.traffic());
            flights += client.flights();
            for (reason, count) in client.rejected() {
                *rejected.entry((*reason).to_owned()).or_default() += count;
            }
            first = first.min(device.session.begun());
            if let Some(done) = device.done {
                times.record(done.since(device.session.begun()).0);
                last = last.max(done);
            } else {
                let reason = client.failure().map_or("time_limit", |failure| failure.name());
                *failed.entry(reason.to_owned()).or_default() += 1;
            }
        }
        for (reason, count) in &running.server().counts().rejected {
            *rejected.entry((*reason).to_owned()).or_default() += count;
        }
        if running.dropped() > 0 {
            rejected.insert("system_buffer_full".to_owned(), running.dropped());
        }
        let raw = Raw {
            devices: devices.len() as u64,
            times,
            makespan_s: last.since(first).as_secs_f64(),
            cpu_s,
            bytes: traffic.bytes(),
            datagrams: traffic.datagrams(),
            flights,
            repeated: traffic.datagrams_of(Kind::Retransmission),
        };
        let figures = Figures { failed, rejected, ..Figures::of(&raw) };
        Self { figures, answered: 0, updated: 0, closed: 0 }
    }

    /// A report, new keys and the end of each device's association.
    async fn talk(&mut self, devices: Vec<Device>) -> Result<(), LiveError> {
        let mut tasks = JoinSet::new();
        for mut device in devices {
            tasks.spawn(async move {
                let answered = device.report().await;
                let updated = answered && device.session.update_keys().await;
                device.session.close().await;
                (answered, updated)
            });
        }
        while let Some(task) = tasks.join_next().await {
            let (answered, updated) = task.map_err(|error| LiveError::defect(&error))?;
            self.answered += u64::from(answered);
            self.updated += u64::from(updated);
        }
        Ok(())
    }

    /// Gives the server a moment to see the last ends.
    async fn closing(&mut self, running: &Running, bounds: Bounds) {
        for _ in 0..CLOSING_LOOKS {
            self.closed = running.server().counts().ended;
            if self.closed >= self.figures.established {
                return;
            }
            bounds.sleep_until(bounds.clock.now() + Duration::from_millis(20)).await;
        }
    }
}

impl Device {
    async fn handshake(member: Member, mut session: Session, cse: String) -> Self {
        let done = session.handshake().await.then(|| session.now());
        Self { member, session, cse, done }
    }

    /// Sends a report, again if no answer comes; true if the CSE took it.
    async fn report(&mut self) -> bool {
        let Some(request) = self.request() else { return false };
        for repeated in 0..=MAX_RETRANSMIT {
            let wait = ACK_TIMEOUT.times(1 << repeated);
            if let Some(bytes) = self.session.ask(&request, wait).await {
                return device::answer(&bytes).is_ok_and(|answer| answer.status.is_success());
            }
            if self.session.client().is_over() {
                break;
            }
        }
        false
    }

    fn request(&self) -> Option<Vec<u8>> {
        let originator = originator(&self.member.identity);
        let millis = self.session.now().0 / 1_000_000;
        let report = device::Report {
            originator: &originator,
            target: &device::target(&self.cse, &originator),
            mid: 0,
            token: Token::new(&0_u16.to_be_bytes())?,
            request_id: "0",
            content: &device::reading(self.member.report as usize, millis),
        };
        device::report(&report).ok()
    }
}

/// A server that knows all devices, and their keys in order.
fn provision(
    population: &Population,
    randomness: Randomness,
) -> Result<(Server, Vec<Psk>), LiveError> {
    let mut service = Service::new(&population.cse)?;
    let mut table = Keys::default();
    let mut keys = Vec::new();
    let mut rng = randomness.generator("keys", 0)?;
    for member in &population.members {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        let psk = Psk::new(&bytes);
        table.add(&member.identity, psk.clone());
        // An AE that is not there is refused when it asks.
        let _ = service.provision(&originator(&member.identity));
        keys.push(psk);
    }
    let config = Config { server: None, ..population.config.clone() };
    let rng = randomness.generator("server", 0)?;
    Ok((Server::new(config, table, Application::Cse(Box::new(service)), rng), keys))
}

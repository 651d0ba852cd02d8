//! A whole CSE at work: its sockets, its store, its clock, and its end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::console::Gate;
use super::core::Hosted;
use super::{CoapEnd, Http, Network, OUTBOX_MAX, Registrar, outgoing, seconds};
use crate::live::{Clock, LiveError, runtime};
use crate::onem2m::cse::{Config, Cse, StartFault};
use crate::onem2m::tree::time::Epoch;
use crate::onem2m::tree::{Memory, Sqlite, Store};

/// Time between two looks at the clock and at the wish to stop.
const TICK: std::time::Duration = std::time::Duration::from_millis(50);
/// Seconds that the end of a registration may take.
const FAREWELL_SECONDS: u64 = 3;

/// How a CSE is served.
#[derive(Clone, Debug)]
pub struct CseSetting {
    /// Who it is. Addresses, epoch and registrar are filled in here.
    pub config: Config,
    /// Where HTTP listens; port 0 lets the system choose.
    pub http: SocketAddr,
    /// Where CoAP listens; port 0 lets the system choose.
    pub coap: SocketAddr,
    /// The file of its resources; in memory without one.
    pub database: Option<PathBuf>,
    /// The CSE that it registers with.
    pub registrar: Option<Registrar>,
    /// It has a console for its administrator.
    pub console: bool,
    /// Requests a second, at most.
    pub rate: u32,
    /// It asks at addresses beyond this machine.
    pub allow_remote: bool,
    /// Seconds until it ends by itself.
    pub seconds: Option<u64>,
    /// Asked from time to time: whether somebody wants to stop.
    pub stopped: fn() -> bool,
}

/// What a CSE says when it listens.
#[derive(Clone, Debug)]
pub struct Listening {
    /// Where HTTP is.
    pub http: SocketAddr,
    /// Where CoAP is.
    pub coap: SocketAddr,
    /// The password of the console.
    pub token: Option<String>,
    /// The status of the registration, if one was asked for; 0 without an answer.
    pub registered: Option<u16>,
}

/// Serves a CSE until it is stopped.
///
/// # Errors
/// The system refuses a socket, the store cannot be opened, or the configuration is wrong.
pub fn host(setting: CseSetting, say: &mut dyn FnMut(&Listening)) -> Result<(), LiveError> {
    let runtime = runtime()?;
    let done = match setting.database.clone() {
        None => runtime.block_on(run(setting, Memory::default(), say)),
        Some(path) => {
            let store = Sqlite::open(&path).map_err(StartFault::Store)?;
            runtime.block_on(run(setting, store, say))
        }
    };
    // Connections that are still open end here.
    runtime.shutdown_timeout(seconds(1));
    done
}

async fn run<S: Store + Send + 'static>(
    mut setting: CseSetting,
    store: S,
    say: &mut dyn FnMut(&Listening),
) -> Result<(), LiveError> {
    let http = Http::bind(setting.http).await?;
    let coap = Arc::new(CoapEnd::bind(setting.coap).await?);
    let mut listening =
        Listening { http: http.address()?, coap: coap.address()?, token: None, registered: None };
    let config = &mut setting.config;
    config.epoch = Epoch { unix_ms: unix_ms() };
    config.addresses =
        vec![format!("http://{}", listening.http), format!("coap://{}", listening.coap)];
    if let Some(registrar) = &setting.registrar {
        config.registrar = Some(registrar.cse_id.clone());
        config.registrar_addresses = vec![registrar.address.to_string()];
    }
    let gate = match &config.administrator {
        Some(administrator) if setting.console => Some(Gate::new(administrator, &config.name)?),
        _ => None,
    };
    listening.token = gate.as_ref().map(|gate| gate.token().to_owned());
    let cse = Cse::open(config.clone(), store)?;
    let (outbox, inbox) = mpsc::channel(OUTBOX_MAX);
    let hosted = Arc::new(Hosted::new(cse, Clock::start(), outbox, gate, setting.rate));
    let network = Arc::new(Network::new(Arc::clone(&coap), setting.allow_remote));
    tokio::spawn(http.serve(Arc::clone(&hosted)));
    tokio::spawn(coap.serve(Arc::clone(&hosted)));
    tokio::spawn(outgoing::run(inbox, Arc::clone(&hosted), Arc::clone(&network)));
    if let Some(registrar) = &setting.registrar {
        let answer = registrar.register(&network, &setting.config).await;
        listening.registered = Some(answer.map_or(0, |response| response.status.0));
    }
    say(&listening);
    let end = setting.seconds.map(|span| Instant::now() + seconds(span));
    while !(setting.stopped)() && end.is_none_or(|end| Instant::now() < end) {
        sleep(TICK).await;
        hosted.tick();
    }
    if let Some(registrar) = &setting.registrar {
        // A registrar that is gone already needs no farewell.
        let farewell = registrar.deregister(&network, &setting.config);
        let _ = timeout(seconds(FAREWELL_SECONDS), farewell).await;
    }
    Ok(())
}

/// The date, in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a served CSE lives in real time")]
fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

//! `keystorm live`.

use std::path::Path;

use anyhow::Context as _;
use keystorm::association::{Config, KeyExchange};
use keystorm::live::{
    Calibration, Comparison, Event, Figures, Happening, LiveError, Psk, ROUND_TRIPS, Randomness,
    Setting, Speech, Talk, calibrate, connect, listen, resolve, run,
};
use keystorm::report::{count, time};
use keystorm::scenario::{Source, load as check};
use keystorm::sim::time::Duration;
use serde_json::json;

use super::args::{Exchange, Format, LiveArguments};
use super::exit::Exit;
use super::progress::{self, is_stopped};
use super::run::exit;
use super::{load, output};

/// Time of each of twelve measurements: under five seconds together.
const CALIBRATION: Duration = Duration::from_millis(350);
/// Events that are printed, at most.
const EVENTS_MAX: usize = 10_000;

pub(super) fn live(arguments: &LiveArguments, format: Format) -> anyhow::Result<Exit> {
    if arguments.calibrate {
        return prices(&arguments.name, format);
    }
    if arguments.host.cse {
        return super::host::host(&arguments.host, arguments.allow_remote, format);
    }
    match (&arguments.scenario, &arguments.connect, &arguments.listen) {
        (Some(scenario), None, None) => fleet(scenario, arguments, format),
        (None, Some(server), None) => client(server, arguments, format),
        (None, None, Some(address)) => server(address, arguments, format),
        _ => anyhow::bail!("one of SCENARIO, --calibrate, --connect, --listen and --cse is needed"),
    }
}

/// Randomness of the system, unless a seed is given.
fn randomness(arguments: &LiveArguments) -> Randomness {
    arguments.words.seed.map_or(Randomness::System, Randomness::Seeded)
}

fn fleet(path: &Path, arguments: &LiveArguments, format: Format) -> anyhow::Result<Exit> {
    let Some(loaded) = load::scenario(path, &arguments.words, format)? else {
        return Ok(Exit::Usage);
    };
    progress::listen()?;
    let setting = Setting {
        devices: arguments.devices,
        limit: arguments.time_limit,
        randomness: randomness(arguments),
        stopped: is_stopped,
    };
    output::talk(&format!(
        "scenario {} over UDP on this machine, at most {}",
        loaded.plan.name, setting.limit
    ));
    let comparison = run(&loaded.plan, &setting).map_err(hinted)?;
    match format {
        Format::Text => output::result(&side_by_side(&comparison))?,
        Format::Json => output::json(&comparison)?,
    }
    Ok(exit(comparison.verdict))
}

/// Says what can be done where the system has no more sockets.
fn hinted(error: LiveError) -> anyhow::Error {
    /// EMFILE on all platforms with `ulimit`.
    const TOO_MANY_FILES: i32 = 24;
    let code = match &error {
        LiveError::System { source, .. } => source.raw_os_error(),
        _ => None,
    };
    if code == Some(TOO_MANY_FILES) {
        let hint = "hint: each device has a socket; take fewer --devices, or raise `ulimit -n`";
        return anyhow::anyhow!("{error}\n  {hint}");
    }
    anyhow::anyhow!(error)
}

/// The comparison for people, the answer first.
fn side_by_side(comparison: &Comparison) -> String {
    let Comparison { live, simulated, devices, .. } = comparison;
    let same = match comparison.same_bytes {
        Some(true) => "byte for byte as many as simulated",
        Some(false) => "but not with the bytes that were simulated",
        None => "with repeated flights or without some devices, so that bytes cannot be compared",
    };
    let talked = comparison.reports_answered.min(comparison.keys_updated);
    let silent = match devices - talked.min(*devices) {
        0 => String::new(),
        n => format!("; {} then got no answer to a report or no new keys", count(n)),
    };
    let mut text = format!(
        "{:?}: {} of {} devices made a handshake over UDP, {same}{silent}.\n\nscenario  {}\nstarts    {}\n\n",
        comparison.verdict,
        count(live.established),
        count(*devices),
        comparison.scenario,
        if comparison.window_s > 0.0 {
            format!("within {}", time(comparison.window_s))
        } else {
            "all at once".to_owned()
        },
    );
    text.push_str(&format!("{:<26} {:>14} {:>14}\n", "figure", "simulated", "live"));
    for (name, value) in rows() {
        let (simulated, live) = (value(simulated), value(live));
        text.push_str(&format!("{name:<26} {simulated:>14} {live:>14}\n"));
    }
    for (name, value) in [
        ("reports answered", comparison.reports_answered),
        ("key updates", comparison.keys_updated),
        ("associations closed", comparison.closed),
    ] {
        text.push_str(&format!("{name:<26} {:>14} {:>14}\n", "-", count(value)));
    }
    for (reason, n) in &live.failed {
        text.push_str(&format!("failed    {reason:<24} {:>6}\n", count(*n)));
    }
    for (reason, n) in &live.rejected {
        text.push_str(&format!("rejected  {reason:<24} {:>6}\n", count(*n)));
    }
    text.push_str(&format!(
        "\nhandshake p50, simulated / live   {:.2}\n\
         one way over the loopback          {}, measured on this machine just now, as were the prices\n\n\
         Each simulated device has a processor of its own; live ones share this machine's cores with the \
         CSE.\n",
        comparison.p50_ratio,
        time(comparison.path_s),
    ));
    text
}

type Row = (&'static str, fn(&Figures) -> String);

fn rows() -> [Row; 14] {
    [
        ("handshakes done", |f| count(f.established)),
        ("handshakes failed", |f| count(f.failed.values().sum())),
        ("handshake p50", |f| time(f.handshake_s.p50)),
        ("handshake p90", |f| time(f.handshake_s.p90)),
        ("handshake p99", |f| time(f.handshake_s.p99)),
        ("handshake max", |f| time(f.handshake_s.max)),
        ("makespan", |f| time(f.makespan_s)),
        ("handshakes per second", |f| format!("{:.0}", f.handshakes_per_s)),
        ("CPU time per handshake", |f| f.cpu_s_per_handshake.map_or_else(|| "-".into(), time)),
        ("handshakes per core second", |f| {
            f.cpu_s_per_handshake.map_or_else(|| "-".into(), |cpu| format!("{:.0}", 1.0 / cpu))
        }),
        ("bytes per handshake", |f| format!("{:.2}", f.bytes_per_handshake)),
        ("datagrams per handshake", |f| format!("{:.2}", f.datagrams_per_handshake)),
        ("client flights per device", |f| format!("{:.2}", f.flights_per_device)),
        ("flights repeated", |f| count(f.repeated)),
    ]
}

fn prices(name: &str, format: Format) -> anyhow::Result<Exit> {
    let calibration = calibrate(CALIBRATION)?;
    let table = calibration.table(name);
    loads(&table, name).with_context(|| format!("{name:?} is no name for a class"))?;
    match format {
        Format::Text => output::result(&(table + &check_line(&calibration)))?,
        Format::Json => {
            let prices: serde_json::Map<_, _> = calibration
                .words()
                .into_iter()
                .map(|(word, nanos)| (format!("{word}_ns"), json!(nanos)))
                .collect();
            output::json(&json!({
                "class": name,
                "prices": prices,
                "table": table,
                "path_s": calibration.path().one_way(ROUND_TRIPS).as_secs_f64(),
                "predicted_s": calibration.predicted_s,
                "measured_s": calibration.measured_s,
            }))?;
        }
    }
    Ok(Exit::Held)
}

fn check_line(calibration: &Calibration) -> String {
    let (predicted, measured) = (calibration.predicted_s, calibration.measured_s);
    format!(
        "# Check: a full psk_dhe_ke handshake over UDP, both ends: predicted {}, measured {} (ratio {:.2}).\n",
        time(predicted),
        time(measured),
        predicted / measured.max(1e-12),
    )
}

/// The class is one that scenarios take.
fn loads(table: &str, name: &str) -> anyhow::Result<()> {
    let text = format!(
        "{table}\n[scenario]\nduration = \"1min\"\n[cse.in]\nclass = {name:?}\n[fleet.f]\n\
         count = 1\nclass = {name:?}\nlink = \"ethernet\"\nregistrar = \"in\"\n"
    );
    let source = Source::new("the calibrated class".to_owned(), text);
    check(&source, &[], None).map(|_| ()).map_err(|refused| anyhow::anyhow!(refused.render(false)))
}

fn speech(arguments: &LiveArguments) -> anyhow::Result<Speech> {
    let identity = arguments.identity.clone().context("--identity is needed")?;
    let key = arguments.psk_hex.as_ref().context("--psk-hex is needed")?;
    let key_exchange = match arguments.key_exchange {
        Exchange::PskKe => KeyExchange::Psk,
        Exchange::PskDheKe => KeyExchange::PskDhe,
    };
    Ok(Speech {
        identity,
        psk: Psk::from_hex(&key.0)?,
        config: Config { profile: arguments.profile.into(), key_exchange, ..Config::default() },
        randomness: randomness(arguments),
    })
}

fn client(server: &str, arguments: &LiveArguments, format: Format) -> anyhow::Result<Exit> {
    let speech = speech(arguments)?;
    let address = local(server, arguments)?;
    progress::listen()?;
    let mut events = Events::new(format);
    let (lines, limit) = (&arguments.data, arguments.time_limit);
    let talk =
        connect(address, &speech, lines, limit, is_stopped, &mut |event| events.hear(event))?;
    events.finish(&talk)
}

fn server(address: &str, arguments: &LiveArguments, format: Format) -> anyhow::Result<Exit> {
    let speech = speech(arguments)?;
    let address = local(address, arguments)?;
    progress::listen()?;
    let listener = listen(address, &speech, arguments.time_limit, is_stopped)?;
    output::talk(&format!("listening on {}", listener.address()));
    let mut events = Events::new(format);
    let talk = listener.finish(arguments.count, &mut |event| events.hear(event));
    events.finish(&talk)
}

fn local(text: &str, arguments: &LiveArguments) -> anyhow::Result<std::net::SocketAddr> {
    resolve(text, arguments.allow_remote).map_err(|error| match error {
        LiveError::Remote(_) => anyhow::anyhow!(error).context("nothing was sent"),
        error => anyhow::anyhow!(error),
    })
}

/// Prints what happens, at once or at the end.
struct Events {
    format: Format,
    kept: Vec<Event>,
    heard: usize,
}

impl Events {
    const fn new(format: Format) -> Self {
        Self { format, kept: Vec::new(), heard: 0 }
    }

    fn hear(&mut self, event: &Event) {
        self.heard += 1;
        if self.heard > EVENTS_MAX {
            return;
        }
        match self.format {
            // A reader that went away learns of nothing more, but the peer is served.
            Format::Text => drop(output::result(&line(event))),
            Format::Json => self.kept.push(event.clone()),
        }
    }

    fn finish(self, talk: &Talk) -> anyhow::Result<Exit> {
        match self.format {
            Format::Text => output::result(&summary(talk))?,
            Format::Json => {
                let mut object = serde_json::to_value(talk)?;
                object["events"] = serde_json::to_value(&self.kept)?;
                output::json(&object)?;
            }
        }
        Ok(match () {
            () if talk.interrupted => Exit::Interrupted,
            () if talk.failure.is_some() => Exit::Failed,
            () => Exit::Held,
        })
    }
}

fn line(event: &Event) -> String {
    let peer = event.peer;
    match &event.what {
        Happening::Established { resumed, send_epoch, receive_epoch, identity } => {
            let how = if *resumed { "by a ticket" } else { "by the pre-shared key" };
            let who = identity.as_ref().map_or_else(String::new, |id| format!(" of {id}"));
            format!(
                "established   {peer}{who} {how}, sends in epoch {send_epoch}, receives in epoch \
                 {receive_epoch}"
            )
        }
        Happening::Data { text } => format!("data          {peer} {text}"),
        Happening::KeysUpdated { epoch } => format!("keys_updated  {peer} epoch {epoch}"),
        Happening::Ticket => format!("ticket        {peer}"),
        Happening::Closed => format!("closed        {peer}"),
        Happening::Failed { reason } => format!("failed        {peer} {reason}"),
    }
}

fn summary(talk: &Talk) -> String {
    let mut text = match &talk.failure {
        Some(reason) => format!("Failed: {reason}."),
        None => "Held: all that was asked for was done.".to_owned(),
    };
    text.push_str(&format!(
        "\nassociations  {}\nlines         {} ({} answered)\nsent          {} B in {} datagrams\n",
        count(talk.established),
        count(talk.lines),
        count(talk.answers),
        count(talk.bytes_sent),
        count(talk.datagrams_sent),
    ));
    for (reason, n) in &talk.rejected {
        text.push_str(&format!("rejected      {reason} {}\n", count(*n)));
    }
    text
}

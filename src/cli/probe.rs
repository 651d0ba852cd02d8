//! `keystorm probe`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use keystorm::fuzzing::probe::{
    Binding, Ended, Outcome, Progress, Setting, Target, probe as campaign, summary_text, write,
};
use keystorm::live::LiveError;
use keystorm::live::host::{Address, Scheme};
use keystorm::wire::primitive::Release;

use super::args::{Format, PaceArguments, ProgressMode};
use super::exit::Exit;
use super::output;
use super::progress;
use super::run::{Place, hinted, run_context};
use super::time;

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// The name of its results.
const NAME: &str = "probe";

#[derive(Debug, Args)]
pub(super) struct ProbeArguments {
    /// The CSEBase of the target, such as http://127.0.0.1:8080/cse-in or coap://127.0.0.1:5683/cse-in.
    #[arg(value_name = "URL", value_parser = target)]
    pub(super) target: Target,
    /// The same CSE over the other binding: both are probed, and compared.
    #[arg(long, value_name = "URL", value_parser = target)]
    pub(super) also: Option<Target>,
    /// Probe another machine. Do so only where its owner has agreed.
    #[arg(long)]
    pub(super) allow_remote: bool,
    /// Begin no new case after this time, such as 10m, 90s, 2h.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time::of_a_search)]
    pub(super) time: Duration,
    /// Begin no new case after so many requests [default: no limit].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) requests: Option<u64>,
    /// Requests per second, at most.
    #[arg(long, value_name = "N[/s]", default_value = "200/s", value_parser = rate)]
    pub(super) rate: u32,
    /// Sound requests before the first hostile one, at least. They must come out clean.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(super) warm_up: u64,
    /// Who may retrieve the CSEBase.
    #[arg(long, value_name = "AE-ID", default_value = "CAdmin")]
    pub(super) originator: String,
    /// Release of the requests: 2a, 3, 4 or 5.
    #[arg(long, value_name = "RVI", default_value = "4", value_parser = release)]
    pub(super) release: Release,
    /// Watch memory and processor time of this process, from /proc.
    #[arg(long, value_name = "PID")]
    pub(super) pid: Option<u32>,
    /// POST here from time to time, with `X-M2M-UTCMD: Reset`: the target forgets everything.
    #[arg(long, value_name = "URL", value_parser = hook)]
    pub(super) reset: Option<(SocketAddr, String)>,
    /// Time that an answer may take.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time::of_a_search)]
    pub(super) patience: Duration,
    /// What all draws come from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Write the results exactly here [default: results/probe/TIME-SEED].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Replace a finished results folder at `--out`.
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) pace: PaceArguments,
}

pub(super) fn probe(arguments: &ProbeArguments, format: Format) -> anyhow::Result<Exit> {
    let setting = setting(arguments)?;
    let place = Place::claim(arguments.out.as_deref(), NAME, arguments.force)?;
    progress::listen_saying(
        "stopping: what was found so far will be written (once more to stop at once)",
    )?;
    let mut lines = Lines::new(&arguments.pace);
    let outcome = campaign(&setting, &mut |progress| lines.tell(progress))
        .map_err(|error| anyhow::anyhow!(error).context("nothing was found out"))?;
    let (mut folder, started, named) = place.open(NAME, &format!("{:08x}", setting.seed))?;
    let context = run_context(started, String::new(), 1);
    write(&mut folder, &outcome, &context).map_err(hinted)?;
    if named {
        folder.name_latest().map_err(hinted)?;
    }
    match format {
        Format::Text => output::result(&summary_text(&outcome, Some(folder.path())))?,
        Format::Json => {
            let mut summary = outcome.summary();
            summary["results"] = folder.path().display().to_string().into();
            output::json(&summary)?;
        }
    }
    Ok(exit(&outcome))
}

const fn exit(outcome: &Outcome) -> Exit {
    match (outcome.ended, outcome.findings.is_empty()) {
        (Ended::Stopped, _) => Exit::Interrupted,
        (_, true) => Exit::Held,
        (_, false) => Exit::Failed,
    }
}

fn setting(arguments: &ProbeArguments) -> anyhow::Result<Setting> {
    let mut targets = vec![arguments.target.clone()];
    if let Some(also) = &arguments.also {
        anyhow::ensure!(
            also.binding != arguments.target.binding,
            "--also names the same binding as URL: one is http://, the other coap://"
        );
        targets.push(also.clone());
    }
    // What is compared is compared in this order.
    targets.sort_by_key(|target| target.binding);
    let base = targets.iter().map(|target| target.base.clone()).find(|base| !base.is_empty());
    let base = base.context(
        "URL has no path: the name of the CSEBase is needed, such as http://127.0.0.1:8080/cse-in",
    )?;
    for target in &mut targets {
        if target.base.is_empty() {
            target.base.clone_from(&base);
        }
    }
    let beyond =
        targets.iter().map(|target| target.at).chain(arguments.reset.as_ref().map(|(at, _)| *at));
    if !arguments.allow_remote
        && let Some(remote) = beyond.into_iter().find(|at| !at.ip().is_loopback())
    {
        return Err(anyhow::anyhow!(LiveError::Remote(remote)).context("nothing was sent"));
    }
    debug_assert!(
        targets.first().is_some_and(|first| first.binding == Binding::Http || targets.len() == 1)
    );
    Ok(Setting {
        targets,
        originator: arguments.originator.clone(),
        release: arguments.release,
        seed: arguments.seed,
        time: arguments.time,
        requests: arguments.requests.unwrap_or(u64::MAX),
        rate: arguments.rate,
        warm_up: arguments.warm_up,
        patience: arguments.patience,
        pid: arguments.pid,
        reset: arguments.reset.clone(),
        stopped: progress::is_stopped,
    })
}

/// Lines on stderr while it goes on.
struct Lines {
    shown: bool,
    last: Instant,
}

impl Lines {
    #[expect(clippy::disallowed_methods, reason = "progress is shown in real time")]
    fn new(pace: &PaceArguments) -> Self {
        Self { shown: !pace.quiet && pace.progress != ProgressMode::None, last: Instant::now() }
    }

    #[expect(clippy::disallowed_methods, reason = "progress is shown in real time")]
    fn tell(&mut self, progress: Progress) {
        if self.shown && self.last.elapsed() >= LINE_EVERY {
            self.last = Instant::now();
            let Progress { sent, findings, seconds } = progress;
            output::talk(&format!(
                "progress: {sent} requests, {findings} findings, {seconds} s elapsed"
            ));
        }
    }
}

fn target(text: &str) -> Result<Target, String> {
    let usage = "expected http://ADDR:PORT/CSEBASE or coap://ADDR:PORT/CSEBASE, ADDR an IP address or localhost";
    Target::parse(text).ok_or_else(|| usage.to_owned())
}

fn hook(text: &str) -> Result<(SocketAddr, String), String> {
    let at = Address::parse(text).filter(|at| at.scheme == Scheme::Http);
    let at = at.ok_or_else(|| {
        "expected http://ADDR:PORT/PATH, such as http://127.0.0.1:8080/__ut__".to_owned()
    })?;
    let path = if at.to.starts_with('/') { at.to } else { format!("/{}", at.to) };
    Ok((at.socket, path))
}

/// Requests per second that one machine can have any use of.
const RATE_MAX: u32 = 100_000;

fn rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).trim().parse::<u32>().ok();
    let number = number.filter(|number| (1..=RATE_MAX).contains(number));
    number.ok_or_else(|| format!("expected 1 to {RATE_MAX} requests per second, such as 200/s"))
}

fn release(text: &str) -> Result<Release, String> {
    Release::from_text(text).ok_or_else(|| "expected 2a, 3, 4 or 5".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_nonsense_is_refused() {
        assert_eq!(rate("50/s"), Ok(50));
        assert_eq!(
            hook("http://127.0.0.1:1/__ut__").map(|(_, path)| path),
            Ok("/__ut__".to_owned())
        );
        for wrong in ["", "0", "x/s", "1000000"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        for wrong in ["ftp://127.0.0.1/x", "http://example.com/x", "127.0.0.1", "coap://"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
}

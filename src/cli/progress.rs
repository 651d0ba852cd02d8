//! Progress in virtual time, and the wish to stop.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration as RealDuration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use keystorm::sim::Pulse;
use keystorm::sim::time::Duration;

use super::args::{PaceArguments, ProgressMode};
use super::exit::Exit;
use super::output;

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);
/// Time between two plain lines.
const LINE_EVERY: RealDuration = RealDuration::from_secs(10);

/// Lets Ctrl-C (and a polite kill) stop runs; the second one stops the program at once.
pub(super) fn listen() -> anyhow::Result<()> {
    listen_saying("stopping: partial results will be written (once more to stop at once)")
}

/// The same, with what is said then.
pub(super) fn listen_saying(word: &'static str) -> anyhow::Result<()> {
    ctrlc::set_handler(move || {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
        output::talk(word);
    })?;
    Ok(())
}

/// True once somebody asked to stop.
pub(super) fn is_stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Shows how far a run is.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    plain: Option<Mutex<Instant>>,
    started: Instant,
    duration: Duration,
    last: AtomicU64,
}

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "progress is shown in real time")]
    pub(super) fn new(pace: &PaceArguments, duration: Duration) -> Self {
        let (bar, plain) = shown(pace);
        let started = Instant::now();
        Self {
            bar: bar.then(|| draw(duration)),
            plain: plain.then(|| Mutex::new(started)),
            started,
            duration,
            last: AtomicU64::new(0),
        }
    }

    /// Hears from a run; false if it shall stop.
    pub(super) fn pulse(&self, pulse: Pulse) -> bool {
        if let Some(bar) = &self.bar {
            let millis = pulse.now.0 / 1_000_000;
            if millis != self.last.swap(millis, Ordering::Relaxed) {
                bar.set_position(millis);
                bar.set_message(format!("{} of {}", pulse.now, self.duration));
            }
        }
        if let Some(last) = &self.plain {
            self.line(last, pulse);
        }
        !is_stopped()
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    #[expect(clippy::disallowed_methods, reason = "progress is shown in real time")]
    fn line(&self, last: &Mutex<Instant>, pulse: Pulse) {
        let Ok(mut last) = last.lock() else { return };
        if last.elapsed() >= LINE_EVERY {
            *last = Instant::now();
            let percent = 100.0 * pulse.now.as_secs_f64() / self.duration.as_secs_f64().max(1e-9);
            output::talk(&format!(
                "progress: {} of {} simulated ({percent:.0} %), {:.0} s elapsed",
                pulse.now,
                self.duration,
                self.started.elapsed().as_secs_f64()
            ));
        }
    }
}

/// Shows how many runs of a campaign are done, of how many if that is known.
pub(super) struct Steps {
    all: Option<u64>,
    bar: Option<ProgressBar>,
    plain: Option<Mutex<Instant>>,
    started: Instant,
}

impl Steps {
    #[expect(clippy::disallowed_methods, reason = "progress is shown in real time")]
    pub(super) fn new(pace: &PaceArguments, all: Option<u64>) -> Self {
        let (bar, plain) = shown(pace);
        let started = Instant::now();
        let target = ProgressDrawTarget::stderr_with_hz(8);
        let bar = bar.then(|| styled(ProgressBar::with_draw_target(all, target)));
        Self { all, bar, plain: plain.then(|| Mutex::new(started)), started }
    }

    /// So many are done; `what` is the last of them.
    #[expect(clippy::disallowed_methods, reason = "progress is shown in real time")]
    pub(super) fn tell(&self, done: u64, what: &str) {
        let of = self.all.map_or_else(String::new, |all| format!(" of {all}"));
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(format!("{done}{of} runs, {what}"));
        }
        let Some(Ok(mut last)) = self.plain.as_ref().map(Mutex::lock) else { return };
        if last.elapsed() >= LINE_EVERY {
            *last = Instant::now();
            let elapsed = self.started.elapsed().as_secs_f64();
            output::talk(&format!("progress: {done}{of} runs, {what}, {elapsed:.0} s elapsed"));
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A bar, plain lines, or neither.
fn shown(pace: &PaceArguments) -> (bool, bool) {
    let terminal = std::io::stderr().is_terminal();
    match pace.progress {
        _ if pace.quiet => (false, false),
        ProgressMode::Auto => (terminal, !terminal),
        ProgressMode::Plain => (false, true),
        ProgressMode::None => (false, false),
    }
}

fn draw(duration: Duration) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(8);
    styled(ProgressBar::with_draw_target(Some(duration.0 / 1_000_000), target))
}

fn styled(bar: ProgressBar) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}  ({elapsed})") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

//! One target for a while, in a process of its own: what it tells, and what becomes of it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use keystorm::fuzzing::campaign::Finding;
use keystorm::fuzzing::{Figures, Oracle, Target, Violation};
use serde_json::Value;

use crate::cli::progress;

use super::host::processor;

/// A process that says nothing for so long on processors is taken for one that hangs.
const SILENCE: Duration = Duration::from_secs(30);
/// The same for one that does nothing at all, or where processors do not tell.
const STILLNESS: Duration = Duration::from_secs(600);
/// How often the wish to stop is looked at.
const TICK: Duration = Duration::from_millis(200);

/// What to run.
pub(super) struct Slice<'t> {
    pub(super) target: &'t Target,
    pub(super) seed: u64,
    pub(super) time: Duration,
    pub(super) corpus: PathBuf,
    /// The defect that is planted.
    pub(super) planted: Option<&'static str>,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) figures: Figures,
    /// Behaviours after seeds and corpus.
    pub(super) findings: Vec<Finding>,
    pub(super) has_died: bool,
}

impl Slice<'_> {
    /// Runs it; `folder` is for its scratch files. Figures under way go to `tell`.
    pub(super) fn run(
        &self,
        folder: &Path,
        tell: &mut dyn FnMut(&Figures),
    ) -> anyhow::Result<Outcome> {
        let last = folder.join(format!("{}-last.bin", self.target.name));
        let mut child = self.start(&last)?;
        let stdout = child.stdout.take().context("a worker without stdout")?;
        let (sender, receiver) = channel();
        let reader = thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut outcome = Outcome::default();
        let is_done = self.listen(child.id(), &receiver, &mut outcome, tell);
        let hangs = is_done == Some(false);
        if is_done != Some(true) {
            let _ = child.kill();
        }
        let status = child.wait()?;
        let _ = reader.join();
        if hangs {
            outcome.has_died = true;
            outcome.findings.push(self.death(Oracle::Hang, "no answer", &last, status));
        } else if is_done == Some(true) && !status.success() {
            outcome.has_died = true;
            let place = format!("{status}");
            outcome.findings.push(self.death(Oracle::Death, &place, &last, status));
        }
        Ok(outcome)
    }

    fn start(&self, last: &Path) -> anyhow::Result<Child> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut command = Command::new(program);
        command.args(["fuzz", "worker", self.target.name]);
        command.arg("--corpus").arg(&self.corpus).arg("--last").arg(last);
        command.args(["--seed", &self.seed.to_string()]);
        command.args(["--time", &format!("{}ms", self.time.as_millis())]);
        if let Some(planted) = self.planted {
            command.args(["--planted", planted]);
        }
        // The reason of a death is in the finding; what a runtime prints about it is not wanted.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().context("cannot start a worker")
    }

    /// Listens until the process ends (true), says nothing for too long (false), or the user stops (none).
    fn listen(
        &self,
        process: u32,
        lines: &Receiver<String>,
        outcome: &mut Outcome,
        tell: &mut dyn FnMut(&Figures),
    ) -> Option<bool> {
        let mut silent = Duration::ZERO;
        let mut heard_at = processor(process);
        loop {
            match lines.recv_timeout(TICK) {
                Ok(line) => {
                    silent = Duration::ZERO;
                    heard_at = processor(process);
                    self.hear(&line, outcome, tell);
                }
                Err(RecvTimeoutError::Disconnected) => return Some(true),
                Err(RecvTimeoutError::Timeout) => {
                    silent += TICK;
                    if progress::is_stopped() {
                        return None;
                    }
                    // On a busy machine a process may wait for its turn, which is no fault of its own.
                    let spent = processor(process).zip(heard_at).map(|(now, then)| now - then);
                    if silent >= STILLNESS || spent.is_some_and(|it| it >= SILENCE.as_secs_f64()) {
                        return Some(false);
                    }
                }
            }
        }
    }

    fn hear(&self, line: &str, outcome: &mut Outcome, tell: &mut dyn FnMut(&Figures)) {
        let Ok(value) = serde_json::from_str::<Value>(line) else { return };
        if let Some(found) = value.get("found") {
            let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
            let oracle = Oracle::from_name(&text("oracle")).unwrap_or(Oracle::Panic);
            let violation = Violation::new(oracle, text("place"), text("detail"));
            let mut finding = Finding::new(self.target.name, &violation, &[]);
            finding.input = text("input");
            finding.after_s = outcome.figures.processor_s.unwrap_or(outcome.figures.wall_s);
            outcome.findings.push(finding);
        }
        if let Some(progress) = value.get("progress") {
            let count = |name: &str| progress[name].as_u64().unwrap_or_default();
            outcome.figures = Figures {
                executions: count("executions"),
                behaviours: count("behaviours"),
                corpus: count("corpus"),
                newest_at: count("newest_at"),
                wall_s: progress["wall_s"].as_f64().unwrap_or_default(),
                processor_s: progress["processor_s"].as_f64(),
            };
            tell(&outcome.figures);
        }
    }

    fn death(&self, oracle: Oracle, place: &str, last: &Path, status: ExitStatus) -> Finding {
        let bytes = std::fs::read(last).unwrap_or_default();
        let input = bytes.split_first_chunk::<8>().map_or(&[][..], |(len, rest)| {
            let len = usize::try_from(u64::from_be_bytes(*len)).unwrap_or(usize::MAX);
            rest.get(..len).unwrap_or(rest)
        });
        let detail =
            format!("the process ended with {status} on an input of {} bytes", input.len());
        Finding::new(self.target.name, &Violation::new(oracle, place, detail), input)
    }
}

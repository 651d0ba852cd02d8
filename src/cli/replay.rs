//! `keystorm replay`.

use std::path::Path;

use anyhow::Context as _;
use keystorm::fuzzing::trace::Trace;
use keystorm::report::{Manifest, Status, read, time};
use keystorm::run::{DigestTrail, Outcome, execute};
use keystorm::scenario::{self, Source};
use serde_json::json;

use super::args::{Format, ReplayArguments};
use super::exit::Exit;
use super::progress::{self, Progress};
use super::run::{TRAIL_FILE, hinted, threads};
use super::{load, output};

/// Runs an attack trace again.
fn trace(path: &Path, format: Format) -> anyhow::Result<Exit> {
    let text = load::text(path)?;
    let trace: Trace = serde_json::from_str(&text).with_context(|| {
        format!("{} is neither a results folder nor an attack trace", path.display())
    })?;
    let outcome = trace.run();
    if format == Format::Json {
        output::json(&outcome)?;
    } else {
        let (finished, taken) = (outcome.finished, outcome.taken);
        let said = match outcome.violations.as_slice() {
            [] => "Held".to_owned(),
            all => format!("Violated: {}", all.join("; ")),
        };
        output::result(&format!(
            "{said}: {finished} ends finished a handshake, {taken} messages were taken."
        ))?;
    }
    Ok(if outcome.violations.is_empty() { Exit::Held } else { Exit::Failed })
}

pub(super) fn replay(arguments: &ReplayArguments, format: Format) -> anyhow::Result<Exit> {
    let folder = &arguments.results;
    if folder.is_file() {
        return trace(folder, format);
    }
    let record = read(folder).map_err(hinted)?;
    if record.manifest.status != Status::Complete {
        anyhow::bail!("{} was interrupted; only a complete run can be replayed", folder.display());
    }
    let path = folder.join("scenario.toml");
    let text = load::text(&path)?;
    let source = Source::new(path.display().to_string(), text);
    let loaded = match scenario::load(&source, &[], Some(record.manifest.seed)) {
        Ok(loaded) => loaded,
        Err(refused) => {
            output::talk(&refused.render(load::color()));
            return Ok(Exit::Usage);
        }
    };
    progress::listen()?;
    let progress = Progress::new(&arguments.pace, loaded.plan.duration);
    let outcome = execute(loaded.plan, threads(&arguments.pace), &|pulse| progress.pulse(pulse));
    progress.finish();
    if progress::is_stopped() {
        return Ok(Exit::Interrupted);
    }
    let same = outcome.digest == record.manifest.digest;
    let parted = if same { None } else { first_difference(folder, &outcome)? };
    if format == Format::Json {
        output::json(&json!({
            "same": same,
            "recorded": record.manifest.digest,
            "replayed": outcome.digest,
            "first_difference_s": parted,
        }))?;
    } else {
        output::result(&sentence(&record.manifest, &outcome.digest, parted))?;
    }
    Ok(if same { Exit::Held } else { Exit::Differs })
}

/// Where in virtual time the runs part, in seconds: the start of the first slice that differs.
fn first_difference(folder: &Path, outcome: &Outcome) -> anyhow::Result<Option<f64>> {
    let path = folder.join(TRAIL_FILE);
    let recorded: DigestTrail = serde_json::from_str(&load::text(&path)?)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(outcome.trail.parts_from(&recorded).map(|at| at.as_secs_f64()))
}

fn sentence(recorded: &Manifest, replayed: &str, parted: Option<f64>) -> String {
    if recorded.digest == replayed {
        return format!("Same: the replay has the recorded digest {replayed}.");
    }
    let place = parted.map_or_else(
        || "every datagram is the same; only metrics differ".to_owned(),
        |at| format!("the first difference lies at or soon after {} of virtual time", time(at)),
    );
    let mut text =
        format!("Differs: {place}.\nrecorded  {}\nreplayed  {replayed}\n", recorded.digest);
    let mine = env!("CARGO_PKG_VERSION");
    if recorded.keystorm != mine {
        text.push_str(&format!(
            "The record was made by keystorm {}; this is {mine}. Digests are promised within one \
             version only.\n",
            recorded.keystorm
        ));
    }
    text
}
